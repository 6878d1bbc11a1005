from datetime import timedelta

from lxml.etree import fromstring

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ...models.approval.request.approval_memory import approval_deciding
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalDesk(ApprovalCommon):
    """The screen on which approvers decide: why they are asked, what changed, what happened."""

    def test_an_approver_reads_why_he_is_asked_apart_from_what_others_are_asked(self):
        self._policy(self._level(self.sales_manager), name="Discounts", max_discount=5.0)
        self._policy(self._level(self.finance, 20), name="Amounts", min_amount=500.0)
        _order, request = self._submitted(discount=10)
        mine, others, office = request.with_user(self.sales_manager)._split_reasons()
        self.assertEqual(office, "Level 10")
        self.assertEqual(mine, ["The discount of 10.00 % is above 5.00 % (policy “Discounts”)."])
        self.assertIn("reaches", others[0])
        html = request.with_user(self.sales_manager).reason_html
        self.assertLess(html.index("You are asked as"), html.index("is above"))
        self.assertLess(html.index("Others are asked"), html.index("reaches"))
        # Somebody who is not asked reads all of it without “you”.
        self.assertNotIn("You are asked", request.with_user(self.salesperson).reason_html)

    def test_what_changed_is_told_against_the_last_version_agreed_to(self):
        self._policy(self._level(self.sales_manager), min_amount=500.0)
        order, first = self._submitted(price_unit=120)
        first.with_user(self.sales_manager).action_return("Ask for less")
        self.assertFalse(first.change_html, "nothing was asked before")
        order.order_line.price_unit = 98
        order.action_submit()
        second = self._request(order)
        self.assertIn("Since it was asked before", second.change_html)
        self.assertIn("98.00", second.change_html)
        self.assertIn("120.00", second.change_html)

    def test_the_version_agreed_to_wins_over_a_later_one_that_was_not(self):
        self._policy(self._level(self.sales_manager), min_amount=500.0)
        order, first = self._submitted(quantity=10)
        first.with_user(self.sales_manager).action_agree()
        order.with_user(self.sales_manager)._action_cancel()
        order.action_draft()
        order.order_line.product_uom_qty = 12
        order.action_submit()
        self._request(order).with_user(self.sales_manager).action_disagree("Too much")
        order.order_line.product_uom_qty = 11
        order.action_submit()
        third = self._request(order)
        self.assertEqual(third._get_compared_request(), first)
        self.assertIn("Since what was agreed to", third.change_html)
        changes = {change['label']: change for change in third._get_changes_since(first)}
        line = changes[order.order_line.product_id.display_name]
        self.assertEqual((line['before'], line['after']), ("10 Units", "11 Units"))

    def test_the_history_is_complete_after_return_recall_void_approval_cancel_and_archive(self):
        order, first, fourth = self._lived_through_everything()
        self.assertFalse(order.copy().sudo().approval_request_ids)
        told = [(entry['request'], entry['who'], entry['what'], entry['why']) for entry in fourth._get_timeline()]
        numbers = [first.name, *(request.name for request in order.sudo().approval_request_ids.sorted('id')[1:])]
        one, two, three, four = numbers
        for expected in [
            (one, self.salesperson.name, "asked for approval", ''),
            (one, self.sales_manager.name, "agreed", "Fine with me"),
            (one, self.sales_manager.name, "took the agreement back", ''),
            (one, self.sales_manager.name, "returned it", "The price is missing"),
            (two, self.salesperson.name, "Recalled", ''),
            (four, '', f"{self.sales_manager.name} passed it on to {self.director.name}.", "You know them"),
            (four, self.director.name, "agreed", "Known for years"),
            (four, '', "Approved", ''),
            (four, self.sales_manager.name, "Void", "The order was cancelled."),
        ]:
            self.assertIn(expected, told)
        [void] = [entry for entry in told if entry[0] == three and entry[2] == "Void"]
        self.assertIn("quantity", void[3])
        self.assertEqual([entry['behalf'] for entry in fourth._get_timeline() if entry['who'] == self.director.name],
                         [self.sales_manager.name])
        # An approver of the last one reads what happened before, with no right on the order.
        self.assertIn("The price is missing", fourth.with_user(self.finance).timeline_html)
        self.assertNotIn("Known for years", first.with_user(self.sales_manager).timeline_html)

    def test_a_batch_decides_what_it_can_and_says_why_the_rest_is_left(self):
        both = self.sales_manager | self.finance
        self._policy(self._level(both))
        orders = [self._submitted()[0] for _number in range(3)]
        decided = self._request(orders[0])
        decided.with_user(self.finance).action_agree()
        written = self._request(orders[1])
        self._policy(self._level(both, comment_required=True, name="In writing"), min_amount=5000.0)
        big, _none = self._submitted(quantity=100)
        own = self._create_order(10, user=self.sales_manager)
        own.action_submit()
        requests = self.env['sale.approval.request'].union(*(self._request(order) for order in [*orders, big, own]))
        result = requests.with_user(self.sales_manager).action_agree()
        self.assertEqual(written.state, 'approved')
        self.assertEqual(self._request(orders[2]).state, 'approved')
        self.assertEqual(result['params']['title'], "Decided: 2. Left: 3")
        first, wants, mine = sorted(
            result['params']['message'].split("\n"), key=lambda text: ['decided', 'writing', 'own'].index(
                next(word for word in ('decided', 'writing', 'own') if word in text)))
        self.assertIn(f"{self.finance.name} decided it already (Agreed", first)
        self.assertIn(self._request(big).name, wants)
        self.assertIn(self._request(own).name, mine)
        self.assertEqual(self._request(big).state, 'pending')
        # With the comment, the rest of it goes through in one step, too.
        self._request(big).with_user(self.sales_manager).action_agree("I know the customer")
        self.assertEqual(self._request(big).state, 'approved')

    def test_deciding_twice_or_on_a_stale_page_is_harmless_and_says_who_was_first(self):
        self._policy(self._level(self.sales_manager | self.finance))
        _order, request = self._submitted()
        request.with_user(self.finance).action_disagree("Too cheap")
        with self.assertRaisesRegex(UserError, r"soc_finance .* decided it already \(Disagreed"):
            request.with_user(self.sales_manager).action_agree()
        with self.assertRaisesRegex(UserError, "you decided it already"):
            request.with_user(self.finance).action_agree()
        self.assertEqual(request.state, 'rejected')
        self.assertEqual(request.task_ids.mapped('state').count('agreed'), 0)

    def test_the_window_for_more_offers_comment_forward_and_one_more_person(self):
        self._policy(self._level(self.sales_manager))
        _order, request = self._submitted()
        wizard = Form(self.env['sale.approval.comment'].with_user(self.sales_manager).with_context(
            active_model='sale.approval.request', active_ids=request.ids, approval_choice=True,
            default_decision='agree'))
        wizard.choice = 'add'
        wizard.user_id = self.director
        wizard.comment = "Look at the freight"
        wizard.save().action_decide()
        added = request.task_ids.filtered(lambda task: task.user_id == self.director)
        self.assertEqual(added.asked_for, "Look at the freight")

    def test_filters_find_my_turn_what_i_do_for_others_what_is_late_and_what_i_decided(self):
        self._policy(self._level(self.sales_manager, deadline_hours=1))
        self.env['sale.approval.delegation'].with_user(self.sales_manager).create({
            'delegate_id': self.finance.id, 'date_to': fields.Date.today() + timedelta(days=1)})
        _order, request = self._submitted()
        view = self.env.ref('sale_order_control.sale_approval_request_view_search')
        domains = {node.get('name'): node.get('domain') for node in fromstring(view.arch).iter('filter')}

        def found(name, user):
            domain = safe_eval(domains[name], {'uid': user.id})
            return self.env['sale.approval.request'].with_user(user).search(domain) & request

        self.assertTrue(found('waiting_for_me', self.finance))
        self.assertTrue(found('as_delegate', self.finance))
        self.assertFalse(found('waiting_for_me', self.sales_manager))
        self.assertFalse(found('overdue', self.finance))
        with approval_deciding(self.env):
            request.sudo().task_ids.is_overdue = True
        self.assertTrue(found('overdue', self.finance))
        self.assertFalse(found('decided_by_me', self.finance))
        request.with_user(self.finance).action_agree()
        self.assertTrue(found('decided_by_me', self.finance))
