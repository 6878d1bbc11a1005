from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestComplaintRemedyRace(BaseCase):
    """Two handlers carry one remedy out at the same instant, in two transactions."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            partner = env['res.partner'].create({'name': "Customer of the Race"})
            complaint = env['sale.complaint'].create({'partner_id': partner.id, 'description': "Race"})
            remedy = env['sale.complaint.remedy'].create({
                'complaint_id': complaint.id, 'customer_note': "It is as ordered.", 'ask_customer': False,
                'type_id': env.ref('sale_order_control.remedy_type_explanation').id})
            remedy.action_submit()
            self.partner, self.complaint, self.remedy = partner.id, complaint.id, remedy.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM mail_message WHERE model = 'sale.complaint' AND res_id = %s", (self.complaint,))
            cr.execute("DELETE FROM mail_message WHERE model = 'sale.complaint.remedy' AND res_id = %s", (self.remedy,))
            cr.execute("DELETE FROM sale_complaint_remedy WHERE id = %s", (self.remedy,))
            cr.execute("DELETE FROM sale_complaint_history WHERE complaint_id = %s", (self.complaint,))
            cr.execute("DELETE FROM sale_complaint WHERE id = %s", (self.complaint,))
            cr.execute("DELETE FROM mail_followers WHERE res_model = 'res.partner' AND res_id = %s", (self.partner,))
            cr.execute("DELETE FROM res_partner WHERE id = %s", (self.partner,))

    def _carry_out(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
        remedy = env['sale.complaint.remedy'].browse(self.remedy)
        remedy.action_execute()
        env.flush_all()
        return remedy.state

    @mute_logger('odoo.sql_db')
    def test_the_second_starts_again_and_finds_it_done(self):
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            for cr in (mine, theirs):   # both see that it is still to be done
                cr.execute("SELECT state FROM sale_complaint_remedy WHERE id = %s", (self.remedy,))
                self.assertEqual(cr.fetchone(), ('ready',))
            self.assertEqual(self._carry_out(mine), 'done')
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._carry_out(theirs)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            with self.assertRaisesRegex(UserError, "cannot be carried out"):
                self._carry_out(theirs)
            theirs.rollback()
            theirs.execute(
                "SELECT count(*) FROM mail_message WHERE model = 'sale.complaint' AND res_id = %s "
                "AND body LIKE '%%as ordered%%'", (self.complaint,))
            self.assertEqual(theirs.fetchone(), (1,))
