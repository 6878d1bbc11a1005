from datetime import timedelta

from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting
from .sale_complaint_remedy import CLAIMING


class SaleComplaintRemedy(models.Model):
    """Remedies in money: a credit note, compensation, a discount on the next order. In sudo, called once."""

    _inherit = 'sale.complaint.remedy'

    def _is_promised_discount(self):
        """Whether it is a discount that waits for the customer's next order: nothing else is left to do for it."""
        self.ensure_one()
        return self.kind == 'discount' and self.state == 'ready' and bool(self.outcome)

    def _get_cost(self):
        """Return what the remedy costs us, in the company's currency: money without taxes, goods at their cost."""
        self.ensure_one()
        remedy = self.sudo().with_company(self.company_id)
        if remedy.kind in ('replacement', 'exchange'):
            return sum(
                line.product_uom_id._compute_quantity(line.quantity, line.product_id.uom_id)
                * line.product_id.standard_price for line in remedy.line_ids)
        value = 0.0
        if remedy.kind in ('discount', 'compensation'):
            value = remedy.amount
        elif remedy.kind == 'credit':
            value = remedy.percent / 100 * sum(line._get_value(taxed=False) for line in remedy.line_ids)
        return remedy.currency_id._convert(
            value, remedy.company_id.currency_id, remedy.company_id, self.env['sale.order']._get_control_today())

    # === CREDIT NOTE ===#

    def _carry_out_credit(self):
        wanted = {}
        for line in self.line_ids:
            for item, quantity in self._find_creditable(line):
                wanted.setdefault(item.move_id, {})[item] = (quantity, self._comes_back(line))
        notes, sentences = self.env['account.move'], []
        for invoice, items in wanted.items():
            date, sentence = self._get_open_date(invoice.journal_id)
            notes |= self._create_credit_note(invoice, items, date)
            sentences.append(sentence)
        return self._word_credit(notes, sentences)

    def _word_credit(self, notes, sentences):
        done = self.env._(
            "Draft credit note of %(amount)s for accounting to post.",
            amount=self.currency_id.format(sum(notes.mapped('amount_total'))))
        return " ".join([done, *dict.fromkeys(filter(None, sentences))])

    def _find_creditable(self, line):
        """Spread goods over the posted invoices that charged them, the oldest first.

        :return: list of ``(account.move.line, quantity in the unit of that line)``
        :raise UserError: if less was invoiced
        """
        source, missing, skip = line.order_line_id, line.quantity, self._get_credited(line.order_line_id)
        unit = source.product_uom_id
        charged = source.invoice_lines.filtered(
            lambda item: item.parent_state == 'posted' and item.move_id.move_type == 'out_invoice')
        found = []
        for item in charged.sorted(lambda item: (item.move_id.invoice_date, item.id)):
            free = item.product_uom_id._compute_quantity(item.quantity, unit, round=False)
            used = min(free, skip)
            skip -= used
            taken = min(missing, free - used)
            if unit.compare(taken, 0.0) > 0:
                found.append((item, unit._compute_quantity(taken, item.product_uom_id)))
                missing -= taken
        if unit.compare(missing, 0.0) > 0:
            raise UserError(self.env._(
                "%(quantity)s %(unit)s of “%(product)s” cannot be credited: they are on no posted invoice of %(order)s "
                "that was not credited already. What is not invoiced yet needs no credit note.",
                quantity=f"{missing:g}", unit=unit.name, product=source.product_id.display_name,
                order=source.order_id.name))
        return found

    def _get_credited(self, source):
        """Return how much of an order line was credited at its full price, whoever did it."""
        notes = source.invoice_lines.filtered(
            lambda item: item.parent_state != 'cancel' and item.move_id.move_type == 'out_refund')
        linked = sum(item.product_uom_id._compute_quantity(item.quantity, source.product_uom_id, round=False)
                     for item in notes)
        # Goods that stay with the customer are credited without a link to the order: it is not invoiced again.
        kept = self.env['sale.complaint.remedy.line'].search([
            ('order_line_id', '=', source.id), ('remedy_id.kind', '=', 'credit'), ('remedy_id.state', '=', 'done'),
            ('remedy_id', '!=', self.id),
        ]).filtered(lambda one: any(
            note.state != 'cancel' and source not in note.invoice_line_ids.sale_line_ids
            for note in one.remedy_id.credit_note_ids))
        return linked + sum(one.quantity for one in kept if one.remedy_id.percent >= 100)

    def _comes_back(self, line):
        """Whether the goods come back: then the order is less by them; otherwise only the price is."""
        if self.percent < 100:
            return False
        delivered, back = line.order_line_id._get_complaint_delivered()[line.order_line_id.id]
        # What is exchanged stays on the order.
        called = sum(self.env['sale.complaint.remedy.line'].search([
            ('order_line_id', '=', line.order_line_id.id), ('remedy_id.kind', '=', 'return'),
            ('remedy_id.state', 'in', CLAIMING)]).mapped('quantity'))
        return bool(delivered) and line.product_uom_id.compare(max(back, called), line.quantity) >= 0

    def _create_credit_note(self, invoice, items, date):
        """Reverse an invoice by Odoo's own wizard, and leave on the draft what the remedy is about.

        Prices, discounts, taxes, accounts and currency are those of the invoice.

        :param dict items: ``{account.move.line: (quantity, whether the goods come back)}``
        :param date: day of the credit note
        """
        wizard = self.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({
                'date': date, 'reason': self.complaint_id.name, 'journal_id': invoice.journal_id.id})
        wizard.reverse_moves()
        note = wizard.new_move_ids
        changes = []
        for origin, copy in zip(
                invoice.invoice_line_ids.sorted('id'), note.invoice_line_ids.sorted('id'), strict=True):
            if origin not in items:
                changes.append(Command.delete(copy.id))
                continue
            quantity, linked = items[origin]
            values = {'quantity': quantity, 'price_unit': origin.price_unit * self.percent / 100}
            if not linked:
                values['sale_line_ids'] = [Command.clear()]
            changes.append(Command.update(copy.id, values))
        with control_acting(self.env):
            note.write({'invoice_line_ids': changes, 'complaint_remedy_id': self.id})
        return note

    def _get_open_date(self, journal):
        """Return the first day on which accounting takes a credit note, and what is to be said about it.

        :param account.journal journal: in which it is booked
        """
        today = day = self.env['sale.order']._get_control_today()
        while locks := self.company_id._get_violated_lock_dates(day, True, journal):
            day = locks[-1][0] + timedelta(days=1)
        if day == today:
            return day, ""
        return day, self.env._(
            "Accounting is closed until %(closed)s: the credit note is dated %(open)s, the next open day.",
            closed=format_date(self.env, day - timedelta(days=1)), open=format_date(self.env, day))

    # === COMPENSATION ===#

    def _carry_out_compensation(self):
        journal = self.env['account.journal'].search([
            *self.env['account.journal']._check_company_domain(self.company_id), ('type', '=', 'sale')], limit=1)
        if not journal:
            raise UserError(self.env._("%s has no sales journal. Set one up in accounting.", self.company_id.name))
        date, sentence = self._get_open_date(journal)
        with control_acting(self.env):
            note = self.env['account.move'].create(self._prepare_compensation(journal, date))
        return self._word_credit(note, [sentence])

    def _prepare_compensation(self, journal, date):
        """Prepare a credit note without taxes: damages are no supply of goods. Accounting may say otherwise."""
        order = self.complaint_id.order_id
        payer = order.partner_invoice_id or self.partner_id
        return {
            'complaint_remedy_id': self.id,
            'move_type': 'out_refund',
            'journal_id': journal.id,
            'partner_id': payer.id,
            'currency_id': self.currency_id.id,
            'invoice_date': date,
            'invoice_origin': ", ".join(filter(None, [self.complaint_id.name, order.name])),
            'invoice_user_id': order.user_id.id,
            'invoice_line_ids': [Command.create({
                'name': self.with_context(lang=payer.lang).env._(
                    "Compensation for complaint %s", self.complaint_id.name),
                'quantity': 1.0,
                'price_unit': self.amount,
                'tax_ids': [Command.clear()],
            })],
        }

    # === EXPLANATION ===#

    def _carry_out_explanation(self):
        self.complaint_id._write_to_customer(self.customer_note)
        return self.env._("The customer was written to.")

    # === DISCOUNT ON THE NEXT ORDER ===#

    def _carry_out_discount(self):
        # It waits for the order, on which the salesperson takes it off.
        with control_acting(self.env):
            self.write({
                'state': 'ready', 'discount_order_id': False, 'done_on': False, 'done_by_id': False,
                'outcome': self.env._("It is taken off the customer's next order: the quotation offers it."),
            })
        return None


