from odoo import fields, models
from odoo.tools import SQL

from ..quality.sale_complaint_judgement import PARTIES
from ..record.sale_complaint import COMPLAINT_STATES
from ..setup.sale_complaint_team import COMPLAINT_CHANNELS, COMPLAINT_SEVERITIES, COMPLAINT_TYPES

# Averages of complaints: each counts once, however many products it is about.
AVERAGES = frozenset({
    'first_contact_rate', 'resolution_hours', 'first_resolution_hours', 'satisfaction', 'on_time_rate',
    'justified_rate', 'solved_rate', 'reopened_rate'})


class SaleComplaintReport(models.Model):
    """Complaints by what they were about, one row per product; shares make each complaint count once."""

    _name = 'sale.complaint.report'
    _description = "Complaint Analysis"
    _auto = False
    _order = 'received_on desc, id desc'
    _rec_name = 'complaint_id'

    complaint_id = fields.Many2one('sale.complaint', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True)
    salesperson_id = fields.Many2one('res.users', readonly=True)
    team_id = fields.Many2one('sale.complaint.team', readonly=True)
    user_id = fields.Many2one('res.users', string="Person in Charge", readonly=True)
    product_id = fields.Many2one('product.product', readonly=True)
    product_categ_id = fields.Many2one('product.category', string="Product Category", readonly=True)
    lot_id = fields.Many2one('stock.lot', string="Lot/Serial", readonly=True)
    complaint_type = fields.Selection(COMPLAINT_TYPES, string="Type", readonly=True)
    category_id = fields.Many2one('sale.complaint.category', readonly=True)
    order_problem = fields.Selection(selection='_selection_order_problem', readonly=True)
    severity = fields.Selection(COMPLAINT_SEVERITIES, readonly=True)
    channel = fields.Selection(COMPLAINT_CHANNELS, readonly=True)
    state = fields.Selection(COMPLAINT_STATES, string="Status", readonly=True)
    cause_id = fields.Many2one('sale.complaint.cause', readonly=True)
    main_cause_id = fields.Many2one(
        'sale.complaint.cause', readonly=True, help="The highest level of the tree of causes.")
    responsible_party = fields.Selection(PARTIES, string="Who Answers for It", readonly=True)
    supplier_id = fields.Many2one('res.partner', readonly=True)
    carrier_id = fields.Many2one('res.partner', readonly=True)
    is_claim = fields.Boolean(string="Compensation Claimed", readonly=True)
    received_on = fields.Datetime(string="Received", readonly=True)
    closed_on = fields.Datetime(string="Closed", readonly=True)
    share = fields.Float(
        string="Complaints", readonly=True, help="Part of a complaint that is about this product: they add up to one.")
    quantity = fields.Float(digits='Product Unit', readonly=True)
    cost = fields.Monetary(readonly=True)
    resolution_hours = fields.Float(string="Hours to Solve", readonly=True, aggregator='avg')
    first_resolution_hours = fields.Float(
        string="Hours to First Solution", readonly=True, aggregator='avg',
        help="Without the time spent on complaints after they were reopened.")
    reopened_rate = fields.Float(
        string="Reopened", readonly=True, aggregator='avg', help="Of the complaints that had been closed.")
    satisfaction = fields.Float(readonly=True, aggregator='avg', help="From 1 to 5, of those who rated.")
    first_contact_rate = fields.Float(
        string="Settled at First Contact", readonly=True, aggregator='avg', help="Of the complaints that were closed.")
    solved_rate = fields.Float(string="Solved", readonly=True, aggregator='avg', help="Of all complaints.")
    on_time_rate = fields.Float(
        string="Solved in Time", readonly=True, aggregator='avg', help="Of the complaints that were solved.")
    justified_rate = fields.Float(
        string="Justified", readonly=True, aggregator='avg', help="Of the complaints that were judged.")

    def _selection_order_problem(self):
        return self.env['sale.complaint.category']._fields['order_problem']._description_selection(self.env)

    def _read_group_select(self, aggregate_spec, query):
        name, _sep, function = aggregate_spec.partition(':')
        if function == 'avg' and name in AVERAGES:
            value = self._field_to_sql(self._table, name, query)
            share = self._field_to_sql(self._table, 'share', query)
            return SQL(
                "SUM(%(value)s * %(share)s) / NULLIF(SUM(%(share)s) FILTER (WHERE %(value)s IS NOT NULL), 0)",
                value=value, share=share)
        return super()._read_group_select(aggregate_spec, query)

    @property
    def _table_query(self):
        return SQL("SELECT %s FROM %s WHERE %s", self._select(), self._from(), self._where())

    def _select(self):
        """Return the columns; extend it to add some."""
        return SQL("""
            COALESCE(line.id, -complaint.id) AS id, complaint.id AS complaint_id, complaint.company_id,
            complaint.commercial_partner_id AS partner_id, complaint.order_id, sale.user_id AS salesperson_id,
            complaint.team_id, complaint.user_id, line.product_id, template.categ_id AS product_categ_id, line.lot_id,
            complaint.complaint_type, complaint.category_id, category.order_problem, complaint.severity,
            complaint.channel, complaint.state, complaint.cause_id,
            split_part(cause.parent_path, '/', 1)::integer AS main_cause_id, complaint.responsible_party,
            CASE WHEN complaint.responsible_party = 'supplier' THEN complaint.responsible_partner_id END
                AS supplier_id,
            CASE WHEN complaint.responsible_party = 'carrier' THEN complaint.responsible_partner_id END AS carrier_id,
            complaint.is_claim, complaint.received_on, complaint.closed_on,
            1.0 / GREATEST(products.number, 1) AS share, line.quantity,
            complaint.cost / GREATEST(products.number, 1) AS cost,
            CASE WHEN complaint.resolved_on IS NOT NULL THEN complaint.resolution_hours END AS resolution_hours,
            CASE WHEN complaint.resolved_on IS NOT NULL OR complaint.reopened_on IS NOT NULL
                 THEN complaint.first_resolution_hours END AS first_resolution_hours,
            CASE WHEN complaint.reopened_on IS NOT NULL THEN 1.0
                 WHEN NOT complaint.is_open THEN 0.0 END AS reopened_rate,
            NULLIF(complaint.rating_last_value, 0) AS satisfaction,
            CASE WHEN complaint.state = 'closed'
                 THEN CASE WHEN complaint.first_contact THEN 1.0 ELSE 0.0 END END AS first_contact_rate,
            CASE WHEN complaint.resolved_on IS NOT NULL THEN 1.0 ELSE 0.0 END AS solved_rate,
            CASE WHEN complaint.resolved_on IS NOT NULL
                 THEN CASE WHEN complaint.resolution_missed THEN 0.0 ELSE 1.0 END END AS on_time_rate,
            CASE WHEN complaint.justified IS NOT NULL
                 THEN CASE WHEN complaint.justified = 'no' THEN 0.0 ELSE 1.0 END END AS justified_rate""")

    def _from(self):
        """Return what the columns are read from."""
        return SQL("""
            sale_complaint complaint
            LEFT JOIN sale_complaint_line line ON line.complaint_id = complaint.id
            LEFT JOIN LATERAL (
                SELECT COUNT(*) AS number FROM sale_complaint_line one WHERE one.complaint_id = complaint.id
            ) products ON TRUE
            LEFT JOIN sale_order sale ON sale.id = complaint.order_id
            LEFT JOIN sale_complaint_category category ON category.id = complaint.category_id
            LEFT JOIN sale_complaint_cause cause ON cause.id = complaint.cause_id
            LEFT JOIN product_product product ON product.id = line.product_id
            LEFT JOIN product_template template ON template.id = product.product_tmpl_id""")

    def _where(self):
        """Return which complaints are shown: all that were any."""
        return SQL("complaint.state != 'cancelled'")

    def action_view_complaint(self):
        """Open the complaint of the row."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sale.complaint', 'res_id': self.complaint_id.id,
            'view_mode': 'form',
        }


class SaleComplaintPpm(models.Model):
    """How many of a million delivered were complained about, by the month in which they were shipped."""

    _name = 'sale.complaint.ppm'
    _description = "Complaints per Million"
    _auto = False
    _order = 'shipped_on desc, id desc'

    company_id = fields.Many2one('res.company', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    product_id = fields.Many2one('product.product', readonly=True)
    product_categ_id = fields.Many2one('product.category', string="Product Category", readonly=True)
    shipped_on = fields.Date(
        string="Shipped", readonly=True,
        help="When the goods left; of a complaint that names no delivery, of the first delivery of its order line.")
    delivered = fields.Float(digits='Product Unit', readonly=True)
    complained = fields.Float(
        string="Complained About", digits='Product Unit', readonly=True,
        help="Not cancelled, not rejected, and not found unjustified.")
    ppm = fields.Float(
        string="Per Million", readonly=True, aggregator='avg', digits=(16, 0),
        help="Complained about, of a million delivered.")

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec == 'ppm:avg':
            # Of sums, never an average of ratios.
            return SQL(
                "SUM(%s) * 1000000.0 / NULLIF(SUM(%s), 0)",
                self._field_to_sql(self._table, 'complained', query),
                self._field_to_sql(self._table, 'delivered', query))
        return super()._read_group_select(aggregate_spec, query)

    @property
    def _table_query(self):
        return SQL(
            """SELECT row.*, template.categ_id AS product_categ_id, NULL::numeric AS ppm
                 FROM (%s UNION ALL %s UNION ALL %s) row
                 JOIN product_product product ON product.id = row.product_id
                 JOIN product_template template ON template.id = product.product_tmpl_id""",
            self._select_delivered(), self._select_delivered_kits(), self._select_complained())

    def _select_delivered(self):
        """Return what left to customers, in the product's unit; what came back is no less delivered."""
        return SQL("""
            SELECT move.id, move.company_id, party.commercial_partner_id AS partner_id, move.product_id,
                   move.date::date AS shipped_on, move.quantity * unit.factor / own.factor AS delivered,
                   0.0 AS complained
              FROM stock_move move
              JOIN sale_order_line line ON line.id = move.sale_line_id
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN res_partner party ON party.id = sale.partner_id
              JOIN stock_location target ON target.id = move.location_dest_id AND target.usage = 'customer'
              JOIN stock_location source ON source.id = move.location_id AND source.usage != 'customer'
              JOIN uom_uom unit ON unit.id = move.product_uom
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom own ON own.id = template.uom_id
             WHERE move.state = 'done' AND move.product_id = line.product_id""")

    def _select_delivered_kits(self):
        """Return the kits that left as parts: of what was ordered, the share that a part has in all that was to leave.

        Dropped parts count in what was to leave, for the order still asks for them.
        """
        return SQL("""
            SELECT part.id, part.company_id, part.partner_id, part.product_id, part.shipped_on,
                   part.ordered * part.quantity / NULLIF(part.whole, 0), 0.0
              FROM (
                SELECT move.id, move.company_id, party.commercial_partner_id AS partner_id, line.product_id,
                       move.date::date AS shipped_on, move.state,
                       line.product_uom_qty * line_unit.factor / own.factor AS ordered,
                       move.quantity * unit.factor AS quantity,
                       SUM(GREATEST(move.product_uom_qty, move.quantity) * unit.factor)
                           FILTER (WHERE move.origin_returned_move_id IS NULL) OVER (PARTITION BY line.id) AS whole
                  FROM sale_order_line line
                  JOIN stock_move move ON move.sale_line_id = line.id AND move.product_id != line.product_id
                  JOIN sale_order sale ON sale.id = line.order_id
                  JOIN res_partner party ON party.id = sale.partner_id
                  JOIN stock_location target ON target.id = move.location_dest_id AND target.usage = 'customer'
                  JOIN stock_location source ON source.id = move.location_id AND source.usage != 'customer'
                  JOIN uom_uom unit ON unit.id = move.product_uom
                  JOIN uom_uom line_unit ON line_unit.id = line.product_uom_id
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  JOIN uom_uom own ON own.id = template.uom_id
              ) part
             WHERE part.state = 'done'""")

    def _select_complained(self):
        """Return what was complained about, in the product's unit, in the month in which it was shipped."""
        return SQL("""
            SELECT -line.id, complaint.company_id, complaint.commercial_partner_id, line.product_id,
                   COALESCE(named.date, first.date, complaint.received_on)::date, 0.0,
                   line.quantity * unit.factor / own.factor
              FROM sale_complaint_line line
              JOIN sale_complaint complaint ON complaint.id = line.complaint_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom unit ON unit.id = COALESCE(line.product_uom_id, template.uom_id)
              JOIN uom_uom own ON own.id = template.uom_id
              LEFT JOIN stock_move named ON named.id = line.move_id
              LEFT JOIN LATERAL (
                   SELECT MIN(move.date) AS date
                     FROM stock_move move
                     JOIN stock_location target ON target.id = move.location_dest_id AND target.usage = 'customer'
                    WHERE move.sale_line_id = line.order_line_id AND move.state = 'done'
              ) first ON TRUE
             WHERE complaint.state NOT IN ('cancelled', 'rejected')
               AND COALESCE(complaint.justified, 'yes') != 'no'""")
