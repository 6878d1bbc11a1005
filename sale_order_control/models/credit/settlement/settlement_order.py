"""How an order is settled, and what the credit rules say to it."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...order.control_issue import ControlIssue
from ...order.control_words import word_days
from .settlement_grade import SETTLEMENT_MODES, get_looseness
from .settlement_terms import TermLength

SETTLEMENT_FIELDS = frozenset({'settlement_mode', 'settlement_percent'})


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    settlement_mode = fields.Selection(
        SETTLEMENT_MODES, string="Settlement", compute='_compute_settlement', store=True, readonly=False,
        precompute=True, copy=False, groups='base.group_user',
        help="How the customer pays for this order. Follows the customer; something stricter may be chosen freely, "
             "something looser is judged by the credit rules.")
    settlement_percent = fields.Float(
        string="Paid in Advance (%)", compute='_compute_settlement', store=True, readonly=False, precompute=True,
        copy=False, groups='base.group_user',
        help="Share of the total, taxes included, that the customer pays before anything is bought, made or shipped.")

    @api.constrains('settlement_mode', 'settlement_percent')
    def _check_settlement_percent(self):
        for order in self:
            if order.settlement_mode == 'prepay' and not 0 < order.settlement_percent <= 100:
                raise ValidationError(self.env._(
                    "The part of %s that is paid in advance must be above 0 and at most 100 %%.", order.name))

    # === DEFAULTS ===#

    @api.depends('partner_invoice_id', 'company_id')
    def _compute_settlement(self):
        settlements = self._get_agreed_settlements()
        for order in self:
            order.settlement_mode, order.settlement_percent = order._keep_stricter_settlement(*settlements[order.id])

    def _keep_stricter_settlement(self, mode, percent):
        """Return how the order is settled with an invoice address whose customer settles like this.

        Of a confirmed order, another address is no decision that less is paid before.
        """
        self.ensure_one()
        kept = self.settlement_mode, self.settlement_percent
        stays = self.state == 'sale' and kept[0] and get_looseness(*kept) < get_looseness(mode, percent)
        return kept if stays else (mode, percent)

    @api.onchange('settlement_mode')
    def _onchange_settlement_mode(self):
        if self.settlement_mode == 'prepay' and not self.settlement_percent:
            self.settlement_percent = self._get_agreed_settlements()[self.id].percent or 100.0
        if self.settlement_mode == 'cod':
            self.payment_term_id = self._get_immediate_term() or self.payment_term_id

    @api.model
    def _get_immediate_term(self):
        return self.env.ref('account.account_payment_term_immediate', raise_if_not_found=False)

    def _compute_payment_term_id(self):
        result = super()._compute_payment_term_id()
        orders = self.filtered(lambda order: order.partner_invoice_id and order.state in ('draft', 'sent'))
        grades = orders._get_settlement_grades()
        for order in orders:
            if order.sudo().settlement_mode == 'cod' and grades:
                order.payment_term_id = self._get_immediate_term() or order.payment_term_id
            elif not order.payment_term_id and grades.get(order.id):
                order.payment_term_id = grades[order.id].default_payment_term_id
        return result

    def _get_settlement_accounts(self, payers=None):
        """Return the credit account behind each order whose company controls credit.

        :param dict payers: ``{order_id: res.partner}`` invoiced; the orders' own by default
        :return: ``{order_id: credit.account}`` in sudo, empty records where there is none; orders of
            companies without credit control are left out
        """
        found = {}
        orders = self.sudo().filtered(lambda order: order.company_id)
        for company, batch in orders.grouped(lambda order: order.company_id.root_id).items():
            if company.control_credit == 'off':
                continue
            owners = {
                order.id: ((payers or {}).get(order.id) or order.partner_invoice_id)._origin.commercial_partner_id
                for order in batch
            }
            accounts = self.env['credit.account']._find(
                self.env['res.partner'].sudo().union(*owners.values()), company)
            by_owner = {account.partner_id.id: account for account in accounts}
            for order in batch:
                found[order.id] = by_owner.get(owners[order.id].id, accounts.browse())
        return found

    def _get_settlement_grades(self):
        return {order_id: account.grade_id for order_id, account in self._get_settlement_accounts().items()}

    def _get_agreed_settlements(self):
        """Return how each order's customer settles: ``{order_id: Settlement}``, nothing while credit is off."""
        accounts = self._get_settlement_accounts()
        nothing = (False, 0.0)
        return {
            order.id: accounts[order.id]._get_settlement() if order.id in accounts else nothing for order in self}

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._complete_settlement(vals) for vals in vals_list])

    def write(self, vals):
        result = super().write(self._complete_settlement(vals))
        if vals.get('state') == 'sale':
            self._follow_settlement()
        return result

    def _follow_settlement(self):
        """An order that says nothing is settled as agreed with its customer: before anything is bought or made."""
        silent = self.sudo().filtered(lambda order: not order.settlement_mode)
        silent = silent._get_controlled()._with_control('credit')
        agreed = silent._get_agreed_settlements()
        for settlement, orders in silent.grouped(lambda order: agreed[order.id]).items():
            mode, percent = settlement
            if mode:
                orders.write({'settlement_mode': mode, 'settlement_percent': percent})

    @api.model
    def _complete_settlement(self, vals):
        """Prepayment without saying how much means all."""
        if vals.get('settlement_mode') == 'prepay' and 'settlement_percent' not in vals:
            return {**vals, 'settlement_percent': 100.0}
        return vals

    # === TERMS ===#

    def _get_control_conditions(self):
        conditions = super()._get_control_conditions()
        return conditions + self._prepare_settlement_condition(self.settlement_mode, self.settlement_percent)

    @api.model
    def _prepare_settlement_condition(self, mode, percent):
        if not mode:
            return []
        percent = percent if mode == 'prepay' else 0.0
        return [('settlement', f'{mode} {percent:g}'.removesuffix(' 0'), get_looseness(mode, percent))]

    def _foresee_control_conditions(self, terms):
        conditions = super()._foresee_control_conditions(terms)
        if terms.partner_invoice_id == self.partner_invoice_id.id:
            return conditions
        payer = self.env['res.partner'].sudo().browse(terms.partner_invoice_id)
        account = self._get_settlement_accounts({self.id: payer}).get(self.id)
        agreed = account._get_settlement() if account is not None else (False, 0.0)
        settlement = self._keep_stricter_settlement(*agreed)
        others = [condition for condition in conditions if condition[0] != 'settlement']
        return tuple(sorted(others + self._prepare_settlement_condition(*settlement)))

    @api.model
    def _get_control_term_fields(self):
        return super()._get_control_term_fields() | SETTLEMENT_FIELDS

    def _get_terms_aspect_labels(self):
        return {**super()._get_terms_aspect_labels(), 'settlement': self.env._("settlement")}

    @api.model
    def _read_settlement(self, terms):
        """Return mode and part paid in advance of some terms, ``(False, 0.0)`` if they name none."""
        value = next((value for name, value, _looseness in terms.conditions if name == 'settlement'), '')
        mode, _space, percent = value.partition(' ')
        return mode or False, float(percent or 0.0)

    def _is_held_until_prepaid(self, terms):
        """Whether by these terms all is paid first, and the company lets no goods leave before it is."""
        self.ensure_one()
        return self._keeps_until_prepaid(*self._read_settlement(terms))

    def _is_prepaid_in_full(self):
        """The same of the order as it is on the screen."""
        self.ensure_one()
        return self._keeps_until_prepaid(self.settlement_mode, self.settlement_percent)

    def _keeps_until_prepaid(self, mode, percent):
        held = self.company_id._get_control_mode('credit', 'release') == 'enforce'
        return held and mode == 'prepay' and percent >= 100

    @api.model
    def _get_settlement_label(self, mode, percent=0.0):
        """Word a settlement: “Prepayment of 30 %”."""
        label = dict(self._fields['settlement_mode']._description_selection(self.env)).get(mode, "")
        if mode == 'prepay' and percent < 100:
            return self.env._("%(mode)s of %(percent)s %%", mode=label, percent=f'{percent:g}')
        return label

    # === RULES ===#

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        if checkpoint in ('submit', 'confirm'):
            judged = self._with_control('credit', checkpoint)
            for order_id, found in judged._get_settlement_issues(checkpoint, terms).items():
                issues[order_id] += found
        return issues

    def _get_settlement_issues(self, checkpoint, terms):
        """Judge how orders are settled and how long their payment terms are.

        :return: ``{order_id: [ControlIssue, ...]}`` for the orders that ask for more than their
            customers may, and were not released so
        """
        partners = self.env['res.partner'].sudo()
        payers = {order.id: partners.browse(terms[order.id].partner_invoice_id) for order in self}
        accounts = self._get_settlement_accounts(payers)
        found = {}
        for order in self:
            account = accounts.get(order.id)
            if account is None or not any(line.amount > 0 for line in terms[order.id].lines):
                continue
            effect = account.grade_id._get_effect(checkpoint)
            if effect != 'allow':
                issues = order._judge_settlement(account, effect, terms[order.id])
                if issues:
                    found[order.id] = issues
        return self.browse(found)._drop_released_settlements(found, accounts, terms) if found else found

    def _judge_settlement(self, account, effect, terms):
        """Compare one order with what is agreed with its customer.

        :return: list of :class:`ControlIssue`
        """
        self.ensure_one()
        agreed = account._get_settlement()
        mode, percent = self._read_settlement(terms)
        if not mode and self.state in ('draft', 'sent'):
            mode, percent = agreed
        issues = []
        if agreed.mode:
            looseness = get_looseness(mode, percent)
            if looseness > get_looseness(*agreed) + 1e-6:
                issues.append(self._prepare_settlement_issue(account, effect, agreed, (mode, percent), looseness))
        term = self.env['account.payment.term'].sudo().browse(terms.payment_term_id or ())
        # Who has paid all before the goods leave may have any date on the invoice.
        if term and get_looseness(mode, percent):
            issues += self._judge_payment_term(account, effect, mode, term)
        return issues

    @api.model
    def _get_control_issue_kinds(self):
        return {**super()._get_control_issue_kinds(), 'credit.terms': 'long_terms'}

    def _prepare_settlement_issue(self, account, effect, agreed, chosen, looseness):
        return ControlIssue(
            code='credit.settlement',
            area='credit',
            effect=effect,
            message=self.env._(
                "%(customer)s settles by “%(agreed)s”, but the order says “%(chosen)s”.",
                customer=account.partner_id.name, agreed=self._get_settlement_label(*agreed),
                chosen=self._get_settlement_label(*chosen) or self.env._("nothing")),
            clears=self.env._(
                "Clears with “%s” or something stricter, or when a credit controller releases the order.",
                self._get_settlement_label(*agreed)),
            facts={'agreed': list(agreed), 'chosen': list(chosen), 'looseness': looseness, 'figures': ['looseness']},
        )

    def _judge_payment_term(self, account, effect, mode, term):
        self.ensure_one()
        grade = account.grade_id
        length = term._get_credit_length(term.id)
        if mode == 'cod' and length.exceeds(TermLength()):
            message = self.env._(
                "The order is paid in cash on delivery, but the payment terms “%(term)s” let the customer wait for up "
                "to %(days)s.", term=term.name, days=word_days(self.env, length.last))
            clears = self.env._("Clears with immediate payment, or with another settlement.")
        elif grade and not grade._allows_term(term.id):
            longest = grade._get_longest_term()
            message = self.env._(
                "The payment terms “%(term)s” let the customer wait for up to %(days)s; grade %(grade)s allows "
                "“%(longest)s”, %(allowed)s, at most.",
                term=term.name, days=word_days(self.env, length.last), grade=grade.code, longest=longest.name,
                allowed=word_days(self.env, term._get_credit_length(longest.id).last))
            clears = self.env._(
                "Clears with “%s” or shorter terms, or when a credit controller releases the order.", longest.name)
        else:
            return []
        return [ControlIssue(
            code='credit.terms', area='credit', effect=effect, message=message, clears=clears,
            facts={'days': length.last, 'weighted_days': length.weighted, 'figures': ['days', 'weighted_days']},
        )]

    # === RELEASE ===#

    def _drop_released_settlements(self, found, accounts, terms):
        """Leave out what a credit controller released an order for, up to the figures they saw.

        A release of the customer as a whole is about amounts and says nothing of terms.
        """
        today, totals = self._get_control_today(), self._get_control_amounts(terms)
        used = self.env['credit.account'].sudo().union(*(accounts[order.id] for order in self))
        decisions = used._read_credit_decisions(self)
        kept = {}
        for order in self:
            account = accounts[order.id]
            amount = order.currency_id._convert(
                totals[order.id].total, account.currency_id, account.company_id, today) if account else 0.0
            release = decisions.get_release(account, order, amount, amount, today)
            seen = release.figures.get('settlement', {}) if release and release.order_id else {}
            kept[order.id] = [
                issue for issue in found[order.id]
                if not seen or any(number > seen.get(name, 0.0) + 1e-6 for name, number in issue.figures.items())
            ]
        return {order_id: issues for order_id, issues in kept.items() if issues}

    def _get_settlement_figures(self, account):
        """Return what a decision on this order sees of its settlement, for its record.

        :param credit.account account: of the customer who is invoiced
        """
        self.ensure_one()
        length = self.env['account.payment.term']._get_credit_length(self.payment_term_id.id)
        return {
            'mode': self.settlement_mode or '',
            'looseness': get_looseness(self.settlement_mode, self.settlement_percent),
            'days': length.last,
            'weighted_days': length.weighted,
        }


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _prepare_decision(self, result, checkpoint='manual', **values):
        row = super()._prepare_decision(result, checkpoint, **values)
        order = self.env['sale.order'].sudo().browse(row.get('order_id') or ())
        if order:
            row['figures'] = {**(row.get('figures') or {}), 'settlement': order._get_settlement_figures(self)}
        return row
