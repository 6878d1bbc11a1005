from odoo import fields, models
from odoo.tools import SQL


class StockPicking(models.Model):
    """Who let the goods leave: whoever validated the transfer, for whom it was accurate or not."""

    _inherit = 'stock.picking'

    shipped_by_id = fields.Many2one(
        'res.users', readonly=True, copy=False, index='btree_not_null', groups='base.group_user',
        help="Who validated the delivery. Empty while order control is off: then the person responsible counts.")

    def _action_done(self):
        result = super()._action_done()
        left = self.filtered(
            lambda picking: picking.state == 'done' and picking.sale_id and picking.company_id._has_control()
            and picking.location_dest_id.usage == 'customer')
        if left:
            # Whoever does a transfer need not be able to write on it once it is done.
            left.sudo().shipped_by_id = self.env.user
        return result


class SaleShippingReport(models.Model):
    """How accurately goods are shipped: one row per delivery, by who let it leave.

    A delivery was not accurate if its customer complained that wrong, damaged or too few goods came, unless that was
    found unjustified or somebody outside answers for it. Lateness is another matter: it is counted by promises.
    """

    _name = 'sale.shipping.report'
    _description = "Accuracy of Shipping"
    _auto = False
    _order = 'shipped_on desc, id desc'
    _rec_name = 'picking_id'

    picking_id = fields.Many2one('stock.picking', string="Delivery", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    user_id = fields.Many2one('res.users', string="Shipped By", readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    shipped_on = fields.Datetime(string="Shipped", readonly=True)
    delivery_count = fields.Integer(string="Deliveries", readonly=True, aggregator='sum')
    faulty_count = fields.Integer(
        string="Complained About", readonly=True, aggregator='sum',
        help="Deliveries of wrong, damaged or too few goods, by a complaint that stands.")
    accuracy = fields.Float(
        string="Accurate (%)", readonly=True, aggregator='avg',
        help="Of the deliveries, how many nobody complained about. Those that were only late count as accurate.")

    _depends = {
        'stock.picking': [
            'state', 'user_id', 'shipped_by_id', 'sale_id', 'date_done', 'location_dest_id', 'company_id'],
        'stock.move': ['picking_id'],
        'sale.complaint': [
            'state', 'picking_id', 'order_id', 'complaint_type', 'category_id', 'justified', 'responsible_party'],
        'sale.complaint.line': ['complaint_id', 'move_id'],
    }

    @property
    def _table_query(self):
        return SQL(
            """SELECT picking.id, picking.id AS picking_id, picking.company_id,
                      COALESCE(picking.shipped_by_id, picking.user_id) AS user_id, picking.sale_id AS order_id,
                      sale.partner_id, picking.date_done AS shipped_on, 1 AS delivery_count,
                      (faulty.id IS NOT NULL)::integer AS faulty_count,
                      CASE WHEN faulty.id IS NULL THEN 100.0 ELSE 0.0 END AS accuracy
                 FROM stock_picking picking
                 JOIN sale_order sale ON sale.id = picking.sale_id
                 JOIN stock_location target ON target.id = picking.location_dest_id AND target.usage = 'customer'
                 LEFT JOIN LATERAL (%s LIMIT 1) faulty ON TRUE
                WHERE picking.state = 'done'""", self._select_faults())

    def _select_faults(self):
        """Return the complaints that say a delivery was not accurate.

        One names the delivery, or goods of it, or the order where all of it left with this delivery.
        """
        return SQL(
            """SELECT complaint.id
                 FROM sale_complaint complaint
            LEFT JOIN sale_complaint_category category ON category.id = complaint.category_id
                WHERE complaint.complaint_type = 'delivery' AND complaint.state NOT IN ('cancelled', 'rejected')
                  AND COALESCE(complaint.justified, 'yes') <> 'no'
                  AND COALESCE(complaint.responsible_party, 'us') = 'us'
                  AND COALESCE(category.order_problem, '') <> 'delay'
                  AND (complaint.picking_id = picking.id
                       OR EXISTS (
                          SELECT FROM sale_complaint_line line
                            JOIN stock_move move ON move.id = line.move_id
                           WHERE line.complaint_id = complaint.id AND move.picking_id = picking.id)
                       OR complaint.picking_id IS NULL AND complaint.order_id = picking.sale_id
                          AND NOT EXISTS (
                              SELECT FROM stock_picking other
                                JOIN stock_location place ON place.id = other.location_dest_id
                               WHERE other.sale_id = picking.sale_id AND other.id <> picking.id
                                 AND other.state = 'done' AND place.usage = 'customer'))""")

    def action_view_picking(self):
        """Open the delivery of the row."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'stock.picking', 'res_id': self.picking_id.id,
            'view_mode': 'form',
        }
