from contextlib import suppress

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .test_credit_limit import CreditLimitCommon


@tagged('post_install', '-at_install')
class TestCreditLimitRequest(CreditLimitCommon):
    """Asked for, decided by others, applied once, and the journal names the request."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['sale.approval.policy'].search([]).active = False
        cls._switch(approval='enforce')
        cls._limit(100)

    def _asked(self, user=None, submit=True, **values):
        request = self.env['credit.limit.request'].with_user(user or self.salesperson).create({
            'partner_id': self.customer.id, 'company_id': self.company.id, 'amount': 900, 'reason': "Frame contract",
            **values})
        if submit:
            request.action_submit()
        return request

    def _policy(self, *users, **values):
        return self.env['sale.approval.policy'].create({
            'name': "Limits", 'company_id': self.company.id, 'res_model': 'credit.limit.request', **values,
            'level_ids': [
                Command.create({'name': f"L{n}", 'sequence': n, 'user_ids': [Command.set(user.ids)]})
                for n, user in enumerate(users)],
        })

    def _agree(self, request, *users):
        for user in users:
            request.sudo().approval_request_ids[:1].with_user(user).action_agree()

    # === WITHOUT A POLICY ===#

    def test_a_controller_decides_and_it_is_applied_with_the_request_named(self):
        order = self._create_order(5)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        request = self._asked()
        self.assertEqual((request.state, request.approval_state, self.account.credit_limit), ('pending', 'none', 100))
        self.assertEqual(len(request.sudo().activity_ids), 1)
        request.with_user(self.controller).action_approve()
        self.assertEqual((request.state, self.account.credit_limit), ('applied', 900))
        self.assertFalse(request.sudo().activity_ids)
        [entry] = request.entry_ids.sudo()
        self.assertEqual((entry.amount_before, entry.amount_after, entry.user_id), (100, 900, self.controller))
        self.assertIn("Frame contract", entry.reason)
        self.assertIn("soc_sales", entry.reason)
        self.assertEqual(order.credit_state, 'ok')
        self.assertIn("Agreed and applied", request.sudo().message_ids[:1].body)

    def test_every_kind_of_change_can_be_asked_for(self):
        grade = self._grade('block')
        for values, check in (
            ({'limit_kind': 'zero', 'amount': 0}, lambda: self._effective().kind == 'zero'),
            ({'limit_kind': 'none', 'amount': 0}, lambda: self._effective().kind == 'none'),
            ({'grade_id': grade.id}, lambda: (self.account.grade_id, self.account.credit_limit) == (grade, 900)),
            ({'subject': 'grade', 'grade_id': self._grade('warn', code='W').id},
             lambda: self.account.grade_id.code == 'W'),
            ({'subject': 'temporary', 'amount': 7, 'date_from': self.today, 'date_to': self._day(3)},
             lambda: (self._effective().effective, self._effective(4).effective) == (7, 900)),
        ):
            request = self._asked(**values)
            request.with_user(self.controller).action_approve("Yes")
            self.assertEqual(request.state, 'applied')
            self.assertTrue(check(), values)

    def test_a_refusal_says_why_and_changes_nothing(self):
        request = self._asked()
        with self.assertRaisesRegex(UserError, "Say why"):
            request.with_user(self.controller).action_refuse(" ")
        self.env['credit.limit.answer'].with_user(self.controller).with_context(
            active_model=request._name, active_ids=request.ids).create({'reason': "No evidence"}).action_answer()
        self.assertEqual((request.state, request.decision_reason), ('refused', "No evidence"))
        self.assertEqual(self.account.credit_limit, 100)

    def test_what_cannot_be_applied_waits_with_the_reason_and_is_applied_later(self):
        blocking = self._temporary(50)
        request = self._asked(subject='temporary', date_from=self.today, date_to=self._day(3))
        request.with_user(self.controller).action_approve()
        self.assertEqual(request.state, 'pending')
        self.assertIn("End it", request.obstacle)
        blocking.action_end("Makes room")
        request.with_user(self.controller).action_apply_again()
        self.assertEqual((request.state, request.obstacle, self._effective().effective), ('applied', False, 900))

    def test_the_requester_takes_it_back_and_corrects_it(self):
        request = self._asked()
        with self.assertRaises(UserError):
            request.amount = 99999
        with self.assertRaises(AccessError):
            request.with_user(self.controller).action_take_back()
        request.action_take_back()
        self.assertFalse(request.sudo().activity_ids)
        request.amount = 300
        request.action_submit()
        request.with_user(self.controller).action_approve()
        self.assertEqual(self.account.credit_limit, 300)

    # === BY POLICY ===#

    def test_the_last_approver_applies_it_without_a_right_on_credit(self):
        self._policy(self.sales_manager, self.finance)
        request = self._asked()
        self.assertEqual(request.approval_state, 'pending')
        with self.assertRaisesRegex(UserError, "a policy asked others"):
            request.with_user(self.controller).action_approve()
        self._agree(request, self.sales_manager)
        self.assertEqual(self.account.credit_limit, 100)
        self._agree(request, self.finance)
        self.assertEqual((request.state, self.account.credit_limit), ('applied', 900))
        self.assertEqual(request.entry_ids.sudo().user_id, self.finance)
        with self.assertRaises(AccessError):
            self.account.with_user(self.finance).credit_limit = 5

    def test_it_is_applied_exactly_once(self):
        self._policy(self.sales_manager)
        request = self._asked()
        self._agree(request, self.sales_manager)
        self.account.with_user(self.controller).credit_limit = 50
        for act in (
            lambda: request.sudo()._approval_approved(),
            lambda: self._agree(request, self.sales_manager),
            lambda: request.with_user(self.controller).action_approve(),
            lambda: request.with_user(self.controller).action_apply_again(),
        ):
            with suppress(UserError), self.cr.savepoint():
                act()
            self.assertEqual(self.account.credit_limit, 50)

    def test_rejected_returned_and_recalled_change_nothing(self):
        self._policy(self.sales_manager)
        for act, state in (
            (lambda asked: asked.with_user(self.sales_manager).action_disagree("No"), 'refused'),
            (lambda asked: asked.with_user(self.sales_manager).action_return("Less"), 'draft'),
            (lambda asked: asked.with_user(self.salesperson).action_recall(), 'draft'),
        ):
            request = self._asked()
            act(request.sudo().approval_request_ids)
            self.assertEqual((request.state, self.account.credit_limit), (state, 100))

    def test_amounts_of_policies_count_and_no_limit_is_above_any(self):
        self._policy(self.sales_manager, min_amount=1000)
        self.assertEqual(self._asked(amount=999).approval_state, 'none')
        self.assertEqual(self._asked(amount=1000).approval_state, 'pending')
        self.assertEqual(self._asked(limit_kind='none', amount=0).approval_state, 'pending')

    def test_the_approver_reads_what_it_is_about(self):
        self._policy(self.sales_manager)
        request = self._asked()
        shown = request.sudo().approval_request_ids.with_user(self.sales_manager).snapshot_html
        for words in ("Controlled Customer: credit limit $\xa0900.00", "Frame contract", "$\xa0100.00"):
            self.assertIn(words, shown)

    # === ATTACKS ===#

    def test_nobody_decides_on_what_they_asked_for(self):
        self.controller.sudo().group_ids += self.env.ref('sales_team.group_sale_salesman')
        mine = self._asked(user=self.controller, submit=False)
        with self.assertRaisesRegex(UserError, "Nobody may decide"), self.cr.savepoint():
            self.env['credit.account']._get_controllers(self.company).filtered(
                lambda user: user != self.controller).sudo().active = False
            mine.action_submit()
        other = self.colleague
        mine.action_submit()
        for act in (lambda: mine.action_approve(), lambda: mine.action_refuse("x"), lambda: mine.write({
                'user_id': other.id}), lambda: mine.write({'state': 'applied'})):
            with self.assertRaises(AccessError):
                act()
        pretended = self._asked(user=self.controller, user_id=other.id, state='applied', submit=False)
        self.assertEqual((pretended.user_id, pretended.state), (self.controller, 'draft'))
        for user in (self.salesperson, self.env.ref('base.user_root')):
            with self.assertRaises(AccessError):
                mine.with_user(user).sudo().action_approve()
        self.assertEqual(self.account.credit_limit, 100)
        mine.with_user(other).action_approve()
        self.assertEqual(self.account.credit_limit, 900)

    def test_a_policy_never_asks_the_requester(self):
        self._policy(self.salesperson | self.sales_manager)
        request = self._asked()
        self.assertEqual(request.sudo().approval_request_ids.task_ids.user_id, self.sales_manager)
        with self.assertRaises(UserError):
            self._agree(request, self.salesperson)

    def test_salespeople_see_their_own_requests_only(self):
        request = self._asked()
        found = self.env['credit.limit.request'].with_user(self.other_salesperson).search([])
        self.assertFalse(found)
        with self.assertRaises(AccessError):
            request.with_user(self.other_salesperson).read(['reason'])
        portal = self._new_user('soc_portal', 'base.group_user')
        with self.assertRaises(AccessError):
            self.env['credit.limit.request'].with_user(portal).search([])

    def test_what_was_submitted_is_kept(self):
        request = self._asked()
        for user in (self.salesperson, self.controller, self.env.ref('base.user_admin')):
            with self.assertRaises(UserError):
                request.with_user(user).unlink()
        self._asked(submit=False).unlink()

    def test_bad_requests_are_refused_with_what_to_do(self):
        contact = self.env['res.partner'].create({'name': "Contact", 'parent_id': self.customer.id})
        for values, sentence in (
            ({'amount': 0}, "Enter the new credit limit"),
            ({'subject': 'temporary'}, "first and the last day"),
            ({'subject': 'grade'}, "Choose the grade"),
            ({'reason': " "}, "Say why"),
            ({'partner_id': contact.id}, "is a contact of"),
        ):
            with self.assertRaisesRegex(ValidationError, sentence), self.cr.savepoint():
                self._asked(submit=False, **values)
        with self.assertRaisesRegex(UserError, "would be over already"):
            self._asked(subject='temporary', date_from=self._day(-3), date_to=self._day(-1))

    def test_the_form_works_for_the_salesperson_and_evidence_is_readable_by_the_controller(self):
        with Form(self.env['credit.limit.request'].with_user(self.salesperson)) as form:
            form.partner_id = self.customer
            self.assertEqual(form.position, "$\xa0100.00")
            form.amount = 500
            form.reason = "They grow"
        request = form.record
        evidence = self.env['ir.attachment'].with_user(self.salesperson).create(
            {'name': "contract.pdf", 'raw': b"x", 'res_model': request._name})
        request.attachment_ids = evidence
        self.assertEqual(evidence.with_user(self.controller).read(['name'])[0]['name'], "contract.pdf")
        self.assertIn('credit.limit.request', self.account.with_user(self.salesperson).action_ask_limit()['res_model'])
