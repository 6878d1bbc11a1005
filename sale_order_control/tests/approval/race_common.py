import uuid

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, new_test_user


class ApprovalRaceCase(BaseCase):
    """Real transactions at the same instant: a salesperson's two quotations of 300 for one customer, and a policy.

    The records are committed: a test transaction cannot see a rival.
    """

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
            'name': f"Race {token}", 'company_id': company.id, **self._prepare_policy(env),
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

    def _prepare_policy(self, env):
        """Return what the policy asks about."""
        return {'min_amount': 500.0, 'cumulative_days': 30}

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
