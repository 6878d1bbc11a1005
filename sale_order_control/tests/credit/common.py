from unittest.mock import patch

from odoo import Command, fields

from ..order.common import ControlCommon


class CreditCommon(ControlCommon):
    """Credit control in force, a customer with a limit, and shortcuts through sale, stock and accounting."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(credit='enforce')
        cls.accounts = cls.env['credit.account']
        cls.account = cls.accounts._for_partners(cls.customer, cls.company)
        cls.delivered_product = cls._new_product("Invoiced on Delivery", 100.0, 60.0)
        cls.delivered_product.invoice_policy = 'delivery'
        cls.tax = cls.env['account.tax'].create(
            {
                'name': "10 %",
                'amount': 10.0,
                'amount_type': 'percent',
                'type_tax_use': 'sale',
                'price_include_override': 'tax_excluded',
            }
        )

    @classmethod
    def _limit(cls, amount, grade=None, partner=None):
        """Give a customer a limit (None for none, 0 for zero) and a grade, as the credit controller."""
        account = cls.accounts._for_partners(partner or cls.customer, cls.company).with_user(cls.controller)
        values = {'grade_id': grade.id if grade else False}
        values.update({'limit_kind': 'none'} if amount is None else {'limit_kind': 'zero'} if not amount else {
            'limit_kind': 'amount', 'credit_limit': amount})
        account.write(values)
        return account

    @classmethod
    def _grade(cls, effect='approve', **values):
        return cls.env['credit.grade'].create({
            'name': "Test Grade", 'code': 'T', 'currency_id': cls.company.currency_id.id,
            'submit_effect': effect, 'confirm_effect': effect, 'release_effect': effect, 'watch_percent': 0, **values})

    @classmethod
    def _confirmed(cls, quantity=10, product=None, order=None, **values):
        """Return an order that is confirmed before credit is looked at."""
        order = order or cls._create_order(quantity, product_id=(product or cls.product).id, **values)
        mode = cls.company.control_credit
        cls._switch(credit='off')
        order.action_confirm()
        cls._switch(credit=mode)
        return order

    @classmethod
    def _deliver(cls, order, quantity, backorder=True):
        """Ship a quantity of the order's only open transfer."""
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        picking.move_ids.write({'quantity': quantity, 'picked': True})
        picking.with_context(cancel_backorder=not backorder)._action_done()
        return picking

    @classmethod
    def _return(cls, picking, quantity, refund=True, ship=True):
        """Take goods of a transfer back; ``refund`` takes them off the order, ``ship`` does the transfer."""
        wizard = (
            cls.env['stock.return.picking']
            .with_context(active_id=picking.id, active_ids=picking.ids, active_model='stock.picking')
            .create({'picking_id': picking.id})
        )
        wizard.product_return_moves.write({'quantity': quantity, 'to_refund': refund})
        back = wizard._create_return()
        if ship:
            back.move_ids.write({'quantity': quantity, 'picked': True})
            back._action_done()
        return back

    @classmethod
    def _invoice(cls, order, post=True, **values):
        invoice = order.sudo()._create_invoices(final=True)
        if values:
            invoice.write(values)
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _credit_note(cls, invoice, quantity=None, post=True):
        """Credit an invoice, wholly or a quantity of its only line."""
        reversal = cls.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({'journal_id': invoice.journal_id.id})
        action = reversal.reverse_moves()
        note = cls.env['account.move'].browse(action['res_id'])
        if quantity is not None:
            note.invoice_line_ids.quantity = quantity
        if post:
            note.action_post()
            cls._end_transaction()
        return note

    @classmethod
    def _pay(cls, invoice, amount=None):
        """Register a payment of an invoice."""
        wizard = cls.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({'amount': amount} if amount else {})
        payment = wizard._create_payments()
        cls._end_transaction()
        return payment

    @classmethod
    def _end_transaction(cls):
        """Run what waits for the end of the transaction, as a commit would."""
        cls.env.cr.flush()

    @classmethod
    def _down_payment(cls, order, amount, post=True):
        wizard = cls.env['sale.advance.payment.inv'].sudo().create({
            'sale_order_ids': [Command.set(order.ids)], 'advance_payment_method': 'fixed', 'fixed_amount': amount})
        invoice = wizard._create_invoices(order.sudo())
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _loose_invoice(cls, amount, due=None, partner=None, post=True, **values):
        """Invoice without an order: a debt of its own."""
        invoice = cls.env['account.move'].create({
            'move_type': 'out_invoice',
            'partner_id': (partner or cls.customer).id,
            'invoice_date': due or fields.Date.today(),
            'invoice_date_due': due or fields.Date.today(),
            'invoice_payment_term_id': False,
            'invoice_line_ids': [Command.create({'name': "Debt", 'price_unit': amount, 'tax_ids': [Command.clear()]})],
            **values,
        })
        if post:
            invoice.action_post()
        return invoice

    def _run_nightly(self, limit=200, commit=60.0):
        """Run the nightly job in the test's transaction.

        :param commit: what the scheduler answers after each chunk: seconds left, 0 to interrupt
        :return: the mock of the commit
        """
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=commit) as mock:
            self.accounts._cron_nightly(limit=limit)
        return mock

    def _exposure(self, partner=None, **options):
        partner = partner or self.customer
        return self.accounts._get_exposure(partner, self.company, **options)[partner.id]

    def assertExposure(self, total, partner=None, **parts):
        """Compare the exposure with figures worked out by hand."""
        exposure = self._exposure(partner)
        self.assertAlmostEqual(exposure.total, total, 2, exposure)
        for name, amount in parts.items():
            self.assertAlmostEqual(getattr(exposure, name), amount, 2, exposure)
