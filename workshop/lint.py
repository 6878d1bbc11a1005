"""``./dev lint``: several linters and a few checks of our own, all run, then one verdict."""

import subprocess

from .console import say
from .paths import ADDON, REPO, cache_dir
from .python_env import LINT_REQUIREMENTS, ensure_python
from .steps import setup_lock
from .testing import require_addon

# Checks of the OCA's hooks that are a matter of taste: the XML header, <field eval=> on numbers, order of attributes.
OCA_TASTE = (
    "xml-header-wrong,xml-header-missing,xml-field-numeric-without-eval,xml-field-bool-without-eval,"
    "xml-tag-position,prefer-readme-rst,weblate-component-too-long,xml-template-prettier-incompatible"
)


def lint(options, _rest):
    """Run every check, also after one failed."""
    require_addon()
    with setup_lock():
        programs = ensure_python("venv-lint", LINT_REQUIREMENTS).parent
    failed = [name for name, command in checks(programs, options.fix) if not passes(name, command)]
    if failed:
        say(f"lint: {', '.join(failed)} failed")
        return 1
    say("lint: everything passed")
    return 0


def checks(programs, fix):
    """Name and command line of each check."""
    translations = sorted((REPO / ADDON / "i18n").glob("*.po*"))
    ruff = [programs / "ruff", "check", "--cache-dir", cache_dir() / "ruff", *(["--fix"] if fix else []), REPO]
    yield "ruff", ruff
    yield "pylint-odoo", [programs / "pylint", "--rcfile", REPO / ".pylintrc", REPO / ADDON]
    yield "oca-hooks", [programs / "oca-checks-odoo-module", "-d", OCA_TASTE, REPO / ADDON]
    if translations:
        yield "oca-translations", [programs / "oca-checks-po", *translations]
    yield "own checks", [programs / "python", REPO / "workshop" / "lint_checks.py", REPO]


def passes(name, command):
    """Run one check with its output on ours."""
    status = subprocess.run(list(map(str, command)), cwd=REPO, stdin=subprocess.DEVNULL).returncode
    say(f"{name}: {'passed' if status == 0 else 'FAILED'}")
    return status == 0
