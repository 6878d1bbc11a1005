from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date

from ..request.approval_memory import approval_deciding, is_approval_deciding

SEVERITIES = [
    ('error', "Wrong"),
    ('warning', "Doubtful"),
    ('info', "Worth Knowing"),
]


class SaleApprovalFinding(models.Model):
    """What the check-up found. It is kept while it lasts, so that managers are told of it once.

    Stored are the kind and the facts; the words are each reader's own language.
    """

    _name = 'sale.approval.finding'
    _description = "Finding of the Policy Check-up"
    _order = 'rank, policy_id, id'
    _rec_name = 'message'

    # === FIELDS ===#

    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    policy_id = fields.Many2one('sale.approval.policy', readonly=True, index='btree_not_null', ondelete='cascade')
    level_id = fields.Many2one('sale.approval.level', readonly=True, ondelete='cascade')
    kind = fields.Char(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    facts = fields.Json(readonly=True)
    severity = fields.Selection(SEVERITIES, readonly=True)
    rank = fields.Integer(readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field='res_model', readonly=True)
    found_on = fields.Date(readonly=True)
    is_told = fields.Boolean(readonly=True, help="Managers have been told of it.")
    message = fields.Char(string="What Is Wrong", compute='_compute_words')
    remedy = fields.Char(string="What to Do", compute='_compute_words')

    _once = models.UniqueIndex('(company_id, key)', "A finding is kept once.")

    # === COMPUTE METHODS ===#

    @api.depends('kind', 'facts')
    @api.depends_context('lang')
    def _compute_words(self):
        words = self._get_words()
        for finding in self:
            _severity, message, remedy = words.get(finding.kind, ('', finding.kind or '', ''))
            facts = finding._get_readable_facts()
            finding.message, finding.remedy = message % facts, remedy % facts

    def _get_readable_facts(self):
        return {
            name: format_date(self.env, value) if name.endswith('date') else value
            for name, value in (self.facts or {}).items()}

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_unless_checking()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_unless_checking()
        return super().write(vals)

    def unlink(self):
        self._refuse_unless_checking()
        return super().unlink()

    def _refuse_unless_checking(self):
        if not is_approval_deciding(self.env):
            raise AccessError(self.env._(
                "Findings follow from the check-up: correct what they name and run it again."))

    # === ACTION METHODS ===#

    def action_open_culprit(self):
        """Open what must be changed, for those who may read it."""
        self.ensure_one()
        self.check_access('read')
        record = self.env[self.res_model].browse(self.res_id) if self.res_model in self.env else self.policy_id
        record = record.exists() or self.policy_id
        if not record:
            return self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_approval_policy_action')
        record.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': record._name,
            'res_id': record.id,
            'view_mode': 'form',
        }

    # === KEEPING ===#

    @api.model
    def _keep(self, company, found):
        """Keep what a run found for a company: new findings, changed facts, and nothing that is gone.

        :param res.company company: whose policies were judged
        :param list found: :class:`Finding` values
        :return: all findings of the company; in sudo
        """
        findings = self.sudo()
        known = {finding.key: finding for finding in findings.search([('company_id', '=', company.id)])}
        words, ranks = self._get_words(), [severity for severity, _label in SEVERITIES]
        found = {finding.key: finding for finding in found}
        with approval_deciding(self.env):
            findings.union(*(finding for key, finding in known.items() if key not in found)).unlink()
            for key, finding in found.items():
                if key in known and known[key].facts != finding.facts:
                    known[key].facts = finding.facts
            findings.create([
                {
                    'company_id': company.id,
                    'policy_id': finding.policy.id,
                    'level_id': finding.level.id if finding.level else False,
                    'kind': finding.kind,
                    'key': key,
                    'facts': finding.facts,
                    'severity': words[finding.kind][0],
                    'rank': ranks.index(words[finding.kind][0]),
                    'res_model': finding.record._name,
                    'res_id': finding.record.id,
                    'found_on': self.env['sale.order']._get_control_today(),
                }
                for key, finding in found.items() if key not in known
            ])
        return findings.search([('company_id', '=', company.id)])
