from odoo import models

from .control_memory import goods_leaving


class SaleOrder(models.Model):
    """What leaves for a customer, goods or services, is judged here: by moves and by delivered quantities."""

    _inherit = 'sale.order'

    def _get_control_release_issues(self, line_ids, move_ids=()):
        """Ask the gate at *release*; an order that nobody confirmed must pass its confirmation too.

        :param line_ids: the order lines that are delivered now
        :param move_ids: the stock moves that deliver goods
        :return: ``{order_id: (ControlIssue, ...)}``
        """
        with goods_leaving(self.env, line_ids, move_ids):
            issues = dict(self._get_control_issues('release'))
        unconfirmed = self.filtered(lambda order: order.state != 'sale')
        for order_id, found in unconfirmed._get_control_issues('confirm').items():
            stopping = {issue.code for issue in issues[order_id] if issue.stops}
            issues[order_id] += tuple(issue for issue in found if issue.stops and issue.code not in stopping)
        return issues

    def _control_record_release(self, issues):
        """Record that something of these orders left, report what left against the rules, and tell the rooms."""
        if self:
            self._control_log('released', issues, checkpoint='release')
            self._get_held(issues)._control_report_exception(issues)
            self._control_event('released')
            if 'delivered' in self._get_asked_events():
                self._filter_delivered()._control_event('delivered')

    def _filter_delivered(self):
        """Filter the orders of which nothing is left to deliver."""
        return self.filtered(lambda order: order.delivery_status == 'full' or not order.delivery_status and all(
            line.product_uom_id.compare(line.qty_delivered, line.product_uom_qty) >= 0
            for line in order.order_line if not line.display_type))
