from odoo import fields, models


class SaleControlClass(models.Model):
    _inherit = 'sale.control.class'

    promise_strategy = fields.Selection(
        [('win', "Gets First"), ('keep', "Keeps Its Day"), ('lose', "May Lose")], string="When Supply Changes",
        default='keep',
        help="When open lines are promised again: who gets first is served before new lines and before those who may "
             "lose; who keeps loses no day that can still be kept; who may lose gives way first.")
