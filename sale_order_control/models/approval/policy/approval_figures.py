"""What the approval policies judge of one document, as a plain value."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApprovalFigures:
    """Figures of one document; a document of another kind than an order has an amount only.

    :ivar amount: what the document is about, without taxes, in ``currency_id``
    :ivar currency_id: id of ``res.currency``
    :ivar open_codes: codes of other rooms' issues that somebody must agree to
    :ivar terms: ``ControlTerms`` of an order
    :ivar margin_percent: margin of an order in percent of its amount
    :ivar list_gap: ``(percent, product id)`` of the line that is most below its list price
    :ivar cost_gap: the same, below its cost
    :ivar issues: issues of other rooms that no approval covers, warnings too
    :ivar facts: what the typed conditions of policies look at, by name of the condition
    :ivar lately: ``(((days, company id), amount), ...)`` of the customer's other orders with the company and its
        branches, in the same currency
    """

    amount: float = 0.0
    currency_id: int = 0
    open_codes: tuple = ()
    terms: object = None
    margin_percent: float = 0.0
    list_gap: tuple = (0.0, 0)
    cost_gap: tuple = (0.0, 0)
    lately: tuple = ()
    issues: tuple = ()
    facts: dict = field(default_factory=dict, hash=False)
