from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CreditCommon

FACTS = (
    'credit.decision', 'credit.score', 'credit.score.line', 'credit.history', 'credit.limit.entry', 'credit.collection',
    'sale.control.log')


@tagged('post_install', '-at_install')
class TestCreditWizards(CreditCommon):
    """The questions of the credit room, asked over RPC by people who should not, and facts forged with full rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(100, cls._grade('block'))
        cls.order = cls._create_order(5)
        cls.order.action_submit()
        cls.invoice = cls._loose_invoice(50)
        cls.other_company = cls.env['res.company'].create({'name': "Elsewhere"})
        cls.stranger = new_test_user(
            cls.env, 'soc_stranger', company_id=cls.other_company.id, company_ids=[Command.set(cls.other_company.ids)],
            groups='base.group_user,sale_order_control.group_credit_controller,stock.group_stock_user')
        cls.portal = new_test_user(cls.env, 'soc_wizard_portal', groups='base.group_portal')
        delivered = cls._confirmed(1)
        reference = cls.order.id
        cls.named = {
            'credit.decide': {'order_ids': [Command.set([reference])], 'reason': "Mine"},
            'credit.advance.assign': {'order_id': reference},
            'credit.collect': {'picking_id': delivered.picking_ids.id, 'amount': 1},
            'credit.dispute.wizard': {'move_ids': [Command.set(cls.invoice.ids)], 'reason': "Mine"},
            'credit.grade.override': {
                'account_ids': [Command.set(cls.account.ids)], 'grade_id': cls.account.grade_id.id, 'reason': "Mine"},
            'credit.limit.answer': {
                'temporary_ids': [Command.set(cls.env['credit.limit.temporary'].with_user(cls.controller).create({
                    'account_id': cls.account.id, 'amount': 10, 'reason': "Fair", 'date_from': '2020-01-01',
                    'date_to': '2099-01-01'}).ids)], 'reason': "Mine"},
            'credit.scorecard.compare': {'scorecard_id': cls.env['credit.scorecard'].create({
                'name': "Ours", 'company_id': cls.company.id}).id},
            'credit.statement.answer': {
                'statement_ids': [Command.set(cls.env['credit.statement'].create({
                    'account_id': cls.account.id, 'date_from': '2020-01-01', 'date_to': '2020-01-31'}).ids)],
                'is_agreed': 'agreed', 'by': "Mine"},
        }

    def _wizards(self):
        return {
            name for name, model in self.env.registry.items()
            if name.startswith('credit.') and model._transient and not model._abstract}

    def test_every_wizard_is_attacked_here(self):
        children = {
            'credit.advance.assign.line', 'credit.decide.line', 'credit.exposure.line', 'credit.scorecard.compare.line'}
        self.assertEqual(self._wizards(), set(self.named) | children)

    def test_salespeople_and_customers_ask_no_question_of_the_room(self):
        for name in self._wizards():
            for user in (self.salesperson, self.other_salesperson, self.portal):
                with self.subTest(wizard=name, user=user.login), self.assertRaises(AccessError):
                    self.env[name].with_user(user).create(self.named.get(name, {}))

    def test_a_controller_of_another_company_names_no_document_of_ours(self):
        for name, values in self.named.items():
            with self.subTest(wizard=name), self.assertRaises(AccessError):
                self.env[name].with_user(self.stranger).create(values)

    def test_a_wizard_is_not_turned_to_a_document_of_ours_afterwards(self):
        wizard = self.env['credit.decide'].with_user(self.stranger).create({'reason': "Mine"})
        with self.assertRaises(AccessError):
            wizard.write({'order_ids': [Command.link(self.order.id)]})

    def test_an_unsaved_wizard_tells_no_figures_either(self):
        for name, field, record in (
                ('credit.collect', 'picking_id', self.named['credit.collect']['picking_id']),
                ('credit.advance.assign', 'order_id', self.order.id)):
            shown = 'due' if name == 'credit.collect' else 'required'
            with self.subTest(wizard=name), self.assertRaises(AccessError):
                self.env[name].with_user(self.stranger).onchange({field: record}, [field], {field: {}, shown: {}})

    def test_what_somebody_else_is_asked_is_not_read(self):
        for name, values in self.named.items():
            wizard = self.env[name].with_user(self.controller).sudo().create(values)
            wizard.create_uid = self.controller
            with self.subTest(wizard=name), self.assertRaises(AccessError):
                wizard.with_user(self.stranger).read(['display_name'])

    # === FACTS ===#

    def test_full_rights_forge_no_fact(self):
        """An automation rule or a server action runs in sudo, and so would what an administrator writes with it."""
        for name in FACTS:
            with self.subTest(fact=name), self.assertRaisesRegex(Exception, "nobody enters it by hand"):
                self.env[name].sudo().create({})
        action = self.env['ir.actions.server'].create({
            'name': "Forge", 'model_id': self.env.ref('sale_order_control.model_credit_decision').id,
            'state': 'code', 'code': f"""
env['credit.decision'].sudo().create({{
    'account_id': {self.account.id}, 'company_id': {self.company.id}, 'currency_id': {self.company.currency_id.id},
    'order_id': {self.order.id}, 'checkpoint': 'manual', 'result': 'released', 'user_id': {self.controller.id},
    'date': '2020-01-01', 'amount': 99999}})"""})
        with self.assertRaisesRegex(Exception, "nobody enters it by hand"):
            action.run()
        self.assertEqual(self.order.credit_state, 'hold')

    def test_a_promise_is_not_forged_with_full_rights(self):
        with self.assertRaisesRegex(Exception, "planner's actions"):
            self.env['sale.delivery.promise'].sudo().create({})
