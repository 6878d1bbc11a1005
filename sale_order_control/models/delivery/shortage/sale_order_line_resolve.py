from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_amending

# What ends in a promise: of a confirmed order, a delivery planner's.
PROMISED_KINDS = ('wait', 'split')


class SaleOrderLine(models.Model):
    """Doing something about a shortage. Private: the wizard and the customer's answer decide who asks for it."""

    _inherit = 'sale.order.line'

    def _resolve_shortage(self, choice, values, offer=None):
        """Do what was chosen as the current user, with all checks of what it changes, and record it.

        Of a confirmed order, days are promised by planners alone: somebody else's choice is recorded as agreed,
        and waits for one.

        :param ShortageChoice choice: as it was worked out right now
        :param dict values: ``reason``, ``consent_by``, ``change_reason`` (record), ``extra_cost``, ``percent``,
            ``compensation`` (``discount`` or ``freight``), each where it applies
        :param offer: the offer that the customer accepted
        :return: the recorded :class:`sale.shortage.resolution`
        :raise UserError: if it cannot be done, with nothing changed
        """
        self.ensure_one()
        values = dict(values)
        shortage = self._get_shortages().get(self.id)
        self._check_resolution(choice, shortage, values)
        left = self.state == 'sale' and choice.kind in PROMISED_KINDS and not self._may_promise()
        if self.state != 'sale' or choice.kind in ('substitute', 'cancel', 'compensation'):
            self.order_id.check_access('write')
        else:
            self.check_access('read')
        seen = self._prepare_resolution_values(choice, shortage, values, offer)
        # A day that comes too late for a policy waits for approval.
        waits = left or bool(getattr(self, f'_apply_{choice.kind}')(choice, shortage, values))
        self._set_shortage_state('agreed' if waits else False)
        if values.get('told'):
            seen['summary'] = f"{seen['summary']} {values['told']}"
        # Who is compensated is, whoever promises the day.
        return self._record_resolution(seen, 'agreed' if waits and choice.kind != 'compensation' else 'applied')

    def _may_promise(self):
        return self.env.user.has_group('sale_order_control.group_delivery_planner')

    def _check_resolution(self, choice, shortage, values):
        """Refuse what cannot be done, or lacks the customer's word.

        :raise UserError: saying what is wrong
        """
        if not shortage:
            raise UserError(self.env._("%s is not short of anything any more.", self.product_id.display_name))
        if not choice.works:
            raise UserError(self.env._("This cannot be done. %s", choice.text))
        if choice.needs_consent and not (values.get('consent_by') or '').strip():
            raise UserError(self.env._(
                "The customer must agree to this: say who agreed, or ask the customer first."))
        if (values.get('extra_cost') or 0.0) < 0:
            raise UserError(self.env._("An extra cost cannot be below zero."))
        if choice.kind == 'cancel' and not (values.get('reason') or '').strip():
            raise UserError(self.env._("Say why the rest is not delivered."))
        if choice.kind == 'compensation':
            self._check_compensation(choice, values)

    # === EFFECTS ===#
    # Each does one way out; what a promise leaves waiting for approval is returned. ``values['told']`` may be set to a
    # sentence that says what became of it.

    def _apply_wait(self, choice, shortage, values):
        if self.state == 'sale':
            return self._promise({self.id: choice.date}, values.get('change_reason'), values.get('reason'))
        self.requested_date = choice.date
        return self.browse()

    def _apply_split(self, choice, shortage, values):
        if self.state == 'sale':
            (first, quantity), *others = choice.parts
            parts = ((first, quantity + self.product_uom_qty - self.left_quantity), *others)
            return self._promise(
                {self.id: choice.date}, values.get('change_reason'), values.get('reason'), {self.id: parts})
        self.requested_date = choice.date
        with control_acting(self.env):
            self.sudo().agreed_parts = [[fields.Date.to_string(day), quantity] for day, quantity in choice.parts]
        return self.browse()

    def _apply_expedite(self, choice, shortage, values):
        line = self.sudo()
        note = self.env._(
            "%(order)s needs %(quantity)s of %(product)s by %(date)s; %(missing)s are missing. Known supply: "
            "%(supply)s. Say until when it can be there.",
            order=line.order_id.name, quantity=self._word_shortage_quantity(shortage.quantity),
            product=line.product_id.display_name, date=format_date(self.env, shortage.due),
            missing=self._word_shortage_quantity(shortage.missing), supply=line.atp_summary or self.env._("none"))
        user, day = self._get_expedite_user(), self._get_expedite_deadline()
        if line.promise_state:
            # What a confirmed order waits for comes back as a date, which is proposed to the planner.
            kind, _known = line._get_date_responsible()
            deadline = line._get_promise_warehouse()._get_promise_moment(day)
            self.env['sale.date.request']._ask(line, kind, user, note, deadline)
            return
        line.order_id.activity_schedule(
            'sale_order_control.mail_activity_type_expedite', date_deadline=day, user_id=user.id,
            summary=self.env._("Bring forward: %s", line.product_id.display_name), note=note)

    def _apply_cancel(self, choice, shortage, values):
        # A shortage resolution is on record with the customer's consent, as an amendment would be.
        with control_amending(self.env, self.order_id):
            self.write({'product_uom_qty': choice.quantity, 'price_unit': self.price_unit, 'discount': self.discount})

    # === WHO BRINGS SUPPLY FORWARD ===#

    def _get_expedite_user(self):
        """Return who answers for the supply: the product's responsible, else the company's, else the order's.

        Somebody who may read the order comes before somebody who may not; all that matters is in the activity.
        """
        line = self.sudo()
        company = line.order_id.company_id
        users = line.product_id.with_company(company).responsible_id | company.shortage_user_id
        users |= line.order_id._get_control_responsible()
        users = users.filtered(lambda user: user.active and not user.share and company in user.company_ids)
        reading = users.filtered(lambda user: line.order_id.with_user(user).has_access('read'))
        return (reading | users)[:1] or line.order_id._get_control_responsible()

    def _get_expedite_deadline(self):
        return self._get_promise_today() + timedelta(days=self.sudo().order_id.company_id.shortage_days)

    # === RECORD ===#

    def _record_resolution(self, values, step):
        """Put on record what was chosen, and tell it on the order.

        :param dict values: as :meth:`_prepare_resolution_values` saw it before anything was done
        :param str step: key of ``RESOLUTION_STEPS``
        """
        order = self.sudo().order_id
        record = self.env['sale.shortage.resolution']._record_facts([{**values, 'step': step}])
        told = dict(record._fields['kind']._description_selection(self.env))[record.kind]
        words = [
            self.env._("Shortage of %(product)s: %(kind)s.", product=record.product_id.display_name, kind=told),
            record.summary, record.consent_by, record.reason]
        message = " ".join(word for word in words if word)
        order._message_log(body=message)
        order._control_log('promise', message=message)
        return record

    def _prepare_resolution_values(self, choice, shortage, values, offer=None):
        """Return what is recorded of a choice: the line, all figures that were seen, and what was entered."""
        self.ensure_one()
        choices = self._get_shortage_choices(shortage)
        return {
            'order_line_id': self.id,
            'order_id': self.order_id.id,
            'company_id': self.order_id.company_id.id,
            'product_id': self.product_id.id,
            'product_uom_id': self.product_uom_id.id,
            'kind': choice.kind,
            'offer_id': offer.id if offer else False,
            'user_id': self.env.uid,
            'quantity': shortage.quantity,
            'missing': shortage.missing,
            'due_date': shortage.due,
            'ready_date': shortage.ready,
            'summary': choice.text,
            'reason': values.get('reason'),
            'consent_by': values.get('consent_by'),
            'proposed_kind': next((found.kind for found in choices if found.works), False),
            'percent': values.get('percent') if values.get('compensation') == 'discount' else 0.0,
            'extra_cost': values.get('extra_cost'),
            'figures': {
                'chosen': choice.get_figures(), 'options': [found.get_figures() for found in choices],
                'compensation': values.get('compensation') or False, 'discount': self.discount},
        }

    def _record_promises(self, dates, reason, note, parts, automatic):
        result = super()._record_promises(dates, reason, note, parts, automatic)
        # What was agreed to is promised now, by whatever way.
        self.filtered(lambda line: line.sudo().shortage_state == 'agreed')._set_shortage_state(False)
        return result

    def _set_shortage_state(self, state):
        lines = self.sudo().filtered(lambda line: (line.shortage_state or False) != state)
        with control_acting(self.env):
            lines.shortage_state = state
