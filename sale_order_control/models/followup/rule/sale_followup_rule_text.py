import string

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date, plaintext2html

PLACEHOLDERS = ('customer', 'document', 'order', 'date', 'amount', 'salesperson')


class SaleFollowupRule(models.Model):
    """Texts of tasks, with placeholders in braces: ``Call {customer} about {order}``."""

    _inherit = 'sale.followup.rule'

    @api.constrains('summary', 'note')
    def _check_texts(self):
        for rule in self:
            for text in (rule.summary, rule.note):
                problem = rule._get_text_problem(text)
                if problem:
                    raise ValidationError(problem)

    def _get_text_problem(self, text):
        """Say what is wrong with a text: a placeholder that does not exist, or a brace that stands alone."""
        self.ensure_one()
        try:
            names = {name for _text, name, spec, mark in string.Formatter().parse(text or '')
                     for name in (name, spec and f'{name}:{spec}', mark and f'{name}!{mark}') if name}
            empty = any(name == '' for _text, name, _spec, _mark in string.Formatter().parse(text or ''))
        except ValueError:
            names, empty = set(), True
        unknown = sorted(names - set(PLACEHOLDERS))
        if not unknown and not empty:
            return False
        return self.env._(
            "“%(rule)s” cannot word its tasks: %(unknown)s is no placeholder. There are: %(known)s.",
            rule=self.name, unknown=", ".join(f'{{{name}}}' for name in unknown) or "{}",
            known=", ".join(f'{{{name}}}' for name in PLACEHOLDERS))

    def _render_text(self, text, values):
        """Fill the placeholders of a text; what cannot be filled is reported on the rule and left as it stands."""
        problem = self._get_text_problem(text)
        if problem:
            self._report_problem(problem)
            return text
        return (text or '').format_map(values)

    def _prepare_texts(self, document, order, partner, anchor, user, step):
        """Word one task in the language of who does it.

        :param step: line of an activity plan, or none
        :return: ``(summary, HTML note)``
        """
        rule = self.with_context(lang=user.lang or self.env.lang)
        values = rule._prepare_placeholders(document, order, partner, anchor)
        if step:
            step = step.with_context(lang=rule.env.context['lang'])
            return step.summary or step.activity_type_id.name, step.note or False
        summary = rule._render_text(rule.summary, values) or rule.name
        note = rule._render_text(rule.note, values)
        return summary, plaintext2html(note) if note else False

    @api.model
    def _name_document(self, document):
        return self.env['sale.order']._get_control_document_name(document)

    def _prepare_placeholders(self, document, order, partner, anchor):
        """Return what the placeholders of a text stand for, in the language of the context."""
        document = document.with_env(self.env)
        name = self._name_document(document)
        # Of a bill or an instalment, what is still to be paid.
        figures = ('amount_residual_currency', 'amount_residual', 'amount_total')
        amount = document if 'amount_total' in document._fields or figures[0] in document._fields else order
        figure = next(figure for figure in figures if figure in amount._fields)
        return {
            'customer': partner.display_name or '',
            'document': name,
            'order': order.name or name,
            'date': format_date(self.env, anchor) if anchor else '',
            'amount': format_amount(self.env, amount[figure], amount.currency_id) if amount else '',
            'salesperson': order.user_id.name or partner.user_id.name or '',
        }
