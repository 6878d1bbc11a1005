from odoo import api, fields, models

from ...order.control_issue import ControlIssue


class SaleOrder(models.Model):
    """Orders that a policy wants a contract for are confirmed when it is signed, valid, verified and the same."""

    _inherit = 'sale.order'

    contract_ids = fields.One2many(
        'sale.order.contract', 'order_id', string="Contracts", copy=False, groups='base.group_user')
    contract_count = fields.Integer(compute='_compute_contract_count', groups='base.group_user')

    @api.depends('contract_ids')
    def _compute_contract_count(self):
        counts = self._count_readable('sale.order.contract')
        for order in self:
            order.contract_count = counts.get(order._origin, 0)

    def _get_policy_issues(self, checkpoint, rules, issues, terms):
        found = super()._get_policy_issues(checkpoint, rules, issues, terms)
        if checkpoint not in ('submit', 'confirm'):
            return found
        demands = self.browse(rules)._get_order_demands(found, rules)
        bound = self.browse(order_id for order_id, keys in demands.items() if 'contract' in keys)
        contracts = bound._get_live_contracts()
        for order in bound:
            issue = order._get_contract_issue(checkpoint, contracts.get(order.id), terms[order.id])
            if issue:
                found[order.id] = [*found.get(order.id, []), issue]
        return found

    def _filter_signed_as_is(self):
        """Filter the orders that their customers signed on the web page with exactly the terms they have.

        What a colleague writes into the signature, or records as a check, is no signature of the customer's.
        """
        orders = self.filtered('signature')
        if not orders:
            return orders
        terms = orders._get_control_terms()
        facts = self.env['sale.order.acceptance'].sudo().search([
            ('order_id', 'in', orders.ids), ('channel', '=', 'portal'), ('result', '=', 'agreed'),
            ('user_id.share', '=', True), ('digest', 'in', [terms[order.id].digest for order in orders])])
        return orders.browse(
            fact.order_id.id for fact in facts if fact.digest == terms[fact.order_id.id].digest)

    def _get_live_contracts(self):
        """Return ``{order_id: sale.order.contract}`` of those that are not cancelled; in sudo."""
        if not self:
            return {}
        contracts = self.env['sale.order.contract'].sudo().search(
            [('order_id', 'in', self.ids), ('state', '!=', 'cancelled')])
        return {contract.order_id.id: contract for contract in contracts}

    def _get_contract_issue(self, checkpoint, contract, terms):
        """Return what a contract lacks before the order may be confirmed; told at *submit*, for it comes later."""
        self.ensure_one()
        problem = contract._get_problem(terms) if contract else (
            'missing', self.env._("The order needs a signed contract."),
            self.env._("Use “Prepare a Contract” in the gear menu of the order; somebody else verifies it."))
        if not problem:
            return None
        key, message, clears = problem
        return ControlIssue(
            code=f'contract.{key}',
            area='approval',
            effect='warn' if checkpoint == 'submit' else 'block',
            message=message,
            clears=clears,
            facts={'contract': contract.id if contract else False},
        )

    def action_prepare_contract(self):
        """Open the contract of the order, or a new one that is prepared from its terms."""
        self.ensure_one()
        self.check_access('write')
        contract = self.contract_ids.filtered(lambda contract: contract.state != 'cancelled')[:1]
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Contract of %s", self.name),
            'res_model': 'sale.order.contract',
            'view_mode': 'form',
            'res_id': contract.id,
            'context': {'default_order_id': self.id},
        }

    def action_view_contracts(self):
        """Open the contracts of the order."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Contracts of %s", self.name),
            'res_model': 'sale.order.contract',
            'view_mode': 'list,form',
            'domain': [('order_id', '=', self.id)],
            'context': {'default_order_id': self.id},
        }
