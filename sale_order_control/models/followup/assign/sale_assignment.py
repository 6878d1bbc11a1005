from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

# A quotation nobody has touched for so long is no work any more.
QUOTATION_DAYS = 60


class SaleAssignment(models.Model):
    """A fact: an order that came in without a salesperson was given to one, and why."""

    _name = 'sale.assignment'
    _inherit = ['sale.control.fact']
    _description = "Assignment of an Order"
    _order = 'id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    rule_id = fields.Many2one('sale.assignment.rule', required=True, readonly=True, ondelete='restrict', index=True)
    user_id = fields.Many2one('res.users', string="Salesperson", required=True, readonly=True, ondelete='restrict')
    open_count = fields.Integer(string="Open Orders Then", readonly=True)
    reason = fields.Char(string="Why", readonly=True)


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_assigning(self):
        """Filter the companies in which orders without a salesperson are given to somebody."""
        rules = self.env['sale.assignment.rule']
        return self.sudo().filtered(lambda company: company.control_followup and rules._get_rule_ids(company.id))


class SaleOrder(models.Model):
    """Orders that come in without a salesperson: from the website, the portal, by mail, by import."""

    _inherit = 'sale.order'

    assignment_ids = fields.One2many('sale.assignment', 'order_id', readonly=True, groups='base.group_user')
    assignment_summary = fields.Char(
        string="Assigned Because", compute='_compute_assignment_summary', compute_sudo=True, groups='base.group_user')

    _assignment_open_idx = models.Index(
        "(user_id) WHERE state IN ('draft', 'sent') "
        "OR state = 'sale' AND delivery_status IN ('pending', 'started', 'partial')")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'assignment_ids'}

    @api.depends('assignment_ids', 'user_id')
    def _compute_assignment_summary(self):
        for order in self:
            last = order.assignment_ids[:1]
            order.assignment_summary = last.user_id == order.user_id and last.reason

    # === WHEN ===#

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._assign_salespeople()
        return orders

    def _control_event(self, name):
        if name in ('submitted', 'confirmed', 'parked'):
            self._assign_salespeople()
        super()._control_event(name)

    def action_assign_salesperson(self):
        """Give these orders to salespeople by the rules; who has one already is left alone.

        :raise AccessError: for who does not see all orders
        """
        if not self.env.user.has_group('sales_team.group_sale_salesman_all_leads'):
            raise AccessError(self.env._("Orders are given to salespeople by sales managers."))
        self.check_access('write')
        without = self.filtered(lambda order: not order.user_id)
        without._assign_salespeople(carts=True)
        given = without.filtered('user_id')
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': self.env._(
                    "%(given)s given to salespeople; no rule fits %(left)s. %(had)s had one already.",
                    given=len(given), left=len(without - given), had=len(self - without)),
                'type': 'success' if given else 'warning',
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === WHO ===#

    def _assign_salespeople(self, carts=False):
        """Give those of these orders to somebody that have no salesperson, where rules are set up.

        :param bool carts: also carts of website visitors, who may never order
        """
        without = self.sudo().filtered(lambda order: not order.user_id and order.state != 'cancel')
        if not without:
            return
        if not carts and 'website_id' in self._fields:
            without = without.filtered(lambda order: not order.website_id or order.state != 'draft')
        for company in without.company_id._get_assigning():
            without.filtered(lambda order, company=company: order.company_id == company)._assign_by_rules(company)

    def _assign_by_rules(self, company):
        """Give orders of a company to who has least to do of those whom the first fitting rule names."""
        rules = self.env['sale.assignment.rule'].sudo().browse(
            self.env['sale.assignment.rule']._get_rule_ids(company.id))
        people = {rule: rule._get_people(company) for rule in rules}
        loads = self._get_workloads(self.env['res.users'].union(*people.values()), company)
        facts, given = [], {}
        for order in self:
            for rule in rules:
                words = rule._match(order)
                free = people[rule].filtered(
                    lambda user, rule=rule: not rule.max_open or loads[user.id] < rule.max_open)
                if words is None or not free:
                    continue
                user = min(free, key=lambda one: (loads[one.id], one.id))
                given.setdefault(user, self.browse())
                given[user] |= order
                facts.append({
                    'order_id': order.id, 'company_id': company.id, 'rule_id': rule.id, 'user_id': user.id,
                    'open_count': loads[user.id],
                    'reason': rule._word_assignment(words, user, free, loads),
                })
                loads[user.id] += 1
                break
        for user, orders in given.items():
            orders.user_id = user
        if facts:
            self.env['sale.assignment']._record_facts(facts)

    @api.model
    def _get_workloads(self, users, company):
        """Count what salespeople have open: fresh quotations, and orders that are not delivered completely.

        :return: ``{user_id: number}``
        """
        if not users:
            return {}
        self.env['sale.order'].flush_model(['user_id', 'state', 'delivery_status', 'company_id', 'date_order'])
        rows = self.env.execute_query(SQL(
            """SELECT user_id, count(*) FROM sale_order
                WHERE user_id IN %(users)s AND company_id = %(company)s
                  AND (state IN ('draft', 'sent')
                       OR state = 'sale' AND delivery_status IN ('pending', 'started', 'partial'))
                  AND (state = 'sale' OR date_order >= %(since)s)
                GROUP BY user_id""",
            users=users._ids, company=company.id,
            since=self._get_control_today() - timedelta(days=QUOTATION_DAYS)))
        return {**dict.fromkeys(users.ids, 0), **dict(rows)}


class SaleFollowupRule(models.Model):
    _inherit = 'sale.followup.rule'

    @api.model
    def _get_tick_work(self):
        return [*super()._get_tick_work(), self._assign_left]

    @api.model
    def _assign_left(self, limit):
        """Give orders to somebody that nobody could take when they came in.

        :return: whether there is time for more
        """
        orders = self.env['sale.order'].sudo()
        for company in self._get_followed_companies()._get_assigning():
            domain = [
                ('user_id', '=', False), ('state', 'in', ('draft', 'sent', 'sale')), ('company_id', '=', company.id),
                ('create_date', '>=', company.control_followup_since),
                '|', ('state', '!=', 'sale'), ('delivery_status', '!=', 'full'),
            ]
            if 'website_id' in orders._fields:
                # Carts are nobody's yet.
                domain += ['|', ('website_id', '=', False), ('state', '!=', 'draft')]
            if not self.env['sale.control.job']._work_off(
                    orders.search(domain, order='id').ids,
                    lambda ids, domain=domain: orders.search([*domain, ('id', 'in', ids)]),
                    lambda chunk: chunk._assign_salespeople(), limit, self._report_unassigned):
                return False
        return True

    @api.model
    def _report_unassigned(self, failures):
        for order, reason in failures.items():
            self._report_on_document(order, order.company_id, reason)


class SaleAssignmentRule(models.Model):
    _inherit = 'sale.assignment.rule'

    def _word_assignment(self, words, user, free, loads):
        """Say which rule fits by what, and why it is this person."""
        self.ensure_one()
        because = self.env._("Rule “%(rule)s”%(words)s.", rule=self.name, words=words and f": {', '.join(words)}" or "")
        others = free - user
        if not others:
            return self.env._("%(because)s %(user)s is the only one who can take it.", because=because, user=user.name)
        return self.env._(
            "%(because)s %(user)s has the fewest open orders: %(count)s, others have %(least)s or more.",
            because=because, user=user.name, count=loads[user.id], least=min(loads[one.id] for one in others))
