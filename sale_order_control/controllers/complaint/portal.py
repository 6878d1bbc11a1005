from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.sale.controllers.portal import CustomerPortal

from ...models.complaint.intake.complaint_mail import MEGABYTE, split_files

MOST_FILES = 10
LONGEST_TEXT = 5000


class ComplaintPortal(CustomerPortal):
    """Where customers complain about an order, follow their complaints, answer, and accept what we propose."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'complaint_count' in counters:
            values['complaint_count'] = self._get_own_complaints().search_count(self._get_complaint_domain())
        return values

    def _get_own_complaints(self):
        # Customers have no access to complaints but by these pages, which show them their own and nothing internal.
        return request.env['sale.complaint'].sudo()

    def _get_complaint_domain(self):
        return [('commercial_partner_id', '=', request.env.user.partner_id.commercial_partner_id.id)]

    # === WHO SPEAKS ===#

    def _get_customers_complaint(self, complaint_id, access_token):
        """Return the complaint of the customer who speaks, in sudo as that customer.

        :raise AccessError: for everybody else
        :raise MissingError: if there is no such complaint
        """
        complaint = self._get_readable_complaint(complaint_id, access_token)
        return self._speak_as_user(complaint, complaint.commercial_partner_id)

    def _get_readable_complaint(self, complaint_id, access_token):
        """Return a complaint that its customer, its link, or a colleague with access to it may see; in sudo.

        :raise AccessError: for everybody else
        :raise MissingError: if there is no such complaint
        """
        if complaint_id in self._get_own_complaints().search(
                [('id', '=', complaint_id), *self._get_complaint_domain()]).ids and not request.env.user._is_public():
            return self._get_own_complaints().browse(complaint_id)
        return self._document_check_access('sale.complaint', complaint_id, access_token=access_token)

    def _get_complained_order(self, order_id, access_token):
        """Return the order of the customer who speaks, in sudo as that customer.

        :raise AccessError: for everybody else, and for what was not confirmed
        :raise MissingError: if there is no such order
        """
        order = self._document_check_access('sale.order', order_id, access_token=access_token)
        if not order._is_complainable():
            raise AccessError(request.env._("This order was not confirmed yet."))
        parties = order.partner_id | order.partner_invoice_id | order.partner_shipping_id
        return self._speak_as_user(order, parties.commercial_partner_id)

    def _speak_as_user(self, document, owners):
        """Return a document with the user who speaks; one who is signed in must be of the customer.

        :raise AccessError: for colleagues of ours, who work in the backend, and for other customers
        """
        user = request.env.user
        if not user._is_public() and (user._is_internal() or user.partner_id.commercial_partner_id not in owners):
            raise AccessError(request.env._("Only the customer speaks here."))
        return document.with_user(user).sudo().with_company(document.company_id)

    def _get_contact(self, name, email=None):
        """Return who speaks: name, address, and the contact of the account used, if any."""
        user = request.env.user
        if user._is_public():
            return (name or "").strip()[:200], (email or "").strip()[:200], request.env['res.partner']
        return user.partner_id.name, user.partner_id.email or "", user.partner_id.sudo()

    def _read_files(self, most_bytes):
        """Read the files of the form.

        :return: ``([(name, bytes)], [(name, bytes) of those that are too large or too many])``
        """
        files = [file for file in request.httprequest.files.getlist('files') if file.filename]
        kept, refused = split_files(
            [(file.filename[:200], file.read(most_bytes + 1)) for file in files[:MOST_FILES]], most_bytes)
        return kept, [name for name, _size in refused] + [file.filename for file in files[MOST_FILES:]]

    # === LIST AND PAGE ===#

    @route(['/my/complaints', '/my/complaints/page/<int:page>'], type='http', auth='user', website=True)
    def portal_my_complaints(self, page=1, **_parameters):
        """List the customer's complaints, the latest first."""
        complaints, domain = self._get_own_complaints(), self._get_complaint_domain()
        pager = portal_pager(
            url='/my/complaints', total=complaints.search_count(domain), page=page, step=self._items_per_page)
        found = complaints.search(domain, limit=self._items_per_page, offset=pager['offset'])
        return request.render('sale_order_control.portal_my_complaints', {
            **self._prepare_portal_layout_values(), 'page_name': 'complaint', 'default_url': '/my/complaints',
            'complaints': found, 'pager': pager,
        })

    @route(['/my/complaints/<int:complaint_id>'], type='http', auth='public', website=True)
    def portal_complaint(self, complaint_id, access_token=None, message=None, **_parameters):
        """Show one complaint of the customer: where it stands, what was said, what is proposed."""
        try:
            complaint = self._get_readable_complaint(complaint_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        user = request.env.user
        return request.render('sale_order_control.portal_complaint', {
            **self._prepare_portal_layout_values(), 'page_name': 'complaint', 'complaint': complaint,
            'message': message, 'signed_in': not user._is_public(), 'is_customer': not user._is_internal(),
            **complaint._get_portal_values(),
        })

    # === NEW ===#

    @route(['/my/orders/<int:order_id>/complaint'], type='http', auth='public', methods=['GET'], website=True)
    def new_complaint(self, order_id, access_token=None, **_parameters):
        """Show the form in which the customer complains about an order."""
        try:
            order = self._get_complained_order(order_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        return self._render_form(order)

    def _render_form(self, order, error=None, given=None):
        team = request.env['sale.complaint.team'].sudo()._find_teams(False, order.company_id)[:1]
        return request.render('sale_order_control.portal_complaint_form', {
            **self._prepare_portal_layout_values(), 'page_name': 'complaint', 'order': order, 'error': error,
            'given': given or {}, 'signed_in': not request.env.user._is_public(),
            'categories': request.env['sale.complaint.category'].sudo().search([]),
            'largest_file': team._get_most_bytes() // MEGABYTE, 'most_files': MOST_FILES,
            'earlier': self._get_earlier_complaints(order),
        })

    def _get_earlier_complaints(self, order):
        """Return what the customer who speaks has told us about the order before: ``[{'name', 'url', ...}]``."""
        user = request.env.user
        speaker = order.partner_id if user._is_public() else user.partner_id
        complaints = self._get_own_complaints().search([
            ('order_id', '=', order.id), ('state', '!=', 'cancelled'),
            ('commercial_partner_id', '=', speaker.commercial_partner_id.id)])
        return [
            {'name': one.name, 'subject': one.subject, 'url': one.get_portal_url(), 'status': one._get_portal_status()}
            for one in complaints]

    @route(['/my/orders/<int:order_id>/complaint'], type='http', auth='public', methods=['POST'], website=True)
    def open_complaint(self, order_id, access_token=None, description=None, contact=None, email=None, **given):
        """Open the complaint that the form asks for; what is wrong with it is said above the form."""
        try:
            order = self._get_complained_order(order_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        asked = {**given, 'description': description, 'contact': contact, 'email': email}
        contact, email, partner = self._get_contact(contact, email)
        try:
            values, lines = self._read_form(order, asked)
            if not contact:
                raise UserError(request.env._("Please enter your name."))
            team = request.env['sale.complaint.team'].sudo()._find_teams(False, order.company_id)[:1]
            files, refused = self._read_files(team._get_most_bytes())
            with request.env.cr.savepoint():
                complaint = request.env['sale.complaint']._open_for_customer(order, {
                    **values, 'partner_id': (partner or order.partner_id).id, 'contact_name': contact,
                    'email_from': email or order.partner_id.email,
                }, lines, files)
        except UserError as error:
            return self._render_form(order, str(error), asked)
        return self._back_to_complaint(complaint, 'opened_without_files' if refused else 'opened')

    def _read_form(self, order, given):
        """Read what the customer filled in.

        :return: ``(values of the complaint, {order line: quantity})``
        :raise UserError: saying in the customer's words what is missing
        """
        text = (given.get('description') or "").strip()[:LONGEST_TEXT]
        if not text:
            raise UserError(request.env._("Please say what is wrong."))
        lines = {}
        for line in order._get_complainable_lines():
            if not given.get(f'line_{line.id}'):
                continue
            try:
                quantity = float((given.get(f'quantity_{line.id}') or "").replace(",", "."))
            except ValueError:
                quantity = 0.0
            if not 0 < quantity < 1e9:
                raise UserError(request.env._("Please say how many of “%s” it is about.", line.product_id.name))
            lines[line] = quantity
        number = given.get('category') or ""
        categories = request.env['sale.complaint.category'].sudo().search([])
        category = categories.filtered(lambda one: str(one.id) == number)
        return {
            'description': text,
            'category_id': category.id,
            'remedy_wanted': (given.get('remedy_wanted') or "").strip()[:200] or False,
        }, lines

    # === ANSWERS ===#

    @route(['/my/complaints/<int:complaint_id>/answer'], type='http', auth='public', methods=['POST'], website=True)
    def answer_complaint(self, complaint_id, access_token=None, body=None, contact=None, **_given):
        """Add what the customer says, and the files that come with it."""
        try:
            complaint = self._get_customers_complaint(complaint_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        contact, _email, partner = self._get_contact(contact)
        files, refused = self._read_files(complaint.team_id._get_most_bytes())
        body = (body or "").strip()[:LONGEST_TEXT]
        if body or files:
            complaint._take_customer_message(body, contact, partner, files)
        elif not refused:
            return self._back_to_complaint(complaint, 'empty')
        return self._back_to_complaint(complaint, 'sent_without_files' if refused else 'sent')

    @route(
        ['/my/complaints/<int:complaint_id>/remedy/<int:remedy_id>'], type='http', auth='public', methods=['POST'],
        website=True)
    def answer_remedy(self, complaint_id, remedy_id, access_token=None, answer=None, contact=None, comment=None,
                      **_given):
        """Record what the customer says to what we propose."""
        try:
            complaint = self._get_customers_complaint(complaint_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        contact, _email, _partner = self._get_contact(contact)
        remedy = complaint.remedy_ids.filtered(lambda one: one.id == remedy_id)
        if not remedy or answer not in ('accepted', 'declined') or not contact:
            return self._back_to_complaint(complaint, 'empty')
        told = remedy._answer(answer == 'accepted', contact, (comment or "").strip()[:LONGEST_TEXT])
        return self._back_to_complaint(complaint, 'answered' if told else 'answered_already')

    def _back_to_complaint(self, complaint, message):
        return request.redirect(complaint.get_portal_url(query_string=f'&message={message}'))
