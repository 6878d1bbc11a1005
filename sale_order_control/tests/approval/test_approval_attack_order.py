from datetime import timedelta
from email.message import EmailMessage

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalAttackOrder(ApprovalCommon):
    """Ways round that change the people, the order or the policy while a request waits."""

    # === PEOPLE ===#

    def test_handing_the_order_over_changes_neither_makers_nor_approvers(self):
        self._policy(self._level(self.env['res.users'], approver_type='team_leader'))
        self.env['crm.team'].create({
            'name': "Mine", 'user_id': self.sales_manager.id, 'member_ids': [Command.set(self.salesperson.ids)]})
        friends = self.env['crm.team'].create({
            'name': "Friends", 'user_id': self.finance.id, 'member_ids': [Command.set(self.other_salesperson.ids)]})
        order, request = self._submitted()
        order.with_user(self.salesperson).team_id = friends
        order.sudo().user_id = self.other_salesperson
        self.assertEqual(request.task_ids.user_id, self.sales_manager)
        # Who asked and who entered it stay makers, and nobody of the new team was asked.
        for user in (self.salesperson, self.other_salesperson, self.finance):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                request.with_user(user).action_agree()
        self.assertEqual(request.state, 'pending')

    def test_without_salesperson_the_one_who_entered_it_stays_the_maker(self):
        self._policy(self._level(self.salesperson | self.sales_manager))
        order = self._create_order(10)
        order.with_user(self.salesperson).user_id = False
        order.with_user(self.salesperson).action_submit()
        self.assertEqual(self._request(order).task_ids.user_id, self.sales_manager)

    def test_an_approver_who_became_a_portal_user_cannot_agree(self):
        self._policy(self._level(self.finance))
        _order, request = self._submitted()
        self.finance.sudo().group_ids = self.env.ref('base.group_portal')
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        self.assertEqual(request.state, 'pending')

    def test_who_left_the_group_while_asked_does_not_decide_for_it(self):
        group = self.env['res.groups'].create({
            'name': "Deciders", 'user_ids': [Command.set((self.finance | self.director).ids)]})
        self._policy(self._level(self.env['res.users'], approver_type='group', group_id=group.id))
        _order, request = self._submitted()
        group.user_ids = self.director
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        request.with_user(self.director).action_agree()
        self.assertEqual(request.state, 'approved')

    def test_an_order_of_somebody_who_left_is_approved_and_not_confirmed_in_his_name(self):
        self._policy()
        order, request = self._submitted()
        self.salesperson.active = False
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((request.state, order.state), ('approved', 'draft'))
        order.with_user(self.sales_manager).action_submit()
        self.assertEqual(order.state, 'sale')

    # === FORMS OVER RPC ===#

    def test_forms_of_strangers_decide_nothing_and_show_nothing(self):
        self._policy()
        order, request = self._submitted()
        for user in (self.other_salesperson, self.outsider):
            with self.subTest(user=user.login), self.cr.savepoint(), \
                    self.assertRaisesRegex(UserError, "'read' access"):
                self.env['sale.approval.comment'].with_user(user).create({
                    'request_ids': [Command.set(request.ids)], 'decision': 'agree', 'comment': "ok"}).action_decide()
        previews = self.env['sale.approval.submission'].search_count([])
        with self.assertRaisesRegex(AccessError, "'read' access"), self.cr.savepoint():
            self.env['sale.approval.submission'].with_user(self.other_salesperson).create({'order_id': order.id})
        self.assertEqual(self.env['sale.approval.submission'].search_count([]), previews)
        # The same form shows its maker who decides.
        own = self.env['sale.approval.submission'].with_user(self.salesperson).create({'order_id': order.id})
        self.assertIn(self.sales_manager.name, own.preview)
        mine = self.env['sale.approval.comment'].with_user(self.sales_manager).create({
            'request_ids': [Command.set(request.ids)], 'decision': 'agree'})
        with self.assertRaises(AccessError):
            mine.with_user(self.other_salesperson).read(['comment'])
        with self.assertRaises(AccessError):
            mine.with_user(self.outsider).action_decide()
        self.assertEqual(request.state, 'pending')

    # === IMPORT, MAIL, COPIES, AUTOMATION ===#

    def test_imports_bring_no_decision(self):
        self._policy()
        order, request = self._submitted()
        loads = [
            ('sale.order', ['.id', 'approval_state'], [[str(order.id), "Approved"]]),
            ('sale.order', ['.id', 'approval_request_ids/.id', 'approval_request_ids/state'],
             [[str(order.id), str(request.id), "Approved"]]),
            ('sale.approval.request', ['.id', 'state'], [[str(request.id), "Approved"]]),
            ('sale.approval.task', ['.id', 'state'], [[str(request.task_ids.id), "Agreed"]]),
            ('sale.order.acceptance', ['order_id/.id', 'kind', 'result'], [[str(order.id), "reconfirm", "agreed"]]),
        ]
        for user in (self.salesperson, self.env.ref('base.user_admin')):
            for model, names, rows in loads:
                with self.subTest(user=user.login, model=model, names=names):
                    try:
                        result = self.env[model].with_user(user).load(names, rows)
                    except AccessError:
                        continue
                    self.assertFalse(result['ids'], result)
        self.env.invalidate_all()
        self.assertEqual((order.approval_state, request.state), ('pending', 'pending'))
        self.assertEqual(request.task_ids.state, 'pending')

    @mute_logger('odoo.addons.mail.models.mail_thread')
    def test_answering_the_mail_decides_nothing(self):
        self._policy()
        _order, request = self._submitted()
        text = "Please decide"
        sent = request.with_user(self.sales_manager).message_post(body=text, message_type='comment')
        mail = EmailMessage()
        mail['From'] = f"{self.sales_manager.name} <{self.sales_manager.email or 'manager@example.com'}>"
        mail['To'] = "catchall@example.com"
        mail['Subject'] = "Re: approve"
        mail['In-Reply-To'] = mail['References'] = sent.message_id
        mail['Message-Id'] = "<approve-it@example.com>"
        mail.set_content("Approved. Agree. OK.")
        try:
            self.env['mail.thread'].message_process('sale.approval.request', mail.as_string())
        except (ValueError, UserError):
            # Refusing it altogether is as good.
            self.assertTrue(True)
        self.assertEqual((request.state, request.task_ids.state), ('pending', 'pending'))
        with self.assertRaises(AccessError):
            request.message_update({'body': "x"}, update_vals={'state': 'approved'})
        with self.assertRaises(UserError):
            self.env['sale.approval.request'].message_new({'subject': "AR/1"}, {'state': 'approved'})

    def test_copies_carry_no_decision(self):
        self._policy()
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        for record in (request, request.task_ids):
            with self.subTest(record=record._name), self.assertRaises(AccessError):
                record.sudo().copy()
        copied = order.copy()
        self.assertEqual((copied.approval_state, copied.approval_request_ids.ids), ('none', []))
        with self.assertRaises(UserError):
            copied.action_confirm()

    def test_automation_decides_nothing_although_it_has_every_right(self):
        self._policy()
        order, request = self._submitted()
        model = self.env['ir.model']._get('sale.order')
        codes = (
            "records.write({'approval_state': 'approved'})",
            "records.sudo().approval_request_ids.write({'state': 'approved'})",
            "records.sudo().approval_request_ids.task_ids.write({'state': 'agreed'})",
            "records.sudo().approval_request_ids.action_agree()",
            "records.sudo().action_confirm()",
            "records.sudo().write({'state': 'sale'})",
            "env['sale.order.acceptance'].sudo().create({'order_id': record.id})",
        )
        for code in codes:
            action = self.env['ir.actions.server'].create({
                'name': "Attack", 'model_id': model.id, 'state': 'code', 'code': code})
            with self.subTest(code=code), self.assertRaises(UserError), self.cr.savepoint():
                action.with_context(active_model='sale.order', active_id=order.id, active_ids=order.ids).run()
        self.assertEqual((order.state, order.approval_state, request.state), ('draft', 'pending', 'pending'))

    # === COMPANY, RATE, POLICY ===#

    def test_an_approval_does_not_follow_into_another_company(self):
        company = self.env['res.company'].create({'name': "Elsewhere"})
        users = self.salesperson | self.sales_manager
        users.sudo().company_ids += company
        company.control_approval = 'enforce'
        self._policy()
        self._policy(company_id=company.id, name="Elsewhere", min_amount=500.0, currency_id=company.currency_id.id)
        order, request = self._submitted()
        # Who looks at one company only decides in that one only.
        with self.assertRaises(AccessError):
            request.with_user(self.sales_manager).with_context(allowed_company_ids=company.ids).action_agree()
        # Approved, and not confirmed, because the one who asked has left.
        self.salesperson.active = False
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((order.state, order.approval_state), ('draft', 'approved'))
        self.assertFalse(self._codes(order))
        order.sudo().write({'company_id': company.id, 'warehouse_id': False})
        self.assertTrue([code for code in self._codes(order) if code.startswith('approval.')])

    def test_a_rate_that_moves_before_confirmation_is_seen_and_after_the_approval_is_not(self):
        euro = self.env.ref('base.EUR') if self.company.currency_id != self.env.ref('base.EUR') \
            else self.env.ref('base.USD')
        euro.active = True
        today = fields.Date.today()
        rates = self.env['res.currency.rate']
        rates.search([('currency_id', '=', euro.id)]).unlink()
        rate = rates.create({'currency_id': euro.id, 'name': today, 'rate': 2.0, 'company_id': self.company.id})
        pricelist = self.env['product.pricelist'].create({'name': "Foreign", 'currency_id': euro.id})
        self._policy(min_amount=500.0)

        def quote():
            order = self._create_order(1)
            order.write({'pricelist_id': pricelist.id})
            order.order_line.write({'price_unit': 900.0})
            return order
        # 900 at 2.0 is 450: nobody is asked. At 1.5 it is 600.
        clean, asked = quote(), quote()
        self.assertFalse(self._codes(clean))
        rate.rate = 1.5
        with self.assertRaises(UserError):
            clean.action_confirm()
        asked.action_submit()
        request = self._request(asked)
        self.assertEqual(request.state, 'pending')
        rate.rate = 1.0
        # Worth 900 by now: what was judged are 900 in the order's currency.
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(asked.state, 'sale')

    def test_the_rate_of_the_orders_date_counts_and_another_date_only_makes_it_more(self):
        euro = self.env.ref('base.EUR') if self.company.currency_id != self.env.ref('base.EUR') \
            else self.env.ref('base.USD')
        euro.active = True
        today = fields.Date.today()
        rates = self.env['res.currency.rate']
        rates.search([('currency_id', '=', euro.id)]).unlink()
        for days, rate in ((60, 4.0), (30, 1.0), (0, 2.0)):
            rates.create({
                'currency_id': euro.id, 'name': today - timedelta(days=days), 'rate': rate,
                'company_id': self.company.id})
        pricelist = self.env['product.pricelist'].create({'name': "Foreign", 'currency_id': euro.id})
        self._policy(min_amount=500.0)
        order = self._create_order(1)
        order.write({'pricelist_id': pricelist.id})
        # 900 are 450 today, were 900 a month ago and 225 before.
        for days, price, asked in ((0, 900.0, False), (30, 900.0, True), (60, 900.0, False), (0, 1100.0, True),
                                   (60, 1100.0, True), (-5, 1100.0, True)):
            with self.subTest(days=days, price=price):
                order.with_user(self.salesperson).write({'date_order': fields.Datetime.now() - timedelta(days=days)})
                order.order_line.write({'price_unit': price})
                self.assertEqual(bool(self._codes(order)), asked)

    def test_a_policy_that_is_archived_or_deleted_leaves_no_order_hanging(self):
        policy = self._policy()
        order, request = self._submitted()
        other, pending = self._submitted(11.0)
        policy.active = False
        order.action_submit()
        self.assertEqual((order.state, request.state), ('sale', 'void'))
        policy.unlink()
        pending.with_user(self.sales_manager).action_agree()
        self.assertEqual((pending.state, other.state), ('approved', 'sale'))
        self.assertEqual(pending.task_ids.policy_name, "Large orders")
