"""A pytest plugin: several workers side by side, each with a database of its own.

pytest-odoo copies the database itself when pytest-xdist has workers, but calls PostgreSQL's programs for it, which the
embedded PostgreSQL lacks. So ``./dev test`` makes the copies, and every worker takes its own here, before Odoo hears of
any.
"""

import os
from pathlib import Path

import pytest

from .databases import worker_copy


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """Give a worker the database and configuration file made for it; to pytest-odoo it is a run of its own."""
    worker = os.environ.pop("PYTEST_XDIST_WORKER", None)
    if worker:
        name = worker_copy(config.option.odoo_database, worker)
        config.option.odoo_config = str(Path(config.option.odoo_config).with_name(f"{name}.conf"))
        config.option.odoo_database = name
    return (yield)
