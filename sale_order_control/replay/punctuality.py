"""On time against the requested day: what the files say themselves, set against what Odoo recorded on the lines."""

from collections import Counter

VERDICTS = ('on time', 'late', 'not due yet')


def compare_punctuality(env, outcome):
    """Count the orders by verdict, in the files and in Odoo.

    Orders whose goods left on another day than in the book, because the controls held them, are told apart: of the
    others both sides must say the same.

    :param outcome: :class:`.session.Outcome`
    :return: ``(rows, [order key that differs, ...], number of orders told apart)``, a row per verdict: ``(verdict,
        in the files, as in the book in the files, as in the book in Odoo)``; no rows where nothing was recorded
    """
    confirmed = [story for story in outcome.stories if story.order_id and story.order.requested]
    recorded = read_verdicts(env, [story.order_id for story in confirmed])
    if not recorded:
        return [], [], 0
    in_files = {story.order.key: judge_files(story.order, outcome.today) for story in confirmed}
    same = [story for story in confirmed if story.shipped == story.order.shipped and story.confirmed]
    in_odoo = {story.order.key: recorded.get(story.order_id, '') for story in same}
    everything = Counter(in_files.values())
    files, odoo = Counter(in_files[key] for key in in_odoo), Counter(in_odoo.values())
    rows = [(verdict, everything[verdict], files[verdict], odoo[verdict]) for verdict in VERDICTS]
    wrong = sorted(key for key, verdict in in_odoo.items() if verdict != in_files[key])
    return rows, wrong, len(confirmed) - len(same)


def judge_files(order, today):
    """Compare the two days of the files: shipped and required.

    :param order: :class:`.book.Order`
    """
    if order.shipped:
        return 'on time' if order.shipped <= order.requested else 'late'
    return 'late' if order.requested < today else 'not due yet'


def read_verdicts(env, order_ids):
    """Sum up what stands on the lines: an order is on time when all its lines are.

    :return: ``{order_id: verdict}`` of the orders of which delivery facts were recorded
    """
    groups = env['sale.order.line']._read_group(
        [('order_id', 'in', order_ids), ('due_date', '!=', False)], ['order_id'], ['on_time_requested:array_agg'])
    verdicts = {}
    for order, found in groups:
        if set(found) == {'on_time'}:
            verdicts[order.id] = 'on time'
        else:
            verdicts[order.id] = 'late' if any(found) else 'not due yet'
    return verdicts
