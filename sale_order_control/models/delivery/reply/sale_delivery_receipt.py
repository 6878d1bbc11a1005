from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_customer_notice import NOTICE_READERS

DAMAGE = 'sale_order_control.mail_activity_type_delivery_damage'


class SaleDeliveryReceipt(models.Model):
    """A fact: the customer signed for a delivery, or said that something is wrong with it. Never changed."""

    _name = 'sale.delivery.receipt'
    _inherit = ['sale.control.fact']
    _description = "Delivery Receipt"
    _order = 'id desc'
    _rec_name = 'picking_id'

    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", required=True, readonly=True, index=True, ondelete='restrict')
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", required=True, readonly=True, ondelete='restrict')
    kind = fields.Selection(
        [('signed', "Signed"), ('difference', "Quantity Differs"), ('damage', "Damaged"), ('other', "Something Else")],
        string="What", required=True, readonly=True)
    contact = fields.Char(readonly=True, help="Who signed or reported it.")
    remark = fields.Text(readonly=True)
    signature = fields.Binary(readonly=True, attachment=True)
    user_id = fields.Many2one('res.users', string="Entered By", required=True, readonly=True)

    _signed_unique = models.UniqueIndex(
        "(picking_id) WHERE kind = 'signed'", "The receipt of this delivery is signed already.")


class StockPicking(models.Model):
    """What customers say when goods arrive."""

    _inherit = 'stock.picking'

    receipt_ids = fields.One2many(
        'sale.delivery.receipt', 'picking_id', string="Receipts", readonly=True, groups=NOTICE_READERS)

    def _is_receivable(self):
        """Whether the customer can say something about these goods: they have left, for an order under control."""
        self.ensure_one()
        picking = self.sudo()
        return picking.state == 'done' and bool(picking._get_shipped_moves() and picking._get_notice_orders())

    def _is_signable(self):
        """Whether nobody has signed for these goods, neither at the door nor on the customer's page."""
        self.ensure_one()
        return self._is_receivable() and not self.sudo().signature

    def _record_receipt(self, kind, contact, partner, remark=None, signature=None):
        """Record what the customer says about a delivery; private: callers check who speaks.

        :param str kind: key of the receipt's kinds
        :param str contact: who says it
        :param res.partner partner: whose account was used, if any
        :param str remark: what is wrong
        :param signature: base64 of the signature's picture
        :raise UserError: if it cannot be said any more, or says nothing
        """
        self.ensure_one()
        picking = self.sudo()
        order = picking._get_notice_orders()[:1]
        if not self._is_receivable() or kind == 'signed' and not self._is_signable():
            raise UserError(self.env._("This delivery is signed already, or has not left yet."))
        if kind == 'signed' and not signature:
            raise UserError(self.env._("The signature is missing."))
        if kind != 'signed' and not (remark or "").strip():
            raise UserError(self.env._("Please say what is wrong."))
        if kind == 'signed':
            # Odoo's own field: the delivery slip prints it. Of two who sign at once the second starts again.
            picking.write({'signature': signature})
            picking.flush_recordset()
        receipt = self.env['sale.delivery.receipt']._record_facts([{
            'picking_id': picking.id,
            'order_id': order.id,
            'company_id': picking.company_id.id,
            'partner_id': (partner or order.partner_id).id,
            'kind': kind,
            'contact': contact,
            'remark': (remark or "").strip() or False,
            'signature': signature,
            'user_id': self.env.uid,
        }])
        if kind != 'signed':
            picking._report_damage(order, receipt)
        order._control_event('received')
        return receipt

    @api.model
    def _word_receipt(self, receipt):
        kinds = dict(receipt._fields['kind']._description_selection(self.env))
        return self.env._(
            "%(contact)s about %(transfer)s: %(kind)s. %(remark)s", contact=receipt.contact,
            transfer=receipt.picking_id.name, kind=kinds[receipt.kind], remark=receipt.remark)

    def _report_damage(self, order, receipt):
        """Tell the salesperson at once that something is wrong, with one activity per order."""
        words = self._word_receipt(receipt)
        note = Markup("<p>%s</p>") % words
        user = order.user_id.filtered('active') or order.create_uid
        order.message_post(body=words, subtype_xmlid='mail.mt_note', partner_ids=user.partner_id.ids)
        kind = self.env.ref(DAMAGE, raise_if_not_found=False)
        known = order.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind and activity.user_id == user)[:1]
        if known:
            known.note = (known.note or Markup()) + note
        else:
            order.activity_schedule(
                DAMAGE, user_id=user.id, summary=self.env._("Something is wrong with a delivery"), note=note)
