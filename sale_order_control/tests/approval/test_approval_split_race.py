import uuid

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestApprovalSplitRace(BaseCase):
    """Two halves of one order, confirmed at the same instant, each in a transaction of its own."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            self._prepare(api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True}))
        self.addCleanup(self._remove)

    def _prepare(self, env):
        # What is committed here cannot all be removed again: names of this run's own.
        token = uuid.uuid4().hex[:8]
        company = env['res.company'].create({'name': f"Split race {token}", 'control_approval': 'enforce'})
        user, approver = (new_test_user(
            env, f'soc_split_{name}_{token}', groups=f'base.group_user,{group}', company_id=company.id,
            company_ids=[Command.set(company.ids)]) for name, group in (
                ('sales', 'sales_team.group_sale_salesman'), ('boss', 'sale_order_control.group_approver')))
        policy = env['sale.approval.policy'].create({
            'name': "Split", 'company_id': company.id, 'min_amount': 500.0, 'cumulative_days': 30,
            'level_ids': [Command.create({
                'name': "Boss", 'approver_type': 'users', 'user_ids': [Command.set(approver.ids)]})]})
        partner = env['res.partner'].create({'name': f"Splitter {token}", 'is_company': True})
        product = env['product.product'].create({
            'name': f"Half {token}", 'type': 'service', 'list_price': 300.0, 'taxes_id': [Command.clear()]})
        orders = env['sale.order'].with_user(user).with_company(company).create([{
            'partner_id': partner.id, 'user_id': user.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 1, 'price_unit': 300.0})],
        } for _half in range(2)])
        self.company, self.user, self.approver, self.policy = company.id, user.id, approver.id, policy.id
        self.partner, self.orders = partner.id, orders.ids

    def _remove(self):
        with self.registry.cursor() as cr:
            orders = tuple(self.orders)
            for table in ('sale_control_log', 'sale_order_line'):
                cr.execute(f"DELETE FROM {table} WHERE order_id IN %s", (orders,))
            cr.execute("DELETE FROM mail_message WHERE model = 'sale.order' AND res_id IN %s", (orders,))
            cr.execute("DELETE FROM sale_order WHERE id IN %s", (orders,))
            cr.execute("UPDATE sale_approval_policy SET active = false WHERE id = %s", (self.policy,))
            cr.execute("UPDATE res_users SET active = false WHERE id IN %s", ((self.user, self.approver),))
            cr.execute("UPDATE res_company SET active = false, control_approval = 'off' WHERE id = %s",
                       (self.company,))
        self.registry.clear_cache()

    def _confirm(self, cr, order_id):
        env = api.Environment(cr, self.user, {'allowed_company_ids': [self.company], 'tracking_disable': True})
        env['sale.order'].browse(order_id).action_confirm()
        env.flush_all()

    def _begin(self, *cursors):
        # Both see the customer as it is before either confirms.
        for cr in cursors:
            cr.execute("SELECT id FROM res_partner WHERE id = %s", (self.partner,))

    @mute_logger('odoo.sql_db')
    def test_one_half_passes_and_the_other_is_asked_about(self):
        first, second = self.orders
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            self._begin(mine, theirs)
            self._confirm(mine, first)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._confirm(theirs, second)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            with self.assertRaisesRegex(UserError, "last 30 days"):
                self._confirm(theirs, second)
            theirs.rollback()

    @mute_logger('odoo.sql_db')
    def test_halves_of_two_customers_for_one_payer_meet_as_well(self):
        first, second = self.orders
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            sister = env['res.partner'].create({'name': "Sister of the splitter", 'is_company': True})
            env['sale.order'].browse(second).write({'partner_id': sister.id, 'partner_invoice_id': self.partner})
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            self._begin(mine, theirs)
            self._confirm(mine, first)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._confirm(theirs, second)
            theirs.rollback()

    def test_where_no_policy_counts_together_nobody_waits_for_anybody(self):
        with self.registry.cursor() as cr:
            policy = api.Environment(cr, SUPERUSER_ID, {})['sale.approval.policy'].browse(self.policy)
            policy.cumulative_days = 0
        first, second = self.orders
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            self._begin(mine, theirs)
            self._confirm(mine, first)
            mine.commit()
            self._confirm(theirs, second)
            theirs.rollback()
