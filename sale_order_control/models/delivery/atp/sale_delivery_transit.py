from odoo import api, fields, models, tools


class SaleDeliveryTransit(models.Model):
    """How long goods are on the way, by warehouse and country."""

    _name = 'sale.delivery.transit'
    _inherit = ['sale.control.cached']
    _description = "Days on the Way"
    _order = 'country_id, warehouse_id, id'
    _rec_name = 'country_id'

    company_id = fields.Many2one('res.company', required=True, default=lambda self: self.env.company)
    warehouse_id = fields.Many2one(
        'stock.warehouse', string="From", ondelete='cascade', domain="[('company_id', '=', company_id)]",
        check_company=True, help="Empty: from every warehouse of the company.")
    country_id = fields.Many2one(
        'res.country', string="To", ondelete='cascade',
        help="Country of the delivery address. Empty: every country without a line of its own.")
    days = fields.Integer(
        required=True, help="Calendar days from the day goods leave to the day they arrive.")

    _days_positive = models.Constraint('CHECK (days >= 0)', "The days on the way cannot be below zero.")
    _place_unique = models.UniqueIndex(
        '(company_id, COALESCE(warehouse_id, 0), COALESCE(country_id, 0))',
        "There is a line for this warehouse and country already: change that one.")

    @api.model
    @tools.ormcache('warehouse_id')
    def _read_days(self, warehouse_id):
        """Read the days on the way from a warehouse: the country's line counts before one for all countries,
        and the warehouse's before one for all warehouses.

        :return: ``{country_id, or False for all others: days}``
        """
        found = {}
        company = self.env['stock.warehouse'].sudo().browse(warehouse_id).company_id
        rows = self.sudo().search_fetch([
            ('company_id', '=', company.id), ('warehouse_id', 'in', (False, warehouse_id)),
        ], ['warehouse_id', 'country_id', 'days'])
        for row in rows.sorted(lambda row: bool(row.warehouse_id)):     # the warehouse's own line overwrites
            found[row.country_id.id] = row.days
        return found
