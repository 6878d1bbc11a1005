from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from ...models.order.control_issue import SWITCHES


class ControlCommon(TransactionCase):
    """A company with every control off, one person per role, a customer and goods in stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={
            **cls.env.context, 'tracking_disable': True, 'mail_create_nolog': True, 'mail_notrack': True,
            'no_reset_password': True,
        })
        cls.company = cls.env.company
        cls.company.write({**dict.fromkeys(SWITCHES, 'off'), 'control_go_live': False})
        cls.env['sale.control.requirement'].search([]).active = False
        cls.salesperson = cls._new_user('soc_sales', 'sales_team.group_sale_salesman')
        cls.other_salesperson = cls._new_user('soc_sales2', 'sales_team.group_sale_salesman')
        cls.sales_manager = cls._new_user(
            'soc_manager', 'sales_team.group_sale_salesman_all_leads,sale_order_control.group_approver')
        cls.finance = cls._new_user('soc_finance', 'sale_order_control.group_approver')
        cls.controller = cls._new_user('soc_controller', 'sale_order_control.group_credit_controller')
        cls.planner = cls._new_user('soc_planner', 'sale_order_control.group_delivery_planner,stock.group_stock_user')
        cls.customer = cls.env['res.partner'].create({
            'name': "Controlled Customer",
            'is_company': True,
            'phone': '+1 555 0100',
            'street': "1 Main Street",
            'city': "Springfield",
            'country_id': cls.company.country_id.id,
            'email': 'customer@example.com',
            'property_payment_term_id': cls.env.ref('account.account_payment_term_30days').id,
        })
        cls.product = cls._new_product("Controlled Product", 100.0, 60.0)

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(
            cls.env, login, groups=f'base.group_user,{groups}',
            company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)], tz='UTC')

    @classmethod
    def _new_product(cls, name, price, cost, stock=1000.0):
        product = cls.env['product.product'].create({
            'name': name,
            'type': 'consu',
            'is_storable': True,
            'list_price': price,
            'standard_price': cost,
            'taxes_id': [Command.clear()],
            'invoice_policy': 'order',
        })
        warehouse = cls.env['stock.warehouse'].search([('company_id', '=', cls.company.id)], limit=1)
        if stock:
            cls.env['stock.quant']._update_available_quantity(product, warehouse.lot_stock_id, stock)
        return product

    @classmethod
    def _create_order(cls, quantity=1.0, user=None, partner=None, **line_values):
        """Create a quotation of the salesperson (or ``user``) with one line of the product."""
        user = user or cls.salesperson
        return cls.env['sale.order'].with_user(user).create({
            'partner_id': (partner or cls.customer).id,
            'user_id': user.id,
            'order_line': [Command.create({
                'product_id': cls.product.id, 'product_uom_qty': quantity, **line_values,
            })],
        })

    @classmethod
    def _switch(cls, **modes):
        """Switch controls: ``_switch(credit='enforce', approval='warn')``."""
        cls.company.write({f'control_{area}': mode for area, mode in modes.items()})
