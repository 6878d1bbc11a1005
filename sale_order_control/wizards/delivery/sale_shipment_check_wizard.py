from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...models.delivery.shipment.stock_picking_check import get_digest


class SaleShipmentCheckWizard(models.TransientModel):
    """What one person finds on what is packed, or hears from the customer about the address."""

    _name = 'sale.shipment.check.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Check Shipment"

    picking_id = fields.Many2one('stock.picking', string="Transfer", readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True)
    contents = fields.Text(compute='_compute_contents')
    digest = fields.Char(readonly=True)
    line_ids = fields.One2many('sale.shipment.check.wizard.line', 'wizard_id', string="To Check")
    report = fields.Binary(attachment=False)
    report_name = fields.Char()
    report_wanted = fields.Boolean(compute='_compute_contents')
    contact = fields.Char(string="Confirmed By", help="Who said it for the customer.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        subject, points = self._get_subject(values)
        values['digest'] = get_digest(subject)
        values['line_ids'] = [Command.create({'point_id': point.id}) for point in points]
        return values

    @api.model
    def _get_subject(self, values):
        """Return what is looked at as plain values, and the points the user is asked about."""
        user = self.env.user
        if values.get('picking_id'):
            picking = self.env['stock.picking'].browse(values['picking_id'])
            picking._check_shipment_rights()
            return picking.sudo()._get_packed_contents(), picking._get_points_for(user)
        order = self.env['sale.order'].browse(values.get('order_id'))
        order.check_access('read')
        return order.sudo()._get_address_values() if order else [], order and order._get_address_points_for(user)

    @api.depends('picking_id', 'order_id', 'line_ids.point_id')
    def _compute_contents(self):
        for wizard in self:
            picking, order = wizard.picking_id.sudo(), wizard.order_id.sudo()
            wizard.contents = picking._word_packed_contents() if picking else order and order._word_address()
            wizard.report_wanted = any(wizard.line_ids.point_id.mapped('file_required'))

    def action_record(self):
        """Record what was found.

        :raise UserError: if a point has no answer, or what was looked at is not the same any more
        """
        self.ensure_one()
        unanswered = self.line_ids.filtered(lambda line: not line.answer)
        if unanswered:
            raise UserError(self.env._("Say for each point whether it is in order."))
        subject, _points = self._get_subject({'picking_id': self.picking_id.id, 'order_id': self.order_id.id})
        if get_digest(subject) != self.digest:
            raise UserError(self.env._(
                "What has to be checked has changed meanwhile. Close this form and open it again."))
        findings = [(line.point_id.sudo(), line.answer == 'passed', line.remark) for line in self.line_ids]
        if self.picking_id:
            self.picking_id._record_shipment_check(findings, self.report, self.report_name)
        else:
            self.order_id._record_address_check(findings, self.contact)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def action_all_in_order(self):
        """Record that everything is in order."""
        self.line_ids.answer = 'passed'
        return self.action_record()


class SaleShipmentCheckWizardLine(models.TransientModel):
    _name = 'sale.shipment.check.wizard.line'
    _inherit = ['sale.control.wizard']
    _description = "Check Shipment: Point"

    wizard_id = fields.Many2one('sale.shipment.check.wizard', required=True, ondelete='cascade')
    point_id = fields.Many2one('sale.shipment.check.point', string="Check", required=True)
    advice = fields.Text(related='point_id.advice')
    answer = fields.Selection([('passed', "In Order"), ('failed', "Not in Order")], string="Found")
    remark = fields.Char(help="What is wrong, or a word on what is right.")
