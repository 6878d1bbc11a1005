"""Master data of an order book, created through the ORM: customers, addresses, products, stock."""

from collections import defaultdict

from odoo import Command, fields

from . import behaviour
from .book import Problem

# Names in common use that Odoo's list of countries does not have.
COUNTRY_ALIASES = {
    'USA': 'US', 'U.S.A.': 'US', 'UNITED STATES OF AMERICA': 'US',
    'UK': 'GB', 'U.K.': 'GB', 'GREAT BRITAIN': 'GB', 'ENGLAND': 'GB',
    'KOREA': 'KR', 'CZECH REPUBLIC': 'CZ', 'TURKEY': 'TR', 'RUSSIA': 'RU', 'HOLLAND': 'NL',
}


class Countries:
    """Finds countries and their states by the names and codes that books use."""

    def __init__(self, env):
        self.by_name = {}
        countries = env['res.country'].with_context(lang='en_US').search([])
        for country in countries:
            self.by_name[country.name.upper()] = country
            self.by_name.setdefault(country.code.upper(), country)
        for alias, code in COUNTRY_ALIASES.items():
            self.by_name.setdefault(alias, self.by_name[code])
        self.states = {}
        for state in env['res.country.state'].search([]):
            self.states[state.country_id.id, state.code.upper()] = state
            self.states.setdefault((state.country_id.id, state.name.upper()), state)
        self.none = countries.browse()

    def find(self, name):
        """Return the country of that name or code, empty when unknown."""
        return self.by_name.get(name.strip().upper(), self.none)

    def find_state(self, country, region):
        """Return the id of a state of a country by code or name, or False."""
        state = self.states.get((country.id, region.strip().upper()))
        return state.id if state else False


class Loader:
    """Creates the master data of one book.

    :ivar customers: ``{customer key: res.partner}``
    :ivar products: ``{product key: product.product}``
    :ivar problems: remarks on what could not be taken over
    """

    def __init__(self, env, book, payment_term, countries):
        self.env = env
        self.book = book
        self.payment_term = payment_term
        self.countries = countries
        self.customers = {}
        self.products = {}
        self.problems = []
        self._addresses = {}

    def load(self):
        """Create customers, products and the stock that the book needs."""
        self._load_customers()
        self._load_addresses()
        self._load_products()
        self._load_stock()
        self.source = self.env['sale.control.source'].create({'name': "Order Book", 'form': 'written'})
        return self

    # === CUSTOMERS ===#

    def _load_customers(self):
        rows = list(self.book.customers.values())
        partners = self.env['res.partner'].create([self._prepare_customer(row) for row in rows])
        self.customers = dict(zip((row.key for row in rows), partners, strict=True))

    def _prepare_customer(self, row):
        country = self.countries.find(row.country)
        if row.country and not country:
            self.problems.append(Problem(
                'customers.csv', row.line, f"Country {row.country} is unknown; it was left empty.", left_out=False))
        values = {
            'name': row.name,
            'ref': row.key,
            'is_company': True,
            'phone': row.phone,
            'property_payment_term_id': self.payment_term.id,
            **self._prepare_address(row.street, row.city, row.region, row.postal_code, country),
        }
        if row.contact:
            values['child_ids'] = [Command.create({
                'name': row.contact, 'function': row.contact_title, 'type': 'contact'})]
        return values

    def _prepare_address(self, street, city, region, postal_code, country):
        return {
            'street': street,
            'city': city,
            'zip': postal_code,
            'country_id': country.id,
            'state_id': self.countries.find_state(country, region),
        }

    def _load_addresses(self):
        """Create a delivery address wherever orders went elsewhere than to the customer's own."""
        wanted = {}
        for order in self.book.orders:
            if self._goes_elsewhere(order):
                wanted.setdefault(self._address_key(order), order)
        partners = self.env['res.partner'].create([
            {
                'parent_id': self.customers[order.customer].id,
                'type': 'delivery',
                'name': order.ship_name,
                **self._prepare_address(
                    order.ship_street, order.ship_city, order.ship_region, order.ship_postal_code,
                    self.countries.find(order.ship_country)),
            }
            for order in wanted.values()
        ])
        self._addresses = dict(zip(wanted, partners, strict=True))

    def _goes_elsewhere(self, order):
        customer = self.book.customers[order.customer]
        return bool(order.ship_street) and (
            order.ship_name, order.ship_street, order.ship_city) != (customer.name, customer.street, customer.city)

    @staticmethod
    def _address_key(order):
        return order.customer, order.ship_name, order.ship_street, order.ship_city, order.ship_country

    # === PRODUCTS ===#

    def _load_products(self):
        categories = self.env['product.category'].create([
            {'name': row.name} for row in self.book.categories.values()])
        category_ids = dict(zip(self.book.categories, categories.ids, strict=True))
        costs = behaviour.unit_costs(self.book)
        lead = behaviour.lead_days(self.book)
        rows = list(self.book.products.values())
        products = self.env['product.product'].create([
            {
                'name': row.name,
                'default_code': row.key,
                'description_sale': row.packing,
                'type': 'consu',
                'is_storable': True,
                # Invoices follow deliveries, and the book's amounts are without taxes.
                'invoice_policy': 'delivery',
                'taxes_id': [Command.clear()],
                'supplier_taxes_id': [Command.clear()],
                'list_price': float(row.list_price or 0),
                'standard_price': float(costs[row.key]),
                'sale_delay': lead,
                **({'categ_id': category_ids[row.category]} if row.category else {}),
            }
            for row in rows
        ])
        self.products = dict(zip((row.key for row in rows), products, strict=True))

    def _load_stock(self):
        """Put everything the book sells into stock: what was shipped was there."""
        needed = defaultdict(float)
        for order in self.book.orders:
            for line in order.lines:
                needed[line.product] += float(line.quantity)
        location = self.env['stock.warehouse'].search([('company_id', '=', self.env.company.id)], limit=1).lot_stock_id
        quants = self.env['stock.quant'].with_context(inventory_mode=True).create([
            {'product_id': self.products[key].id, 'location_id': location.id, 'inventory_quantity': quantity}
            for key, quantity in needed.items()
        ])
        quants.action_apply_inventory()

    # === ORDERS ===#

    def prepare_order(self, order, salesperson, team):
        """Return the values of a quotation as the salesperson would enter it."""
        partner = self.customers[order.customer]
        shipping = self._addresses.get(self._address_key(order), partner)
        return {
            'partner_id': partner.id,
            'partner_invoice_id': partner.id,
            'partner_shipping_id': shipping.id,
            'user_id': salesperson.id,
            'team_id': team.id,
            'client_order_ref': order.key,
            # Odoo's own default knows nothing of simulated days.
            'date_order': fields.Datetime.now(),
            'control_source_id': self.source.id,
            'requested_date': order.requested,
            'payment_term_id': self.payment_term.id,
            'require_signature': False,
            'require_payment': False,
            'order_line': [
                Command.create({
                    'product_id': self.products[line.product].id,
                    'product_uom_qty': float(line.quantity),
                    'price_unit': float(line.price),
                    'discount': float(line.discount * 100),
                })
                for line in order.lines
            ],
        }
