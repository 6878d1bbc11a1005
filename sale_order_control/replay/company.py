"""The company of the replay: its people, its settings and the control policies to be tested."""

import re
from dataclasses import dataclass

from lxml.etree import XMLSyntaxError

from odoo import Command
from odoo.tools.convert import ParseError, convert_xml_import

from ..models.order.control_issue import SWITCHES

# What can be chosen by name, and which preset of the set-up wizard it is.
PRESETS = {'preset': 'domestic', 'domestic': 'domestic', 'joint': 'joint'}
# Named people can be referred to in a policy file by these external ids.
EXTERNAL_MODULE = 'sale_order_replay'

# role: (name, groups)
ROLES = {
    'sales_manager': ("Sales Manager", 'sales_team.group_sale_salesman_all_leads,sale_order_control.group_approver'),
    'finance': ("Finance Manager", 'sale_order_control.group_approver'),
    'general_manager': ("General Manager", 'sale_order_control.group_approver'),
    'controller': ("Credit Controller", 'sale_order_control.group_credit_controller'),
    'purchasing': ("Purchasing Manager", 'sale_order_control.group_approver'),
    'technical': ("Technical Manager", 'sale_order_control.group_approver'),
    'legal': ("Legal Counsel", 'sale_order_control.group_approver'),
    'planner': ("Delivery Planner", 'sale_order_control.group_delivery_planner,stock.group_stock_user'),
    'warehouse': ("Warehouse", 'stock.group_stock_user'),
    'accountant': ("Accountant", 'account.group_account_invoice'),
}
QUIET = {
    'tracking_disable': True,
    'mail_create_nolog': True,
    'mail_create_nosubscribe': True,
    'mail_notrack': True,
    'mail_auto_subscribe_no_notify': True,
    'mail_activity_quick_update': True,
    'no_reset_password': True,
}


class PolicyError(Exception):
    """The policy file cannot be loaded."""


@dataclass(frozen=True)
class People:
    """Who acts in the replay.

    :ivar roles: ``{key of ROLES: res.users}``
    :ivar salespeople: ``{employee key: res.users}``; the empty key stands for "nobody named"
    :ivar team: the sales team of all salespeople
    """

    roles: dict
    salespeople: dict
    team: object

    def __getattr__(self, role):
        try:
            return self.roles[role]
        except KeyError:
            raise AttributeError(role) from None


def create_people(env, book):
    """Create users for the roles and for every employee of the book, and one sales team."""
    users = {role: _prepare_user(env, role, name, groups) for role, (name, groups) in ROLES.items()}
    employees = {
        key: _prepare_user(env, f'sales_{key}', employee.name, 'sales_team.group_sale_salesman')
        for key, employee in book.employees.items()
    }
    if any(not order.employee for order in book.orders):
        employees[''] = _prepare_user(env, 'sales', "Salesperson", 'sales_team.group_sale_salesman')
    records = env['res.users'].create([*users.values(), *employees.values()])
    roles = dict(zip(users, records[:len(users)], strict=True))
    salespeople = dict(zip(employees, records[len(users):], strict=True))
    for key, user in [*roles.items(), *((f'sales_{key}', user) for key, user in salespeople.items() if key)]:
        _name_externally(env, key, user)
    team = env['crm.team'].create({
        'name': "Sales of the Order Book",
        'user_id': roles['sales_manager'].id,
        'member_ids': [Command.set([user.id for user in salespeople.values()])],
        'company_id': env.company.id,
    })
    return People(roles, salespeople, team)


def _prepare_user(env, key, name, groups):
    login = re.sub(r'[^a-z0-9]+', '_', key.lower())
    return {
        'name': name,
        'login': f'replay_{login}',
        # A name that no mail can reach, because messages need a sender.
        'email': f'{login}@replay.invalid',
        'notification_type': 'inbox',
        'company_id': env.company.id,
        'company_ids': [Command.set(env.company.ids)],
        'tz': 'UTC',
        'group_ids': [Command.set([env.ref(xmlid).id for xmlid in ('base.group_user', *groups.split(','))])],
    }


def _name_externally(env, key, record):
    env['ir.model.data'].create({
        'module': EXTERNAL_MODULE,
        'name': re.sub(r'[^a-z0-9_]+', '_', key.lower()),
        'model': record._name,
        'res_id': record.id,
        'noupdate': True,
    })


def prepare_company(env, book, find_country):
    """Make the company ready to sell: chart of accounts, home country, exact prices, silence."""
    company = env.company
    if not company.chart_template:
        env['account.chart.template'].try_loading('generic_coa', company, install_demo=False)
    home = find_country(_get_home(book))
    if home:
        company.country_id = home
        company.account_fiscal_country_id = home
    company.write({'portal_confirmation_sign': False, 'portal_confirmation_pay': False})
    # Deliveries send neither mail nor text messages.
    for name in {'stock_move_email_validation', 'stock_text_confirmation'} & company._fields.keys():
        company[name] = False
    env['ir.mail_server'].search([]).active = False
    _widen_precision(env, book)
    return env['account.payment.term'].create({
        'name': "Order book: 30 days",
        'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
    })


def _get_home(book):
    """Return the country the company sells from: its employees' most frequent one, else its customers'."""
    for rows in (book.employees, book.customers):
        countries = sorted(row.country for row in rows.values() if row.country)
        if countries:
            return max(countries, key=countries.count)
    return ''


def _widen_precision(env, book):
    """Keep as many decimals as the book has, or its totals would not come out."""
    lines = [line for order in book.orders for line in order.lines]
    needed = {
        'Product Price': max(-line.price.as_tuple().exponent for line in lines),
        'Product Unit': max(-line.quantity.as_tuple().exponent for line in lines),
        'Discount': max(-line.discount.as_tuple().exponent for line in lines) - 2,
    }
    for precision in env['decimal.precision'].search([('name', 'in', list(needed))]):
        if precision.digits < needed[precision.name]:
            precision.digits = needed[precision.name]


def apply_policy(env, policy, people):
    """Switch the controls to be tested on.

    :param str policy: ``none``, a key of ``PRESETS``, or the path of an Odoo data file (XML) with
        switches, grades and approval policies of one's own
    """
    if policy == 'none':
        return
    if policy not in PRESETS:
        try:
            with open(policy, 'rb') as handle:
                convert_xml_import(env, EXTERNAL_MODULE, handle, {}, mode='init', noupdate=True)
        except (ParseError, XMLSyntaxError) as error:
            raise PolicyError(f"The policy file {policy} cannot be used: {error.__cause__ or error}") from error
        return
    set_up(env, people, PRESETS[policy], dict.fromkeys(SWITCHES, 'enforce'))


def set_up(env, people, preset, switches):
    """Run the set-up wizard with the people of the replay.

    :param str preset: a preset of the wizard
    :param dict switches: ``{switch of the company: mode}``
    :return: the policies of the preset
    """
    return env['sale.control.setup'].create({
        'company_id': env.company.id,
        'preset': preset,
        'sales_manager_ids': [Command.set(people.sales_manager.ids)],
        'finance_ids': [Command.set(people.finance.ids)],
        'supply_ids': [Command.set(people.planner.ids)],
        'general_manager_ids': [Command.set(people.general_manager.ids)],
        'purchasing_ids': [Command.set(people.purchasing.ids)],
        'technical_ids': [Command.set(people.technical.ids)],
        'legal_ids': [Command.set(people.legal.ids)],
        **switches,
        # Everything in the book counts, from its first day on.
        'control_go_live': False,
    })._apply()
