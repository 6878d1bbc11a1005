from odoo import models


class SaleOrder(models.Model):
    """Who orders and who gets the goods, where somebody else is invoiced: holds and limits are not left behind."""

    _inherit = 'sale.order'

    def _get_credit_owners(self, terms):
        """Return the commercial partner of all whom these orders name: ``{partner_id: res.partner}``, in sudo."""
        partners = self.env['res.partner'].sudo().browse({
            partner_id for order in self for partner_id in (
                terms[order.id].partner_invoice_id, terms[order.id].partner_id, terms[order.id].partner_shipping_id)})
        return {partner.id: partner.commercial_partner_id for partner in partners}

    def _get_credit_parties(self, terms, owners, accounts, decisions, amount, looseness):
        """Return what an order has to do with others than who is invoiced.

        :param ControlTerms terms: of this order
        :param dict owners: see :meth:`_get_credit_owners`
        :param dict accounts: ``{commercial partner id: credit.account}``
        :param DecisionsInForce decisions: on all these accounts
        :param float amount: what the order adds, in the currency of the root company
        :param float looseness: how the order is settled, see ``get_looseness``
        :return: ``customer`` and ``others_held`` of :class:`CreditCheck`
        """
        self.ensure_one()
        payer, customer = owners[terms.partner_invoice_id], owners[terms.partner_id]
        today, none = self._get_control_today(), self.env['credit.account'].sudo()
        held = none.union(*(
            accounts.get(other.id, none) for other in (customer | owners[terms.partner_shipping_id]) - payer
        )).filtered(lambda account: account.is_held and not decisions.get_own_release(
            account, self, amount, today, looseness))
        judged = customer != payer and accounts.get(customer.id, none)._is_under_control(customer, self.company_id)
        return {'customer': customer if judged else customer.browse(), 'others_held': held}


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _is_under_control(self, owner, company):
        """Whether anything says how much a customer may owe: a limit, a group or a grade.

        :param credit.account self: its account, empty for a customer that has none
        :param res.partner owner: the commercial partner
        :param res.company company: any company of the tree
        """
        root = company.sudo().root_id
        return bool(
            self.grade_id or self.pool_id or self.is_zero_limit
            or root.currency_id.round(owner.with_company(root).credit_limit) > 0)
