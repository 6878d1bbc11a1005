from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...order.control_terms import ControlTerms
from .approval_memory import approval_deciding, forget_closing, is_approval_deciding

REQUEST_STATES = [
    ('pending', "Waiting"),
    ('approved', "Approved"),
    ('rejected', "Rejected"),
    ('returned', "Returned for Correction"),
    ('recalled', "Recalled"),
    ('void', "Void"),
    ('expired', "Expired"),
]
LIVE_STATES = ('pending', 'approved')

# Figures that are percentages already: the tolerance counts in points.
POINT_FIGURES = frozenset({'negative_margin'})


class SaleApprovalRequest(models.Model):
    """One submission of one document, with everything its approvers saw.

    Nobody has the right to write or delete a request: its state changes in private code only.
    """

    _name = 'sale.approval.request'
    _description = "Approval Request"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _mail_post_access = 'read'

    # === FIELDS ===#

    name = fields.Char(string="Number", required=True, readonly=True)
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document", model_field='res_model', required=True, readonly=True, index=True)
    document_kind = fields.Char(string="Kind of Document", compute='_compute_document_kind')
    order_id = fields.Many2one(
        'sale.order', readonly=True, index='btree_not_null', ondelete='restrict',
        help="The document itself if it is an order: its salesperson may read the request.")
    previous_id = fields.Many2one(
        'sale.approval.request', string="Asked Before In", readonly=True, index='btree_not_null')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    requester_id = fields.Many2one(
        'res.users', string="Asked By", required=True, readonly=True, index=True, ondelete='restrict')
    requested_on = fields.Datetime(string="Asked On", required=True, readonly=True)
    approved_on = fields.Datetime(readonly=True, help="It stays when the approval ends later.")
    closed_on = fields.Datetime(readonly=True)
    closed_by_id = fields.Many2one('res.users', readonly=True, ondelete='restrict')
    comment = fields.Text(string="Maker's Comment", readonly=True)
    state = fields.Selection(REQUEST_STATES, required=True, readonly=True, default='pending', index=True)
    outcome = fields.Char(readonly=True, help="Why the request was closed, in words.")
    task_ids = fields.One2many('sale.approval.task', 'request_id', string="Approvers", readonly=True)
    decision_count = fields.Integer(readonly=True, help="Serialises approvers who decide at the same instant.")

    # What is judged. Copied, so that approvers need no right on the document.
    digest = fields.Char(readonly=True, help="Fingerprint of the terms that are judged.")
    snapshot = fields.Json(readonly=True)
    covered = fields.Json(readonly=True, help="Issues that the approval covers, with the figures it saw.")
    tolerance = fields.Float(string="Tolerance %", readonly=True)
    reasons = fields.Json(readonly=True)
    display = fields.Json(readonly=True)
    document_name = fields.Char(string="Document Number", readonly=True)
    partner_name = fields.Char(string="Customer", readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    amount_untaxed = fields.Monetary(string="Untaxed Amount", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    margin_percent = fields.Float(string="Margin %", readonly=True, aggregator=None)
    discount = fields.Float(string="Discount %", readonly=True, aggregator=None)

    reason_text = fields.Char(string="All Reasons", compute='_compute_reason_text')
    snapshot_html = fields.Html(string="What Is Judged", compute='_compute_snapshot_html', sanitize=False)
    level_summary = fields.Char(string="Levels", compute='_compute_level_summary')
    can_decide = fields.Boolean(compute='_compute_can', compute_sudo=False)
    can_recall = fields.Boolean(compute='_compute_can', compute_sudo=False)
    can_withdraw = fields.Boolean(compute='_compute_can_step', compute_sudo=False)
    can_take_over = fields.Boolean(compute='_compute_can_step', compute_sudo=False)
    can_open = fields.Boolean(compute='_compute_can_open', compute_sudo=False)

    # === COMPUTE METHODS ===#

    @api.depends('res_model')
    def _compute_document_kind(self):
        for request in self:
            request.document_kind = self.env['ir.model']._get(request.res_model).name

    @api.depends('reasons')
    def _compute_reason_text(self):
        for request in self:
            request.reason_text = " ".join(request._get_reason_texts())

    @api.depends('display')
    def _compute_snapshot_html(self):
        qweb = self.env['ir.qweb']
        for request in self:
            request.snapshot_html = qweb._render(
                request._get_document_template(), {'display': request.display or {}, 'currency': request.currency_id})

    @api.depends('task_ids.state')
    def _compute_level_summary(self):
        for request in self:
            request.level_summary = " › ".join(request.task_ids._get_level_sentences())

    @api.depends('state', 'task_ids.state')
    @api.depends_context('uid')
    def _compute_can(self):
        mine = self.sudo().task_ids.filtered(
            lambda task: task.user_id == self.env.user and task.state == 'pending').request_id
        for request in self:
            request.can_decide = request in mine
            request.can_recall = request.state == 'pending' and request.requester_id == self.env.user

    @api.depends('state', 'task_ids.state')
    @api.depends_context('uid')
    def _compute_can_step(self):
        user = self.env.user
        manager = user.has_group('sale_order_control.group_manager')
        withdrawable = self.sudo()._get_withdrawable(user).request_id
        for request in self:
            request.can_withdraw = request in withdrawable
            request.can_take_over = manager and request.state == 'pending' and not request.can_decide \
                and request.sudo()._may_decide(user)

    @api.depends('res_model', 'res_id')
    @api.depends_context('uid')
    def _compute_can_open(self):
        for request in self:
            document = request._get_document()
            request.can_open = document._name == request.res_model and document.has_access('read')

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_unless_deciding()
        return super().create(vals_list)

    def write(self, vals):
        # Messages and activities hang on requests as on any document; everything else is a fact.
        if vals.keys() - {'message_follower_ids', 'message_ids', 'activity_ids'}:
            self._refuse_unless_deciding()
        return super().write(vals)

    def unlink(self):
        raise AccessError(self.env._("Approval requests are kept: they cannot be deleted."))

    def _refuse_unless_deciding(self):
        if not is_approval_deciding(self.env):
            raise AccessError(self.env._(
                "Approval requests follow from submissions and decisions: they cannot be written."))

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        # An activity makes its user a follower: an approver is told once, not of every step after.
        if is_approval_deciding(self.env):
            return True
        return super().message_subscribe(partner_ids=partner_ids, subtype_ids=subtype_ids)

    # === SUBMISSION ===#

    @api.model
    def _submit(self, values, plans):
        """Create requests with their approvers, open the first level and tell its approvers.

        :param list values: values per request
        :param list plans: per request the list of :class:`PlannedLevel`
        :return: the requests
        """
        requests = self.sudo().with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True, tracking_disable=True)
        names = self._draw_names(len(values))
        with approval_deciding(self.env):
            requests = requests.create([{**vals, 'name': name} for vals, name in zip(values, names, strict=True)])
            forget_closing(self.env, requests)
            tasks = self.env['sale.approval.task'].sudo().create([
                task for request, plan in zip(requests, plans, strict=True) for task in request._prepare_tasks(plan)
            ])
        tasks.filtered(lambda task: task.state == 'pending')._call_approvers()
        return requests

    def _prepare_tasks(self, plan):
        self.ensure_one()
        user_names = self.env['sale.approval.level']._get_able(self.company_id.id)
        first = min(level.sequence for level in plan)
        levels, now = self.env['sale.approval.level'], fields.Datetime.now()
        return [
            {
                'request_id': self.id,
                'res_model': self.res_model,
                'res_id': self.res_id,
                'level_index': index,
                'level_id': level.level_id,
                'level_name': level.name,
                'policy_name': level.policy_name,
                'sequence': level.sequence,
                'quorum': level.quorum,
                'distinct_persons': level.distinct_persons,
                'comment_required': level.comment_required,
                'skip_agreed': level.skip_agreed,
                'edit_kinds': ",".join(level.edit_kinds) or False,
                'needed': level.needed,
                'user_id': user_id,
                'user_name': user_names[user_id],
                'state': 'pending' if level.sequence == first else 'waiting',
                'asked_on': now if level.sequence == first else False,
                **(levels._plan_deadlines(level.level_id, self.company_id, now) if level.sequence == first else {}),
            }
            for index, level in enumerate(plan, 1)
            for user_id in level.user_ids
        ]

    @api.model
    def _draw_names(self, count):
        """Draw several numbers at once: a batch of 80 must not ask the sequence 80 times."""
        sequence = self.env['ir.sequence'].sudo().browse(
            self.env['ir.model.data']._xmlid_to_res_id('sale_order_control.sequence_approval_request'))
        sequence.flush_recordset()
        rows = self.env.execute_query(SQL(
            """SELECT prefix, suffix, padding, nextval(%s) FROM ir_sequence, generate_series(1, %s)
                WHERE id = %s AND implementation = 'standard' AND use_date_range IS NOT TRUE""",
            f'ir_sequence_{sequence.id:03d}', count, sequence.id))
        if not rows:
            return [sequence._next() for _number in range(count)]
        prefix, suffix, padding, _number = rows[0]
        pattern = sequence.new({'prefix': prefix, 'suffix': suffix, 'padding': padding})
        return [pattern.get_next_char(row[-1]) for row in rows]

    # === THE DOCUMENT ===#

    def _get_document(self):
        """Return the document that is judged; an empty order if its app is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            return self.env['sale.order']
        return self.env[self.res_model].browse(self.res_id)

    def _group_by_document_model(self):
        """Return ``[(documents, requests), ...]``, one pair per kind of document."""
        return [
            (self.env[model].browse(requests.mapped('res_id')), requests)
            for model, requests in self.grouped('res_model').items() if model in self.env
        ]

    def _get_document_template(self):
        self.ensure_one()
        return self._get_document()._approval_template

    def _get_reason_texts(self):
        """Return why somebody is asked: whole sentences with the figure and its threshold."""
        self.ensure_one()
        return [reason['message'] for reason in self.reasons or ()]

    # === WHAT AN APPROVAL COVERS ===#

    def _get_terms(self):
        """Return the terms that are judged, as they were when submitted."""
        self.ensure_one()
        return ControlTerms.from_json(self.snapshot)

    def _covers(self, issue):
        """Whether approvers saw this issue with figures that were, within tolerance, as bad.

        :param ControlIssue issue: an issue of any room; one that blocks is never covered
        """
        self.ensure_one()
        seen = (self.covered or {}).get(issue.code)
        if issue.effect != 'approve' or seen is None:
            return False
        return all(
            figure <= self._get_bound(name, seen.get(name, 0.0)) + 1e-6 for name, figure in issue.figures.items())

    def _get_bound(self, name, seen):
        """Return the worst figure that still counts as seen."""
        if name in POINT_FIGURES:
            return seen + self.tolerance
        return seen + abs(seen) * self.tolerance / 100
