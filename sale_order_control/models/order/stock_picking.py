from odoo import api, fields, models

from .control_memory import event_happened


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    special_requirement = fields.Text(
        string="Special Requirements", related='sale_id.special_requirement', related_sudo=True,
        help="What the customer asked for on the sales order: packaging, labels, delivery window... "
             "It is printed on the delivery slip, where the customer reads it.")

    control_hold = fields.Text(
        string="Held Because", compute='_compute_control_hold', compute_sudo=True, groups='base.group_user',
        help="What keeps these goods from leaving now, and what clears it. Empty where they may go.")

    @api.depends('state', 'move_ids.state', 'move_ids.quantity', 'move_ids.picked', 'sale_id')
    def _compute_control_hold(self):
        for picking in self:
            leaving = picking.move_ids.filtered(
                lambda move: move.state not in ('draft', 'done', 'cancel'))._get_control_leaving()
            orders = leaving._get_control_orders()
            issues = leaving._get_control_release_issues() if orders else {}
            picking.control_hold = orders._get_control_refusal(issues) or False

    def _action_done(self):
        # Order lines that Odoo writes for what the warehouse added say what has left already; the goods
        # themselves are judged when their moves become done.
        with event_happened(self.env):
            return super()._action_done()
