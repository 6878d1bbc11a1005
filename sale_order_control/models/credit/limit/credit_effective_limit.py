"""What a customer may owe on one day, as plain figures."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class EffectiveLimit:
    """What one customer may owe on one day, and why.

    ``(temporary or base) + guaranteed``, capped by what the shared limit of a group leaves: the rule of
    the commercial suites. Amounts are in the currency of the root company, rounded to it.

    :ivar kind: what ``effective`` means: ``none`` (no amount is checked), ``zero`` (prepaid only) or ``amount``
    :ivar own_kind: the same without the group
    :ivar base: credit limit stored on the customer, or the company's default; 0 without one
    :ivar temporary: amount that stands in for the base today, 0 included; None without one
    :ivar temporary_until: last day of the temporary amount, or None
    :ivar guaranteed: what guarantees add: value times percent, converted at today's rate
    :ivar pool: the group whose shared limit leaves least room (``credit.pool`` in sudo); empty without one
    :ivar pool_limit: shared limit of that group
    :ivar pool_available: what is left of it for all its members; negative when it is exceeded
    :ivar own: what the customer may owe by itself, without the group; 0 for ``none``
    :ivar effective: what the customer may owe in all; 0 for ``none``
    """

    kind: str = 'none'
    own_kind: str = 'none'
    base: float = 0.0
    temporary: float = None
    temporary_until: date = None
    guaranteed: float = 0.0
    pool: object = None
    pool_limit: float = 0.0
    pool_available: float = 0.0
    own: float = 0.0
    effective: float = 0.0

    def get_available(self, exposure):
        """Return what is left of the limit above an exposure; 0 where no amount is checked."""
        return 0.0 if self.kind == 'none' else self.effective - exposure

    def get_used_percent(self, exposure):
        """Return the share of the limit that an exposure uses; 0 where there is no amount to compare with."""
        return 100 * exposure / self.effective if self.kind == 'amount' and self.effective > 0 else 0.0
