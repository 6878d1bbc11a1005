"""The command line, the reading of Odoo's own test results, and the checks of ./dev lint."""

import contextlib
import io
import re
import tempfile
import unittest
from pathlib import Path

from workshop import cli, core_suites, databases, lint_checks, testing
from workshop.console import Trouble
from workshop.paths import REPO


class TestCommandLine(unittest.TestCase):
    def test_every_verb_of_the_help_does_something(self):
        choices = next(action.choices for action in cli.parser()._actions if action.dest == "verb")
        self.assertEqual(set(choices), set(cli.actions()))

    def test_the_readme_lists_exactly_the_verbs_there_are(self):
        readme = (REPO / "README.md").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"^\| `\./dev ([\w-]+)", readme, re.M)), set(cli.actions()))

    def test_what_follows_the_folder_of_a_replay_goes_to_the_command(self):
        options = cli.parser().parse_args(["replay", "--db", "soc_x", "data", "--report", "out.html"])
        self.assertEqual((options.db, options.rest), ("soc_x", ["data", "--report", "out.html"]))

    def test_unknown_options_are_refused_where_nobody_would_read_them(self):
        with contextlib.redirect_stderr(io.StringIO()) as output, self.assertRaises(SystemExit):
            cli.main(["demo", "--nonsense"])
        self.assertIn("--nonsense", output.getvalue())


class TestWorkers(unittest.TestCase):
    def test_named_files_run_in_one_process_and_the_whole_suite_in_several(self):
        def count(*arguments):
            return testing.count_workers(cli.parser().parse_args(["test", *arguments]))

        self.assertGreaterEqual(count(), 1)
        self.assertEqual((count("a.py"), count("-k", "overdue"), count("--workers", "3", "a.py")), (0, 0, 3))

    def test_every_worker_has_a_database_of_its_own(self):
        self.assertNotEqual(databases.worker_copy("soc_x", "gw0"), databases.worker_copy("soc_x", "gw1"))


class TestNamedFiles(unittest.TestCase):
    def test_a_file_that_is_not_there_is_named_before_anything_is_set_up(self):
        testing.require_paths([str(REPO / "workshop" / "tests" / "test_verbs.py::TestNamedFiles")])
        with self.assertRaisesRegex(Trouble, "no file or folder nowhere.py"):
            testing.require_paths([str(REPO / "workshop"), "nowhere.py::TestX::test_y"])


class TestCoreReport(unittest.TestCase):
    def test_failures_are_named_and_progress_is_hidden(self):
        report = core_suites.CoreReport()
        stamp = "2026-01-01 10:00:00,000 77"
        lines = {
            f"{stamp} INFO db odoo.addons.sale.tests.x: Starting TestX.test_one ...": False,
            "second line of the same message": False,
            f"{stamp} ERROR db odoo.addons.sale.tests.x: FAIL: TestX.test_one": True,
            "Traceback (most recent call last):": True,
            f"{stamp} ERROR db odoo.addons.sale.tests.x: ERROR: Subtest TestX.test_two (3)": True,
            f"{stamp} ERROR db odoo.addons.sale.tests.x: ERROR: setUpClass (odoo.addons.sale.tests.x.TestY)": True,
            f"{stamp} ERROR db odoo.tests.result: 1 failed, 1 error(s) of 40 tests when loading database 'db'": True,
        }
        for line, visible in lines.items():
            self.assertEqual(report.see(line), visible, line)
        self.assertEqual((report.failed, report.total), ({"TestX.test_one", "TestX.test_two", "TestY.setUpClass"}, 40))

    def test_a_test_that_passes_at_its_second_try_has_not_failed(self):
        report = core_suites.CoreReport()
        stamp = "2026-01-01 10:00:00,000 77"
        for line in ("INFO db x: Starting TestX.test_one ...", "INFO db x: FAIL: TestX.test_one") * 2:
            report.see(f"{stamp} {line}")
        self.assertEqual((report.failed, report.total), (set(), 1))

    def test_a_run_without_tests_is_a_failure(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(core_suites.conclude(core_suites.CoreReport(), 0), 1)

    def test_with_controls_in_force_exactly_the_documented_tests_fail(self):
        self.assertEqual(core_suites.changed_tests(()), set())
        changed = core_suites.changed_tests(["amendment"])
        self.assertTrue(changed)
        first = min(changed)
        for failed, status in ((changed, 0), (changed - {first}, 1), (changed | {"TestX.test_new"}, 1)):
            report = core_suites.CoreReport()
            report.started, report.failed = changed | {"TestX.test_new"}, failed
            with contextlib.redirect_stdout(io.StringIO()) as output:
                self.assertEqual(core_suites.conclude(report, 1, changed), status, output.getvalue())

    def test_only_controls_there_are_can_be_enforced(self):
        self.assertEqual(core_suites.wanted_controls("all"), core_suites.CONTROLS)
        self.assertEqual(core_suites.wanted_controls(None), ())
        with self.assertRaises(Trouble):
            core_suites.wanted_controls("amendment,stock")


class TestLintChecks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, path, text):
        target = self.root / lint_checks.ADDON / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def found(self, check):
        return [text for _path, _line, text in check(self.root)]

    def test_long_functions_and_files_are_found(self):
        self.write("models/long.py", "def f():\n" + "    f()\n" * 50 + "\n" * 400)
        file_text, function_text = self.found(lint_checks.check_sizes)
        self.assertIn("451 lines", file_text)
        self.assertIn("f has 51 lines", function_text)

    def test_broken_xml_is_found(self):
        self.write("views/broken.xml", "<odoo><record></odoo>")
        self.assertEqual(len(self.found(lint_checks.check_xml)), 1)

    def test_short_rows_and_double_ids_are_found(self):
        self.write("security/ir.model.access.csv", "id,name\na,x\nb\na,y\n")
        self.assertEqual(self.found(lint_checks.check_csv), ["1 cells, the header has 2", "id a comes twice"])

    def test_missing_and_empty_translations_are_found(self):
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        self.write(f"i18n/{lint_checks.ADDON}.pot", head + 'msgid "One"\nmsgstr ""\n\nmsgid "Two"\nmsgstr ""\n')
        self.write("i18n/zh_CN.po", head + 'msgid "One"\nmsgstr ""\n')
        self.assertEqual(self.found(lint_checks.check_translations), ["missing term: 'Two'", "not translated: 'One'"])

    def test_a_test_odoo_would_not_run_is_found(self):
        self.write("tests/credit/__init__.py", "from . import test_credit_x\n")
        for path in ("tests/credit/test_credit_x.py", "tests/credit/test_credit_y.py"):
            self.write(path, "")
        self.assertEqual(len(self.found(lint_checks.check_tests_are_loaded)), 1)
