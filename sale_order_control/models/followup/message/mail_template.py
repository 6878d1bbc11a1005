import ast
import re

from lxml import etree, html

from odoo import models
from odoo.tools.rendering_tools import parse_inline_template

IN_TEXT = re.compile(r'#\{(.+?)\}|\{\{(.+?)\}\}', re.DOTALL)


class MailTemplate(models.Model):
    """What is wrong with a mail is found when it is chosen or changed, not on the day a customer is to get it."""

    _inherit = 'mail.template'

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {*self._get_dynamic_field_names(), 'model_id', 'use_default_to'}:
            # Whoever may change mails need not be able to change rules.
            self.env['sale.followup.rule'].sudo().with_context(active_test=False).search([
                ('mail_template_id', 'in', self.ids)])._recheck()
        return result

    def _get_followup_problems(self):
        """Name the placeholders of a mail that do not exist on its documents, in every language.

        Without any document: what a path from ``object`` leads to is looked up in the models.

        :return: list of translated sentences
        """
        self.ensure_one()
        problems = {}
        for code, _name in self.env['res.lang'].get_installed():
            template = self.with_context(lang=code)
            for name in sorted(self._get_dynamic_field_names()):
                if name != 'body_html':
                    checker = _PlaceholderChecker(self.env, self.model)
                    for _text, expression, _default in parse_inline_template(template[name] or ''):
                        checker.follow(expression)
                else:
                    checker = _PlaceholderChecker(self.env, self.model).read_html(template[name])
                problems.update(dict.fromkeys(checker.missing, True))
                problems.update(dict.fromkeys(checker.unreadable, False))
        return [
            self.env._("{%(placeholder)s} does not exist.", placeholder=text) if missing
            else self.env._("{%(placeholder)s} cannot be read.", placeholder=text)
            for text, missing in problems.items()
        ]


class _PlaceholderChecker:
    """Follows the expressions of a template through the models.

    :ivar missing: paths that lead to no field and no method
    :ivar unreadable: expressions that are no Python
    """

    def __init__(self, env, model):
        self.env, self.missing, self.unreadable = env, [], []
        # Names that stand for records, with an empty recordset of their model.
        self.known = {'object': env[model]}

    def read_html(self, source):
        """Read the QWeb source of a body."""
        if not source:
            return self
        for node in html.fragment_fromstring(str(source), create_parent='div').iter(etree.Element):
            for name, value in node.attrib.items():
                if name.startswith('t-attf') or name in ('t-valuef', 't-setf'):
                    for match in IN_TEXT.finditer(value):
                        self.follow(match.group(1) or match.group(2))
                elif name.startswith('t-att') or name in (
                        't-out', 't-esc', 't-raw', 't-if', 't-elif', 't-foreach', 't-value'):
                    found = self.follow(value)
                    alias = {'t-foreach': node.get('t-as'), 't-value': node.get('t-set')}.get(name)
                    if alias:
                        self.known.pop(alias, None)
                        if found is not None:
                            self.known[alias] = found
        return self

    def follow(self, expression):
        """Check one expression.

        :return: an empty recordset, if it leads to records by nothing but fields; None otherwise
        """
        if not (expression or '').strip():
            return None
        try:
            tree = ast.parse(expression.strip(), mode='eval')
        except SyntaxError:
            self.unreadable.append(expression.strip())
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                self._follow(node)
        return self._follow(tree.body)

    def _follow(self, node):
        """Return the empty recordset a path of fields leads to; note where it leads nowhere."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        records = self._follow(node.value)
        if records is None:
            return None
        field = records._fields.get(node.attr)
        if field is None:
            path = ast.unparse(node)
            if not hasattr(type(records), node.attr) and path not in self.missing:
                self.missing.append(path)
            return None
        return self.env[field.comodel_name] if field.relational else None
