from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

DISPUTE_TYPE = 'sale_order_control.mail_activity_type_complaint_dispute'


class CreditAccount(models.Model):
    """Justified complaints are a fact of the customer's score."""

    _inherit = 'credit.account'

    @api.model
    def _get_complaint_facts(self, partners, company, since, until):
        complaints = self.env['sale.complaint'].sudo()
        own = Domain('company_id', 'child_of', company.sudo().root_id.id)
        if not complaints.search_count(own, limit=1):
            # Nobody keeps complaints here: that says nothing about anybody.
            return super()._get_complaint_facts(partners, company, since, until)
        counts = complaints._read_group(
            own & Domain('commercial_partner_id', 'in', partners.ids) & Domain('justified', 'in', ('yes', 'partly'))
            & Domain('state', 'not in', ('rejected', 'cancelled'))
            & Domain('received_on', '>=', fields.Datetime.to_datetime(since))
            & Domain('received_on', '<', fields.Datetime.add(fields.Datetime.to_datetime(until), days=1)),
            ['commercial_partner_id'], ['__count'])
        return {partner.id: count for partner, count in counts}


class SaleComplaint(models.Model):
    """The invoice a complaint is about: disputed, it stays owed and is not called overdue."""

    _inherit = 'sale.complaint'

    invoice_dispute = fields.Text(
        string="Disputed", related='invoice_id.credit_dispute_reason', groups='base.group_user')
    invoice_dispute_amount = fields.Monetary(
        string="Disputed Amount", related='invoice_id.credit_dispute_amount', groups='base.group_user',
        help="Only this part of the invoice is disputed; the rest is overdue like any other.")
    disputable = fields.Boolean(compute='_compute_disputable', compute_sudo=True, groups='base.group_user')

    @api.depends('invoice_id.amount_residual', 'invoice_id.state', 'invoice_id.credit_dispute_reason', 'is_open')
    def _compute_disputable(self):
        for complaint in self:
            invoice = complaint.invoice_id
            complaint.disputable = bool(
                complaint.is_open and invoice.state == 'posted' and not invoice.credit_dispute_reason
                and not invoice.currency_id.is_zero(invoice.amount_residual))

    def action_dispute_invoice(self):
        """Mark the invoice as disputed, or ask a credit controller to, where the handler is none.

        :raise UserError: if there is nothing to dispute
        """
        self.ensure_one()
        self._check_handler()
        if not self.disputable:
            raise UserError(self.env._(
                "There is no unpaid invoice to dispute: choose the invoice the complaint is about."))
        if self.env.user.has_group('sale_order_control.group_credit_controller'):
            self.invoice_id.action_credit_dispute(self.display_name, self._get_disputed_amount())
        else:
            self._ask_controller(self._word_dispute())
        return True

    def _get_disputed_amount(self):
        """Return how much of what is open of the invoice the complaint is about, in its currency; None if all of it.

        It is what was paid for the goods of the complaint, or what the customer claims beyond them.
        """
        self.ensure_one()
        complaint = self.sudo()
        invoice, order = complaint.invoice_id, complaint.order_id
        today = self.env['sale.order']._get_control_today()
        goods = sum(
            line.order_line_id.price_total / line.order_line_id.product_uom_qty * line._get_order_quantity()
            for line in complaint.line_ids if line.order_line_id.product_uom_qty)
        amount = complaint.company_id.currency_id._convert(
            complaint.claimed_amount, invoice.currency_id, complaint.company_id, today)
        if goods:
            amount += order.currency_id._convert(goods, invoice.currency_id, complaint.company_id, today)
        amount = invoice.currency_id.round(amount)
        return amount if 0 < amount < invoice.amount_residual else None

    def _word_dispute(self):
        """Say what a credit controller is asked to do about the invoice."""
        invoice, amount = self.sudo().invoice_id, self._get_disputed_amount()
        if amount is None:
            return self.env._("Mark invoice %s as disputed", invoice.name)
        return self.env._("Mark %(amount)s of invoice %(invoice)s as disputed",
                          amount=invoice.currency_id.format(amount), invoice=invoice.name)

    def _complaint_entered(self, state):
        super()._complaint_entered(state)
        if state in ('closed', 'rejected', 'cancelled'):
            for complaint in self.sudo().filtered('invoice_dispute'):
                complaint._ask_controller(
                    self.env._("Close the dispute of invoice %s", complaint.invoice_id.name), needed=False)

    def _ask_controller(self, summary, needed=True):
        """Leave to a credit controller what only one may decide: one activity, until it is done.

        :param bool needed: whether nothing goes on without one; otherwise a note says that there is none
        :raise UserError: if nobody is a credit controller
        """
        self.ensure_one()
        complaint = self.sudo()
        complaint.activity_unlink([DISPUTE_TYPE])
        people = self.env['sale.order']._get_control_people(
            'credit_controller', complaint.company_id, complaint.order_id.user_id)
        people = people.filtered('active').sorted('id')
        if not people:
            sentence = self.env._("Nobody is a credit controller of %s.", complaint.company_id.name)
            if needed:
                raise UserError(sentence)
            complaint._message_log(body=f"{summary}: {sentence}")
            return
        complaint._inform(people[0])
        complaint.activity_schedule(DISPUTE_TYPE, user_id=people[0].id, summary=summary)
