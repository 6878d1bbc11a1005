from odoo import Command, api, fields, models
from odoo.exceptions import UserError

CAUSES = [
    ('first', "Not promised yet"),
    ('gain', "Can be there earlier"),
    ('late', "Supply comes too late"),
    ('yield', "Gives way to others"),
]


class SaleDeliveryRepromiseWizard(models.TransientModel):
    """Shows what the open lines of a warehouse could be promised after supply has changed, and accepts it.

    The days in the form are for reading: what is accepted is worked out again.
    """

    _name = 'sale.delivery.repromise.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Promise Again"

    warehouse_id = fields.Many2one(
        'stock.warehouse', required=True,
        default=lambda self: self.env['stock.warehouse'].search([('company_id', '=', self.env.company.id)], limit=1))
    line_ids = fields.One2many(
        'sale.delivery.repromise.wizard.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False)
    unknown = fields.Text(compute='_compute_unknown', help="Promises that nothing known brings any more.")
    reason_id = fields.Many2one(
        'sale.delivery.change.reason', required=True,
        default=lambda self: self.env.ref('sale_order_control.change_reason_supply', raise_if_not_found=False))
    note = fields.Char()

    @api.depends('warehouse_id')
    def _compute_line_ids(self):
        for wizard in self:
            found = wizard._plan()
            wizard.line_ids = [Command.clear(), *(
                Command.create({
                    'order_line_id': line.id, 'strategy': line._get_promise_strategy(), 'cause': outcome.cause,
                    'former_date': line.promised_date, 'new_date': outcome.day, 'is_chosen': True,
                })
                for line, outcome in found.items() if outcome.day and outcome.cause != 'same')]

    @api.depends('warehouse_id')
    def _compute_unknown(self):
        for wizard in self:
            wizard.unknown = "\n".join(
                self.env._("%(order)s: %(product)s", order=line.order_id.name, product=line.product_id.display_name)
                for line, outcome in wizard._plan().items() if not outcome.day)

    def _plan(self):
        """Return ``{line: Outcome}``, or nothing for who may not promise there."""
        warehouse = self.warehouse_id
        if not warehouse or not self.env.user.has_group('sale_order_control.group_delivery_planner'):
            return {}
        warehouse.check_access('read')
        return warehouse._plan_repromise()

    # === ACTION METHODS ===#

    def action_accept_all(self):
        """Accept everything on the list."""
        return self._accept(self.line_ids)

    def action_accept_chosen(self):
        """Accept what is ticked."""
        return self._accept(self.line_ids.filtered('is_chosen'))

    def _accept(self, rows):
        """Promise what the run finds now for these rows, if it still is what they show.

        :raise UserError: if nothing is chosen, supply changed meanwhile, or another promise would fail
        """
        self.ensure_one()
        lines = rows.order_line_id
        if not lines:
            raise UserError(self.env._("There is nothing to accept: tick the lines to promise anew."))
        lines._check_promise_rights()
        lines._take_promise_turn()
        found = self._plan()
        stale = rows.filtered(lambda row: (
            row.order_line_id not in found or found[row.order_line_id].day != row.new_date
            or row.order_line_id.promised_date != row.former_date))
        if stale:
            raise UserError(self.env._(
                "Supply or promises have changed meanwhile. Close this form and open it again."))
        asked = self.warehouse_id._repromise(
            {row.order_line_id.id: row.new_date for row in rows}, self.reason_id, self.note)
        message = self.env._("Lines promised: %s.", len(lines) - len(asked))
        if asked:
            message += " " + self.env._(
                "Lines that wait for approval, being later than a policy allows: %s.", len(asked))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': message,
                'type': 'warning' if asked else 'success',
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }


class SaleDeliveryRepromiseWizardLine(models.TransientModel):
    _name = 'sale.delivery.repromise.wizard.line'
    _inherit = ['sale.control.wizard']
    _description = "Promise Again: Line"

    wizard_id = fields.Many2one('sale.delivery.repromise.wizard', required=True, ondelete='cascade')
    order_line_id = fields.Many2one('sale.order.line', required=True, readonly=True, ondelete='cascade')
    order_id = fields.Many2one(related='order_line_id.order_id')
    partner_id = fields.Many2one(related='order_line_id.order_partner_id', string="Customer")
    product_id = fields.Many2one(related='order_line_id.product_id')
    quantity = fields.Float(related='order_line_id.product_uom_qty', string="Ordered")
    wanted_date = fields.Date(related='order_line_id.wanted_date')
    strategy = fields.Selection(
        [('win', "Gets First"), ('keep', "Keeps Its Day"), ('lose', "May Lose")], readonly=True)
    former_date = fields.Date(string="Promised", readonly=True)
    new_date = fields.Date(string="New", readonly=True)
    days = fields.Integer(compute='_compute_days', help="Days later; below zero: earlier.")
    cause = fields.Selection(CAUSES, string="Why", readonly=True)
    is_chosen = fields.Boolean(string="Accept")

    @api.depends('former_date', 'new_date')
    def _compute_days(self):
        for row in self:
            row.days = (row.new_date - row.former_date).days if row.new_date and row.former_date else 0
