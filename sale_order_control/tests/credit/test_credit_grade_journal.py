from odoo import Command
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditGradeJournal(CreditCommon):
    """Who changed the rules of a grade, when, from what to what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._new_user('soc_control_manager', 'sale_order_control.group_manager')
        cls.grade = cls._grade(company_id=cls.company.id)

    def _rows(self, grade=None):
        return self.env['credit.limit.entry'].sudo().search([('grade_id', '=', (grade or self.grade).id)])

    def test_changed_rules_are_kept_with_old_and_new(self):
        term = self.env.ref('account.account_payment_term_30days')
        self.grade.with_user(self.manager).write({
            'release_effect': 'warn', 'overdue_amount': 250, 'submit_effect': 'approve', 'limit_formula': 'fixed',
            'limit_amount': 5000, 'payment_term_ids': [Command.set(term.ids)]})
        [row] = self._rows()
        self.assertEqual((row.subject, row.user_id, row.company_id), ('rules', self.manager, self.company))
        self.assertEqual(row.topic, "Rules of a Grade: Test Grade")
        self.assertEqual(row.date, self.env['sale.order']._get_control_today())
        for words in ("On Delivery: Needs Approval", "0.00", "Limit Formula: No Limit", "Allowed Payment Terms: none"):
            self.assertIn(words, row.before)
        for words in ("On Delivery: Warn", "250.00", "5,000.00", f"Allowed Payment Terms: {term.display_name}"):
            self.assertIn(words, row.after)
        self.assertNotIn("On Submission", row.before + row.after, "it is what it was")

    def test_writing_the_same_again_and_other_fields_is_no_change(self):
        self.grade.write({'release_effect': self.grade.release_effect, 'color': 3})
        self.assertFalse(self._rows())

    def test_a_shared_grade_is_journalled_in_every_main_company(self):
        other = self.env['res.company'].create({'name': "Other Company"})
        self.env['res.company'].create({'name': "Branch", 'parent_id': other.id})
        shared = self._grade(code='S')
        shared.with_user(self.manager).active = False
        rows = self._rows(shared)
        self.assertEqual(
            rows.company_id, self.env['res.company'].sudo().search([('parent_id', '=', False)]))
        self.assertIn(other, rows.company_id)
        self.assertEqual(len(self.env['credit.limit.entry'].with_user(self.controller).search(
            [('grade_id', '=', shared.id)])), 1)
