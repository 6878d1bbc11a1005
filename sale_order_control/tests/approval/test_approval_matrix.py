from contextlib import closing, suppress

from odoo import SUPERUSER_ID, Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.approval.request.approval_memory import approval_deciding
from ...models.order.control_memory import control_memory
from .common import ApprovalCommon

MAY_ALL = {f'may_change_{kind}': True for kind in ('price', 'discount', 'quantity', 'dates', 'terms')}


class MatrixCommon(ApprovalCommon):

    def _decisions(self, request):
        """Return ``{name: decide(request as somebody)}``: all that anybody can do about a request."""
        line = request.order_id.order_line[:1]
        return {
            'agree': lambda own: own.action_agree("Fine"),
            'disagree': lambda own: own.action_disagree("No"),
            'return': lambda own: own.action_return("Correct it"),
            'return to a level': lambda own: own.action_return("Look again", level=1),
            'forward': lambda own: own.action_forward(self.outsider, "You"),
            'add': lambda own: own.action_add_approver(self.outsider, "You too"),
            'change terms': lambda own: own.action_change_terms({}, {str(line.id): {'discount': 1.0}}, "Less"),
            'withdraw': lambda own: own.action_withdraw(),
            'take over': lambda own: own.action_take_over("Quick"),
            'recall': lambda own: own.action_recall(),
        }

    def _picture(self, request):
        """Return everything that a decision could have changed."""
        self.env.flush_all()
        self.env.invalidate_all()
        request = request.sudo()
        return (
            request.state, request.digest, request.outcome, request.order_id.state, request.order_id.approval_state,
            request.order_id.amount_untaxed,
            request.task_ids.mapped(lambda task: (task.user_id.id, task.state, task.superseded, task.withdrawn_on)),
            sorted(request.activity_ids.user_id.ids))

    def _try(self, act):
        """Do something that is taken back in any case.

        :return: what it was refused with, or None
        """
        with closing(self.cr.savepoint()):
            try:
                act()
                self.env.flush_all()
                return None
            except UserError as error:
                return error
            finally:
                control_memory(self.env).issues.clear()
                self.env.invalidate_all()


