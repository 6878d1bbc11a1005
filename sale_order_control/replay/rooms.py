"""What the people of the control rooms do: approvers, the Credit Controller, the planner.

The only module of the replay that talks to the rooms, through their public interface.
"""

from . import behaviour
from .facts import Approval


class Rooms:
    """Acts in the controls that are in force; where one is off, there is nothing to do.

    :param env: environment of the superuser
    :param people: :class:`.company.People`
    """

    def __init__(self, env, people):
        self.env = env
        self.people = people

    def set_up(self, book, customers):
        """Give the customers the grades and limits that a Credit Controller would have given them.

        :param dict customers: ``{customer key: res.partner}``
        """
        limits, codes = behaviour.credit_limits(book), behaviour.grades(book)
        grades = {grade.code: grade for grade in self.env['credit.grade'].search([])}
        ordering = self.env['res.partner'].union(*(customers[key] for key in limits))
        accounts = self.env['credit.account']._for_partners(ordering, self.env.company)
        by_partner = {account.partner_id: account for account in accounts.with_user(self.people.controller).sudo(False)}
        for key, limit in limits.items():
            account = by_partner[customers[key]]
            grade = grades.get(codes[key])
            account.write({
                'limit_kind': 'amount' if limit else 'zero',
                'credit_limit': float(limit),
                **({'grade_id': grade.id} if grade else {}),
            })

    # === APPROVAL ===#

    def awaits_decision(self, order):
        """Whether approvers have the order on their desk."""
        return order.approval_state == 'pending'

    def decide(self, order, asked, today):
        """Let everybody whose turn it is decide: agree, unless the order makes a loss.

        Of several approvers of a level, as many decide as are needed.

        :param date asked: when it became their turn
        :return: list of :class:`.facts.Approval`
        """
        request = order.approval_request_ids.filtered(lambda request: request.state == 'pending')
        decisions = []
        for task in request.task_ids.filtered(lambda task: task.state == 'pending'):
            if task.state != 'pending':
                continue
            agrees = request.margin_percent >= 0
            own = request.with_user(task.user_id).sudo(False)
            if agrees:
                own.action_agree("Nothing speaks against it." if task.comment_required else None)
            else:
                own.action_disagree("The order makes a loss.")
            decisions.append(Approval(task.level_name, task.user_name, asked, today, agrees))
        return decisions

    # === CREDIT ===#

    def release(self, order):
        """Let the Credit Controller release an order by hand.

        :return: whether credit was what held it
        """
        checkpoint = 'release' if order.state == 'sale' else 'submit'
        issues = order._get_control_issues(checkpoint)[order.id]
        if not any(issue.area == 'credit' and issue.stops for issue in issues):
            return False
        order.with_user(self.people.controller).sudo(False).action_credit_release("Known customer, payment announced.")
        return True

    # === DELIVERY ===#

    def promise(self, orders):
        """Let the planner promise every line of these orders its proposed date."""
        lines = orders.order_line.filtered(lambda line: line.promise_state == 'open')
        if lines:
            self._as_planner(lines).action_promise_proposed()

    def get_promised_date(self, order):
        """Return the last promised date of an order, or None where nothing is promised."""
        return order.promised_date or None

    def promise_again(self, order, date):
        """Let the planner move the order's date, for a reason of our own."""
        lines = order.order_line.filtered(lambda line: line.promise_state in ('promised', 'at_risk', 'late'))
        if not lines:
            return
        reason = self.env['sale.delivery.change.reason'].search([('kind', '=', 'us')], limit=1)
        wizard = self._as_planner(self.env['sale.delivery.promise.wizard']).create({
            'line_ids': lines.ids, 'promised_date': date, 'reason_id': reason.id})
        wizard.action_apply()

    def _as_planner(self, records):
        return records.with_user(self.people.planner).sudo(False)

    # === THE END ===#

    def close_day(self):
        """Do what the nightly jobs of the rooms would do, so that states count as of today."""
        open_orders = self.env['sale.order'].search([
            ('state', '=', 'sale'), ('promise_state', 'not in', (False, 'none', 'done'))])
        open_orders._refresh_promise_states()

    def describe_state(self, order):
        """Say in a few words where the order stands."""
        if order.state == 'cancel':
            return 'cancelled'
        if order.state != 'sale':
            if order.approval_state in ('pending', 'rejected', 'returned'):
                return f'approval {order.approval_state}'
            return 'on hold'
        if order.delivery_status != 'full':
            return 'to deliver, late' if order.promise_state == 'late' else 'to deliver'
        if order.invoice_status == 'to invoice':
            return 'to invoice'
        return 'paid' if all(invoice.payment_state == 'paid' for invoice in order.invoice_ids) else 'to be paid'
