from odoo import Command

from ..approval.common import ApprovalCommon


class AmendmentCommon(ApprovalCommon):
    """Amendments in force, no policy, and one-line helpers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(approval='off', amendment='enforce')
        cls.other_product = cls._new_product("Other Product", 50.0, 20.0)

    @classmethod
    def _confirmed(cls, quantity=10.0, lines=1, **values):
        """A confirmed order of the salesperson; the second line is of the other product."""
        order = cls._create_order(quantity, **values)
        for _number in range(lines - 1):
            order.write({'order_line': [Command.create({
                'product_id': cls.other_product.id, 'product_uom_qty': quantity})]})
        order.action_confirm()
        return order

    @classmethod
    def _amend(cls, order, quantity=None, user=None, line=None, submit=True, **values):
        """An amendment of the order as its form makes it: another quantity of a line, and other values."""
        amendments = cls.env['sale.amendment'].with_user(user or order.user_id).with_context(default_order_id=order.id)
        defaults = amendments.default_get(['order_id', 'line_ids', 'reason_id', 'asked_by'])
        row_values = values.pop('row', {})
        line = line or order.order_line[:1]
        for command in defaults['line_ids']:
            if command[2]['order_line_id'] == line.id:
                command[2].update(row_values)
                if quantity is not None:
                    command[2]['product_uom_qty'] = quantity
        defaults['line_ids'] += values.pop('add', [])
        amendment = amendments.create({**defaults, **values})
        if submit:
            amendment.action_submit()
        return amendment

    @classmethod
    def _deliver(cls, order, quantity):
        """Deliver some of the first line, and keep the rest on a backorder."""
        picking = order.sudo().picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        picking.move_ids[:1].write({'quantity': quantity, 'picked': True})
        picking._action_done()
        return picking

    @classmethod
    def _open_quantity(cls, order):
        """What transfers still bring of each product: ``{product: quantity}``."""
        moves = order.sudo().picking_ids.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
        return {product: sum(its.mapped('product_uom_qty')) for product, its in moves.grouped('product_id').items()}

    @classmethod
    def _amendment_policy(cls, **values):
        return cls._policy(**{
            'name': "Changes", 'res_model': 'sale.amendment', 'min_amount': 0.0, **values})

    @classmethod
    def _asked(cls, amendment):
        return cls.env['sale.approval.request'].search(
            [('res_model', '=', 'sale.amendment'), ('res_id', '=', amendment.id)], limit=1)
