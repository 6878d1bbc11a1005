from dataclasses import dataclass

from odoo import SUPERUSER_ID, api, models, tools


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A level as a plain value: every submission and every decision reads it, so it is cached.

    :ivar user_ids: the chosen users, archived ones included; of other types of approvers nobody
    :ivar final_hours: working hours after which the request ends, counted from the turn; 0: never
    """

    id: int
    policy_id: int
    policy_name: str
    name: str
    sequence: int
    approver_type: str
    user_ids: tuple
    quorum: str
    quorum_number: int
    distinct_persons: bool
    comment_required: bool
    skip_agreed: bool
    edit_kinds: tuple
    deadline_hours: float
    remind_hours: float
    final_hours: float


@dataclass(frozen=True, slots=True)
class PolicyHandling:
    """How requests of a policy are handled, as a plain value."""

    sequence: int
    tolerance_percent: float
    expire_days: int


class SaleApprovalLevel(models.Model):
    _inherit = 'sale.approval.level'

    @api.model
    @tools.ormcache('level_id')
    def _get_rule(self, level_id):
        """Return a level as a plain value.

        :param int level_id: id of the level
        :return: :class:`LevelRule`; None if there is no such level (any more)
        """
        level = self.sudo().with_context(active_test=False).browse(level_id or ()).exists()
        return level._prepare_rule() if level else None

    def _prepare_rule(self):
        self.ensure_one()
        return LevelRule(
            id=self.id,
            policy_id=self.policy_id.id,
            policy_name=self.policy_id.name,
            name=self.name,
            sequence=self.sequence,
            approver_type=self.approver_type,
            user_ids=self.user_ids._ids if self.approver_type == 'users' else (),
            quorum=self.quorum,
            quorum_number=self.quorum_number,
            distinct_persons=self.distinct_persons,
            comment_required=self.comment_required,
            skip_agreed=self.skip_agreed,
            edit_kinds=self._get_edit_kinds(),
            deadline_hours=self.deadline_hours,
            remind_hours=self.remind_hours,
            final_hours=self._get_final_hours(),
        )

    @api.model
    @tools.ormcache('company_id')
    def _get_able(self, company_id):
        """Return who may ever approve for a company: living colleagues, no robot, no portal user.

        :param int company_id: id of the company
        :return: ``{user_id: name}``
        """
        if not self.env['res.company'].sudo().browse(company_id or ()).active:
            return {}
        users = self.env['res.users'].sudo().with_context(active_test=True).search([
            ('company_ids', 'in', company_id), ('share', '=', False), ('id', '!=', SUPERUSER_ID)])
        return {user.id: user.name for user in users}


class SaleApprovalPolicy(models.Model):
    _inherit = 'sale.approval.policy'

    @api.model
    @tools.ormcache('policy_id')
    def _get_handling(self, policy_id):
        """Return how requests of a policy are handled, see :class:`PolicyHandling`."""
        policy = self.sudo().browse(policy_id)
        return PolicyHandling(
            sequence=policy.sequence, tolerance_percent=policy.tolerance_percent, expire_days=policy.expire_days)
