"""From the day goods are in the warehouse to the day they are promised for, and back. No database."""

from dataclasses import dataclass, field
from datetime import timedelta

# A calendar without any shipping day in so long is treated as if there were none.
SEARCH_DAYS = 366


@dataclass(frozen=True, slots=True)
class DeliveryDays:
    """Preparation, shipping days and way of one delivery.

    Goods that are there on a day are prepared in ``handling`` days, leave on the first shipping day from
    then on, and arrive ``transit`` days later: that day is promised.

    :ivar handling: calendar days, as Odoo's security lead time and the delays of stock rules
    :ivar transit: calendar days on the way
    :ivar is_open: function of a day, whether goods leave on it; None: every day
    """

    handling: int = 0
    transit: int = 0
    is_open: object = field(default=None, compare=False)

    def ship_on(self, day):
        """Return the first shipping day from a day on."""
        return self._find(day, 1)

    def arrive(self, shipped):
        """Return the day on which goods arrive that leave on a day."""
        return shipped + timedelta(days=self.transit)

    def promise(self, day):
        """Return the day that can be promised for goods that are in the warehouse on a day."""
        return self.arrive(self.ship_on(day + timedelta(days=self.handling)))

    def needed(self, promised):
        """Return the last day on which goods must be in the warehouse to be there on a promised day."""
        return self.leave_by(promised) - timedelta(days=self.handling)

    def leave_by(self, promised):
        """Return the last shipping day on which goods arrive in time."""
        return self._find(promised - timedelta(days=self.transit), -1)

    def _find(self, day, step):
        if self.is_open:
            for distance in range(SEARCH_DAYS):
                candidate = day + timedelta(days=step * distance)
                if self.is_open(candidate):
                    return candidate
        return day
