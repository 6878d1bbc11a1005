from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting
from .sale_delivery_answer import ANSWERS, OPEN_ANSWERS

ANSWERED = 'sale_order_control.mail_activity_type_delivery_answer'


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _get_answer_choices(self):
        """Return what the customer may say to the date of this line, ``{key of ANSWERS: label}``, in this order.

        What somebody offers, as a substitute, is a question of its own.
        """
        self.ensure_one()
        choices = {
            'accepted': self.env._("I accept this date"),
            'other_date': self.env._("I need another date"),
        }
        if self.product_uom_id.compare(self.product_uom_qty, 1) > 0:
            choices['partial'] = self.env._("Send what you can earlier, the rest on this date")
        choices['declined'] = self.env._("I do not accept this date")
        return choices


class SaleOrder(models.Model):
    """What customers say to promised dates: on their page, or to somebody who enters it."""

    _inherit = 'sale.order'

    def _get_answerable_lines(self):
        """Return the lines with a current promise, whatever the customer has said so far, in sudo."""
        return self.sudo()._get_promise_controlled().order_line._filter_tellable(
            'to_tell', 'asked', *dict(ANSWERS))

    def _get_portal_questions(self):
        """Return what the customer's page asks about: the lines that were told and not answered.

        :return: list of dicts ``line, rows, choices, revision``; empty where nothing is to be answered
        """
        self.ensure_one()
        order = self.sudo()
        lines = order._get_promise_controlled().order_line._filter_tellable('asked') if order.state == 'sale' else ()
        if not lines:
            return []
        promises = lines._get_open_promises().grouped('order_line_id')
        return [
            {
                'line': line,
                'rows': promises[line].with_env(self.env)._get_customer_rows(),
                'choices': line.with_env(self.env)._get_answer_choices(),
                'revision': line.promise_revision,
            }
            for line in lines if line in promises
        ]

    def _get_portal_answers(self):
        """Word what the customer said to the current promises, for the customer's page.

        :return: list of sentences
        """
        self.ensure_one()
        lines = self.sudo()._get_promise_controlled().order_line._filter_tellable(*dict(ANSWERS))
        sentences = {
            'accepted': self.env._("you accepted the date."),
            'other_date': self.env._("you asked for another date. We will get back to you."),
            'partial': self.env._("you asked for a part earlier. We will get back to you."),
            'declined': self.env._("you did not accept the date. We will get back to you."),
        }
        return [f"{line.product_id.with_env(self.env).display_name}: {sentences[line.reply_state]}" for line in lines]

    # === RECORDING ===#

    def _record_answers(self, answers, channel, contact, partner=None):
        """Record what the customer says to the current promises; private: callers check who speaks.

        :param list answers: dicts ``line, answer`` and, where it applies, ``wish_date, comment``
        :param str channel: ``portal`` or a key of ``CHANNELS``
        :param str contact: who answered
        :param res.partner partner: whose account was used, if any
        :return: the recorded answers, in sudo
        :raise UserError: if an answer says too little, with nothing written
        """
        self.ensure_one()
        order = self.sudo()
        self._check_answers(answers)
        lines = order.order_line.browse([given['line'].id for given in answers])
        promises = lines._get_open_promises().grouped('order_line_id')
        possible = order._get_possible_quantities(answers)
        with control_acting(self.env):
            for given, line in zip(answers, lines, strict=True):
                accepted = given['answer'] == 'accepted'
                line.write({
                    'reply_state': given['answer'], 'wish_date': False if accepted else given.get('wish_date')})
        # Of two answers at once the second starts again, and finds the first.
        lines.flush_recordset()
        facts = self.env['sale.delivery.answer']._record_facts([
            {
                'promise_id': promises[line].id,
                'order_line_id': line.id,
                'order_id': order.id,
                'company_id': order.company_id.id,
                'answer': given['answer'],
                'wish_date': given.get('wish_date'),
                'quantity': possible.get(line.id, 0.0),
                'comment': (given.get('comment') or "").strip() or False,
                'channel': channel,
                'contact': contact,
                'partner_id': (partner or order.partner_id).id,
                'user_id': self.env.uid,
            }
            for given, line in zip(answers, lines, strict=True)
        ])
        order._report_answers(facts, partner)
        order._follow_answers(facts)
        return facts

    def _check_answers(self, answers):
        known = {line.id for line in self._get_answerable_lines()}
        today = self.warehouse_id.sudo()._get_promise_today()
        for given in answers:
            line, wish = given['line'].sudo(), given.get('wish_date')
            if line.id not in known:
                raise UserError(self.env._(
                    "No date of %s waits for an answer any more.", line.product_id.display_name))
            if given['answer'] not in line._get_answer_choices():
                raise UserError(self.env._("This cannot be answered to the date of %s.", line.product_id.display_name))
            if given['answer'] in ('other_date', 'partial') and not wish:
                raise UserError(self.env._(
                    "Enter the day on which %s is wanted.", line.product_id.display_name))
            if wish and wish < today:
                raise UserError(self.env._(
                    "%(date)s is in the past: enter a day from today on for %(product)s.",
                    date=format_date(self.env, wish), product=line.product_id.display_name))

    def _get_possible_quantities(self, answers):
        """Tell what can be there by the day asked for, of lines of which a part is wanted earlier.

        :return: ``{line_id: quantity in the line's unit}``
        """
        wanted = {given['line'].id: given['wish_date'] for given in answers if given['answer'] == 'partial'}
        schedules = self.order_line.browse(wanted)._get_atp_schedule() if wanted else {}
        return {
            line_id: sum(part.quantity for part in schedules.get(line_id, ()) if part.date <= day)
            for line_id, day in wanted.items()
        }

    def _follow_answers(self, answers):
        """Let others act on answers just recorded: whoever offered a substitute, for one."""

    # === WHO IS TOLD, WHO ACTS ===#

    def _report_answers(self, answers, partner=None):
        """Tell salesperson and planner once, and give an activity to the one who must act."""
        self.ensure_one()
        planners = answers.promise_id.user_id.filtered('active')
        readers = (self.user_id.filtered('active') | planners) - self.env.user
        words = Markup().join(Markup("<li>%s</li>") % answer._word() for answer in answers)
        self.message_post(
            body=Markup("<p>%s</p><ul>%s</ul>") % (
                self.env._("%s answered the promised dates:", answers[:1].contact or self.partner_id.name), words),
            subtype_xmlid='mail.mt_note', author_id=(partner or self.partner_id).id if not self.env.user._is_internal()
            else None, partner_ids=readers.partner_id.ids)
        self._control_log('promise', message=" ".join(answer._word() for answer in answers))
        for user, found in answers._get_actors().items():
            self._give_answer_activity(user, found)

    def _give_answer_activity(self, user, answers):
        """Give a person one activity for what is to be done, however many lines and answers it is about."""
        summary = self.env._("Agree with the customer, or cancel") if 'declined' in answers.mapped('answer') \
            else self.env._("Promise what the customer asks for, or say why not")
        note = Markup("<ul>%s</ul>") % Markup().join(Markup("<li>%s</li>") % answer._word() for answer in answers)
        kind = self.env.ref(ANSWERED, raise_if_not_found=False)
        known = self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind and activity.user_id == user)[:1]
        if known:
            known.write({'summary': summary, 'note': (known.note or Markup()) + note})
        else:
            self.activity_schedule(ANSWERED, user_id=user.id, summary=summary, note=note)

    def _close_answer_activities(self):
        """Close the activities of orders of which no answer waits for somebody any more."""
        settled = self.filtered(lambda order: not set(order.order_line.mapped('reply_state')) & set(OPEN_ANSWERS))
        if settled:
            settled.activity_unlink([ANSWERED])


