from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .prepay_common import PrepaymentCommon


@tagged('post_install', '-at_install')
class TestCreditOnline(PrepaymentCommon):
    """An online payment counts for the order that it was made for, whoever would like it otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoicing = cls.env.ref('account.group_account_invoice')

    def setUp(self):
        super().setUp()
        self.paid, self.waiting = self._order(), self._order()
        self.tx = self._pay_online(self.paid, 1000)
        self.assertGoesOn(self.paid)

    def test_a_seller_moves_no_payment_to_another_order(self):
        paid, waiting = self.paid.with_user(self.salesperson), self.waiting.with_user(self.salesperson)
        link, unlink = [Command.link(self.tx.id)], [Command.unlink(self.tx.id)]
        for groups in ("sales only", "sales and invoicing"):
            with self.subTest(groups=groups):
                for order, commands in ((paid, unlink), (waiting, link), (paid, [Command.clear()])):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        order.write({'transaction_ids': commands})
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.tx.with_user(self.salesperson).sale_order_ids = [Command.set(waiting.ids)]
            self.salesperson.sudo().group_ids += self.invoicing
        self.env.invalidate_all()
        self.assertEqual(self.tx.sale_order_ids, self.paid)
        self.assertWaits(self.waiting, 1000)

    def test_a_new_order_brings_no_payment_along(self):
        self.salesperson.sudo().group_ids += self.invoicing
        self.tx.sudo().sale_order_ids = False
        commands = [Command.link(self.tx.id)]
        orders = self.env['sale.order'].with_user(self.salesperson)
        values = {'partner_id': self.customer.id}
        made = orders.create({**values, 'transaction_ids': commands})
        made += orders.with_context(default_transaction_ids=commands).create(values)
        self.assertFalse(made.sudo().transaction_ids)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.tx.copy({'reference': 'again', 'sale_order_ids': False}).with_user(self.salesperson).write(
                {'sale_order_ids': [Command.link(self.waiting.id)]})

    def test_what_the_customer_pays_on_the_page_counts(self):
        self._pay_online(self.waiting, 1000)
        self.assertGoesOn(self.waiting)

    def test_nobody_minds_while_control_is_off(self):
        self._switch(credit='off', release='off')
        self.salesperson.sudo().group_ids += self.invoicing
        self.waiting.with_user(self.salesperson).transaction_ids = [Command.link(self.tx.id)]
        self.assertEqual(self.waiting.sudo().transaction_ids, self.tx)
