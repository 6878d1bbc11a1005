from odoo import Command

from ..order.common import ControlCommon


class ApprovalCommon(ControlCommon):
    """Approval in force, and helpers that make policies, submit and decide in one line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['sale.approval.policy'].search([]).active = False
        cls._switch(approval='enforce')
        cls.director = cls._new_user('soc_director', 'sale_order_control.group_approver')
        cls.outsider = cls._new_user('soc_outsider', 'base.group_user')

    @classmethod
    def _level(cls, users, sequence=10, quorum='any', name=None, **values):
        return Command.create({
            'name': name or f"Level {sequence}", 'sequence': sequence, 'approver_type': 'users',
            'user_ids': [Command.set(users.ids)], 'quorum': quorum, **values,
        })

    @classmethod
    def _policy(cls, *levels, **values):
        """A policy that matches orders from 500 on, unless triggers are given."""
        triggers = {'min_amount', 'max_discount', 'min_margin_percent', 'on_credit_issue', 'domain'}
        base = {} if triggers & values.keys() else {'min_amount': 500.0}
        return cls.env['sale.approval.policy'].create({
            'name': "Large orders", 'company_id': cls.company.id, **base, **values,
            'level_ids': list(levels) or [cls._level(cls.sales_manager)],
        })

    @classmethod
    def _submitted(cls, quantity=10.0, **values):
        """A quotation that was submitted by its salesperson, and its pending request."""
        order = cls._create_order(quantity, **values)
        order.action_submit()
        return order, cls._request(order)

    @classmethod
    def _request(cls, order):
        return cls.env['sale.approval.request'].search([('order_id', '=', order.id)], limit=1)

    @classmethod
    def _tasks(cls, request):
        return {task.user_id: task.state for task in request.task_ids}

    @classmethod
    def _codes(cls, order, checkpoint='confirm'):
        return {issue.code for issue in order._get_control_issues(checkpoint)[order.id] if issue.stops}

    @classmethod
    def _lived_through_everything(cls):
        """An order that was returned, submitted again, recalled, made worse, passed on, approved, cancelled and
        reopened, whose policy is archived and whose approver has left; and its first and last request."""
        policy = cls._policy(cls._level(cls.sales_manager), cls._level(cls.finance, 20))
        order, first = cls._submitted()
        first.with_user(cls.sales_manager).action_agree("Fine with me")
        first.with_user(cls.sales_manager).action_withdraw()
        first.with_user(cls.sales_manager).action_return("The price is missing")
        order.action_submit()
        order.action_recall()
        order.action_submit()
        order.order_line.product_uom_qty = 20
        order.action_submit()
        last = cls._request(order)
        last.with_user(cls.sales_manager).action_forward(cls.director, "You know them")
        last.with_user(cls.director).action_agree("Known for years")
        last.with_user(cls.finance).action_agree()
        assert (last.state, order.state) == ('approved', 'sale')
        order.with_user(cls.sales_manager)._action_cancel()
        order.action_draft()
        policy.active = False
        cls.director.sudo().active = False
        return order, first, last
