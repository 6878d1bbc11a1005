"""What of the books belongs on statements of account: read for any number of statements in a few queries."""

from collections import defaultdict
from datetime import date, timedelta

from odoo import api, models
from odoo.tools import SQL

from ...order.control_memory import control_acting

# The receivable items of the customers of some statements, branches included, up to a day of each statement.
_WANTED = """
      FROM unnest(%(ids)s::int[], %(owners)s::int[], %(paths)s::text[], %(starts)s::date[], %(ends)s::date[])
           AS wanted (id, owner, path, start, day)
      JOIN res_partner partner ON partner.commercial_partner_id = wanted.owner
      JOIN account_move_line item ON item.partner_id = partner.id AND item.parent_state = 'posted'
           AND item.date <= wanted.day AND item.date >= wanted.start
      JOIN account_account account ON account.id = item.account_id AND account.account_type = 'asset_receivable'
      JOIN res_company company ON company.id = item.company_id AND company.parent_path LIKE wanted.path || '%%'
"""
_BALANCES = "SELECT wanted.id, SUM(item.balance) " + _WANTED + " GROUP BY wanted.id"
_DOCUMENTS = "SELECT wanted.id, item.move_id, SUM(item.balance) " + _WANTED + """
     WHERE NOT EXISTS (
           SELECT 1 FROM credit_statement_line taken
             JOIN credit_statement other ON other.id = taken.statement_id AND other.state != 'cancel'
             JOIN credit_statement mine ON mine.id = wanted.id AND mine.account_id = other.account_id
            WHERE taken.move_id = item.move_id AND other.id != wanted.id)
  GROUP BY wanted.id, item.move_id ORDER BY wanted.id, MIN(item.date), item.move_id
"""


