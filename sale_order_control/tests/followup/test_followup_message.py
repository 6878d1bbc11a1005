from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import format_date, mute_logger

from .common import FollowupCommon

JOB_LOG = 'odoo.addons.sale_order_control.models.order.control_job'


@tagged('post_install', '-at_install')
class TestFollowupMessage(FollowupCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paying = {
            step: cls.env.ref(f'sale_order_control.followup_payment_{step}')
            for step in ('ahead', 'first', 'second', 'last')
        }

    def _invoice(self, due, partner=None, amount=100.0, **values):
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': (partner or self.customer).id, 'invoice_date': self.today,
            **(values or {'invoice_payment_term_id': False, 'invoice_date_due': self._day(due)}),
            'invoice_user_id': self.salesperson.id,
            'invoice_line_ids': [(0, 0, {'product_id': self.product.id, 'price_unit': amount, 'tax_ids': []})],
        })
        invoice.action_post()
        return invoice

    def _invoice_in_parts(self, *parts):
        """Return an invoice of 100 in parts: pairs of percentage and days until they are due."""
        term = self.env['account.payment.term'].create({
            'name': "In parts", 'line_ids': [
                Command.create({'value': 'percent', 'value_amount': share, 'delay_type': 'days_after', 'nb_days': days})
                for share, days in parts]})
        invoice = self._invoice(False, invoice_payment_term_id=term.id)
        return invoice, invoice.line_ids.filtered(lambda line: line.display_type == 'payment_term').sorted(
            'date_maturity')

    def _pay(self, invoice, amount, day):
        """Let the bank's money for a part of an invoice arrive."""
        account = self.company.transfer_account_id
        with self._on_day(day):
            money = self.env['account.move'].create({'date': self._day(day), 'line_ids': [
                Command.create({'account_id': account.id, 'debit': amount}),
                Command.create({
                    'account_id': invoice.line_ids.filtered(lambda line: line.display_type == 'payment_term')[
                        0].account_id.id, 'partner_id': invoice.commercial_partner_id.id, 'credit': amount})]})
            money.action_post()
            (money.line_ids.filtered('credit') + invoice.line_ids.filtered(
                lambda line: line.display_type == 'payment_term' and not line.reconciled)).reconcile()
            self._end_transaction()

    def _rule(self, name, **values):
        rule = self.env.ref(f'sale_order_control.followup_message_{name}')
        rule.write({'active': True, **values})
        return rule

    def _words(self, day):
        return format_date(self.env, day)

    def _told(self, rules, invoice=None, **filters):
        domain = [('rule_id', 'in', [rule.id for rule in rules])]
        if invoice:
            items = invoice.line_ids.ids
            domain += ['|', '&', ('res_model', '=', 'account.move.line'), ('res_id', 'in', items),
                       '&', ('res_model', '=', 'account.move'), ('res_id', '=', invoice.id)]
        return self.env['sale.followup.message'].search(
            domain + [(name, '=', value) for name, value in filters.items()], order='id')

    # === STATE CHANGES ===#

    def test_an_event_is_told_once_in_the_customers_language_and_kept(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.customer.lang = 'fr_FR'
        rule = self._rule('cancelled', sms_text="{customer}: {order} is cancelled")
        rule.mail_template_id.with_context(lang='fr_FR').subject = "Commande {{ object.name }} annulée"
        rule.with_context(lang='fr_FR').sms_text = "{customer} : {order} est annulée"
        order = self._confirm_order()
        quotation = self._create_order()
        (order | quotation)._action_cancel()
        self._end_transaction()
        self.assertFalse(self._told(rule, order_id=quotation.id), "Nobody outside knows of a draft that is dropped.")
        mail, sms = self._told(rule, channel='mail'), self._told(rule, channel='sms')
        self.assertEqual(
            (mail.name, mail.contact, mail.partner_id, mail.order_id),
            (f"Commande {order.name} annulée", 'customer@example.com', self.customer, order))
        if rule.has_sms:
            self.assertEqual(sms.name, f"Controlled Customer : {order.name} est annulée")
        self.assertEqual(
            self.env['mail.mail'].search([('mail_message_id', '=', mail.mail_message_id.id)]).state, 'outgoing',
            "Queued, not sent by whoever cancels.")
        self.assertIn(mail.mail_message_id, order.message_ids, "The order shows it.")
        self.assertFalse(self._tasks(rule), "Nobody has anything to do.")
        self.env['sale.followup.rule']._hear('withdrawn', order)
        self._end_transaction()
        self.assertEqual(self._told(rule), mail | sms, "Heard twice, told once.")
        self.assertFalse(quotation.message_ids & self.env['mail.mail'].search([]).mail_message_id)
        # It is a fact.
        for user in (self.salesperson, self.env.user):
            with self.assertRaises(UserError):
                mail.with_user(user).write({'contact': 'x'})
            with self.assertRaises(UserError):
                mail.with_user(user).unlink()
            with self.assertRaises(UserError):
                self.env['sale.followup.message'].with_user(user).create({'rule_id': rule.id})
        facts = self.env['sale.followup.message']
        self.assertTrue(facts.with_user(self.salesperson).search([('id', '=', mail.id)]))
        self.assertFalse(facts.with_user(self.other_salesperson).search([('id', '=', mail.id)]))

    def test_a_date_is_told_once_and_moved_it_is_told_again(self):
        rule = self._rule('soon')
        order = self._confirm_order()
        self._promise(order.order_line, 10)
        self._tick(7)
        self.assertFalse(self._told(rule))
        self._tick(8)
        self._tick(8)
        self._tick(9)
        self.assertEqual(len(self._told(rule, order_id=order.id)), 1)
        with self._on_day(9):
            self._promise(order.order_line, 20, self.reason)
        self._tick(18)
        self.assertEqual(self._told(rule).mapped('anchor_date'), [self._day(10), self._day(20)])
        with self._on_day(18):
            self._promise(order.order_line, 30, self.reason)
        self._tick(31)
        self.assertEqual(len(self._told(rule)), 2, "What is over is not announced.")

    def test_who_has_no_address_is_somebodys_task_with_the_reason(self):
        rule = self._rule('validity')
        stranger = self.customer.copy({'name': "No Address", 'email': False})
        order = self._create_order(partner=stranger)
        order.validity_date = self._day(5)
        self._tick(2)
        self._tick(3)
        self.assertFalse(self._told(rule))
        task = self._tasks(rule)
        self.assertEqual((task.order_id, task.user_id), (order, self.salesperson))
        self.assertIn("there is no address", task.note)
        other = self._create_order(partner=stranger)
        other.validity_date = self._day(6)
        self._new_rule('validity', offset_days=rule.offset_days, sequence=1, domain=f"[('id', '=', {other.id})]")
        self._tick(3)
        self.assertEqual((self._tasks(rule), len(other.activity_ids)), (task, 1), "Asked the same day anyhow: once.")
        stranger.email = 'found@example.com'
        other.validity_date = False
        self._tick(4)
        self.assertFalse(self._told(rule), "Somebody is at it.")

    @mute_logger(JOB_LOG)
    def test_a_mail_that_cannot_be_written_is_said_on_the_rule_and_the_others_go_out(self):
        rule = self._rule('validity')
        orders = self._create_order() | self._create_order(partner=self.customer.copy({'email': 'b@example.com'}))
        orders.validity_date = self._day(5)
        rule.mail_template_id.body_html = (
            f'<div><t t-if="object.id == {orders[0].id}" t-out="1 / 0"/></div>')
        self._tick(2)
        self.assertEqual(self._told(rule).order_id, orders[1])
        self.assertIn(f"could not be written for {orders[0].name}", rule.problems)
        self.assertEqual(self._tasks(rule).order_id, orders[0], "Somebody tells the customer meanwhile.")

    @mute_logger(JOB_LOG, 'odoo.sql_db')
    def test_a_mail_that_the_database_refuses_is_isolated_reported_and_becomes_a_task(self):
        rule = self._rule('validity', sms_text="{order}")
        orders = self._create_order() | self._create_order(partner=self.customer.copy({'email': 'b@example.com'}))
        orders.validity_date = self._day(5)
        send = type(rule.mail_template_id).send_mail_batch

        def refuse(template, ids, **options):
            if orders[0].id in ids:
                self.env.cr.execute("SELECT 1 / 0")
            return send(template, ids, **options)

        def refuse_sms(document, text, **options):
            self.env.cr.execute("SELECT 1 / 0")
        with patch.object(type(rule.mail_template_id), 'send_mail_batch', refuse), patch.object(
                type(orders), '_message_sms', refuse_sms, create=True), patch.object(
                type(rule), '_can_sms', lambda rule, partner: partner == orders[1].partner_id):
            self._tick(2)
        self.assertEqual(self._told(rule).order_id, orders[1], "The other one is told, by mail.")
        self.assertEqual(self._told(rule).mapped('channel'), ['mail'])
        self.assertIn(f"could not be written for {orders[0].name}", rule.problems)
        self.assertIn(f"The text message could not be written for {orders[1].name}", rule.problems)
        self.assertEqual(self._tasks(rule).order_id, orders[0], "Nothing is lost: somebody tells the customer.")
        self.assertIn("could not be told", self._tasks(rule).note)

    def test_placeholders_that_do_not_exist_are_found_when_mail_or_rule_is_saved(self):
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.env.ref('sale_order_control.mail_template_followup_validity').copy()
        values = {'deed': 'message', 'mail_template_id': template.id}
        rule = self._new_rule('validity', **values)
        self.assertFalse(rule.problems)
        # Nothing in the database is needed to find it out, and no customer has to be the first.
        for field, source, words in (
            ('body_html', '<div t-if="object.gone_field">x</div>', "{object.gone_field} does not exist"),
            ('body_html', '<p><t t-foreach="object.order_line" t-as="line" t-out="line.product_id.nam"/></p>',
             "{line.product_id.nam} does not exist"),
            ('subject', "{{ object.partner_id.nme }}", "{object.partner_id.nme} does not exist"),
            ('subject', "{{ object.( }}", "cannot be read"),
        ):
            with patch.object(type(template), '_check_can_be_rendered'):
                good = template[field]
                template.with_context(lang='fr_FR').write({field: source})
                self.assertIn(words, rule.problems)
                with self.assertRaises(ValidationError, msg=words):
                    self._new_rule('validity', **values)
                template.with_context(lang='fr_FR').write({field: good})
            self.assertFalse(rule.problems, "Mended, nothing is wrong any more.")
        template.write({'use_default_to': False, 'partner_to': False})
        self.assertIn("names no recipient", rule.problems)

    def test_bad_rules_are_refused_with_a_sentence(self):
        mail = self.env.ref('sale_order_control.mail_template_followup_cancelled')
        for values, words in (
            ({'moment': 'cancelled'}, "says nothing"),
            ({'moment': 'invoice_due', 'mail_template_id': mail.id}, "other documents"),
            ({'moment': 'cancelled', 'mail_template_id': mail.id, 'offset_days': 2}, "not days later"),
            ({'moment': 'released', 'mail_template_id': mail.id}, "Announce Shipments by Mail"),
            ({'moment': 'promised', 'mail_template_id': mail.id}, "told twice"),
            ({'moment': 'cancelled', 'sms_text': "Hello {nobody}"}, "{nobody} is no placeholder"),
        ):
            with self.assertRaisesRegex(ValidationError, words):
                self._new_rule(deed='message', **values)
        self._new_rule('released', deed='message', sms_text="{order} is on its way")

    def test_nothing_is_told_while_follow_up_is_off(self):
        rule = self._rule('cancelled')
        self.company.control_followup = False
        self._confirm_order()._action_cancel()
        self._end_transaction()
        self.assertFalse(self._told(rule))

    # === PAYMENTS ===#

    def test_payments_are_reminded_of_in_a_rising_tone_with_all_that_is_open(self):
        for rule in self.paying.values():
            rule.active = True
        invoice = self._invoice(10)
        early = self._invoice(12, amount=40.0)
        rules = list(self.paying.values())
        for day in range(27):
            self._tick(day)
            self._tick(day)
        sent = self._told(rules, invoice=invoice)
        self.assertEqual(
            [(fact.rule_id, fact.sent_day) for fact in sent],
            [(self.paying['ahead'], self._day(5)), (self.paying['first'], self._day(11)),
             (self.paying['second'], self._day(17)), (self.paying['last'], self._day(25))])
        body = sent[0].body
        for word in (invoice.name, early.name, "140.00"):
            self.assertIn(word, body)
        self.assertEqual(len(self._told(rules, invoice=early)), 3, "Its last step is not due yet.")

    def test_one_mail_a_day_tells_a_customer_of_all_and_the_sharper_tone_wins(self):
        for rule in self.paying.values():
            rule.active = True
        late, soon, other = self._invoice(2), self._invoice(8), self._invoice(8)
        unreached = self.customer.copy({'name': "Unreached", 'email': False})
        alone = self._invoice(2, partner=unreached)
        self._tick(3)
        facts = self._told(self.paying.values(), partner_id=self.customer.id)
        self.assertEqual(facts.filtered(lambda fact: not fact.covered_id).document_name, late.name)
        covered = facts.filtered('covered_id')
        self.assertEqual(set(covered.mapped('document_name')), {soon.name, other.name})
        self.assertEqual(covered.mapped('covered_id.rule_id'), self.paying['first'])
        self.assertIn(alone.name, self._tasks(self.paying['first']).mapped('document_name'))
        unreached.email = 'unreached@example.com'
        self._tick(9)
        self.assertEqual(
            self._told(self.paying.values(), invoice=alone).rule_id, self.paying['second'],
            "The first step was somebody's task; the ladder goes on from there.")

    def test_each_instalment_is_reminded_of_for_itself_until_it_is_paid(self):
        for step in ('first', 'second', 'last'):
            self.paying[step].active = True
        call = self._new_rule('invoice_due', offset_days=7, summary="{document}: {amount} on {date}",
                              domain=f"[('partner_id', '=', {self.customer.id})]")
        invoice, parts = self._invoice_in_parts((30, 10), (30, 12), (40, 40))
        self.assertEqual(parts.mapped('date_maturity'), [self._day(10), self._day(12), self._day(40)])
        for day in (9, 10, 11, 13):
            self._tick(day)
        rules = list(self.paying.values())
        told = self._told(rules, invoice)
        self.assertEqual(
            [(fact.res_id, fact.sent_day, bool(fact.covered_id)) for fact in told],
            [(parts[0].id, self._day(11), False), (parts[1].id, self._day(13), False)])
        self.assertIn(self._words(self._day(10)), told[0].name, "Of the day on which this part was due.")
        self.assertIn(self._words(self._day(12)), told[1].name)
        self.assertEqual(told[0].document_name, f"{invoice.name} (instalment 1 of 3)")
        self.assertEqual(told[0].action_view_document()['res_model'], 'account.move')
        self._tick(17)
        [asked] = self._tasks(call)
        self.assertEqual((asked.res_id, asked.activity_id.res_model), (parts[0].id, 'account.move'))
        self.assertEqual(asked.name, f"{invoice.name} (instalment 1 of 3): $\N{NO-BREAK SPACE}30.00 on "
                                     f"{self._words(self._day(10))}")
        self._pay(invoice, 30.0, 18)
        self.assertEqual(asked.state, 'closed', "Its part is paid, whatever else is open of the invoice.")
        for day in range(19, 29):
            self._tick(day)
        self.assertEqual(
            [(fact.res_id, fact.rule_id, fact.sent_day) for fact in self._told(rules, invoice)[2:]], [
                (parts[0].id, self.paying['second'], self._day(17)),
                (parts[1].id, self.paying['second'], self._day(19)),
                (parts[1].id, self.paying['last'], self._day(27))])
        self.assertEqual(self._tasks(call).res_id, parts[1].id)
        self._pay(invoice, 30.0, 28)
        for day in (28, 40, 41):
            self._tick(day)
        last = self._told(rules, invoice)[-1]
        self.assertEqual((last.res_id, last.rule_id), (parts[2].id, self.paying['first']))

    def test_what_a_payment_covers_that_waits_for_the_bank_is_not_asked_for(self):
        rule = self._new_rule('invoice_due', offset_days=1, domain=f"[('partner_id', '=', {self.customer.id})]")
        invoice, parts = self._invoice_in_parts((50, 5), (50, 6))
        self._tick(6)
        [task] = self._tasks(rule)
        payment = self.env['account.payment'].create({
            'partner_id': self.customer.id, 'amount': 60.0, 'date': self._day(6),
            'invoice_ids': [Command.set(invoice.ids)]})
        payment.outstanding_account_id = False
        payment.action_post()
        self.assertFalse(payment.move_id)
        self._tick(6)
        self.assertEqual((task.state, task.outcome), ('cancelled', "A payment of it is on its way."))
        self._tick(7)
        self.assertEqual(self._tasks(rule).res_id, parts[1].id, "What is left does not cover the second part.")
        rows, totals = invoice._get_open_items()
        self.assertEqual((len(rows), len(totals)), (1, 1))
        payment.action_cancel()
        self._tick(8)
        self.assertEqual(set(self._tasks(rule).mapped('res_id')), set(parts.ids), "It did not arrive.")

    def test_nobody_is_given_a_task_about_what_is_disputed(self):
        rule = self._new_rule('invoice_due', offset_days=1, domain=f"[('partner_id', '=', {self.customer.id})]")
        disputed, owed = self._invoice(1), self._invoice(1)
        disputed.with_user(self.controller).action_credit_dispute("Wrong price")
        self._tick(2)
        self.assertEqual(self._tasks(rule).document_name, owed.name)
        task = self._tasks(rule)
        owed.with_user(self.controller).action_credit_dispute("Never ordered")
        self._tick(3)
        self.assertEqual((task.state, task.outcome), ('cancelled', f"The customer disputes {owed.name}."))
        with self._on_day(4):
            self.env['credit.dispute'].search([('move_id', '=', owed.id)]).with_user(
                self.controller).action_close("Agreed")
        self._tick(4)
        self.assertEqual(self._tasks(rule).document_name, owed.name, "Settled, it is asked for again.")

    def test_disputes_and_promises_of_payment_are_respected_and_steps_keep_their_distance(self):
        for step in ('first', 'second', 'last'):
            self.paying[step].active = True
        rules = list(self.paying.values())
        disputed = self._invoice(1)
        disputed.with_user(self.controller).action_credit_dispute("Wrong price")
        for day in (2, 8, 16):
            self._tick(day)
        self.assertFalse(self._told(rules, partner_id=self.customer.id))
        self.assertFalse(self._tasks(self.paying['first']).filtered(lambda task: task.partner_id == self.customer))
        with self._on_day(17):
            self.env['credit.dispute'].search([('move_id', '=', disputed.id)]).with_user(
                self.controller).action_close("Agreed")
        for day in range(17, 33):
            self._tick(day)
        self.assertEqual(
            [(fact.rule_id, fact.sent_day) for fact in self._told(rules, invoice=disputed)],
            [(self.paying['first'], self._day(17)), (self.paying['second'], self._day(23)),
             (self.paying['last'], self._day(31))], "Softly first, then as far apart as ever.")
        promising = self.customer.copy({'name': "Promising", 'email': 'p@example.com'})
        invoice = self._invoice(33, partner=promising)
        account = self.env['credit.account']._for_partners(promising, self.company)
        account.sudo().payment_promise_date = self._day(38)
        self._tick(35)
        self.assertFalse(self._told(rules, invoice=invoice))
        self._tick(39)
        self.assertEqual(self._told(rules, invoice=invoice).rule_id, self.paying['first'])

    def test_a_paid_invoice_is_reminded_of_no_more_and_its_payment_thanked_for(self):
        thanks = self._rule('paid')
        for rule in self.paying.values():
            rule.active = True
        invoice = self._invoice(10)
        self._tick(5)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({}).action_create_payments()
        self._end_transaction()
        self._tick(11)
        self.assertEqual(self._told(self.paying.values(), invoice=invoice).rule_id, self.paying['ahead'])
        if invoice.payment_state == 'paid':
            self.assertEqual(self._told(thanks).res_id, invoice.id)

    def test_a_job_that_is_killed_sends_neither_nothing_nor_twice(self):
        rule = self._rule('validity')
        orders = self.env['sale.order']
        for _number in range(4):
            orders |= self._create_order()
        orders.validity_date = self._day(5)
        commits = []

        def commit(*_args, **_kwargs):
            commits.append(1)
            return 0.0 if len(commits) == 1 else 60.0

        with self._on_day(2), patch.object(type(self.env['ir.cron']), '_commit_progress', side_effect=commit):
            self.env['sale.followup.rule']._cron_tick(limit=2)
            self.assertEqual(len(self._told(rule)), 2, "Time was up after the first chunk.")
            self.env['sale.followup.rule']._cron_tick(limit=2)
            self.env['sale.followup.rule']._cron_tick(limit=2)
        self.assertEqual(len(self._told(rule)), 4)
        self.assertEqual(self.env['mail.mail'].search_count([
            ('model', '=', 'sale.order'), ('res_id', 'in', orders.ids)]), 4)
