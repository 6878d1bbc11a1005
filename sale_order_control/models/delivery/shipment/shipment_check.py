from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .shipment_verdict import Finding


class SaleShipmentCheck(models.Model):
    """A fact: somebody looked at a shipment, or confirmed its address with the customer. Never changed.

    A check counts for the very contents it saw: whatever is packed, taken out or sent elsewhere afterwards
    is checked again.
    """

    _name = 'sale.shipment.check'
    _inherit = ['sale.control.fact']
    _description = "Shipment Check"
    _order = 'id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", readonly=True, index='btree_not_null', ondelete='restrict',
        help="Empty where the address was confirmed: that counts for all transfers of the order.")
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="Checked By", required=True, readonly=True)
    line_ids = fields.One2many('sale.shipment.check.line', 'check_id', string="Found", readonly=True)
    passed = fields.Boolean(readonly=True, help="Whether everything that was looked at is in order.")
    digest = fields.Char(readonly=True, help="What it was that was looked at, in a form that can be compared.")
    contents = fields.Text(string="Seen", readonly=True, help="The contents or the address as they were then.")
    report = fields.Binary(readonly=True, attachment=True)
    report_name = fields.Char(readonly=True)
    contact = fields.Char(readonly=True, help="Who confirmed it for the customer.")

    @api.model
    def _check_findings(self, findings, report):
        """Refuse findings that say too little.

        :param list findings: ``(point, passed, remark)``
        :raise UserError: naming what is missing
        """
        silent = [point.name for point, passed, remark in findings if not passed and not (remark or "").strip()]
        if silent:
            raise UserError(self.env._("Say what is wrong with: %s.", ", ".join(silent)))
        if not report:
            asking = [point.name for point, passed, _remark in findings if passed and point.file_required]
            if asking:
                raise UserError(self.env._("Attach the report for: %s.", ", ".join(asking)))

    @api.model
    def _prepare_findings(self, company, findings):
        return {
            'company_id': company.id,
            'user_id': self.env.uid,
            'passed': all(passed for _point, passed, _remark in findings),
            'line_ids': [
                Command.create({'point_id': point.id, 'passed': passed, 'remark': remark})
                for point, passed, remark in findings
            ],
        }


class SaleShipmentCheckLine(models.Model):
    _name = 'sale.shipment.check.line'
    _inherit = ['sale.control.fact']
    _description = "Shipment Check Finding"
    _order = 'id'
    _rec_name = 'point_id'

    check_id = fields.Many2one(
        'sale.shipment.check', required=True, readonly=True, index=True, ondelete='restrict')
    point_id = fields.Many2one('sale.shipment.check.point', required=True, readonly=True, ondelete='restrict')
    passed = fields.Boolean(string="In Order", readonly=True)
    remark = fields.Char(readonly=True)

    def _get_findings(self):
        """Return the plain findings of these lines, in their order."""
        return [
            Finding(line.point_id.id, line.check_id.user_id.id, line.passed, line.remark or '')
            for line in self.sorted('id')
        ]
