from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import tagged

from .common import ApprovalCommon


class SampleRequest(models.Model):
    """A document of a customer's own add-on, as small as an approvable one can be."""

    _name = 'sale.control.sample.request'
    _description = "Sample Request"
    _inherit = ['sale.approval.mixin', 'mail.thread']
    _module = None      # of no add-on: built into the registry by the tests below, and taken out again
    _approval_terms = ('partner_id', 'amount', 'wanted_on')

    name = fields.Char()
    company_id = fields.Many2one('res.company')
    currency_id = fields.Many2one(related='company_id.currency_id')
    user_id = fields.Many2one('res.users')
    partner_id = fields.Many2one('res.partner', string="Customer")
    amount = fields.Monetary(string="Value")
    wanted_on = fields.Date()
    note = fields.Char()
    result = fields.Char()

    def action_submit(self):
        self._submit_for_approval("For the fair")._approval_approved()

    def _get_approval_amount(self):
        return self.amount, self.currency_id

    def _approval_approved(self):
        self.result = 'sent'
        return {document.id: f"{document.name} is sent." for document in self}

    def _approval_rejected(self):
        self.result = 'refused'

    def _approval_returned(self):
        self.result = 'returned'

    def _approval_withdrawn(self):
        self.result = 'withdrawn'


@tagged('post_install', '-at_install')
class TestApprovalMixin(ApprovalCommon):
    """A second document goes through the same approval, with no code of its own for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        registry = cls.registry
        registry.clear_all_caches()
        add_to_registry(registry, SampleRequest)
        registry._setup_models__(cls.env.cr, [SampleRequest._name])
        registry.init_models(cls.env.cr, [SampleRequest._name], {'module': 'sale_order_control'})
        cls.addClassCleanup(cls._forget_model)
        model = cls.env['ir.model']._get(SampleRequest._name)
        cls.env['ir.model.access'].create({
            'name': "Samples", 'model_id': model.id, 'group_id': cls.env.ref('sales_team.group_sale_salesman').id,
            'perm_read': True, 'perm_write': True, 'perm_create': True, 'perm_unlink': True})
        cls.policy = cls._policy(
            cls._level(cls.sales_manager, 10), cls._level(cls.finance, 20), name="Samples", res_model=model.model,
            min_amount=50.0)

    @classmethod
    def _forget_model(cls):
        del cls.registry.models[SampleRequest._name]
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.clear_all_caches()

    def _document(self, **values):
        return self.env[SampleRequest._name].with_user(self.salesperson).create({
            'name': "Three chairs", 'company_id': self.company.id, 'user_id': self.salesperson.id,
            'partner_id': self.customer.id, 'amount': 100.0, **values})

    def _submitted_document(self, **values):
        document = self._document(**values)
        document.action_submit()
        return document, document.sudo().approval_request_ids

    def test_what_no_policy_matches_goes_on_at_once(self):
        document, request = self._submitted_document(amount=49.0)
        self.assertFalse(request)
        self.assertEqual((document.result, document.approval_state), ('sent', 'none'))

    def test_nobody_is_asked_while_the_switch_is_off_or_only_warns(self):
        for mode in ('off', 'warn'):
            self._switch(approval=mode)
            document, request = self._submitted_document()
            self.assertFalse(request)
            self.assertEqual(document.result, 'sent')

    def test_every_level_decides_and_the_document_follows(self):
        document, request = self._submitted_document()
        self.assertEqual((document.approval_state, document.result, request.order_id.id), ('pending', False, False))
        self.assertEqual(request.comment, "For the fair")
        self.assertEqual(request.partner_name, self.customer.display_name)
        self.assertEqual(request.document_kind, "Sample Request")
        self.assertIn("soc_manager", document.approval_summary)
        self.assertEqual(request.activity_ids.user_id, self.sales_manager)
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(document.result, False)
        request.with_user(self.finance).action_agree()
        self.assertEqual((request.state, document.approval_state, document.result), ('approved', 'approved', 'sent'))
        [message] = self.env['mail.message'].search([
            ('partner_ids', 'in', self.salesperson.partner_id.ids), ('model', '=', request._name),
            ('res_id', '=', request.id)])
        self.assertIn("Three chairs is sent.", message.body)

    def test_rejecting_returning_and_recalling_reach_the_document(self):
        for act, state, result in (
            (lambda request: request.with_user(self.sales_manager).action_disagree("No"), 'rejected', 'refused'),
            (lambda request: request.with_user(self.sales_manager).action_return("Less"), 'returned', 'returned'),
            (lambda request: request.with_user(self.salesperson).action_recall(), 'none', 'withdrawn'),
        ):
            document, request = self._submitted_document()
            act(request)
            self.assertEqual((document.approval_state, document.result), (state, result))

    def test_the_approver_reads_a_copy_without_any_right_on_the_document(self):
        document, request = self._submitted_document(wanted_on='2030-05-06')
        mine = request.with_user(self.sales_manager.browse(self.finance.id))
        with self.assertRaises(AccessError):
            document.with_user(self.finance).read(['amount'])
        [values] = mine.read(['snapshot_html', 'can_open', 'reason_html'])
        self.assertIn("Value", values['snapshot_html'])
        self.assertIn("100.00", values['snapshot_html'])
        self.assertIn("05/06/2030", values['snapshot_html'])
        self.assertIn("Samples", values['reason_html'])
        self.assertFalse(values['can_open'])

    def test_a_change_of_what_is_judged_voids_and_another_does_not(self):
        document, request = self._submitted_document()
        document.note = "in a hurry"
        self.assertEqual(request.state, 'pending')
        document.amount = 101.0
        self.assertEqual((request.state, document.approval_state), ('void', 'void'))
        self.assertIn("Value", request.outcome)
        self.assertEqual(document.result, 'withdrawn')

    def test_submitting_again_what_waits_changes_nothing_and_new_reasons_ask_anew(self):
        document, request = self._submitted_document()
        document.action_submit()
        self.assertEqual(document.sudo().approval_request_ids, request)
        self._policy(self._level(self.director), name="More", res_model=document._name, domain="[('id', '!=', 0)]")
        document.action_submit()
        self.assertEqual(request.state, 'void')
        self.assertEqual(len(document.sudo().approval_request_ids), 2)

    def test_conditions_are_those_of_the_document_and_of_no_order(self):
        self.policy.domain = "[('note', '=', 'big')]"
        self.assertFalse(self._submitted_document()[1])
        self.assertTrue(self._submitted_document(note='big')[1])
        order = self._create_order(100)
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        with self.assertRaises(ValidationError):
            self.policy.domain = "[('order_line', '!=', False)]"
        with self.assertRaises(ValidationError):
            self.policy.max_discount = 5.0

    def test_makers_cannot_decide_and_nobody_can_be_asked_is_said(self):
        self.policy.level_ids[1].unlink()
        self.policy.level_ids.user_ids = self.salesperson | self.sales_manager
        document, request = self._submitted_document()
        self.assertEqual(request.task_ids.user_id, self.sales_manager)
        document.sudo().user_id = self.sales_manager
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()
        self.policy.level_ids.user_ids = self.salesperson
        with self.assertRaisesRegex(UserError, "nobody who may approve"):
            self._document().action_submit()

    def test_the_result_cannot_be_written_and_the_record_not_deleted(self):
        document, request = self._submitted_document()
        for user in (self.salesperson, self.env.ref('base.user_root')):
            own = document.with_user(user)
            for attempt in (
                lambda own=own: own.write({'approval_state': 'approved'}),
                lambda own=own: own.write({'approval_request_ids': [(2, request.id, 0)]}),
                lambda own=own: own.create({'company_id': self.company.id, 'approval_state': 'approved'}),
            ):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    attempt()
        fresh = document.with_context(default_approval_state='approved').create({'company_id': self.company.id})
        self.assertEqual(fresh.approval_state, 'none')
        self.assertEqual(document.copy().approval_state, 'none')
        with self.assertRaises(UserError):
            document.unlink()

    def test_lists_find_what_waits_for_me(self):
        document, _request = self._submitted_document()
        mine = self.env[SampleRequest._name].with_user(self.sales_manager)
        self.assertEqual(mine.search([('approval_waits_for_me', '=', True)]), document)
        self.assertFalse(document.with_user(self.salesperson).approval_waits_for_me)
        self.assertTrue(document.with_user(self.salesperson).approval_can_recall)
        self.assertEqual(document._get_pending_approvers()[document.id], [self.sales_manager.name])
