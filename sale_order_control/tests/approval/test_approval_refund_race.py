import uuid
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestApprovalRefundRace(BaseCase):
    """Two people ask for the same money at the same instant, each in a transaction of their own."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        received = patch.object(
            self.registry['sale.order'], '_get_money_received', lambda orders: dict.fromkeys(orders.ids, 100.0))
        received.start()
        self.addCleanup(received.stop)
        with self.registry.cursor() as cr:
            self._prepare(api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True}))
        self.addCleanup(self._remove)

    def _prepare(self, env):
        # What is committed here cannot all be removed again: names of this run's own.
        token = uuid.uuid4().hex[:8]
        company = env['res.company'].create({'name': f"Refund race {token}"})
        user = new_test_user(
            env, f'soc_refund_race_{token}', groups='base.group_user,sales_team.group_sale_salesman',
            company_id=company.id, company_ids=[Command.set(company.ids)])
        partner = env['res.partner'].create({'name': "Race customer"})
        order = env['sale.order'].with_user(user).with_company(company).create({
            'partner_id': partner.id, 'user_id': user.id})
        requests = env['sale.refund.request'].with_user(user).with_company(company).create([
            {'order_id': order.id, 'amount': 80.0, 'reason': reason} for reason in ("One", "Two")])
        self.company, self.user, self.order = company.id, user.id, order.id
        self.requests = requests.ids

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM mail_activity WHERE res_model = 'sale.refund.request' AND res_id IN %s",
                       (tuple(self.requests),))
            cr.execute("DELETE FROM sale_refund_request WHERE id IN %s", (tuple(self.requests),))
            cr.execute("DELETE FROM sale_order WHERE id = %s", (self.order,))
            cr.execute("UPDATE res_users SET active = false WHERE id = %s", (self.user,))
            cr.execute("UPDATE res_company SET active = false WHERE id = %s", (self.company,))
        self.registry.clear_cache()

    def _submit(self, cr, request_id):
        env = api.Environment(cr, self.user, {'allowed_company_ids': [self.company]})
        env['sale.refund.request'].browse(request_id).action_submit()
        env.flush_all()

    @mute_logger('odoo.sql_db')
    def test_the_same_money_is_asked_back_once(self):
        first, second = self.requests
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            # Both see the order as it is before either asks.
            for cr in (mine, theirs):
                cr.execute("SELECT refund_turn FROM sale_order WHERE id = %s", (self.order,))
            self._submit(mine, first)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._submit(theirs, second)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            with self.assertRaisesRegex(UserError, "cannot be paid back"):
                self._submit(theirs, second)
            theirs.rollback()
