from odoo import SUPERUSER_ID, Command, api, fields, models

from ...order.control_memory import control_acting, control_memory


class SaleOrder(models.Model):
    """Who made the terms of somebody else's order worse is a maker of it, and of its copies.

    Nobody agrees to a discount of their own.
    """

    _inherit = 'sale.order'

    approval_maker_ids = fields.Many2many(
        'res.users', 'sale_order_approval_maker_rel', 'order_id', 'user_id', string="Made It Too", readonly=True,
        copy=False, groups='base.group_user',
        help="Users who sold the order before somebody else did, changed its terms to the worse without having "
             "entered it, or entered the quotation that it is a copy of: they do not approve it.")
    approval_has_makers = fields.Boolean(
        readonly=True, copy=False, groups='base.group_user',
        help="Whether anybody made it too: hardly any order is asked who.")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'approval_maker_ids', 'approval_has_makers'}

    def _get_approval_makers(self):
        makers = super()._get_approval_makers()
        return makers | self.approval_maker_ids if self.approval_has_makers else makers

    def write(self, vals):
        if 'approval_maker_ids' in vals:
            vals = {**vals, 'approval_has_makers': True}
        return super().write(vals)

    def copy(self, default=None):
        copies = super().copy(default)
        copies._keep_makers(self)
        return copies

    def _keep_makers(self, sources):
        """Remember those who made the terms that were copied: a copy is no way to approve one's own discount.

        Who copies is the maker of the copy anyhow; customers and the system's own user decide on nothing.

        :param sources: the order that each of these is a copy of
        """
        found = {}
        for order, source in zip(self.sudo(), sources.sudo(), strict=True):
            if order.company_id and order.company_id._get_control_mode('approval') != 'off':
                makers = source._get_approval_makers().filtered(
                    lambda user: user.id not in (self.env.uid, SUPERUSER_ID) and not user.share)
                found[makers] = found.get(makers, order.browse()) | order
        with control_acting(self.env):
            for makers, orders in found.items():
                if makers:
                    orders.write({'approval_maker_ids': [Command.link(user.id) for user in makers]})

    def _get_control_watched(self):
        # Who entered a quotation is its maker anyhow: those edits are not compared.
        return super()._get_control_watched() | self.filtered(
            lambda order: order.state in ('draft', 'sent'))._get_makeable()

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        # What an approver changes within a request is judged there.
        if not control_memory(self.env).revising:
            self._get_makeable().filtered(
                lambda order: order._drop_better_price(
                    order._get_worse_terms(after[order.id], before[order.id], 0.0)))._add_maker()

    @api.model
    def _drop_better_price(self, aspects):
        """Leave out the amount where the same goods got a better price.

        More is owed then, but whether that is too much another control says.

        :param aspects: what :meth:`_get_worse_terms` names, without tolerance: many small steps would lead anywhere
        :return: set of aspects
        """
        return set(aspects) if {'quantity', 'product'} & set(aspects) else set(aspects) - {'amount'}

    def _get_makeable(self):
        """Filter the orders under approval control that somebody else entered than the current user.

        Never for customers and the system's own user: they decide on nothing.
        """
        controlled = self.filtered(
            lambda order: order.company_id and order.company_id._get_control_mode('approval') != 'off')
        foreign = controlled.filtered(lambda order: order.create_uid.id != self.env.uid)
        # Asked last: while approval is off, and for own orders, nothing is read.
        if not foreign or self.env.uid == SUPERUSER_ID or self.env.user.share:
            return self.browse()
        return foreign

    def _add_maker(self):
        """Remember the current user as a maker of these orders, from now on."""
        orders = self.sudo().filtered(lambda order: self.env.user not in order.approval_maker_ids)
        if orders:
            with control_acting(self.env):
                orders.write({'approval_maker_ids': [Command.link(self.env.uid)]})
