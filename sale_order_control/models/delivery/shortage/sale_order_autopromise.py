import logging

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """What the system promises by itself when orders are confirmed, where the company wants that."""

    _inherit = 'sale.order'

    def _open_promises(self):
        result = super()._open_promises()
        by_mode = self.filtered(lambda order: order.promise_state == 'open').grouped(
            lambda order: order.company_id.sudo().promise_by_itself)
        for mode in ('requested', 'earliest'):
            if mode in by_mode:
                by_mode[mode]._promise_by_itself(mode)
        return result

    def _promise_by_itself(self, mode):
        """Promise what is safe for these freshly confirmed orders, together, on behalf of who confirms them.

        What cannot be promised waits for a planner: no confirmation ever fails because of it.

        :param str mode: ``requested`` (only lines whose wanted day can be kept) or ``earliest``
        """
        lines = self.sudo().order_line.filtered(lambda line: line.promise_state == 'open')
        lines._take_promise_turn()
        try:
            with self.env.cr.savepoint():
                lines._get_promise_warehouse()._check_promise_setup()
                proposals = lines._get_safe_proposals(mode)
                promised = lines.filtered(lambda line: line.id in proposals)
                if promised:
                    promised._promise(
                        proposals, note=self.env._("Promised by the system when the order was confirmed."),
                        parts=promised._get_agreed_proposals(proposals), automatic=True)
        except UserError:
            self.env.invalidate_all()
            _logger.info("Nothing was promised by itself for %s", self.mapped('name'), exc_info=True)


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _get_safe_proposals(self, mode):
        """Return ``{line_id: date}`` of the lines whose day is known and safe.

        :param str mode: see :meth:`SaleOrder._promise_by_itself`
        """
        demands, schedules = self._plan_atp()
        result, doubtful = {}, set()
        for line in self.filtered(lambda line: line.id in demands):
            demand, schedule = demands[line.id], schedules[line.id]
            known = demand.knows_lead() or all(part.source != 'lead_time' for part in schedule)
            ready = max(part.date for part in schedule)
            kept = demand.wanted and ready <= demand.wanted
            if known and (kept or mode == 'earliest'):
                result[line.id] = max(ready, demand.wanted or ready)
                if any(part.source == 'lead_time' for part in schedule):
                    doubtful.add(line.id)
        unsound = self._find_unsound(result, doubtful)
        return {line_id: day for line_id, day in result.items()
                if line_id not in unsound and day >= self.browse(line_id)._get_promise_today()}

    def _take_promise_turn(self):
        """Let rival transactions that promise the same goods meet, before supply is read.

        One row per product and warehouse is written. A rival that has read supply before gets a serialisation failure
        and is tried again by Odoo: two orders at once never take the same goods. In the order of ids, so that nobody
        waits for each other. Kits wait for their components, whatever they are sold as.
        """
        lines = self.sudo()
        kits = self.env['sale.delivery.atp']._explode_kits([line._prepare_ask() for line in lines])
        goods = set()
        for line in lines:
            warehouse = line._get_promise_warehouse()
            parts = kits.get((line.product_id, warehouse), ((line.product_id, 1.0),))
            goods.update((product.id, warehouse.id) for product, _per in parts if warehouse)
        if not goods:
            return
        self.env.cr.execute(SQL(
            """INSERT INTO sale_delivery_turn (product_id, warehouse_id, turn)
                    SELECT * FROM (VALUES %s) goods(product_id, warehouse_id, turn) ORDER BY 1, 2
               ON CONFLICT (product_id, warehouse_id) DO UPDATE SET turn = sale_delivery_turn.turn + 1""",
            SQL(", ").join(SQL("(%s, %s, 1)", *key) for key in sorted(goods))))