class SaleOrder(models.Model):
    """Discounts that were promised for complaints, taken off the customer's next order."""

    _inherit = 'sale.order'

    complaint_discount_ids = fields.One2many(
        'sale.complaint.remedy', 'discount_order_id', string="Discounts for Complaints", readonly=True,
        groups='base.group_user')
    complaint_discount_open = fields.Boolean(
        string="Discount for a Complaint", compute='_compute_complaint_discount_open', compute_sudo=True,
        groups='base.group_user', help="A discount that was promised for a complaint waits for an order like this one.")

    complaint_discount_summary = fields.Char(
        compute='_compute_complaint_discount_open', compute_sudo=True, groups='base.group_user')

    def _compute_complaint_discount_open(self):
        found = self._find_complaint_discounts()
        for order in self:
            remedies = found.get(order.id)
            order.complaint_discount_open = bool(remedies)
            order.complaint_discount_summary = self.env._(
                "The customer was promised %(amount)s off the next order, for %(complaints)s.",
                amount=order.currency_id.format(sum(remedies.mapped('amount'))),
                complaints=", ".join(remedies.complaint_id.mapped('name'))) if remedies else False

    def _find_complaint_discounts(self):
        """Return ``{order_id: remedies}`` whose promised discount can be taken off these quotations; in sudo."""
        remedies = self.env['sale.complaint.remedy'].sudo()
        drafts = self.filtered(lambda order: order.state in ('draft', 'sent') and order.partner_id)
        if not drafts:
            return {}
        waiting = remedies.search([
            ('kind', '=', 'discount'),
            # An order that was cancelled took nothing off.
            '|', ('state', '=', 'ready'), '&', ('state', '=', 'done'), ('discount_order_id.state', '=', 'cancel'),
            ('partner_id.commercial_partner_id', 'in', drafts.partner_id.commercial_partner_id.ids)])
        return {
            order.id: waiting.filtered(
                lambda remedy, order=order: remedy.company_id == order.company_id
                and remedy.currency_id == order.currency_id
                and remedy.partner_id.commercial_partner_id == order.partner_id.commercial_partner_id)
            for order in drafts
        }

    def action_use_complaint_discount(self):
        """Take the discounts off that were promised to the customer for complaints, each of them once.

        :raise UserError: if none waits, or the order comes to less than the discount
        """
        self.ensure_one()
        self.check_access('write')
        remedies = self._find_complaint_discounts().get(self.id)
        if not remedies:
            raise UserError(self.env._("No discount for a complaint waits for %s.", self.name))
        remedies._take_turn()
        for remedy in remedies.filtered(lambda one: one.state == 'ready' or one._is_undone()):
            if self.currency_id.compare_amounts(self.amount_total, remedy.amount) < 0:
                raise UserError(self.env._(
                    "The discount of %(amount)s for %(complaint)s is more than this order. Use it on a larger one.",
                    amount=remedy.currency_id.format(remedy.amount), complaint=remedy.complaint_id.name))
            known = self.order_line
            # Odoo's own wizard spreads it over the taxes; the product it makes needs rights of an administrator.
            self.env['sale.order.discount'].sudo().create({
                'sale_order_id': self.id, 'discount_type': 'amount', 'discount_amount': remedy.amount,
            }).action_apply_discount()
            for line in self.order_line - known:
                line.name = self.env._("%(discount)s for complaint %(complaint)s",
                                       discount=line.name, complaint=remedy.complaint_id.name)
            with control_acting(self.env):
                remedy.discount_order_id = self
            remedy._record_outcome(self.env._("Taken off %s.", self.name))
        return True
