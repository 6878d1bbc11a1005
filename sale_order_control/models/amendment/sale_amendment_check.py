from odoo import models
from odoo.tools.misc import formatLang

from .sale_amendment import HEADER_FIELDS, OPEN_STATES


class SaleAmendment(models.Model):
    """What is impossible, outdated or spoken for: told while it is typed, refused when it is submitted or applied."""

    _inherit = 'sale.amendment'

    # === IMPOSSIBLE ===#

    def _get_obstacles(self):
        """Say what cannot be done, whoever agreed to it.

        :return: list of translated sentences that say what to do instead
        """
        self.ensure_one()
        order = self.order_id._origin.sudo()
        if order.state != 'sale':
            return [self.env._("%s is no confirmed order: change it directly.", order.name)]
        if not order.can_amend:
            return [self.env._(
                "Only confirmed orders are amended, and only where Amendment Control is switched on.")]
        changes = self._get_line_changes(self._get_base_terms())
        lines = self.env['sale.order.line'].sudo()
        overdue = order._explain_overdue_drop({
            lines.browse(old.key): old.quantity - (new.quantity if new else 0.0)
            for old, new, _row in changes if old and (not new or new.quantity < old.quantity)})
        found = [overdue] if overdue else []
        if self.scope == 'order':
            return found + self._get_cancel_obstacles(order)
        for old, new, _row in changes:
            found += self._get_line_obstacles(old, new)
        return found

    def _get_cancel_obstacles(self, order):
        obstacles = []
        if any(line.qty_delivered > 0 for line in order.order_line):
            obstacles.append(self.env._(
                "Goods of %s were delivered already: cancel the rest instead, or take the goods back first.",
                order.name))
        posted = order.invoice_ids.filtered(lambda move: move.state == 'posted')
        if posted:
            obstacles.append(self.env._(
                "%(order)s was invoiced already (%(invoices)s): cancel the rest instead, or credit the invoices first.",
                order=order.name, invoices=", ".join(posted.mapped('name'))))
        return obstacles

    def _get_line_obstacles(self, old, new):
        found = []
        product = self.env['product.product'].sudo().browse((new or old).product_id).display_name
        line = self.env['sale.order.line'].sudo().browse(old.key if old else ()).exists()
        if new and new.quantity < 0 and (not old or old.quantity >= 0):
            found.append(self.env._("%s: a quantity cannot be below zero.", product))
        if not line or not new:
            return found
        for done, label in ((line.qty_delivered, self.env._("delivered")),
                            (line.qty_invoiced_posted, self.env._("invoiced"))):
            if new.quantity < min(done, old.quantity) - 1e-6:
                found.append(self.env._(
                    "%(product)s: %(done)s %(unit)s are %(how)s already, so fewer cannot be ordered. Take goods back, "
                    "or give a credit note, instead.", product=product, done=formatLang(self.env, done, digits=2),
                    unit=line.product_uom_id.name, how=label))
        repriced = (new.price_unit, new.discount) != (old.price_unit, old.discount)
        if repriced and line.qty_invoiced_posted and line.qty_invoiced_posted >= new.quantity - 1e-6:
            found.append(self.env._(
                "%s is invoiced in full: another price would reach nobody. Give a credit note instead.", product))
        return found

    # === OUTDATED ===#

    def _get_touched(self, base=None):
        """Return what the amendment changes as a set of keys: ids of order lines and names of terms."""
        self.ensure_one()
        base = base or self._get_base_terms()
        keys = {old.key for old, _new, _row in self._get_line_changes(base) if old}
        return keys | set(self._get_header_changes(base)) | ({'everything'} if self.scope == 'order' else set())

    def _get_outdated(self):
        """Say what became other on the order since the amendment was drawn, of what it touches.

        :return: list of names of products and fields; empty where it can be applied as it is
        """
        self.ensure_one()
        order = self.order_id._origin.sudo()
        base, now = self._get_base_terms(), order._get_control_terms()[order.id]
        old, new = ({line.key: line for line in terms.lines} for terms in (base, now))
        touched = self._get_touched(base)
        products = [
            line.product_id for key, line in old.items()
            if (key in touched or 'everything' in touched) and new.get(key) != line]
        if 'everything' in touched:
            products += [line.product_id for key, line in new.items() if key not in old]
        names = self.env['product.product'].sudo().browse(dict.fromkeys(products)).mapped('display_name')
        return names + [
            self._fields[name]._description_string(self.env) for name in HEADER_FIELDS
            if name in touched and getattr(base, name) != getattr(now, name)]

    # === SPOKEN FOR ===#

    def _get_rivals(self):
        """Return the amendments on their way that touch the same lines or terms of the order; in sudo."""
        self.ensure_one()
        touched = self._get_touched()
        others = self.sudo().search([
            ('order_id', '=', self.order_id._origin.id), ('state', 'in', OPEN_STATES),
            ('id', 'not in', self._origin.ids)])
        return others.filtered(
            lambda other: 'everything' in touched or other.scope == 'order' or touched & other._get_touched())

    # === WHAT THE RULES SAY ===#

    def _get_rule_issues(self):
        """Ask the gate about the order as it would become: what is new, or worse than it is.

        :return: tuple of :class:`ControlIssue`
        """
        self.ensure_one()
        order = self.order_id._origin.sudo()
        if self.scope == 'order' or order.state != 'sale':
            return ()
        base = self._get_base_terms()
        target = self._get_target_terms(base)
        old = order._get_control_issues('confirm', {order.id: base})[order.id]
        new = order._get_control_issues('confirm', {order.id: target})[order.id]
        return tuple(issue for issue in new if issue.is_worse_than(old))
