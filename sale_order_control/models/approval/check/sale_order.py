from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mixin.sale_approval_mixin import PROTECTED_FIELDS
from ..request.sale_approval_request import LIVE_STATES


class SaleOrder(models.Model):
    """What an order carries of its approval, and what its users can do about it."""

    _name = 'sale.order'
    _inherit = ['sale.order', 'sale.approval.mixin']

    # === FIELDS ===#

    approval_can_ask = fields.Boolean(compute='_compute_approval_can_ask', groups='base.group_user')
    # Terms with which the order was confirmed under control; never read in lists.
    approval_passed_terms = fields.Json(copy=False, readonly=True, prefetch=False, groups='base.group_user')

    # === COMPUTE METHODS ===#

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
        return super()._get_control_protected_fields() | PROTECTED_FIELDS | {'approval_passed_terms'}

    def write(self, vals):
        retyped = self.browse()
        if 'sale_type_id' in vals:
            # The sales type is no term, but it decides which policies run.
            retyped = self.sudo().filtered(
                lambda order: order.approval_state in LIVE_STATES and order.sale_type_id.id != vals['sale_type_id'])
        result = super().write(vals)
        retyped._void_requests(lambda env: env._("The sales type was changed."))
        return result

    # === ACTION METHODS ===#

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
        refused = held._control_submit(issues)
        if refused:
            raise UserError("\n".join(refused.values()))
        return True

    # === BUSINESS METHODS ===#

    def _get_class_followers(self):
        # What somebody judges, or agreed to, keeps the class and the sales type that they saw.
        return super()._get_class_followers().filtered(lambda order: order.approval_state not in LIVE_STATES)

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'confirmed':
            orders = self.sudo()._with_control('approval')
            orders._void_requests(lambda env: env._("The order was confirmed without needing it."), states=('pending',))
            orders._keep_passed_terms()
        elif name == 'amended':
            self.sudo()._with_control('approval')._keep_passed_terms()
        elif name == 'cancelled':
            self.sudo()._void_requests(lambda env: env._("The order was cancelled."))
        elif name == 'reopened':
            self.sudo()._void_requests(lambda env: env._("The order was set to quotation again."))
