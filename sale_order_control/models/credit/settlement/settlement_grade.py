"""How customers settle: what a grade allows, and what is agreed with one customer."""

from collections import namedtuple

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...order.control_memory import control_cause
from ..account.credit_account import SETTLEMENT_CHANGES

SETTLEMENT_MODES = [
    ('prepay', "Prepayment"),
    ('cod', "Cash on Delivery"),
    ('monthly', "Monthly Account"),
    ('credit', "Credit Period"),
]

#: How a customer settles. ``mode``: key of SETTLEMENT_MODES or False for any; ``percent``: share of the
#: total with taxes that is paid in advance, 0 unless the mode is *prepay*.
Settlement = namedtuple('Settlement', 'mode percent')

#: What a grade says: :class:`Settlement`, and ``terms``: ids of the payment terms it allows, empty for any.
SettlementRule = namedtuple('SettlementRule', 'settlement terms')


def get_looseness(mode, percent):
    """Rank settlements by what the company risks: 0 for all in advance, below 1 for a part of it, 1 when
    goods go against cash, 2 when they go on account.
    """
    if mode == 'prepay':
        return round(1 - percent / 100, 6) if percent < 100 else 0.0
    return 1.0 if mode == 'cod' else 2.0


class CreditGrade(models.Model):
    """What customers of a grade may ask for when it comes to paying."""

    _name = 'credit.grade'
    _inherit = ['credit.grade', 'sale.control.cached']

    settlement_mode = fields.Selection(
        SETTLEMENT_MODES, string="Settlement",
        help="How customers of this grade settle. What is stricter may be chosen on an order; what is looser is "
             "judged like an excess. Empty allows every settlement.")
    prepayment_percent = fields.Float(
        string="Paid in Advance (%)", default=100.0,
        help="Share of the order total, taxes included, that is paid before anything is bought, made or shipped.")
    payment_term_ids = fields.Many2many(
        'account.payment.term', 'credit_grade_payment_term_rel', 'grade_id', 'term_id', string="Allowed Payment Terms",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Orders may have these payment terms, and any other that lets the customer wait no longer than one "
             "of them. Empty allows all terms.")
    default_payment_term_id = fields.Many2one(
        'account.payment.term', string="Terms of New Customers", ondelete='restrict',
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Payment terms of orders of customers who have none of their own.")

    _prepayment_percent_range = models.Constraint(
        'CHECK (prepayment_percent >= 0 AND prepayment_percent <= 100)',
        "The part paid in advance is a share of the total: between 0 and 100 %.")

    @api.constrains('settlement_mode', 'prepayment_percent')
    def _check_prepayment_percent(self):
        for grade in self:
            if grade.settlement_mode == 'prepay' and not grade.prepayment_percent:
                raise ValidationError(self.env._(
                    "Customers of grade %s pay in advance, but 0 %% of the order. Enter the part that is paid in "
                    "advance.", grade.name))

    @api.constrains('payment_term_ids', 'default_payment_term_id', 'company_id')
    def _check_payment_terms(self):
        for grade in self:
            terms = grade.payment_term_ids | grade.default_payment_term_id
            foreign = terms.filtered(lambda term, grade=grade: term.company_id and term.company_id != grade.company_id)
            if foreign:
                raise ValidationError(self.env._(
                    "Payment terms of another company cannot be allowed by grade %(grade)s: %(terms)s.",
                    grade=grade.name, terms=", ".join(foreign.mapped('name'))))
            if not grade._allows_term(grade.default_payment_term_id.id):
                raise ValidationError(self.env._(
                    "New customers of grade %(grade)s would get “%(term)s”, which is longer than the grade allows.",
                    grade=grade.name, term=grade.default_payment_term_id.name))

    @api.model
    @tools.ormcache('grade_id')
    def _get_settlement_rule(self, grade_id):
        """Return the :class:`SettlementRule` of a grade, cached: the gate asks for every order.

        :param int grade_id: id, or False for no grade
        """
        grade = self.sudo().browse(grade_id or ())
        percent = grade.prepayment_percent if grade.settlement_mode == 'prepay' else 0.0
        return SettlementRule(Settlement(grade.settlement_mode, percent), tuple(grade.payment_term_ids.ids))

    def _allows_term(self, term_id):
        """Whether the grade allows a payment term: it is on the list, or no longer than one that is."""
        allowed = self._get_settlement_rule(self.id).terms
        if not allowed or not term_id or term_id in allowed:
            return True
        terms = self.env['account.payment.term']
        length = terms._get_credit_length(term_id)
        return any(not length.exceeds(terms._get_credit_length(other)) for other in allowed)

    def _get_longest_term(self):
        """Return the longest payment term that the grade allows; empty if it allows all."""
        terms = self.env['account.payment.term'].sudo()
        allowed = terms.browse(self._get_settlement_rule(self.id).terms)

        def by_length(term):
            length = terms._get_credit_length(term.id)
            return length.last, length.weighted
        return max(allowed, key=by_length, default=terms)


class CreditAccount(models.Model):
    """What is agreed with one customer instead of what the grade says."""

    _inherit = 'credit.account'

    settlement_mode = fields.Selection(
        SETTLEMENT_MODES, string="Agreed Settlement", tracking=True, copy=False,
        help="How this customer settles, where it differs from the grade.")
    prepayment_percent = fields.Float(
        string="Agreed in Advance (%)", tracking=True, copy=False,
        help="Share of the order total, taxes included, that this customer pays in advance. 0 follows the grade.")
    settlement_summary = fields.Char(string="Settlement", compute='_compute_settlement_summary', compute_sudo=True)

    _prepayment_percent_range = models.Constraint(
        'CHECK (prepayment_percent >= 0 AND prepayment_percent <= 100)',
        "The part paid in advance is a share of the total: between 0 and 100 %.")

    @api.depends('settlement_mode', 'prepayment_percent', 'grade_id.settlement_mode', 'grade_id.prepayment_percent')
    def _compute_settlement_summary(self):
        for account in self:
            settlement = account._get_settlement()
            account.settlement_summary = self.env['sale.order']._get_settlement_label(*settlement)

    def _get_settlement(self):
        """Return how the customer settles unless an order says otherwise: the :class:`Settlement`.

        An empty record stands for a customer without account, who may settle in any way.
        """
        by_grade = self.env['credit.grade']._get_settlement_rule(self.grade_id.id).settlement
        mode = self.settlement_mode or by_grade.mode
        percent = (self.prepayment_percent or by_grade.percent or 100.0) if mode == 'prepay' else 0.0
        return Settlement(mode, percent)

    def write(self, vals):
        if not SETTLEMENT_CHANGES & vals.keys():
            return super().write(vals)
        before = self._word_settlements()
        with control_cause(self.env, *self._get_change_cause(vals)):
            result = super().write(vals)
            self._journal('settlement', before, self._word_settlements())
        self._recheck_holds(self.env._("The customer's settlement was changed."))
        return result

    def _journal_created(self, vals_list):
        result = super()._journal_created(vals_list)
        self._journal('settlement', dict.fromkeys(self.ids, ("", 0.0)), self._word_settlements())
        return result

    def _word_settlements(self):
        """Word what is agreed with these customers, nothing where the grade alone says it: ``{id: (words, 0.0)}``."""
        orders = self.env['sale.order']
        return {
            account.id: (
                orders._get_settlement_label(*account._get_settlement())
                if account.settlement_mode or account.prepayment_percent else "", 0.0)
            for account in self.sudo()}
