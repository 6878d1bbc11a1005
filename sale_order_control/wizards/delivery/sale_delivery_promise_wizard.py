from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...models.order.control_words import word_days


class SaleDeliveryPromiseWizard(models.TransientModel):
    _name = 'sale.delivery.promise.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Promise Another Date"

    line_ids = fields.Many2many('sale.order.line', string="Lines", required=True, readonly=True)
    promised_date = fields.Date(string="Promise", required=True)
    reason_id = fields.Many2one('sale.delivery.change.reason')
    note = fields.Char()
    reason_needed = fields.Boolean(compute='_compute_warnings')
    warning = fields.Text(compute='_compute_warnings')
    displaced = fields.Text(
        compute='_compute_displaced', help="Promises of others that slip if this one is served for that day.")
    impossible = fields.Char(compute='_compute_displaced')
    move_others = fields.Boolean(
        string="Promise the Others Their New Days", help="Otherwise they stay promised as they are, and at risk.")

    @api.depends('promised_date', 'line_ids')
    def _compute_warnings(self):
        for wizard in self:
            lines = wizard.line_ids if wizard.promised_date else wizard.line_ids.browse()
            wizard.reason_needed = bool(lines.filtered(
                lambda line, wizard=wizard: line.promised_date and line.promised_date != wizard.promised_date))
            later = lines.filtered(
                lambda line, wizard=wizard: line.wanted_date and line.wanted_date < wizard.promised_date)
            wizard.warning = "\n".join(wizard._word_later(line) for line in later)

    @api.depends('promised_date', 'line_ids')
    def _compute_displaced(self):
        for wizard in self:
            lines = wizard.line_ids if wizard.promised_date else wizard.line_ids.browse()
            lines = lines.filtered(lambda line: line.has_access('read'))._origin
            found = lines._get_displaced(dict.fromkeys(lines.ids, wizard.promised_date))
            late = {
                line: found.ready[line.id] for line in lines
                if found.ready.get(line.id, wizard.promised_date) > wizard.promised_date}
            wizard.displaced = "\n".join(lines._word_displaced(found.lines))
            wizard.impossible = " ".join(
                self.env._("%(product)s cannot be there before %(date)s, even if it goes first.",
                           product=line.product_id.display_name, date=format_date(self.env, day))
                for line, day in late.items())

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
        dates = dict.fromkeys(self.line_ids.ids, self.promised_date)
        if self.displaced and not self.reason_id:
            raise UserError(self.env._("Other promises slip because of this one. Say why: choose a reason."))
        self.line_ids._promise_before_others(dates, self.reason_id, self.note, self.move_others)
        asked = self.line_ids.filtered(lambda line: line.asked_date == self.promised_date)
        close = {'type': 'ir.actions.act_window_close'}
        if not asked:
            return close
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'warning',
                'sticky': True,
                'message': self.env._(
                    "Later than a policy allows, so that somebody must agree first: %s. The promises stay as they are "
                    "until then.", ", ".join(asked.product_id.mapped('display_name'))),
                'next': close,
            },
        }
