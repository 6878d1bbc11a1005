from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...models.order.control_words import word_days


class SaleDeliveryPromiseWizard(models.TransientModel):
    _name = 'sale.delivery.promise.wizard'
    _description = "Promise Another Date"

    line_ids = fields.Many2many('sale.order.line', string="Lines", required=True, readonly=True)
    promised_date = fields.Date(string="Promise", required=True)
    reason_id = fields.Many2one('sale.delivery.change.reason')
    note = fields.Char()
    reason_needed = fields.Boolean(compute='_compute_warnings')
    warning = fields.Text(compute='_compute_warnings')

    @api.depends('promised_date', 'line_ids')
    def _compute_warnings(self):
        for wizard in self:
            lines = wizard.line_ids if wizard.promised_date else wizard.line_ids.browse()
            wizard.reason_needed = bool(lines.filtered(
                lambda line, wizard=wizard: line.promised_date and line.promised_date != wizard.promised_date))
            later = lines.filtered(
                lambda line, wizard=wizard: line.wanted_date and line.wanted_date < wizard.promised_date)
            wizard.warning = "\n".join(wizard._word_later(line) for line in later)

    def _word_later(self, line):
        return self.env._(
            "%(product)s (%(order)s) is wanted on %(wanted)s: %(days)s earlier.",
            product=line.product_id.display_name, order=line.order_id.display_name,
            wanted=format_date(self.env, line.wanted_date),
            days=word_days(self.env, (self.promised_date - line.wanted_date).days))

    def action_apply(self):
        """Promise the date for all lines of the wizard; checks the planner's rights anew.

        :raise UserError: if a line cannot be promised, or moves without a reason
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Select the lines to promise first."))
        self.line_ids._check_promise_rights()
        self.line_ids._promise(dict.fromkeys(self.line_ids.ids, self.promised_date), self.reason_id, self.note)
        return {'type': 'ir.actions.act_window_close'}
