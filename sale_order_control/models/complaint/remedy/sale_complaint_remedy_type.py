from odoo import api, fields, models

REMEDY_KINDS = [
    ('return', "Return"),
    ('replacement', "Replacement Order"),
    ('exchange', "Exchange"),
    ('credit', "Credit Note"),
    ('discount', "Discount on Next Order"),
    ('compensation', "Compensation"),
    ('repair', "Repair"),
    ('explanation', "Explanation"),
]
RESPONSIBLE_FIELDS = {
    'us': 'for_us', 'carrier': 'for_carrier', 'supplier': 'for_supplier', 'customer': 'for_customer',
}


class SaleComplaintRemedyType(models.Model):
    """A way to put a complaint right, and for whose fault it is offered."""

    _name = 'sale.complaint.remedy.type'
    _description = "Kind of Remedy"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True, help="Customers read this name, too.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(REMEDY_KINDS, string="What Is Done", required=True, default='credit')
    ask_customer = fields.Boolean(
        string="Ask the Customer First",
        help="It is carried out only after the customer agreed, in the portal or to us.")
    for_us = fields.Boolean(string="We", default=True, help="Offered where we are responsible, or nobody is named yet.")
    for_carrier = fields.Boolean(string="Carrier", default=True, help="Offered where the carrier is responsible.")
    for_supplier = fields.Boolean(string="Supplier", default=True, help="Offered where the supplier is responsible.")
    for_customer = fields.Boolean(string="Customer", help="Offered where the customer is responsible.")

    @api.model
    def _get_kinds_at_hand(self):
        """Return the kinds that can be done with what is installed."""
        kinds = [kind for kind, _label in REMEDY_KINDS]
        return kinds if 'repair.order' in self.env else [kind for kind in kinds if kind != 'repair']

    @api.model
    def _get_offered(self, responsible):
        """Return the types that are offered.

        :param responsible: whose fault it was, a key of ``RESPONSIBLE_FIELDS``; False while nobody is named
        """
        allowed = RESPONSIBLE_FIELDS.get(responsible, 'for_us')
        return self.search([('kind', 'in', self._get_kinds_at_hand()), (allowed, '=', True)])
