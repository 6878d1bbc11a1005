from odoo import fields, models
from odoo.tools.misc import format_date, formatLang


class SaleOrder(models.Model):
    """What changed between two snapshots of terms, in words."""

    _inherit = 'sale.order'

    def _compare_terms(self, before, after):
        """Tell figure by figure what is different.

        :param ControlTerms before: terms with the keys of their lines
        :param ControlTerms after: the same, later
        :return: list of ``{'subject', 'label', 'old_value', 'new_value'}``
        """
        self.ensure_one()
        terms = self.env['account.payment.term'].sudo()
        changes = []
        if before.payment_term_id != after.payment_term_id:
            changes.append(self._prepare_term_change(
                self.name, 'sale.order', 'payment_term_id', terms.browse(before.payment_term_id or ()).name,
                terms.browse(after.payment_term_id or ()).name))
        if before.requested_date != after.requested_date:
            changes.append(self._prepare_term_change(
                self.name, 'sale.order', 'requested_date', self._word_day(before.requested_date),
                self._word_day(after.requested_date)))
        old_lines = {line.key: line for line in before.lines}
        for line in after.lines:
            if line.key in old_lines:
                changes += self._compare_line_terms(old_lines[line.key], line)
        gone = old_lines.keys() - {line.key for line in after.lines}
        changes += [
            self._prepare_term_change(
                self._get_product_name(old_lines[key].product_id), 'sale.order.line', 'product_uom_qty',
                formatLang(self.env, old_lines[key].quantity), formatLang(self.env, 0.0))
            for key in sorted(gone)]
        return changes

    def _compare_line_terms(self, old, new):
        digits = {'product_uom_qty': 'quantity', 'price_unit': 'price_unit', 'discount': 'discount'}
        product = self._get_product_name(new.product_id)
        changes = [
            self._prepare_term_change(
                product, 'sale.order.line', name, formatLang(self.env, getattr(old, attribute)),
                formatLang(self.env, getattr(new, attribute)))
            for name, attribute in digits.items() if getattr(old, attribute) != getattr(new, attribute)]
        if old.requested_date != new.requested_date:
            changes.append(self._prepare_term_change(
                product, 'sale.order.line', 'requested_date', self._word_day(old.requested_date),
                self._word_day(new.requested_date)))
        return changes

    def _prepare_term_change(self, subject, model, name, old, new):
        label = self.env[model]._fields[name]._description_string(self.env)
        return {'subject': subject, 'label': label, 'old_value': old or "–", 'new_value': new or "–"}

    def _word_day(self, day):
        return format_date(self.env, fields.Date.to_date(day)) if day else ""
