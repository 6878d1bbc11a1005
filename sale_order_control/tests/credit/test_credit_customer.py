from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_credit_limit import CreditLimitCommon


@tagged('post_install', '-at_install')
class TestCreditCustomer(CreditLimitCommon):
    """Customers are merged, moved, archived and deleted: what was decided on them stays with who owes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maker = cls._new_user('soc_maker', 'sales_team.group_sale_salesman,base.group_partner_manager')
        cls.sister.email = cls.customer.email
        cls.contact = cls.env['res.partner'].create({'name': "Contact", 'parent_id': cls.customer.id})

    def _account(self, partner):
        return self.accounts.sudo().with_context(active_test=False).search([('partner_id', '=', partner.id)])

    # === A CONTACT BECOMES A CUSTOMER ===#

    def test_a_contact_on_its_own_takes_grade_and_hold_along_but_no_limit(self):
        self._limit(1000, self._grade('block'))
        self.account.with_user(self.controller).action_hold("Insolvency announced")
        self.contact.with_user(self.maker).parent_id = False
        own = self._account(self.contact)
        self.assertEqual(own.grade_id, self.account.grade_id)
        self.assertEqual((own.limit_kind, self._effective(account=own).kind), ('zero', 'zero'))
        self.assertEqual((own.is_held, own.hold_reason), (True, "Insolvency announced"))
        order = self._create_order(1, partner=self.contact)
        self.assertEqual(self._codes(order), ['credit.hold', 'credit.limit'])
        self.assertEqual(self.account.credit_limit, 1000)
        self.assertIn('customer', own.entry_ids.mapped('subject'))
        self.assertIn("Contact became a customer of its own", own.entry_ids[:1].reason)

    def test_a_contact_that_becomes_a_company_is_the_same(self):
        self._limit(1000)
        self.contact.with_user(self.maker).is_company = True
        self.assertEqual(self._account(self.contact).limit_kind, 'zero')

    def test_a_contact_of_an_unlimited_customer_stays_unlimited(self):
        self._limit(None, self._grade())
        self.contact.with_user(self.maker).parent_id = False
        self.assertEqual(self._account(self.contact).limit_kind, 'none')

    def test_moving_a_contact_of_a_customer_without_account_does_nothing(self):
        stranger = self.env['res.partner'].create({'name': "Stranger", 'parent_id': self.sister.id})
        stranger.with_user(self.maker).parent_id = self.brother
        stranger.with_user(self.maker).parent_id = False
        self.assertFalse(self._account(stranger))

    # === A CUSTOMER BECOMES A CONTACT ===#

    def test_a_customer_that_joins_another_brings_its_hold_and_history(self):
        self._limit(1000)
        theirs = self._limit(50, self._grade('block'), partner=self.sister).sudo()
        theirs.with_user(self.controller).action_hold("They vanished")
        order = self._create_order(1, partner=self.sister)
        order.action_submit()
        self.sister.is_company = False
        self.sister.with_user(self.maker).parent_id = self.customer
        self.assertFalse(theirs.exists())
        self.assertEqual((self.account.is_held, self.account.credit_limit), (True, 1000))
        self.assertFalse(self.account.grade_id)
        self.assertIn('hold', self.account.decision_ids.mapped('result'))
        self.assertEqual(order.sudo().credit_account_id, self.account)
        entry = self.account.entry_ids.filtered(lambda entry: entry.subject == 'customer')
        self.assertIn("Sister: grade T, limit $\xa050.00", entry.before)

    def test_a_limited_customer_does_not_hide_behind_a_new_one(self):
        theirs = self._limit(50, self._grade('block'), partner=self.sister).sudo()
        front = self.env['res.partner'].create({'name': "Front", 'is_company': True})
        self.sister.is_company = False
        self.sister.with_user(self.maker).parent_id = front
        self.assertEqual(theirs.partner_id, front)
        self.assertEqual((theirs.limit_kind, theirs.credit_limit, theirs.grade_id.code), ('amount', 50, 'T'))
        self.assertEqual(self._codes(self._create_order(1, partner=front)), ['credit.limit'])

    # === MERGE ===#

    def _merge(self, gone, kept):
        wizard = self.env['base.partner.merge.automatic.wizard'].with_user(self.maker)
        wizard._merge((gone + kept).ids, kept.with_user(self.maker))
        self.env.invalidate_all()
        self.assertFalse(gone.exists())

    def test_the_lower_limit_and_the_stricter_grade_survive_a_merge(self):
        strict, mild = self._grade('block', code='S'), self._grade('warn', code='M')
        for gone, kept, limit in (
            ((50, strict), (900, mild), ('amount', 50)),
            ((900, mild), (50, strict), ('amount', 50)),
            ((0, strict), (900, mild), ('zero', 0)),
            ((900, mild), (0, strict), ('zero', 0)),
            ((None, mild), (900, strict), ('amount', 900)),
            ((900, strict), (None, mild), ('amount', 900)),
        ):
            with self.subTest(gone=gone[0], kept=kept[0]), self.cr.savepoint() as savepoint:
                self._limit(*gone, partner=self.sister)
                self._limit(*kept)
                self._merge(self.sister, self.customer)
                self.assertEqual((self.account.limit_kind, self.account.credit_limit), limit)
                self.assertEqual(self.account.grade_id, strict)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_an_ungraded_customer_is_stricter_than_a_mild_one(self):
        self._limit(None, self._grade('warn'))
        self._limit(None, partner=self.sister)
        self._merge(self.sister, self.customer)
        self.assertFalse(self.account.grade_id)

    def test_a_merge_is_journalled_with_what_each_had(self):
        self._limit(900)
        self._limit(50, partner=self.sister)
        self._merge(self.sister, self.customer)
        entry = self.account.entry_ids[:1]
        self.assertEqual((entry.amount_before, entry.amount_after), (900, 50))
        for words in ("Sister: grade –, limit $\xa050.00", "Controlled Customer: grade –, limit $\xa0900.00"):
            self.assertIn(words, entry.reason)
        # both histories: set to 900, set to 50, merged
        self.assertEqual(sorted(self.account.entry_ids.mapped('amount_after')), [50, 50, 900])

    def test_a_limit_without_an_account_counts_in_a_merge(self):
        self._limit(900)
        self._switch(credit='off')
        self.sister.sudo().credit_limit = 30
        self._switch(credit='enforce')
        self._merge(self.sister, self.customer)
        self.assertEqual(self.account.credit_limit, 30)

    def test_temporary_limits_end_guarantees_and_groups_stay(self):
        sister = self._limit(100, partner=self.sister)
        self._limit(100)
        self._temporary(5000, account=sister)
        mine = self._temporary(300)
        self._guarantee(80, account_id=sister.id)
        pool = self.env['credit.pool'].with_user(self.controller).create(
            {'name': "P", 'limit': 7, 'account_ids': [Command.set(sister.ids)]})
        self._merge(self.sister, self.customer)
        self.assertEqual(self.account.temporary_ids.filtered(lambda limit: limit.state == 'active'), mine.sudo())
        self.assertEqual((self._effective().own, self.account.pool_id), (380, pool))

    # === ARCHIVE AND DELETE ===#

    def test_archived_customers_and_accounts_are_still_judged(self):
        self._limit(50)
        order = self._create_order(1)
        self.account.with_user(self.controller).active = False
        self.customer.active = False
        self.assertEqual(self._codes(order), ['credit.limit'])
        self.assertEqual(self.accounts._for_partners(self.customer, self.company), self.account)

    def test_customers_with_a_history_are_not_deleted_others_are(self):
        fresh = self.env['res.partner'].create({'name': "Fresh"})
        account = self.accounts._for_partners(fresh, self.company)
        limited = self._limit(50, partner=self.sister)
        with self.assertRaisesRegex(UserError, "Sister.*Archive them"), self.cr.savepoint():
            self.sister.unlink()
        with self.assertRaisesRegex(UserError, "credit history"), self.cr.savepoint():
            limited.sudo().unlink()
        fresh.with_user(self.maker).unlink()
        self.assertFalse(account.exists())
