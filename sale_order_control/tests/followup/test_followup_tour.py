from odoo.tests import HttpCase, tagged

from .common import FollowupCommon


@tagged('post_install', '-at_install')
class TestFollowupTour(FollowupCommon, HttpCase):
    """A salesperson's morning in the browser, with no other right than their own."""

    def test_the_salesperson_works_off_the_morning(self):
        for name, days in (("First", 0), ("Second", 0), ("Tomorrow", 1)):
            self._new_rule('confirmed', summary=name, offset_days=days)
        order = self._confirm_order()
        self._end_transaction()
        self.salesperson.password = self.salesperson.login
        # Compiled by the first page otherwise, for which a slow machine has no patience.
        for bundle in ('web.assets_web', 'web.assets_tests'):
            self.env['ir.qweb']._get_asset_bundle(bundle, css=False, js=True).js()
            self.env['ir.qweb']._get_asset_bundle(bundle, css=True, js=False).css()
        self.start_tour(
            '/odoo/my-follow-ups', 'sale_order_control_followup_morning', login=self.salesperson.login, timeout=120)
        tasks = self.env['sale.followup.task'].search([('order_id', '=', order.id)]).grouped('name')
        self.assertEqual(
            (tasks["First"].state, tasks["First"].contact_ids.contact, tasks["First"].contact_ids.user_id),
            ('done', "Ms Smith", self.salesperson))
        self.assertEqual((tasks["Second"].state, tasks["Second"].contact_ids.result), ('open', 'unreached'))
        self.assertGreater(tasks["Second"].date_due, self.today)
