from odoo import api, models
from odoo.tools import format_datetime

from ..remedy.sale_complaint_remedy import CLAIMING

# What customers read of the way of a complaint: where it stands, never who decides what.
PORTAL_STEPS = {
    'received': 'received', 'acknowledged': 'received', 'investigating': 'checked', 'proposed': 'checked',
    'approved': 'solved', 'executing': 'solved', 'verified': 'solved', 'closed': 'closed', 'rejected': 'closed',
}
SPOKEN = ('comment', 'email', 'email_outgoing')


class SaleComplaint(models.Model):
    """What the customer reads about a complaint: plain values, so that nothing else can reach the page."""

    _inherit = 'sale.complaint'

    @api.model
    def _get_thread_with_access(self, thread_id, *, hash=None, pid=None, token=None, **kwargs):
        # Odoo lets everybody with the link write by its own addresses, as whom one is signed in. Customers write on the
        # page of the complaint alone, which knows who may.
        return super()._get_thread_with_access(thread_id, **kwargs)

    def _get_portal_values(self):
        """Return what the customer's page of the complaint shows; in sudo, and nothing of it is internal."""
        self.ensure_one()
        complaint = self.sudo()
        return {
            'steps': complaint._get_portal_steps(),
            'status': complaint._get_portal_status(),
            'goods': [
                f"{line.quantity:g} {line.product_uom_id.name} {line.product_id.display_name}"
                for line in complaint.line_ids],
            # What colleagues added is ours.
            'files': complaint._get_portal_files(
                complaint.attachment_ids.filtered(lambda file: not file.create_uid._is_internal())),
            'messages': complaint._get_portal_messages(),
            'remedies': complaint._get_portal_remedies(),
            'expected': complaint._get_portal_expected(),
            'rating_links': complaint._get_portal_rating(),
        }

    def _get_portal_status(self):
        """Return where the complaint stands, in one word or two."""
        self.ensure_one()
        if self.state == 'cancelled':
            return self.env._("Withdrawn")
        if self.sudo().remedy_ids.filtered(lambda one: one.state == 'offered'):
            return self.env._("Waiting for you")
        return self._get_portal_labels()[PORTAL_STEPS[self.state]]

    def _get_portal_labels(self):
        return {
            'received': self.env._("Received"),
            'checked': self.env._("Being looked into"),
            'solved': self.env._("Being put right"),
            'closed': self.env._("Closed"),
        }

    def _get_portal_steps(self):
        """Return the status line as the page of an order has one: ``[{'key', 'label', 'done', 'current'}]``."""
        self.ensure_one()
        labels = self._get_portal_labels()
        if self.state == 'cancelled':
            return []
        keys = list(labels)
        position = keys.index(PORTAL_STEPS[self.state])
        return [
            {'key': key, 'label': labels[key], 'current': index == position,
             'done': index < position or index == position == len(keys) - 1}
            for index, key in enumerate(keys)]

    def _get_portal_expected(self):
        """Return until when the customer hears from us, in words; empty where nothing is open, or it is the
        customer's turn."""
        self.ensure_one()
        asked = self.waiting_since or any(remedy.state == 'offered' for remedy in self.sudo().remedy_ids)
        moment = self._get_expected_answer() if self.is_open and not asked else False
        return format_datetime(self.env, moment, dt_format='short') if moment else ""

    def _get_portal_files(self, attachments):
        tokens = attachments.generate_access_token()
        return [
            {'name': attachment.name, 'is_image': (attachment.mimetype or "").startswith('image/'),
             'url': f'/web/content/{attachment.id}?access_token={token}'}
            for attachment, token in zip(attachments, tokens, strict=True)]

    def _get_portal_messages(self):
        """Return what was said between the customer and us, the oldest first: never notes of ours."""
        spoken = self.message_ids.filtered(
            lambda message: message.message_type in SPOKEN and not message.is_internal
            and message.subtype_id and not message.subtype_id.internal)
        return [
            {'author': message.author_id.name or message.email_from or "", 'date': message.date, 'body': message.body,
             'ours': not message.author_id.partner_share if message.author_id else False,
             'files': self._get_portal_files(message.attachment_ids)}
            for message in spoken.sorted('id')]

    def _get_portal_remedies(self):
        """Return what we propose and did: words, and whether it waits for the customer."""
        labels = {
            'asked': self.env._("Being prepared"), 'offered': self.env._("Waiting for your answer"),
            'ready': self.env._("Being carried out"), 'done': self.env._("Done"), 'declined': self.env._("Declined"),
        }
        # What approvers still think about is not promised yet.
        shown = self.remedy_ids.filtered(
            lambda one: one.state in CLAIMING and one.state != 'asked' or one.state == 'declined')
        return [
            {'id': remedy.id, 'words': remedy._word_for_customer(), 'note': remedy.customer_note,
             'status': self.env._("For your next order") if remedy._is_promised_discount() else labels[remedy.state],
             'asked': remedy.state == 'offered'}
            for remedy in shown.sorted('id')]

    def _get_portal_rating(self):
        """Return the links by which the customer rates what ended, with Odoo's own page; empty if rated."""
        if self.state not in ('closed', 'rejected') or self.rating_ids.filtered('consumed'):
            return []
        token = self._rating_get_access_token()
        return [
            {'url': f'/rate/{token}/{rate}', 'label': label, 'image': f'/rating/static/src/img/rating_{rate}.png'}
            for rate, label in (
                (5, self.env._("Satisfied")), (3, self.env._("Okay")), (1, self.env._("Dissatisfied")))]


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _get_complaint_portal_quantities(self):
        """Return what the customer reads beside each line when complaining; in sudo.

        :return: ``{line_id: {'delivered', 'returned', 'reported', 'proposed'}}`` in the unit of the line: what came,
            what the customer sent back, what is complained about already, and what the form fills in
        """
        delivered = self._get_complaint_delivered()
        reported = dict.fromkeys(self.ids, 0.0)
        for row in self.env['sale.complaint.line'].sudo().search([
                ('order_line_id', 'in', self.ids), ('complaint_id.state', 'not in', ('rejected', 'cancelled'))]):
            reported[row.order_line_id.id] += row._get_order_quantity()
        result = {}
        for line in self:
            came, back = delivered[line.id]
            # Of goods that did not come at all, those that were ordered.
            rest = (came or line.product_uom_qty) - reported[line.id]
            result[line.id] = {
                'delivered': came, 'returned': back, 'reported': reported[line.id],
                'proposed': rest if rest > 0 else came or line.product_uom_qty,
            }
        return result
