"""What the command ``sale_order_replay`` does once the database is open."""

import gc
import sys
from datetime import date
from pathlib import Path

from .company import PRESETS, PolicyError
from .console import Progress
from .reader import BookError, read_book
from .report import build_report
from .session import ReplayError, check_database, replay
from .writer import print_report, write_report

DONE, INCOMPLETE, NOTHING = 0, 1, 2
DAYS_PER_COMMIT = 20


def main(env, options):
    """Read, run and report.

    :param env: environment of the superuser
    :param options: parsed command line
    :return: exit status
    """
    try:
        book, problems = read_book(options.folder)
        _say_problems(problems)
        if options.check:
            totals = book.totals
            _say(f"{totals.orders} orders with {totals.lines} lines, net {totals.net:,.2f}: can be replayed.")
            return INCOMPLETE if any(problem.left_out for problem in problems) else DONE
        if options.policy not in ('none', *PRESETS) and not Path(options.policy).is_file():
            raise ReplayError(f"There is no policy file {options.policy}.")
        check_database(env)
    except (BookError, ReplayError) as error:
        _say(error, sys.stderr)
        return NOTHING
    if options.limit:
        book = book.first(options.limit)
    # What is loaded by now stays: no need to look through it again and again.
    gc.collect()
    gc.freeze()
    try:
        outcome = replay(
            env, book, options.today or date.today(), options.policy,
            progress=lambda orders: Progress(orders, "orders"), commit=Commits(env))
        env.cr.commit()
    except PolicyError as error:
        _say(error, sys.stderr)
        return NOTHING
    _say_problems(outcome.problems)
    report = build_report(env, outcome, [*problems, *outcome.problems])
    print_report(report, sys.stdout)
    if options.report:
        for path in write_report(report, options.report):
            _say(f"Written: {path}")
    return INCOMPLETE if report.is_incomplete else DONE


class Commits:
    """Called after every simulated day, commits every so often: a commit empties Odoo's cache."""

    def __init__(self, env):
        self.env = env
        self.days = 0

    def __call__(self):
        self.days += 1
        if self.days % DAYS_PER_COMMIT == 0:
            # A command of its own, in a database of its own: nobody else's work is in the transaction.
            self.env.cr.commit()  # pylint: disable=invalid-commit
        # Odoo looks through all environments that are still alive whenever it makes another one.
        gc.collect()


def _say_problems(problems):
    for problem in problems:
        _say(problem if problem.left_out else f"{problem} (remark)", sys.stderr)
    left_out = sum(problem.left_out for problem in problems)
    if left_out:
        _say(f"{left_out} row{'s were' if left_out > 1 else ' was'} left out.", sys.stderr)


def _say(text, stream=None):
    (stream or sys.stdout).write(f"{text}\n")
