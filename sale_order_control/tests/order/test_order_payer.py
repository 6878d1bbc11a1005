from contextlib import contextmanager

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderPayer(ControlCommon):
    """An edit of the contact that makes another company owe is a change of terms of its orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')
        cls.salesperson.group_ids += cls.env.ref('base.group_partner_manager')
        cls.branch = cls.customer.create({'name': "Branch", 'is_company': True, 'email': 'branch@example.com'})
        cls.rich = cls.customer.create({'name': "Rich", 'is_company': True})

    def setUp(self):
        super().setUp()
        self.rule = StubRule(self)
        # The stub dislikes whoever is not the branch.
        self.rule.batch = lambda order, terms: [] if terms.payer_id == self.branch.id else [issue()]

    @contextmanager
    def _refused(self, kind=UserError, reason="The stub does not like it"):
        with self.assertRaisesRegex(kind, reason), self.env.cr.savepoint():
            yield
        self.env.invalidate_all()

    def _ordered(self):
        order = self._create_order(partner=self.branch)
        order.action_confirm()
        return order

    def test_another_payer_of_a_confirmed_order_is_judged_on_every_path(self):
        self._ordered()
        branch, rich = (partner.with_user(self.salesperson) for partner in (self.branch, self.rich))
        for attempt in (
            lambda: branch.write({'parent_id': rich.id, 'is_company': False}),
            lambda: branch.sudo().write({'parent_id': rich.id, 'is_company': False}),
            lambda: rich.write({
                'child_ids': [Command.update(branch.id, {'is_company': False}), Command.link(branch.id)]}),
        ):
            with self._refused():
                attempt()
        with self._refused(AccessError, "follows from its parent"):
            branch.write({'commercial_partner_id': rich.id})

    def test_a_payer_that_passes_is_recorded(self):
        order = self._ordered()
        self.rule.batch = None
        self.branch.with_user(self.salesperson).write({'parent_id': self.rich.id, 'is_company': False})
        self.assertEqual(order.partner_invoice_id.commercial_partner_id, self.rich)
        self.assertIn('changed', order.sudo().control_log_ids.mapped('event'))

    def test_other_edits_and_contacts_without_orders_are_free(self):
        self._ordered()
        branch = self.branch.with_user(self.salesperson)
        branch.write({'name': "Renamed", 'is_company': True, 'parent_id': False})
        contact = self.branch.create({'name': "Contact", 'is_company': True}).with_user(self.salesperson)
        contact.write({'parent_id': self.rich.id, 'is_company': False})
        self.assertEqual(contact.commercial_partner_id, self.rich)

    def test_a_parent_of_a_company_leaves_who_owes(self):
        self._ordered()
        self.branch.with_user(self.salesperson).parent_id = self.rich
        self.assertEqual(self.branch.commercial_partner_id, self.branch)

    def test_nothing_is_asked_while_all_is_off(self):
        self._switch(completeness='off')
        self._ordered()
        self.branch.with_user(self.salesperson).write({'parent_id': self.rich.id, 'is_company': False})
        self.assertFalse(self.rule.asked)
