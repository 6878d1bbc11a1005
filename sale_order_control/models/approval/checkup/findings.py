"""What the check-up works with: plain values that live as long as one run."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with how approval is set up.

    :ivar kind: key of the words that tell it, see ``sale.approval.finding``
    :ivar policy: ``sale.approval.policy``, maybe empty
    :ivar level: ``sale.approval.level``, maybe empty
    :ivar culprit: the record to open; the policy itself unless given
    :ivar facts: names and figures for the words; keys that end in ``date`` are ISO dates
    :ivar about: tells findings of one kind about one policy apart
    """

    kind: str
    policy: object
    level: object = None
    culprit: object = None
    facts: dict = field(default_factory=dict, hash=False)
    about: str = ''

    @property
    def key(self):
        """The same thing found again has the same key, whoever runs the check-up in whatever language."""
        return ':'.join((
            self.kind, str(self.policy.id or 0), str(self.level.id if self.level else 0), self.about))

    @property
    def record(self):
        """The record that must be changed."""
        return self.culprit or self.level or self.policy


@dataclass(frozen=True, slots=True)
class Checkup:
    """What one run looks at, read once for all policies of a company.

    :ivar company: whose policies are judged
    :ivar policies: its active policies, with those of its parents, in their order
    :ivar rules: ``{policy_id: PolicyRule}``
    :ivar today: date the rules take for today
    :ivar salespeople: active internal users who sell in the company
    :ivar entitled: users with a right that shows them their approvals
    """

    company: object
    policies: object
    rules: dict = field(hash=False)
    today: object
    salespeople: object
    entitled: object

    @property
    def own(self):
        """The policies of the company itself: those of its parents are judged with them."""
        return self.policies.filtered(lambda policy: policy.company_id == self.company)
