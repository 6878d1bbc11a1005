"""The verbs that run tests: the add-on's own, and Odoo's with the add-on installed."""

import os
import re
import subprocess

from . import databases
from .console import Trouble, say, stopwatch
from .odoo import ensure_workplace, free_port, run_filtered
from .paths import ADDON, ADDON_DIR, REPO
from .system_packages import ensure_chromium, ensure_wkhtmltopdf

CORE_MODULES = "sale sale_stock sale_management sale_margin sale_stock_margin sale_purchase sale_purchase_stock".split()
# Odoo's own tests that fail on this package without the add-on.
CORE_BASELINE = {
    "TestSaleFlow.test_qty_delivered",
    "TestImportFiles.test_import_quotation_template_xls",
    "TestSaleOrder.test_invoicing_terms",
}


def test(options, pytest_options):
    """``./dev test``: run the suite, or the given files, in a database made for it."""
    require_addon()
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


class CoreReport:
    """Counts what Odoo's own test runner reports while it runs."""

    # A first failure, which gets a second try, is logged at a lower level than ERROR.
    RESULT = re.compile(r"\S+ \S+ \d+ ERROR .*?: (?:FAIL|ERROR): (?:Subtest )?(\w+\.\w+)")
    TOTAL = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
    STARTING = re.compile(r": Starting (\w+\.test\w*) \.\.\.")
    LEVEL = re.compile(r"\d{4}-\d\d-\d\d \S+ \d+ (\w+) ")

    def __init__(self):
        self.failed, self.started, self.counted, self.visible = set(), set(), 0, True

    @property
    def total(self):
        """How many tests ran; Odoo's own count is missing when a test discards the registry that has it."""
        return self.counted or len(self.started)

    def see(self, line):
        """Take note of a line; progress messages, which may have several lines, stay out of the reader's sight."""
        if found := self.LEVEL.match(line):
            self.visible = found[1] not in ("INFO", "DEBUG")
        if (found := self.STARTING.search(line)) and found[1] not in self.started:
            self.started.add(found[1])
            if len(self.started) % 50 == 0:
                say(f"{len(self.started)} tests started, {len(self.failed)} failed so far")
        if found := self.RESULT.match(line):
            self.failed.add(found[1])
        if found := self.TOTAL.search(line):
            self.counted = int(found[3])
        return self.visible


def test_core(options, _rest):
    """``./dev test-core``: Odoo's sale and stock suites with the add-on installed and everything switched off."""
    require_addon()
    ensure_chromium()
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else databases.default_name(f"core_{os.getpid()}")
    report = CoreReport()
    try:
        databases.fresh(workplace, name)
        if not options.without_addon:
            databases.install_addon(workplace, name, ADDON, demo=False)
        with stopwatch("running Odoo's own tests (about ten minutes)"):
            status = run_core(workplace, name, options, report)
    finally:
        if not options.keep:
            databases.drop(workplace.server, name)
    return conclude(report, status)


def run_core(workplace, name, options, report):
    """Run Odoo with its tests on; every line passes through ``report``."""
    tags = options.tags or ",".join(f"/{module}" for module in CORE_MODULES)
    left_out = "".join(f",-/{module}:{test}" for test in sorted(CORE_BASELINE) for module in CORE_MODULES)
    config = workplace.config(name, http_port=free_port())
    command = workplace.command(
        "server", "-c", config, "-d", name, "--test-tags", tags + left_out, "--stop-after-init"
    )
    # Once more before it counts: tours of a busy machine run into their ten seconds per click.
    environment = {**workplace.environment(), "ODOO_TEST_FAILURE_RETRIES": "1"}
    return run_filtered(command, environment, report.see)


def conclude(report, status):
    """Print the closing line and decide the exit status."""
    for test_name in sorted(report.failed):
        say(f"failed: {test_name}")
    if not report.total:
        say("no test ran: Odoo stopped before its tests, see the messages above")
        return status or 1
    failed = len(report.failed)
    if status and not failed:
        say("Odoo reports a failure that is no test's: see the messages above")
    print(f"{report.total - failed} passed, {failed} failed", flush=True)
    return 1 if failed or status else 0
