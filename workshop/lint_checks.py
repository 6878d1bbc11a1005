"""Checks no linter has: sizes, well-formed XML, whole CSV rows, finished translations, tests that are loaded.

``lint_checks.py REPOSITORY``, run with the linters' Python; prints one line for each finding.
"""

import ast
import csv
import sys
from pathlib import Path

import polib
from lxml import etree

ADDON = "sale_order_control"
MAX_FILE_LINES = 420
MAX_FUNCTION_LINES = 45
SKIPPED = {".git", "__pycache__", "node_modules", "lib"}
# Written the same way in every language, or picked up by the export although nobody reads them: left empty.
SAME_EVERYWHERE = {"ID", "OK", "id", "at_risk", "order_line_id"}


def files(root, *suffixes):
    """Files of the repository with one of ``suffixes``."""
    for path in sorted(root.rglob("*")):
        if path.suffix in suffixes and path.is_file() and not SKIPPED & set(path.relative_to(root).parts):
            yield path


def check_sizes(root):
    """A file or function longer than a reader can hold is split."""
    for path in files(root, ".py", ".js"):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > MAX_FILE_LINES:
            yield path, 1, f"{lines} lines, at most {MAX_FILE_LINES}"
        if path.suffix == ".py":
            yield from long_functions(path, ast.parse(text))


def long_functions(path, tree):
    """Functions above the limit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES:
            length = node.end_lineno - node.lineno + 1
            yield path, node.lineno, f"{node.name} has {length} lines, at most {MAX_FUNCTION_LINES}"


def check_xml(root):
    """Every XML file can be parsed, also those the manifest does not name."""
    for path in files(root, ".xml", ".svg"):
        try:
            etree.parse(str(path))
        except etree.XMLSyntaxError as error:
            yield path, error.lineno, error.msg


def check_csv(root):
    """Every CSV row has as many cells as the header, and no id comes twice."""
    for path in files(root / ADDON, ".csv"):
        with open(path, newline="", encoding="utf-8") as handle:
            rows = list(csv.reader(handle))
        seen = set()
        for number, row in enumerate(rows[1:], start=2):
            if row and len(row) != len(rows[0]):
                yield path, number, f"{len(row)} cells, the header has {len(rows[0])}"
            if row and rows[0][0] == "id" and row[0] in seen:
                yield path, number, f"id {row[0]} comes twice"
            seen.update(row[:1])


def check_translations(root):
    """Each language has a translation for every term of the template, and none is marked doubtful."""
    folder = root / ADDON / "i18n"
    template = folder / f"{ADDON}.pot"
    if not template.exists():
        return
    wanted = {entry.msgid for entry in polib.pofile(str(template)) if not entry.obsolete}
    for path in sorted(folder.glob("*.po")):
        known = {entry.msgid: entry for entry in polib.pofile(str(path)) if not entry.obsolete}
        for term in sorted(wanted - set(known)):
            yield path, 1, f"missing term: {term[:80]!r}"
        for term in sorted(wanted & set(known)):
            if not known[term].translated() and term not in SAME_EVERYWHERE:
                yield path, known[term].linenum, f"not translated: {term[:80]!r}"


def check_tests_are_loaded(root):
    """Odoo runs only the test modules that a package's __init__ imports, and of two equal names only one."""
    names = {}
    for path in files(root / ADDON / "tests", ".py"):
        if not path.name.startswith("test_"):
            continue
        package = path.parent / "__init__.py"
        if path.stem not in (package.read_text(encoding="utf-8") if package.exists() else ""):
            yield path, 1, f"not imported by {package.relative_to(root)}: Odoo does not run it"
        if path.stem in names:
            yield path, 1, f"same name as {names[path.stem].relative_to(root)}: Odoo runs only one of them"
        names[path.stem] = path


def main(root):
    """Print the findings of all checks; exit status 1 if there are any."""
    findings = [
        finding
        for check in (check_sizes, check_xml, check_csv, check_translations, check_tests_are_loaded)
        for finding in check(root)
    ]
    for path, line, text in findings:
        print(f"{path.relative_to(root)}:{line}: {text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
