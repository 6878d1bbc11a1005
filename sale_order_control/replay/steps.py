"""The business steps of the replay in Odoo's own terms, each done by the person whose job it is."""

from odoo import Command
from odoo.exceptions import UserError

from ..models.order.control_memory import control_scope


class Steps:
    """Does one step: with one order where a person decides, with many where goods and money flow.

    Nothing here decides *when*: that is the runner's part. A step that the controls refuse raises
    ``UserError``.

    :param env: environment of the superuser, mail off
    :param people: :class:`.company.People`
    :param loader: :class:`.loader.Loader`, after ``load()``
    """

    def __init__(self, env, people, loader):
        self.env = env
        self.people = people
        self.loader = loader
        self.bank = env['account.journal'].search(
            [('type', '=', 'bank'), ('company_id', '=', env.company.id)], limit=1)

    def get(self, story, user=None):
        """Return the order of a story, seen by a user."""
        return self.env['sale.order'].with_user(user or self.env.user).browse(story.order_id)

    def get_all(self, stories, user=None):
        """Return the orders of stories, seen by a user."""
        return self.env['sale.order'].with_user(user or self.env.user).browse([story.order_id for story in stories])

    def get_salesperson(self, story):
        """Return the user who entered the order."""
        return self.people.salespeople[story.order.employee]

    # === ENTER AND SUBMIT ===#

    def enter(self, story):
        """Enter the quotation as its salesperson."""
        salesperson = self.get_salesperson(story)
        values = self.loader.prepare_order(story.order, salesperson, self.people.team)
        order = self.env['sale.order'].with_user(salesperson).create(values)
        story.order_id, story.name = order.id, order.name

    def submit(self, story):
        """Press the salesperson's button once.

        :return: the issues the salesperson meets, a tuple of ``ControlIssue``
        """
        order = self.get(story, self.get_salesperson(story))
        with control_scope(self.env):
            issues = order._get_control_issues('submit')[order.id]
            try:
                with self.env.cr.savepoint():
                    order.action_submit()
            except UserError:
                # Refused with its reasons: the order stays a quotation, which is for the caller to see.
                if not any(issue.stops for issue in issues):
                    raise
        return issues

    # === DELIVER, INVOICE, PAY ===#

    def ship(self, stories):
        """Send everything that these orders still wait for, in one go.

        :raise UserError: if the controls keep the goods of one of them back
        """
        orders = self.get_all(stories)
        pickings = orders.picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        if not pickings:
            return
        pickings = pickings.with_user(self.people.warehouse)
        for move in pickings.move_ids:
            if move.quantity != move.product_uom_qty:
                move.quantity = move.product_uom_qty
        pickings.move_ids.picked = True
        result = pickings.button_validate()
        if result is not True:
            raise UserError(self.env._(
                "The transfers %s ask a question that the replay cannot answer.", ", ".join(pickings.mapped('name'))))

    def invoice(self, stories):
        """Invoice what was delivered, one invoice per order, dated and due from the day it left."""
        orders = self.get_all(stories, self.people.accountant)
        invoices = orders._create_invoices(grouped=True).with_user(self.people.accountant)
        days = {story.order_id: story.shipped for story in stories}
        for invoice in invoices:
            invoice.invoice_date = days[invoice.line_ids.sale_line_ids.order_id.id]
        invoices.action_post()

    def pay(self, payments):
        """Book what customers paid: one payment per order, posted and reconciled with its invoices.

        :param payments: list of ``(day, story)``
        """
        orders = self.get_all([story for _day, story in payments], self.people.accountant)
        receivable = {
            order.id: order.sudo().invoice_ids.with_user(self.people.accountant).line_ids.filtered(
                lambda line: line.account_type == 'asset_receivable' and not line.reconciled)
            for order in orders
        }
        open_ones = [(day, receivable[story.order_id]) for day, story in payments if receivable[story.order_id]]
        if not open_ones:
            return
        records = self.env['account.payment'].with_user(self.people.accountant).create([
            self._prepare_payment(day, lines) for day, lines in open_ones])
        records.action_post()
        self.env['account.move.line'].with_user(self.people.accountant)._reconcile_plan([
            lines + payment.move_id.line_ids.filtered_domain([('account_id', 'in', lines.account_id.ids)])
            for payment, (_day, lines) in zip(records, open_ones, strict=True)
        ])

    def _prepare_payment(self, day, lines):
        return {
            'payment_type': 'inbound',
            'partner_type': 'customer',
            'partner_id': lines.partner_id.id,
            'date': day,
            'amount': sum(lines.mapped('amount_residual')),
            'destination_account_id': lines.account_id.id,
            'journal_id': self.bank.id,
            'memo': ", ".join(lines.move_id.mapped('name')),
            'invoice_ids': [Command.set(lines.move_id.ids)],
        }
