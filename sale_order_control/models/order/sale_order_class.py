from odoo import api, fields, models
from odoo.tools import SQL

from .control_memory import control_acting

OPEN_QUERY = """
    so.company_id IN (SELECT id FROM res_company WHERE parent_path LIKE %(path)s)
    AND (so.state IN ('draft', 'sent')
         OR so.state = 'sale' AND (so.invoice_status IS DISTINCT FROM 'invoiced'
                                   OR COALESCE(so.delivery_status, 'full') != 'full'))"""


class SaleOrder(models.Model):
    """The class of the customer on its orders: it follows while an order is open, and stays as it was afterwards."""

    _inherit = 'sale.order'

    control_class_id = fields.Many2one(
        'sale.control.class', string="Customer Class", compute='_compute_control_class_id', store=True, precompute=True,
        readonly=True, copy=False, index='btree_not_null', ondelete='restrict', groups='base.group_user',
        help="How important the customer is. It follows the customer while the order is open.")

    @api.depends('partner_id', 'company_id')
    def _compute_control_class_id(self):
        for order in self:
            company = order.company_id or self.env.company
            order.control_class_id = order.partner_id._get_control_class(company.sudo()) if order.partner_id else False

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'control_class_id'}

    # === FOLLOWING THE CUSTOMER ===#

    @api.model
    def _control_follow_classes(self, company):
        """Let the open orders of a main company and its branches follow their customers' classes.

        A quotation takes the sales type of the new class along, if it had the one of the former.

        :param res.company company: main company
        """
        self.flush_model()
        self.env['res.partner'].flush_model(['control_class_id'])
        names = self.env['sale.control.type']._names_classes()
        # One by one only where a type depends on it.
        kept = SQL("AND so.state = 'sale'") if names else SQL()
        self.env.cr.execute(SQL(
            """
            UPDATE sale_order so
               SET control_class_id = COALESCE((party.control_class_id->>so.company_id::text)::int, %(new)s::int)
              FROM res_partner contact
              JOIN res_partner party ON party.id = contact.commercial_partner_id
             WHERE contact.id = so.partner_id AND %(open)s %(kept)s
               AND so.control_class_id IS DISTINCT FROM
                   COALESCE((party.control_class_id->>so.company_id::text)::int, %(new)s::int)
            """,
            open=SQL(OPEN_QUERY, path=f'{company.parent_path}%'), kept=kept,
            new=self.env['sale.control.class']._get_new_class_id(company.id) or None))
        self.invalidate_model(['control_class_id'])
        if names:
            self.sudo().search([
                ('company_id', 'child_of', company.id), ('state', 'in', ('draft', 'sent')),
            ])._control_follow_class()

    def _control_follow_class(self):
        """Let quotations follow the classes of their customers, with the sales types that depend on them."""
        for order in self._get_class_followers():
            now = order.partner_id._get_control_class(order.company_id)
            if now == order.control_class_id:
                continue
            usual = order._get_default_sale_type()
            with control_acting(self.env):
                order.control_class_id = now
            if order.sale_type_id == usual:
                order.sale_type_id = order._get_default_sale_type()

    def _get_class_followers(self):
        """Filter the quotations that nobody judges or agreed to as they are; rooms leave out theirs."""
        return self
