import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .sale_approval_policy_figures import READERS

_logger = logging.getLogger(__name__)

ACTIVITY_TYPE = 'sale_order_control.mail_activity_type_policy_review'


class SaleApprovalPolicy(models.Model):
    """Every policy has somebody who looks after it, and a day on which it is looked at again."""

    _name = 'sale.approval.policy'
    _inherit = ['sale.approval.policy', 'mail.thread', 'mail.activity.mixin']

    owner_id = fields.Many2one(
        'res.users', default=lambda self: self.env.user, domain="[('share', '=', False)]",
        help="Looks after the policy, and is reminded when it is time to review it.")
    review_months = fields.Integer(
        string="Review Every Months", default=12, help="0: the policy is never due for review.")
    review_date = fields.Date(
        string="Next Review", compute='_compute_review_date', store=True, readonly=False,
        help="On this day the owner is asked whether the policy is still needed.")
    review_told_for = fields.Date(readonly=True, copy=False)
    review_ids = fields.One2many('sale.approval.policy.review', 'policy_id', readonly=True, groups=READERS)

    _review_months_positive = models.Constraint(
        'CHECK (review_months >= 0)', "The number of months between reviews cannot be negative.")

    @api.depends('review_months')
    def _compute_review_date(self):
        today = self.env['sale.order']._get_control_today()
        for policy in self:
            policy.review_date = today + relativedelta(months=policy.review_months) if policy.review_months else False

    # === ACTION METHODS ===#

    def action_reviewed(self, reason=None):
        """Record that these policies were looked at and stay: for managers and the owner.

        :param str reason: optional words for the record
        """
        self._check_reviewer()
        self._record_review('kept', {policy.id: str(reason or '').strip() for policy in self})
        for policy in self.sudo():
            policy._compute_review_date()
        self.sudo().activity_unlink([ACTIVITY_TYPE])
        return True

    def action_retire(self):
        """Archive policies for which enough speaks, with the reason on record: for managers.

        :raise UserError: for a policy that does its work, or about which too little is known
        """
        self.check_access('write')
        reasons = {policy.id: policy.retire_reason for policy in self}
        useful = self.filtered(lambda policy: not reasons[policy.id])
        if useful:
            raise UserError(self.env._(
                "There is not enough evidence that these policies are of no use. Archive them if you know better: %s",
                ", ".join(useful.mapped('name'))))
        self._record_review('retired', reasons)
        self.active = False
        self.sudo().activity_unlink([ACTIVITY_TYPE])
        return True

    def _check_reviewer(self):
        self.check_access('read')
        if not self.env.user.has_group('sale_order_control.group_manager') \
                and any(policy.owner_id != self.env.user for policy in self):
            raise AccessError(self.env._("Only its owner and order control managers review a policy."))

    def _record_review(self, decision, reasons):
        """Record a review with the figures it saw.

        :param str decision: ``kept`` or ``retired``
        :param dict reasons: ``{policy_id: words}``
        """
        self.env['sale.approval.policy.review']._record_facts([
            {
                'policy_id': policy.id,
                'policy_name': policy.name,
                'company_id': policy.company_id.id,
                'decision': decision,
                'user_id': self.env.uid,
                'reason': reasons[policy.id],
                'asked': policy.figure_asked,
                'hours': policy.figure_hours,
                'lost': policy.figure_lost,
                'unchanged': policy.figure_unchanged,
            }
            for policy in self.sudo()
        ])

    # === REMINDING ===#

    @api.model
    def _cron_remind_review(self):
        """Ask the owners of policies that are due for review, once per due date; a failing one stops no other."""
        today = self.env['sale.order']._get_control_today()
        due = self.search([('review_date', '<=', today)])
        for policy in due.filtered(lambda policy: policy.review_told_for != policy.review_date):
            try:
                with self.env.cr.savepoint():
                    policy._remind_review()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                _logger.exception("Reminding of the review of policy %s failed", policy.id)

    def _remind_review(self):
        self.ensure_one()
        owner = self.owner_id
        if not owner.active:
            # Its owner has left: a manager of the company finds a new one.
            managers = self.env.ref('sale_order_control.group_manager').sudo().all_user_ids
            owner = managers.filtered(
                lambda user: user.active and not user.share and self.company_id in user.company_ids)[:1]
        self.activity_schedule(
            ACTIVITY_TYPE, user_id=(owner or self.env.ref('base.user_admin')).id, date_deadline=self.review_date,
            summary=self.env._("Is this policy still needed?"))
        self.review_told_for = self.review_date


class SaleApprovalPolicyReview(models.Model):
    _name = 'sale.approval.policy.review'
    _inherit = ['sale.control.fact']
    _description = "Review of a Policy"
    _order = 'id desc'
    _rec_name = 'policy_name'

    policy_id = fields.Many2one('sale.approval.policy', readonly=True, index='btree_not_null', ondelete='set null')
    policy_name = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    decision = fields.Selection([('kept', "Kept"), ('retired', "Retired")], required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True, ondelete='restrict')
    reason = fields.Char(readonly=True)
    asked = fields.Integer(string="Documents Stopped", readonly=True)
    hours = fields.Float(string="Hours of Waiting", readonly=True)
    lost = fields.Integer(string="Orders Lost", readonly=True)
    unchanged = fields.Float(string="Released Unchanged %", readonly=True, aggregator=None)
