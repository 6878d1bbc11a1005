from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...order.control_memory import control_acting
from .sale_complaint_remedy import AMOUNT_KINDS, GOODS_KINDS

REMEDY_ACTIVITY = 'sale_order_control.mail_activity_type_complaint_remedy'


class SaleComplaintRemedy(models.Model):
    """The way of a remedy: approval by policy, the customer's agreement, then what is done, exactly once."""

    _inherit = 'sale.complaint.remedy'

    # === ACTIONS ===#

    def action_submit(self):
        """Propose remedies: approvers are asked where a policy says so, then the customer where that is wanted.

        :raise UserError: if one is no draft, says no amount or no goods, or is about more than can be put right
        """
        self.env['sale.complaint']._check_handler()
        self.check_access('write')
        wrong = self.filtered(lambda remedy: remedy.state != 'draft')
        if wrong:
            raise UserError(self.env._("Proposed already: %s", ", ".join(wrong.mapped('name'))))
        self._take_turn()
        # What goods are worth is calculated, whatever was typed: policies compare it.
        self.filtered(lambda remedy: remedy.kind in GOODS_KINDS)._compute_amount()
        for remedy in self:
            remedy._check_complete()
            # One after the other: each has a claim that the next one must respect.
            remedy._set_state('asked')
            remedy._submit_for_approval(remedy.reason).sudo()._approval_approved()
        self.complaint_id._follow_remedies()
        return True

    def action_execute(self):
        """Carry remedies out: create their documents, once.

        :raise UserError: if one does not wait for it, saying what it waits for
        """
        self.env['sale.complaint']._check_handler()
        self.check_access('write')
        self._carry_out()
        return True

    def action_agreed(self):
        """Record that the customer agreed to us, by phone or mail: for handlers."""
        self.env['sale.complaint']._check_handler()
        self.check_access('write')
        for remedy in self:
            remedy._answer(True, self.env.user.name, self.env._("Agreed to us, not in the portal."))
        return True

    def action_declined(self):
        """Record that the customer declined to us: for handlers."""
        self.env['sale.complaint']._check_handler()
        self.check_access('write')
        for remedy in self:
            remedy._answer(False, self.env.user.name, self.env._("Declined to us, not in the portal."))
        return True

    # === CHECKS ===#

    def _take_turn(self):
        """Let rivals meet by a real update of the complaint: the later one starts again and sees the earlier.

        Remedies of other complaints about the same order meet on the order's row.

        :raise SerializationFailure: for the later one; Odoo repeats its request
        """
        self.env.flush_all()
        orders = self.sudo().complaint_id.order_id
        for table, records in (('sale_order', orders), ('sale_complaint_remedy', self)):
            self.env.cr.execute(SQL(
                """UPDATE %(table)s SET write_date = write_date
                    WHERE id IN (SELECT id FROM %(table)s WHERE id IN %(ids)s ORDER BY id FOR UPDATE)""",
                table=SQL.identifier(table), ids=records._ids or (0,)))
        self.invalidate_recordset(['state', 'result_ids', 'discount_order_id'])

    def _check_complete(self):
        """Check that a remedy says what it is about.

        :raise UserError: saying what is missing
        """
        self.ensure_one()
        remedy = self.sudo()
        remedy._check_open()
        remedy._check_offered()
        if remedy.kind in GOODS_KINDS:
            if not remedy.line_ids:
                raise UserError(self.env._(
                    "Say which goods “%s” is about: the complaint needs its order and products.", remedy.type_id.name))
            remedy._check_quantities()
        if remedy.kind in AMOUNT_KINDS and remedy.currency_id.compare_amounts(remedy.amount, 0.0) <= 0:
            raise UserError(self.env._("Enter the amount of “%s”.", remedy.type_id.name))
        if remedy.kind == 'explanation' and not (remedy.customer_note or "").strip():
            raise UserError(self.env._("Write the explanation: the words to the customer."))
        if not remedy.partner_id:
            raise UserError(self.env._("Choose the customer of %s first.", remedy.complaint_id.name))

    def _check_open(self):
        """Check that the complaint still goes on.

        :raise UserError: if it ended
        """
        for complaint in self.sudo().complaint_id.filtered(lambda one: not one.is_open):
            raise UserError(self.env._("%s is closed. Reopen it first.", complaint.name))

    # === APPROVAL ===#

    def _get_approval_makers(self):
        # Whoever answers for the complaint does not agree to what it costs.
        return super()._get_approval_makers() | self.complaint_id.sudo().user_id

    def _get_approval_salesperson(self):
        return self.complaint_id.sudo().order_id.user_id or super()._get_approval_salesperson()

    def _get_approval_amount(self):
        return self.amount, self.currency_id

    def _get_approval_plain_value(self, name):
        if name == 'line_ids':
            return [[line.order_line_id.id, line.quantity] for line in self.line_ids]
        return super()._get_approval_plain_value(name)

    def _get_approval_text(self, name):
        if name == 'line_ids':
            return ", ".join(line._word() for line in self.line_ids)
        if name == 'percent':
            return f"{self.percent:g} %" if self.kind == 'credit' and self.percent < 100 else ""
        return super()._get_approval_text(name)

    def _approval_approved(self):
        told = {}
        for remedy in self.sudo():
            if remedy.ask_customer:
                remedy._offer()
                told[remedy.id] = self.env._("The customer is asked.")
            else:
                remedy._set_state('ready')
                told[remedy.id] = self.env._("It can be carried out.")
            if remedy.approval_state == 'approved':
                remedy._tell_handler(told[remedy.id])
        self.complaint_id._follow_remedies()
        return told

    def _approval_rejected(self):
        self._set_state('refused')
        for remedy in self:
            remedy._tell_handler(self.env._("It was refused. Propose another remedy."))

    def _approval_returned(self):
        self._set_state('draft')

    def _approval_withdrawn(self):
        self.filtered(lambda remedy: remedy.state in ('asked', 'offered', 'ready'))._set_state('draft')

    # === THE CUSTOMER ===#

    def _offer(self):
        """Ask the customer, with a message that leads to the page of the complaint."""
        self.ensure_one()
        self._set_state('offered')
        complaint = self.complaint_id.sudo()
        lang = complaint._get_customer_lang()
        remedy = self.sudo().with_context(lang=lang)
        body = Markup("<p>%s</p>") % remedy.env._(
            "We propose to put it right in this way: %s. Please accept or decline it on the page of your complaint.",
            remedy._word_for_customer())
        if remedy.customer_note:
            body += Markup("<p>%s</p>") % remedy.customer_note
        complaint.with_context(lang=lang)._write_to_customer(body)

    def _word_for_customer(self):
        """Return the remedy in words that customers may read."""
        self.ensure_one()
        remedy = self.sudo()
        words = remedy.type_id.name
        if remedy.kind in GOODS_KINDS:
            words += ": " + ", ".join(line._word() for line in remedy.line_ids)
        if remedy.kind in (*AMOUNT_KINDS, 'credit'):
            words += f", {remedy.currency_id.format(remedy.amount)}"
        return words

    def _answer(self, accepted, contact, comment=None):
        """Record the customer's answer; private: callers check who speaks.

        :param bool accepted: whether the customer agrees
        :param str contact: who says it
        :param str comment: the customer's words
        :return: whether the remedy still waited for the answer
        """
        self.ensure_one()
        self._take_turn()
        remedy = self.sudo()
        if remedy.state != 'offered':
            return False
        with control_acting(self.env):
            remedy.write({
                'answered_by': contact, 'answered_on': fields.Datetime.now(), 'answer_comment': comment or False,
            })
        remedy._set_state('ready' if accepted else 'declined')
        remedy._tell_handler(
            self.env._("%(who)s accepted it. It can be carried out.", who=contact) if accepted
            else self.env._("%(who)s declined it: %(words)s", who=contact, words=comment or "-"))
        remedy.complaint_id._follow_remedies()
        return True

    # === CARRYING OUT ===#

    def _carry_out(self):
        """Create what was agreed to; private: callers check who acts.

        Of two who do it at the same instant the second one starts again and finds it done. What was cancelled
        meanwhile may be made once more.

        :raise UserError: if a remedy does not wait for it, its complaint ended, or its goods were put right otherwise
        """
        self._take_turn()
        self._check_open()
        for remedy in self:
            if remedy.state != 'ready' and not remedy._is_undone():
                states = dict(self._fields['state']._description_selection(self.env))
                raise UserError(self.env._(
                    "%(remedy)s cannot be carried out: it is “%(state)s”.", remedy=remedy.display_name,
                    state=states[remedy.state]))
            if remedy.kind in GOODS_KINDS:
                remedy._check_quantities()
            # The company's documents are made with full rights: a handler need be neither in sales nor in accounting.
            acting = remedy.sudo().with_company(remedy.company_id)
            sentence = getattr(acting, f'_carry_out_{remedy.kind}')()
            if sentence is not None:
                acting._record_outcome(sentence)
        self.complaint_id._follow_remedies()

    def _record_outcome(self, sentence):
        with control_acting(self.env):
            self.write({
                'state': 'done', 'outcome': sentence, 'done_on': fields.Datetime.now(), 'done_by_id': self.env.uid,
            })
        self.activity_unlink([REMEDY_ACTIVITY])
        self.complaint_id._message_log(body=f"{self.display_name}: {sentence}")

    def _set_state(self, state):
        with control_acting(self.env):
            self.sudo().write({'state': state})

    def _tell_handler(self, sentence):
        """Give whoever is in charge of the complaint something to do."""
        self.ensure_one()
        user = self.complaint_id.user_id.filtered('active') or self.user_id
        self.activity_unlink([REMEDY_ACTIVITY])
        self.activity_schedule(REMEDY_ACTIVITY, user_id=user.id, summary=sentence)
