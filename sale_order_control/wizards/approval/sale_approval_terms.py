from odoo import api, fields, models

from ...models.approval.request.sale_approval_change import KINDS, LINE_KINDS, ORDER_KINDS


class SaleApprovalTerms(models.TransientModel):
    """Shows the terms that an approver may change. It changes nothing itself: the request checks who may what."""

    _name = 'sale.approval.terms'
    _inherit = ['sale.control.wizard']
    _description = "Change the Terms"

    request_id = fields.Many2one('sale.approval.request', required=True, readonly=True, ondelete='cascade')
    edit_kinds = fields.Char(readonly=True)
    payment_term_id = fields.Many2one('account.payment.term', string="Payment Terms")
    requested_date = fields.Date()
    line_ids = fields.One2many('sale.approval.terms.line', 'wizard_id', string="Lines")
    comment = fields.Text(string="Why")
    may_price = fields.Boolean(compute='_compute_may')
    may_discount = fields.Boolean(compute='_compute_may')
    may_quantity = fields.Boolean(compute='_compute_may')
    may_dates = fields.Boolean(compute='_compute_may')
    may_terms = fields.Boolean(compute='_compute_may')

    @api.depends('edit_kinds')
    def _compute_may(self):
        for wizard in self:
            for kind in KINDS:
                wizard[f'may_{kind}'] = kind in (wizard.edit_kinds or '').split(',')

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        request = self.env['sale.approval.request'].browse(
            values.get('request_id') or self.env.context.get('active_id') or ()).exists()
        if not request:
            return values
        request.check_access('read')
        kinds = self._get_own_kinds(request)
        if kinds:
            values.update(request_id=request.id, edit_kinds=','.join(kinds), **self._prepare_terms(request))
        return values

    @api.model
    def _get_own_kinds(self, request):
        """Return what the current user may change of a request now: some of :data:`KINDS`."""
        task = request.sudo()._get_tasks_of(self.env.user).filtered('edit_kinds')[:1]
        return task.edit_kinds.split(',') if task else []

    @api.model
    def _prepare_terms(self, request):
        """Copy the order's terms for an approver whose turn it is: reading them needs no right on the order."""
        order = request.sudo().order_id
        return {
            'payment_term_id': order.payment_term_id.id,
            'requested_date': order.requested_date,
            'line_ids': [
                (0, 0, {
                    'line_id': line.id, 'name': line.product_id.display_name or line.name,
                    **{name: line[name] for name in LINE_KINDS}})
                for line in order.order_line if not line.display_type and line.product_uom_qty],
        }

    def action_apply(self):
        """Hand what was changed to the request, as the current user."""
        self.ensure_one()
        kinds = self._get_own_kinds(self.request_id)
        kept = self._prepare_terms(self.request_id)
        former = {command[2]['line_id']: command[2] for command in kept['line_ids']}
        # What the level does not let this person change is shown, and the web client sends nothing of it.
        order_values = {
            name: self._fields[name].convert_to_write(self[name], self) for name, kind in ORDER_KINDS.items()
            if kind in kinds and self._fields[name].convert_to_write(self[name], self) != kept[name]}
        line_values = {}
        for line in self.line_ids:
            before = former.get(line.line_id, {})
            changed = {
                name: line[name] for name, kind in LINE_KINDS.items()
                if kind in kinds and before and line[name] != before[name]}
            if changed:
                line_values[line.line_id] = changed
        self.request_id.action_change_terms(order_values, line_values, self.comment)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}


class SaleApprovalTermsLine(models.TransientModel):
    _name = 'sale.approval.terms.line'
    _inherit = ['sale.control.wizard']
    _description = "Change the Terms of a Line"

    wizard_id = fields.Many2one('sale.approval.terms', required=True, ondelete='cascade')
    # A number, not a link: the approver may have no right on orders.
    line_id = fields.Integer(readonly=True)
    name = fields.Char(string="Product", readonly=True)
    product_uom_qty = fields.Float(string="Quantity", digits='Product Unit')
    price_unit = fields.Float(string="Unit Price", digits='Product Price')
    discount = fields.Float(string="Discount %", digits='Discount')
    requested_date = fields.Date()
