"""A database of its own with the add-on in it, for benchmarks that fill one and drop it again."""

import argparse
import logging
from contextlib import contextmanager

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

from workshop import databases
from workshop.console import say, stopwatch
from workshop.odoo import ensure_workplace
from workshop.paths import REPO


@contextmanager
def transaction(name):
    """Yield an environment with full rights on a database; what was done is saved at the end."""
    with Registry(name).cursor() as cr:
        yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {"tracking_disable": True})


def run(name, doc, report, fill=None):
    """Read the options, install the add-on into a fresh database, measure, and drop the database.

    :param str name: of the database
    :param str doc: what ``--help`` says
    :param report: function of the workplace and the scale; it prints the figures
    :param fill: function of an environment and the scale, if the data are made before anything is measured
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="less of everything: 0.1 for a quick look")
    options = parser.parse_args()
    workplace = ensure_workplace()
    path = ",".join([str(REPO), *map(str, workplace.source.addons)])
    config.parse_config(["-c", str(workplace.config(name, addons_path=path)), "--log-level=error"])
    logging.getLogger().setLevel(logging.ERROR)
    try:
        databases.fresh(workplace, name, databases.BARE)
        with stopwatch("installing sale_order_control"):
            workplace.run(
                name, f"--addons-path={path}", "-i", "sale_order_control", "--stop-after-init",
                failure="The add-on could not be installed.")
        if fill:
            with stopwatch("making the data"), transaction(name) as env:
                fill(env, options.scale)
            workplace.server.query("VACUUM ANALYZE", name)
        say("measuring")
        report(workplace, options.scale)
    finally:
        Registry.delete(name)
        odoo.sql_db.close_db(name)
        databases.drop(workplace.server, name)
