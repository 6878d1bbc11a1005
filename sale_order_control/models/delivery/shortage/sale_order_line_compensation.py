from dataclasses import replace

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date


class SaleOrderLine(models.Model):
    """A customer who waits gets something for it, within the caps of the shortage policy.

    A quotation is changed itself. Of a confirmed order the change is proposed, and goes the way of every change there:
    where amendments are under control, one is drawn and those who decide about it are asked.
    """

    _inherit = 'sale.order.line'

    def _check_compensation(self, choice, values):
        """Refuse what exceeds the caps, or would reach nobody; prices are the salespeople's.

        :raise UserError: saying what is possible
        """
        if not self.env.user.has_group('sale_order_control.group_user'):
            raise UserError(self.env._(
                "Prices are changed by salespeople: ask %s to offer a compensation.",
                self.order_id._get_control_responsible().name or self.env._("one of them")))
        if values.get('compensation') == 'freight':
            lines = self._get_freight_lines()
            self._check_freight(lines, choice.freight)
        else:
            lines = self
            self._check_percent(values.get('percent') or 0.0, choice.percent)
        invoiced = lines.sudo().filtered(
            lambda line: line.state == 'sale' and line.qty_invoiced_posted
            and line.product_uom_id.compare(line.qty_invoiced_posted, line.product_uom_qty) >= 0)
        if invoiced:
            raise UserError(self.env._(
                "%s is invoiced in full: another price would reach nobody. Give a credit note instead.",
                ", ".join(invoiced.product_id.mapped('display_name'))))

    def _check_freight(self, lines, allowed):
        order = self.order_id
        if not lines:
            raise UserError(self.env._("%s has no freight to waive. Choose a discount.", order.name))
        currency = order.company_id.currency_id
        amount = currency.round(sum(lines.mapped('price_subtotal')) / (order.currency_rate or 1.0))
        if currency.compare_amounts(amount, allowed) > 0:
            raise UserError(self.env._(
                "The freight of %(order)s costs %(amount)s, and the shortage policy waives %(allowed)s at most. Choose "
                "a discount.", order=order.name, amount=currency.format(amount), allowed=currency.format(allowed)))

    def _check_percent(self, percent, allowed):
        given = self._get_given_percent()
        if percent <= 0 or percent + given > allowed + 1e-6:
            raise UserError(self.env._(
                "A compensation lies above 0 %% and may be %(allowed)s %% at most; %(given)s %% were given "
                "already.",
                allowed=f"{allowed:.10g}", given=f"{given:.10g}"))

    def _get_given_percent(self):
        """Return the percentage that the customer got already: what was proposed and refused is none."""
        self.ensure_one()
        records = self.sudo().shortage_resolution_ids.filtered(
            lambda record: record.kind == 'compensation' and record.step == 'applied').sorted('id')
        first = next((record.figures.get('discount') for record in records if record.percent), None)
        recorded = sum(records.mapped('percent'))
        if first is None or first >= 100:
            return recorded
        return round(max(0.0, min(recorded, 100 * (1 - (100 - self.discount) / (100 - first)))), 2)

    def _word_compensation_offer(self, choice, values):
        """Return the choice with what the customer is offered in figures, where it is a compensation."""
        if choice.kind != 'compensation':
            return choice
        words = {
            'quantity': self._word_shortage_quantity(choice.quantity), 'date': format_date(self.env, choice.date),
            'percent': f"{values.get('percent') or 0.0:.10g}"}
        if values.get('compensation') == 'freight':
            return replace(choice, offer=self.env._(
                "All of it (%(quantity)s) on %(date)s, free of freight.", **words))
        return replace(choice, offer=self.env._(
            "All of it (%(quantity)s) on %(date)s, with %(percent)s %% off its price.", **words))

    def _apply_compensation(self, choice, shortage, values):
        if values['compensation'] == 'freight':
            changes = {line: {'discount': 100.0} for line in self._get_freight_lines()}
        else:
            changes = {self: {
                'discount': 100 * (1 - (1 - self.discount / 100) * (1 - values['percent'] / 100))}}
        if self.state != 'sale':
            self.requested_date = choice.date
            for line, change in changes.items():
                line.write(change)
            return self.browse()
        waits = self._promise_later_day(choice, values)
        values['told'] = self._propose_compensation(changes, self.env._(
            "Compensation for the shortage of %(product)s: %(reason)s", product=self.product_id.display_name,
            reason=values.get('reason') or choice.text))
        return waits

    def _propose_compensation(self, changes, note):
        """Change lines of the confirmed order by the way that changes take there, as the current user.

        :param dict changes: ``{line: {field: value}}``
        :return: translated sentence that says what became of it
        """
        before = {line: line.discount for line in changes}
        document = self.order_id._propose_control_change(
            {line.id: values for line, values in changes.items()}, 'supply', note)
        if not document:
            for line, values in changes.items():
                line.write(values)
            return self.env._("The order is changed.")
        if any(line.discount != discount for line, discount in before.items()):
            return self.env._("The order is changed: %s.", document.display_name)
        return self.env._(
            "The order is changed as soon as it is agreed to: %s.", document.display_name)

    def _promise_later_day(self, choice, values):
        """Promise the day for which the customer is compensated; one who plans no deliveries leaves it to a planner.

        :return: the line, if it waits for somebody
        """
        if self.promised_date == choice.date:
            return self.browse()
        if not self._may_promise():
            return self
        return self._promise({self.id: choice.date}, values.get('change_reason'), values.get('reason'))

    def _get_freight_lines(self):
        """Return the order's lines of freight that cost something; only Odoo's delivery methods make such."""
        lines = self.order_id.order_line
        if 'is_delivery' not in lines._fields:
            return lines.browse()
        return lines.filtered(lambda line: line.is_delivery and line.price_subtotal > 0)
