from odoo import api, fields, models
from odoo.exceptions import UserError

from ..promise.sale_order_line import WAITING_STATES


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    transfer_change_ids = fields.One2many(
        'sale.transfer.change', 'order_id', string="Changes of Overdue Deliveries", readonly=True,
        groups='base.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'transfer_change_ids'}

    def action_apply_for_change(self):
        """Open the form in which closing the overdue deliveries of the order is applied for.

        :raise UserError: if nothing of it should have left by now
        """
        self.ensure_one()
        self.check_access('read')
        if self.state != 'sale' or not self.sudo().order_line._filter_overdue():
            raise UserError(self.env._("Nothing of %s is overdue: it can be changed as usual.", self.display_name))
        return self.env['stock.picking']._get_change_action(self)

    def action_promise_dates(self):
        """Open the planner's queue with the lines of the order that wait, whatever for."""
        self.ensure_one()
        self.order_line._check_promise_rights()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_order_line_action_promise')
        return {
            **action, 'name': self.env._("Promise Dates of %s", self.name), 'path': False, 'context': {},
            'domain': [('order_id', '=', self.id), ('promise_state', 'in', WAITING_STATES)]}

    def action_request_dates(self):
        """Ask production or purchasing when the goods of the lines will be there that nobody has asked about yet.

        :raise UserError: if no line waits for a date
        """
        self.ensure_one()
        lines = self.order_line.filtered(lambda line: line.promise_state in ('open', 'at_risk', 'late'))
        if not lines:
            raise UserError(self.env._(
                "Nobody need be asked: no line of %s waits for a date, is at risk or is late.", self.display_name))
        waiting = lines.sudo()._get_latest_requests()
        asked = lines.filtered(lambda line: line.id in waiting and waiting[line.id].state == 'waiting')
        return (lines - asked or lines).action_request_date()


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    overdue_order_id = fields.Many2one(
        'sale.order', compute='_compute_overdue_order_id', compute_sudo=True, groups='base.group_user',
        help="The order for which the transfer should have left by now.")

    # It depends on nothing: a relation that follows from moves is looked for each time that a move is reserved.
    def _compute_overdue_order_id(self):
        for picking in self:
            moves = picking.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
            picking.overdue_order_id = moves.control_line_id._filter_overdue().order_id[:1]

    def action_apply_for_change(self):
        """Open the form in which closing the overdue transfer without delivering is applied for."""
        self.ensure_one()
        self.check_access('read')
        return self._get_change_action(self.sudo().overdue_order_id)

    def _get_change_action(self, order):
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Apply for a Change"),
            'res_model': 'sale.transfer.change.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_order_id': order.id, 'default_picking_id': self.id},
        }
