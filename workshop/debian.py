"""Odoo 19 from Debian's own package, unpacked into the cache without touching the system.

Works as an ordinary user and as root: apt keeps its lists in the cache, checks Debian's signatures as usual,
and takes the mirror this machine already uses.
"""

import re
import shutil
import subprocess
from pathlib import Path

from .console import Trouble, capture, run_logged, warn
from .paths import cache_dir, log_dir

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OTHER_WAYS = "Set ODOO_HOME to the folder of an Odoo 19 you have, or use Docker (docker compose up)."
# What the Odoo package links to: three JavaScript files and its fonts.
OWN_SUITE_PACKAGES = (
    "libjs-jquery libjs-jquery-form libjs-underscore "
    "fonts-font-awesome fonts-roboto-unhinted fonts-inconsolata fonts-ocr-b"
).split()
SID_PACKAGES = ["odoo-19", "fonts-montserrat"]
# Odoo's manifest lists this file and Debian left it out; an empty one keeps the asset bundle whole.
EMPTY_ASSETS = ["addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"]


class Apt:
    """An apt of our own: same mirror and keys as the system's, but lists and downloads in the cache."""

    def __init__(self, name, source_line=None):
        self.folder = cache_dir() / "apt" / name
        for part in ("lists/partial", "cache/archives/partial", "packages"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        settings = {"Dir::State::lists": self.folder / "lists", "Dir::Cache": self.folder / "cache"}
        settings |= {"Acquire::Retries": 3, "APT::Sandbox::User": ""}
        if source_line:
            sources = self.folder / "sources.list"
            sources.write_text(source_line + "\n")
            settings |= {"Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null"}
        self.options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def update(self):
        """Fetch the package lists."""
        run_logged(
            ["apt-get", *self.options, "-q", "update"],
            log_dir() / f"apt-{self.folder.name}-update.log",
            "Debian's package lists could not be fetched (is there a network?).",
        )

    def targets(self):
        """The package lists apt knows, as dictionaries of its own field names."""
        text = capture(["apt-get", *self.options, "indextargets", "Created-By: Packages"]) or ""
        blocks = [dict(re.findall(r"^([\w-]+): (.*)$", block, re.M)) for block in text.split("\n\n")]
        return [block for block in blocks if block]

    def download(self, packages):
        """Fetch ``packages`` and return their files."""
        folder = self.folder / "packages"
        shutil.rmtree(folder)
        folder.mkdir()
        run_logged(
            ["apt-get", *self.options, "-q", "download", *packages],
            log_dir() / f"apt-{self.folder.name}-download.log",
            f"Debian's packages {', '.join(packages)} could not be fetched.",
            cwd=folder,
        )
        return sorted(folder.glob("*.deb"))


def debian_mirror(apt):
    """Address of the Debian mirror that apt already uses on this machine."""
    for target in apt.targets():
        main = target.get("Component") == "main" and "security" not in target.get("Label", "").lower()
        if target.get("Origin") == "Debian" and main and target.get("Repo-URI"):
            return target["Repo-URI"]
    raise Trouble(f"This machine's apt has no Debian source, so Odoo cannot be taken from Debian. {OTHER_WAYS}")


def require_debian():
    """Refuse early, with the other two ways, where there is no Debian apt."""
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise Trouble(f"Odoo is taken from Debian and there is no {program} here. {OTHER_WAYS}")
    if not KEYRING.exists():
        raise Trouble(f"Debian's signing keys ({KEYRING}) are missing: install debian-archive-keyring. {OTHER_WAYS}")


def unpack_odoo(target):
    """Download Odoo with what it links to and unpack it all into ``target``."""
    require_debian()
    own = Apt("own")
    own.update()
    sid = Apt("sid", f"deb [signed-by={KEYRING}] {debian_mirror(own)} sid main")
    sid.update()
    archives = sid.download(SID_PACKAGES) + own.download(OWN_SUITE_PACKAGES)
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for archive in archives:
        subprocess.run(["dpkg-deb", "-x", archive, partial], check=True)
    complete(partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    for apt in (own, sid):
        shutil.rmtree(apt.folder)


def complete(root):
    """Add the assets Debian left out and name any link that leads nowhere."""
    odoo = root / "usr/lib/python3/dist-packages/odoo"
    for asset in EMPTY_ASSETS:
        path = odoo / asset
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text("")
    dangling = [path for path in odoo.rglob("*") if path.is_symlink() and not path.exists()]
    if dangling:
        names = ", ".join(str(path.relative_to(odoo)) for path in dangling[:5])
        warn(f"{len(dangling)} links of the Odoo package lead nowhere, among them {names}.")
