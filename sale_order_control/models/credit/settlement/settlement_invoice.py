"""Special tax invoices: asked for by the customer, issued with a number of their own by accounting."""

from odoo import api, fields, models

from ...order.control_issue import ControlIssue

SPECIAL_INVOICE_STATES = [
    ('requested', "To Issue"),
    ('issued', "Issued"),
]


class ResPartner(models.Model):
    _inherit = 'res.partner'

    special_invoice = fields.Boolean(
        string="Special Tax Invoice", groups='base.group_user', company_dependent=True,
        help="The customer wants special tax invoices, such as VAT special invoices in China: orders ask for them.")

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ['special_invoice']

    def _get_special_invoice_missing(self):
        """Name the data without which no special tax invoice can be issued: list of translated words."""
        owner = self.sudo().commercial_partner_id
        needed = (
            (owner.vat, self.env._("tax ID")),
            (owner.street and owner.city, self.env._("address")),
            (owner.phone or self.sudo().phone, self.env._("phone")),
            (owner.bank_ids, self.env._("bank account")),
        )
        return [word for value, word in needed if not value]


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    special_invoice = fields.Boolean(
        string="Special Tax Invoice", compute='_compute_special_invoice', store=True, readonly=False, precompute=True,
        copy=False, tracking=True, groups='base.group_user',
        help="The customer asks for a special tax invoice, such as a VAT special invoice in China. Follows the "
             "customer; accounting finds the invoices of this order under “Special Invoice to Issue”.")
    special_invoice_date = fields.Date(
        string="Requested On", compute='_compute_special_invoice_date', store=True, copy=False,
        groups='base.group_user')
    special_invoice_state = fields.Selection(
        SPECIAL_INVOICE_STATES, string="Special Invoice", compute='_compute_special_invoice_state', compute_sudo=True,
        search='_search_special_invoice_state', groups='base.group_user')
    special_invoice_numbers = fields.Char(
        compute='_compute_special_invoice_state', compute_sudo=True, groups='base.group_user')
    special_invoice_missing = fields.Char(
        compute='_compute_special_invoice_missing', compute_sudo=True, groups='base.group_user')

    @api.depends('partner_invoice_id', 'company_id')
    def _compute_special_invoice(self):
        for order in self:
            payer = order.sudo().partner_invoice_id.with_company(order.company_id)
            order.special_invoice = payer.commercial_partner_id.special_invoice

    @api.depends('special_invoice')
    def _compute_special_invoice_date(self):
        for order in self:
            order.special_invoice_date = (
                order.special_invoice and (order.special_invoice_date or order._get_control_today()))

    @api.depends('special_invoice', 'invoice_ids.special_invoice_number', 'invoice_ids.state')
    def _compute_special_invoice_state(self):
        for order in self:
            invoices = order.invoice_ids.filtered(lambda move: move.special_invoice and move.state == 'posted')
            numbers = [number for number in invoices.mapped('special_invoice_number') if number]
            issued = invoices and len(numbers) == len(invoices) and order.invoice_status == 'invoiced'
            order.special_invoice_state = order.special_invoice and ('issued' if issued else 'requested')
            order.special_invoice_numbers = ", ".join(numbers)

    @api.model
    def _search_special_invoice_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # The same words as in the computation, as far as a list can be asked for them.
        special = [('parent_state', '=', 'posted'), ('move_id.special_invoice', '=', True)]
        numbered = ('move_id.special_invoice_number', '!=', False)
        complete = [
            ('invoice_status', '=', 'invoiced'),
            ('order_line.invoice_lines', 'any', [*special, numbered]),
            '!', ('order_line.invoice_lines', 'any', [*special, '!', numbered])]
        parts = {
            'issued': fields.Domain('special_invoice', '=', True) & fields.Domain(complete),
            'requested': fields.Domain('special_invoice', '=', True) & ~fields.Domain(complete),
            False: fields.Domain('special_invoice', '=', False),
        }
        # Invoices are searched with the rights of whoever asks; which order has one is no secret of theirs.
        found = fields.Domain.OR(parts[key] for key in value if key in parts)
        return [('id', 'in', self.sudo()._search(found))]

    @api.depends('special_invoice', 'partner_invoice_id')
    def _compute_special_invoice_missing(self):
        for order in self:
            missing = order.partner_invoice_id._get_special_invoice_missing() if order.special_invoice else []
            order.special_invoice_missing = self.env._(
                "For a special tax invoice %(customer)s still lacks: %(data)s.",
                customer=order.partner_invoice_id.commercial_partner_id.name, data=", ".join(missing),
            ) if missing else False

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        if checkpoint == 'submit':
            for order in self._with_control('completeness', checkpoint).filtered('special_invoice_missing'):
                issues[order.id].append(ControlIssue(
                    code='order.special_invoice', area='completeness', effect='warn',
                    message=order.special_invoice_missing,
                    clears=self.env._("Complete the customer, or do not ask for a special tax invoice.")))
        return issues

    def _prepare_invoice(self):
        return {**super()._prepare_invoice(), 'special_invoice': self.sudo().special_invoice}


class AccountMove(models.Model):
    _inherit = 'account.move'

    special_invoice = fields.Boolean(
        string="Special Tax Invoice", copy=False, tracking=True,
        help="The customer asks for a special tax invoice, such as a VAT special invoice in China.")
    special_invoice_number = fields.Char(
        copy=False, tracking=True, index='btree_not_null', help="Number of the special tax invoice that was issued.")
    special_invoice_date = fields.Date(string="Special Invoice Issued On", copy=False)
    special_invoice_user_id = fields.Many2one(
        'res.users', string="Special Invoice Issued By", copy=False, readonly=True, ondelete='set null')

    _special_invoice_number_unique = models.UniqueIndex(
        "(company_id, special_invoice_number) WHERE special_invoice_number IS NOT NULL",
        "This number of a special tax invoice was issued already.")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._complete_special_invoice(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._complete_special_invoice(vals))

    @api.model
    def _complete_special_invoice(self, vals):
        """Keep who issued a special invoice, and when, together with its number."""
        if 'special_invoice_user_id' in vals:
            vals = {name: value for name, value in vals.items() if name != 'special_invoice_user_id'}
        if 'special_invoice_number' not in vals:
            return vals
        number = (vals['special_invoice_number'] or "").strip() or False
        today = self.env['sale.order']._get_control_today()
        return {
            **vals, 'special_invoice_number': number,
            'special_invoice_date': number and (vals.get('special_invoice_date') or today),
            'special_invoice_user_id': number and self.env.uid,
            **({'special_invoice': True} if number else {}),
        }
