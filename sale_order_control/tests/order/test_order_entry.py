from datetime import timedelta

from lxml import etree

from odoo.tests import tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderEntry(ControlCommon):
    """What entering an order leaves behind: its source, what was told, and nothing before go-live."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')
        cls.company.control_duplicate_days = 7

    def test_every_channel_is_recorded_with_its_form_and_found_in_one_list(self):
        phone = self.env.ref('sale_order_control.source_phone')
        mail = self.env.ref('sale_order_control.source_email')
        orders = self._create_order(quantity=1) + self._create_order(quantity=2)
        for order, source in zip(orders, phone + mail, strict=True):
            order.control_source_id = source
        self.assertEqual([phone.form, mail.form], ['oral', 'electronic'])
        arch = {kind: etree.fromstring(orders.get_view(view_type=kind)['arch']) for kind in ('form', 'list', 'search')}
        self.assertTrue(arch['form'].xpath("//field[@name='control_source_id']"))
        self.assertTrue(arch['list'].xpath("//field[@name='control_source_id']"))
        [by_source] = arch['search'].xpath("//filter[@name='group_control_source']")
        self.assertIn('control_source_id', by_source.get('context'))
        groups = orders._read_group([('id', 'in', orders.ids)], ['control_source_id'], ['__count'])
        self.assertEqual(dict(groups), {phone: 1, mail: 1})

    def test_a_warning_that_is_asked_at_submit_only_is_on_record(self):
        self._create_order(quantity=4)
        order = self._create_order(quantity=4)
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        logged = order.sudo().control_log_ids.filtered(lambda log: log.code == 'order.duplicate')
        self.assertEqual((logged.event, logged.checkpoint, logged.effect), ('checked', 'submit', 'warn'))

    def test_a_warning_that_is_asked_again_is_on_record_once(self):
        self.env['sale.control.requirement'].create({
            'name': "No reference.", 'subject': 'order', 'effect': 'warn',
            'field_id': self.env['ir.model.fields']._get('sale.order', 'client_order_ref').id,
        })
        order = self._create_order()
        order.action_submit()
        [logged] = order.sudo().control_log_ids.filtered('code')
        self.assertEqual((logged.event, logged.message), ('confirmed', "No reference."))

    def test_submit_itself_tells_what_is_odd_about_an_order_that_goes_on(self):
        StubRule(self, issue(effect='warn'))
        order = self._create_order()
        told = order.action_submit()['params']
        self.assertEqual(order.state, 'sale')
        self.assertIn(f"Please note for {order.display_name}: The stub does not like it.", told['message'])
        self.assertTrue(told['sticky'])

    def test_a_possible_duplicate_is_told_by_submit_itself(self):
        self._create_order(quantity=3)
        order = self._create_order(quantity=3)
        self.assertIn("a short time ago", order.action_submit()['params']['message'])

    def test_submit_is_not_offered_on_orders_older_than_go_live(self):
        order = self._create_order()
        self.assertTrue(order.control_active)
        self.company.control_go_live = order.create_date.date() + timedelta(days=2)
        order.invalidate_recordset()
        self.assertFalse(order.control_active)
        form = etree.fromstring(order.get_view(view_type='form')['arch'])
        [submit] = form.xpath("//header/button[@name='action_submit']")
        self.assertIn('not control_active', submit.get('invisible'))
        order.action_confirm()
        self.assertFalse(order.sudo().control_log_ids)
