from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ApprovalCommon

MAY_ALL = {f'may_change_{kind}': True for kind in ('price', 'discount', 'quantity', 'dates', 'terms')}


@tagged('post_install', '-at_install')
class TestApprovalChange(ApprovalCommon):
    """An approver changes the terms instead of sending the order back, and gets round nobody with it."""

    def _asked(self, *levels, discount=20.0, **values):
        self._policy(*levels, min_amount=100, max_discount=5, **values)
        order, request = self._submitted(10, discount=discount)
        return order, request, order.order_line

    def _change(self, request, user, order_values=None, comment="Because", **line):
        values = {str(request.order_id.order_line[:1].id): line} if line else {}
        return request.with_user(user).action_change_terms(order_values or {}, values, comment)

    # === SAFER ===#

    def test_safer_terms_keep_what_others_agreed_to_and_are_what_is_decided_on(self):
        order, request, line = self._asked(
            self._level(self.finance), self._level(self.sales_manager, 20, may_change_discount=True))
        request.with_user(self.finance).action_agree()
        self._change(request, self.sales_manager, discount=10.0)
        self.assertEqual(line.discount, 10.0)
        self.assertEqual(request.state, 'pending')
        self.assertEqual(self._tasks(request), {self.finance: 'agreed', self.sales_manager: 'pending'})
        [change] = request.change_ids
        self.assertEqual((change.old_value, change.new_value, change.is_worse), ("20.00", "10.00", False))
        self.assertEqual(change.user_id, self.sales_manager)
        self.assertAlmostEqual(request.amount_untaxed, 900)
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_what_the_maker_wanted_first_is_not_covered_by_the_approval_of_safer_terms(self):
        self._policy(self._level(self.sales_manager, may_change_discount=True), max_discount=5)
        order, request = self._submitted(10, discount=20.0)
        order.require_payment = True
        self._change(request, self.sales_manager, discount=10.0)
        order.order_line.discount = 20.0
        self.assertEqual(request.state, 'void')

    # === A PAGE FROM BEFORE ===#

    def test_who_still_shows_the_former_terms_does_not_agree_to_the_new_ones(self):
        order, request, _line = self._asked(
            self._level(self.finance | self.sales_manager, quorum='all', may_change_discount=True))
        seen, mine = request.digest, request.with_user(self.finance)
        self._change(request, self.sales_manager, discount=10.0)
        with self.assertRaisesRegex(UserError, "changed since you opened it.*20.00 → 10.00"):
            mine.with_context(approval_seen=seen).action_agree()
        self.assertEqual(self._tasks(request)[self.finance], 'pending')
        # Of several, the others are decided; who shows the new terms agrees to them.
        other = self._submitted(11, discount=10.0)[1].with_user(self.finance)
        result = (mine | other).with_context(approval_seen=other.digest).action_agree()
        self.assertIn("changed since you opened it", result['params']['message'])
        self.assertEqual(self._tasks(other)[self.finance], 'agreed')
        mine.with_context(approval_seen=request.digest).action_agree()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_a_list_from_before_agrees_to_what_it_shows_only(self):
        order, changed, _line = self._asked(
            self._level(self.finance | self.sales_manager, quorum='all', may_change_discount=True))
        same, unseen = (self._submitted(amount, discount=10.0)[1] for amount in (11, 12))
        requests = (changed | same | unseen).with_user(self.finance)
        seen = {str(request.id): request.digest for request in changed | same}
        self._change(changed, self.sales_manager, discount=10.0)
        listed = requests.with_context(approval_seen=seen)
        # The window for a comment was opened from the list, and knows what it showed.
        wizard = self.env['sale.approval.comment'].with_user(self.finance).with_context(
            approval_seen=seen, active_model='sale.approval.request', active_ids=requests.ids).create(
                {'decision': 'agree', 'comment': "Seen"})
        message = wizard.action_decide()['params']['message']
        self.assertIn("changed since you opened it", message)
        self.assertIn(f"The list did not show {unseen.name}", message)
        self.assertEqual(
            [self._tasks(request)[self.finance] for request in (changed, same, unseen)],
            ['pending', 'agreed', 'pending'])
        with self.assertRaisesRegex(UserError, "changed since you opened it"):
            (listed - listed.browse(same.id)).action_agree()
        (changed | unseen).with_user(self.finance).with_context(approval_seen={
            str(request.id): request.digest for request in changed | unseen}).action_agree()
        self.assertEqual([self._tasks(request)[self.finance] for request in (changed, unseen)], ['agreed'] * 2)

    def test_a_selection_over_several_pages_says_how_many_nobody_has_seen(self):
        self._policy(self._level(self.finance))
        requests = self.env['sale.approval.request'].union(*(
            self._submitted(10 + number)[1] for number in range(9))).with_user(self.finance)
        page, others = requests[:2], requests[2:]
        seen = {str(request.id): request.digest for request in page}
        told = requests.with_context(approval_seen=seen).action_agree()['params']
        self.assertEqual(told['title'], "Decided: 2. Left: 7")
        self.assertRegex(told['message'], "^7 of the selected requests were not on the page.*and others")
        self.assertEqual(len(told['message'].splitlines()), 1)
        self.assertEqual({request.state for request in page}, {'approved'})
        self.assertEqual({request.state for request in others}, {'pending'})
        # Nothing of the page waits any more: the whole selection is refused, with the same words.
        with self.assertRaisesRegex(UserError, "7 of the selected requests were not on the page"):
            requests.with_context(approval_seen=seen).action_agree()

    def test_the_buttons_of_the_page_say_which_terms_it_shows(self):
        arch = etree.fromstring(self.env['sale.approval.request'].get_view(view_type='list')['arch'])
        self.assertEqual(arch.get('js_class'), 'sale_order_control_approval_list')
        self.assertTrue(arch.xpath("//field[@name='digest']"))
        for kind in ('form', 'kanban'):
            arch = etree.fromstring(self.env['sale.approval.request'].get_view(view_type=kind)['arch'])
            buttons = arch.xpath("//button[@name='action_agree']")
            self.assertTrue(buttons)
            self.assertEqual({button.get('context') for button in buttons}, {"{'approval_seen': digest}"})
            self.assertTrue(arch.xpath("//field[@name='digest']"))

    # === WORSE ===#

    def test_worse_terms_are_agreed_to_again_and_never_by_who_made_them(self):
        order, request, _line = self._asked(
            self._level(self.finance), self._level(self.sales_manager | self.director, 20, may_change_discount=True))
        request.with_user(self.finance).action_agree()
        self._change(request, self.sales_manager, discount=30.0)
        self.assertEqual(request.state, 'pending')
        open_tasks = {task.user_id: task.state for task in request._get_current_tasks() if task.state != 'skipped'}
        self.assertEqual(open_tasks, {self.finance: 'pending', self.director: 'waiting'})
        self.assertTrue(request.task_ids.filtered(lambda task: task.superseded and task.state == 'agreed'))
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_agree()
        request.with_user(self.director).action_agree()
        self.assertEqual(order.state, 'sale')
        self.assertTrue(request.change_ids.is_worse)
        sentences = [entry['what'] for entry in request._get_timeline()]
        self.assertIn(
            f"{self.sales_manager.name} made the terms worse and does not decide on them.", sentences)
        self.assertFalse([text for text in sentences if "passed it on" in text])

    def test_who_stands_alone_at_a_level_cannot_make_it_worse(self):
        order, request, line = self._asked(self._level(self.sales_manager, **MAY_ALL))
        with self.assertRaisesRegex(UserError, "nobody else at level"), self.cr.savepoint():
            self._change(request, self.sales_manager, discount=21.0)
        self.assertEqual(line.discount, 20.0)
        with self.assertRaises(UserError), self.cr.savepoint():
            self._change(
                request, self.sales_manager,
                {'payment_term_id': self.env.ref('account.account_payment_term_45days').id})
        self.assertEqual(order.payment_term_id, self.env.ref('account.account_payment_term_30days'))

    def test_a_level_of_all_goes_on_without_who_made_it_worse(self):
        order, request, _line = self._asked(
            self._level(self.sales_manager | self.finance, quorum='all', may_change_price=True))
        self._change(request, self.sales_manager, price_unit=95.0)
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_small_steps_within_the_tolerance_are_worse_all_the_same(self):
        _order, request, _line = self._asked(
            self._level(self.sales_manager | self.director, may_change_discount=True), tolerance_percent=50)
        self._change(request, self.sales_manager, discount=20.5)
        self.assertTrue(request.change_ids.is_worse)

    def test_terms_that_others_would_have_to_approve_are_refused(self):
        _order, request, line = self._asked(self._level(self.sales_manager | self.finance, may_change_discount=True))
        self._policy(self._level(self.director), name="Very high discount", max_discount=40)
        with self.assertRaisesRegex(UserError, "Very high discount"), self.cr.savepoint():
            self._change(request, self.sales_manager, discount=50.0)
        self.assertEqual(line.discount, 20.0)

    # === WHO MAY, AND WHAT ===#

    def test_only_whose_turn_it_is_and_only_what_the_level_allows(self):
        _order, request, line = self._asked(
            self._level(self.sales_manager, may_change_discount=True), self._level(self.finance, 20, **MAY_ALL))
        attacks = [
            (self.finance, {'discount': 1.0}), (self.salesperson, {'discount': 1.0}),
            (self.outsider, {'discount': 1.0}),
            (self.sales_manager, {'price_unit': 500.0}), (self.sales_manager, {'product_uom_qty': 1.0}),
            (self.sales_manager, {'product_id': self.product.id}), (self.sales_manager, {'state': 'sale'}),
        ]
        for user, values in attacks:
            with self.subTest(user=user.login, values=values), self.assertRaises(AccessError), self.cr.savepoint():
                self._change(request, user, **values)
        for values in ({'state': 'sale'}, {'user_id': self.outsider.id}, {'payment_term_id': False}):
            with self.assertRaises(AccessError), self.cr.savepoint():
                self._change(request, self.sales_manager, values)
        with self.assertRaisesRegex(UserError, "why"), self.cr.savepoint():
            self._change(request, self.sales_manager, comment=" ", discount=1.0)
        with self.assertRaisesRegex(UserError, "Nothing"), self.cr.savepoint():
            self._change(request, self.sales_manager, discount=20.0)
        foreign = self._create_order(1).order_line
        with self.assertRaisesRegex(UserError, "not lines"), self.cr.savepoint():
            request.with_user(self.sales_manager).action_change_terms({}, {foreign.id: {'discount': 1.0}}, "x")
        for rubbish in ({'x': {'discount': 1.0}}, {str(line.id): "discount"}, [line.id], "x"):
            with self.assertRaisesRegex(UserError, "not lines"), self.cr.savepoint():
                request.with_user(self.sales_manager).action_change_terms({}, rubbish, "x")
        self.assertEqual(line.discount, 20.0)
        self.assertFalse(request.change_ids)

    def test_a_level_without_the_right_and_one_who_decided_change_nothing(self):
        order, request, _line = self._asked(self._level(self.sales_manager), self._level(self.finance, 20))
        self.assertFalse(request.with_user(self.sales_manager).can_change)
        with self.assertRaises(AccessError):
            self._change(request, self.sales_manager, discount=1.0)
        order.with_user(self.salesperson).action_recall()
        with self.assertRaises(AccessError):
            self._change(request, self.sales_manager, discount=1.0)

    def test_an_added_approver_changes_nothing_and_facts_are_kept(self):
        _order, request, _line = self._asked(self._level(self.sales_manager, may_change_discount=True))
        request.with_user(self.sales_manager).action_add_approver(self.director)
        with self.assertRaises(AccessError):
            self._change(request, self.director, discount=1.0)
        self._change(request, self.sales_manager, discount=10.0)
        for attack in (lambda own: own.write({'comment': "x"}), lambda own: own.unlink(), lambda own: own.copy()):
            with self.assertRaises(UserError), self.cr.savepoint():
                attack(request.change_ids.sudo())
        with self.assertRaises(UserError), self.cr.savepoint():
            self.env['sale.approval.change'].with_user(self.sales_manager).create({
                'request_id': request.id, 'user_id': self.sales_manager.id})

    def test_the_callers_context_travels_nowhere(self):
        order, request, line = self._asked(self._level(self.sales_manager, may_change_discount=True))
        request.with_user(self.sales_manager).with_context(
            default_state='sale', approval_preview=True, force=True).action_change_terms(
                {}, {line.id: {'discount': 10.0}}, "x")
        self.assertEqual(order.state, 'draft')

    # === SCREEN ===#

    def test_the_screen_shows_the_lines_to_one_without_rights_on_orders(self):
        _order, request, line = self._asked(self._level(self.finance, may_change_discount=True, may_change_dates=True))
        self.assertTrue(request.with_user(self.finance).can_change)
        wizards = self.env['sale.approval.terms'].with_user(self.finance)
        values = wizards.with_context(default_request_id=request.id).default_get(list(wizards._fields))
        wizard = wizards.create({**values, 'comment': "Too much"})
        self.assertEqual((wizard.may_discount, wizard.may_price), (True, False))
        self.assertEqual(wizard.line_ids.line_id, line.id)
        wizard.line_ids.discount = 12.0
        wizard.action_apply()
        self.assertEqual(line.discount, 12.0)
        other = wizards.with_user(self.outsider)
        with self.assertRaises(AccessError):
            other.with_context(default_request_id=request.id).default_get(list(wizards._fields))

    def test_columns_that_the_level_leaves_alone_change_nothing_whatever_comes_of_them(self):
        _order, request, line = self._asked(self._level(self.finance, may_change_discount=True))
        # A web client sends nothing of a column that cannot be edited.
        wizard = self.env['sale.approval.terms'].with_user(self.finance).create({
            'request_id': request.id, 'comment': "Too much", 'payment_term_id': False,
            'line_ids': [Command.create({'line_id': line.id, 'discount': 12.0})]})
        wizard.action_apply()
        self.assertEqual((line.discount, line.price_unit, line.product_uom_qty), (12.0, 100.0, 10.0))
        self.assertTrue(request.order_id.payment_term_id)
        with self.assertRaisesRegex(AccessError, "does not let you change: Quantity, Unit Price, x"), \
                self.cr.savepoint():
            self._change(request, self.finance, price_unit=1.0, product_uom_qty=1.0, x=1)

    def test_the_form_of_one_approver_is_closed_to_everybody_else(self):
        _order, request, line = self._asked(self._level(self.finance, may_change_discount=True))
        wizards = self.env['sale.approval.terms']
        values = wizards.with_user(self.finance).with_context(default_request_id=request.id).default_get(
            list(wizards._fields))
        wizard = wizards.with_user(self.finance).create(values)
        lines = wizards.line_ids
        attacks = {
            'read': lambda user: wizard.with_user(user).read(['comment']),
            'read lines': lambda user: wizard.line_ids.with_user(user).read(['price_unit']),
            'write': lambda user: wizard.with_user(user).write({'comment': "x"}),
            'write lines': lambda user: wizard.line_ids.with_user(user).write({'discount': 90.0}),
            'new line': lambda user: lines.with_user(user).create({
                'wizard_id': wizard.id, 'line_id': line.id, 'discount': 90.0}),
            'apply': lambda user: wizard.with_user(user).action_apply(),
        }
        for user in (self.outsider, self.sales_manager):
            for name, attack in attacks.items():
                with self.subTest(name, user=user.login), self.assertRaises(AccessError), self.cr.savepoint():
                    self.env.invalidate_all()
                    attack(user)
            self.assertFalse(wizards.with_user(user).search([]) | wizards.with_user(user).search([]))
        with self.assertRaises(AccessError):
            wizards.with_user(self.outsider).create({'request_id': request.id})

    # === WHO AGREED BEFORE ===#

    def test_who_agreed_before_is_not_asked_again_where_the_level_says_so(self):
        order, request, _line = self._asked(
            self._level(self.sales_manager), self._level(self.sales_manager | self.finance, 20, skip_agreed=True))
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')
        second = request.task_ids.filtered(lambda task: task.sequence == 20 and task.user_id == self.sales_manager)
        self.assertIn("Agreed already", second.comment)

    def test_of_a_level_of_all_only_the_others_are_still_asked(self):
        order, request, _line = self._asked(
            self._level(self.sales_manager),
            self._level(self.sales_manager | self.finance, 20, quorum='all', skip_agreed=True))
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'draft')
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_skipping_and_other_persons_exclude_each_other(self):
        with self.assertRaises(ValidationError):
            self._policy(self._level(self.sales_manager, skip_agreed=True, distinct_persons=True))
        with self.assertRaises(ValidationError):
            self._policy(self._level(self.sales_manager, deadline_hours=1, on_deadline='escalate'))
        self.assertTrue(self._policy(self._level(
            self.sales_manager, deadline_hours=1, on_deadline='escalate',
            escalation_user_ids=[Command.set(self.director.ids)])))
