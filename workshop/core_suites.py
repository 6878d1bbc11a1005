"""``./dev test-core``: Odoo's own tests with the add-on installed, its controls off or in force."""

import os
import re

from . import databases
from .console import Trouble, say, stopwatch
from .odoo import ensure_workplace, free_port, run_filtered
from .paths import ADDON, REPO
from .system_packages import ensure_chromium
from .testing import require_addon

CORE_MODULES = "sale sale_stock sale_management sale_margin sale_stock_margin sale_purchase sale_purchase_stock".split()
# Odoo's own tests that fail on this package without the add-on.
CORE_BASELINE = {
    "TestSaleFlow.test_qty_delivered",
    "TestImportFiles.test_import_quotation_template_xls",
    "TestSaleOrder.test_invoicing_terms",
}
SCRIPT = """
from odoo.tests.shell import run_tests
raise SystemExit(0 if run_tests(env, {tags!r}).wasSuccessful() else 1)
"""
CONTROLS = ("completeness", "credit", "approval", "promise", "release", "amendment")
# Which of Odoo's own tests change when a control is in force, and why: written once, for people.
CHANGED_PAGE = REPO / "docs" / "odoo_suites.md"


class CoreReport:
    """Counts what Odoo's own test runner reports while it runs."""

    # A first failure, which gets a second try, is logged at a lower level than ERROR.
    RESULT = re.compile(
        r"\S+ \S+ \d+ ERROR .*?: (?:FAIL|ERROR): (?:(?:Subtest )?(\w+\.\w+)|setUpClass \(\S*?(\w+)\))"
    )
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
            self.failed.add(found[1] or f"{found[2]}.setUpClass")
        if found := self.TOTAL.search(line):
            self.counted = int(found[3])
        return self.visible


def test_core(options, _rest):
    """``./dev test-core``: Odoo's sale and stock suites with the add-on installed, its controls off or in force."""
    require_addon()
    enforced = wanted_controls(options.enforce)
    ensure_chromium()
    workplace = ensure_workplace()
    name = databases.checked(options.db) if options.db else databases.default_name(f"core_{os.getpid()}")
    report = CoreReport()
    try:
        databases.fresh(workplace, name)
        if not options.without_addon:
            databases.install_addon(workplace, name, ADDON, demo=False)
            enforce(workplace, name, enforced)
        with stopwatch("running Odoo's own tests (about ten minutes)"):
            status = run_core(workplace, name, options, report)
    finally:
        if not options.keep:
            databases.drop(workplace.server, name)
    return conclude(report, status, changed_tests(enforced))


def wanted_controls(text):
    """The controls that ``--enforce`` names, separated by commas; all of them for ``all``."""
    names = CONTROLS if text == "all" else tuple(filter(None, (text or "").split(",")))
    if unknown := set(names) - set(CONTROLS):
        raise Trouble(f"There is no control {', '.join(sorted(unknown))}; there are: all, {', '.join(CONTROLS)}.")
    return names


def enforce(workplace, name, controls):
    """Put controls in force for the companies there are, and for those that the tests create: Odoo's own defaults."""
    for control in controls:
        field = f"control_{control}"
        workplace.server.query(f"UPDATE res_company SET {field} = 'enforce'", name)
        workplace.server.query(
            "INSERT INTO ir_default (field_id, json_value) "
            f"SELECT id, '\"enforce\"' FROM ir_model_fields WHERE model = 'res.company' AND name = '{field}'",
            name,
        )


def changed_tests(controls):
    """The tests that fail rightly while these controls are in force, as the documentation lists them."""
    changed = set()
    for section in CHANGED_PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        if section.splitlines()[0].lower().removesuffix(" control in force") in controls:
            changed.update(re.findall(r"`(\w+\.(?:test_\w+|setUpClass))`", section))
    return changed


def run_core(workplace, name, options, report):
    """Run Odoo with its tests on; every line passes through ``report``."""
    tags = options.tags or ",".join(f"/{module}" for module in CORE_MODULES)
    left_out = "".join(f",-/{module}:{test}" for test in sorted(CORE_BASELINE) for module in CORE_MODULES)
    config = workplace.config(name, http_port=free_port())
    # From the shell, because a server runs tests tagged at_install while their own module is installed only: that is
    # before the add-on.
    command = workplace.command("shell", "-c", config, "-d", name)
    script = SCRIPT.format(tags=tags + left_out)
    # Once more before it counts: tours of a busy machine run into their ten seconds per click.
    environment = {**workplace.environment(), "ODOO_TEST_FAILURE_RETRIES": "1", "ODOO_TEST_MAX_FAILED_TESTS": "1000"}
    return run_filtered(command, environment, report.see, script)


def conclude(report, status, changed=frozenset()):
    """Print the closing line and decide the exit status.

    :param changed: tests that must fail, because what they do is what a control in force refuses
    """
    unforeseen = report.failed - changed
    for test_name in sorted(unforeseen):
        say(f"failed: {test_name}")
    passing = {test_name for test_name in changed - report.failed if test_name in report.started}
    for test_name in sorted(passing):
        say(f"passes, although {CHANGED_PAGE.name} says that it does not: {test_name}")
    if not report.total:
        say("no test ran: Odoo stopped before its tests, see the messages above")
        return status or 1
    failed = len(report.failed)
    if status and not failed:
        say("Odoo reports a failure that is no test's: see the messages above")
    expected = f", {failed - len(unforeseen)} of them as documented" if changed else ""
    print(f"{report.total - failed} passed, {failed} failed{expected}", flush=True)
    return 1 if unforeseen or passing or status and not failed else 0
