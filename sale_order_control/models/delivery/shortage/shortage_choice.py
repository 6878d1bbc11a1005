"""One way out of a shortage, with the figures that speak for it or against it. Plain data."""

from dataclasses import dataclass
from datetime import date as Date


@dataclass(frozen=True)
class ShortageChoice:
    """What could be done about the shortage of a line; quantities in the line's unit.

    :ivar kind: key of ``SHORTAGE_KINDS``
    :ivar works: whether it can be done now
    :ivar text: what would happen; of one that does not work, why
    :ivar offer: the same in neutral words for the customer
    :ivar date: when all of it would be there, or None
    :ivar parts: ``((day, quantity), ...)`` of what is still to be delivered, where it comes in parts
    :ivar quantity: what would be ordered then
    :ivar product_id: the substitute
    :ivar pair_id: the line of the substitute list
    :ivar percent: the biggest discount
    :ivar freight: the freight that may be waived at most, without taxes, in the company's currency
    :ivar needs_consent: whether the customer must agree
    """

    kind: str
    works: bool
    text: str
    offer: str = ''
    date: Date | None = None
    parts: tuple = ()
    quantity: float = 0.0
    product_id: int = 0
    pair_id: int = 0
    percent: float = 0.0
    freight: float = 0.0
    needs_consent: bool = True

    def get_figures(self):
        """Return what counts of it as plain data: equal figures are the same choice."""
        return {
            'kind': self.kind,
            'works': self.works,
            'text': self.text,
            'offer': self.offer,
            'date': self.date and self.date.isoformat(),
            'parts': [[day.isoformat(), quantity] for day, quantity in self.parts],
            'quantity': self.quantity,
            'product': self.product_id,
            'percent': self.percent,
            'freight': self.freight,
        }
