"""The grades at the end: every customer of the book scored by the scorecard, with the reasons."""

from dataclasses import dataclass

from .clock import simulated_day


@dataclass(frozen=True, slots=True)
class Grading:
    """What the scorecard says of one customer on the last day.

    :ivar customer: key in the book
    :ivar given: code of the grade that the customer had during the replay
    :ivar score: 0 to 100; None if the customer could not be scored
    :ivar scored: code of the grade that the score leads to
    :ivar limit, proposed_limit: amounts in company currency; None for no limit
    :ivar weakest: the findings that cost most points, in words
    :ivar explanation: all findings, in words
    """

    customer: str
    name: str
    given: str
    score: float | None
    scored: str
    limit: float | None
    proposed_limit: float | None
    weakest: str
    explanation: str


def put_scorecard_in_use(env):
    """Let the shipped scorecard propose grades, unless a policy file brought another one, or credit is off."""
    company = env.company
    if company.control_credit == 'off' or env['credit.scorecard']._get_for_company(company):
        return
    env.ref('sale_order_control.credit_scorecard_standard').action_put_in_use()


def grade_customers(env, people, customers, today):
    """Score every customer that ordered, as the Credit Controller would on the last day.

    :param dict customers: ``{customer key: res.partner}``
    :return: list of :class:`Grading`, best score first; empty where no scorecard is in use
    """
    if not env['credit.scorecard']._get_for_company(env.company):
        return []
    with simulated_day(env, today):
        partners = env['res.partner'].union(*customers.values())
        accounts = env['credit.account'].search([('partner_id', 'in', partners.ids)])
        accounts.with_user(people.controller).sudo(False).action_score()
        keys = {partner: key for key, partner in customers.items()}
        gradings = [_prepare_grading(account, keys[account.partner_id]) for account in accounts]
    return sorted(gradings, key=lambda grading: (-(grading.score or 0), grading.customer))


def _prepare_grading(account, key):
    score = account.score_id
    counted = score.line_ids.filtered(lambda line: line.contribution or line.points == 0 and not line.is_missing)
    costly = counted.sorted(lambda line: -line.weight * (100 - line.points))[:2]
    weakest = ", ".join(f"{line.finding} ({line.points:g})" for line in costly if line.points < 100)
    return Grading(
        customer=key,
        name=account.partner_id.name,
        given=account.grade_id.code or "",
        score=score.score if score.has_score else None,
        scored=score.grade_id.code or "",
        limit=None if account.limit_kind == 'none' else account.credit_limit,
        proposed_limit=None if score.limit_kind in (False, 'none') else score.limit_amount,
        weakest=weakest or score.headline,
        explanation=score.explanation,
    )
