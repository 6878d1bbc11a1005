"""The report: what the controls did to an order book, as tables of plain values."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from statistics import mean

from .book import Totals
from .punctuality import compare_punctuality


@dataclass(frozen=True)
class Table:
    """One section of the report.

    :ivar key: stable name for programs that read the CSV
    :ivar columns: headings; the first column names the row
    :ivar rows: tuples of strings, numbers and dates
    :ivar note: sentence below the table
    """

    key: str
    title: str
    columns: tuple
    rows: list
    note: str = ''


@dataclass(frozen=True)
class Report:
    """:ivar tables: the sections; ``orders`` is the one with a row per order

    :ivar differences: sentences on totals that are not those of the files; empty when all agree
    :ivar is_incomplete: whether the exit status must say that something is missing
    :ivar grades: a row per customer with the reasons in the last column; None where nobody was scored
    """

    heading: str
    tables: list
    orders: Table
    differences: list
    is_incomplete: bool
    grades: Table | None = None

    @property
    def by_key(self):
        return {table.key: table for table in self.tables}


def build_report(env, outcome, problems):
    """Sum up a replay.

    :param env: environment of the superuser, to count what is in the database
    :param outcome: :class:`.session.Outcome`
    :param problems: everything the files met, list of :class:`.book.Problem`
    """
    stories, today = outcome.stories, outcome.today
    totals, differences = compare_totals(env, outcome)
    requested, wrong = tabulate_requested(env, outcome)
    differences += wrong
    policies = {policy.id: policy.name for policy in env['sale.approval.policy'].search([])}
    failures = [(story.order.key, story.failure) for story in stories if story.failure]
    tables = [
        totals,
        tabulate_confirmation(stories),
        tabulate_issues(stories, policies),
        tabulate_approvals(stories),
        tabulate_holds(stories, today),
        tabulate_punctuality(stories, today),
        *requested,
        tabulate_states(stories),
    ]
    tables += [tabulate_simulation(simulated) for simulated in outcome.simulations]
    if outcome.gradings:
        tables.append(tabulate_grade_changes(outcome.gradings))
    if failures:
        tables.append(Table('failures', "Orders that failed", ("order", "what happened"), failures))
    left_out = [problem for problem in problems if problem.left_out]
    return Report(
        heading=f"Replay of {len(stories)} orders, {outcome.book.first_day} to {today}",
        tables=tables,
        orders=tabulate_orders(stories, today),
        differences=differences,
        is_incomplete=bool(left_out or failures or differences),
        grades=tabulate_grades(outcome.gradings),
    )


# === TOTALS ===#


def compare_totals(env, outcome):
    """Set what is in Odoo against what is in the files.

    :return: ``(Table, [sentence on a difference, ...])``
    """
    wanted = outcome.book.totals
    entered = [story for story in outcome.stories if story.order_id]
    orders = env['sale.order'].browse([story.order_id for story in entered]).exists()
    orders.order_line.invalidate_recordset()
    lines = orders.order_line.filtered(lambda line: not line.display_type)
    exact = [
        _decimal(line.product_uom_qty) * _decimal(line.price_unit) * (1 - _decimal(line.discount) / 100)
        for line in lines]
    found = Totals(
        len(orders), len(lines), _cents(sum(exact, Decimal(0))), _cents(_decimal(sum(lines.mapped('price_subtotal')))))
    labels = {
        'orders': "orders", 'lines': "order lines", 'net': "net amount",
        'net_by_line': "net amount, each line rounded to cents",
    }
    rows, differences = [], []
    for name, label in labels.items():
        in_files, in_odoo = getattr(wanted, name), getattr(found, name)
        rows.append((label, in_files, in_odoo, "equal" if in_files == in_odoo else "DIFFERENT"))
        if in_files != in_odoo:
            differences.append(f"The {label} in Odoo are {in_odoo:,}, in the files {in_files:,}.")
    return Table('totals', "Totals", ("", "files", "Odoo", ""), rows), differences


# === WHAT THE CONTROLS DID ===#


def tabulate_confirmation(stories):
    """How the orders got through: at once, after approval, after a hold."""
    groups = {"confirmed in one click": [], "confirmed later": [], "not confirmed": []}
    for story in stories:
        if story.one_click:
            groups["confirmed in one click"].append(story)
        else:
            groups["confirmed later" if story.confirmed else "not confirmed"].append(story)
    return Table(
        'confirmation', "Confirmation", ("", "orders", "share %", "net amount"),
        [(label, len(group), _share(len(group), len(stories)), _net(group)) for label, group in groups.items()])


def tabulate_issues(stories, policies=None):
    """Which rule met how many orders at their first submission.

    :param dict policies: ``{id: name}`` of the approval policies, to name those that spoke
    """
    found = defaultdict(list)
    for story in stories:
        for code, effect in story.issues.items():
            found[code, effect].append(story)
    rows = [
        (
            code, _get_policy_name(code, policies or {}), effect, len(group), _share(len(group), len(stories)),
            _net(group),
        )
        for (code, effect), group in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return Table('issues', "Issues at first submission", (
        "issue", "policy", "effect", "orders", "share %", "net amount"), rows)


def _get_policy_name(code, policies):
    """Name the policy of ``approval.<id>.<condition>``; empty for every other issue."""
    area, _dot, rest = code.partition('.')
    number = rest.partition('.')[0]
    return policies.get(int(number), "") if area == 'approval' and number.isdigit() else ""


def tabulate_approvals(stories):
    """Who decided how often at which level, and how long it took."""
    groups = defaultdict(list)
    for story in stories:
        for approval in story.approvals:
            groups[approval.level, approval.approver].append(approval)
    rows = [
        (
            level, approver, len(group), sum(approval.agreed for approval in group),
            round(mean((approval.decided - approval.asked).days for approval in group), 1),
        )
        for (level, approver), group in groups.items()
    ]
    levels = Counter(len({approval.level for approval in story.approvals}) for story in stories if story.approvals)
    note = ", ".join(
        f"{_count(count, 'order')} with {_count(number, 'level')}" for number, count in sorted(levels.items()))
    return Table(
        'approvals', "Approvals", ("level", "approver", "decisions", "agreed", "days waited"), rows,
        note or "No order needed an approval.")


def tabulate_simulation(simulated):
    """What the policy simulation says of the orders that were run, and whether that is what really happened."""
    if simulated.in_force:
        rows = [
            (label, predicted, real, "equal" if predicted == real else "DIFFERENT")
            for label, predicted, real in simulated.rows]
        wrong = simulated.mismatches
        note = "The same persons were asked about every order." if not wrong \
            else f"Other persons were asked about: {', '.join(wrong[:10])}" + (", ..." if len(wrong) > 10 else ".")
        return Table(
            f'simulation_{simulated.key}', f"Simulation of the policies in force ({simulated.label})",
            ("orders", "simulated", "really", ""), rows, note)
    found = simulated.simulation
    return Table(
        f'simulation_{simulated.key}', f"Simulation of {simulated.label} instead", ("orders", "simulated"),
        [(label, predicted) for label, predicted, _real in simulated.rows],
        f"Newly asked: {found.new_count}, no longer asked: {found.gone_count}, other approvers: {found.other_count}.")


def tabulate_holds(stories, today):
    """Which holds there were, what ended them, and how long they lasted."""
    groups = defaultdict(list)
    for story in stories:
        for hold in story.holds:
            groups[hold.ended_by or "still held"].append((story, hold))
    labels = {
        'payment': "released by payment", 'controller': "released by Credit Controller",
        'approval': "ended by approval", "still held": "still held",
    }
    rows = []
    for key, label in labels.items():
        if group := groups.get(key):
            days = [hold.days(today) for _story, hold in group]
            rows.append((label, len(group), _net(story for story, _hold in group), round(mean(days), 1), max(days)))
    reasons = Counter(code for group in groups.values() for _story, hold in group for code in hold.codes)
    note = "Reasons: " + ", ".join(f"{code} {count}" for code, count in reasons.most_common()) + "." if reasons \
        else "No order was held."
    return Table('holds', "Holds", ("", "holds", "net amount", "days on average", "days at most"), rows, note)


def tabulate_punctuality(stories, today):
    """Deliveries against what the customer asked for and what was promised first and last."""
    measures = {
        "requested date": lambda story: story.order.requested,
        "first promise": lambda story: story.first_promise,
        "last promise": lambda story: story.promised,
    }
    rows = []
    for label, get_date in measures.items():
        confirmed = [story for story in stories if story.confirmed]
        days = [late for story in confirmed if (late := story.days_late(get_date(story), today)) is not None]
        late = [number for number in days if number > 0]
        rows.append((
            label, len(days), len(days) - len(late), _share(len(days) - len(late), len(days)), len(late),
            round(mean(late), 1) if late else 0, max(late, default=0)))
    again = sum(story.promises > 1 for story in stories)
    delayed = [
        story for story in stories
        if story.shipped and story.order.shipped and story.shipped > story.order.shipped]
    return Table(
        'punctuality', "Deliveries on time",
        ("against", "due", "on time", "share %", "late", "days late on average", "at most"), rows,
        f"Promised again: {_count(again, 'order')}. Left later than in the book, for being held: "
        f"{_count(len(delayed), 'order')}.")


def tabulate_requested(env, outcome):
    """What the files say of their own punctuality, beside what Odoo recorded.

    :return: ``([Table] or [] where nothing was recorded, [sentence on a difference, ...])``
    """
    rows, wrong, others = compare_punctuality(env, outcome)
    if not rows:
        return [], []
    table = Table(
        'requested', "On time against the requested date: files and Odoo",
        ("", "files", "left as in the book: files", "Odoo", ""),
        [(*row, "equal" if row[2] == row[3] else "DIFFERENT") for row in rows],
        f"Left on another day than in the book, or not at all, for being held: {_count(others, 'order')}.")
    differences = [
        f"Odoo says something else on the punctuality of {_count(len(wrong), 'order')} than the files: "
        f"{', '.join(wrong[:10])}."] if wrong else []
    return [table], differences


def tabulate_states(stories):
    """Where the orders stand at the end."""
    groups = defaultdict(list)
    for story in stories:
        groups["failed" if story.failure else story.state].append(story)
    rows = [(state, len(group), _net(group)) for state, group in sorted(groups.items(), key=lambda item: -len(item[1]))]
    return Table('states', "Where the orders stand today", ("state", "orders", "net amount"), rows)


def tabulate_grade_changes(gradings):
    """Count the customers by the grade they had and the one that the scorecard proposes in the end."""
    groups = defaultdict(list)
    for grading in gradings:
        groups[grading.given, grading.scored or "no score"].append(grading)
    rows = [
        (f"{given or 'none'} → {scored}", len(group), round(mean(grading.score or 0.0 for grading in group), 1))
        for (given, scored), group in sorted(groups.items())
    ]
    same = sum(grading.given == grading.scored for grading in gradings)
    return Table(
        'grades', "Grades by scorecard on the last day", ("had → proposed", "customers", "average score"), rows,
        f"{same} of {_count(len(gradings), 'customer')} would keep the grade.")


def tabulate_grades(gradings):
    """List every customer with score, grades and limits, and the reasons in words."""
    if not gradings:
        return None
    return Table(
        'customers', "Customers by score",
        ("customer", "name", "score", "had", "proposed", "limit", "proposed limit", "what speaks against", "why"), [
            (grading.customer, grading.name, grading.score, grading.given, grading.scored,
             "none" if grading.limit is None else grading.limit,
             "none" if grading.scored and grading.proposed_limit is None else grading.proposed_limit,
             grading.weakest, grading.explanation)
            for grading in gradings
        ])


def tabulate_orders(stories, today):
    """One row per order."""
    rows = [
        (
            story.order.key, story.name, story.order.customer, _cents(story.order.net), story.submitted,
            story.confirmed, "yes" if story.one_click else "no", " ".join(sorted(story.issues)),
            ", ".join(story.approvers), story.days_waiting(today), sum(hold.days(today) for hold in story.holds),
            " ".join(hold.ended_by or 'open' for hold in story.holds), story.order.requested, story.first_promise,
            story.promised, story.promises, story.shipped, story.days_late(story.order.requested, today),
            story.days_late(story.first_promise, today), story.invoiced, story.paid, story.state, story.failure,
        )
        for story in stories
    ]
    return Table('orders', "Orders", (
        "order", "number", "customer", "net_amount", "entered", "confirmed", "one_click", "issues", "approvers",
        "days_waiting", "days_held", "hold_ended_by", "requested", "first_promise", "promised", "promises", "shipped",
        "days_late_requested", "days_late_first_promise", "invoiced", "paid", "state", "failure"), rows)


def _share(part, whole):
    return round(100 * part / whole, 1) if whole else 0.0


def _net(stories):
    return _cents(sum((story.order.net for story in stories), Decimal(0)))


def _count(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _decimal(number):
    """Take over a float as the decimal number it stands for, so that sums are exact."""
    return Decimal(repr(round(number, 6)))


def _cents(amount):
    return Totals.of_amounts(0, [amount]).net
