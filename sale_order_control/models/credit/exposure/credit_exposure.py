"""What customers owe and would owe: one statement for any number of them, over open documents only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from odoo import api, models
from odoo.tools import SQL

from ..account.credit_figures import get_rounding
from .credit_exposure_sql import CREATE_FUNCTION, EXPOSURE

# Everything the statement reads, to be written to the database before it runs.
_READ_FIELDS = {
    'res.partner': ['commercial_partner_id', 'tz'],
    'account.move': [
        'state',
        'move_type',
        'partner_id',
        'company_id',
        'amount_total_signed',
        'payment_state',
        'reversed_entry_id',
        'invoice_currency_rate',
    ],
    'account.move.line': [
        'partner_id',
        'account_id',
        'parent_state',
        'amount_residual',
        'date_maturity',
        'date',
        'company_id',
        'quantity',
        'product_uom_id',
        'price_total',
        'sale_line_ids',
        'advance_order_id',
        'payment_id',
    ],
    'credit.dispute': ['move_id', 'closed_on', 'amount'],
    'sale.order': [
        'partner_invoice_id',
        'state',
        'invoice_status',
        'company_id',
        'currency_id',
        'amount_total',
        'settlement_mode',
        'settlement_percent',
        'transaction_ids',
    ],
    'payment.transaction': ['payment_id', 'source_transaction_id'],
    'credit.decision': ['order_id', 'result', 'figures'],
    'sale.order.line': [
        'order_id',
        'state',
        'display_type',
        'is_downpayment',
        'invoice_status',
        'product_id',
        'product_uom_id',
        'product_uom_qty',
        'qty_delivered',
        'qty_delivered_method',
        'qty_invoiced',
        'price_total',
        'price_unit',
        'discount',
        'tax_ids',
    ],
    'stock.move': [
        'sale_line_id',
        'state',
        'product_id',
        'product_uom',
        'product_uom_qty',
        'quantity',
        'to_refund',
        'location_id',
        'location_dest_id',
        'location_final_id',
        'move_dest_ids',
        'origin_returned_move_id',
    ],
    'stock.location': ['usage', 'company_id'],
    'res.currency.rate': ['rate', 'name', 'company_id', 'currency_id'],
    'account.account': ['account_type'],
    'account.tax': ['amount', 'amount_type', 'price_include_override', 'children_tax_ids'],
    'uom.uom': ['factor'],
    'product.template': ['invoice_policy'],
    'product.product': ['product_tmpl_id'],
    'res.company': [
        'parent_path', 'partner_id', 'account_price_include', 'control_credit', 'control_release', 'control_go_live'],
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a customer would owe if everything open were delivered and invoiced.

    All in the currency of the root company; each unit is in one part only.

    :ivar receivable: posted and unpaid, unmatched payments and credit notes deducted
    :ivar draft_invoiced: on draft invoices
    :ivar to_invoice: delivered, on no invoice yet; negative where more was paid in advance than is open
    :ivar to_deliver: ordered and still to come, on no invoice yet
    """

    receivable: float = 0.0
    draft_invoiced: float = 0.0
    to_invoice: float = 0.0
    to_deliver: float = 0.0

    @property
    def total(self):
        """The exposure: the sum of its parts."""
        return self.receivable + self.draft_invoiced + self.to_invoice + self.to_deliver

    @classmethod
    def _from_parts(cls, parts, rounded):
        """Round the parts so that they add up to the rounded total: what is left over is still to come.

        :param rounded: function that rounds to the currency
        """
        receivable, draft, to_invoice, to_deliver = parts
        if not (to_invoice or to_deliver):
            # Of most customers: only documents that were rounded when they were made.
            return cls(rounded(receivable), draft and rounded(draft))
        total = rounded(receivable + draft + to_invoice + to_deliver)
        receivable, draft, to_invoice = rounded(receivable), rounded(draft), rounded(to_invoice)
        if rounded(to_deliver):
            to_deliver = rounded(total - receivable - draft - to_invoice)
            return cls(receivable, draft, to_invoice, to_deliver)
        return cls(receivable, draft, rounded(total - receivable - draft), 0.0)

    def __add__(self, other):
        return Exposure(
            self.receivable + other.receivable, self.draft_invoiced + other.draft_invoiced,
            self.to_invoice + other.to_invoice, self.to_deliver + other.to_deliver)

    def to_json(self):
        """Return a plain structure for a ``Json`` field."""
        return {
            'receivable': self.receivable, 'draft_invoiced': self.draft_invoiced, 'to_invoice': self.to_invoice,
            'to_deliver': self.to_deliver, 'total': self.total,
        }


