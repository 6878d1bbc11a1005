"""What the checks of a shipment come to: plain arithmetic on who found what, without a database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One person's finding on one point.

    :ivar remark: what is wrong, or a word on what is right
    """

    point_id: int
    user_id: int
    passed: bool
    remark: str = ''


@dataclass(frozen=True, slots=True)
class PointVerdict:
    """Where one point stands.

    :ivar persons: ids of those who found it in order since it last was not
    :ivar failed: the finding that it is not in order, or None
    """

    persons: frozenset
    failed: Finding | None


def judge_findings(findings):
    """Sum up findings on the same contents, first one first.

    Who finds something wrong ends what others found before: after it is put right, all look again.

    :return: ``{point_id: PointVerdict}`` for the points somebody looked at
    """
    verdicts = {}
    for finding in findings:
        if not finding.passed:
            verdicts[finding.point_id] = PointVerdict(frozenset(), finding)
            continue
        before = verdicts.get(finding.point_id)
        persons = before.persons if before else frozenset()
        verdicts[finding.point_id] = PointVerdict(persons | {finding.user_id}, None)
    return verdicts
