from odoo import api, models

from .findings import Finding


class SaleApprovalPolicy(models.Model):
    """The check-up of people: whose orders nobody may decide on, and who stands in for whom."""

    _inherit = 'sale.approval.policy'

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), self._check_own_orders, self._check_delegations]

    # === ONE'S OWN ORDERS ===#

    @api.model
    def _check_own_orders(self, run):
        """Find salespeople whose orders would end with nobody but themselves.

        Levels of several policies that ask the same people are told together: one change corrects all of them.
        """
        run.salespeople.sale_team_id.mapped('user_id')
        run.salespeople.mapped('crm_team_ids')
        managers = {user: user._get_approval_manager() for user in run.salespeople}
        alike = {}
        for policy in run.own.filtered(lambda policy: policy.res_model == 'sale.order'):
            sellers = run.salespeople
            if policy.team_ids:
                sellers = sellers.filtered(lambda user, policy=policy: user.crm_team_ids & policy.team_ids)
            for level in policy.level_ids:
                for reason, user_ids in self._find_stuck(run, level, sellers, managers).items():
                    people = level.approver_type, level.user_ids._ids, level.group_id.id
                    alike.setdefault((level.name, reason, tuple(user_ids), people), []).append(level)
        reasons = {
            'no_leader': self.env._("their team has no leader who may decide"),
            'no_manager': self.env._("they have no manager who may decide"),
        }
        for (name, reason, user_ids, _people), levels in alike.items():
            policies = "”, “".join(dict.fromkeys(level.policy_id.name for level in levels))
            yield Finding(
                'own_orders' if reason == 'own' else 'not_for', levels[0].policy_id, levels[0], about=reason, facts={
                    'level': name, 'policy': policies, 'why': reasons.get(reason, ""),
                    'names': self._name_some(run.salespeople.browse(user_ids))})

    @api.model
    def _find_stuck(self, run, level, sellers, managers):
        """Return ``{reason: ids of the salespeople}`` for whose orders a level has nobody."""
        is_approver, fixed = self.env['sale.approval.level']._is_approver, level._get_static_users()
        stuck = {}
        for seller in sellers:
            if level.approver_type == 'team_leader':
                people, missing = seller.sale_team_id.user_id, 'no_leader'
            elif level.approver_type == 'salesperson_manager':
                people, missing = managers[seller], 'no_manager'
            elif level.approver_type == 'field':
                return {}
            else:
                people, missing = fixed, None
            able = people.filtered(lambda user: is_approver(user, run.company))
            needed = level.quorum_number if level.quorum == 'number' else 1
            # A level that nobody could decide on anyway is told once, not for every salesperson.
            reason = 'own' if len(able) >= needed else missing
            if reason and len(able - seller) < needed:
                stuck.setdefault(reason, []).append(seller.id)
        return stuck

    # === DELEGATIONS ===#

    @api.model
    def _check_delegations(self, run):
        is_approver = self.env['sale.approval.level']._is_approver
        delegations = self.env['sale.approval.delegation'].sudo().search([('date_to', '>=', run.today)])
        delegations = delegations.filtered(lambda one: run.company in one.user_id.company_ids)
        for delegation in delegations:
            if not is_approver(delegation.delegate_id, run.company):
                yield Finding('delegate_gone', self.browse(), culprit=delegation, about=str(delegation.id), facts={
                    'user': delegation.user_id.name, 'delegate': delegation.delegate_id.name,
                    'end_date': str(delegation.date_to), 'company': run.company.name})
        for circle in self._find_circles(delegations):
            about = '-'.join(map(str, sorted(circle.user_id.ids)))
            names = [delegation.user_id.name for delegation in circle]
            yield Finding('circle', self.browse(), culprit=circle[0], about=about, facts={
                'names': " › ".join([*names, names[0]])})

    @api.model
    def _find_circles(self, delegations):
        """Find delegations that lead back to their beginning, on a day and for a policy that all of them count for.

        :return: list of delegations in their order, each circle once
        """
        inner = delegations
        while True:
            # Who is only at one end of a delegation is in no circle.
            left = inner.filtered(
                lambda one, inner=inner: one.delegate_id in inner.user_id and one.user_id in inner.delegate_id)
            if left == inner:
                break
            inner = left
        circles = {}
        ways = [(one, one.date_from, one.date_to, one.policy_ids) for one in inner]
        while ways:
            way, first, last, policies = ways.pop()
            users = way.user_id
            if way[-1].delegate_id == way[0].user_id:
                circles.setdefault(frozenset(users.ids), way)
                continue
            for onward in inner.filtered(lambda one, way=way: one.user_id == way[-1].delegate_id):
                # None named: for every policy.
                both = policies and onward.policy_ids
                common = policies & onward.policy_ids if both else policies | onward.policy_ids
                start, end = max(first, onward.date_from), min(last, onward.date_to)
                # Each circle is walked from the person with the lowest id.
                fresh = onward.user_id not in users and onward.user_id.id > way[0].user_id.id
                if fresh and start <= end and (common or not both):
                    ways.append((way + onward, start, end, common))
        return list(circles.values())
