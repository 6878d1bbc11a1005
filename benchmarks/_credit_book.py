"""A big order book for the credit benchmarks: a few documents made by Odoo, multiplied by SQL.

Each *kind* is one order with all that follows from it. Odoo makes the first document of every kind; the
others are its rows again, with their own ids, customers, names and dates. So whatever Odoo stores of such a
document is right on every copy, and its own figures can be compared with ours.
"""

from dataclasses import dataclass

import odoo

LINES = 7
PRICE = 100.0
# How many documents of each kind: 20,000 invoices and 200,000 journal items in both. Odoo works out in Python
# what is still to be invoiced, order by order: in the first book, as in most, next to everything is invoiced.
SCENARIOS = {
    "invoiced": {"closed": 15000, "open": 5000, "draft": 2, "undelivered": 2, "delivered": 2, "partly": 2},
    "heavy": {"closed": 15000, "open": 5000, "draft": 200, "undelivered": 400, "delivered": 300, "partly": 300},
}
# Of the first customer: a fifth of all invoices, one of four of them open.
WHALE_SHARE = {"closed": 1 / 5, "open": 1 / 5}


@dataclass
class Kind:
    """Ids of the documents that Odoo made of one kind."""

    name: str
    orders: list
    order_lines: list
    moves: list
    invoices: list
    invoice_lines: list
    payments: list
    payment_lines: list


