from odoo import Command, api, fields, models
from odoo.exceptions import AccessError

# What customers report about a delivery, and the category in which it becomes a complaint.
RECEIPT_CATEGORIES = {
    'damage': 'sale_order_control.complaint_category_transport',
    'difference': 'sale_order_control.complaint_category_missing',
}
SHORTAGE_CATEGORY = 'sale_order_control.complaint_category_missing'


class SaleComplaint(models.Model):
    """Complaints that begin elsewhere: with what a customer reports about a delivery, with a shortage."""

    _inherit = 'sale.complaint'

    receipt_id = fields.Many2one(
        'sale.delivery.receipt', readonly=True, copy=False, index='btree_not_null',
        ondelete='restrict', groups='base.group_user', help="What the customer said when the goods arrived.")

    @api.model
    def _hear_of_receipt(self, receipt):
        """Open a complaint about a delivery with which something is wrong, or add it to the one that is open.

        Private: the delivery room has checked who speaks.

        :param sale.delivery.receipt receipt: of damage, of another quantity, or of something else
        :return: the complaint
        """
        receipt = receipt.sudo()
        complaints = self.sudo().with_company(receipt.company_id).with_context(mail_create_nosubscribe=True)
        known = complaints.search(
            [('picking_id', '=', receipt.picking_id.id), ('is_open', '=', True)], order='id', limit=1)
        if known:
            known._take_customer_message(receipt.remark, receipt.contact, receipt.partner_id)
            return known
        complaint = complaints.create(self._prepare_from_receipt(receipt))
        complaint._own_by_salesperson()
        complaint._send_acknowledgement()
        return complaint

    @api.model
    def _prepare_from_receipt(self, receipt):
        category = RECEIPT_CATEGORIES.get(receipt.kind)
        found = category and self.env.ref(category, raise_if_not_found=False)
        return {
            'channel': 'portal',
            'receipt_id': receipt.id,
            'order_id': receipt.order_id.id,
            'picking_id': receipt.picking_id.id,
            'partner_id': receipt.partner_id.id,
            'contact_name': receipt.contact,
            'email_from': receipt.partner_id.email,
            'description': receipt.remark,
            'category_id': found.id if found else False,
            'complaint_type': 'delivery',
        }


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    def _report_damage(self, order, receipt):
        result = super()._report_damage(order, receipt)
        # Responsibility and remedy are recorded where they are worked on.
        if self.env['sale.complaint.team']._has_people(receipt.sudo().company_id):
            self.env['sale.complaint']._hear_of_receipt(receipt)
        return result


class SaleShortageResolution(models.Model):
    _inherit = 'sale.shortage.resolution'

    def action_open_complaint(self):
        """Start a complaint about a shortage, filled in with the order line and what was missing.

        :raise AccessError: for those who may not read the shortage, or record no complaints
        """
        self.ensure_one()
        self.check_access('read')
        if not self.env['sale.complaint'].has_access('create'):
            raise AccessError(self.env._("You may not record complaints."))
        category = self.env.ref(SHORTAGE_CATEGORY, raise_if_not_found=False)
        lines = [Command.create({
            'order_line_id': self.order_line_id.id, 'quantity': self.missing or self.quantity})]
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("New Complaint"),
            'res_model': 'sale.complaint',
            'view_mode': 'form',
            'context': {
                'default_order_id': self.order_id.id,
                'default_partner_id': self.order_id.partner_id.id,
                'default_category_id': category.id if category else False,
                'default_description': " ".join(filter(None, [
                    self.product_id.display_name, self.summary, self.reason])),
                'default_line_ids': lines if self.order_line_id else [],
            },
        }
