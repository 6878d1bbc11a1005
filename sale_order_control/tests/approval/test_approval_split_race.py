from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .race_common import ApprovalRaceCase


@tagged('post_install', '-at_install')
class TestApprovalSplitRace(ApprovalRaceCase):
    """Two halves of one order, confirmed at the same instant, each in a transaction of its own."""

    @mute_logger('odoo.sql_db')
    def test_one_half_passes_and_the_other_is_asked_about(self):
        first, second = self.orders
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            self._begin(mine, theirs)
            self._confirm(mine, first)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._confirm(theirs, second)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            with self.assertRaisesRegex(UserError, "last 30 days"):
                self._confirm(theirs, second)
            theirs.rollback()

    @mute_logger('odoo.sql_db')
    def test_halves_of_two_customers_for_one_payer_meet_as_well(self):
        first, second = self.orders
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            sister = env['res.partner'].create({'name': "Sister of the splitter", 'is_company': True})
            env['sale.order'].browse(second).write({'partner_id': sister.id, 'partner_invoice_id': self.partner})
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            self._begin(mine, theirs)
            self._confirm(mine, first)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._confirm(theirs, second)
            theirs.rollback()

    def test_where_no_policy_counts_together_nobody_waits_for_anybody(self):
        with self.registry.cursor() as cr:
            policy = api.Environment(cr, SUPERUSER_ID, {})['sale.approval.policy'].browse(self.policy)
            policy.cumulative_days = 0
        first, second = self.orders
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            self._begin(mine, theirs)
            self._confirm(mine, first)
            mine.commit()
            self._confirm(theirs, second)
            theirs.rollback()
