import binascii

from odoo.exceptions import AccessError, MissingError
from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal


class AmendmentPortal(CustomerPortal):
    """Where customers see what changes of their order, and confirm it or decline it."""

    def _get_customers_amendment(self, amendment_id, access_token, answering=False):
        """Return the amendment behind a link, in sudo; the link is enough to read and to answer.

        :param bool answering: whether the caller speaks for the customer: a colleague of ours never does
        :raise AccessError: without the link
        :raise MissingError: if there is no such amendment
        """
        amendment = self._document_check_access('sale.amendment', amendment_id, access_token=access_token)
        user = request.env.user
        if answering and not user._is_public():
            own = amendment.partner_id.commercial_partner_id
            if user._is_internal() or user.partner_id.commercial_partner_id != own:
                raise AccessError(request.env._("Only the customer answers here."))
        return amendment.with_company(amendment.company_id)

    @route(['/my/amendments/<int:amendment_id>'], type='http', auth='public', website=True)
    def show_amendment(self, amendment_id, access_token=None, message=None, **_rest):
        """Show what changes, and the box to sign as long as an answer is wanted."""
        try:
            amendment = self._get_customers_amendment(amendment_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        if amendment.customer_state == 'none' and not request.env.user._is_internal():
            # Not offered yet: we are still making up our minds.
            return request.redirect('/my')
        before, after = amendment._get_customer_totals()
        return request.render('sale_order_control.portal_amendment', {
            'amendment': amendment,
            'changed_order': amendment.order_id,
            'rows': amendment._get_customer_rows(),
            'total_before': before,
            'total_after': after,
            'seen': amendment._get_customer_fingerprint(),
            'access_token': access_token,
            'message': message,
            'page_name': 'amendment',
        })

    @route(['/my/amendments/<int:amendment_id>/accept'], type='jsonrpc', auth='public', website=True)
    def accept_amendment(self, amendment_id, access_token=None, name=None, signature=None, seen=None):
        """Record the customer's signature; the order is changed where nothing stands in the way."""
        access_token = access_token or request.httprequest.args.get('access_token')
        try:
            amendment = self._get_customers_amendment(amendment_id, access_token, answering=True)
        except (AccessError, MissingError):
            return {'error': request.env._("This page is not yours to sign.")}
        if not amendment._is_open_to_customer():
            return {'error': request.env._("Nothing is waiting for your signature here any more.")}
        if (seen or request.httprequest.args.get('seen')) != amendment._get_customer_fingerprint():
            return {'error': request.env._(
                "This change was revised meanwhile. Please reload the page and read it again.")}
        name = (name or "").strip()[:200]
        if not signature or not name:
            return {'error': request.env._("Please sign, and enter your name.")}
        try:
            amendment._accept_by_customer(name, signature)
        except (TypeError, ValueError, binascii.Error):
            return {'error': request.env._("The signature cannot be read. Please sign once more.")}
        return {'force_refresh': True, 'redirect_url': amendment.get_portal_url(query_string='&message=signed')}

    @route(['/my/amendments/<int:amendment_id>/decline'], type='http', auth='public', methods=['POST'], website=True)
    def decline_amendment(self, amendment_id, access_token=None, decline_message=None, seen=None, **_rest):
        """Record that the customer does not want the change."""
        try:
            amendment = self._get_customers_amendment(amendment_id, access_token, answering=True)
        except (AccessError, MissingError):
            return request.redirect('/my')
        if amendment._is_open_to_customer():
            if seen != amendment._get_customer_fingerprint():
                return request.redirect(amendment.get_portal_url())
            amendment._decline_by_customer((decline_message or "")[:2000])
        return request.redirect(amendment.get_portal_url(query_string='&message=declined'))
