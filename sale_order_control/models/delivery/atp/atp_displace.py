"""Whose promises slip if somebody is served before them. No database."""

from copy import deepcopy
from dataclasses import replace

from .atp import get_ready_day
from .atp_parts import split_demand
from .atp_plan import Plan


def find_displaced(demands, first, balances, today, freed=()):
    """Compare serving everybody by promise with serving some before all others.

    :param demands: list of :class:`Demand`, those of ``first`` included
    :param dict first: ``{key: day}`` of the demands that are served first, for that day
    :param balances: as of :class:`Plan`; used up
    :param freed: keys of demands whose reserved goods are up for those served first
    :return: ``({key: (promised day, day it can be there then)}, {key: day})``: the promises of others that become
        later than promised, and than they were anyway; and when those served first can be there
    """
    others = [(demand.key, piece) for demand in demands if demand.key not in first for piece in split_demand(demand)]
    others.sort(key=lambda entry: (not entry[1].promised, entry[1].promised or today))
    known = {demand.key: demand for demand in demands}
    chosen = [replace(known[key], promised=day, promises=(), wanted=day) for key, day in first.items()]
    before = Plan(deepcopy(balances), today).serve([piece for demand in demands for piece in split_demand(demand)])
    after = _serve_in_order(
        [*chosen, *(_free_reserved(piece) if key in freed else piece for key, piece in others)], balances, today)
    displaced = {}
    for key, piece in others:
        ready = get_ready_day(piece, after[piece.key])
        if piece.promised and ready > max(get_ready_day(piece, before[piece.key]), piece.promised):
            former, latest = displaced.get(key, (piece.promised, ready))
            displaced[key] = (max(former, piece.promised), max(latest, ready))
    return displaced, {demand.key: get_ready_day(demand, after[demand.key]) for demand in chosen}


def _free_reserved(demand):
    """Return a demand without the goods that are reserved for it."""
    return replace(demand, parts=tuple(
        replace(part, own=tuple(supply for supply in part.own if supply.source != 'stock')) for part in demand.parts))


def _serve_in_order(demands, balances, today):
    planner = Plan(balances, today)
    for demand in demands:
        planner.set_aside(demand)
    return {demand.key: planner.schedule(demand) for demand in demands}