@dataclass(slots=True)
class Position:
    """All that one reading says of a customer.

    :ivar exposure: the customer's :class:`Exposure` without the orders told apart
    :ivar orders: ``{order id: amount}`` that the orders told apart add to it, company currency
    :ivar waiting: the same of what they do not add, because it stays here until it is paid
    :ivar waiting_amount: the same of the orders that are not told apart
    :ivar overdue_amount: due before today, not disputed, and not covered by payments or credit notes
    :ivar overdue_since: due date of the oldest item that is not covered, or None
    :ivar disputed_amount: unpaid on invoices that the customer disputes; part of the exposure, never overdue
    :ivar unrated: id of a currency without any rate in which orders are open, which count one to one; or 0
    """

    exposure: Exposure = Exposure()
    orders: dict = None
    waiting: dict = None
    waiting_amount: float = 0.0
    overdue_amount: float = 0.0
    overdue_since: date = None
    disputed_amount: float = 0.0
    unrated: int = 0

    @property
    def total(self):
        """Exposure with all orders."""
        return self.exposure.total + sum((self.orders or {}).values())

    def overdue_days(self, today):
        """Days since the oldest uncovered item was due; 0 when nothing is overdue."""
        return (today - self.overdue_since).days if self.overdue_since else 0


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def init(self):
        super().init()
        self.env.cr.execute(CREATE_FUNCTION)

    @api.model
    def _get_exposure(self, partners, company, exclude_orders=None):
        """Return the exposure of customers, in the currency of the root company.

        :param res.partner partners: customers; contacts count with their commercial partner
        :param res.company company: any company of the tree; all branches of its root are included
        :param sale.order exclude_orders: confirmed orders to leave out (what of them is invoiced stays)
        :return: ``{partner_id: Exposure}`` with an entry for each of ``partners``
        """
        positions = self._read_positions(partners, company, exclude_orders)
        return {partner.id: positions[partner.commercial_partner_id.id].exposure for partner in partners}

    @api.model
    def _read_positions(self, partners, company, orders=None):
        """Read what customers owe, with some orders told apart, in one statement.

        :param sale.order orders: orders whose uninvoiced part is reported by itself
        :return: ``defaultdict {commercial_partner_id: Position}``
        """
        positions = defaultdict(Position)
        # Of a partner that is not in memory yet, Odoo would otherwise read some ninety fields.
        partners.fetch(['commercial_partner_id'])
        owners = partners.commercial_partner_id
        if not owners:
            return positions
        self._flush_exposure()
        root = company.sudo().root_id
        rounded = get_rounding(root.currency_id)
        rows = self.env.execute_query(SQL(
            EXPOSURE, **self._get_exposure_parameters(owners, root), apart=orders.ids if orders else []))
        for owner, order_id, *parts, overdue, since, disputed, unrated, waiting in rows:
            position = positions[owner]
            position.unrated = unrated or position.unrated
            if order_id:
                position.orders = {**(position.orders or {}), order_id: rounded(sum(parts))}
                if waiting:
                    position.waiting = {**(position.waiting or {}), order_id: rounded(waiting)}
                continue
            position.exposure = Exposure._from_parts(parts, rounded)
            position.waiting_amount = rounded(waiting) if waiting else 0.0
            position.overdue_amount = overdue and rounded(overdue)
            position.overdue_since = since if position.overdue_amount > 0 else None
            position.disputed_amount = disputed and rounded(disputed)
        return positions

    @api.model
    def _flush_exposure(self):
        """Write to the database what the statement reads."""
        for name, field_names in _READ_FIELDS.items():
            self.env[name].flush_model(field_names)

    @api.model
    def _get_exposure_parameters(self, owners, root):
        """Return the parameters of the statement.

        :param res.partner owners: commercial partners
        :param res.company root: root company
        """
        return {
            'partners': owners.ids,
            'company_path': f'{root.parent_path}%',
            'root': root.id,
            'currency': root.currency_id.id,
            'price_include': root.account_price_include == 'tax_included',
            'today': self.env['sale.order']._get_control_today(),
        }