@tagged('post_install', '-at_install')
class TestApprovalMatrix(MatrixCommon):
    """Every decision by everybody, and in every state of a request."""

    # === WHO ===#

    def _middle(self):
        """A request of three levels at the second: who agreed, whose turn it is, and who comes later."""
        self._policy(
            self._level(self.sales_manager, 10), self._level(self.controller, 20, **MAY_ALL),
            self._level(self.finance, 30))
        _order, request = self._submitted(20, discount=5.0)
        request.with_user(self.sales_manager).action_agree()
        return request

    def _people(self):
        company = self.env['res.company'].create({'name': "Elsewhere"})
        return {
            'maker': self.salesperson,
            'colleague': self.other_salesperson,
            'agreed before': self.sales_manager,
            'later level': self.finance,
            'not asked': self.director,
            'no rights': self.outsider,
            'planner': self.planner,
            'auditor': self._new_user('soc_auditor', 'sale_order_control.group_auditor'),
            'manager': self._new_user('soc_boss', 'sale_order_control.group_manager'),
            'sales head': self._new_user('soc_head', 'sales_team.group_sale_manager'),
            'administrator': self._new_user('soc_root', 'base.group_system'),
            'portal': new_test_user(self.env, 'soc_portal_matrix', groups='base.group_portal'),
            'elsewhere': new_test_user(
                self.env, 'soc_far', groups='base.group_user,sale_order_control.group_manager',
                company_id=company.id, company_ids=[Command.set(company.ids)]),
            'robot': self.env['res.users'].browse(SUPERUSER_ID),
        }

    @mute_logger('odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model')
    def test_nobody_makes_a_decision_that_is_not_theirs(self):
        request = self._middle()
        before = self._picture(request)
        allowed = {('maker', 'recall'), ('agreed before', 'withdraw'), ('manager', 'take over')}
        for who, user in self._people().items():
            for name, decide in self._decisions(request).items():
                with self.subTest(who=who, decision=name):
                    error = self._try(lambda user=user, decide=decide: decide(request.with_user(user)))
                    if (who, name) in allowed:
                        self.assertIsNone(error)
                    else:
                        self.assertTrue(error and str(error), "it was not refused, or without a word")
                    self.assertEqual(self._picture(request), before)

    def test_full_rights_decide_nothing_either(self):
        request = self._middle()
        for name, decide in self._decisions(request).items():
            for keys in ({}, {'force': True, 'sale_order_control': True, 'approval_deciding': True}):
                with self.subTest(decision=name, keys=keys):
                    self.assertTrue(self._try(lambda decide=decide, keys=keys: decide(
                        request.sudo().with_context(**keys))))

    def test_whose_turn_it_is_makes_each_of_them(self):
        request = self._middle()
        before = self._picture(request)
        for name, decide in self._decisions(request).items():
            if name in ('withdraw', 'take over', 'recall'):
                continue
            with self.subTest(decision=name):
                after = []
                error = self._try(lambda decide=decide, after=after: (
                    decide(request.with_user(self.controller)), after.append(self._picture(request))))
                self.assertIsNone(error)
                self.assertNotEqual(after[0], before)

    # === WHEN ===#

    def _ended(self):
        """Return ``{state: request that ended so}``, each at a policy's only level."""
        self._policy(self._level(self.sales_manager | self.controller, **MAY_ALL))
        requests = {}
        for state in ('approved', 'rejected', 'returned', 'recalled', 'void', 'expired'):
            order, request = self._submitted(10)
            decided = request.with_user(self.controller)
            if state == 'approved':
                decided.action_agree()
            elif state == 'rejected':
                decided.action_disagree("No")
            elif state == 'returned':
                decided.action_return("Correct it")
            elif state == 'recalled':
                order.action_recall()
            elif state == 'void':
                order.order_line.product_uom_qty = 11
            else:
                with approval_deciding(self.env):
                    request.expires_on = fields.Date.today()
                request._expire()
            self.assertEqual(request.state, state)
            requests[state] = request
        return requests

    def test_nothing_is_decided_on_a_request_that_is_over_and_the_page_says_who_was_first(self):
        manager = self._new_user('soc_boss', 'sale_order_control.group_manager')
        for state, request in self._ended().items():
            before = self._picture(request)
            for name, decide in self._decisions(request).items():
                for user in (self.sales_manager, self.controller, self.salesperson, manager):
                    with self.subTest(state=state, decision=name, user=user.login):
                        own = request.with_user(user)
                        error = self._try(lambda own=own, decide=decide: decide(own))
                        self.assertTrue(error and str(error))
                        self.assertEqual(self._picture(request), before)
            with self.subTest(state=state):
                error = self._try(lambda request=request: request.with_user(self.sales_manager).action_agree())
                self.assertIn(request.name, str(error))
                self.assertIn(self.controller.name if state in ('approved', 'rejected', 'returned')
                              else request.outcome, str(error))

    # === WAYS TO A SALE ===#

    def _pay(self, order):
        """Let an online payment of the whole order be processed."""
        provider = self.env['payment.provider'].create({'name': "Stub", 'code': 'none', 'state': 'test'})
        method = self.env['payment.method'].with_context(active_test=False).search([], limit=1)
        self.env['payment.transaction'].create({
            'provider_id': provider.id, 'payment_method_id': method.id, 'amount': order.amount_total,
            'currency_id': order.currency_id.id, 'partner_id': order.partner_id.id, 'reference': f'stub-{order.id}',
            'sale_order_ids': [Command.set(order.ids)], 'state': 'done',
        })._post_process()

    def _ways(self, order):
        """Return ``{name: act}``: every way on which an order becomes a sale."""
        action = self.env['ir.actions.server'].sudo().create({
            'name': "Confirm", 'model_id': self.env['ir.model']._get_id('sale.order'), 'state': 'code',
            'code': "records.action_confirm()"})
        return {
            'button': order.action_confirm,
            'button of the manager': order.with_user(self.sales_manager).action_confirm,
            'button with full rights': order.sudo().action_confirm,
            'write': lambda: order.write({'state': 'sale'}),
            'write with full rights': lambda: order.sudo().write({'state': 'sale'}),
            'write with terms': lambda: order.write({'state': 'sale', 'client_order_ref': "x"}),
            'server action': lambda: action.with_context(
                active_model='sale.order', active_id=order.id, active_ids=order.ids).sudo().run(),
            'import': lambda: self.env['sale.order'].with_user(self.salesperson).load(
                ['.id', 'state'], [[str(order.id), 'sale']]),
            'signature': order.sudo()._validate_order,
            'payment': lambda: self._pay(order),
            'draft again': lambda: (order._action_cancel(), order.action_draft(), order.action_confirm()),
            'sent before': lambda: (order.action_quotation_sent(), order.action_confirm()),
        }

    @mute_logger('odoo.sql_db')
    def test_no_way_leads_to_a_sale_in_any_state_but_approved(self):
        self.patch(self.registry['payment.transaction'], '_create_payment', lambda tx, **values: None)
        requests = self._ended()
        approved = requests.pop('approved').order_id
        self.assertEqual(approved.state, 'sale')
        orders = {state: request.order_id.with_user(self.salesperson) for state, request in requests.items()}
        orders['none'] = self._create_order(10)
        orders['pending'] = self._submitted(10)[0]
        for state, order in orders.items():
            self.assertEqual(order.approval_state, {'recalled': 'none'}.get(state, state))
            for name, act in self._ways(order).items():
                # A customer who signs or pays is never refused.
                refused = () if name in ('signature', 'payment') else UserError
                with self.subTest(state=state, way=name), closing(self.cr.savepoint()):
                    with suppress(refused), self.cr.savepoint():
                        act()
                    control_memory(self.env).issues.clear()
                    self.env.invalidate_all()
                    self.assertNotEqual(order.state, 'sale')
                    self.assertFalse(order.sudo().picking_ids)
                    self.assertEqual(order.sudo().control_parked, not refused)

    def test_each_of_these_ways_is_open_without_the_policy(self):
        self.patch(self.registry['payment.transaction'], '_create_payment', lambda tx, **values: None)
        self._switch(approval='off')
        order = self._create_order(10)
        for name, act in self._ways(order).items():
            if name == 'payment':
                order.require_payment = True
            with self.subTest(way=name), closing(self.cr.savepoint()):
                act()
                self.env.invalidate_all()
                self.assertEqual(order.state, 'sale')
            self.env.invalidate_all()


