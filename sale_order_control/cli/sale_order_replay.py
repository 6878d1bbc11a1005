"""``odoo sale_order_replay``: run an order book through the controls of a fresh database.

Odoo loads this file on its own, as ``odoo.cli.sale_order_replay`` and without the add-on: everything
else is in the add-on's package ``replay``, imported once the database is open.
"""

import argparse
import sys
from datetime import date
from pathlib import Path

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class SaleOrderReplay(Command):
    """Replay an order book of CSV files through the controls of Sales Order Control.

    The database must be fresh: the add-on installed, no demo data, no orders. Nothing is mailed.
    """

    name = 'sale_order_replay'
    epilog = """
        Exit status: 0 if every row was used and every order ran; 1 if a row was left out, an order
        failed or the totals differ; 2 if there was nothing to run.
        The CSV format and the report are described in docs/replay.md.
    """

    def run(self, cmdargs):
        """Parse the options, open the database and hand over."""
        options = self._parse(cmdargs)
        arguments = ['--no-http', '--log-level', options.log_level]
        if options.config:
            arguments += ['-c', options.config]
        if options.database:
            arguments += ['-d', options.database]
        config.parse_config(arguments, setup_logging=True)
        names = config['db_name']
        if len(names) != 1:
            sys.exit("Name one database with -d.")
        try:
            registry = Registry(names[0])
        except psycopg2.OperationalError as error:
            sys.exit(f"The database {names[0]} cannot be opened: {error}".rstrip())
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if 'sale.control.log' not in env:
                sys.exit(f"Sales Order Control is not installed in {names[0]}.")
            from odoo.addons.sale_order_control.replay.command import main  # noqa: PLC0415
            sys.exit(main(env, options))

    def _parse(self, cmdargs):
        parser = self.parser
        parser.add_argument('folder', type=Path, metavar='DIR', help="folder with the CSV files of the order book")
        parser.add_argument('-d', '--database', help="database to run in (default: the one of the configuration)")
        parser.add_argument('-c', '--config', help="Odoo's configuration file")
        parser.add_argument(
            '--today', type=date.fromisoformat, default=None, metavar='YYYY-MM-DD',
            help="day on which the last order of the book is placed (default: today)")
        parser.add_argument('--limit', type=_positive, metavar='N', help="run the first N orders only")
        parser.add_argument(
            '--policy', default='preset', metavar='domestic|joint|none|FILE',
            help="controls to test: a preset of the set-up wizard with everything in force, none at all, or an XML "
                 "data file")
        parser.add_argument(
            '--report', type=Path, metavar='FILE.csv',
            help="write the report there, and one row per order to FILE-orders.csv")
        parser.add_argument('--check', action='store_true', help="only read and check the files")
        parser.add_argument('--log-level', default='error', help=argparse.SUPPRESS)
        return parser.parse_args(cmdargs)


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
