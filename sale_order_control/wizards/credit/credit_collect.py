from odoo import api, fields, models


class CreditCollect(models.TransientModel):
    """Records the cash that was collected with a delivery."""

    _name = 'credit.collect'
    _inherit = ['sale.control.wizard']
    _description = "Record a Collection"

    picking_id = fields.Many2one('stock.picking', string="Transfer", required=True, readonly=True)
    currency_id = fields.Many2one('res.currency', compute='_compute_due')
    due = fields.Monetary(compute='_compute_due')
    amount = fields.Monetary(string="Collected", required=True)
    note = fields.Char(help="What the office should know, e.g. why less was collected.")

    @api.depends('picking_id')
    def _compute_due(self):
        self._check_documents()
        for wizard in self:
            wizard.currency_id, wizard.due = wizard.picking_id.cod_currency_id, wizard.picking_id.cod_amount

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        picking = self.env['stock.picking'].browse(self.env.context.get('active_id') or ())
        if picking and self.env.context.get('active_model') == 'stock.picking':
            picking.check_access('read')
            values.update(picking_id=picking.id, amount=picking.cod_amount)
        return values

    def action_record(self):
        """Record the amount; who may do it is asked there."""
        self.ensure_one()
        return self.picking_id.action_record_collection(self.amount, self.note)
