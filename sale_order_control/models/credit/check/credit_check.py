"""What the credit rules see of one order: plain figures, worked out once for a whole batch."""

from dataclasses import dataclass, field

from odoo.tools import float_compare


@dataclass(frozen=True, slots=True)
class CreditCheck:
    """The figures of one order at one checkpoint, in the currency of the account.

    :ivar account: ``credit.account`` in sudo; empty while the customer has none
    :ivar partner: invoiced commercial partner
    :ivar customer: commercial partner that orders, if it is another one and under credit control; empty if not
    :ivar others_held: accounts on hold of others who order or get the goods; who is released for this order is not
    :ivar grade: ``credit.grade``; empty means judged by the limit alone
    :ivar currency: currency of the root company
    :ivar limit_kind: ``none``, ``zero`` or ``amount``
    :ivar prepaid: whether all of the order is paid before anything is bought, made or shipped: then it needs no credit
    :ivar waiting: what of the order counts for nothing yet, because it is prepaid and not paid
    :ivar beyond: what leaves right now beyond the order, part of ``amount``
    :ivar limit: what the customer may owe by itself: temporary or base amount, and guarantees
    :ivar room: :class:`PoolRoom` in the group of customers that leaves least of its shared limit; None without
    :ivar exposure: :class:`Exposure` without the orders judged together
    :ivar others: exposure including the orders of the batch that come first
    :ivar amount: what this order adds, or will once it is paid
    :ivar overdue_amount: overdue and not covered by payments
    :ivar overdue_days: days since the oldest uncovered item was due
    :ivar accepted: ``{excess, pool_excess, overdue_amount, overdue_days, until}`` agreed at the last confirmation
    :ivar release: the ``credit.decision`` that lets this order pass; empty if none
    :ivar refusal: the ``credit.decision`` that refused credit for this order; empty if none
    :ivar refused_before: the ``credit.decision`` that refused credit for another order of the customer; empty if none
    :ivar max_order: biggest single order in the account's currency, 0 for any
    :ivar tolerated_overdue: overdue amount that the grade tolerates, in the account's currency
    :ivar unrated: currency without any rate in which orders are open that count for the limit; empty without
    """

    account: object
    partner: object
    customer: object
    others_held: object
    grade: object
    currency: object
    limit_kind: str
    limit: float
    exposure: object
    others: float
    amount: float
    overdue_amount: float
    overdue_days: int
    accepted: dict = field(default_factory=dict)
    release: object = None
    refusal: object = None
    refused_before: object = None
    max_order: float = 0.0
    tolerated_overdue: float = 0.0
    room: object = None
    unrated: object = None
    prepaid: bool = False
    waiting: float = 0.0
    beyond: float = 0.0

    @property
    def counted(self):
        """What this order adds to the exposure as things are."""
        return self.currency.round(self.amount - self.waiting)

    @property
    def needs_credit(self):
        """Whether something of it is not paid before it leaves."""
        return not self.prepaid or self.exceeds(self.beyond, 0.0)

    @property
    def total(self):
        """Exposure with this order."""
        return self.currency.round(self.others + self.counted)

    @property
    def excess(self):
        """By how much the exposure with this order is above the limit; 0 without a limit."""
        if self.limit_kind == 'none':
            return 0.0
        return max(0.0, self.currency.round(self.total - self.limit))

    @property
    def pool_total(self):
        """What all members of the group would owe with this order."""
        return self.currency.round(self.room.others + max(0.0, self.total)) if self.room else 0.0

    @property
    def pool_excess(self):
        """By how much the group would be above its shared limit; 0 for a customer of no group."""
        return max(0.0, self.currency.round(self.pool_total - self.room.limit)) if self.room else 0.0

    @property
    def ceiling(self):
        """What the customer may owe in all: its own limit, or what its group leaves; None without either."""
        bounds = [] if self.limit_kind == 'none' else [self.limit]
        if self.room:
            bounds.append(max(0.0, self.currency.round(self.room.limit - self.room.others)))
        return min(bounds, default=None)

    @property
    def is_judged(self):
        """Whether anything says how much the customer may owe: a limit, a group, or a grade."""
        return bool(self.grade) or self.ceiling is not None

    @property
    def is_passed_on(self):
        """Whether a customer under credit control leaves what it orders to somebody whom nothing judges."""
        return bool(self.customer) and self.needs_credit and not self.is_judged

    @property
    def holds(self):
        """The accounts on hold that stop this order."""
        own = self.account.filtered('is_held') if not self.release else self.account.browse()
        return own | self.others_held

    @property
    def grows(self):
        """Whether the order raises the exposure."""
        return self.exceeds(self.amount, 0.0)

    @property
    def used_percent(self):
        """Share of the limit that is used with this order."""
        return 100 * self.total / self.limit if self.limit > 0 else 0.0

    @property
    def is_overdue(self):
        """Whether more is overdue, and for longer, than the grade tolerates."""
        return bool(
            self.grade and self.overdue_days > self.grade.overdue_days
            and self.exceeds(self.overdue_amount, self.tolerated_overdue))

    def exceeds(self, amount, bound):
        """Compare two amounts in the account's precision."""
        return float_compare(amount, bound, precision_rounding=self.currency.rounding) > 0

    def is_excess_agreed(self):
        """Whether the company knew of as much excess when it last confirmed an order."""
        return not self.exceeds(self.excess, self.accepted.get('excess', 0.0))

    def is_pool_excess_agreed(self):
        """The same of the group's excess."""
        return not self.exceeds(self.pool_excess, self.accepted.get('pool_excess', 0.0))

    def get_agreed_excess(self, name):
        """Return the excess that is agreed to once this order passes: nobody is asked about what needs no credit.

        :param str name: ``excess`` or ``pool_excess``
        """
        return getattr(self, name) if self.needs_credit else self.accepted.get(name, 0.0)

    def is_overdue_agreed(self):
        """Whether the company knew of this debt when it last confirmed an order; days age by themselves."""
        return (
            not self.exceeds(self.overdue_amount, self.accepted.get('overdue_amount', 0.0))
            and self.overdue_days <= self.accepted.get('overdue_days', 0))

    def to_json(self):
        """Return the figures for the record of a decision."""
        return {
            **self.exposure.to_json(),
            'others': self.others, 'order': self.amount, 'waiting': self.waiting, 'with_order': self.total,
            'limit_kind': self.limit_kind, 'limit': self.limit, 'excess': self.excess,
            'pool': self.room.pool.name if self.room else '', 'pool_excess': self.pool_excess,
            'agreed_excess': self.get_agreed_excess('excess'),
            'agreed_pool_excess': self.get_agreed_excess('pool_excess'), 'ceiling': self.ceiling,
            'overdue_amount': self.overdue_amount, 'overdue_days': self.overdue_days, 'grade': self.grade.code or '',
        }
