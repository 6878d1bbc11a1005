"""How facts become a score and a grade: plain values and arithmetic, the same for scoring and comparison."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FactorRule:
    """One factor of a scorecard.

    :ivar key: what its fact is known by: ``(kind, months)``, or ``('manual', name)``
    :ivar steps: ``((from, points), ...)`` ascending; a value takes the last step that it reaches, and the
        first one below all
    :ivar answers: ``{lower-case text: points}`` of a factor that has answers instead of values
    :ivar missing: ``zero``, ``neutral``, ``exclude`` or ``no_grade``
    """

    id: int
    name: str
    kind: str
    months: int
    weight: float
    missing: str
    neutral_points: float
    steps: tuple = ()
    answers: dict = field(default_factory=dict)

    @property
    def key(self):
        return (self.kind, self.name) if self.kind == 'manual' else (self.kind, self.months)

    def get_points(self, value):
        """Return the points of a value, or None if it is unknown."""
        if value is None:
            return None
        if self.answers:
            return self.answers.get(str(value).strip().lower())
        points = self.steps[0][1] if self.steps else None
        for start, reached in self.steps:
            if value >= start:
                points = reached
        return points

    def judge(self, value):
        """Judge a value under the missing-data policy: :class:`FactorResult`."""
        points = self.get_points(value)
        missing = points is None
        if missing:
            points = {'zero': 0.0, 'neutral': self.neutral_points}.get(self.missing)
        return FactorResult(self, value, points, missing)


@dataclass(frozen=True, slots=True)
class FactorResult:
    """:ivar points: 0 to 100; None if the factor does not count"""

    factor: FactorRule
    value: object
    points: float | None
    is_missing: bool


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """What a scorecard says of one customer.

    :ivar score: 0 to 100; None if there is none
    :ivar band: the :class:`Band` reached, or None
    :ivar lines: a :class:`FactorResult` per factor
    :ivar blocking: name of the factor without which no grade is given, or ''
    """

    score: float | None
    band: object
    lines: tuple
    blocking: str = ''

    @property
    def band_share(self):
        """How far up its band the score lies, 0 to 1; None without one."""
        if not self.band or self.score is None:
            return None
        return (self.score - self.band.start) / (self.band.end - self.band.start)

    def get_losses(self):
        """Return ``{factor name: points that the score lacks to 100 because of it}``."""
        total = sum(line.factor.weight for line in self.lines if line.points is not None)
        return {
            line.factor.name: line.factor.weight * (100 - line.points) / total
            for line in self.lines if line.points is not None
        }

    def get_weighted(self):
        """Return ``{factor name: points it brings to the score}``."""
        total = sum(line.factor.weight for line in self.lines if line.points is not None)
        return {
            line.factor.name: line.factor.weight * line.points / total
            for line in self.lines if line.points is not None
        }


@dataclass(frozen=True, slots=True)
class Band:
    """:ivar start, end: scores from ``start`` on, below ``end`` (100 belongs to the highest band)"""

    grade_id: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """A scorecard as plain values.

    :ivar factors: :class:`FactorRule` values
    :ivar bands: :class:`Band` values, ascending
    """

    factors: tuple
    bands: tuple

    def evaluate(self, facts):
        """Score one customer: the weighted mean of the points, ``sum(w * s) / sum(w)``.

        :param dict facts: ``{factor key: value}``
        :return: :class:`ScoreResult`
        """
        lines = tuple(factor.judge(facts.get(factor.key)) for factor in self.factors)
        blocking = [line.factor.name for line in lines if line.is_missing and line.factor.missing == 'no_grade']
        counted = [line for line in lines if line.points is not None]
        weight = sum(line.factor.weight for line in counted)
        if blocking or not weight:
            return ScoreResult(None, None, lines, blocking[0] if blocking else '')
        score = round(sum(line.factor.weight * line.points for line in counted) / weight, 1)
        bands = [band for band in self.bands if score >= band.start]
        return ScoreResult(score, bands[-1] if bands else None, lines)
