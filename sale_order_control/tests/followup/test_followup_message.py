from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

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

    def _invoice(self, due, partner=None, amount=100.0):
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': (partner or self.customer).id, 'invoice_date': self.today,
            'invoice_payment_term_id': False, 'invoice_date_due': self._day(due),
            'invoice_user_id': self.salesperson.id,
            'invoice_line_ids': [(0, 0, {'product_id': self.product.id, 'price_unit': amount, 'tax_ids': []})],
        })
        invoice.action_post()
        return invoice

    def _rule(self, name, **values):
        rule = self.env.ref(f'sale_order_control.followup_message_{name}')
        rule.write({'active': True, **values})
        return rule

    def _told(self, rules, **filters):
        domain = [('rule_id', 'in', [rule.id for rule in rules])]
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
        stranger.email = 'found@example.com'
        self._tick(4)
        self.assertFalse(self._told(rule), "Somebody is at it.")

    @mute_logger(JOB_LOG)
    def test_a_mail_that_cannot_be_written_is_said_on_the_rule_and_the_others_go_out(self):
        rule = self._rule('validity')
        orders = self._create_order() | self._create_order(partner=self.customer.copy({'email': 'b@example.com'}))
        orders.validity_date = self._day(5)
        # A placeholder that exists for one of them only, as an archived field or a typing error would.
        rule.mail_template_id.body_html = (
            f'<div><t t-if="object.id == {orders[0].id}" t-out="object.no_such_field"/></div>')
        self._tick(2)
        self.assertEqual(self._told(rule).order_id, orders[1])
        self.assertIn(f"could not be written for {orders[0].name}", rule.problems)
        self.assertEqual(self._tasks(rule).order_id, orders[0], "Somebody tells the customer meanwhile.")

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
        sent = self._told(rules, res_id=invoice.id)
        self.assertEqual(
            [(fact.rule_id, fact.sent_day) for fact in sent],
            [(self.paying['ahead'], self._day(5)), (self.paying['first'], self._day(11)),
             (self.paying['second'], self._day(17)), (self.paying['last'], self._day(25))])
        body = sent[0].body
        for word in (invoice.name, early.name, "140.00"):
            self.assertIn(word, body)
        self.assertEqual(len(self._told(rules, res_id=early.id)), 3, "Its last step is not due yet.")

    def test_one_mail_a_day_tells_a_customer_of_all_and_the_sharper_tone_wins(self):
        for rule in self.paying.values():
            rule.active = True
        late, soon, other = self._invoice(2), self._invoice(8), self._invoice(8)
        unreached = self.customer.copy({'name': "Unreached", 'email': False})
        alone = self._invoice(2, partner=unreached)
        self._tick(3)
        facts = self._told(self.paying.values(), partner_id=self.customer.id)
        self.assertEqual(facts.filtered(lambda fact: not fact.covered_id).res_id, late.id)
        covered = facts.filtered('covered_id')
        self.assertEqual(set(covered.mapped('res_id')), {soon.id, other.id})
        self.assertEqual(covered.mapped('covered_id.rule_id'), self.paying['first'])
        self.assertIn(alone.id, self._tasks(self.paying['first']).mapped('res_id'))
        unreached.email = 'unreached@example.com'
        self._tick(9)
        self.assertEqual(
            self._told(self.paying.values(), res_id=alone.id).rule_id, self.paying['second'],
            "The first step was somebody's task; the ladder goes on from there.")

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
            [(fact.rule_id, fact.sent_day) for fact in self._told(rules, res_id=disputed.id)],
            [(self.paying['first'], self._day(17)), (self.paying['second'], self._day(23)),
             (self.paying['last'], self._day(31))], "Softly first, then as far apart as ever.")
        promising = self.customer.copy({'name': "Promising", 'email': 'p@example.com'})
        invoice = self._invoice(33, partner=promising)
        account = self.env['credit.account']._for_partners(promising, self.company)
        account.sudo().payment_promise_date = self._day(38)
        self._tick(35)
        self.assertFalse(self._told(rules, res_id=invoice.id))
        self._tick(39)
        self.assertEqual(self._told(rules, res_id=invoice.id).rule_id, self.paying['first'])

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
        self.assertEqual(self._told(self.paying.values(), res_id=invoice.id).rule_id, self.paying['ahead'])
        if invoice.payment_state == 'paid':
            self.assertEqual(self._told(thanks).res_id, invoice.id)

    def test_a_job_that_is_killed_sends_neither_nothing_nor_twice(self):
        rule = self._rule('validity')
        orders = self.env['sale.order']
        for _number in range(4):
            orders |= self._create_order()
        orders.validity_date = self._day(5)
        mails = self.env['mail.mail'].search_count([])
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
        self.assertEqual(self.env['mail.mail'].search_count([]), mails + 4)
