"""docs/architecture.md is true to the code: rooms keep their distance, and what the page names is there."""

import ast
import re
import unittest

from workshop.paths import ADDON_DIR, REPO

PAGE = REPO / "docs" / "architecture.md"
HUB = "order"
LAYERS = ("models", "wizards")


def room_imports():
    """``(file, own room, room it imports from)`` of every relative import that leaves a room."""
    for layer in LAYERS:
        for path in sorted((ADDON_DIR / layer).glob("*/*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.level >= 2 and node.module:
                    parts = node.module.removeprefix("models.").split(".")
                    yield path.relative_to(ADDON_DIR), path.parent.name, parts[0]


class TestArchitecture(unittest.TestCase):
    def test_a_room_imports_the_hub_and_nobody_else(self):
        strangers = [(str(file), other) for file, room, other in room_imports() if other not in (room, HUB)]
        self.assertFalse(strangers)

    def test_the_hub_imports_no_room(self):
        self.assertFalse([str(file) for file, room, other in room_imports() if room == HUB and other != HUB])

    def test_every_name_and_link_on_the_page_exists(self):
        text = PAGE.read_text(encoding="utf-8")
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        code = "\n".join(path.read_text(encoding="utf-8") for path in ADDON_DIR.rglob("*.py"))
        words = set(re.findall(r"\w+", code))
        named = {
            name for quoted in re.findall(r"`([^`]+)`", prose)
            for name in re.findall(r"(?<!\w)_[a-z]\w+|\w+_\w+(?=\()", quoted)
        }  # fmt: skip
        self.assertTrue(named)
        self.assertFalse(named - words)
        links = re.findall(r"\]\(([^)#]+)\)", text)
        self.assertFalse([link for link in links if not (PAGE.parent / link).exists()])

    def test_the_code_samples_are_python(self):
        samples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
        self.assertTrue(samples)
        for sample in samples:
            ast.parse(sample)
