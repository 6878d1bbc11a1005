from odoo import http
from odoo.http import request


class ApprovalLink(http.Controller):
    """Where the link of an approval message leads to."""

    @http.route(
        '/control/approval/<int:request_id>', type='http', auth='user', methods=['GET'], website=True, sitemap=False)
    def open_request(self, request_id, **_parameters):
        """Lead whoever is signed in to the request's screen, or say clearly that it is not for them.

        Reading decides nothing: the decision is a button of the screen.
        """
        user = request.env.user
        approval = request.env['sale.approval.request'].with_context(
            allowed_company_ids=user.company_ids.ids).browse(request_id)
        if user._is_internal() and approval.exists() and approval.has_access('read'):
            return request.redirect(f'/odoo/control-approval-requests/{request_id}')
        # The same page whether there is such a request or not: nobody learns what others are asked.
        return request.render('sale_order_control.approval_link_refused', {'reader': user.name}, status=403)
