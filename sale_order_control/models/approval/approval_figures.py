"""What the approval policies judge of one document, as a plain value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApprovalFigures:
    """Figures of one document; a document of another kind than an order has an amount only.

    :ivar amount: what the document is about, without taxes, in ``currency_id``
    :ivar currency_id: id of ``res.currency``
    :ivar open_codes: codes of other rooms' issues that somebody must agree to
    :ivar terms: ``ControlTerms`` of an order
    :ivar margin_percent: margin of an order in percent of its amount
    """

    amount: float = 0.0
    currency_id: int = 0
    open_codes: tuple = ()
    terms: object = None
    margin_percent: float = 0.0