@tagged('post_install', '-at_install')
class TestApprovalEndings(MatrixCommon):
    """Whatever ends an order ends its request, and nothing of it stays on anybody's desk."""

    def test_cancelling_on_any_way_closes_the_request_and_its_activities(self):
        self._policy()
        public = self.env.ref('base.public_user')
        ways = {
            'button': lambda order: order.with_context(disable_cancel_warning=True).action_cancel(),
            'of many': lambda order: self.env['sale.mass.cancel.orders'].with_user(self.salesperson).create({
                'sale_order_ids': [Command.set(order.ids)]}).action_mass_cancel(),
            'declined by the customer': lambda order: order.with_user(public).sudo()._action_cancel(),
            'write': lambda order: order.sudo().write({'state': 'cancel'}),
        }
        for name, cancel in ways.items():
            with self.subTest(way=name):
                order, request = self._submitted()
                self.assertTrue(request.activity_ids)
                cancel(order)
                self.assertEqual((order.state, request.state), ('cancel', 'void'))
                self.assertFalse(request.activity_ids)
                self.assertEqual(set(self._tasks(request).values()), {'skipped'})
                self.assertTrue(request.outcome)

    def test_a_locked_order_that_is_cancelled_and_reopened_needs_a_new_approval(self):
        self._policy()
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        order.action_lock()
        self.env['sale.mass.cancel.orders'].create({'sale_order_ids': [Command.set(order.ids)]}).action_mass_cancel()
        self.assertEqual(request.state, 'void')
        order.action_draft()
        with self.assertRaises(UserError):
            order.action_confirm()
        order.action_submit()
        self.assertEqual(order.approval_state, 'pending')

    def test_an_approver_who_is_archived_by_button_or_by_write_is_replaced(self):
        boss = self._new_user('soc_boss', 'sale_order_control.group_manager')
        self._policy(self._level(self.finance), name="One")
        self._policy(self._level(self.director), name="Two", min_amount=0.0, max_discount=15.0)
        _order, request = self._submitted(10, discount=20.0)
        self.finance.action_archive()
        self.director.write({'active': False})
        waiting = request.task_ids.filtered(lambda task: task.state == 'pending').user_id
        self.assertIn(boss, waiting)
        self.assertFalse(waiting & (self.finance | self.director))
        self.assertEqual(request.activity_ids.user_id, waiting)

    def test_only_these_methods_can_be_called_from_outside(self):
        """Over RPC everything without underscore can be called by everybody: what is added here is checked there."""
        known = {
            'sale.approval.request': {
                'action_agree', 'action_disagree', 'action_return', 'action_forward', 'action_add_approver',
                'action_withdraw', 'action_take_over', 'action_recall', 'action_change_terms', 'action_view_document',
            },
            'sale.approval.task': set(),
            'sale.approval.change': set(),
        }
        odoos = {'create', 'write', 'unlink', 'message_subscribe'}
        for model, names in known.items():
            own = {
                name for part in self.registry[model].__mro__
                if part.__module__.startswith('odoo.addons.sale_order_control.models.approval')
                for name, value in vars(part).items() if callable(value) and not name.startswith('_')}
            self.assertEqual(own - odoos, names, model)
