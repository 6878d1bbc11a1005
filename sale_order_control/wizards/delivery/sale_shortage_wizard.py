import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...models.delivery.shortage.sale_shortage_option import SHORTAGE_KINDS


class SaleShortageWizard(models.TransientModel):
    """Shows the ways out of a shortage in the order of the policy, and does the chosen one.

    It holds no figure that counts: what can be done is worked out again when it is done.
    """

    _name = 'sale.shortage.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Resolve a Shortage"

    line_id = fields.Many2one('sale.order.line', required=True, readonly=True, ondelete='cascade')
    order_id = fields.Many2one(related='line_id.order_id')
    currency_id = fields.Many2one(related='order_id.company_id.currency_id')
    digest = fields.Char(readonly=True)
    headline = fields.Char(compute='_compute_choices')
    choices_html = fields.Html(string="Ways Out", compute='_compute_choices', sanitize=False)
    kind = fields.Selection(SHORTAGE_KINDS, string="What Is Done", required=True)
    effect = fields.Char(string="Not Possible", compute='_compute_choices')
    works = fields.Boolean(compute='_compute_choices')
    consent_needed = fields.Boolean(compute='_compute_choices')
    needs_planner = fields.Boolean(compute='_compute_choices')
    freight_possible = fields.Boolean(compute='_compute_choices')
    reason_needed = fields.Boolean(compute='_compute_choices')
    consent_by = fields.Char(string="Customer Agreed", help="Who agreed for the customer, and how: by phone, by mail.")
    reason = fields.Char(help="For the record.")
    change_reason_id = fields.Many2one('sale.delivery.change.reason', string="Why the Date Moves")
    extra_cost = fields.Monetary(help="Freight of another delivery, or what bringing supply forward costs.")
    compensation = fields.Selection(
        [('discount', "Discount on the Line"), ('freight', "No Freight")], default='discount')
    percent = fields.Float(string="Discount (%)")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        line = self.env['sale.order.line'].browse(values.get('line_id') or ())
        if line:
            line.check_access('read')
            choices = self._get_choices(line)
            agreed = line.sudo().shortage_resolution_ids[:1]
            agreed = agreed if line.sudo().shortage_state == 'agreed' else agreed.browse()
            first = next((choice.kind for choice in choices if choice.works), 'wait')
            # Who was compensated already still waits for the day.
            kind = 'wait' if agreed.step == 'applied' else agreed.kind
            values.update({
                'digest': self._get_digest(line, choices), 'kind': kind or first, 'consent_by': agreed.consent_by})
        return values

    @api.model
    def _get_choices(self, line):
        shortage = line._get_shortages().get(line.id)
        return line._get_shortage_choices(shortage) if shortage else []

    @api.model
    def _get_digest(self, line, choices):
        """Return a fingerprint of what the user sees: the line's quantity and every way out."""
        seen = [line.product_id.id, line.product_uom_qty, *(choice.get_figures() for choice in choices)]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()

    @api.depends('line_id', 'kind')
    def _compute_choices(self):
        for wizard in self:
            line = wizard.line_id
            shortage = line._get_shortages().get(line.id) if line and line.has_access('read') else None
            choices = line._get_shortage_choices(shortage) if shortage else []
            choice = next((found for found in choices if found.kind == wizard.kind), None)
            moves = bool(choice) and line.state == 'sale' and wizard.kind in ('wait', 'split', 'compensation')
            wizard.headline = wizard._word_headline(shortage) if shortage else False
            wizard.choices_html = wizard._render_choices(choices)
            wizard.effect = choice.text if choice else self.env._("The shortage policy does not offer this.")
            wizard.works = bool(choice and choice.works)
            wizard.consent_needed = bool(choice and choice.needs_consent)
            wizard.freight_possible = bool(choice and choice.freight)
            wizard.needs_planner = moves and not line._may_promise()
            wizard.reason_needed = bool(
                moves and not wizard.needs_planner and line.promised_date and line.promised_date != choice.date)

    def _word_headline(self, shortage):
        line = self.line_id
        values = {
            'there': f"{shortage.there:.10g}", 'quantity': line._word_shortage_quantity(shortage.quantity),
            'date': format_date(self.env, shortage.due), 'missing': f"{shortage.missing:.10g}",
            'ready': format_date(self.env, shortage.ready),
        }
        if shortage.ready:
            return self.env._(
                "%(there)s of %(quantity)s can be there on %(date)s; %(missing)s are missing until %(ready)s.",
                **values)
        return self.env._(
            "%(there)s of %(quantity)s can be there on %(date)s; nothing known brings the missing %(missing)s.",
            **values)

    def _render_choices(self, choices):
        labels = dict(self._fields['kind']._description_selection(self.env))
        proposed = next((choice for choice in choices if choice.works), None)
        return self.env['ir.qweb']._render('sale_order_control.shortage_choices', {
            'choices': choices, 'labels': labels, 'proposed': proposed})

    # === ACTION METHODS ===#

    def action_resolve(self):
        """Do what is chosen, and record it.

        :raise UserError: if it cannot be done, the customer's word is missing, or supply has changed meanwhile
        """
        choice, values = self._prepare_resolution()
        done = self.line_id._resolve_shortage(choice, values)
        reload = {'type': 'ir.actions.client', 'tag': 'soft_reload'}
        if done.kind != 'compensation' or self.order_id.state != 'sale':
            return reload
        # Somebody may have to agree first: that is said at once.
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {'message': done.summary, 'type': 'info', 'sticky': True, 'next': reload}}

    def action_ask_customer(self):
        """Record what is chosen as an offer: the customer is asked before anything is done."""
        choice, values = self._prepare_resolution()
        self.line_id._offer_shortage(choice, values)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def _prepare_resolution(self):
        """Return the chosen :class:`ShortageChoice` as it is now, and what the user entered.

        :raise UserError: if the user saw other figures
        """
        self.ensure_one()
        line = self.line_id
        line.check_access('read')
        choices = self._get_choices(line)
        if not choices or self._get_digest(line, choices) != self.digest:
            raise UserError(self.env._(
                "Supply or the order has changed meanwhile. Close this form and open it again."))
        choice = next((found for found in choices if found.kind == self.kind), None)
        if not choice:
            raise UserError(self.env._("The shortage policy does not offer this: choose something else."))
        return choice, {
            'reason': self.reason, 'consent_by': self.consent_by, 'change_reason': self.change_reason_id,
            'extra_cost': self.extra_cost, 'percent': self.percent if self.kind == 'compensation' else 0.0,
            'compensation': self.compensation if self.kind == 'compensation' else False,
        }
