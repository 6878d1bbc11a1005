"""``./dev test``: the add-on's own tests."""

import os
import subprocess

from . import databases
from .console import Trouble, say
from .odoo import ensure_workplace
from .paths import ADDON, ADDON_DIR, REPO
from .system_packages import ensure_chromium, ensure_wkhtmltopdf


def test(options, pytest_options):
    """``./dev test``: run the suite, or the given files, in a database made for it."""
    require_addon()
    require_paths(options.paths)
    if not options.no_browser:
        ensure_chromium()
    ensure_wkhtmltopdf()
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else own_test_database(options)
    workers = [f"gw{number}" for number in range(count_workers(options))]
    try:
        prepare(workplace, name, options)
        for worker in workers:
            databases.copy(workplace.server, name, databases.worker_copy(name, worker))
            workplace.config(databases.worker_copy(name, worker))
        return run_pytest(workplace, name, options, [*worker_options(workers), *pytest_options])
    finally:
        for worker in workers:
            databases.drop(workplace.server, databases.worker_copy(name, worker))
        if not (options.keep or options.reuse):
            databases.drop(workplace.server, name)


def count_workers(options):
    """How many processes share the tests, as asked; by itself one per processor for the whole suite.

    None at all when files are named: the reader waits for the first failure, not for copies of a database.
    """
    if options.workers is not None:
        return options.workers
    return 0 if options.paths or options.expression else min(os.cpu_count() or 1, 4)


def worker_options(workers):
    """What pytest-xdist is told: a file stays together, so that a class is set up once."""
    return ["-p", "workshop.pytest_workers", "-n", len(workers), "--dist", "loadfile"] if workers else []


def require_addon():
    """Say what is missing rather than let Odoo say it."""
    if not (ADDON_DIR / "__manifest__.py").exists():
        raise Trouble(f"There is no add-on in {ADDON_DIR}.")


def require_paths(paths):
    """Name a file that is not there at once, rather than after minutes of set-up."""
    missing = [path for path in paths if not os.path.exists(str(path).partition("::")[0])]
    if missing:
        raise Trouble(f"There is no file or folder {', '.join(map(str, missing))}.")


def own_test_database(options):
    """A name of this run's own, so that runs do not disturb each other; a lasting one to keep or use again."""
    lasting = options.keep or options.reuse
    return databases.default_name("test" if lasting else f"test_{os.getpid()}")


def prepare(workplace, name, options):
    """A database with the add-on: updated when it may be used again, else from the template."""
    if options.reuse and databases.exists(workplace.server, name):
        databases.update_addon(workplace, name, ADDON)
        return
    databases.fresh(workplace, name)
    others = [module for module in (options.install or "").split(",") if module]
    databases.install_addon(workplace, name, ADDON, others, demo=not options.no_demo)


def run_pytest(workplace, name, options, pytest_options):
    """pytest over the chosen files; its closing line and exit status are ours."""
    paths = options.paths or [REPO / "workshop" / "tests", ADDON_DIR]
    command = [
        workplace.python,
        "-m",
        "pytest",
        f"--odoo-config={workplace.config(name)}",
        f"--odoo-database={name}",
        "--odoo-http",
        "--odoo-log-level=warn",
        *(["-k", options.expression] if options.expression else []),
        *pytest_options,
        *paths,
    ]
    if options.keep or options.reuse:
        say(f"the database {name} is kept")
    environment = workplace.environment()
    environment["PYTHONPATH"] += f"{os.pathsep}{REPO}"  # the plugin that gives a worker its database
    return subprocess.run(list(map(str, command)), env=environment, stdin=subprocess.DEVNULL).returncode
