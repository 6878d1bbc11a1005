"""docs/requirements.md is whole and honest in form: every row is there once, every named proof exists."""

import ast
import re
import unittest
from collections import Counter
from functools import lru_cache

from workshop.paths import ADDON_DIR, REPO

PAGE = REPO / "docs" / "requirements.md"
TESTS = ADDON_DIR / "tests"
ROWS_OF_AREA = {
    "CR": 10, "AP": 29, "OE": 13, "OC": 8, "SA": 9, "SH": 8, "DD": 20, "FU": 14,
    "CS": 16, "ST": 20, "EX": 7, "SE": 9, "AS": 9, "NF": 7, "PR": 3, "TR": 3,
}  # fmt: skip
STATUSES = ("native", "built", "part", "planned", "out")
ROOMS = {"Order", "Credit", "Approval", "Delivery", "Follow-up", "Complaint", "Amendment", "Analysis"}
ROW = re.compile(r"\| ([A-Z]{2}-\d{2}) \| (.+?) \| (\w+) \| (.*) \|")
TEST = re.compile(r"(?P<file>\w+/\w+\.py)::(?P<case>\w+)::(?P<method>test_\w+)")
PLAN = re.compile(r"\bplanned: (?P<rooms>[\w-]+ room(?: \([^)]*\))?(?:, [\w-]+ room(?: \([^)]*\))?)*)")


def read_page():
    """The page's text."""
    return PAGE.read_text(encoding="utf-8")


def read_rows():
    """The page's requirements as ``(id, asked, status, proof)``, in its order."""
    return [ROW.fullmatch(line).groups() for line in read_page().splitlines() if re.match(r"\| [A-Z]{2}-\d", line)]


def named_proofs(proof):
    """What a proof names in code quotes: tests, or pictures of screens."""
    return re.findall(r"`([^`]+)`", proof)


def named_rooms(proof):
    """The rooms that will build what is missing."""
    found = PLAN.search(proof)
    return set(re.findall(r"([\w-]+) room", found["rooms"])) if found else set()


@lru_cache
def methods(file):
    """``{(class, method)}`` of one test file; empty when there is none."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    return frozenset(
        (case.name, item.name)
        for case in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(case, ast.ClassDef)
        for item in case.body if isinstance(item, ast.FunctionDef)
    )  # fmt: skip


def exists(name):
    """Whether a named proof, a test or a picture, is in the repository."""
    test = TEST.fullmatch(name)
    if test:
        return (test["case"], test["method"]) in methods(test["file"])
    return name.endswith(".png") and (REPO / name).is_file()


class TestRequirements(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = read_rows()

    def test_every_requirement_occurs_once(self):
        ids = [f"{area}-{number:02}" for area, count in ROWS_OF_AREA.items() for number in range(1, count + 1)]
        self.assertEqual([row[0] for row in self.rows], ids)
        self.assertEqual(len(ids), 185)

    def test_the_count_table_counts_the_rows(self):
        counted = Counter((row[0][:2], row[2]) for row in self.rows)
        expected = {area: [counted[area, status] for status in STATUSES] for area in ROWS_OF_AREA}
        written = {
            area: [int(cell) for cell in cells.split(" | ")]
            for area, cells in re.findall(r"^\| .+ \((\w\w)\) \| ([\d |]+) \|$", read_page(), re.M)
        }
        self.assertEqual(written, {area: [*cells, sum(cells)] for area, cells in expected.items()})
        [totals] = re.findall(r"^\| \*\*all\*\* \| (.+) \|$", read_page(), re.M)
        columns = [sum(column) for column in zip(*expected.values(), strict=True)]
        self.assertEqual(totals, " | ".join(f"**{count}**" for count in [*columns, sum(columns)]))

    def test_every_status_is_one_of_the_legend_and_says_what_it_must(self):
        for identifier, asked, status, proof in self.rows:
            with self.subTest(identifier):
                self.assertIn(status, STATUSES)
                self.assertRegex(asked, r"^[A-Z].*\.$")
                self.assertEqual(bool(named_proofs(proof)), status in ("native", "built", "part"))
                self.assertEqual(bool(named_rooms(proof)), status in ("part", "planned"))
                self.assertEqual("missing: " in proof, status == "part")
                self.assertLessEqual(named_rooms(proof), ROOMS)
                self.assertTrue(proof)

    def test_every_named_proof_exists(self):
        for identifier, _asked, _status, proof in self.rows:
            for name in named_proofs(proof):
                with self.subTest(identifier):
                    self.assertTrue(exists(name), f"{name} is not there")
