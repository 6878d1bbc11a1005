"""Which Odoo is used: the one in the cache, or the reader's own through ``ODOO_HOME``."""

import os
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .console import Trouble
from .paths import cache_dir
from .steps import fingerprint, once


@dataclass(frozen=True)
class OdooSource:
    """An Odoo on disk: ``root`` holds the ``odoo`` package, ``addons`` the folders it does not find by itself."""

    root: Path
    addons: tuple = ()

    @property
    def core_addons(self):
        """The folder with ``sale`` and the rest, to read or to patch paths for."""
        return next(path for path in (*self.addons, self.root / "odoo/addons") if (path / "sale").is_dir())


def from_home(home):
    """Recognise a git checkout, an installed package or an unpacked Debian package."""
    for root in (home, home / "usr/lib/python3/dist-packages", home.parent):
        if os.access(root / "odoo/release.py", os.R_OK):
            source = OdooSource(root, tuple(path for path in [root / "addons"] if (path / "sale").is_dir()))
            release = (root / "odoo/release.py").read_text()
            if "version_info = (19, 0" not in release:
                raise Trouble(f"ODOO_HOME={home} is not an Odoo 19.0.")
            return source
    raise Trouble(f"ODOO_HOME={home} holds no Odoo we may read: expected a folder with odoo/release.py in it.")


def ensure_odoo():
    """The Odoo to use, unpacked from Debian's package when there is no ``ODOO_HOME``."""
    if os.environ.get("ODOO_HOME"):
        return from_home(Path(os.environ["ODOO_HOME"]).expanduser().resolve())
    target = cache_dir() / "odoo"
    key = fingerprint(*debian.SID_PACKAGES, *debian.OWN_SUITE_PACKAGES, *debian.EMPTY_ASSETS)
    once("odoo", key, "fetching Odoo 19 from Debian (about 130 MB)", lambda: debian.unpack_odoo(target))
    return OdooSource(target / "usr/lib/python3/dist-packages")
