"""Set-up: steps, lock, the choice of Odoo, and the sentences a reader gets when something is missing."""

import os
import socket
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from workshop import databases, debian, odoo, odoo_source, postgres, steps, system_packages
from workshop.console import Trouble


class CacheCase(unittest.TestCase):
    """A cache folder of the test's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        variables = mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder.name})
        variables.start()
        self.addCleanup(variables.stop)


class TestSteps(CacheCase):
    def test_a_step_that_is_done_is_skipped_until_its_inputs_change(self):
        action = mock.Mock()
        for key in ("one", "one", "two"):
            steps.once("step", key, "doing it", action)
        self.assertEqual(action.call_count, 2)

    def test_a_step_that_was_cut_off_is_done_again(self):
        with self.assertRaises(KeyboardInterrupt):
            steps.once("step", "key", "doing it", mock.Mock(side_effect=KeyboardInterrupt))
        action = mock.Mock()
        steps.once("step", "key", "doing it", action)
        action.assert_called_once_with()

    def test_a_second_run_waits_for_the_first(self):
        order, inside = [], threading.Event()

        def second():
            inside.wait(5)
            with steps.setup_lock():
                order.append("second")

        other = threading.Thread(target=second)
        other.start()
        with steps.setup_lock():
            inside.set()
            other.join(0.3)
            order.append("first")
        other.join(5)
        self.assertEqual(order, ["first", "second"])


class TestOdooSource(CacheCase):
    def odoo_at(self, path, version="(19, 0, 0)"):
        package = self.folder / path / "odoo"
        (package / "addons").mkdir(parents=True)
        (package / "release.py").write_text(f"version_info = {version}\n")
        return package.parent

    def test_a_git_checkout_brings_its_second_addons_folder(self):
        home = self.odoo_at("checkout")
        (home / "addons" / "sale").mkdir(parents=True)
        source = odoo_source.from_home(home)
        self.assertEqual((source.root, source.addons, source.core_addons), (home, (home / "addons",), home / "addons"))

    def test_an_unpacked_debian_package_is_recognised_from_its_root(self):
        root = self.odoo_at("usr/lib/python3/dist-packages")
        (root / "odoo/addons/sale").mkdir()
        source = odoo_source.from_home(self.folder)
        self.assertEqual((source.root, source.core_addons), (root, root / "odoo/addons"))

    def test_another_version_is_refused(self):
        home = self.odoo_at("old", "(18, 0, 0)")
        with self.assertRaisesRegex(Trouble, "is not an Odoo 19.0"):
            odoo_source.from_home(home)

    def test_a_folder_without_odoo_is_refused(self):
        with self.assertRaisesRegex(Trouble, "holds no Odoo"):
            odoo_source.from_home(self.folder)


class TestDebian(unittest.TestCase):
    def test_the_mirror_is_the_one_of_the_main_archive(self):
        apt = mock.Mock()
        apt.targets.return_value = [
            {"Origin": "Other", "Component": "main", "Repo-URI": "other/"},
            {"Origin": "Debian", "Label": "Debian-Security", "Component": "main", "Repo-URI": "security/"},
            {"Origin": "Debian", "Label": "Debian", "Component": "main", "Repo-URI": "mirror/"},
        ]
        self.assertEqual(debian.debian_mirror(apt), "mirror/")

    def test_a_machine_without_debian_is_told_the_other_two_ways(self):
        apt = mock.Mock()
        apt.targets.return_value = [{"Origin": "Ubuntu", "Component": "main", "Repo-URI": "ubuntu/"}]
        with self.assertRaisesRegex(Trouble, "ODOO_HOME.*Docker"):
            debian.debian_mirror(apt)

    def test_a_machine_without_apt_is_told_the_other_two_ways(self):
        with mock.patch("shutil.which", return_value=None), self.assertRaisesRegex(Trouble, "ODOO_HOME.*Docker"):
            debian.require_debian()


class TestSentences(CacheCase):
    def test_a_taken_port_is_named(self):
        with socket.socket() as other:
            other.bind((odoo.HOST, 0))
            other.listen()
            port = other.getsockname()[1]
            with self.assertRaisesRegex(Trouble, f"Port {port} is taken"):
                odoo.chosen_port(port)

    def test_a_free_port_is_taken_as_wished(self):
        port = odoo.free_port()
        self.assertEqual(odoo.chosen_port(port), port)

    def test_names_that_would_need_quoting_and_the_templates_are_refused(self):
        for name in ("Upper", "dash-ed", "", "1st", databases.BASE, databases.BARE):
            with self.assertRaises(Trouble, msg=name):
                databases.checked(name)
        self.assertEqual(databases.checked("soc_anna_test"), "soc_anna_test")

    def test_no_chromium_and_no_root_says_what_to_install(self):
        with (
            mock.patch("shutil.which", return_value=None),
            mock.patch.object(system_packages, "is_root", return_value=False),
            self.assertRaisesRegex(Trouble, "apt-get install chromium"),
        ):
            system_packages.ensure_chromium()

    def test_a_deep_cache_gets_a_short_socket(self):
        cluster = postgres.Cluster(self.folder / ("deep/" * 30))
        self.assertLess(len(str(cluster.socket)), 90)
