"""One replay from folder to stories: what the command and the tests run."""

from dataclasses import dataclass
from datetime import timedelta

from .clock import simulated_day
from .company import QUIET, apply_policy, create_people, prepare_company
from .comparison import compare_presets
from .grading import grade_customers, put_scorecard_in_use
from .loader import Countries, Loader
from .rooms import Rooms
from .runner import Runner
from .steps import Steps


class ReplayError(Exception):
    """The database cannot be used for a replay."""


@dataclass(frozen=True)
class Outcome:
    """What a replay leaves behind.

    :ivar book: the :class:`.book.Book` that was run, dates shifted
    :ivar stories: list of :class:`.facts.Story`
    :ivar problems: remarks of the loader, list of :class:`.book.Problem`
    :ivar spent: ``{kind of event: seconds}``
    :ivar gradings: how the scorecard grades the customers in the end, list of :class:`.grading.Grading`
    :ivar simulations: the policy simulation of the orders run, list of :class:`.comparison.Simulated`
    """

    book: object
    today: object
    stories: list
    problems: list
    spent: dict
    gradings: list
    simulations: list


def check_database(env):
    """Refuse a database in which somebody works: a replay writes invoices and payments.

    :raise ReplayError: if it holds orders or invoices
    """
    for model, words in (('sale.order', "sales orders"), ('account.move', "journal entries")):
        if env[model].search_count([], limit=1):
            raise ReplayError(
                f"The database {env.cr.dbname} holds {words} already. A replay needs a database of its own, "
                "with the add-on installed and no demo data.")


def replay(env, book, today, policy, progress, commit):
    """Load a book into the database and run it.

    :param env: environment of the superuser
    :param book: :class:`.book.Book` as read
    :param date today: the day the last order was placed on, and the last day that is run
    :param str policy: see :func:`.company.apply_policy`
    :param progress: called with the number of orders, returns what the runner needs
    :param commit: called whenever a simulated day is complete; may commit
    :return: :class:`Outcome`
    """
    env = env(context={**env.context, **QUIET})
    book = book.ending(today)
    with simulated_day(env, book.first_day - timedelta(days=1)):
        countries = Countries(env)
        term = prepare_company(env, book, countries.find)
        people = create_people(env, book)
        loader = Loader(env, book, term, countries).load()
        apply_policy(env, policy, people)
        rooms = Rooms(env, people)
        rooms.set_up(book, loader.customers)
        put_scorecard_in_use(env)
    commit()
    runner = Runner(book, Steps(env, people, loader), rooms, today, progress(len(book.orders)), commit)
    stories = runner.run()
    gradings = grade_customers(env, people, loader.customers, today)
    with simulated_day(env, today):
        simulations = compare_presets(env, people, policy, book.first_day, today)
    return Outcome(book, today, stories, loader.problems, runner.attempts.spent, gradings, simulations)
