"""The command line of ``./dev``: which verbs there are and what they accept."""

import argparse
import signal
import sys

from .console import Trouble, say


def parser():
    """All verbs with their options; the rest of the command line goes on to what the verb runs."""
    top = argparse.ArgumentParser(
        prog="./dev",
        description="Set up, run and check the Odoo add-on sale_order_control.",
        epilog="Each verb sets up by itself what it needs. './dev VERB --help' tells the options of one verb.",
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    add_tests(verbs)
    add_databases(verbs)
    add_tools(verbs)
    return top


def add_verb(verbs, name, text, database=True):
    """A verb; most work in a database that can be named."""
    verb = verbs.add_parser(name, help=text, description=text)
    if database:
        verb.add_argument("--db", metavar="NAME", help="name of the database to use")
    return verb


def add_tests(verbs):
    """test and test-core."""
    verb = add_verb(verbs, "test", "run the whole suite with browser tests, or the given files and folders")
    verb.add_argument("paths", nargs="*", metavar="PATH", help="test files or folders (default: all)")
    verb.add_argument("-k", dest="expression", metavar="EXPR", help="only tests that match, as in pytest")
    verb.add_argument("--keep", action="store_true", help="keep the database afterwards")
    verb.add_argument("--reuse", action="store_true", help="keep it, and next time only update the add-on in it")
    verb.add_argument("--no-demo", action="store_true", help="leave the add-on's demo data out")
    verb.add_argument("--install", metavar="MODULES", help="other modules to install with it, separated by commas")
    verb.add_argument("--no-browser", action="store_true", help="do without Chromium where there is none")
    verb.add_argument(
        "--workers", type=int, metavar="N", help="processes that share the tests (default: one per processor for all)"
    )
    verb = add_verb(verbs, "test-core", "run Odoo's own sale and stock tests with the add-on installed")
    verb.add_argument("--tags", metavar="TAGS", help="other tests than the usual, as in Odoo's --test-tags")
    verb.add_argument("--keep", action="store_true", help="keep the database afterwards")
    verb.add_argument("--without-addon", action="store_true", help="run them on a bare Odoo, to compare")
    verb.add_argument(
        "--enforce", metavar="CONTROLS", help="with these controls in force (all, or names separated by commas)"
    )


def add_databases(verbs):
    """demo, replay and shell."""
    verb = add_verb(verbs, "demo", "set up everything, install the add-on with demo data and serve it")
    verb.add_argument("--port", type=int, help="port to serve at (default: 8069, or a free one)")
    verb.add_argument("--fresh", action="store_true", help="start again from new demo data")
    verb = add_verb(verbs, "replay", "replay a folder of order data through the add-on in a fresh database")
    verb.add_argument("rest", nargs=argparse.REMAINDER, metavar="DIR [OPTION ...]", help="given to the command")
    add_verb(verbs, "shell", "open Odoo's Python prompt on the demo database")


def add_tools(verbs):
    """lint, translate, screenshots, bench and reset."""
    verb = add_verb(verbs, "lint", "check style, XML, access rights and translations", database=False)
    verb.add_argument("--fix", action="store_true", help="let ruff mend what it can")
    verb = add_verb(verbs, "translate", "export the template of terms and let every language follow it")
    verb.add_argument("answers", nargs="?", metavar="FILE", help='translations as JSON: {"zh_CN": {"term": "..."}}')
    verb = add_verb(verbs, "screenshots", "take the pictures of the documentation (docs/screenshots.py)")
    verb.add_argument("--reuse", action="store_true", help="keep the database, and next time only update it")
    verb.add_argument("rest", nargs="*", metavar="SCENE", help="only these scenes")
    verb = add_verb(verbs, "bench", "run the scripts in benchmarks/", database=False)
    verb.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    verb.add_argument("--list", action="store_true", help="only list them")
    verb = add_verb(verbs, "reset", "stop what was started and remove the databases", database=False)
    verb.add_argument("--all", action="store_true", help="remove the whole cache folder too")


def actions():
    """The function behind each verb; imported late, so that help needs nothing."""
    from . import core_suites, lint, testing, verbs

    return {
        "test": testing.test,
        "test-core": core_suites.test_core,
        "demo": verbs.demo,
        "replay": verbs.replay,
        "shell": verbs.shell,
        "lint": lint.lint,
        "translate": verbs.translate,
        "screenshots": verbs.screenshots,
        "bench": verbs.bench,
        "reset": verbs.reset,
    }


def main(arguments=None):
    """Run one verb and return its exit status."""
    options, unknown = parser().parse_known_args(arguments)
    rest = [*unknown, *getattr(options, "rest", [])]
    if unknown and options.verb not in ("test", "bench"):
        parser().error(f"unknown options for {options.verb}: {' '.join(unknown)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave through the clean-up code
    try:
        return actions()[options.verb](options, rest)
    except Trouble as trouble:
        print(f"[dev] {trouble}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(f"[dev] The system refused: {error}.", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
