"""The virtual environments in the cache: one that runs Odoo and its tests, one for the linters."""

import os
import shutil
import subprocess
import sys

from .console import Trouble, capture, is_root, run_logged, say
from .paths import REPO, cache_dir, log_dir
from .steps import fingerprint, once

ODOO_REQUIREMENTS = ("odoo.txt", "test.txt")
LINT_REQUIREMENTS = ("lint.txt",)


def ensure_python(name="venv", requirements=ODOO_REQUIREMENTS):
    """Path of the Python of environment ``name``, with exactly the pinned ``requirements`` in it."""
    files = [REPO / "requirements" / file for file in requirements]
    folder = cache_dir() / name
    version = "{}.{}.{}".format(*sys.version_info)
    key = fingerprint(version, *(file.read_text() for file in files))
    once(name, key, f"installing Python packages ({', '.join(requirements)})", lambda: build(folder, files, version))
    return folder / "bin" / "python"


def build(folder, files, version):
    """Make the environment if there is none for this Python, then install into it."""
    python = folder / "bin" / "python"
    answer = capture([python, "-c", "import pip, sys; print('{}.{}.{}'.format(*sys.version_info))"])
    if (answer or "").strip() != version:
        shutil.rmtree(folder, ignore_errors=True)
        require_venv_module()
        run_logged(
            [sys.executable, "-m", "venv", folder],
            log_dir() / f"{folder.name}-create.log",
            "The Python environment could not be made.",
        )
    command = [python, "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    for file in files:
        command += ["-r", file]
    run_logged(
        command,
        log_dir() / f"{folder.name}-pip.log",
        "The Python packages could not be installed (is there a network? does pip reach a package index?).",
    )


def require_venv_module():
    """Debian ships ``venv`` apart from Python; get it when root, else say what to ask for."""
    if capture([sys.executable, "-c", "import ensurepip, venv"]) is not None:
        return
    package = "python{}.{}-venv".format(*sys.version_info)
    if is_root() and shutil.which("apt-get"):
        say(f"installing {package} through apt")
        subprocess.run(["apt-get", "update", "-qq"], stdin=subprocess.DEVNULL)
        run_logged(
            ["apt-get", "install", "-y", "-qq", package],
            log_dir() / "apt-venv.log",
            f"The package {package} could not be installed.",
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        return
    raise Trouble(f"This Python has no venv module: install the package {package} (as root) and run again.")
