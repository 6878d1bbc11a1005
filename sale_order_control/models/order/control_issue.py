"""What the gate answers with: plain values that no user can write and every room can build."""

from dataclasses import dataclass, field, replace

CHECKPOINTS = ('submit', 'confirm', 'procure', 'release')

# Which company switch governs which area of the gate.
AREA_SWITCHES = {
    'completeness': 'control_completeness',
    'credit': 'control_credit',
    'approval': 'control_approval',
    'promise': 'control_promise',
    'amendment': 'control_amendment',
}
# All switches of a company. The last governs no area of its own: it caps the others when goods leave.
SWITCHES = (*AREA_SWITCHES.values(), 'control_release')


@dataclass(frozen=True, slots=True)
class ControlIssue:
    """One reason why an order should not pass a checkpoint as it is.

    :ivar code: stable name of the rule, dotted by area (``credit.limit``); an approval covers codes
    :ivar area: key of ``AREA_SWITCHES``: whose rule it is and which company switch governs it
    :ivar effect: ``warn`` (passes, is told), ``approve`` (passes once someone agreed) or ``block``
    :ivar message: translated, complete sentence saying what is wrong
    :ivar facts: the figures used; amounts in the currency named by ``facts['currency']``. The keys
        listed in ``facts['figures']`` are the ones an approval bounds: bigger is worse;
        ``facts['nobody']`` marks an issue that needs agreement while nobody can be asked for it
    :ivar clears: translated sentence saying what would make the issue go away
    :ivar would: in shadow mode (*warn*), the effect that *enforce* would have had; else empty
    """

    code: str
    area: str
    effect: str
    message: str
    facts: dict = field(default_factory=dict, hash=False)
    clears: str = ''
    would: str = ''

    @property
    def stops(self):
        """Whether the order cannot pass while this issue stands."""
        return self.effect in ('approve', 'block')

    @property
    def askable(self):
        """Whether submitting helps: somebody's agreement is needed, and somebody can be asked for it."""
        return self.effect == 'approve' and not self.facts.get('nobody')

    @property
    def figures(self):
        """The bounded figures of the issue, ``{name: number}``; the bigger, the worse."""
        return {name: self.facts[name] for name in self.facts.get('figures', ())}

    def is_worse_than(self, others):
        """Whether none of the other issues is the same one with figures at least as big."""
        return not any(
            other.code == self.code
            and all(number <= other.figures.get(name, 0.0) + 1e-6 for name, number in self.figures.items())
            for other in others
        )

    def shadowed(self):
        """Return the issue as it counts in shadow mode: told and recorded, stopping nobody."""
        return replace(self, effect='warn', would=self.effect) if self.stops else self


@dataclass(frozen=True, slots=True, order=True)
class ControlStatus:
    """What one room says of an order in a list: the lowest rank wins the badge.

    :ivar rank: urgency, 0 first
    :ivar key: a value of ``sale.order.control_status``
    :ivar sentence: translated sentence "who acts next"
    """

    rank: int
    key: str
    sentence: str
