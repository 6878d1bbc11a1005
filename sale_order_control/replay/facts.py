"""What happened to each order in the replay: the raw material of the report."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class Approval:
    """One decision of one approver.

    :ivar level: name of the level
    :ivar asked, decided: simulated days
    """

    level: str
    approver: str
    asked: date
    decided: date
    agreed: bool = True


@dataclass(slots=True)
class Hold:
    """A time in which an order could not go on.

    :ivar codes: the issues that stopped it, most of them credit
    :ivar ended_by: ``payment``, ``controller``, ``approval``, or empty while it lasts
    """

    codes: tuple
    since: date
    until: date | None = None
    ended_by: str = ''

    def days(self, today):
        return ((self.until or today) - self.since).days


@dataclass(slots=True, eq=False)
class Story:
    """One order's way through the replay, in simulated days.

    :ivar order: the :class:`.book.Order`, dates shifted
    :ivar order_id: database id, 0 before it is entered
    :ivar issues: ``{code: effect}`` of the first submission
    :ivar one_click: whether the first submission confirmed it
    """

    order: object
    order_id: int = 0
    name: str = ''
    issues: dict = field(default_factory=dict)
    one_click: bool = False
    submitted: date | None = None
    confirmed: date | None = None
    approvals: list = field(default_factory=list)
    holds: list = field(default_factory=list)
    first_promise: date | None = None
    promised: date | None = None
    promises: int = 0
    shipped: date | None = None
    invoiced: date | None = None
    paid: date | None = None
    state: str = ''
    failure: str = ''

    @property
    def open_hold(self):
        """The hold that still lasts, or None."""
        return self.holds[-1] if self.holds and not self.holds[-1].until else None

    def hold(self, codes, today):
        """Begin a hold unless one lasts already."""
        if not self.open_hold:
            self.holds.append(Hold(tuple(codes), today))

    def end_hold(self, how, today):
        """End the hold that lasts, if any."""
        if self.open_hold:
            self.open_hold.ended_by = how
            self.open_hold.until = today

    @property
    def approvers(self):
        """Names of those who decided, in order, without repetition."""
        return list(dict.fromkeys(approval.approver for approval in self.approvals))

    def days_waiting(self, today):
        """Days from entry to confirmation, or until today."""
        return ((self.confirmed or today) - self.submitted).days if self.submitted else 0

    def days_late(self, against, today):
        """Days after a date at which the goods left, or are still there; None where nothing is due yet.

        :param date against: requested or promised date, or None
        """
        if not against or (not self.shipped and against >= today):
            return None
        return ((self.shipped or today) - against).days
