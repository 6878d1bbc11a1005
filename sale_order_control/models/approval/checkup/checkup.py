import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..request.approval_memory import approval_deciding
from .findings import Checkup

_logger = logging.getLogger(__name__)


class SaleApprovalPolicy(models.Model):
    """The check-up: what is wrong with how approval is set up, found before an order meets it."""

    _inherit = 'sale.approval.policy'

    finding_ids = fields.One2many(
        'sale.approval.finding', 'policy_id', string="Findings", readonly=True,
        groups='sale_order_control.group_manager,sale_order_control.group_auditor')
    finding_count = fields.Integer(
        compute='_compute_finding_count', groups='sale_order_control.group_manager,sale_order_control.group_auditor')

    @api.depends('finding_ids')
    def _compute_finding_count(self):
        counts = dict(self.env['sale.approval.finding']._read_group(
            [('policy_id', 'in', self.ids)], ['policy_id'], ['__count']))
        for policy in self:
            policy.finding_count = counts.get(policy, 0)

    # === ACTION METHODS ===#

    def action_check_up(self):
        """Check the policies of these policies' companies, else of the current one, and open what was found.

        :raise AccessError: for anybody but managers of order control
        """
        if not self.env.user.has_group('sale_order_control.group_manager'):
            raise AccessError(self.env._("Only managers of order control check the policies."))
        self.check_access('read')
        companies = self.company_id or self.env.company
        findings = self.env['sale.approval.finding'].sudo()
        for company in companies:
            findings |= self.sudo()._check_up(company)
            # Who reads them on the screen need not be told at night.
        with approval_deciding(self.env):
            findings.is_told = True
        if not findings:
            return {
                'type': 'ir.actions.client', 'tag': 'display_notification',
                'params': {
                    'type': 'success', 'message': self.env._("Nothing is wrong with the policies."),
                    'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}},
            }
        return self._get_findings_action([('company_id', 'in', companies.ids)])

    def action_view_findings(self):
        """Open what the last check-up found about these policies."""
        return self._get_findings_action([('policy_id', 'in', self.ids)])

    @api.model
    def _get_findings_action(self, domain):
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_approval_finding_action')
        return {**action, 'domain': domain}

    # === RUNNING ===#

    @api.model
    def _check_up(self, company):
        """Check the policies of one company and keep what is found.

        :param res.company company: whose policies are judged
        :return: its findings
        """
        run = self._prepare_checkup(company)
        found = [finding for check in self._get_checks() for finding in check(run)] if run.policies else []
        return self.env['sale.approval.finding']._keep(company, found)

    @api.model
    def _get_checks(self):
        """Return the checks: methods that take a :class:`Checkup` and yield :class:`Finding` values."""
        return []

    @api.model
    def _prepare_checkup(self, company):
        """Read everything that the checks look at, in a number of queries that does not grow with the policies."""
        users = self.env['res.users'].sudo()
        company = company.sudo()
        policies = self.sudo().with_context(active_test=True).search(
            [('company_id', 'in', company.parent_ids.ids)])
        groups = policies.level_ids.group_id | users.env['res.groups'].union(*map(self.env.ref, (
            'sales_team.group_sale_salesman', 'sale_order_control.group_approver',
            'sale_order_control.group_credit_controller', 'sale_order_control.group_manager'))).sudo()
        # Read together: groups and levels below find them in the cache.
        everybody = groups.with_context(active_test=False).all_implied_by_ids.user_ids
        everybody |= policies.with_context(active_test=False).level_ids.user_ids
        everybody.mapped('company_ids')
        sellers = self.env.ref('sales_team.group_sale_salesman').sudo().all_user_ids
        is_approver = self.env['sale.approval.level']._is_approver
        return Checkup(
            company=company,
            policies=policies,
            rules={policy.id: policy._prepare_rule() for policy in policies},
            today=self.env['sale.order']._get_control_today(),
            salespeople=sellers.filtered(lambda user: is_approver(user, company)),
            entitled=(groups - policies.level_ids.group_id).all_user_ids,
        )

    # === NIGHTLY ===#

    @api.model
    def _cron_check_up(self):
        """Check every company whose approval control is on and tell its managers of what is new.

        A company that fails is logged and tried again the next night; the others go on.

        :return: number of companies that failed
        """
        companies = self.env['res.company'].sudo().search([('control_approval', '!=', 'off')])
        failed = 0
        for number, company in enumerate(companies, 1):
            try:
                with self.env.cr.savepoint():
                    self._check_up(company)._tell_managers(company)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                failed += 1
                _logger.exception("Check-up of the approval policies of company %s failed", company.id)
            if not self.env['ir.cron']._commit_progress(1, remaining=len(companies) - number):
                break
        return failed


class SaleApprovalFinding(models.Model):
    _inherit = 'sale.approval.finding'

    def _tell_managers(self, company):
        """Tell the managers of order control of what nobody was told of yet, in one message each."""
        fresh = self.filtered(lambda finding: not finding.is_told)
        if not fresh:
            return
        with approval_deciding(self.env):
            fresh.is_told = True
        managers = self.env.ref('sale_order_control.group_manager').sudo().all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids)
        link = f'{self.browse().get_base_url()}/odoo/action-sale_order_control.sale_approval_finding_action'
        for manager in managers:
            told = fresh.with_context(lang=manager.lang)
            lines = Markup().join(
                Markup("<li>%s <i>%s</i></li>") % (finding.message, finding.remedy) for finding in told)
            self.env['mail.thread'].with_context(lang=manager.lang).message_notify(
                partner_ids=manager.partner_id.ids,
                subject=told.env._("Approval policies of %s: what the check-up found", company.name),
                body=Markup('<ul>%s</ul><p><a href="%s">%s</a></p>') % (
                    lines, link, told.env._("Open the check-up")),
            )