class Book:
    """Fills a database: customers, templates, then copies of them.

    :param dict counts: how many documents of each kind
    """

    def __init__(self, cr, counts, customers=100):
        self.cr, self.env = cr, odoo.api.Environment(cr, odoo.SUPERUSER_ID, {"tracking_disable": True})
        self.counts = counts
        self.number_of_customers = customers

    def fill(self):
        """Make the book; returns the ids of the customers, the one with most invoices first."""
        self.env.company.account_use_credit_limit = True
        self.customers = self.env["res.partner"].create(
            [{"name": f"Customer {n:04}", "is_company": True} for n in range(self.number_of_customers)]).ids
        self.product = self.env["product.product"].create({
            "name": "Thing", "type": "consu", "is_storable": True, "list_price": PRICE, "invoice_policy": "order",
            "taxes_id": [odoo.Command.clear()]})
        location = self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(self.product, location.lot_stock_id, 1e6)
        kinds = [self.make(name) for name in self.counts]
        self.env.flush_all()
        # The copies refer to what Odoo's own rows refer to: checking each key again takes most of the time.
        self.cr.execute("SET LOCAL session_replication_role = replica")
        for kind in kinds:
            self.multiply(kind, self.counts[kind.name])
        self.cr.execute("SET LOCAL session_replication_role = DEFAULT")
        self.env.invalidate_all()
        # Odoo's field of the limit: every fifth customer is over it. The first one is not.
        self.cr.execute(
            """UPDATE res_partner
                  SET credit_limit = jsonb_build_object(%s, CASE WHEN place %% 5 = 2 THEN 500 ELSE 1e9 END)
                 FROM unnest(%s::int[]) WITH ORDINALITY AS customer(id, place) WHERE res_partner.id = customer.id""",
            [str(self.env.company.id), self.customers])
        return self.customers

    # === TEMPLATES ===#

    def make(self, name):
        """Let Odoo make the first documents of a kind."""
        partner = self.env["res.partner"].create({"name": f"Template {name}", "is_company": True})
        order = self.env["sale.order"].create({
            "partner_id": partner.id,
            "order_line": [
                odoo.Command.create({"product_id": self.product.id, "product_uom_qty": 1}) for _n in range(LINES)
            ],
        })
        order.action_confirm()
        if name != "undelivered":
            self.deliver(order, order.order_line[: 4 if name == "partly" else LINES])
        invoice = self.env["account.move"]
        if name in ("closed", "open", "draft"):
            invoice = order._create_invoices()
        if name in ("closed", "open"):
            invoice.action_post()
        payment = self.env["account.move"]
        if name == "closed":
            wizard = self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids).create({})
            payment = wizard._create_payments().move_id
        return Kind(
            name, order.ids, order.order_line.ids, order.order_line.move_ids.ids, invoice.ids, invoice.line_ids.ids,
            payment.ids, payment.line_ids.ids)

    def deliver(self, order, lines):
        picking = order.picking_ids
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty if move.sale_line_id in lines else 0
            move.picked = move.sale_line_id in lines
        picking._action_done()

    # === COPIES ===#

    def multiply(self, kind, count):
        """Copy the documents of a kind ``count`` times, spread over the customers."""
        whale = int(count * WHALE_SHARE.get(kind.name, 0))
        self.cr.execute("DROP TABLE IF EXISTS spread")
        self.cr.execute(
            """CREATE TEMP TABLE spread AS
               SELECT n, (%(customers)s::int[])[CASE WHEN n < %(whale)s THEN 1 ELSE 2 + n %% %(others)s END] AS partner,
                      CURRENT_DATE + 20 - (n %% 40) AS due
                 FROM generate_series(0, %(count)s - 1) AS n""",
            {"customers": self.customers, "others": len(self.customers) - 1, "whale": whale, "count": count})
        name = f"'{kind.name}/' || s.n"
        party = {"partner_id": "s.partner", "commercial_partner_id": "s.partner", "partner_shipping_id": "s.partner"}
        orders = self.copy("sale_order", kind.orders, {
            **party, "partner_invoice_id": "s.partner", "name": name, "access_token": "NULL"})
        lines = self.copy("sale_order_line", kind.order_lines, {
            "order_id": self.follow(orders, kind.orders, "t.order_id"), "order_partner_id": "s.partner"})
        self.copy("stock_move", kind.moves, {
            "sale_line_id": self.follow(lines, kind.order_lines, "t.sale_line_id"), "picking_id": "NULL"})
        for moves, items, prefix in (
            (kind.invoices, kind.invoice_lines, ""), (kind.payments, kind.payment_lines, "PAY/"),
        ):
            if not moves:
                continue
            number = f"'{prefix}{kind.name}/' || s.n"
            draft = kind.name == "draft"
            first = self.copy("account_move", moves, {
                **party, "name": "'/'" if draft else number, "access_token": "NULL", "invoice_date_due": "s.due",
                "sequence_number": "s.n"})
            first_item = self.copy("account_move_line", items, {
                "move_id": self.follow(first, moves, "t.move_id"), "partner_id": "s.partner", "move_name": number,
                "date_maturity": "CASE WHEN t.date_maturity IS NULL THEN NULL ELSE s.due END"})
            if not prefix:
                self.link_invoice_lines(kind, lines, first_item)

    def follow(self, first, templates, column):
        """Expression for a reference to the copy of a template row."""
        return f"{first} + s.n * {len(templates)} + array_position(ARRAY{templates}, {column}::int) - 1"

    def copy(self, table, templates, values):
        """Insert the copies of rows of a table; returns the id of the first one."""
        self.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
            [table])
        columns = [row[0] for row in self.cr.fetchall() if row[0] != "id"]
        self.cr.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}")
        [first] = self.cr.fetchone()
        chosen = ", ".join(values.get(name, f't."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        self.cr.execute(
            f"""INSERT INTO {table} (id, {names})
                SELECT {first} + s.n * {len(templates)} + array_position(ARRAY{templates}, t.id) - 1, {chosen}
                  FROM spread s CROSS JOIN {table} t WHERE t.id = ANY(%s)""",
            [templates])
        self.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT MAX(id) FROM {table}))")
        return first

    def link_invoice_lines(self, kind, first_line, first_item):
        self.cr.execute(
            f"""INSERT INTO sale_order_line_invoice_rel (invoice_line_id, order_line_id)
                SELECT {self.follow(first_item, kind.invoice_lines, "rel.invoice_line_id")},
                       {self.follow(first_line, kind.order_lines, "rel.order_line_id")}
                  FROM spread s CROSS JOIN sale_order_line_invoice_rel rel
                 WHERE rel.invoice_line_id = ANY(%s)""",
            [kind.invoice_lines])
