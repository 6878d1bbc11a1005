from odoo import fields, models

from .control_memory import event_happened


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    special_requirement = fields.Text(
        string="Special Requirements", related='sale_id.special_requirement', related_sudo=True,
        help="What the customer asked for on the sales order: packaging, labels, delivery window... "
             "It is printed on the delivery slip, where the customer reads it.")

    def _action_done(self):
        # Order lines that Odoo writes for what the warehouse added say what has left already; the goods
        # themselves are judged when their moves become done.
        with event_happened(self.env):
            return super()._action_done()
