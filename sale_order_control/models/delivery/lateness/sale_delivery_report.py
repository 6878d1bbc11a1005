from odoo import fields, models
from odoo.tools import SQL

from ..promise.sale_order_line import LINE_PROMISE_STATES
from .delivery_verdict import VERDICTS
from .sale_order_line_facts import MEASURES


class SaleDeliveryReport(models.Model):
    """Order lines as they were delivered: the facts stand on lines and in the ledger, nothing is worked out here."""

    _name = 'sale.delivery.report'
    _description = "On Time"
    _auto = False
    _order = 'due_date desc, id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    product_id = fields.Many2one('product.product', readonly=True)
    user_id = fields.Many2one('res.users', string="Salesperson", readonly=True)
    team_id = fields.Many2one('crm.team', string="Sales Team", readonly=True)
    control_class_id = fields.Many2one('sale.control.class', string="Customer Class", readonly=True)
    sale_type_id = fields.Many2one('sale.control.type', readonly=True)
    warehouse_id = fields.Many2one('stock.warehouse', readonly=True)
    cause_id = fields.Many2one('sale.delivery.change.reason', readonly=True)
    cause_kind = fields.Selection(selection='_selection_cause_kind', string="Caused By", readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    state = fields.Selection([('sale', "Confirmed"), ('cancel', "Cancelled")], string="Order State", readonly=True)
    promise_state = fields.Selection(LINE_PROMISE_STATES, string="Delivery", readonly=True)
    delivery_closed = fields.Boolean(string="Closed", readonly=True)
    confirmed_date = fields.Date(string="Confirmed On", readonly=True)
    due_date = fields.Date(string="Due", readonly=True)
    requested_date = fields.Date(string="First Requested", readonly=True)
    first_promised_date = fields.Date(string="First Promise", readonly=True)
    promised_date = fields.Date(string="Promise", readonly=True)
    first_delivered_date = fields.Date(string="First Delivered On", readonly=True)
    delivered_date = fields.Date(string="Last Delivered On", readonly=True)
    promises = fields.Integer(readonly=True, aggregator='avg', help="How many dates were promised for the line.")
    quantity = fields.Float(string="Ordered", digits='Product Unit', readonly=True)
    value = fields.Monetary(readonly=True, help="Without taxes, in the company's currency.")

    on_time_requested = fields.Selection(VERDICTS, string="Against Request", readonly=True)
    on_time_first = fields.Selection(VERDICTS, string="Against First Promise", readonly=True)
    on_time_promised = fields.Selection(VERDICTS, string="Against Promise", readonly=True)
    share_requested = fields.Float(
        string="On Time against Request", readonly=True, aggregator='avg',
        help="Share of the lines that arrived in full and not after the day first requested. Lines without such a "
             "day, not due yet, or cancelled by the customer are left out.")
    share_first = fields.Float(string="On Time against First Promise", readonly=True, aggregator='avg')
    share_promised = fields.Float(string="On Time against Promise", readonly=True, aggregator='avg')
    days_late_requested = fields.Integer(string="Days after Request", readonly=True, aggregator='avg')
    days_late_first = fields.Integer(string="Days after First Promise", readonly=True, aggregator='avg')
    days_late_promised = fields.Integer(string="Days after Promise", readonly=True, aggregator='avg')

    def _selection_cause_kind(self):
        return self.env['sale.delivery.change.reason']._fields['kind']._description_selection(self.env)

    @property
    def _table_query(self):
        return SQL("SELECT %s FROM %s WHERE %s", self._select(), self._from(), self._where())

    def _select(self):
        """Return the columns; extend it to add some."""
        return SQL(
            """
            line.id, line.order_id, line.company_id, sale.partner_id, line.product_id, sale.user_id, sale.team_id,
            sale.control_class_id, sale.sale_type_id, COALESCE(line.warehouse_id, sale.warehouse_id) AS warehouse_id,
            sale.state,
            line.delivery_cause_id AS cause_id, cause.kind AS cause_kind, line.promise_state,
            COALESCE(line.delivery_closed, FALSE) AS delivery_closed, line.confirmed_date, line.due_date,
            line.first_requested_date AS requested_date, promise.first_promised_date, promise.promised_date,
            line.first_delivered_date, line.delivered_date, COALESCE(line.promise_revision, 0) AS promises,
            line.product_uom_qty AS quantity,
            line.price_subtotal / COALESCE(NULLIF(sale.currency_rate, 0), 1) AS value, %s""",
            SQL(", ").join(self._select_measure(name) for name in MEASURES))

    def _select_measure(self, name):
        """Return verdict, share and days against one day; empty where there is nothing to measure."""
        verdict = SQL.identifier('line', f'on_time_{name}')
        return SQL(
            """%(verdict)s,
            CASE WHEN %(verdict)s = 'on_time' THEN 1.0 WHEN %(verdict)s IS NOT NULL THEN 0.0 END AS %(share)s,
            CASE WHEN %(verdict)s IN ('on_time', 'late') THEN %(days)s END AS %(days_name)s""",
            verdict=verdict, share=SQL.identifier(f'share_{name}'), days=SQL.identifier('line', f'days_late_{name}'),
            days_name=SQL.identifier(f'days_late_{name}'))

    def _from(self):
        """Return what the columns are read from. The unique index of the ledger leads to the last promise."""
        return SQL(
            """sale_order_line line
               JOIN sale_order sale ON sale.id = line.order_id
               LEFT JOIN sale_delivery_promise promise
                    ON promise.order_line_id = line.id AND promise.revision = line.promise_revision
                   AND (line.promised_date IS NOT NULL OR sale.state = 'cancel')
               LEFT JOIN sale_delivery_change_reason cause ON cause.id = line.delivery_cause_id""")

    def _where(self):
        """Return which lines are shown: those of which anything was recorded."""
        return SQL("line.due_date IS NOT NULL AND sale.state IN ('sale', 'cancel')")

    def action_give_cause(self):
        """Open the form in which a planner says why these lines are late, not in full or cancelled."""
        return self.env['sale.order.line'].browse(self.ids).action_give_cause()

    def action_view_order(self):
        """Open the order of the line."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sale.order', 'res_id': self.order_id.id,
            'view_mode': 'form',
        }
