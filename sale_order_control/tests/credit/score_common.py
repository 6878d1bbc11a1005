from dateutil.relativedelta import relativedelta

from odoo import Command

from .common import CreditCommon


class ScoreCommon(CreditCommon):
    """A scorecard of two factors and three grades with fixed limits, and invoices paid late."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env['sale.order']._get_control_today()
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')
        cls.good, cls.fair, cls.poor = (
            cls._grade(name=name, code=code, sequence=place, limit_formula='fixed', limit_amount=amount)
            for place, (name, code, amount) in enumerate([
                ("Good", 'G1', 9000), ("Fair", 'G2', 4000), ("Poor", 'G3', 1000)]))
        cls.card = cls._scorecard()

    @classmethod
    def _scorecard(cls, factors=None, **values):
        """Return a draft: average days late (weight 30), customer since (weight 10)."""
        return cls.env['credit.scorecard'].create({
            'name': "Test Card",
            'company_id': cls.company.id,
            'factor_ids': [Command.create(factor) for factor in factors or [
                cls._factor('days_late', 30, (0, 100), (5, 80), (10, 40), (30, 0)),
                cls._factor('tenure', 10, (0, 20), (12, 100), missing='zero'),
            ]],
            'band_ids': [Command.create({'score_from': start, 'grade_id': grade.id}) for start, grade in (
                (75, cls.good), (40, cls.fair), (0, cls.poor))],
            **values,
        })

    @classmethod
    def _factor(cls, kind, weight, *steps, **values):
        return {
            'kind': kind, 'weight': weight,
            'range_ids': [Command.create({'value_from': start, 'points': points}) for start, points in steps],
            **values,
        }

    @classmethod
    def _in_use(cls, card=None, **values):
        card = card or cls.card
        card.write(values)
        card.with_user(cls.manager).action_put_in_use()
        return card

    @classmethod
    def _paid_late(cls, days, amount=1000, partner=None):
        """Return an invoice that was due a month ago and paid some days late."""
        due = cls.today - relativedelta(days=40)
        invoice = cls._loose_invoice(amount, due=due, partner=partner)
        cls.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'payment_date': due + relativedelta(days=days)})._create_payments()
        return invoice

    def _score(self, account=None):
        """Score as the credit controller; return the scoring."""
        account = account or self.account
        account.with_user(self.controller).action_score()
        return account.score_id
