from odoo import api, fields, models
from odoo.exceptions import AccessError

# Roles that a company has or has not, whatever the document.
STANDING = frozenset({
    'person', 'general_manager', 'department', 'planner', 'credit_controller', 'complaint_handler'})


class SaleFollowupRule(models.Model):
    """What a rule cannot do is said when it is saved or checked, as far as it can be known then."""

    _inherit = 'sale.followup.rule'

    undated = fields.Char(
        string="Without the Date", compute='_compute_undated', groups='base.group_user',
        help="Documents from which nothing can be counted yet.")

    @api.depends('moment', 'company_id')
    @api.depends_context('allowed_company_ids')
    def _compute_undated(self):
        moments = self._get_moments()
        for rule in self:
            moment, number = moments.get(rule.moment), 0
            if moment and moment.undated:
                companies = self.env.companies & rule.company_id if rule.company_id else self.env.companies
                documents = self.env[moment.model].sudo().with_context(active_test=False)
                number = documents.search_count([
                    *moment.undated, (moment.field, '=', False), ('company_id', 'in', companies.ids)])
            rule.undated = bool(number) and self.env._(
                "Documents without this date: %(count)s. Nothing is done about them until they get one.", count=number)

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._recheck()
        return rules

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys() & {'problems', 'problem_on'}:
            self._recheck()
        return result

    def action_check(self):
        """Find out what the rules cannot do as things are, and forget what they could not do before.

        :raise AccessError: for who does not configure order control
        """
        if not self.env.user.has_group('sale_order_control.group_manager'):
            raise AccessError(self.env._("Rules are checked by a manager of order control."))
        self.check_access('write')
        self._recheck()
        found = self.filtered('problems')
        if found:
            return False
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success', 'message': self.env._("The rule can do its work."),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}},
        }

    def _recheck(self):
        """Say on each rule what it cannot do as things are."""
        for rule in self.sudo():
            problems = rule._find_problems()
            if problems or rule.problems:
                rule.write({
                    'problems': "\n".join(problems) or False,
                    'problem_on': bool(problems) and self.env['sale.order']._get_control_now(),
                })

    def _find_problems(self):
        """Return sentences about what one rule cannot do: nobody to do it, a text or a mail that cannot be worded."""
        self.ensure_one()
        problems = [problem for text in (self.summary, self.note, self.sms_text)
                    if (problem := self._get_text_problem(text))]
        if self.deed == 'message' and self.mail_template_id:
            problems += self._get_mail_problems()
        if self.role in STANDING:
            role = dict(self._fields['role']._description_selection(self.env))[self.role]
            nobody = self.env['res.users']
            companies = self._get_followed_companies()
            for company in companies & self.company_id if self.company_id else companies:
                people = self._find_role(self.role, self.env['sale.order'].sudo(), company, nobody)
                if not people.filtered(lambda user, company=company: self._may_do(user, company)):
                    problems.append(self.env._(
                        "Nobody is “%(role)s” in %(company)s.", role=role, company=company.name))
        return list(dict.fromkeys(problems))

    def _get_mail_problems(self):
        """Return sentences about the rule's mail: placeholders that do not exist, nobody whom it is sent to."""
        template = self.mail_template_id.sudo()
        problems = [
            self.env._("“%(rule)s” cannot write the mail “%(mail)s”: %(problem)s",
                       rule=self.name, mail=template.name, problem=problem)
            for problem in template._get_followup_problems()
        ]
        if not any(template[name] for name in ('use_default_to', 'partner_to', 'email_to')):
            problems.append(self.env._(
                "“%(rule)s” writes to nobody: the mail “%(mail)s” names no recipient.",
                rule=self.name, mail=template.name))
        return problems
