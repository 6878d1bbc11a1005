from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal

# Nobody has so much to say about one delivery; the link of an order is enough to speak.
MOST_REPORTS = 20


def _is_id(text):
    """Whether a visitor's text is a number that a record can have."""
    return text.isascii() and text.isdecimal() and len(text) < 10


class DeliveryPortal(CustomerPortal):
    """Where customers answer promised dates and sign for what has arrived."""

    def _get_customers_order(self, order_id, access_token):
        """Return the order of the customer who speaks, in sudo as that customer.

        The link of the order is enough for whoever is not signed in; who is signed in must be of the customer: a
        colleague of ours enters an answer on the order, under an own name.

        :raise AccessError: for everybody else
        :raise MissingError: if there is no such order
        """
        order = self._document_check_access('sale.order', order_id, access_token=access_token)
        user = request.env.user
        own = (order.partner_id | order.partner_invoice_id | order.partner_shipping_id).commercial_partner_id
        if not user._is_public() and (user._is_internal() or user.partner_id.commercial_partner_id not in own):
            raise AccessError(request.env._("Only the customer answers here."))
        return order.with_user(user).sudo().with_company(order.company_id)

    def _get_speaker(self, name):
        """Return who speaks: name, and the contact of the account used, if any."""
        user = request.env.user
        if user._is_public():
            return (name or "").strip()[:200], request.env['res.partner']
        return user.partner_id.name, user.partner_id.sudo()

    def _back_to(self, order, message):
        return request.redirect(order.get_portal_url(query_string=f'&message={message}', anchor='control_delivery'))

    # === DATES ===#

    @route(['/my/orders/<int:order_id>/delivery_answer'], type='http', auth='public', methods=['POST'], website=True)
    def answer_dates(self, order_id, access_token=None, contact=None, comment=None, accept_all=None, **given):
        """Record what the customer says to the dates that the page showed."""
        try:
            order = self._get_customers_order(order_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        contact, partner = self._get_speaker(contact)
        if not contact:
            return self._back_to(order, 'answer_name')
        asked = {question['line'].id: question for question in order._get_portal_questions()}
        answers = []
        for name, value in given.items():
            prefix, _sep, number = name.partition('revision_')
            if prefix or not _is_id(number):
                continue
            question = asked.get(int(number))
            if not question:
                return self._back_to(order, 'answer_done')
            if str(question['revision']) != value:
                return self._back_to(order, 'answer_stale')
            answer = 'accepted' if accept_all else given.get(f'answer_{number}')
            if answer:
                answers.append({
                    'line': question['line'],
                    'answer': answer,
                    'wish_date': answer in ('other_date', 'partial') and self._read_day(given.get(f'wish_{number}')),
                    'comment': (comment or "")[:2000],
                })
        if not answers:
            return self._back_to(order, 'answer_none')
        try:
            order._record_answers(answers, 'portal', contact, partner)
        except UserError:
            # Refused before anything was written.
            return self._back_to(order, 'answer_wrong')
        return self._back_to(order, 'answer_ok')

    @route(['/my/orders/<int:order_id>/offer_answer'], type='http', auth='public', methods=['POST'], website=True)
    def answer_offer(self, order_id, access_token=None, offer_id='', answer=None, contact=None, comment='', **_rest):
        """Record what the customer says to what was offered instead of goods that are short."""
        try:
            order = self._get_customers_order(order_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        contact, _partner = self._get_speaker(contact)
        if not contact:
            return self._back_to(order, 'answer_name')
        if answer not in ('accepted', 'declined') or not _is_id(offer_id):
            return self._back_to(order, 'answer_none')
        found = order._answer_offer(int(offer_id), answer == 'accepted', contact, comment[:2000])
        return self._back_to(order, 'answer_ok' if found else 'answer_done')

    def _read_day(self, text):
        try:
            return fields.Date.to_date(text or False) or False
        except ValueError:
            return False

    # === RECEIPT ===#

    def _get_customers_delivery(self, order, picking_id):
        """Return a delivery of the order that the customer may speak about.

        :raise MissingError: if it is no delivery of this order
        """
        picking = order._get_portal_deliveries().filtered(lambda one: one.id == picking_id)
        if not picking:
            raise MissingError(request.env._("There is no such delivery of this order."))
        return picking

    @route(['/my/orders/<int:order_id>/receipt/<int:picking_id>/sign'], type='jsonrpc', auth='public', website=True)
    def sign_receipt(self, order_id, picking_id, access_token=None, name=None, signature=None):
        """Record the signature that Odoo's signature form sends."""
        access_token = access_token or request.httprequest.args.get('access_token')
        try:
            order = self._get_customers_order(order_id, access_token)
            picking = self._get_customers_delivery(order, picking_id)
        except (AccessError, MissingError):
            return {'error': request.env._("This delivery cannot be signed here.")}
        _contact, partner = self._get_speaker(name)
        name = (name or "").strip()[:200]
        if not name:
            return {'error': request.env._("Please enter your name.")}
        try:
            picking._record_receipt('signed', name, partner, signature=signature)
        except UserError as error:
            return {'error': str(error)}
        except (TypeError, ValueError):
            return {'error': request.env._("The signature cannot be read. Please sign again.")}
        return {'force_refresh': True, 'redirect_url': order.get_portal_url(
            query_string='&message=receipt_ok', anchor='control_receipt')}

    @route(
        ['/my/orders/<int:order_id>/receipt/<int:picking_id>/report'], type='http', auth='public', methods=['POST'],
        website=True)
    def report_problem(self, order_id, picking_id, access_token=None, kind=None, remark=None, contact=None, **_given):
        """Record that something is wrong with a delivery."""
        try:
            order = self._get_customers_order(order_id, access_token)
            picking = self._get_customers_delivery(order, picking_id)
        except (AccessError, MissingError):
            return request.redirect('/my')
        contact, partner = self._get_speaker(contact)
        if not contact:
            return self._back_to(order, 'answer_name')
        if kind not in ('difference', 'damage', 'other') or not (remark or "").strip():
            return self._back_to(order, 'receipt_none')
        if len(picking.receipt_ids) >= MOST_REPORTS:
            return self._back_to(order, 'receipt_reported')
        picking._record_receipt(kind, contact, partner, remark=remark[:2000])
        return self._back_to(order, 'receipt_reported')
