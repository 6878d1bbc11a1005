from base64 import b64encode
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditDocument(CreditCommon):
    """Papers that customers must have on file: who needs which, who verifies, when they end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.env['credit.document.type'].search([]).requirement = 'none'
        cls.licence = cls.env['credit.document.type'].create({'name': "Test Licence", 'requirement': 'all'})

    def _file(self, user=None, **values):
        return self.env['credit.document'].with_user(user or self.salesperson).create({
            'partner_id': self.customer.id, 'type_id': self.licence.id, 'number': "L-1",
            'date_to': self.today + timedelta(days=400), **values})

    def _issues(self, order=None, checkpoint='confirm'):
        order = order or self._create_order()
        return [issue for issue in order._get_control_issues(checkpoint)[order.id] if 'document' in issue.code]

    def test_an_order_waits_until_a_controller_has_verified_the_paper(self):
        order = self._create_order()
        [issue] = self._issues(order)
        self.assertEqual((issue.code, issue.effect), (f'credit.document.{self.licence.id}', 'block'))
        self.assertIn("Test Licence of Controlled Customer is missing", issue.message)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self.assertEqual(
            order.sudo().credit_hold_reason_ids, self.env.ref('sale_order_control.credit_hold_reason_document'))
        paper = self._file()
        self.assertIn("nobody has verified it", self._issues(order)[0].message)
        paper.with_user(self.controller).action_verify()
        self.assertFalse(self._issues(order))
        self.assertEqual(order.credit_state, 'ok')
        order.action_submit()
        self.assertEqual(order.state, 'sale')

    def test_salespeople_file_papers_and_cannot_verify_them(self):
        paper = self._file()
        for act in (
            lambda: paper.action_verify(),
            lambda: paper.sudo().action_verify(),
            lambda: paper.write({'verdict': 'verified'}),
            lambda: paper.write({'verified_by': self.controller.id}),
            lambda: self._file(verdict='verified'),
        ):
            with self.assertRaises(AccessError):
                act()
        made = self.env['credit.document'].with_user(self.salesperson).with_context(
            default_verdict='verified', default_verified_by=self.controller.id).create({
                'partner_id': self.customer.id, 'type_id': self.licence.id})
        self.assertEqual((made.verdict, made.verified_by.id), ('open', False))
        own = self._file(self.controller)
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            own.with_user(self.controller).action_verify()

    def test_a_paper_that_is_changed_has_to_be_verified_again(self):
        paper = self._file()
        paper.with_user(self.controller).action_verify()
        paper.date_to = self.today + timedelta(days=4000)
        self.assertEqual((paper.verdict, paper.verified_by.id), ('open', False))
        self.assertTrue(self._issues())

    def test_nothing_to_see_cannot_be_verified(self):
        for values in ({'number': False}, {'date_to': False}):
            with self.assertRaises(UserError):
                self._file(**values).with_user(self.controller).action_verify()
        with self.assertRaises(ValidationError):
            self._file(partner_id=self.env['res.partner'].create({'name': "C", 'parent_id': self.customer.id}).id)

    def test_a_scan_is_on_file_before_a_paper_that_requires_it_is_verified(self):
        self.licence.needs_scan = True
        paper = self._file()
        with self.assertRaisesRegex(UserError, "A scan of this paper is required before you verify it: Test Licence"):
            paper.with_user(self.controller).action_verify()
        self.assertTrue(self._issues())
        paper.with_user(self.salesperson).file = b64encode(b"%PDF-1.4 licence")
        paper.with_user(self.controller).action_verify()
        self.assertFalse(self._issues())
        # Taking the scan away again is another paper.
        paper.with_user(self.salesperson).file = False
        self.assertTrue(self._issues())

    def test_it_expires_and_the_salesperson_is_asked_once_before(self):
        self.customer.user_id = self.salesperson
        paper = self._file(date_to=self.today + timedelta(days=40))
        paper.with_user(self.controller).action_verify()
        documents = self.env['credit.document'].sudo()
        for days, effects, told in ((0, [], 0), (15, ['warn'], 1), (40, ['warn'], 1), (41, ['block'], 1)):
            today = self.today + timedelta(days=days)
            with control_today(self.env, today):
                self.assertEqual([issue.effect for issue in self._issues()], effects, days)
                for _night in range(2):
                    due = documents.search(documents._get_credit_documents_due(today)) & paper
                    due._run_credit_documents_due(today)
            self.assertEqual(len(paper.activity_ids), told, days)
        self.assertEqual(paper.activity_ids.user_id, self.salesperson)

    def test_a_refused_paper_is_none(self):
        paper = self._file()
        paper.with_user(self.controller).action_refuse("Another company's name")
        self.assertIn("was refused", self._issues()[0].message)
        with self.assertRaisesRegex(UserError, "kept"):
            paper.unlink()

    def test_new_customers_need_it_before_their_first_order_only(self):
        self.licence.requirement = 'new'
        order = self._create_order()
        self.assertTrue(self._issues(order))
        self._confirmed(1)
        self.assertFalse(self._issues(order))
        self.assertTrue(self._issues(self._create_order(partner=self.env['res.partner'].create({'name': "New"}))))

    def test_country_tag_and_sales_type_narrow_it_down(self):
        order = self._create_order()
        country = self.env['res.country'].search([('id', '!=', self.customer.country_id.id)], limit=1)
        tag = self.env['res.partner.category'].create({'name': "Chemicals"})
        for values, met in (
            ({'country_ids': country.ids}, {'country_ids': (country | self.customer.country_id).ids}),
            ({'category_ids': tag.ids}, None),
            ({'sale_type_ids': self.env['sale.control.type'].create({'name': "Other"}).ids},
             {'sale_type_ids': order.sale_type_id.ids}),
        ):
            self.licence.write(values)
            self.assertFalse(self._issues(order), values)
            if met is None:
                self.customer.category_id = tag
            else:
                self.licence.write(met)
            self.assertTrue(self._issues(order), values)

    def test_a_release_of_the_order_covers_papers_one_of_the_customer_does_not(self):
        order = self._create_order()
        order.action_submit()
        self.account.with_user(self.controller).action_release("Season", amount=100000)
        self.assertTrue(self._issues(order))
        order.with_user(self.controller).action_credit_release("The licence comes by post")
        self.assertFalse(self._issues(order))

    def test_papers_of_another_company_do_not_count(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        self.env['credit.document'].create({
            'partner_id': self.customer.id, 'type_id': self.licence.id, 'company_id': other.id, 'number': "1",
            'date_to': self.today + timedelta(days=400)})
        self.assertIn("is missing", self._issues()[0].message)
        self.licence.company_id = other
        self.assertFalse(self._issues())

    def test_silent_while_off_and_told_only_in_shadow_mode(self):
        self._switch(credit='warn')
        self.assertEqual([(issue.effect, issue.would) for issue in self._issues()], [('warn', 'block')])
        self._switch(credit='off')
        self.assertFalse(self._issues())

    def test_a_required_paper_must_do_something(self):
        with self.assertRaises(ValidationError):
            self.licence.write(dict.fromkeys(('submit_effect', 'confirm_effect', 'release_effect'), 'allow'))

    def test_twenty_orders_cost_the_queries_of_two(self):
        self.licence.requirement = 'new'
        orders = self.env['sale.order'].union(*[
            self._create_order(partner=self.env['res.partner'].create({'name': f"New {n}"})) for n in range(20)])
        counts = []
        for some in (orders[:2], orders[:2], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._get_control_issues('submit')
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], counts)
