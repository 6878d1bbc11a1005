from markupsafe import Markup

from odoo import models

from .sale_order_answer import ANSWERED


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _offer_shortage(self, choice, values):
        offer = super()._offer_shortage(choice, values)
        self.order_id._tell_offer(self)
        return offer


class SaleOrder(models.Model):
    """Ways out of a shortage that customers are asked about: by mail, answered on the page of the order."""

    _inherit = 'sale.order'

    def _get_portal_offers(self):
        """Return the open offers of the order, for its page and the mail, in sudo.

        :return: list of dicts ``line, offer_id, product, text``; empty where nothing is offered
        """
        self.ensure_one()
        order = self.sudo()
        if order.state == 'cancel' or not order._with_control('promise')._get_controlled():
            return []
        offers = order.order_line._get_shortage_offers()
        return [
            {
                'line': line,
                'offer_id': offers[line.id]['offer_id'],
                'product': line.product_id.with_env(self.env).display_name,
                'text': offers[line.id]['text'],
            }
            for line in order.order_line if line.id in offers
        ]

    def _tell_offer(self, line):
        """Ask the customer by mail about an offer just made; who cannot be reached by mail is asked by the salesperson.

        :param line: the line of this order for which something is offered
        """
        self.ensure_one()
        order = self.sudo()
        offered = [offer for offer in order._get_portal_offers() if offer['line'] == line]
        if offered and order._get_unreachable():
            order._ask_to_tell(self.env._("Ask the customer about the proposal"))
        elif offered:
            order._record_notices('offer', contents=offered[0]['text'])
            order._send_notices('sale_order_control.mail_template_delivery_offer')

    def _answer_offer(self, offer_id, accepted, contact, words=None):
        """Record what the customer says to an open offer; private: callers check who speaks.

        :param int offer_id: what was answered
        :param bool accepted: whether the customer agrees
        :param str contact: who said it
        :param str words: what the customer adds
        :return: whether the offer was still open
        """
        self.ensure_one()
        order = self.sudo()
        asked = {offer['offer_id']: offer for offer in order._get_portal_offers()}
        if offer_id not in asked:
            return False
        line = asked[offer_id]['line']
        consent = self.env._("%s, on the customer's page", contact)
        outcome = line._answer_shortage_offer(offer_id, accepted, consent, (words or "").strip() or None)
        order._report_offer_answer(line, asked[offer_id]['text'], outcome, contact, words)
        return outcome is not None

    def _report_offer_answer(self, line, text, outcome, contact, words):
        """Tell the salesperson, whose turn it is unless what was offered is done."""
        answers = {
            'applied': self.env._("accepted, and done"),
            'agreed': self.env._("accepted; it waits for somebody here"),
            'declined': self.env._("declined"),
        }
        note = Markup("<p>%s</p>") % " ".join(filter(None, [
            self.env._(
                "%(contact)s about %(product)s: %(answer)s. Offered was: %(offer)s", contact=contact,
                product=line.product_id.display_name, answer=answers.get(outcome, ""), offer=text), words]))
        user = self.user_id.filtered('active')
        self.message_post(body=note, subtype_xmlid='mail.mt_note', partner_ids=user.partner_id.ids)
        if outcome == 'declined' and user:
            self.activity_schedule(
                ANSWERED, user_id=user.id, summary=self.env._("The customer declined the proposal"), note=note)
