from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...order.control_memory import control_acting, control_memory
from ..score.credit_grade import LIMIT_KINDS

SUBJECTS = [
    ('base', "Credit Limit"),
    ('temporary', "Temporary Limit"),
    ('grade', "Grade Only"),
]
STATES = [
    ('draft', "Draft"),
    ('pending', "Waiting"),
    ('applied', "Applied"),
    ('refused', "Refused"),
]
# They follow from submission and decision.
DECIDED = frozenset({'state', 'user_id', 'decided_by_id', 'decided_on', 'decision_reason', 'name', 'obstacle'})


class CreditLimitRequest(models.Model):
    """Somebody asks for another limit or grade of a customer; it is applied once, when the last one agreed."""

    _name = 'credit.limit.request'
    _description = "Credit Limit Request"
    _inherit = ['credit.owned', 'credit.evidence', 'sale.approval.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _approval_terms = (
        'partner_id', 'subject', 'limit_kind', 'amount', 'date_from', 'date_to', 'grade_id', 'reason')

    # === FIELDS ===#

    name = fields.Char(string="Number", readonly=True, copy=False)
    currency_id = fields.Many2one(related='company_id.currency_id')
    account_id = fields.Many2one('credit.account', string="Credit Account", compute='_compute_account')
    user_id = fields.Many2one(
        'res.users', string="Asked By", required=True, readonly=True, copy=False, default=lambda self: self.env.uid)
    subject = fields.Selection(SUBJECTS, string="What", required=True, default='base')
    limit_kind = fields.Selection(LIMIT_KINDS, string="New Limit", default='amount')
    amount = fields.Monetary(help="What the customer may owe, in the currency of the main company.")
    date_from = fields.Date(string="From", default=lambda self: self._get_today())
    date_to = fields.Date(string="Until", help="Last day of the temporary limit.")
    grade_id = fields.Many2one(
        'credit.grade', string="Proposed Grade", ondelete='restrict',
        domain="[('company_id', 'in', (False, company_id))]", help="Leave empty to keep the grade.")
    reason = fields.Text(required=True, help="Why the customer deserves it. It is kept in the limit journal.")
    attachment_ids = fields.Many2many(string="Evidence")
    state = fields.Selection(STATES, default='draft', required=True, readonly=True, copy=False, tracking=True)
    decided_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    decided_on = fields.Date(readonly=True, copy=False)
    decision_reason = fields.Text(string="Answer", readonly=True, copy=False)
    obstacle = fields.Text(
        string="Not Applied Because", readonly=True, copy=False, help="It was agreed to, but could not be applied.")
    entry_ids = fields.One2many('credit.limit.entry', 'request_id', string="Changes Made")
    position = fields.Char(string="Credit Today", compute='_compute_account')
    can_decide = fields.Boolean(compute='_compute_can_decide')

    _amount_positive = models.Constraint('CHECK (amount >= 0)', "A credit limit cannot be negative.")
    _dates_order = models.Constraint(
        'CHECK (date_to IS NULL OR date_from IS NULL OR date_to >= date_from)',
        "A temporary limit cannot end before it starts. Choose a later last day.")

    @api.model
    def _get_today(self):
        return self.env['sale.order']._get_control_today()

    # === COMPUTE METHODS ===#

    @api.depends('partner_id', 'company_id', 'state')
    def _compute_account(self):
        for company, requests in self.grouped('company_id').items():
            owners = requests.partner_id.commercial_partner_id
            accounts = self.env['credit.account']._find(owners, company) if company else self.env['credit.account']
            by_owner = {account.partner_id.id: account for account in accounts}
            for request in requests:
                account = by_owner.get(request.partner_id.commercial_partner_id.id, accounts.browse())
                request.account_id = account.id
                request.position = account.with_env(self.env).limit_explanation if account else False

    @api.depends('state')
    @api.depends_context('uid')
    def _compute_can_decide(self):
        is_controller = self.env['credit.account']._is_controller()
        for request in self:
            request.can_decide = is_controller and request._is_for_controllers() and (
                self.env.user not in request._get_approval_makers())

    # === CONSTRAINTS ===#

    @api.constrains('company_id', 'grade_id', 'subject', 'limit_kind', 'amount', 'date_to', 'reason')
    def _check_request(self):
        for request in self:
            if request.grade_id.company_id not in (request.company_id, self.env['res.company']):
                raise ValidationError(self.env._(
                    "Grade %s belongs to another company. Choose a grade of this company.", request.grade_id.name))
            if not (request.reason or "").strip():
                raise ValidationError(self.env._("Say why: the reason is kept in the limit journal."))
            request._check_what()

    def _check_what(self):
        self.ensure_one()
        if self.subject == 'base' and not self.limit_kind:
            raise ValidationError(self.env._("Choose the new limit: no limit, zero or an amount."))
        if self.subject == 'base' and self.limit_kind == 'amount' and not self.amount:
            raise ValidationError(self.env._(
                "Enter the new credit limit, or choose “No Limit” or “Zero: Prepaid Only”."))
        if self.subject == 'temporary' and not (self.date_from and self.date_to):
            raise ValidationError(self.env._("Enter the first and the last day of the temporary limit."))
        if self.subject == 'grade' and not self.grade_id:
            raise ValidationError(self.env._("Choose the grade that you propose."))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        given = [{name: value for name, value in vals.items() if name not in DECIDED} for vals in vals_list]
        unwanted = {f'default_{name}' for name in DECIDED}
        context = {key: value for key, value in self.env.context.items() if key not in unwanted}
        clean = self.with_context(context)  # pylint: disable=context-overridden
        for vals in given:
            vals['name'] = self.env['ir.sequence'].sudo().next_by_code(self._name)
        return super(CreditLimitRequest, clean).create(given).with_env(self.env)

    def write(self, vals):
        if not control_memory(self.env).acting:
            touched = sorted(DECIDED & vals.keys())
            if touched:
                raise AccessError(self.env._(
                    "These fields follow from submission and decision and cannot be written: %s", ", ".join(touched)))
            fixed = self.filtered(lambda request: request.state != 'draft')
            if fixed and vals.keys() & {*self._approval_terms, 'company_id', 'attachment_ids'}:
                raise UserError(self.env._(
                    "What was asked for cannot be changed any more: %s. Recall the request, or make a new one.",
                    ", ".join(fixed.mapped('name'))))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(request.state != 'draft' for request in self):
            raise UserError(self.env._("A request that was submitted is kept and cannot be deleted."))

    # === SUBMIT AND RECALL ===#

    def action_submit(self):
        """Ask: by policy where one matches, else a credit controller who did not ask decides.

        :raise UserError: if it was submitted already, or nobody may decide
        """
        self.check_access('write')
        if any(request.state != 'draft' for request in self):
            raise UserError(self.env._("Only drafts are submitted."))
        for request in self:
            if request.subject == 'temporary' and request.date_to < self._get_today():
                raise UserError(self.env._("%s would be over already: choose a later last day.", request.name))
        # What stood in the way of an earlier agreement says nothing of what is asked for now.
        self._set({
            'state': 'pending', 'decided_by_id': False, 'decided_on': False, 'decision_reason': False,
            'obstacle': False})
        for request in self:
            free = request._submit_for_approval(request.reason)
            free.sudo()._ask_controllers()
        return True

    def action_take_back(self):
        """Take back requests that wait: for the person who asked."""
        if any(request.user_id != self.env.user for request in self):
            raise AccessError(self.env._("Only the person who asked takes a request back."))
        if any(request.state != 'pending' for request in self):
            raise UserError(self.env._("Only a request that waits can be taken back."))
        asked = self.filtered(lambda request: request.approval_state == 'pending')
        if asked:
            asked.action_recall()
        (self - asked)._set({'state': 'draft', 'obstacle': False})
        self.sudo().activity_unlink(['sale_order_control.mail_activity_type_limit_request'])
        return True

    def _ask_controllers(self):
        """Put an activity on the desk of every credit controller who may decide."""
        for request in self:
            deciders = self.env['credit.account']._get_controllers(request.company_id) - request._get_approval_makers()
            if not deciders:
                raise UserError(self.env._(
                    "Nobody may decide on %s: no other credit controller works in the company. Make somebody a credit "
                    "controller, or set up an approval policy for limit requests.", request.name))
            # One person's desk is enough: the others find it in the list of requests that wait.
            request.activity_schedule(
                'sale_order_control.mail_activity_type_limit_request', user_id=deciders[0].id,
                summary=request._word_change())

    # === DECIDE ===#

    def _is_for_controllers(self):
        """Whether no policy asked anybody: then a credit controller decides."""
        self.ensure_one()
        return self.state == 'pending' and self.approval_state != 'pending'

    def _check_decider(self):
        """Check that a credit controller decides who neither asked nor wrote it, and whom no policy replaces.

        :raise AccessError: for everybody else
        """
        self.env['credit.account']._check_controller()
        self.check_access('read')
        for request in self:
            if self.env.user in request.sudo()._get_approval_makers():
                raise AccessError(self.env._("Four eyes: somebody else must decide on your request %s.", request.name))
            if not request._is_for_controllers():
                raise UserError(self.env._(
                    "%s waits for nobody here: it was decided, was not submitted, or a policy asked others.",
                    request.name))

    def action_approve(self, comment=None):
        """Agree as a credit controller, and apply it.

        :param str comment: told to the person who asked
        """
        self._check_decider()
        self._decide(comment)
        self._tell(self.sudo()._apply_once())
        return True

    def action_refuse(self, comment):
        """Refuse as a credit controller.

        :param str comment: why, told to the person who asked
        """
        self._check_decider()
        if not (comment or "").strip():
            raise UserError(self.env._("Say why: the person who asked must know."))
        self._decide(comment, state='refused')
        self._tell({request.id: self.env._(
            "%(request)s was refused: %(reason)s", request=request.name, reason=comment.strip()) for request in self})
        return True

    def action_apply_again(self):
        """Apply what was agreed to but could not be applied at the time; as a credit controller."""
        self.env['credit.account']._check_controller()
        stuck = self.filtered(lambda request: request.state == 'pending' and request.obstacle)
        if not stuck:
            raise UserError(self.env._("Only what was agreed to and could not be applied is applied again."))
        stuck._tell(stuck.sudo()._apply_once())
        return True

    def _decide(self, comment, **values):
        self._set({
            'decided_by_id': self.env.uid, 'decided_on': self._get_today(),
            'decision_reason': (comment or "").strip() or False, **values})
        self.sudo().activity_unlink(['sale_order_control.mail_activity_type_limit_request'])

    def _set(self, values):
        """Write fields that follow from acts which check who acts."""
        if self:
            with control_acting(self.env):
                self.sudo().write(values)

    def _tell(self, messages):
        """Tell the persons who asked what became of their requests, by an internal note that notifies them."""
        for request in self.sudo():
            user = request.user_id if request.user_id.active and request.user_id != self.env.user else None
            request.message_post(
                body=messages[request.id], partner_ids=user.partner_id.ids if user else [],
                subtype_xmlid='mail.mt_note', message_type='comment')
