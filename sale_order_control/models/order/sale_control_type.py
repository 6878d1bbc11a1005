from odoo import api, fields, models, tools


class SaleControlType(models.Model):
    _name = 'sale.control.type'
    _inherit = ['sale.control.cached']
    _description = "Sales Type"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty to share between companies.")
    scope = fields.Selection(
        [
            ('domestic', "Customers in the company's country"),
            ('export', "Customers abroad"),
            ('internal', "Own companies and branches"),
            ('manual', "Chosen by hand"),
        ],
        required=True, default='manual',
        help="Which customers get this sales type by themselves.")
    class_ids = fields.Many2many(
        'sale.control.class', string="Only for Customer Classes", ondelete='restrict',
        help="Of several types for the same customers, the one that names the customer's class is taken. Leave empty "
             "for every class.")
    run_approval = fields.Boolean(
        string="Approval Runs", default=True,
        help="Whether approval policies apply to orders of this type.")
    date_kind = fields.Selection(
        [('reply', "Reply Date"), ('planned_ship', "Planned Ship Date")],
        string="Delivery Date Is Called", required=True, default='reply',
        help="How the promised date of such an order is called on screens and documents.")

    @api.model
    @tools.ormcache('self.env.company.id', 'scope', 'class_id')
    def _get_type_id(self, scope, class_id=False):
        """Return the id of the sales type of a scope for the current company, or False.

        The first one that names the class of the customer, else the first one for every class.

        :param int class_id: id of ``sale.control.class``, or False
        """
        types = self.sudo().with_context(active_test=True).search(
            [('scope', '=', scope), ('company_id', 'in', (False, self.env.company.id))])
        named = types.filtered(lambda one: class_id in one.class_ids._ids)
        return (named or types.filtered(lambda one: not one.class_ids))[:1].id

    @api.model
    @tools.ormcache()
    def _get_running_ids(self):
        """Return the ids of the sales types for whose orders approval runs, archived ones included."""
        return frozenset(self.sudo().with_context(active_test=False).search([('run_approval', '=', True)]).ids)

    @api.model
    @tools.ormcache('type_id', 'self.env.lang')
    def _get_name(self, type_id):
        """Return the name of a sales type in the reader's language; empty without one."""
        return self.sudo().browse(type_id or ()).name or ''

    @api.model
    @tools.ormcache()
    def _names_classes(self):
        """Whether any sales type depends on the class of the customer."""
        return bool(self.sudo().search_count([('class_ids', '!=', False)], limit=1))

    @api.model
    def _get_scope(self, partner, company):
        """Tell which scope a customer falls into.

        A customer without a country counts as domestic, as the stricter of the two.

        :param res.partner partner: customer of the order
        :param res.company company: seller
        :return: ``domestic``, ``export`` or ``internal``
        """
        commercial = partner.commercial_partner_id
        if commercial in self._get_own_partners():
            return 'internal'
        home = company.account_fiscal_country_id or company.country_id
        country = commercial.country_id or partner.country_id
        return 'export' if country and home and country != home else 'domestic'

    @api.model
    def _get_own_partners(self):
        return self.env['res.partner'].sudo().browse(self._get_own_partner_ids())

    @api.model
    @tools.ormcache()
    def _get_own_partner_ids(self):
        # A handful of companies, cached.
        return tuple(self.env['res.company'].sudo().search([]).partner_id.ids)  # pylint: disable=no-search-all
