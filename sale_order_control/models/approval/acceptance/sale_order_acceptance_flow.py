from odoo import fields, models

ACTIVITY_TYPE = 'sale_order_control.mail_activity_type_acceptance'


class SaleOrder(models.Model):
    """When the customer is asked: the salesperson hears it once, the customer's signature counts by itself."""

    _inherit = 'sale.order'

    def _ask_for_approval(self, reasons, comment=None):
        refused = super()._ask_for_approval(reasons, comment)
        (self - self.browse(refused))._call_for_acceptance()
        return refused

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        # What was checked with the customer are other terms: who still waits for the last level hears it.
        self.sudo().filtered(lambda order: order.approval_state == 'pending')._call_for_acceptance()

    def _get_open_demands(self):
        """Return what must still be on record before the last level agrees.

        :return: ``{order_id: [ControlIssue, ...]}`` of the orders that lack something
        """
        policies = self.env['sale.approval.policy']
        # Where no policy wants anything, the gate is not asked.
        orders = self.filtered(lambda order: policies._get_demands(tuple(order.company_id.parent_ids.ids)))
        issues = orders._get_control_issues('confirm') if orders else {}
        found = {
            order.id: [issue for issue in issues[order.id] if issue.stops and issue.code.startswith('acceptance.')]
            for order in orders
        }
        return {order_id: demands for order_id, demands in found.items() if demands}

    def _call_for_acceptance(self):
        """Give the salespeople of these orders one activity each: what to settle with the customer."""
        demands = self._get_open_demands()
        orders = self.browse(demands)
        if not orders:
            return
        called = self.env['mail.activity'].sudo().search([
            ('res_model', '=', self._name), ('res_id', 'in', orders.ids),
            ('activity_type_id', '=', self.env.ref(ACTIVITY_TYPE).id)])
        for order in (orders - self.browse(called.mapped('res_id'))).sudo():
            order.activity_schedule(
                ACTIVITY_TYPE,
                user_id=order._get_control_responsible().id,
                summary=self.env._("Settle with the customer"),
                note=order._get_control_note(demands[order.id]),
            )

    def _close_acceptance_activities(self):
        """Take the activities of orders back that lack nothing any more, or are not asked about."""
        activities = self.env['mail.activity'].sudo().search([
            ('res_model', '=', self._name), ('res_id', 'in', self.ids),
            ('activity_type_id', '=', self.env['ir.model.data']._xmlid_to_res_id(ACTIVITY_TYPE))])
        if not activities:
            return
        orders = self.browse(activities.mapped('res_id'))
        waiting = orders.filtered(lambda order: order.approval_state in ('pending', 'approved'))
        needed = waiting._get_open_demands()
        activities.filtered(lambda activity: activity.res_id not in needed).unlink()

    def _approval_closed(self, state):
        outcome = super()._approval_closed(state)
        self.sudo()._close_acceptance_activities()
        return outcome

    def _validate_order(self):
        # Only the web page calls this as somebody who is no colleague, right after it took the signature.
        if self.env.user.share:
            signed = self.filtered(lambda order: order.signature and order.state != 'cancel')
            for order in signed._with_control('approval'):
                order._record_acceptance({
                    'kind': 'reconfirm',
                    'result': 'agreed',
                    'channel': 'portal',
                    'contact_name': order.signed_by,
                    'happened_on': order.signed_on or fields.Datetime.now(),
                })
        return super()._validate_order()


class SaleApprovalRequest(models.Model):
    """The last level waits for what the policies want on record."""

    _inherit = 'sale.approval.request'

    acceptance_ids = fields.One2many(related='order_id.acceptance_ids')

    def _filter_premature(self, tasks):
        """Filter the tasks with which the last level would agree too early.

        :param tasks: tasks of the current user, in sudo
        """
        last = tasks.filtered(lambda task: task.res_model == 'sale.order' and task._is_of_last_level())
        orders = self.env['sale.order'].sudo().browse(last.mapped('res_id'))
        lacking = orders._get_open_demands()
        return last.filtered(lambda task: task.res_id in lacking)

    def _explain_not_waiting(self):
        request = self.sudo()
        mine = request._get_tasks_of(self.env.user)
        if mine and request._filter_premature(mine):
            [demands] = request.order_id._get_open_demands().values()
            return self.env._(
                "%(request)s cannot be agreed to yet: %(reasons)s", request=request.name,
                reasons=" ".join(f"{issue.message} {issue.clears}" for issue in demands))
        return super()._explain_not_waiting()


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    def _is_of_last_level(self):
        """Whether nobody of a later level is asked after this task."""
        self.ensure_one()
        return self.sequence >= max(self.request_id._get_current_tasks().mapped('sequence'))
