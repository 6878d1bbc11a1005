from functools import partial

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintFlow(ComplaintCommon):
    """A complaint goes its way from receipt to closing, and says what it lacks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._delivered_order()

    def test_a_complaint_that_an_explanation_settles_is_closed_after_two_steps(self):
        complaint = self._complain(self.order)
        self.assertRegex(complaint.name, r"CP/\d+")
        self.assertEqual(
            (complaint.state, complaint.team_id, complaint.user_id, complaint.complaint_type, complaint.severity),
            ('received', self.quality_team, self.handler, 'quality', 'major'))
        self.assertEqual(complaint.subject, "Two of ten arrived scratched")
        complaint.action_acknowledge()
        with self.assertRaisesRegex(UserError, "Choose the cause.*\n*.*Write what the customer is told"):
            complaint.action_close()
        complaint.write({
            'cause_id': self.cause.id, 'answer': "We are sorry: the varnish was too thin.", **self.judged})
        complaint.action_close()
        self.assertEqual(
            (complaint.state, complaint.is_open, bool(complaint.closed_on)), ('closed', False, True))
        self.assertEqual(
            complaint.history_ids.filtered(lambda row: row.event == 'state').sorted('id').mapped('to_state'),
            ['received', 'acknowledged', 'closed'])
        self.assertEqual(set(complaint.history_ids.user_id), {self.handler})

    def test_each_type_has_its_owner(self):
        teams = {}
        for kind in ('quality', 'delivery', 'service', 'information'):
            team = self.env.ref(f'sale_order_control.complaint_team_{kind}')
            teams[kind] = team
            self.assertEqual(self._complain(category_id=False, complaint_type=kind).team_id, team)
        self.assertEqual(
            self._complain(category_id=False).team_id, self.env.ref('sale_order_control.complaint_team_intake'))
        # A category may have an owner of its own; of the members, the one with the fewest open ones gets it.
        self.defective.team_id = teams['service']
        idle = self._new_user('soc_idle', 'sale_order_control.group_complaint_handler')
        teams['service'].member_ids = self.handler | idle
        self.assertEqual(self._complain().user_id, idle)
        # Nobody is in charge: whoever acknowledges it is.
        teams['service'].member_ids = False
        orphan = self._complain()
        self.assertFalse(orphan.user_id)
        orphan.action_acknowledge()
        self.assertEqual(orphan.user_id, self.handler)

    def test_a_step_that_does_not_follow_is_refused(self):
        complaint = self._complain(self.order)
        for step in (complaint.action_propose, complaint.action_execute, complaint.action_verify):
            with self.assertRaisesRegex(UserError, "does not come to"):
                step()
        with self.assertRaisesRegex(UserError, "Say why"):
            complaint.action_reject(" ")
        complaint.action_reject("Worn out by use, not a fault")
        self.assertEqual(complaint.history_ids.sorted('id')[-1].note, "Worn out by use, not a fault")
        self.assertEqual(complaint.answer, "Worn out by use, not a fault", "the customer is told")
        with self.assertRaisesRegex(UserError, "does not come to"):
            complaint.action_acknowledge()
        complaint.action_reopen("The customer sent photos")
        self.assertEqual((complaint.state, complaint.reopened_count, complaint.closed_on), ('investigating', 1, False))
        with self.assertRaisesRegex(UserError, "Not closed"):
            complaint.action_reopen("Again")

    def _get_missing(self, complaint, state):
        return "\n".join(complaint._get_missing_for(state))

    def _assert_supplied(self, complaint, sentence, state, values):
        self.assertIn(sentence, self._get_missing(complaint, state))
        complaint.write(values)
        self.assertNotIn(sentence, self._get_missing(complaint, state))

    def _propose_compensation(self, complaint):
        return self.env['sale.complaint.remedy'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'ask_customer': True, 'amount': 5.0,
            'type_id': self.env.ref('sale_order_control.remedy_type_compensation').id})

    def test_each_step_says_what_is_missing_for_it(self):
        complaint = self._complain(self.order, partner_id=False, category_id=False, severity='minor', order_id=False,
                                   line_ids=[], description=False, subject=False)
        missing = partial(self._get_missing, complaint)
        gone = partial(self._assert_supplied, complaint)
        gone("Choose the customer", 'acknowledged', {'partner_id': self.customer.id})
        gone("Say what the customer complains about", 'acknowledged', {'description': "Scratched"})
        complaint.user_id = False
        gone("Say who is in charge", 'acknowledged', {'user_id': self.handler.id})
        gone("Choose the type or the category", 'investigating', {'category_id': self.defective.id})
        self.assertFalse(missing('acknowledged') or missing('investigating'))
        complaint.action_acknowledge()
        complaint.action_investigate()
        gone("Say who answers for it", 'proposed', {'responsible_party': 'carrier'})
        self.assertIn("Propose a remedy", missing('proposed'))
        with self.assertRaisesRegex(UserError, "cannot become “Remedy Proposed” yet.*\n.*Propose a remedy"):
            complaint.action_propose()
        remedy = self._propose_compensation(complaint)
        self.assertFalse(missing('proposed'))
        complaint.action_propose()
        self.assertIn("waits for the customer", missing('approved'))
        with self.assertRaisesRegex(UserError, "does not come to"):
            complaint.action_execute()
        remedy.action_agreed()
        self.assertEqual((complaint.state, missing('executing')), ('approved', ''))
        self.assertIn("is not carried out", missing('verified'))
        complaint.action_execute()
        gone("Choose the cause", 'verified', {'cause_id': self.cause.id})
        gone("Say whether the complaint is justified", 'verified', {'justified': 'no'})
        gone("Say why it is not justified", 'verified', {'justified_reason': "Used outdoors"})
        complaint.action_verify()
        gone("Name the carrier or supplier", 'closed', {'responsible_partner_id': self.customer.id})
        complaint.justified = 'partly'
        action = self.env['sale.complaint.action'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'name': "Pad the corners"})
        self.assertIn("actions are still open: Pad the corners", missing('closed'))
        action.action_done()
        gone("Write what the customer is told", 'closed', {'answer': "The carrier pays."})
        self.assertFalse(missing('closed'))
        complaint.action_close()
        self.assertEqual(
            complaint.history_ids.filtered(lambda row: row.event == 'state').sorted('id').mapped('to_state'),
            ['received', 'acknowledged', 'investigating', 'proposed', 'approved', 'executing', 'verified', 'closed'])

    def test_goods_and_order_must_be_the_customers(self):
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        with self.assertRaisesRegex(ValidationError, "is one of Controlled Customer, not of Stranger"):
            self._complain(self.order, partner_id=stranger.id)
        bill = self.env['account.move'].create({'move_type': 'out_invoice', 'partner_id': stranger.id})
        with self.assertRaisesRegex(ValidationError, "is one of Stranger, not of"):
            self._complain(self.order).sudo().invoice_id = bill
        with self.assertRaisesRegex(ValidationError, "only 10 were delivered"):
            self._complain(self.order, quantity=11)
        other = self._delivered_order(1.0)
        with self.assertRaisesRegex(ValidationError, "on another order"):
            self._complain(self.order, line_ids=[Command.create({'order_line_id': other.order_line.id})])
        # What did not arrive is compared with what was ordered.
        late = self._create_order(3.0)
        late.action_confirm()
        missing = self.env.ref('sale_order_control.complaint_category_missing')
        complaint = self._complain(late, quantity=3, category_id=missing.id)
        with self.assertRaisesRegex(ValidationError, "only 3 were ordered"):
            complaint.line_ids.quantity = 4
        with self.assertRaisesRegex(ValidationError, "only 0 were delivered"):
            complaint.category_id = self.defective

    def test_who_may_read_and_do_what(self):
        complaint = self._complain(self.order)
        # The salesperson of the order reads it, another one does not.
        complaint.with_user(self.salesperson).read(['name', 'state', 'user_id'])
        with self.assertRaises(AccessError):
            complaint.with_user(self.other_salesperson).read(['name'])
        with self.assertRaisesRegex(AccessError, "Only complaint handlers"):
            complaint.with_user(self.salesperson).action_acknowledge()
        with self.assertRaisesRegex(AccessError, "how a complaint is handled"):
            complaint.with_user(self.salesperson).cause_id = self.cause
        complaint.with_user(self.salesperson).remedy_wanted = "New ones"
        auditor = self._new_user('soc_complaint_auditor', 'sale_order_control.group_auditor')
        complaint.with_user(auditor).read(['name', 'cause_id'])
        with self.assertRaises(AccessError):
            complaint.with_user(auditor).remedy_wanted = "Nothing"

    def test_the_way_is_no_field_to_write(self):
        complaint = self._complain(self.order)
        for user in (self.handler, self.env.ref('base.user_admin')):
            with self.assertRaisesRegex(AccessError, "cannot be written"):
                complaint.with_user(user).state = 'closed'
        with self.assertRaisesRegex(AccessError, "cannot be written"):
            complaint.sudo().state = 'closed'
        forged = self.env['sale.complaint'].with_user(self.handler).with_context(default_state='closed').create({
            'partner_id': self.customer.id, 'description': "x", 'state': 'closed', 'name': "CP/1"})
        self.assertEqual(forged.state, 'received')
        self.assertNotEqual(forged.name, "CP/1")
        with self.assertRaises(UserError):
            complaint.history_ids.sudo().write({'note': "x"})
        with self.assertRaises(UserError):
            complaint.history_ids.sudo().unlink()
        with self.assertRaises(AccessError):
            complaint.unlink()

    def test_whoever_may_not_read_an_order_learns_nothing_of_it(self):
        mine = self._create_order(user=self.other_salesperson)
        for values in (
                {'order_id': self.order.id}, {'order_id': self.order.id, 'partner_id': False},
                {'order_id': mine.id, 'line_ids': [Command.create({'order_line_id': self.order.order_line.id})]}):
            with self.assertRaises(AccessError):
                self.env['sale.complaint'].with_user(self.other_salesperson).create({
                    'partner_id': self.customer.id, 'description': "x", **values})
        complaint = self._complain(user=self.other_salesperson)
        with self.assertRaises(AccessError):
            complaint.order_id = self.order

    def test_what_ended_is_corrected_by_reopening_only(self):
        complaint = self._complain(self.order)
        complaint.action_reject("Used outdoors")
        for change in (
                lambda: complaint.write({'description': "Nothing"}), lambda: complaint.write({'justified': 'no'}),
                lambda: complaint.line_ids.write({'quantity': 1}), lambda: complaint.line_ids.unlink()):
            with self.assertRaisesRegex(UserError, "reopen it"):
                change()
        complaint.handling_cost = 12

    def test_a_customer_reads_nothing_but_the_own_pages(self):
        complaint = self._complain(self.order)
        buyer = new_test_user(self.env, 'soc_buyer_own', groups='base.group_portal')
        buyer.partner_id.parent_id = self.customer
        own = complaint.with_user(buyer)
        for name in ('subject', 'severity', 'user_id', 'cause_id', 'cost', 'answer', 'line_ids', 'history_ids'):
            with self.assertRaises(AccessError, msg=name):
                own.read([name])
        with self.assertRaises(AccessError):
            own.subject = "Mine"
        with self.assertRaises(AccessError):
            own.action_cancel("Mine")
        with self.assertRaises(AccessError):
            own.action_settle({'justified': 'yes'})
        for model in ('line', 'action', 'history', 'why', 'report', 'ppm'):
            with self.assertRaises(AccessError):
                self.env[f'sale.complaint.{model}'].with_user(buyer).search([])

    def test_a_list_of_many_costs_what_a_list_of_few_costs(self):
        names = ('name', 'partner_id', 'order_id', 'subject', 'category_id', 'severity', 'user_id', 'next_due',
                 'time_state', 'age_days', 'state', 'team_id')

        def cost(limit):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['sale.complaint'].with_user(self.handler).web_search_read(
                [], {name: {'fields': {'display_name': {}}} if name.endswith('_id') else {} for name in names},
                limit=limit)
            return self.env.cr.sql_log_count - before

        for _number in range(12):
            self._complain(self.order, quantity=1)
        cost(2)
        self.assertEqual(cost(2), cost(12))

    def test_another_company_sees_nothing(self):
        complaint = self._complain(self.order)
        company = self.env['res.company'].create({'name': "Other"})
        foreign = self._new_user('soc_foreign', 'sale_order_control.group_complaint_handler')
        foreign.write({'company_ids': [Command.set(company.ids)], 'company_id': company.id})
        with self.assertRaises(AccessError):
            complaint.with_user(foreign).read(['name'])
        self.assertFalse(self.env['sale.complaint'].with_user(foreign).search([]))
        with self.assertRaises(AccessError):
            complaint.history_ids.with_user(foreign).read(['note'])
