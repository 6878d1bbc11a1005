from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ControlCommon


@tagged('post_install', '-at_install')
class TestOrderMandatoryData(ControlCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')

    def _require(self, subject, field, **values):
        """Make a field mandatory: ``_require('customer', 'res.partner.ref')``."""
        model, name = field.rsplit('.', 1)
        return self.env['sale.control.requirement'].create({
            'name': f"{name} is missing.", 'subject': subject,
            'field_id': self.env['ir.model.fields']._get(model, name).id, **values,
        })

    def _get_missing(self, order, checkpoint='submit'):
        return [
            found.message for found in order._get_control_issues(checkpoint)[order.id]
            if found.code.startswith('completeness.')
        ]

    # === EACH SUBJECT ===#

    def test_missing_data_of_the_order_is_told(self):
        self._require('order', 'sale.order.client_order_ref')
        order = self._create_order()
        self.assertEqual(self._get_missing(order), ["client_order_ref is missing."])
        order.client_order_ref = "PO 1"
        self.assertFalse(self._get_missing(order))

    def test_missing_data_of_the_customer_is_told(self):
        self._require('customer', 'res.partner.ref')
        order = self._create_order()
        self.assertEqual(self._get_missing(order), ["ref is missing."])
        self.customer.ref = "C 1"
        self.assertFalse(self._get_missing(order))

    def test_missing_data_of_each_address_is_told(self):
        self._require('invoice_address', 'res.partner.street2')
        self._require('delivery_address', 'res.partner.zip')
        invoice, delivery = self.env['res.partner'].create([
            {'name': "Payer", 'parent_id': self.customer.id, 'type': 'invoice', 'street2': "Floor 2"},
            {'name': "Dock", 'parent_id': self.customer.id, 'type': 'delivery', 'zip': "12345"},
        ])
        order = self._create_order()
        order.write({'partner_invoice_id': invoice.id, 'partner_shipping_id': delivery.id})
        self.assertFalse(self._get_missing(order))
        order.write({'partner_invoice_id': delivery.id, 'partner_shipping_id': invoice.id})
        self.assertEqual(self._get_missing(order), ["street2 is missing.", "zip is missing."])

    def test_missing_data_of_lines_names_the_products_concerned(self):
        self._require('line', 'sale.order.line.requested_date')
        order = self._create_order(requested_date='2026-03-12')
        other = self._new_product("Product Without a Date", 10.0, 5.0)
        order.order_line = [
            Command.create({'product_id': other.id}),
            Command.create({'display_type': 'line_note', 'name': "A note needs no date"}),
            Command.create({'product_id': self.product.id, 'product_uom_qty': 0}),
        ]
        self.assertEqual(self._get_missing(order), ["requested_date is missing. (Product Without a Date)"])

    def test_all_missing_data_is_told_at_once_with_what_clears_it(self):
        self._require('order', 'sale.order.client_order_ref', sequence=2)
        self._require('customer', 'res.partner.ref', sequence=1)
        order = self._create_order()
        with self.assertRaises(UserError) as refusal:
            order.action_submit()
        message = str(refusal.exception)
        self.assertLess(message.index("ref is missing."), message.index("client_order_ref is missing."))
        self.assertIn("Fill in “Customer Reference”.", message)

    # === WHOM A RULE CONCERNS ===#

    def test_rule_concerns_its_sales_types_only(self):
        export = self.env.ref('sale_order_control.sale_type_export')
        rule = self._require('order', 'sale.order.client_order_ref', sale_type_ids=[Command.set(export.ids)])
        order = self._create_order()
        self.assertFalse(self._get_missing(order))
        rule.sale_type_ids += order.sale_type_id
        self.assertTrue(self._get_missing(order))

    def test_rule_concerns_its_company_only(self):
        other = self.env['res.company'].create({'name': "Other"})
        rule = self._require('order', 'sale.order.client_order_ref', company_id=other.id)
        order = self._create_order()
        self.assertFalse(self._get_missing(order))
        rule.company_id = self.company
        self.assertTrue(self._get_missing(order))

    def test_archived_rule_asks_for_nothing(self):
        rule = self._require('order', 'sale.order.client_order_ref')
        order = self._create_order()
        self.assertTrue(self._get_missing(order))
        rule.active = False
        self.assertFalse(self._get_missing(order))

    def test_warning_rule_stops_nobody(self):
        self._require('order', 'sale.order.client_order_ref', effect='warn')
        order = self._create_order()
        self.assertTrue(self._get_missing(order))
        order.action_submit()
        self.assertEqual(order.state, 'sale')

    def test_blocking_rule_counts_on_the_confirm_button_too(self):
        self._require('order', 'sale.order.client_order_ref')
        order = self._create_order()
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_blocking_rule_is_only_recorded_in_warn_mode(self):
        self._switch(completeness='warn')
        self._require('order', 'sale.order.client_order_ref')
        order = self._create_order()
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertIn('block', order.sudo().control_log_ids.mapped('would'))

    def test_nothing_is_asked_for_while_the_control_is_off(self):
        self._switch(completeness='off')
        self._require('order', 'sale.order.client_order_ref')
        order = self._create_order()
        order.action_confirm()
        self.assertEqual(order.state, 'sale')
        self.assertFalse(order.sudo().control_log_ids)

    def test_shipped_rules_are_met_by_a_complete_order(self):
        self.env['sale.control.requirement'].with_context(active_test=False).search([]).active = True
        order = self._create_order()
        self.assertTrue(self._get_missing(order))
        order.write({
            'requested_date': '2026-03-12',
            'control_source_id': self.env.ref('sale_order_control.source_phone').id,
        })
        self.assertFalse(self._get_missing(order))

    # === BAD CONFIGURATION AND RIGHTS ===#

    def test_field_of_another_model_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "does not belong"):
            self._require('customer', 'sale.order.client_order_ref')
        rule = self._require('order', 'sale.order.client_order_ref')
        with self.assertRaises(ValidationError):
            rule.subject = 'line'

    def test_field_that_can_never_be_missing_is_refused(self):
        for field in ('sale.order.locked', 'sale.order.order_line'):
            with self.assertRaisesRegex(ValidationError, "cannot be mandatory"):
                self._require('order', field)

    def test_only_managers_configure_mandatory_data(self):
        rule = self._require('order', 'sale.order.client_order_ref')
        for user in (self.salesperson, self.sales_manager, self.controller):
            with self.assertRaises(AccessError):
                rule.with_user(user).active = False
            with self.assertRaises(AccessError):
                rule.with_user(user).unlink()

    def test_mandatory_data_costs_the_same_queries_for_two_orders_as_for_twenty(self):
        self._require('order', 'sale.order.client_order_ref')
        self._require('customer', 'res.partner.ref')
        self._require('line', 'sale.order.line.requested_date')
        few, many = ([self._create_order().id for _index in range(count)] for count in (2, 20))
        counts = {}
        for ids in (few, few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env['sale.order'].browse(ids)._get_control_issues('submit')
            counts[len(ids)] = self.cr.sql_log_count - before
        self.assertLessEqual(counts[20], counts[2] + 2)


@tagged('post_install', '-at_install')
class TestOrderDuplicates(ControlCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')
        cls.company.control_duplicate_days = 7
        cls.first = cls._create_order(7)

    def _get_duplicates(self, order, checkpoint='submit'):
        """Return the ids of the orders that ``order`` may be a duplicate of."""
        issues = [
            found for found in order._get_control_issues(checkpoint)[order.id] if found.code == 'order.duplicate']
        self.assertTrue(all(found.effect == 'warn' for found in issues))
        return [order_id for found in issues for order_id in found.facts['orders']]

    def test_same_product_and_quantity_in_the_period_is_told(self):
        order = self._create_order(7)
        self.assertEqual(self._get_duplicates(order), self.first.ids)

    def test_contact_of_the_same_company_counts_as_the_customer(self):
        contact = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.customer.id})
        self.assertEqual(self._get_duplicates(self._create_order(7, partner=contact)), self.first.ids)

    def test_other_quantity_product_or_customer_is_no_duplicate(self):
        other = self._new_product("Other Product", 10.0, 5.0)
        stranger = self.customer.copy({'name': "Stranger"})
        for order in (
            self._create_order(8), self._create_order(7, product_id=other.id), self._create_order(7, partner=stranger),
        ):
            self.assertFalse(self._get_duplicates(order))

    def test_order_is_no_duplicate_of_itself(self):
        self.assertFalse(self._get_duplicates(self.first))

    def test_two_orders_submitted_together_are_each_others_duplicate(self):
        second = self._create_order(7)
        issues = (self.first | second)._get_control_issues('submit')
        for order, other in ((self.first, second), (second, self.first)):
            [found] = [found for found in issues[order.id] if found.code == 'order.duplicate']
            self.assertEqual(found.facts['orders'], other.ids)

    def test_order_before_the_period_is_no_duplicate(self):
        order = self._create_order(7)
        self.first.date_order = fields.Datetime.now() - timedelta(days=8)
        self.assertFalse(self._get_duplicates(order))
        self.company.control_duplicate_days = 9
        self.assertEqual(self._get_duplicates(order), self.first.ids)

    def test_cancelled_order_is_no_duplicate(self):
        order = self._create_order(7)
        self.first._action_cancel()
        self.assertFalse(self._get_duplicates(order))

    def test_order_of_another_company_is_no_duplicate(self):
        other = self.env['res.company'].create({'name': "Other"})
        theirs = self.env['sale.order'].with_company(other).create({
            'partner_id': self.customer.id, 'company_id': other.id,
            'order_line': [Command.create({'product_id': self.product.id, 'product_uom_qty': 5})],
        })
        self.assertEqual(theirs.company_id, other)
        self.assertFalse(self._get_duplicates(self._create_order(5)))

    def test_zero_days_switch_the_warning_off(self):
        self.company.control_duplicate_days = 0
        self.assertFalse(self._get_duplicates(self._create_order(7)))

    def test_negative_days_are_refused(self):
        with self.assertRaises(Exception) as refusal, self.cr.savepoint():
            self.company.control_duplicate_days = -1
            self.company.flush_recordset()
        self.assertIn('duplicate', str(refusal.exception).lower())

    def test_duplicate_is_told_on_submission_and_not_at_every_later_look(self):
        order = self._create_order(7)
        self.assertFalse(self._get_duplicates(order, 'confirm'))

    def test_duplicate_stops_nobody(self):
        order = self._create_order(7)
        [section] = [part for part in order.control_panel if part['area'] == 'completeness']
        self.assertEqual([found['effect'] for found in section['issues']], ['warn'])
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertIn('order.duplicate', order.sudo().control_log_ids.mapped('code'))
