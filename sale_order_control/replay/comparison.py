"""The policy simulation of the orders that were run, set against what the controls really asked."""

from collections import defaultdict
from dataclasses import dataclass

from ..models.order.control_issue import SWITCHES
from .company import PRESETS, set_up

LABELS = {'domestic': "Domestic standard", 'joint': "Joint review"}


@dataclass(frozen=True)
class Simulated:
    """One simulation.

    :ivar key: stable name for programs that read the CSV
    :ivar in_force: whether it is of the policies that really decided
    :ivar simulation: record of ``sale.approval.simulation``
    :ivar rows: ``[(what, orders in the simulation, orders in reality), ...]``
    :ivar mismatches: names of the orders about which other persons were asked in reality
    """

    key: str
    label: str
    in_force: bool
    simulation: object
    rows: list
    mismatches: list


def compare_presets(env, people, policy, first_day, today):
    """Simulate the policies in force, and the presets that were not.

    The policies of the latter stay behind as archived drafts.

    :param str policy: what was run, see :func:`.company.apply_policy`
    """
    used = PRESETS.get(policy, '')
    found = []
    in_force = env['sale.approval.policy']._get_in_force(env.company)
    if in_force and env.company.control_approval == 'enforce':
        simulation = _simulate(env, in_force, first_day, today)
        found.append(_compare(env, 'in_force', LABELS.get(used, policy), simulation))
    for preset, label in LABELS.items():
        if preset != used:
            drafts = set_up(env, people, preset, {switch: env.company[switch] for switch in SWITCHES})
            drafts.active = False
            about_orders = drafts.filtered(lambda policy: policy.res_model == 'sale.order')
            simulation = _simulate(env, about_orders, first_day, today)
            rows = [(label, asked, 0) for label, asked in _get_counts(simulation, 'after_count').items()]
            found.append(Simulated(preset, label, False, simulation, rows, []))
    return found


def _simulate(env, policies, first_day, today):
    simulation = env['sale.approval.simulation'].create({
        'policy_ids': policies.ids, 'date_from': first_day, 'date_to': today, 'quotations': True})
    simulation._start(at_once=float('inf'))
    return simulation


def _compare(env, key, label, simulation):
    asked = defaultdict(set)
    people = defaultdict(set)
    for request in env['sale.approval.request'].search([('order_id', '!=', False)]):
        asked["asked"].add(request.order_id.id)
        for code in request.covered:
            area, _dot, rest = code.partition('.')
            if area == 'approval':
                asked['policy', int(rest.partition('.')[0])].add(request.order_id.id)
        for task in request.task_ids:
            asked['level', task.level_name].add(request.order_id.id)
            asked['approver', f"{task.level_name}: {task.user_name}"].add(request.order_id.id)
            people[request.order_id.name].add((task.level_name, task.user_id.id))
    names = {
        ('policy', figure.policy_id.id): figure.name for figure in simulation.figure_ids if figure.kind == 'policy'}
    real = {
        key if isinstance(key, str) else f"{key[0]} {names.get(key, key[1])}": len(orders)
        for key, orders in asked.items()}
    predicted = _get_counts(simulation, 'before_count')
    rows = [
        (name, predicted.get(name, 0), real.get(name, 0)) for name in dict.fromkeys([*predicted, *sorted(real)])]
    planned = {
        line.order_name: {(name, user_id) for name, _needed, user_ids in line.plan for user_id in user_ids}
        for line in simulation.line_ids if line.side == 'before'}
    mismatches = sorted(
        name for name in planned.keys() | people.keys() if planned.get(name) != people.get(name))
    return Simulated(key, label, True, simulation, rows, mismatches)


def _get_counts(simulation, column):
    """Return ``{what: orders}`` of a simulation; ``column`` says of which policies."""
    counts = {"asked": simulation[column]}
    for figure in simulation.figure_ids:
        if figure[column]:
            counts[f"{figure.kind} {figure.name}"] = figure[column]
    return counts
