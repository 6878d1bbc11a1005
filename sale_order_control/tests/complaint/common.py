from odoo import Command

from ..order.common import ControlCommon


class ComplaintCommon(ControlCommon):
    """A delivered order, a handler with a team of one, and somebody who complains."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.handler = cls._new_user('soc_handler', 'sale_order_control.group_complaint_handler')
        cls.quality_team = cls.env.ref('sale_order_control.complaint_team_quality')
        cls.quality_team.member_ids = cls.handler
        cls.defective = cls.env.ref('sale_order_control.complaint_category_defective')
        cls.judged = {'justified': 'yes', 'responsible_party': 'us'}
        cls.cause = cls.env.ref('sale_order_control.complaint_cause_material_supplier')

    @classmethod
    def _delivered_order(cls, quantity=10.0, **values):
        """Confirm and deliver an order of the salesperson."""
        order = cls._create_order(quantity, **values)
        order.action_confirm()
        moves = order.sudo().order_line.move_ids
        moves._action_assign()
        moves.picked = True
        moves.picking_id.button_validate()
        return order.sudo()

    @classmethod
    def _complain(cls, order=None, quantity=2.0, user=None, **values):
        """Record a complaint about an order's goods, as the handler or ``user``."""
        lines = [Command.create({'order_line_id': order.order_line[0].id, 'quantity': quantity})] if order else []
        return cls.env['sale.complaint'].with_user(user or cls.handler).create({
            'partner_id': cls.customer.id, 'order_id': order.id if order else False, 'line_ids': lines,
            'description': "Two of ten arrived scratched", 'category_id': cls.defective.id, **values,
        })
