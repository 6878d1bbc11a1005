import re
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import FollowupCommon


@tagged('post_install', '-at_install')
class TestFollowupRevisit(FollowupCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asking = cls.env.ref('sale_order_control.followup_message_revisit')
        cls.asking.active = True

    def _delivered_order(self):
        order = self._confirm_order()
        self._promise(order.order_line, 5)
        self._deliver(order)
        self._end_transaction()
        return order

    def test_a_delivered_order_is_asked_about_once_and_a_low_rating_becomes_one_complaint(self):
        silent = self._delivered_order()
        self.assertFalse(silent.followup_visit_ids, "Nobody has switched it on.")
        self.company.followup_revisit = True
        order = self._delivered_order()
        visit = order.followup_visit_ids
        self.assertEqual(
            (visit.planned_on, visit.partner_id, visit.user_id, visit.state),
            (self._day(7), self.customer, self.salesperson, 'planned'))
        order._control_event('delivered')
        self.assertEqual(len(order.followup_visit_ids), 1)
        self._tick(6)
        self.assertFalse(self.asking.message_ids)
        self._tick(7)
        self._tick(8)
        message = self.asking.message_ids
        self.assertEqual((message.res_id, message.order_id, message.contact), (visit.id, order, 'customer@example.com'))
        rating = visit.rating_ids
        self.assertIn(f'/rate/{rating.access_token}/1', message.body)
        # The customer answers on Odoo's page, and thinks better of it once more.
        page = self.url_open(f'/rate/{rating.access_token}/1')
        self.assertEqual(page.status_code, 200)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
        self.assertFalse(visit.complaint_id, "Looking at the page is no answer.")
        for feedback in ("Two desks are scratched", "Three desks are scratched"):
            self.url_open(f'/rate/{rating.access_token}/submit_feedback', data={
                'rate': 1, 'feedback': feedback, 'csrf_token': token})
        complaint = visit.complaint_id
        self.assertEqual(
            (complaint.channel, complaint.order_id, complaint.partner_id, complaint.description, complaint.state),
            ('rating', order, self.customer, "Two desks are scratched", 'received'))
        self.assertEqual(self.env['sale.complaint'].search_count([('order_id', '=', order.id)]), 1)
        self.assertEqual((visit.state, visit.rating_last_value), ('rated', 1.0))

    def test_who_is_happy_has_no_complaint(self):
        self.company.followup_revisit = True
        visit = self._delivered_order().followup_visit_ids
        token = visit.sudo()._rating_get_access_token()
        with self.assertRaisesRegex(AccessError, "Only the customer rates"):
            visit.with_user(self.salesperson).rating_apply(5, token=token)
        # As Odoo's page does it.
        visit = visit.sudo()
        visit.rating_apply(5, token=visit._rating_get_access_token(), feedback="Fine")
        self.assertFalse(visit.complaint_id)
        other = self._delivered_order().followup_visit_ids.sudo()
        self.company.followup_revisit_complaint = False
        other.rating_apply(2, token=other._rating_get_access_token())
        self.assertFalse(other.complaint_id)
        silent = self._delivered_order().followup_visit_ids
        [[average]] = self.env['sale.followup.visit']._read_group(
            [('id', 'in', (visit + other + silent).ids)], [], ['rating_last_value:avg'])
        self.assertEqual(average, 3.5, "Who does not answer has not rated with nothing.")

    @mute_logger('odoo.addons.sale_order_control.models.order.control_job')
    def test_the_complaint_is_the_visits_companys_and_a_failing_one_keeps_the_answer(self):
        elsewhere = self.env['res.company'].create({'name': "Elsewhere", 'followup_revisit_complaint': True})
        visits = self.env['sale.followup.visit'].create([
            {'partner_id': self.customer.id, 'company_id': elsewhere.id, 'kind': 'phone'} for _visit in range(2)])
        complaints = type(self.env['sale.complaint'])
        with patch.object(complaints, '_open_from_rating', side_effect=ValueError("No sequence")):
            visits[0].rating_apply(1, token=visits[0]._rating_get_access_token())
        self.assertEqual((visits[0].state, visits[0].rating_last_value), ('rated', 1.0))
        self.assertFalse(visits[0].complaint_id)
        visits[1].rating_apply(1, token=visits[1]._rating_get_access_token())
        self.assertEqual(visits[1].complaint_id.company_id, elsewhere)

    def test_salespeople_call_on_customers_and_write_what_they_said(self):
        calling = self.env.ref('sale_order_control.followup_revisit_call')
        calling.active = True
        visits = self.env['sale.followup.visit'].with_user(self.salesperson)
        visit = visits.create({
            'partner_id': self.customer.id, 'planned_on': self._day(3), 'kind': 'person', 'state': 'done',
            'companion_id': self.sales_manager.id})
        self.assertEqual(visit.state, 'planned', "How it ended is not entered beforehand.")
        self._tick(3)
        self.assertFalse(self.asking.message_ids)
        self.assertEqual((self._tasks(calling).res_id, self._tasks(calling).user_id), (visit.id, self.salesperson))
        with self.assertRaisesRegex(UserError, "what the customer said"):
            visit.action_done()
        visit.write({'note': "All is well", 'gift': "Calendar"})
        visit.action_done()
        self.assertEqual((visit.state, visit.ended_by_id), ('done', self.salesperson))
        self._tick(4)
        self.assertFalse(self._tasks(calling), "The task ends with it.")
        with self.assertRaisesRegex(UserError, "Over already"):
            visit.write({'note': "All is very well"})
        with self.assertRaises(UserError):
            visit.unlink()
        with self.assertRaises(AccessError):
            visit.write({'state': 'planned'})
        self.assertFalse(visits.with_user(self.other_salesperson).search([('id', '=', visit.id)]))
        auditor = self._new_user(
            'soc_audit', 'sales_team.group_sale_salesman,sale_order_control.group_auditor')
        self.assertTrue(visit.with_user(auditor).note, "An auditor who sells reads all and writes his own.")
        with self.assertRaises(AccessError), mute_logger('odoo.addons.base.models.ir_rule'):
            visit.with_user(auditor).write({'user_id': auditor.id})
        with self.assertRaises(AccessError), mute_logger('odoo.addons.base.models.ir_model'):
            visits.with_user(self.planner).create({'partner_id': self.customer.id})
