from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import AmendmentCommon

SIGNATURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='


@tagged('post_install', '-at_install')
class TestAmendmentFollow(AmendmentCommon):
    """What follows is shown before, and done after: customers sign, people are told, promises and history follow."""

    # === THE CUSTOMER ===#

    def _get_panel_words(self, order):
        """Return what the order's panel says of the change that waits: tone, summary, who acts next."""
        order.invalidate_recordset(['control_panel'])
        return next((
            (section['tone'], section['summary'], section['next'])
            for section in order.control_panel or () if section['area'] == 'amendment'), None)

    def test_a_customer_signs_before_the_order_is_changed(self):
        self.company.amendment_customer = 'always'
        order = self._confirmed(10)
        amendment = self._amend(order, 12, needs_customer=False)
        self.assertEqual((amendment.state, amendment.customer_state), ('approved', 'waiting'))
        self.assertEqual(self._get_panel_words(order), (
            'warning', f"{amendment.name} would change this order. Until it is applied, the order stays as it is.",
            "The customer confirms it."))
        self.assertEqual(order.order_line.product_uom_qty, 10.0)
        [asked] = amendment.sudo().message_ids.filtered(lambda message: "/my/amendments/" in message.body)
        self.assertEqual(asked.partner_ids, self.customer)
        for secret in ("margin", "cost", "Margin", self.sales_manager.name):
            self.assertNotIn(secret, asked.body)
        with self.assertRaises(UserError):
            amendment.action_apply()
        with self.assertRaises(AccessError):
            amendment.write({'customer_state': 'accepted'})
        amendment.sudo()._accept_by_customer("Ms Miller", SIGNATURE)
        self.assertEqual((amendment.state, amendment.signed_by), ('applied', "Ms Miller"))
        self.assertEqual(order.order_line.product_uom_qty, 12.0)
        self.assertFalse(self._get_panel_words(order))

    def test_a_customer_declines_and_another_draft_is_shown_anew(self):
        order = self._confirmed(10)
        amendment = self._amend(order, 12, needs_customer=True)
        amendment.action_take_back()
        self.assertEqual((amendment.state, amendment.customer_state), ('draft', 'none'))
        amendment.action_submit()
        amendment.sudo()._decline_by_customer("Ten is enough")
        self.assertEqual((amendment.state, amendment.customer_answer), ('refused', "Ten is enough"))
        self.assertEqual(order.order_line.product_uom_qty, 10.0)
        told = amendment.sudo().message_ids.filtered(lambda message: "Ten is enough" in message.body)
        self.assertIn(self.salesperson.partner_id, told.partner_ids)

    def test_what_a_signature_meets_is_told_to_us_and_not_to_the_customer(self):
        order = self._confirmed(10)
        amendment = self._amend(order, 6, needs_customer=True)
        self._deliver(order, 8)
        self.assertFalse(amendment.sudo()._accept_by_customer("Ms Miller", SIGNATURE))
        self.assertEqual((amendment.state, amendment.customer_state), ('approved', 'accepted'))
        self.assertIn("8.00 Units are delivered", amendment.obstacle)
        self.assertEqual(order.order_line.product_uom_qty, 10.0)

    # === WHO IS TOLD, WHAT IS PROMISED ===#

    def test_all_departments_are_told_once(self):
        reader = self._new_user('soc_reader', 'base.group_user')
        self.company.amendment_reader_ids = reader | self.planner
        self._switch(promise='warn')
        order = self._confirmed(10)
        order.sudo().picking_ids.user_id = self.controller
        self._amend(order, 7, user=self.sales_manager)
        [notice] = order.sudo().message_ids.filtered(lambda message: "Changed by AM/" in message.body)
        expected = reader | self.planner | self.controller | self.salesperson
        self.assertLessEqual(expected.partner_id, notice.partner_ids)
        self.assertNotIn(self.sales_manager.partner_id, notice.partner_ids)
        self.assertIn("10.00 → 7.00", notice.body)

    def test_what_was_bought_for_the_order_follows_and_its_buyer_is_told(self):
        if 'purchase.order' not in self.env or 'created_purchase_line_ids' not in self.env['stock.move']._fields:
            self.skipTest("Needs purchase_stock: ./dev test --install sale_purchase_stock")
        buyer = self._new_user('soc_buyer', 'purchase.group_purchase_user,stock.group_stock_user')
        routes = self.env.ref('stock.route_warehouse0_mto') | self.env.ref('purchase_stock.route_warehouse0_buy')
        routes.active = True
        vendor = self.env['res.partner'].create({'name': "Vendor", 'buyer_id': buyer.id})
        bought = self._new_product("Bought", 10.0, 5.0, stock=0.0)
        bought.write({
            'route_ids': [Command.set(routes.ids)], 'seller_ids': [Command.create({'partner_id': vendor.id})]})
        order = self._confirmed(3, product_id=bought.id)
        amendment = self._amend(order, 5, submit=False)
        [named] = amendment._get_impact()['supply']
        self.assertEqual((named[0], buyer.name in named), ('P', True))
        self.assertIn(named, amendment.impact_html)
        amendment.action_submit()
        purchased = self.env['purchase.order.line'].search([('product_id', '=', bought.id)])
        self.assertEqual((sum(purchased.mapped('product_qty')), purchased.order_id.user_id), (5.0, buyer))
        [notice] = order.sudo().message_ids.filtered(lambda message: "Changed by AM/" in message.body)
        self.assertIn(buyer.partner_id, notice.partner_ids)
        self._amend(order, scope='order', note="No money")
        self.assertEqual(order.state, 'cancel')
        self.assertFalse(self._open_quantity(order))

    def test_promises_are_made_again_with_the_reason(self):
        self._switch(promise='enforce')
        order = self._confirmed(10)
        line = order.order_line
        day = line._get_promise_today() + timedelta(days=5)
        line.with_user(self.planner).sudo()._promise({line.id: day})
        amendment = self._amend(order, 12, note="More of them")
        last = line.sudo().promise_ids.sorted('revision')[-1:]
        self.assertEqual((line.promise_state, line.promised_quantity), ('promised', 12.0))
        self.assertEqual((last.promised_date, last.quantity, last.revision), (day, 12.0, 2))
        self.assertIn(amendment.name, last.note)
        self._amend(order, 12, requested_date=day + timedelta(days=9))
        last = line.sudo().promise_ids.sorted('revision')[-1:]
        self.assertEqual((last.promised_date, last.reason_id.kind), (day + timedelta(days=9), 'customer'))
        self._amend(order, 10 ** 6)
        self.assertEqual(line.promise_state, 'open')

    # === WHAT IS SHOWN BEFORE ===#

    def test_the_sheet_says_what_follows_and_what_cannot_be(self):
        self._switch(promise='enforce', credit='enforce')
        self.company.promise_by_itself = 'earliest'
        self._amendment_policy(min_amount=300.0)
        self.env['credit.account']._for_partners(self.customer, self.company)._set_limit('amount', 100000.0)
        scarce = self._new_product("Scarce", 10.0, 5.0, stock=10.0)
        rival = self._confirmed(1, user=self.other_salesperson)
        rival.sudo().write({'user_id': self.other_salesperson.id})
        order = self._confirmed(10)
        self._deliver(order, 4)
        order.sudo()._create_invoices()
        amendment = self._amend(order, 5, submit=False)
        impact = amendment._get_impact()
        self.assertEqual([row['change'] for row in impact['amounts']], [
            order.currency_id.format(-500.0), order.currency_id.format(-200.0)])
        owed, left = impact['credit']
        self.assertEqual(owed['change'], order.currency_id.format(-500.0))
        self.assertEqual(left['change'], order.currency_id.format(500.0))
        self.assertTrue(impact['transfers'] and impact['invoices'])
        self.assertEqual(impact['dates'][0]['product'], self.product.display_name)
        self.assertIn(self.sales_manager.name, " ".join(impact['asked']))
        self.assertIn("5.00", amendment.impact_html)
        amendment.line_ids.product_uom_qty = 3
        self.assertEqual(amendment.line_ids.change_kind, 'impossible')
        self.assertIn("Impossible", amendment.impact_html)
        # Nobody else reads it, and nothing of it is left for another one's order.
        self.assertFalse(amendment.with_user(self.outsider).sudo(False).has_access('read'))
        self.assertTrue(scarce)

    def test_rules_of_credit_are_told_before_and_kept_after(self):
        self._switch(credit='enforce')
        self.env['credit.account']._for_partners(self.customer, self.company)._set_limit('amount', 1200.0)
        order = self._confirmed(10)
        # The short form over the order, before anything is typed or saved.
        form = Form(
            self.env['sale.amendment'].with_user(self.salesperson).with_context(default_order_id=order.id),
            view='sale_order_control.sale_amendment_view_form_quick')
        self.assertIn("Nothing changes yet", form.impact_html)
        with form.line_ids.edit(0) as row:
            row.product_uom_qty = 20
        self.assertIn("over the limit", form.impact_html)
        amendment = self._amend(order, 20, submit=False)
        self.assertIn("over the limit", amendment.impact_html)
        with self.assertRaisesRegex(UserError, "over the limit"):
            amendment.action_submit()
        self.assertEqual((amendment.state, order.order_line.product_uom_qty), ('draft', 10.0))
        amendment.line_ids.product_uom_qty = 12
        amendment.action_submit()
        self.assertEqual(amendment.state, 'applied')
        exposure = self.env['credit.account']._get_exposure(self.customer, self.company)[self.customer.id]
        self.assertEqual(exposure.total, 1200.0)

    def test_a_policy_answers_a_credit_issue_of_the_result(self):
        self._switch(credit='enforce', approval='enforce', release='enforce')
        grade = self.env['credit.grade'].search([], limit=1)
        account = self.env['credit.account']._for_partners(self.customer, self.company)
        account._set_limit('amount', 1200.0)
        self._policy(on_credit_issue=True, name="Finance", min_amount=0.0)
        order = self._confirmed(10)
        [issue] = [
            issue for issue in self._amend(order, 20, submit=False)._get_rule_issues() if issue.code == 'credit.limit']
        if issue.effect != 'approve':
            self.skipTest(f"The grade {grade.name} blocks")
        amendment = self._amend(order, 20)
        self.assertEqual(amendment.state, 'to_approve')
        tone, _summary, who = self._get_panel_words(order)
        self.assertEqual((tone, who), ('warning', amendment.approval_summary))
        self.assertIn(self.sales_manager.name, who)

    def test_another_payer_does_not_loosen_how_the_order_is_settled(self):
        self._switch(credit='enforce')
        order = self._confirmed(10)
        order.sudo().write({'settlement_mode': 'prepay', 'settlement_percent': 30.0})
        payer = self.env['res.partner'].create({'name': "Another Payer"})
        amendment = self._amend(order, partner_invoice_id=payer.id)
        self.assertEqual((amendment.state, order.partner_invoice_id), ('applied', payer))
        self.assertEqual((order.sudo().settlement_mode, order.sudo().settlement_percent), ('prepay', 30.0))
        # A stricter payer brings its own.
        strict = self.env['res.partner'].create({'name': "Strict Payer", 'is_company': True})
        account = self.env['credit.account']._for_partners(strict, self.company)
        account.with_user(self.controller).write({'settlement_mode': 'prepay', 'prepayment_percent': 80.0})
        self._amend(order, partner_invoice_id=strict.id)
        self.assertEqual((order.sudo().settlement_mode, order.sudo().settlement_percent), ('prepay', 80.0))

    # === HISTORY ===#

    def test_revisions_are_compared_and_changes_counted(self):
        order = self._confirmed(10, lines=2)
        mistake = self.env.ref('sale_order_control.amendment_reason_entry')
        self._amend(order, 8)
        self._amend(order, 8, reason_id=mistake.id, row={'discount': 50.0})
        revisions = order.sudo().revision_ids.sorted('number')
        self.assertEqual(revisions.mapped('number'), [0, 1, 2])
        action = (revisions[0] | revisions[2]).with_user(self.salesperson).action_compare()
        wizard = self.env['sale.revision.compare'].with_user(self.salesperson).with_context(
            **action['context']).create({})
        self.assertEqual([row['differs'] for row in wizard._compare()['rows']], [True, False])
        self.assertIn("table-warning", wizard.comparison_html)
        with self.assertRaises(AccessError):
            self.env['sale.revision.compare'].with_user(self.other_salesperson).create({
                'order_id': order.id, 'left_id': revisions[0].id, 'right_id': revisions[2].id})
        self.env.flush_all()
        report = self.env['sale.amendment.report'].search([('order_id', '=', order.id)])
        self.assertEqual(sorted(report.mapped('change_amount')), [-400.0, -200.0])
        self.assertEqual(sorted(report.mapped('is_error')), [False, True])
        accuracy = self.env['sale.order.accuracy'].browse(order.id)
        self.assertEqual((accuracy.accuracy, accuracy.changes, accuracy.mistakes), (0.0, 2, 1))
        other = self._confirmed(1)
        self.env.flush_all()
        self.assertEqual(self.env['sale.order.accuracy'].browse(other.id).accuracy, 100.0)
        content, _kind = self.env['ir.actions.report']._render_qweb_html(
            'sale_order_control.report_amendment', order.amendment_ids.ids)
        self.assertIn(b"AM/", content)
        self.assertNotIn(b"Margin", content)

    def test_an_added_line_follows_the_pricelist_and_the_fiscal_position(self):
        order = self._confirmed(10)
        amendment = self._amend(order, submit=False, add=[Command.create({'product_id': self.other_product.id})])
        row = amendment.line_ids.filtered(lambda row: not row.order_line_id)
        self.assertEqual((row.price_unit, row.change_kind, row.name), (50.0, 'added', "Other Product"))
        amendment.action_submit()
        self.assertEqual(order.order_line[-1:].price_unit, 50.0)
