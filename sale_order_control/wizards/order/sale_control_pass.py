from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class SaleControlPass(models.TransientModel):
    """Shows the changes that would let a quotation pass, what would remain, and makes those that are ticked.

    It holds no change itself: they are solved again when they are made, so that nothing in the form counts but the
    choice.
    """

    _name = 'sale.control.pass'
    _inherit = ['sale.control.wizard']
    _description = "Make It Pass"

    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    line_ids = fields.One2many('sale.control.pass.line', 'pass_id', string="Changes")
    remaining_html = fields.Html(string="What Remains", compute='_compute_remaining', sanitize=False)
    amount_before = fields.Monetary(string="Total Today", related='order_id.amount_total')
    amount_after = fields.Monetary(string="Total After", compute='_compute_remaining')
    currency_id = fields.Many2one(related='order_id.currency_id')
    asks_customer = fields.Boolean(compute='_compute_remaining')
    cuts_quantity = fields.Boolean(compute='_compute_remaining')
    keep_rest = fields.Boolean(
        string="Put the Rest on a Second Quotation",
        help="What is taken off the quantities goes to a new quotation of the customer, at the same prices. It is "
             "checked by itself when it is submitted.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(values.get('order_id') or ())
        if order:
            order.check_access('write')
            chosen, others, _left = order._plan_control_fixes()
            values['line_ids'] = [
                Command.create({
                    'key': fix.key, 'label': fix.label, 'is_chosen': fix in chosen,
                    'needs_customer': fix.needs_customer,
                })
                for fix in (*chosen, *others)]
        return values

    @api.depends('order_id', 'line_ids.is_chosen')
    def _compute_remaining(self):
        for wizard in self:
            order = wizard.order_id
            fixes = wizard._get_chosen_fixes() if order and order.has_access('write') else []
            if not order or fixes is None or not order.has_access('write'):
                wizard.update({
                    'remaining_html': False, 'amount_after': 0.0, 'asks_customer': False, 'cuts_quantity': False})
                continue
            terms = order._get_terms_with(fixes)
            left = order._get_issues_with(terms, fixes)
            wizard.amount_after = order._get_control_amounts({order.id: terms})[order.id].total
            wizard.asks_customer = any(fix.needs_customer for fix in fixes)
            wizard.cuts_quantity = any(
                'product_uom_qty' in values for fix in fixes for values in fix.line_values.values())
            wizard.remaining_html = self.env['ir.qweb']._render('sale_order_control.pass_remaining', {
                'issues': left, 'instead': wizard._get_other_ways(left)})

    def _get_other_ways(self, left):
        """Return what would clear the quotation as it is, where the ticked changes clear it: money, a decision, time.

        :param left: the :class:`ControlIssue` that the changes do not clear; what clears those is told with them
        :return: list of translated sentences
        """
        told = {issue.code for issue in left}
        issues = self.order_id._get_control_issues('submit')[self.order_id.id]
        return list(dict.fromkeys(
            issue.clears for issue in issues if issue.stops and issue.clears and issue.code not in told))

    def _get_chosen_fixes(self):
        """Return the ticked changes as they are solved now.

        :return: list of ``ControlFix``, or None if one of them is not there any more
        """
        keys = self.line_ids.filtered('is_chosen').mapped('key')
        chosen, others, _left = self.order_id._plan_control_fixes()
        known = {fix.key: fix for fix in (*others, *chosen)}
        return [known[key] for key in keys] if all(key in known for key in keys) else None

    def action_apply(self):
        """Make the ticked changes as the current user: all of them, or none.

        :raise UserError: if nothing is ticked, the order changed meanwhile, or it would not help
        """
        self.ensure_one()
        order = self.order_id
        order.check_access('write')
        fixes = self._get_chosen_fixes()
        if fixes is None:
            raise UserError(self.env._("%s was changed meanwhile. Close this form and open it again.", order.name))
        if not fixes:
            raise UserError(self.env._("Tick the changes you want to make."))
        rest = order._apply_control_fixes(fixes, self.keep_rest)
        order._message_log(body=self.env._(
            "Changed to make it pass: %s", " ".join(fix.label for fix in fixes)))
        if rest:
            order._message_log(body=self.env._("The rest is on the quotation %s.", rest.name))
            rest._message_log(body=self.env._("What %s could not take now.", order.name))
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}


class SaleControlPassLine(models.TransientModel):
    _name = 'sale.control.pass.line'
    _inherit = ['sale.control.wizard']
    _description = "Change That Makes an Order Pass"

    pass_id = fields.Many2one('sale.control.pass', required=True, ondelete='cascade')
    key = fields.Char(required=True)
    label = fields.Char(string="Change")
    is_chosen = fields.Boolean(string="Do It")
    needs_customer = fields.Boolean(string="Ask the Customer First")
