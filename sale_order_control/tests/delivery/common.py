from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields

from ...models.order.control_memory import control_today
from ..order.common import ControlCommon


class DeliveryCommon(ControlCommon):
    """Delivery promises in force; a warehouse in UTC; goods without stock unless a test adds some."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(promise='enforce', release='enforce')
        cls.warehouse = cls.env['stock.warehouse'].search([('company_id', '=', cls.company.id)], limit=1)
        cls.warehouse.partner_id.tz = 'UTC'
        cls.company.security_lead = 0
        cls.today = cls.warehouse._get_promise_today()
        cls.reason = cls.env.ref('sale_order_control.change_reason_supplier')
        cls.scarce = cls._new_product("Scarce Product", 10.0, 5.0, stock=0.0)

    @classmethod
    def _day(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def _confirm_order(cls, *lines, **values):
        """Confirm an order; each line is ``(product, quantity)`` or ``(product, quantity, requested in days)``."""
        order = cls.env['sale.order'].with_user(cls.salesperson).create({
            'partner_id': cls.customer.id,
            'user_id': cls.salesperson.id,
            'order_line': [
                Command.create({
                    'product_id': product.id,
                    'product_uom_qty': quantity,
                    'requested_date': cls._day(*days) if days else False,
                })
                for product, quantity, *days in lines or [(cls.product, 1.0)]
            ],
            **values,
        })
        order.action_confirm()
        return order.sudo()

    @classmethod
    def _receive(cls, product, quantity, days):
        """Expect a receipt from a supplier in so many days."""
        move = cls.env['stock.move'].create({
            'product_id': product.id,
            'product_uom_qty': quantity,
            'product_uom': product.uom_id.id,
            'location_id': cls.env.ref('stock.stock_location_suppliers').id,
            'location_dest_id': cls.warehouse.lot_stock_id.id,
            'picking_type_id': cls.warehouse.in_type_id.id,
            'date': fields.Datetime.to_datetime(cls._day(days)) + timedelta(hours=12),
        })
        move._action_confirm(merge=False)
        return move

    @classmethod
    def _issue(cls, product, quantity, days):
        """Let somebody else take a quantity in so many days."""
        move = cls.env['stock.move'].create({
            'product_id': product.id,
            'product_uom_qty': quantity,
            'product_uom': product.uom_id.id,
            'location_id': cls.warehouse.lot_stock_id.id,
            'location_dest_id': cls.env.ref('stock.stock_location_customers').id,
            'picking_type_id': cls.warehouse.out_type_id.id,
            'date': fields.Datetime.to_datetime(cls._day(days)) + timedelta(hours=12),
        })
        move._action_confirm(merge=False)
        return move

    @classmethod
    def _stock(cls, product, quantity):
        cls.env['stock.quant']._update_available_quantity(product, cls.warehouse.lot_stock_id, quantity)

    @classmethod
    def _promise(cls, lines, days, reason=None):
        """Promise lines for so many days from today, as the planner."""
        wizard = cls.env['sale.delivery.promise.wizard'].with_user(cls.planner).create({
            'line_ids': [Command.set(lines.ids)],
            'promised_date': cls._day(days),
            'reason_id': reason.id if reason else False,
        })
        wizard.action_apply()

    @classmethod
    def _deliver(cls, order, *quantities, backorder=True):
        """Deliver quantities per open move, in the order of the lines; without any, everything."""
        moves = order.order_line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
        moves = moves.sorted('sale_line_id')
        moves._action_assign()
        for move, quantity in zip(moves, quantities or moves.mapped('product_uom_qty'), strict=False):
            move.quantity = quantity
            move.picked = bool(quantity)
        moves.picking_id.with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[] if backorder else moves.picking_id.ids,
        ).button_validate()
        return moves

    @classmethod
    def _ledger(cls, order):
        return cls.env['sale.delivery.promise'].search([('order_id', '=', order.id)], order='id')

    def _run_night(self, days, model, method, **arguments):
        """Run a job of the night as if so many days had passed; it commits nothing."""
        with control_today(self.env, self._day(days)), patch.object(
                type(self.env['ir.cron']), '_commit_progress', return_value=60.0):
            return getattr(self.env[model], method)(**arguments)
