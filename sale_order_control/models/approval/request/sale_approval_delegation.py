from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, ValidationError
from odoo.tools.misc import format_date

from .approval_memory import approval_deciding


class SaleApprovalDelegation(models.Model):
    """Who decides for whom, from when to when. A decision made for somebody says so for ever."""

    _name = 'sale.approval.delegation'
    _inherit = ['sale.control.cached']
    _description = "Approval Delegation"
    _order = 'date_from desc, id desc'
    _rec_name = 'user_id'

    user_id = fields.Many2one(
        'res.users', string="Away", required=True, index=True, default=lambda self: self.env.user,
        ondelete='restrict', domain="[('share', '=', False)]")
    delegate_id = fields.Many2one(
        'res.users', string="Decides Meanwhile", required=True, ondelete='restrict', domain="[('share', '=', False)]")
    date_from = fields.Date(string="From", required=True, default=lambda self: self._get_today())
    date_to = fields.Date(string="Until", required=True)
    policy_ids = fields.Many2many(
        'sale.approval.policy', string="Only for Policies", help="Leave empty for every policy.")
    reason = fields.Char(help="E.g. holiday.")
    active = fields.Boolean(default=True)
    is_manager = fields.Boolean(compute='_compute_is_manager', default=lambda self: self._is_user_manager())

    _dates_in_order = models.Constraint('CHECK (date_from <= date_to)', "A delegation must not end before it begins.")
    _not_to_oneself = models.Constraint('CHECK (user_id != delegate_id)', "Nobody can delegate to themselves.")

    @api.depends_context('uid')
    def _compute_is_manager(self):
        self.is_manager = self._is_user_manager()

    @api.model
    def _is_user_manager(self):
        return self.env.user.has_group('sale_order_control.group_manager')

    @api.constrains('user_id', 'delegate_id', 'date_from', 'date_to', 'policy_ids', 'active')
    def _check_circle(self):
        for delegation in self.filtered('active'):
            if delegation.delegate_id.share or not delegation.delegate_id.active:
                raise ValidationError(self.env._(
                    "%s is no active internal user and cannot decide.", delegation.delegate_id.name))
            circle = delegation.sudo()._find_circle()
            if circle:
                raise ValidationError(self.env._(
                    "These delegations go round in a circle: %s.", " › ".join(circle.mapped('name'))))

    @api.onchange('delegate_id')
    def _onchange_delegate_id(self):
        delegate = self.delegate_id.sudo()
        if delegate and not self.env['sale.approval.level']._is_entitled(delegate):
            return {'warning': {
                'title': self.env._("Without the right “Approver”"),
                'message': self.env._(
                    "%s may decide for you, but does not see “My Approvals”: only the messages lead there. A manager "
                    "can give the right.", delegate.name)}}
        return None

    def _find_circle(self):
        """Follow every onward delegation that counts on a day and for a policy of this one.

        :return: the users from the one who is away back to the same, without the repetition; empty if there is no
            way back
        """
        self.ensure_one()
        others = self.search([('date_from', '<=', self.date_to), ('date_to', '>=', self.date_from)]) - self
        seen, ways = set(), [(self, self.user_id)]
        while ways:
            last, users = ways.pop()
            if last.delegate_id == self.user_id:
                return users
            if last.delegate_id in users:
                continue
            for onward in others.filtered(lambda one, last=last: one.user_id == last.delegate_id) - self.browse(seen):
                if self._meets(onward):
                    seen.add(onward.id)
                    ways.append((onward, users | last.delegate_id))
        return self.env['res.users']

    def _meets(self, other):
        """Whether two delegations can count for the same policy."""
        return not self.policy_ids or not other.policy_ids or bool(self.policy_ids & other.policy_ids)

    @api.model_create_multi
    def create(self, vals_list):
        delegations = super().create(vals_list)
        delegations._hand_over_waiting()
        return delegations

    def write(self, vals):
        # The record rule looks at what the delegation was: it must not become somebody else's.
        if 'user_id' in vals and not self._is_user_manager():
            raise AccessError(self.env._("You delegate for yourself only. Make a delegation of your own."))
        result = super().write(vals)
        self._hand_over_waiting()
        return result

    @api.model
    def _get_today(self):
        return self.env['sale.order']._get_control_today()

    @api.model
    def _get_in_force(self, users):
        """Return the delegations of these users that count today; in sudo."""
        today = self._get_today()
        return self.sudo().browse(
            delegation_id for delegation_id, user_id, first, last in self._get_periods()
            if user_id in users._ids and first <= today <= last)

    @api.model
    @tools.ormcache()
    def _get_periods(self):
        """Return ``(id, user id, first day, last day)`` of all delegations, the latest first."""
        delegations = self.sudo().with_context(active_test=True).search_fetch(
            [('date_to', '!=', False)], ['user_id', 'date_from', 'date_to'])
        return tuple((one.id, one.user_id.id, one.date_from, one.date_to) for one in delegations)

    def _hand_over_waiting(self):
        """Hand over what waits for those who are away by now."""
        today = self._get_today()
        started = self.sudo().filtered(
            lambda delegation: delegation.active and delegation.date_from <= today <= delegation.date_to)
        if started:
            waiting = self.env['sale.approval.task'].sudo().search([
                ('user_id', 'in', started.user_id.ids), ('state', '=', 'pending')])
            heirs = waiting._delegate() - waiting
            heirs.request_id._dismiss_approvers()
            heirs._call_approvers()


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    def _delegate(self):
        """Give the tasks of people who are away to their delegates.

        :return: the tasks that wait now: heirs, and those that nobody could take
        """
        # Delegates may be away themselves. Circles are refused, but two can be made at the same instant.
        delegations = self.env['sale.approval.delegation'].sudo()
        in_force = delegations._get_in_force(self.user_id) if self else delegations
        heirs, given = self.browse(), self.browse()
        for task in self:
            delegation = in_force.filtered(
                lambda one, task=task: one.user_id == task.user_id
                and (not one.policy_ids or task.level_id.policy_id in one.policy_ids))[:1]
            if not delegation or not task._may_pass_to(delegation.delegate_id) \
                    or task._would_come_back(delegation.delegate_id):
                continue
            with approval_deciding(self.env):
                heirs |= task._pass_to(
                    delegation.delegate_id, 'delegated', delegation.create_uid,
                    self.env._("The delegation lasts until %s.", format_date(self.env, delegation.date_to)))
            given |= task
        return self - given | (heirs._delegate() if heirs else heirs)

    def _may_pass_to(self, user):
        """Whether a user may take the task over: no maker, able to decide, not asked at this level already."""
        self.ensure_one()
        peers = self._get_level_peers().filtered(lambda task: task.state != 'skipped')
        return self.request_id._may_decide(user) and user not in peers.user_id

    def _would_come_back(self, user):
        """Whether a user who had the task at this level already is away as well: it would go round for ever."""
        self.ensure_one()
        if user not in self._get_level_peers().user_id:
            return False
        return any(
            not onward.policy_ids or self.level_id.policy_id in onward.policy_ids
            for onward in self.env['sale.approval.delegation']._get_in_force(user))

    def _pass_to(self, user, kind, actor, comment):
        """Close the task and open it for another user, who decides on behalf of the first one.

        :param str kind: why, a key of :data:`PASSED_KINDS`
        :param res.users actor: who does it
        :param str comment: what that person says about it
        :return: the new task
        """
        self.ensure_one()
        heir = self.create({
            **self.copy_data()[0],
            'user_id': user.id,
            'user_name': user.name,
            'state': 'pending',
            'on_behalf_of_id': (self.on_behalf_of_id or self.user_id).id,
            'asked_on': fields.Datetime.now(),
        })
        self.write(self._prepare_passed(kind, actor, comment, [user.name]))
        return heir