class SaleDeliveryAnswer(models.Model):
    _inherit = 'sale.delivery.answer'

    def _word(self):
        """Word an answer for our people, e.g. "4 Chair: wants another date, 12 March (late for the fair)"."""
        self.ensure_one()
        line = self.order_line_id
        words = self.env._(
            "%(product)s, promised for %(date)s: %(answer)s", product=line.product_id.display_name,
            date=format_date(self.env, self.promise_id.promised_date),
            answer=dict(self._fields['answer']._description_selection(self.env))[self.answer])
        if self.wish_date and self.answer == 'partial':
            words += " " + self.env._(
                "by %(date)s (possible by then: %(quantity)s of %(all)s)", date=format_date(self.env, self.wish_date),
                quantity=f"{self.quantity:g}", all=f"{line.product_uom_qty:g}")
        elif self.wish_date:
            words += " " + format_date(self.env, self.wish_date)
        return f"{words}. {self.comment}" if self.comment else f"{words}."

    @api.model
    def _get_acting_planner(self, promise):
        """Return the planner who promised, if still one; otherwise nobody in particular."""
        planner = promise.user_id
        is_planner = planner.active and planner.has_group('sale_order_control.group_delivery_planner')
        return planner if is_planner else planner.browse()

    def _get_actors(self):
        """Return ``{user: answers}``: planners promise other dates, salespeople speak with customers who decline."""
        actors = {}
        for answer in self.filtered(lambda answer: answer.answer in OPEN_ANSWERS):
            seller = answer.order_id.user_id.filtered('active')
            planner = self._get_acting_planner(answer.promise_id)
            first, second = (seller, planner) if answer.answer == 'declined' else (planner, seller)
            user = first or second
            if user:
                actors[user] = actors.get(user, self.browse()) | answer
        return actors
