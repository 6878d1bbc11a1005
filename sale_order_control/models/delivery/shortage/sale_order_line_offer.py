from odoo import models
from odoo.exceptions import AccessError, UserError, ValidationError

# Steps after which nobody waits for the customer's answer any more.
OFFERED = 'offered'


class SaleOrderLine(models.Model):
    """What the customer is asked about a shortage, and what becomes of the answer."""

    _inherit = 'sale.order.line'

    def _offer_shortage(self, choice, values):
        """Record that the customer is asked about one way out; sending it is up to who asks.

        :param ShortageChoice choice: one that works
        :param dict values: ``reason``, ``percent``, ``compensation``, ``extra_cost``
        :return: the recorded offer
        :raise UserError: if it cannot be done
        """
        self.ensure_one()
        shortage = self._get_shortages().get(self.id)
        # The customer's word is what is asked for.
        self._check_resolution(choice, shortage, {**values, 'consent_by': '-'})
        self.check_access('read')
        choice = self._word_compensation_offer(choice, values)
        seen = self._prepare_resolution_values(choice, shortage, {**values, 'consent_by': False})
        offer = self._record_resolution(seen, OFFERED)
        self._set_shortage_state(OFFERED)
        return offer

    def _get_shortage_offers(self):
        """Return what customers are asked about these lines, in neutral words; nothing internal.

        An offer is open until something else happens to the line's shortage.

        :return: ``{line_id: {'offer_id': int, 'kind': str, 'text': str, 'date': ISO date or None, 'parts': [[ISO
            date, quantity]], 'quantity': float, 'product_id': int or 0}}`` of the lines with an open offer
        """
        lines = self.sudo().filtered(lambda line: line.state in ('draft', 'sent', 'sale'))
        records = self.env['sale.shortage.resolution'].sudo().search([('order_line_id', 'in', lines.ids)])
        last = {}
        for record in records:      # newest first
            last.setdefault(record.order_line_id.id, record)
        result = {}
        for line_id, record in last.items():
            if record.step == OFFERED:
                chosen = record.figures['chosen']
                result[line_id] = {
                    'offer_id': record.id, 'kind': record.kind, 'text': chosen['offer'], 'date': chosen['date'],
                    'parts': chosen['parts'], 'quantity': chosen['quantity'], 'product_id': chosen['product'],
                }
        return result

    def _answer_shortage_offer(self, offer_id, accepted, consent_by, words=None):
        """Record what the customer says to the open offer of the line, and carry an accepted one out.

        Private: the caller has checked that the customer, or somebody for them, answers. It is carried out with the
        rights of who offered it. Where that is not possible any more, the answer stays on record and the salesperson
        is told: an answer is never refused.

        :param int offer_id: of the offer that was answered, as :meth:`_get_shortage_offers` said
        :param bool accepted: whether the customer agrees
        :param str consent_by: who said it, and how
        :param str words: what the customer adds
        :return: ``applied``, ``agreed`` (it waits for somebody) or ``declined``; None if the offer is no longer open
        """
        self.ensure_one()
        if self._get_shortage_offers().get(self.id, {}).get('offer_id') != offer_id:
            return None
        offer = self.env['sale.shortage.resolution'].sudo().browse(offer_id)
        self._record_answer(offer, 'agreed' if accepted else 'declined', consent_by, words)
        self._set_shortage_state('agreed' if accepted else False)
        if not accepted:
            return 'declined'
        try:
            with self.env.cr.savepoint():
                return self._carry_out_offer(offer, consent_by)
        except (UserError, AccessError, ValidationError) as error:
            self.env.invalidate_all()
            self._report_offer_left(str(error))
            return 'agreed'

    def _carry_out_offer(self, offer, consent_by):
        """Do what was offered as the person who offered it, if it still is as good.

        :raise UserError: if it is not
        """
        line = self.sudo(False).with_user(offer.user_id)
        shortage = line._get_shortages().get(self.id)
        wanted = offer.figures['chosen']
        choices = line._get_shortage_choices(shortage) if shortage else []
        choice = next((found for found in choices if found.kind == offer.kind and found.works), None)
        figures = choice.get_figures() if choice else {}
        same = choice and all(figures[name] == wanted[name] for name in ('product', 'quantity', 'parts', 'date'))
        if not same or offer.product_id != line.sudo().product_id or not offer.user_id.active:
            raise UserError(self.env._("Supply has changed since it was offered: propose something else."))
        record = line._resolve_shortage(choice, {
            'reason': offer.reason, 'consent_by': consent_by, 'extra_cost': offer.extra_cost,
            'percent': offer.percent, 'compensation': offer.figures['compensation'],
            'change_reason': self.env.ref('sale_order_control.change_reason_customer_agreed', raise_if_not_found=False),
        }, offer)
        return record.step

    def _record_answer(self, offer, step, consent_by, words):
        names = (
            'order_line_id', 'order_id', 'company_id', 'product_id', 'product_uom_id', 'kind', 'quantity', 'missing',
            'due_date', 'ready_date', 'summary', 'proposed_kind')
        values = {name: offer._fields[name].convert_to_write(offer[name], offer) for name in names}
        self.env['sale.shortage.resolution']._record_facts([{
            **values, 'step': step, 'offer_id': offer.id, 'user_id': self.env.uid, 'consent_by': consent_by,
            'reason': words, 'figures': offer.figures}])

    def _report_offer_left(self, cause):
        """Tell the salesperson that the customer agreed and nothing could be done."""
        order = self.sudo().order_id
        order.activity_schedule(
            'sale_order_control.mail_activity_type_exception',
            user_id=order._get_control_responsible().id,
            summary=self.env._("The customer agreed, and it could not be done"),
            note=self.env._("%(product)s: %(cause)s", product=self.product_id.display_name, cause=cause))
