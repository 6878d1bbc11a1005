from datetime import timedelta

from odoo import api, models

from .findings import Finding

AWAY_DAYS = 30
BY_DOCUMENT = ('team_leader', 'salesperson_manager', 'field')


class SaleApprovalPolicy(models.Model):
    """The check-up of levels: whether somebody can decide there at all."""

    _inherit = 'sale.approval.policy'

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), self._check_levels_approvers, self._check_levels_time]

    # === APPROVERS ===#

    @api.model
    def _check_levels_approvers(self, run):
        is_approver = self.env['sale.approval.level']._is_approver
        named = {
            level: level.with_context(active_test=False)._get_static_users()
            for level in run.own.level_ids if level.approver_type not in BY_DOCUMENT}
        able = {
            level: users.filtered(lambda user: is_approver(user, run.company)) for level, users in named.items()}
        sleeping = self._get_sleeping_users(run, self.env['res.users'].union(*able.values()))
        for level, users in named.items():
            names = {'level': level.name, 'policy': level.policy_id.name, 'company': run.company.name}
            known = able[level]
            if not known:
                yield Finding('nobody', level.policy_id, level, facts={
                    **names, 'why': self._explain_unable(users, run)})
                continue
            if level.quorum == 'number' and level.quorum_number > len(known):
                yield Finding('quorum', level.policy_id, level, facts={
                    **names, 'wanted': level.quorum_number, 'known': len(known), 'names': self._name_some(known)})
            if level.approver_type == 'users' and users - known:
                yield Finding('left', level.policy_id, level, facts={
                    **names, 'why': self._explain_unable(users - known, run)})
            if known - run.entitled:
                yield Finding('no_right', level.policy_id, level, facts={
                    **names, 'names': self._name_some(known - run.entitled)})
            if known <= sleeping:
                yield Finding('away', level.policy_id, level, facts={
                    **names, 'days': AWAY_DAYS, 'names': self._name_some(known)})
            yield from self._check_distinct(level, able, names)

    @api.model
    def _check_distinct(self, level, able, names):
        """A level of other persons than before, whose persons must all have agreed before."""
        if not level.distinct_persons:
            return
        before = [
            able[other] for other in level.policy_id.level_ids
            if other in able and other.sequence < level.sequence and (other.quorum == 'all' or len(able[other]) == 1)]
        left = able[level] - self.env['res.users'].union(*before)
        if len(left) < (level.quorum_number if level.quorum == 'number' else 1):
            yield Finding('distinct', level.policy_id, level, facts={**names, 'names': self._name_some(able[level])})

    @api.model
    def _get_sleeping_users(self, run, users):
        """Filter the users who have been there for long, and have not signed in for as long."""
        since = run.today - timedelta(days=AWAY_DAYS)
        seen = self.env['res.users.log'].sudo()._read_group(
            [('create_uid', 'in', users.ids), ('create_date', '>=', since)], ['create_uid'])
        awake = users.browse(user.id for [user] in seen)
        return (users - awake).filtered(lambda user: user.create_date.date() < since)

    @api.model
    def _explain_unable(self, users, run):
        """Say why people who are named cannot decide."""
        archived = users.filtered(lambda user: not user.active)
        outside = (users - archived).filtered(lambda user: user.share)
        foreign = (users - archived - outside).filtered(lambda user: run.company not in user.company_ids)
        parts = [
            (archived, self.env._("Archived: %s.")),
            (outside, self.env._("No internal users: %s.")),
            (foreign, self.env._("Not of this company: %s.")),
        ]
        return " ".join(text % self._name_some(people) for people, text in parts if people)

    @api.model
    def _name_some(self, users):
        """Name some people, and how many more there are."""
        names = ", ".join(users[:5].mapped('name'))
        if len(users) <= 5:
            return names
        return self.env._("%(names)s and %(count)s more", names=names, count=len(users) - 5)

    # === TIME ===#

    @api.model
    def _check_levels_time(self, run):
        is_approver = self.env['sale.approval.level']._is_approver
        has_hours = bool(run.company.resource_calendar_id.attendance_ids)
        for level in run.own.level_ids:
            names = {'level': level.name, 'policy': level.policy_id.name, 'company': run.company.name}
            if (level.deadline_hours or level.remind_hours) and not has_hours:
                yield Finding('calendar', level.policy_id, level, facts=names)
            if level.deadline_hours and level.on_deadline == 'escalate' and not any(
                    is_approver(user, run.company) for user in level.escalation_user_ids):
                yield Finding('no_escalation', level.policy_id, level, facts=names)
