from odoo import fields, models
from odoo.tools.misc import format_date


class SaleOrder(models.Model):
    """What approvers read of an order: a copy in words, and what differs between two of them."""

    _inherit = 'sale.order'

    def _prepare_approval_display(self):
        """Copy what an approver reads, in words, so that reading it needs no right on the order."""
        self.ensure_one()
        colleagues = self.env['sale.approval.level']._get_able(self.company_id.id)
        return {
            'salesperson': colleagues.get(self.user_id.id) or self.user_id.name or '',
            'invoice_to': self.partner_invoice_id.display_name,
            'ship_to': self.partner_shipping_id.display_name,
            'payment_term': self.payment_term_id.display_name or '',
            'requested_date': fields.Date.to_string(self.requested_date) or '',
            'sale_type': self.sale_type_id._get_name(self.sale_type_id.id),
            'lines': [
                {
                    'id': line.id,
                    'name': line.product_id.display_name or line.name or '',
                    'quantity': line.product_uom_qty,
                    'uom': line.product_uom_id.name or '',
                    'price_unit': line.price_unit,
                    'discount': line.discount,
                    'amount': line.price_subtotal,
                    'margin_percent': round(100 * line.margin_percent, 2),
                }
                for line in self.order_line if line.product_uom_qty and not line.display_type
            ],
        }

    def _get_approval_changes(self, before, after, currency):
        changes = super()._get_approval_changes(before, after, currency)
        changes += [
            {'label': label, 'before': before.get(key, ''), 'after': after.get(key, '')}
            for key, label in self._get_display_labels().items() if before.get(key, '') != after.get(key, '')
        ]
        old = {line.get('id') or line['name']: line for line in before.get('lines', ())}
        new = {line.get('id') or line['name']: line for line in after.get('lines', ())}
        for key in {**new, **old}:
            before_words = self._describe_display_line(old.get(key), new.get(key), currency)
            after_words = self._describe_display_line(new.get(key), old.get(key), currency)
            if before_words != after_words:
                changes.append({
                    'label': (new.get(key) or old[key])['name'], 'before': before_words, 'after': after_words})
        return changes

    def _get_display_labels(self):
        return {
            'salesperson': self.env._("Salesperson"),
            'invoice_to': self.env._("Invoice to"),
            'ship_to': self.env._("Deliver to"),
            'payment_term': self.env._("Payment terms"),
            'requested_date': self.env._("Wanted by the customer"),
            'sale_type': self.env._("Sales type"),
        }

    def _describe_display_line(self, line, other, currency):
        """Word one line as far as it differs from the other version of it; empty if there is no such line."""
        if not line:
            return ''
        other = other or {}
        parts = []
        if line['quantity'] != other.get('quantity'):
            parts.append(f"{line['quantity']:g} {line['uom']}")
        if line['price_unit'] != other.get('price_unit'):
            parts.append(currency.format(line['price_unit']) if currency else f"{line['price_unit']:g}")
        if line['discount'] != other.get('discount'):
            parts.append(self.env._("%s %% discount", f"{line['discount']:g}"))
        if line['name'] != other.get('name', line['name']):
            parts.insert(0, line['name'])
        return ", ".join(parts)

    def _get_approval_notice_facts(self):
        """Until when the offer is valid, and when it shall be delivered."""
        self.ensure_one()
        facts = super()._get_approval_notice_facts()
        if self.validity_date and self.state in ('draft', 'sent'):
            facts.append(self.env._("Valid until %s.", format_date(self.env, self.validity_date)))
        delivery = self.commitment_date or self.requested_date
        if delivery:
            day = fields.Datetime.context_timestamp(self, delivery).date() if self.commitment_date else delivery
            facts.append(self.env._("Delivery on %s.", format_date(self.env, day)))
        return facts