class CreditStatement(models.Model):
    _inherit = 'credit.statement'

    def _fill(self):
        """Put the documents and orders of their cycles on these draft statements, anew.

        Several statements of one customer go on from each other, the earlier ones first.
        """
        left = self.sudo().sorted('date_from')
        while left:
            some = left.browse(same[0].id for same in left.grouped('account_id').values())
            some._fill_each()
            left -= some

    def _fill_each(self):
        """Fill statements of different customers."""
        history = self._get_history()
        before = {
            statement: [other for other in history[statement.account_id.id] if other.date_to < statement.date_from]
            for statement in self}
        first = self.filtered(lambda statement: not before[statement])
        openings = first._read_balances({
            statement: statement.date_from - timedelta(days=1) for statement in first})
        openings.update({
            statement: others[-1].closing for statement, others in before.items() if others})
        # What was in the balance before the first statement is on none, and must not come again.
        documents = self._read_documents({
            statement: (others or [statement])[0].date_from for statement, others in before.items()})
        orders = self._read_orders()
        with control_acting(self.env):
            self.line_ids.unlink()
            self.order_ids.unlink()
            for statement in self:
                statement.opening = openings[statement]
            self.env['credit.statement.line'].sudo().create([
                {'statement_id': statement.id, **document} for statement in self for document in documents[statement]])
            self.env['credit.statement.order'].sudo().create([
                {'statement_id': statement.id, **order} for statement in self for order in orders[statement]])

    def _get_history(self):
        """Return all statements that count of the customers of these ones, the earliest first.

        :return: ``defaultdict {account_id: [credit.statement, ...]}`` in sudo
        """
        history = defaultdict(list)
        for statement in self.sudo().search(
                [('account_id', 'in', self.account_id.ids), ('state', '!=', 'cancel')], order='date_to'):
            history[statement.account_id.id].append(statement)
        return history

    # === BOOKS ===#

    def _read_wanted(self, query, starts, ends):
        lines = self.env['account.move.line']
        lines.flush_model(['partner_id', 'parent_state', 'date', 'account_id', 'company_id', 'balance', 'move_id'])
        self.env['credit.statement.line'].flush_model(['statement_id', 'move_id'])
        self.env['res.partner'].flush_model(['commercial_partner_id'])
        self.flush_model(['account_id', 'state'])
        statements = self.sudo()
        return self.env.execute_query(SQL(
            query, ids=self.ids, owners=[statement.account_id.partner_id.id for statement in statements],
            paths=[statement.company_id.parent_path for statement in statements],
            starts=[starts.get(statement, date.min) for statement in self],
            ends=[ends[statement] for statement in self]))

    def _read_balances(self, days):
        """Read what customers owe by the books at the end of a day.

        :param dict days: ``{statement: day}``
        :return: ``{statement: amount}`` in the currency of the root company
        """
        if not self:
            return {}
        found = dict(self._read_wanted(_BALANCES, {}, days))
        return {statement: statement.currency_id.round(float(found.get(statement.id) or 0.0)) for statement in self}

    def _read_documents(self, starts):
        """Read the entries of the cycles that no other statement has, each with its effect on the balance.

        What was booked late into the time of an earlier statement comes on this one.

        :param dict starts: ``{statement: first day from which documents count}``
        :return: ``defaultdict {statement: [values of credit.statement.line, ...]}``
        """
        rows = self._read_wanted(_DOCUMENTS, starts, {statement: statement.date_to for statement in self})
        moves = self.env['account.move'].sudo().browse(row[1] for row in rows)
        documents = defaultdict(list)
        for move, (statement_id, _move_id, balance) in zip(moves, rows, strict=True):
            documents[self.browse(statement_id)].append(self._prepare_document(move, float(balance)))
        return documents

    @api.model
    def _prepare_document(self, move, balance):
        kind = {'out_invoice': 'invoice', 'out_receipt': 'invoice', 'out_refund': 'credit_note'}.get(move.move_type)
        if not kind:
            kind = 'payment' if move.origin_payment_id or move.statement_line_id else 'other'
        orders = move.line_ids.sale_line_ids.order_id
        return {
            'move_id': move.id, 'kind': kind, 'date': move.date, 'name': move.name or move.ref or "/",
            'orders': ", ".join(orders.mapped('name')), 'amount': balance,
            'residual': move.amount_residual_signed if kind in ('invoice', 'credit_note') else 0.0,
        }

    # === ORDERS ===#

    def _read_orders(self):
        """Read what was delivered and invoiced of each order within the days of these statements.

        :return: ``{statement: [values of credit.statement.order, ...]}``
        """
        amounts = {statement: defaultdict(lambda: {'delivered': 0.0, 'invoiced': 0.0}) for statement in self}
        keys = {(statement.partner_id.id, statement.company_id.id): statement for statement in self}
        start, end = min(self.mapped('date_from')), max(self.mapped('date_to'))
        mine = self.env['sale.order.line'].sudo()._search([
            ('order_id.partner_invoice_id.commercial_partner_id', 'in', self.partner_id.ids),
            ('company_id', 'child_of', self.company_id.ids)])

        def add(name, line, day, amount, currency):
            order = line.order_id
            statement = keys.get((order.partner_invoice_id.commercial_partner_id.id, order.company_id.root_id.id))
            if statement and statement.date_from <= day <= statement.date_to:
                amounts[statement][order][name] += currency._convert(
                    amount, statement.currency_id, statement.company_id, day, round=False)
        moves = self.env['stock.move'].sudo().search([
            ('state', '=', 'done'), ('date', '>=', start), ('date', '<', end + timedelta(days=1)),
            ('sale_line_id', 'in', mine)])
        for move in moves:
            sign = (move.location_dest_id.usage == 'customer') - (move.location_id.usage == 'customer')
            line = move.sale_line_id
            if sign and line.product_uom_qty and move.product_id == line.product_id:
                quantity = move.product_uom._compute_quantity(move.quantity, line.product_uom_id, round=False)
                add('delivered', line, move.date.date(), sign * quantity * line.price_total / line.product_uom_qty,
                    line.currency_id)
        items = self.env['account.move.line'].sudo().search([
            ('parent_state', '=', 'posted'), ('date', '>=', start), ('date', '<=', end),
            ('move_id.move_type', 'in', ('out_invoice', 'out_receipt', 'out_refund')), ('sale_line_ids', 'in', mine)])
        for item in items:
            sign = -1 if item.move_id.move_type == 'out_refund' else 1
            add('invoiced', item.sale_line_ids[:1], item.date, sign * item.price_total, item.currency_id)
        return {
            statement: [
                {'order_id': order.id, 'name': order.name, 'client_order_ref': order.client_order_ref,
                 **{name: statement.currency_id.round(amount) for name, amount in found.items()}}
                for order, found in sorted(rows.items(), key=lambda pair: pair[0].id)]
            for statement, rows in amounts.items()}
