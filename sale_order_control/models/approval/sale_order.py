from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_approval_request import LIVE_STATES

APPROVAL_STATES = [
    ('none', "Not Asked"),
    ('pending', "Waiting for Approval"),
    ('returned', "Returned for Correction"),
    ('rejected', "Rejected"),
    ('approved', "Approved"),
    ('void', "Approval Void"),
    ('expired', "Approval Expired"),
]


class SaleOrder(models.Model):
    """What an order carries of its approval, and what its users can do about it."""

    _inherit = 'sale.order'

    # === FIELDS ===#

    approval_state = fields.Selection(
        APPROVAL_STATES, string="Approval", default='none', copy=False, readonly=True, groups='base.group_user',
        help="State of the latest approval request. It follows from decisions and cannot be written.")
    approval_request_ids = fields.One2many(
        'sale.approval.request', 'order_id', string="Approval Requests", readonly=True, copy=False,
        groups='base.group_user')
    approval_request_count = fields.Integer(compute='_compute_approval_request_count', groups='base.group_user')
    approval_waits_for_me = fields.Boolean(
        string="Waiting for My Approval", compute='_compute_approval_waits_for_me',
        search='_search_approval_waits_for_me', groups='base.group_user')
    approval_can_recall = fields.Boolean(compute='_compute_approval_can_recall', groups='base.group_user')
    approval_can_ask = fields.Boolean(compute='_compute_approval_can_ask', groups='base.group_user')
    # Terms with which the order was confirmed under control; never read in lists.
    approval_passed_terms = fields.Json(copy=False, readonly=True, prefetch=False, groups='base.group_user')

    # === COMPUTE METHODS ===#

    @api.depends('approval_request_ids')
    def _compute_approval_request_count(self):
        groups = self.env['sale.approval.request']._read_group(
            [('order_id', 'in', self.ids)], ['order_id'], ['__count'])
        counts = {order.id: count for order, count in groups}
        for order in self:
            order.approval_request_count = counts.get(order.id, 0)

    @api.depends('approval_state')
    @api.depends_context('uid')
    def _compute_approval_waits_for_me(self):
        mine = self.filtered_domain([('approval_waits_for_me', '=', True)]) if self.ids else self.browse()
        for order in self:
            order.approval_waits_for_me = order in mine

    def _search_approval_waits_for_me(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # A search for one's own tasks, whoever else's they are not.
        tasks = self.env['sale.approval.task'].sudo()._search([
            ('user_id', '=', self.env.uid), ('state', '=', 'pending'), ('order_id', '!=', False)])
        return [('id', 'in' if True in value else 'not in', tasks.subselect('order_id'))]

    @api.depends('approval_state')
    @api.depends_context('uid')
    def _compute_approval_can_recall(self):
        for order in self:
            order.approval_can_recall = bool(order.sudo()._get_pending_requests().filtered(
                lambda request: request.requester_id == self.env.user))

    @api.depends('approval_state', 'state')
    def _compute_approval_can_ask(self):
        confirmed = self.filtered(
            lambda order: order.id and order.state == 'sale' and order.approval_state != 'pending')
        issues = confirmed._get_control_issues('release') if confirmed else {}
        for order in self:
            stopping = [issue for issue in issues.get(order.id, ()) if issue.stops]
            order.approval_can_ask = bool(stopping) and all(issue.askable for issue in stopping)

    # === CRUD METHODS ===#

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {
            'approval_state', 'approval_request_ids', 'approval_passed_terms'}

    def write(self, vals):
        retyped = self.browse()
        if 'sale_type_id' in vals:
            # The sales type is no term, but it decides which policies run.
            retyped = self.sudo().filtered(
                lambda order: order.approval_state in LIVE_STATES and order.sale_type_id.id != vals['sale_type_id'])
        result = super().write(vals)
        retyped._void_requests(self.env._("The sales type was changed."))
        return result

    # === ACTION METHODS ===#

    def action_recall(self):
        """Take back the pending approval requests of these orders: for the person who asked.

        :raise UserError: if nothing is pending
        """
        requests = self.approval_request_ids.filtered(lambda request: request.state == 'pending')
        if not requests:
            raise UserError(self.env._("No approval is being asked for."))
        return requests.action_recall()

    def action_request_approval(self):
        """Ask for the approval of confirmed orders whose goods may not leave without it.

        :raise UserError: if an order is not confirmed, or nobody's agreement helps
        """
        self.check_access('write')
        if any(order.state != 'sale' for order in self):
            raise UserError(self.env._("Approval of confirmed orders only. Use “Submit” for quotations."))
        issues = self._get_control_issues('release')
        held = self._get_held(issues)
        blocked = held._get_blocked(issues)
        if blocked:
            raise UserError(blocked._get_control_refusal(issues))
        if not held:
            raise UserError(self.env._("Nothing needs approval."))
        held._control_submit(issues)
        return True

    def action_view_approval_requests(self):
        """Open the approval requests of the order."""
        self.ensure_one()
        requests = self.approval_request_ids
        action = {
            'type': 'ir.actions.act_window',
            'name': self.env._("Approval of %s", self.name),
            'res_model': 'sale.approval.request',
            'view_mode': 'list,form',
            'domain': [('order_id', '=', self.id)],
        }
        if len(requests) == 1:
            action.update(view_mode='form', res_id=requests.id)
        return action

    # === BUSINESS METHODS ===#

    def _get_pending_requests(self):
        """Return the requests of these orders that wait; in sudo."""
        waiting = self.filtered(lambda order: order.approval_state == 'pending')
        return waiting.approval_request_ids.filtered(lambda request: request.state == 'pending')

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'confirmed':
            orders = self.sudo()._with_control('approval')
            orders._void_requests(self.env._("The order was confirmed without needing it."), states=('pending',))
            orders._keep_passed_terms()
        elif name == 'cancelled':
            self.sudo()._void_requests(self.env._("The order was cancelled."))
        elif name == 'reopened':
            self.sudo()._void_requests(self.env._("The order was set to quotation again."))
