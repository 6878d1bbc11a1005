"""Promises in parts: what is there now, the rest later. No database."""

from dataclasses import replace

from .atp import TOLERANCE, Supply


def cut_parts(parts, quantity):
    """Return the first parts up to a quantity: when less is ordered than was promised, the last ones fall away."""
    result, left = [], quantity
    for when, amount in parts:
        if left > TOLERANCE:
            result.append((when, min(left, amount)))
            left -= amount
    return tuple(result)


def spread_back(parts, quantity):
    """Say on which of the promised days a quantity is still due: the last parts are delivered last.

    :param parts: ``((day, quantity), ...)``, earliest first
    :param float quantity: what is left of them; what exceeds them all is due on the last day
    :return: list of ``(day, quantity)``, earliest first
    """
    left, result = quantity, []
    for when, amount in reversed(parts):
        share = min(left, amount)
        if share > TOLERANCE:
            result.append((when, share))
            left -= share
    if left > TOLERANCE and parts:
        last = result[0][1] if result else 0.0
        result[:1] = [(parts[-1][0], last + left)]
    return result[::-1]


def get_piece_key(key, number):
    """Return the key of one part of a demand: no line and no asker has such a one."""
    return ('piece', key, number)


def split_demand(demand):
    """Return a demand promised in parts as one demand per part; any other one as it is.

    Supply of its own serves the first parts first.
    """
    due = spread_back(demand.promises, demand.quantity) if demand.promises else ()
    if len(due) < 2:
        return [replace(demand, promised=due[0][0], promises=()) if due else demand]
    pieces, own = [], [list(part.own) for part in demand.parts]
    for number, (when, quantity) in enumerate(due):
        parts = tuple(
            replace(part, own=_take_supply(supplies, quantity * part.per))
            for part, supplies in zip(demand.parts, own, strict=True))
        pieces.append(replace(
            demand, key=get_piece_key(demand.key, number), quantity=quantity, promised=when, promises=(), parts=parts))
    return pieces


def _take_supply(supplies, quantity):
    """Take the first supplies that make up a quantity out of a list."""
    taken = []
    while supplies and quantity > TOLERANCE:
        first = supplies.pop(0)
        share = min(first.quantity, quantity)
        taken.append(_part_of(first, share))
        if first.quantity - share > TOLERANCE:
            supplies.insert(0, _part_of(first, first.quantity - share))
        quantity -= share
    return tuple(taken)


def _part_of(supply, quantity):
    return Supply(supply.day, quantity, supply.source, supply.name, supply.history)


def join_schedules(demands, schedules):
    """Put the schedules of pieces together again.

    :param dict schedules: ``{key of demand or piece: [ScheduleLine, ...]}``
    :return: ``{demand key: [ScheduleLine, ...]}``, earliest first
    """
    result = {}
    for demand in demands:
        pieces = split_demand(demand)
        lines = [line for piece in pieces for line in schedules[piece.key]]
        result[demand.key] = sorted(lines, key=lambda line: line.date) if len(pieces) > 1 else lines
    return result
