from odoo import models

# All that decides what customers of a grade may do, in the order in which it is told.
JOURNALLED = (
    'name', 'code', 'active', 'sequence', 'currency_id', 'company_id', 'limit_formula', 'limit_amount', 'limit_months',
    'limit_minimum', 'limit_maximum', 'limit_rounding', 'max_order_amount', 'overdue_days', 'overdue_amount',
    'watch_percent', 'submit_effect', 'confirm_effect', 'release_effect', 'settlement_mode', 'prepayment_percent',
    'prepay_before_confirm', 'payment_term_ids', 'default_payment_term_id', 'apply_mode',
)


class CreditGrade(models.Model):
    """Who changed the rules of a grade, when, from what to what: kept in the journal of limits."""

    _inherit = 'credit.grade'

    def write(self, vals):
        names = [name for name in JOURNALLED if name in vals]
        before = self._word_rules(names) if names else {}
        result = super().write(vals)
        if names:
            self._journal_rules(before, self._word_rules(names))
        return result

    def _word_rules(self, names):
        """Word some rules of these grades: ``{grade_id: {name of the field: words}}``."""
        return {grade.id: {name: grade._word_rule(name) for name in names} for grade in self.sudo()}

    def _word_rule(self, name):
        self.ensure_one()
        field, value = self._fields[name], self[name]
        if field.type == 'selection':
            return dict(field._description_selection(self.env)).get(value) or self.env._("any")
        if field.type == 'monetary':
            return self.currency_id.format(value)
        if field.type == 'boolean':
            return self.env._("yes") if value else self.env._("no")
        if field.relational:
            return ", ".join(value.mapped('display_name')) or self.env._("none")
        return f'{value:g}' if field.type in ('integer', 'float') else value or ""

    def _journal_rules(self, before, after):
        """Record what was changed, once for every main company that uses the grade."""
        labels = self.fields_get(JOURNALLED, ['string'])

        def word(rules, names):
            return "; ".join(f"{labels[name]['string']}: {rules[name]}" for name in names)
        rows = []
        for grade in self:
            changed = [name for name in before[grade.id] if before[grade.id][name] != after[grade.id][name]]
            if changed:
                rows.append((grade, {
                    'grade_id': grade.id, 'subject': 'rules', 'before': word(before[grade.id], changed),
                    'after': word(after[grade.id], changed)}))
        # Who changes a shared grade need not see all the companies that use it.
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False)])
        for company in companies if rows else ():
            theirs = [row for grade, row in rows if grade.sudo().company_id in (company, company.browse())]
            if theirs:
                self.env['credit.limit.entry']._record(company, theirs)
