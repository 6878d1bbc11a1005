from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_credit_limit import CreditLimitCommon


@tagged('post_install', '-at_install')
class TestCreditJournal(CreditLimitCommon):
    """Whatever decides a limit, and on whatever path it changes: a fact with old, new, who, when and why."""

    def _entries(self, subject=None, account=None):
        entries = self.env['credit.limit.entry'].sudo().search(
            [('account_id', '=', (account or self.account).id)], order='id')
        return entries.filtered(lambda entry: entry.subject == subject) if subject else entries

    def test_a_change_on_the_account_is_kept_with_its_reason(self):
        grade = self._grade()
        self.account.with_user(self.controller).write({
            'grade_id': grade.id, 'limit_kind': 'amount', 'credit_limit': 700, 'change_reason': "Good references"})
        self.account.with_user(self.controller).limit_kind = 'zero'
        entries = self._entries()
        self.assertEqual(
            entries.mapped(lambda entry: (entry.subject, entry.before, entry.amount_after, entry.reason)),
            [('limit', "No Limit", 700, "Good references"), ('grade', "", 0, "Good references"),
             ('limit', "$\xa0700.00", 0, "Changed by hand, no reason given.")])
        self.assertEqual(entries.user_id, self.controller)
        self.assertEqual(set(entries.mapped('date')), {self.today})
        self.assertEqual(entries[-1].after, "Zero: Prepaid Only")

    def test_the_agreed_settlement_is_changed_by_controllers_only_and_kept_with_its_reason(self):
        self.account.with_user(self.controller).write({
            'settlement_mode': 'prepay', 'prepayment_percent': 30, 'change_reason': "First order"})
        self.account.with_user(self.controller).settlement_mode = False
        made = self.accounts.with_user(self.controller).create({
            'partner_id': self.sister.id, 'company_id': self.company.id, 'settlement_mode': 'monthly'})
        self.assertEqual(
            self._entries('settlement').mapped(lambda entry: (entry.before, entry.after, entry.reason)),
            [("", "Prepayment of 30 %", "First order"),
             ("Prepayment of 30 %", "", "Changed by hand, no reason given.")])
        self.assertEqual(self._entries('settlement', made).mapped('after'), ["Monthly Account"])
        robot, names = self.env.ref('base.user_root'), {'settlement_mode': 'credit', 'prepayment_percent': 1}
        for name, value in names.items():
            with self.subTest(name=name):
                with self.assertRaisesRegex(AccessError, "only a credit controller"):
                    self.account.with_user(robot).sudo().write({name: value})
                with self.assertRaisesRegex(AccessError, "only a credit controller"):
                    self.accounts.with_user(self.salesperson).sudo().create(
                        {'partner_id': self.brother.id, 'company_id': self.company.id, name: value})
                with self.assertRaisesRegex(AccessError, "only a credit controller"):
                    self.accounts.with_user(self.salesperson).sudo().with_context(**{f'default_{name}': value}).create(
                        {'partner_id': self.brother.id, 'company_id': self.company.id})
        self._switch(credit='warn')
        self.account.with_user(robot).sudo().settlement_mode = 'credit'
        self.assertEqual(self._entries('settlement')[-1].after, "Credit Period")

    def test_nothing_is_journalled_where_nothing_changed(self):
        self._limit(700)
        count = len(self._entries())
        self.account.with_user(self.controller).write({'limit_kind': 'amount', 'credit_limit': 700})
        self.account.with_user(self.controller).grade_id = False
        self.assertEqual(len(self._entries()), count)

    def test_a_change_on_the_customer_is_kept_also_without_an_account(self):
        fresh = self.env['res.partner'].create({'name': "Fresh"})
        controller = self.controller
        controller.sudo().group_ids += self.env.ref('base.group_partner_manager') + self.env.ref(
            'account.group_account_invoice')
        fresh.with_user(controller).credit_limit = 400
        account = self.accounts._for_partners(fresh, self.company)
        [entry] = self._entries(account=account)
        self.assertEqual((entry.before, entry.amount_after, entry.reason, entry.user_id),
                         ("No Limit", 400, "Changed on the customer.", controller))
        made = self.env['res.partner'].with_user(controller).create({'name': "Made", 'credit_limit': 90})
        self.assertEqual(self._entries(account=self.accounts._for_partners(made, self.company)).amount_after, 90)

    def test_a_grade_that_brings_a_limit_says_why_too(self):
        self.account.with_user(self.controller).write(
            {'grade_id': self._grade(limit_formula='fixed', limit_amount=50000).id, 'change_reason': "Review"})
        self.assertEqual(set(self._entries().mapped('reason')), {"Review"})
        self.assertEqual(self._entries('limit').amount_after, 50000)

    def test_temporary_limits_guarantees_and_groups_are_kept(self):
        temporary = self._temporary(300)
        temporary.action_end("Fair is over")
        self._guarantee(1000, 50).action_end()
        pool = self._pool(500)
        pool.limit = 800
        entries = self._entries()
        self.assertEqual(
            entries.mapped(lambda entry: (entry.subject, entry.amount_before, entry.amount_after)),
            [('temporary', 0, 300), ('temporary', 300, 0), ('guarantee', 0, 500), ('guarantee', 500, 0),
             ('group', 0, 0)])
        self.assertEqual(entries[:2].mapped('reason'), ["Trade fair", "Fair is over"])
        self.assertEqual(entries[0].temporary_id.with_user(self.controller), temporary)
        self.assertEqual(entries[-1].after, "Family")
        changes = self.env['credit.limit.entry'].search([('pool_id', '=', pool.id)], order='id')
        self.assertEqual(changes.mapped('amount_after'), [500, 800])

    def test_the_default_of_the_company_is_kept_and_frees_who_waits(self):
        self.env['ir.default'].set('res.partner', 'credit_limit', 100, company_id=self.company.id)
        fresh = self.env['res.partner'].create({'name': "Fresh"})
        order = self._create_order(2, partner=fresh)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self.env['ir.default'].set('res.partner', 'credit_limit', 300, company_id=self.company.id)
        self.assertEqual(order.credit_state, 'ok')
        entries = self.env['credit.limit.entry'].search(
            [('subject', '=', 'default'), ('company_id', '=', self.company.id)], order='id')
        self.assertEqual([(entry.amount_before, entry.amount_after) for entry in entries], [(0, 100), (100, 300)])
        self._switch(credit='off')
        self.env['ir.default'].set('res.partner', 'credit_limit', 50, company_id=self.company.id)
        self.assertEqual(len(entries.search([('subject', '=', 'default')])), 2)

    def test_while_off_odoos_own_limit_is_nobodys_business(self):
        self._switch(credit='off')
        accountant = self._new_user('soc_accountant', 'account.group_account_manager,base.group_partner_manager')
        self.customer.with_user(accountant).credit_limit = 5
        self.assertFalse(self._entries())

    # === ATTACKS ===#

    def test_nobody_and_no_job_writes_a_limit_silently_while_in_force(self):
        self._limit(700)
        root = self.env.ref('base.user_root')
        partners = self.env['res.partner']
        for user in (root, self.salesperson):
            for act in (
                lambda user: self.customer.with_user(user).sudo().write({'credit_limit': 99999}),
                lambda user: partners.with_user(user).sudo().create({'name': "N", 'credit_limit': 99999}),
                lambda user: partners.with_user(user).sudo().with_context(default_credit_limit=9).create({'name': "N"}),
                lambda user: self.account.with_user(user).sudo().write({'credit_limit': 99999}),
                lambda user: self.account.with_user(user).sudo().write({'limit_kind': 'none'}),
                lambda user: self.account.with_user(user).sudo().write({'grade_id': self._grade().id}),
                lambda user: self.account.with_user(user).sudo().write({'pool_id': False}),
                lambda user: self.accounts.with_user(user).sudo().create(
                    {'partner_id': self.sister.id, 'credit_limit': 9}),
            ):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    act(user)
            with self.cr.savepoint():
                result = partners.with_user(user).sudo().load(
                    ['.id', 'credit_limit'], [[str(self.customer.id), '99999']])
                self.assertFalse(result['ids'])
        self.env.invalidate_all()
        self.assertEqual((self.account.credit_limit, self.account.limit_kind), (700, 'amount'))

    def test_a_default_of_ones_own_gives_no_limit(self):
        maker = self._new_user('soc_maker', 'sales_team.group_sale_salesman,base.group_partner_manager')
        self.env['ir.default'].with_user(maker).sudo().set('res.partner', 'credit_limit', 5000, user_id=maker.id)
        with self.assertRaisesRegex(AccessError, "limit change request"):
            self.env['res.partner'].with_user(maker).create({'name': "Mine"})

    def test_the_journal_is_written_by_changes_only(self):
        self._limit(700)
        entry = self._entries()[:1]
        for act in (
            lambda: entry.write({'reason': "x"}),
            lambda: entry.unlink(),
            lambda: entry.with_user(self.controller).write({'reason': "x"}),
            lambda: entry.with_user(self.controller).create({'subject': 'limit'}),
            lambda: entry.with_user(self.env.ref('base.user_admin')).unlink(),
        ):
            with self.assertRaises(UserError):
                act()

    def test_a_negative_limit_is_refused_on_every_path(self):
        self.controller.sudo().group_ids += self.env.ref('base.group_partner_manager') + self.env.ref(
            'account.group_account_invoice')
        for record in (self.account, self.customer):
            with self.assertRaisesRegex(ValidationError, "cannot be negative"), self.cr.savepoint():
                record.with_user(self.controller).credit_limit = -1
