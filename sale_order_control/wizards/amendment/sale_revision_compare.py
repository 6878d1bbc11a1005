from odoo import api, fields, models

from ...models.order.control_terms import ControlTerms


class SaleRevisionCompare(models.TransientModel):
    """Two revisions of an order side by side: what was ordered, and what of it is different."""

    _name = 'sale.revision.compare'
    _inherit = ['sale.control.wizard']
    _description = "Comparison of Order Revisions"

    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    left_id = fields.Many2one(
        'sale.order.revision', string="Revision", domain="[('order_id', '=', order_id)]", ondelete='cascade')
    right_id = fields.Many2one(
        'sale.order.revision', string="Compared With", domain="[('order_id', '=', order_id)]", ondelete='cascade')
    comparison_html = fields.Html(compute='_compute_comparison_html', sanitize=False)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(values.get('order_id') or ())
        if order:
            order.check_access('read')
            revisions = self.env['sale.order.revision'].search([('order_id', '=', order.id)])
            values.setdefault('left_id', revisions[-1:].id)
            values.setdefault('right_id', revisions[:1].id)
        return values

    @api.depends('left_id', 'right_id')
    def _compute_comparison_html(self):
        for wizard in self:
            order, revisions = wizard.order_id, wizard.left_id | wizard.right_id
            readable = order and len(revisions) > 1 and revisions.has_access('read') and revisions.order_id == order
            wizard.comparison_html = self.env['ir.qweb']._render('sale_order_control.revision_comparison', {
                'left': wizard.left_id, 'right': wizard.right_id, 'currency': order.currency_id,
                **wizard._compare()}) if readable else False

    def _compare(self):
        """Return what the template shows: terms of the order, and one row per line of either revision."""
        order = self.order_id.sudo()
        left, right = (self._get_terms(revision) for revision in (self.left_id, self.right_id))
        old, new = ({line.key: line for line in terms.lines} if terms else {} for terms in (left, right))
        rows = []
        for key in {**old, **new}:
            before, after = old.get(key), new.get(key)
            rows.append({
                'product': self.env['product.product'].sudo().browse((before or after).product_id).display_name,
                'left': before, 'right': after, 'differs': before != after,
                'left_wanted': order._word_amendment_day(before.requested_date) if before else "",
                'right_wanted': order._word_amendment_day(after.requested_date) if after else ""})
        header = order._word_terms_changes(left, right, ()) if left and right else []
        dated = any(row['left_wanted'] or row['right_wanted'] for row in rows)
        return {'rows': rows, 'header': header, 'dated': dated}

    @api.model
    def _get_terms(self, revision):
        return ControlTerms.from_json(revision.terms) if revision.terms else None
