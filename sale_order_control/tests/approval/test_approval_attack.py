import uuid

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalAttack(ApprovalCommon):
    """Every way round that somebody could try."""

    # === SELF-APPROVAL ===#

    def test_makers_never_approve_also_not_through_a_group(self):
        group = self.env['res.groups'].create({
            'name': "Everybody in sales",
            'user_ids': [Command.set((self.salesperson | self.other_salesperson | self.sales_manager).ids)]})
        self._policy(self._level(self.env['res.users'], approver_type='group', group_id=group.id))
        order = self._create_order(10)
        order.sudo().user_id = self.other_salesperson
        order.with_user(self.other_salesperson).action_submit()
        # Left out: who created it, who sells it, who submitted it.
        self.assertEqual(self._request(order).task_ids.user_id, self.sales_manager)

    def test_choosing_another_team_does_not_choose_the_approver(self):
        self.env['crm.team'].create({
            'name': "Mine", 'user_id': self.sales_manager.id, 'member_ids': [Command.set(self.salesperson.ids)]})
        friends = self.env['crm.team'].create({'name': "Friends", 'user_id': self.other_salesperson.id})
        self._policy(self._level(self.env['res.users'], approver_type='team_leader'))
        order = self._create_order(10)
        order.with_user(self.salesperson).team_id = friends
        order.with_user(self.salesperson).action_submit()
        self.assertEqual(self._request(order).task_ids.user_id, self.sales_manager)

    def test_who_became_the_salesperson_later_cannot_agree(self):
        self._policy()
        order, request = self._submitted()
        order.sudo().user_id = self.sales_manager
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()
        self.assertEqual(request.state, 'pending')

    def test_the_robot_archived_users_and_other_companies_never_approve(self):
        root = self.env.ref('base.user_root')
        archived = self._new_user('soc_archived', 'sale_order_control.group_approver')
        company = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = new_test_user(
            self.env, 'soc_elsewhere', groups='base.group_user', company_id=company.id,
            company_ids=[Command.set(company.ids)])
        self._policy(self._level(self.sales_manager | root | archived | stranger))
        archived.active = False
        _order, request = self._submitted()
        self.assertEqual(request.task_ids.user_id, self.sales_manager)

    def test_an_approver_who_was_archived_meanwhile_cannot_agree(self):
        self._policy()
        _order, request = self._submitted()
        self.sales_manager.active = False
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()

    def test_an_approver_who_lost_the_company_cannot_agree(self):
        self._policy(self._level(self.finance))
        _order, request = self._submitted()
        company = self.env['res.company'].create({'name': "Elsewhere"})
        self.finance.write({'company_id': company.id, 'company_ids': [Command.set(company.ids)]})
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        self.assertEqual(request.state, 'pending')

    # === DECIDING FOR OTHERS ===#

    def test_nobody_decides_what_was_not_asked_of_them(self):
        self._policy()
        _order, request = self._submitted()
        manager = self._new_user('soc_boss', 'sale_order_control.group_manager,sales_team.group_sale_manager')
        for user in (self.salesperson, manager, self.env.ref('base.user_root')):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                request.with_user(user).action_agree()
        with self.assertRaises(AccessError):
            request.with_user(self.outsider).action_agree()
        with self.assertRaises(UserError):
            request.sudo().action_agree()
        self.assertEqual(request.state, 'pending')

    def test_finishing_the_activity_decides_nothing(self):
        self._policy()
        order, request = self._submitted()
        request.activity_ids.with_user(self.sales_manager).action_feedback("ok")
        self.assertEqual(request.state, 'pending')
        self.assertEqual(order.state, 'draft')

    # === WRITING FACTS ===#

    def test_requests_and_tasks_cannot_be_written_created_or_deleted(self):
        self._policy()
        order, request = self._submitted()
        manager = self._new_user('soc_boss', 'sale_order_control.group_manager,sales_team.group_sale_manager')
        task = request.task_ids
        fake = {
            'name': "AR/99999", 'res_model': 'sale.order', 'res_id': order.id, 'order_id': order.id,
            'company_id': self.company.id, 'requester_id': self.salesperson.id, 'requested_on': '2026-01-01',
            'state': 'approved', 'covered': request.covered, 'snapshot': request.snapshot, 'digest': request.digest,
        }
        for user in (self.salesperson, self.sales_manager, manager, self.env.ref('base.user_root')):
            attempts = [
                lambda user=user: request.with_user(user).write({'state': 'approved'}),
                lambda user=user: request.with_user(user).write({'covered': {}}),
                lambda user=user: request.with_user(user).unlink(),
                lambda user=user: task.with_user(user).write({'state': 'agreed'}),
                lambda user=user: task.with_user(user).write({'user_id': user.id}),
                lambda user=user: task.with_user(user).unlink(),
                lambda user=user: request.with_user(user).copy(),
                lambda user=user: self.env['sale.approval.request'].with_user(user).create(fake),
                lambda user=user: self.env['sale.approval.task'].with_user(user).create({
                    'request_id': request.id, 'level_name': "x", 'user_id': user.id, 'state': 'agreed'}),
                lambda user=user: order.with_user(user).write({
                    'approval_request_ids': [Command.update(request.id, {'state': 'approved'})]}),
                lambda user=user: order.with_user(user).write({'approval_state': 'approved'}),
                lambda user=user: order.with_user(user).write({'approval_passed_terms': {}}),
            ]
            for number, attempt in enumerate(attempts):
                with self.subTest(user=user.login, attempt=number), self.assertRaises(AccessError), self.cr.savepoint():
                    attempt()
        # Also not in the name of the system, as an automation rule would.
        with self.assertRaises(AccessError):
            request.sudo().write({'state': 'approved'})
        with self.assertRaises(AccessError):
            self.env['sale.approval.request'].sudo().create(fake)
        self.assertEqual((request.state, order.approval_state), ('pending', 'pending'))

    def test_context_keys_and_defaults_open_nothing(self):
        self._policy()
        order = self._create_order(10)
        keys = {
            'force': True, 'skip_approval': True, 'default_approval_state': 'approved', 'default_state': 'sale',
            'sale_order_control.approval': 1, 'sale_order_control': True,
        }
        with self.assertRaises(UserError):
            order.with_context(**keys).action_confirm()
        with self.assertRaises(UserError):
            order.with_context(**keys).write({'state': 'sale'})
        with self.assertRaises(UserError), self.cr.savepoint():
            self.env['sale.order'].with_user(self.salesperson).with_context(**keys).create({
                'partner_id': self.customer.id,
                'order_line': [Command.create({'product_id': self.product.id, 'product_uom_qty': 10})]})
        orders = self.env['sale.order'].with_user(self.salesperson)
        quiet = orders.with_context(default_approval_state='approved').create({'partner_id': self.customer.id})
        self.assertEqual(quiet.approval_state, 'none')
        with self.assertRaises(AccessError):
            self.env['sale.order'].with_user(self.salesperson).create({
                'partner_id': self.customer.id, 'approval_state': 'approved'})

    def test_an_order_that_waits_cannot_be_confirmed_on_any_way(self):
        self._policy()
        order, _request = self._submitted()
        for attempt in (
            lambda: order.action_confirm(),
            lambda: order.write({'state': 'sale'}),
            lambda: order.sudo().write({'state': 'sale'}),
            lambda: order.with_user(self.sales_manager).action_confirm(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                attempt()
        self.assertEqual(order.state, 'draft')

    def test_lines_and_discounts_after_approval_need_a_new_one(self):
        self._policy(tolerance_percent=5)
        self.company.sale_discount_product_id = self._new_product("Discount", 0.0, 0.0, stock=0.0)
        self.company.sale_discount_product_id.write({'type': 'service', 'invoice_policy': 'order'})
        for attack in ('line', 'discount wizard', 'new line', 'portal quantity'):
            with self.subTest(attack=attack):
                order, request = self._submitted()
                if attack == 'line':
                    order.order_line.with_user(self.salesperson).write({'price_unit': 1})
                elif attack == 'discount wizard':
                    self.env['sale.order.discount'].with_user(self.salesperson).create({
                        'sale_order_id': order.id, 'discount_type': 'so_discount', 'discount_percentage': 0.9,
                    }).action_apply_discount()
                elif attack == 'new line':
                    self.env['sale.order.line'].with_user(self.salesperson).create({
                        'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 1000})
                else:
                    order.order_line.sudo().write({'product_uom_qty': 1000})
                self.assertEqual(request.state, 'void')

    def test_the_portal_reads_nothing_of_approvals(self):
        portal = new_test_user(self.env, 'soc_portal', groups='base.group_portal')
        for model in ('sale.approval.request', 'sale.approval.task', 'sale.approval.policy', 'sale.approval.level'):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])
        self.assertNotIn('approval_state', self.env['sale.order'].with_user(portal).fields_get())

    def test_only_managers_change_policies(self):
        policy = self._policy()
        for user in (self.salesperson, self.sales_manager, self.finance):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                policy.with_user(user).write({'min_amount': 1e9})
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                policy.level_ids.with_user(user).write({'quorum': 'any'})


@tagged('post_install', '-at_install')
class TestApprovalRace(BaseCase):
    """Two approvers decide at the same instant, each in a transaction of their own."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            self._prepare(api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True}))
        self.addCleanup(self._remove)

    def _prepare(self, env):
        # What is committed here cannot all be removed again: names of this run's own.
        token = uuid.uuid4().hex[:8]
        company = env['res.company'].create({'name': f"Race {token}"})
        users = [
            new_test_user(
                env, f'soc_race_{name}_{token}', groups=f'base.group_user{extra}', company_id=company.id,
                company_ids=[Command.set(company.ids)])
            for name, extra in (('maker', ',sales_team.group_sale_salesman'), ('one', ''), ('two', ''))
        ]
        self.maker, self.first, self.second = [user.id for user in users]
        self.company = company.id
        company.control_approval = 'enforce'
        self.policy = env['sale.approval.policy'].create({
            'name': "Race", 'company_id': company.id, 'currency_id': company.currency_id.id,
            'level_ids': [Command.create({
                'name': "Both", 'user_ids': [Command.set([self.first, self.second])], 'quorum': 'all'})],
        }).id
        partner = env['res.partner'].create({'name': "Race customer"})
        self.partner = partner.id
        order = env['sale.order'].with_user(self.maker).with_company(company).create({
            'partner_id': partner.id, 'user_id': self.maker})
        order.action_submit()
        self.order = order.id
        self.request = order.sudo().approval_request_ids.id

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "DELETE FROM mail_activity WHERE res_model = 'sale.approval.request' AND res_id = %s", (self.request,))
            cr.execute("DELETE FROM sale_approval_task WHERE request_id = %s", (self.request,))
            cr.execute("DELETE FROM sale_approval_request WHERE id = %s", (self.request,))
            cr.execute("DELETE FROM sale_control_log WHERE order_id = %s", (self.order,))
            cr.execute("DELETE FROM sale_order WHERE id = %s", (self.order,))
            cr.execute("DELETE FROM sale_approval_policy WHERE id = %s", (self.policy,))
            cr.execute("UPDATE res_users SET active = false WHERE id IN %s", ((self.maker, self.first, self.second),))
            cr.execute("UPDATE res_company SET active = false WHERE id = %s", (self.company,))
        self.registry.clear_cache()

    def _agree(self, cr, user_id):
        env = api.Environment(cr, user_id, {'allowed_company_ids': [self.company]})
        env['sale.approval.request'].browse(self.request).action_agree()
        env.flush_all()

    @mute_logger('odoo.sql_db')
    def test_two_approvers_at_the_same_instant_both_count(self):
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            # Both see the request as it is before either decides.
            for cr in (mine, theirs):
                cr.execute("SELECT state FROM sale_approval_request WHERE id = %s", (self.request,))
            self._agree(mine, self.first)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._agree(theirs, self.second)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            self._agree(theirs, self.second)
            theirs.commit()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            request = env['sale.approval.request'].browse(self.request)
            self.assertEqual(request.state, 'approved')
            self.assertEqual(set(request.task_ids.mapped('state')), {'agreed'})
