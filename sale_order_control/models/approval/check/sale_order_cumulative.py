from dataclasses import replace
from datetime import datetime, timedelta

from odoo import fields, models
from odoo.tools import SQL

from ...order.control_memory import control_memory


class ResPartner(models.Model):
    _inherit = 'res.partner'

    # Serialises the orders of a customer that a policy counts together.
    approval_turn = fields.Integer(readonly=True, copy=False, groups='base.group_user')


class SaleOrder(models.Model):
    """Policies that count what was ordered lately by or for a customer: splitting an order leads round no level."""

    _inherit = 'sale.order'

    def _get_order_figures(self, terms, issues, rules):
        figures = super()._get_order_figures(terms, issues, rules)
        scopes = {
            (rule.cumulative_days, rule.company_id)
            for order in self for rule in rules[order.id] if rule.cumulative_days}
        if scopes:
            for order_id, others in self._get_lately_ordered(figures, scopes, terms).items():
                figures[order_id] = replace(figures[order_id], lately=others)
        return figures

    def _get_lately_ordered(self, figures, scopes, terms):
        """Sum up the other orders of each order's customer and payer, their branches and contacts.

        Counted are confirmed orders, those that wait for approval, and those that are judged together with it, of
        the policy's company and of its branches: a half that another branch sells is a half, and so is one that
        another customer orders for the same payer. Of the dates of an order, the later one counts: its maker can
        only write one of them.

        :param dict figures: ``{order_id: ApprovalFigures}``
        :param set scopes: ``(days to look back, id of the policy's company)``
        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: (((days, company id), amount without taxes in the order's currency), ...)}``
        """
        orders = self.sudo()
        parties = orders._get_judged_parties(terms)
        companies = {company_id for _days, company_id in scopes}
        everybody = set().union(*parties.values())
        sums = {days: self._sum_lately_ordered(everybody, days, companies) for days, _company in scopes}
        return {
            order.id: tuple(
                ((days, company_id), order._sum_other_orders(orders, figures, sums[days], company_id, parties))
                for days, company_id in scopes if company_id in order.company_id.parent_ids._ids)
            for order in orders
        }

    def _get_judged_parties(self, terms):
        """Return ``{order_id: ids of the companies that order and that pay}``, as the terms say."""
        contacts = self._browse_partners(
            *(partner_id for order in self for partner_id in (terms[order.id].partner_id, terms[order.id].payer_id)))
        customers = {contact.id: contact.commercial_partner_id.id for contact in contacts}
        return {
            order.id: frozenset(
                customers[partner_id] for partner_id in (terms[order.id].partner_id, terms[order.id].payer_id)
                if partner_id)
            for order in self
        }

    def _get_own_parties(self):
        """Return the ids of the companies that order and that pay, as the order says."""
        return frozenset((self.partner_id | self.partner_invoice_id).commercial_partner_id.ids)

    def _sum_other_orders(self, orders, figures, sums, company_id, parties):
        """Sum up what the database has of customer and payer, what is judged together with the order, without itself.

        :param orders: what is judged together
        :param dict sums: result of :meth:`_sum_lately_ordered`
        :param int company_id: the policy's company
        :param dict parties: result of :meth:`_get_judged_parties`
        :return: amount without taxes, in the order's currency
        """
        self.ensure_one()
        past, today = control_memory(self.env).past, self._get_control_today()
        mine = parties[self.id]
        # What one of them ordered and the other pays is found under both, and counts once.
        found = {}
        for party in mine:
            found.update(sums.get((party, company_id), {}))
        # Orders of the past were not judged together, whatever is read together now.
        together = [
            (other.currency_id, figures[other.id].amount) for other in orders
            if not past and other != self and not other._is_counted()
            and mine & parties[other.id] and company_id in other.company_id.parent_ids._ids]
        counted = self._is_counted() and (not past or self.date_order.date() <= today)
        own = [(self.currency_id, -self.amount_untaxed)] if counted and mine & self._get_own_parties() else []
        currency = self.env['res.currency'].browse(figures[self.id].currency_id)
        return max(0.0, sum(
            source._convert(amount, currency, self.company_id, today)
            for source, amount in [*found.values(), *together, *own]))

    def _is_counted(self):
        """Whether the order is among those that the database sums up."""
        self.ensure_one()
        return self.state == 'sale' or self.approval_state == 'pending'

    def _sum_lately_ordered(self, parties, days, company_ids):
        """Sum up what companies ordered, or what was ordered for them to pay.

        :param set parties: ids of commercial partners
        :return: ``{(commercial partner id, id of a policy's company): {key of the sum: (currency, amount without
            taxes)}}``; the same sum stands under the customer and under the payer
        """
        since = datetime.combine(self._get_control_today() - timedelta(days=days), datetime.min.time())
        rows = self.env['sale.order'].sudo()._read_group(
            [
                '|', ('partner_id', 'child_of', list(parties)), ('partner_invoice_id', 'child_of', list(parties)),
                ('company_id', 'child_of', list(company_ids)),
                '|', ('state', '=', 'sale'), ('approval_state', '=', 'pending'),
                '|', ('create_date', '>=', since), ('date_order', '>=', since),
                *self._get_past_domain(),
            ],
            ['partner_id', 'partner_invoice_id', 'company_id', 'currency_id'], ['amount_untaxed:sum'])
        sums = {}
        for number, (partner, payer, company, currency, amount) in enumerate(rows):
            for party in {partner.commercial_partner_id.id, payer.commercial_partner_id.id}:
                for company_id in company_ids.intersection(company.parent_ids._ids):
                    sums.setdefault((party, company_id), {})[number] = (currency, amount)
        return sums

    def _get_past_domain(self):
        """Leave out what was ordered after the day as of which orders of the past are judged."""
        if not control_memory(self.env).past:
            return []
        tomorrow = self._get_control_today() + timedelta(days=1)
        return [('date_order', '<', datetime.combine(tomorrow, datetime.min.time()))]

    def _get_judged_amount(self, rule, figures):
        lately = dict(figures.lately).get((rule.cumulative_days, rule.company_id), 0.0)
        return super()._get_judged_amount(rule, figures) + lately

    # === RACE ===#

    def _control_serialise(self, checkpoint):
        super()._control_serialise(checkpoint)
        if checkpoint != 'confirm':
            return
        self._get_counted_together()._take_customer_turn()

    def _get_counted_together(self):
        """Filter the orders that a policy in force looks at which counts several orders; in sudo."""
        orders = self.sudo().filtered(
            lambda order: order.company_id and order.company_id._get_control_mode('approval', 'confirm') == 'enforce')
        policies = self.env['sale.approval.policy']
        rules = {
            rule for company in orders.company_id
            for rule in policies._get_rules(tuple(company.parent_ids.ids)) if rule.cumulative_days}
        return orders.browse(orders._get_rules_in_scope(rules)) if rules else orders.browse()

    def _take_customer_turn(self):
        """Let two halves meet by a real update: the later one is tried again and sees the earlier.

        Of one customer or for one payer; the rows are locked in the order of their ids, so that nobody waits in a
        circle.
        """
        customers = (self.partner_id | self.partner_invoice_id).commercial_partner_id
        if customers:
            self.env.cr.execute(SQL(
                """UPDATE res_partner SET approval_turn = COALESCE(approval_turn, 0) + 1
                    WHERE id IN (SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)""",
                customers._ids))
