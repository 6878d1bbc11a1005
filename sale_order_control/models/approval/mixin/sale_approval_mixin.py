from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_memory

APPROVAL_STATES = [
    ('none', "Not Asked"),
    ('pending', "Waiting for Approval"),
    ('returned', "Returned for Correction"),
    ('rejected', "Rejected"),
    ('approved', "Approved"),
    ('void', "Approval Void"),
    ('expired', "Approval Expired"),
]
PROTECTED_FIELDS = frozenset({'approval_state', 'approval_request_ids'})


class SaleApprovalMixin(models.AbstractModel):
    """A document that somebody must approve, by policy.

    The document inherits the mixin, calls :meth:`_submit_for_approval` in its own act of submission and
    fills the hooks below. Policies, requests, tasks, notices and the request's screen do the rest.
    """

    _name = 'sale.approval.mixin'
    _description = "Approvable Document"

    # Key of ``AREA_SWITCHES``: which company switch must say *enforce* for anybody to be asked.
    _approval_area = 'approval'
    # Names of the fields that are judged, in the order in which approvers read them. Writing one of them
    # voids what was asked or agreed if it makes the document worse than what was judged.
    _approval_terms = ()
    # What shows an approver the copy that ``_prepare_approval_display`` made.
    _approval_template = 'sale_order_control.approval_request_facts'

    # === FIELDS ===#

    approval_state = fields.Selection(
        APPROVAL_STATES, string="Approval", default='none', copy=False, readonly=True, groups='base.group_user',
        help="State of the latest approval request. It follows from decisions and cannot be written.")
    approval_request_ids = fields.One2many(
        'sale.approval.request', 'res_id', string="Approval Requests", readonly=True, copy=False,
        domain=lambda self: [('res_model', '=', self._name)], groups='base.group_user')
    approval_request_count = fields.Integer(compute='_compute_approval_request_count', groups='base.group_user')
    approval_summary = fields.Char(
        string="Approval Levels", compute='_compute_approval_summary', groups='base.group_user',
        help="Who decided and who decides now, level by level, in the latest request.")
    approval_waits_for_me = fields.Boolean(
        string="Waiting for My Approval", compute='_compute_approval_waits_for_me',
        search='_search_approval_waits_for_me', groups='base.group_user')
    approval_can_recall = fields.Boolean(compute='_compute_approval_can_recall', groups='base.group_user')

    # === COMPUTE METHODS ===#

    @api.depends('approval_request_ids')
    def _compute_approval_request_count(self):
        groups = self.env['sale.approval.request']._read_group(
            [('res_model', '=', self._name), ('res_id', 'in', self.ids)], ['res_id'], ['__count'])
        counts = dict(groups)
        for document in self:
            document.approval_request_count = counts.get(document.id, 0)

    @api.depends('approval_state')
    def _compute_approval_summary(self):
        latest = self._get_latest_requests()
        for document in self:
            request = latest.get(document.id)
            document.approval_summary = " › ".join(request.task_ids._get_level_sentences()) if request else False

    @api.depends('approval_state')
    @api.depends_context('uid')
    def _compute_approval_waits_for_me(self):
        mine = self.filtered_domain([('approval_waits_for_me', '=', True)]) if self.ids else self.browse()
        for document in self:
            document.approval_waits_for_me = document in mine

    def _search_approval_waits_for_me(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # A search for one's own tasks, whoever else's they are not.
        tasks = self.env['sale.approval.task'].sudo()._search([
            ('user_id', '=', self.env.uid), ('state', '=', 'pending'), ('res_model', '=', self._name)])
        return [('id', 'in' if True in value else 'not in', tasks.subselect('res_id'))]

    @api.depends('approval_state')
    @api.depends_context('uid')
    def _compute_approval_can_recall(self):
        for document in self:
            document.approval_can_recall = bool(document.sudo()._get_pending_requests().filtered(
                lambda request: request.requester_id == self.env.user))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_approval_fields(vals)
        unwanted = {f'default_{name}' for name in PROTECTED_FIELDS} & self.env.context.keys()
        if unwanted:
            context = {key: value for key, value in self.env.context.items() if key not in unwanted}
            self = self.with_context(context)  # pylint: disable=context-overridden
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_approval_fields(vals)
        result = super().write(vals)
        if vals.keys() & set(self._approval_terms):
            self.sudo()._void_worse_documents()
        return result

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | PROTECTED_FIELDS

    @api.model
    def _refuse_approval_fields(self, vals):
        touched = PROTECTED_FIELDS & vals.keys()
        if touched and not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "These fields follow from checks and decisions and cannot be written: %s", ", ".join(sorted(touched))))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        if self.sudo().approval_request_ids:
            raise UserError(self.env._(
                "What approval was asked for keeps its record and cannot be deleted. Cancel or archive it instead."))

    # === ACTION METHODS ===#

    def action_recall(self):
        """Take back the pending approval requests of these documents: for the person who asked.

        :raise UserError: if nothing is pending
        """
        requests = self.approval_request_ids.filtered(lambda request: request.state == 'pending')
        if not requests:
            raise UserError(self.env._("No approval is being asked for."))
        return requests.action_recall()

    def action_view_approval_requests(self):
        """Open the approval requests of the document."""
        self.ensure_one()
        requests = self.approval_request_ids
        action = {
            'type': 'ir.actions.act_window',
            'name': self.env._("Approval of %s", self.display_name),
            'res_model': 'sale.approval.request',
            'view_mode': 'list,form',
            'domain': [('res_model', '=', self._name), ('res_id', '=', self.id)],
        }
        if len(requests) == 1:
            action.update(view_mode='form', res_id=requests.id)
        return action

    # === REQUESTS OF A DOCUMENT ===#

    def _get_pending_requests(self):
        """Return the requests of these documents that wait; in sudo."""
        waiting = self.filtered(lambda document: document.approval_state == 'pending')
        return waiting.approval_request_ids.filtered(lambda request: request.state == 'pending')

    def _get_latest_requests(self):
        """Return ``{document_id: latest sale.approval.request}`` of those that have any; in sudo."""
        requests = self.env['sale.approval.request'].sudo()
        closing = control_memory(self.env).closing
        latest = {
            document_id: closing[self._name, document_id]
            for document_id in self.ids if (self._name, document_id) in closing}
        unknown = [document_id for document_id in self.ids if document_id not in latest]
        if unknown:
            latest.update(requests._read_group(
                [('res_model', '=', self._name), ('res_id', 'in', unknown)], ['res_id'], ['id:max']))
        return {document_id: requests.browse(request_id) for document_id, request_id in latest.items()}

    def _get_pending_approvers(self):
        """Return ``{document_id: names of those whose turn it is}`` in one query for any number of documents."""
        waiting = self.filtered(lambda document: document.approval_state == 'pending')
        if not waiting:
            return {}
        rows = self.env['sale.approval.task'].sudo()._read_group(
            [('res_model', '=', self._name), ('res_id', 'in', waiting.ids), ('state', '=', 'pending')],
            ['res_id'], ['user_name:array_agg'])
        return {res_id: list(dict.fromkeys(names)) for res_id, names in rows}
