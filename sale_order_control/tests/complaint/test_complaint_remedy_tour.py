from odoo import Command
from odoo.tests import new_test_user, tagged

from ..order.tours import TourCase
from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintTours(ComplaintCommon, TourCase):

    bundles = ('web.assets_frontend', 'web.assets_web', 'web.assets_tests')

    def test_a_customer_complains_with_a_photo_and_gets_another_piece_and_money_back(self):
        buyer = new_test_user(
            self.env, 'soc_buyer', groups='base.group_portal', company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)])
        buyer.partner_id.parent_id = self.customer
        self.env['sale.complaint.team'].search([]).member_ids = self.handler
        order = self._delivered_order()
        order._create_invoices().action_post()

        self._walk(f'/my/orders/{order.id}', 'complaint_customer', buyer)
        complaint = self.env['sale.complaint'].search([('order_id', '=', order.id)])
        self.assertEqual((complaint.attachment_ids.name, complaint.attachment_ids.raw), ('scratches.png', b'photo'))

        complaint.write({**self.judged, 'complaint_type': 'quality'})
        self._walk(f'/odoo/sale.complaint/{complaint.id}', 'complaint_handler', self.handler)
        self.assertEqual((complaint.state, set(complaint.remedy_ids.mapped('state'))), ('executing', {'done'}))
        replacement = complaint.sudo().remedy_ids.replacement_order_ids
        note = complaint.sudo().remedy_ids.credit_note_ids
        self.assertEqual((replacement.state, replacement.amount_total, note.amount_total), ('sale', 0, 100))
