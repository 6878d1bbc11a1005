from collections import Counter
from pathlib import Path

from odoo.tests import BaseCase, tagged
from odoo.tests.loader import get_module_test_cases, get_test_modules

ADDON = 'sale_order_control'
FOLDER = Path(__file__).parents[1]


def on_disk():
    """Test modules of the add-on as files, relative to ``tests/``."""
    return {path.relative_to(FOLDER) for path in FOLDER.rglob('test_*.py')}


@tagged('post_install', '-at_install')
class TestOrderLoader(BaseCase):
    """Odoo runs only what ``tests/__init__.py`` shows it by name; a file it does not see passes forever."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seen = [
            (Path(module.__file__).relative_to(FOLDER), module)
            for module in get_test_modules(ADDON) if Path(module.__file__).is_relative_to(FOLDER)
        ]

    def test_odoos_loader_sees_every_test_file(self):
        missing = on_disk() - {path for path, _module in self.seen}
        self.assertFalse(missing, "import these in the __init__.py of their room, and the room in tests/__init__.py")

    def test_no_two_rooms_share_a_file_name(self):
        names = Counter(path.name for path in on_disk())
        self.assertFalse([name for name, count in names.items() if count > 1], "one of them would hide the other")

    def test_a_test_file_is_named_after_its_room(self):
        strangers = [path for path in on_disk() if not path.name.startswith(f'test_{path.parts[0]}_')]
        self.assertFalse(strangers, "call them test_<room>_<subject>.py and keep them in the room's folder")

    def test_every_test_file_holds_tests_that_run_after_installation(self):
        for path, module in self.seen:
            cases = list(get_module_test_cases(module))
            self.assertTrue(cases, f"{path} holds no test")
            early = {type(case).__name__ for case in cases if 'at_install' in case.test_tags}
            self.assertFalse(early, f"{path}: other add-ons' fields are not in place yet at install")
