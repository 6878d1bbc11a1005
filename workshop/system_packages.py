"""Programs that come from the system: Chromium for browser tests, wkhtmltopdf for printing."""

import os
import shutil
import subprocess

from .console import Trouble, capture, is_root, run_logged, say, warn
from .paths import log_dir

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium():
    """Path of a Chromium, or None."""
    return next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def ensure_chromium():
    """Path of a Chromium; installed through apt when we may."""
    if not find_chromium():
        apt_install("chromium")
    found = find_chromium()
    if not found:
        raise Trouble(
            "Browser tests and screenshots need Chromium and there is none: install it (on Debian, as root: "
            "apt-get install chromium). ./dev test --no-browser runs everything else."
        )
    return found


def ensure_wkhtmltopdf():
    """Get the PDF printer when we may; without it everything else works."""
    if not shutil.which("wkhtmltopdf"):
        apt_install("wkhtmltopdf")
    if not shutil.which("wkhtmltopdf"):
        warn("there is no wkhtmltopdf, so documents cannot be printed as PDF (package wkhtmltopdf); going on.")


def ensure_chinese_font():
    """Pictures in Chinese need a font that has it."""
    if not capture(["fc-list", ":lang=zh-cn"]):
        apt_install("fonts-wqy-microhei")
    if not capture(["fc-list", ":lang=zh-cn"]):
        warn("there is no font with Chinese letters: pictures in Chinese will show boxes (package fonts-wqy-microhei).")


def apt_install(package):
    """Install one Debian package when root on a Debian; quietly nothing otherwise or on failure."""
    if not (is_root() and shutil.which("apt-get")):
        return
    say(f"installing {package} through apt")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        ["apt-get", "update", "-qq"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        run_logged(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
            log_dir() / f"apt-{package}.log",
            f"The package {package} could not be installed.",
            env=environment,
        )
    except Trouble as trouble:
        warn(str(trouble))
