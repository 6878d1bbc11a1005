from odoo import fields, models, tools
from odoo.tools import SQL


class SaleAmendmentReport(models.Model):
    """Changes of confirmed orders, one row per amendment that was applied: why, whose, how long after confirmation."""

    _name = 'sale.amendment.report'
    _description = "Statistics of Changes"
    _auto = False
    _order = 'date desc, id desc'
    _rec_name = 'amendment_id'

    amendment_id = fields.Many2one('sale.amendment', readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    salesperson_id = fields.Many2one('res.users', readonly=True)
    team_id = fields.Many2one('crm.team', string="Sales Team", readonly=True)
    reason_id = fields.Many2one('sale.amendment.reason', readonly=True)
    is_error = fields.Boolean(string="Our Mistake", readonly=True)
    asked_by = fields.Selection([
        ('customer', "Customer"), ('sales', "Sales"), ('supply', "Purchasing or Production"),
        ('warehouse', "Warehouse"), ('finance', "Finance")], readonly=True)
    scope = fields.Selection([
        ('change', "Change of the Order"), ('rest', "Rest Cancelled"), ('order', "Order Cancelled")],
        string="Kind of Change", readonly=True)
    date = fields.Datetime(string="Applied On", readonly=True)
    days_after = fields.Float(
        string="Days After Confirmation", digits=(16, 1), readonly=True, aggregator='avg')
    hours_open = fields.Float(
        string="Hours from Submission", digits=(16, 1), readonly=True, aggregator='avg',
        help="From submission until the order was changed.")
    change_amount = fields.Monetary(
        string="Change in Amount", readonly=True, help="In the company's currency, at the order's rate.")
    margin_change = fields.Monetary(string="Change in Margin", readonly=True)
    was_approved = fields.Boolean(string="Somebody Agreed", readonly=True)

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(SQL("CREATE VIEW %s AS (%s)", SQL.identifier(self._table), self._get_query()))

    def _get_query(self):
        return SQL("""
            SELECT amendment.id, amendment.id AS amendment_id, amendment.order_id, amendment.company_id,
                   company.currency_id, amendment.partner_id, orders.user_id AS salesperson_id, orders.team_id,
                   amendment.reason_id, COALESCE(reason.is_error, FALSE) AS is_error, amendment.asked_by,
                   amendment.scope, amendment.applied_on AS date,
                   EXTRACT(EPOCH FROM amendment.applied_on - orders.date_order) / 86400.0 AS days_after,
                   EXTRACT(EPOCH FROM amendment.applied_on - amendment.submitted_on) / 3600.0 AS hours_open,
                   amendment.change_amount / COALESCE(NULLIF(orders.currency_rate, 0), 1) AS change_amount,
                   amendment.margin_change / COALESCE(NULLIF(orders.currency_rate, 0), 1) AS margin_change,
                   amendment.approval_state = 'approved' AS was_approved
              FROM sale_amendment amendment
              JOIN sale_order orders ON orders.id = amendment.order_id
              JOIN res_company company ON company.id = amendment.company_id
         LEFT JOIN sale_amendment_reason reason ON reason.id = amendment.reason_id
             WHERE amendment.state = 'applied'
        """)


class SaleOrderAccuracy(models.Model):
    """How many confirmed orders stayed as they were confirmed: the order accuracy rate (ST-04)."""

    _name = 'sale.order.accuracy'
    _description = "Order Accuracy"
    _auto = False
    _order = 'date desc, id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    user_id = fields.Many2one('res.users', string="Salesperson", readonly=True)
    team_id = fields.Many2one('crm.team', string="Sales Team", readonly=True)
    date = fields.Datetime(string="Confirmed On", readonly=True)
    changes = fields.Integer(readonly=True, help="Amendments that were applied, and changes past one.")
    mistakes = fields.Integer(
        string="Our Mistakes", readonly=True, help="Amendments for a reason that is our mistake.")
    unexplained = fields.Integer(
        string="Past an Amendment", readonly=True, help="Changes of terms without an amendment: nobody said why.")
    accuracy = fields.Float(
        string="Accurate %", digits=(16, 1), readonly=True, aggregator='avg',
        help="100 for an order that was never changed because of a mistake of ours or without a reason, 0 for another: "
             "averaged, it is the order accuracy rate.")
    unchanged = fields.Float(
        string="Never Changed %", digits=(16, 1), readonly=True, aggregator='avg')

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(SQL("CREATE VIEW %s AS (%s)", SQL.identifier(self._table), self._get_query()))

    def _get_query(self):
        return SQL("""
            SELECT orders.id, orders.id AS order_id, orders.company_id, orders.partner_id, orders.user_id,
                   orders.team_id, orders.date_order AS date,
                   COALESCE(found.changes, 0) AS changes, COALESCE(found.mistakes, 0) AS mistakes,
                   COALESCE(found.unexplained, 0) AS unexplained,
                   CASE WHEN found.mistakes + found.unexplained > 0 THEN 0.0 ELSE 100.0 END AS accuracy,
                   CASE WHEN found.changes > 0 THEN 0.0 ELSE 100.0 END AS unchanged
              FROM sale_order orders
         LEFT JOIN (SELECT revision.order_id, COUNT(*) AS changes, COUNT(*) FILTER (WHERE reason.is_error) AS mistakes,
                           COUNT(*) FILTER (WHERE revision.is_past) AS unexplained
                      FROM sale_order_revision revision
                 LEFT JOIN sale_amendment amendment ON amendment.id = revision.amendment_id
                 LEFT JOIN sale_amendment_reason reason ON reason.id = amendment.reason_id
                     WHERE revision.amendment_id IS NOT NULL OR revision.is_past
                     GROUP BY revision.order_id) found ON found.order_id = orders.id
             WHERE orders.state = 'sale' OR found.changes > 0
        """)
