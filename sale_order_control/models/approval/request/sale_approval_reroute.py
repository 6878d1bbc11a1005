from odoo import models

from .approval_memory import approval_deciding


class SaleApprovalTask(models.Model):
    """What waits for somebody who cannot decide any more goes to others, and people are told."""

    _inherit = 'sale.approval.task'

    def _reroute_absent(self, users=None):
        """Give open tasks of people who may not decide any more to others.

        First to those whom the level names now, then to the managers of order control. Nobody left: the maker
        and the managers are told that the request waits in vain.

        :param res.users users: whose tasks are looked at; all by default
        """
        domain = [('state', 'in', ('waiting', 'pending')), ('superseded', '=', False)]
        if users is not None:
            domain.append(('user_id', 'in', users.ids))
        tasks = self.search(domain).filtered(lambda task: not task._may_still_decide())
        for task in tasks:
            task._reroute()

    def _may_still_decide(self):
        """Whether the task's user is still able to decide, and still belongs to the level that asked."""
        self.ensure_one()
        request, level = self.request_id, self.level_id
        if request.state != 'pending':
            return True
        if not level._is_approver(self.user_id, request.company_id):
            return False
        # Who was named by somebody, or stands in for somebody, does not depend on the level's group.
        by_group = level.approver_type in ('group', 'credit_controller') and not self.on_behalf_of_id
        return not by_group or self.user_id in level._get_static_users()

    def _reroute(self):
        self.ensure_one()
        request = self.request_id
        peers = self._get_level_peers().filtered(lambda task: task.state in ('waiting', 'pending', 'agreed')) - self
        heirs = self._get_heirs(peers)
        with approval_deciding(self.env):
            self.write(self._prepare_passed('unable', names=heirs.mapped('name')))
            taken = self.create([
                {**self.copy_data()[0], 'user_id': heir.id, 'user_name': heir.name,
                 'state': 'waiting', 'comment': False, 'decided_on': False}
                for heir in heirs
            ])
            everybody = len(peers) + len(heirs)
            if self.quorum == 'all' and 0 < everybody < self.needed:
                self._get_level_peers().write({'needed': everybody})
        request._dismiss_approvers()
        request._tell_rerouted(self, taken, stuck=len(peers) + len(taken) < self.needed)
        if taken or peers:
            request._advance()

    def _get_heirs(self, peers):
        """Return who takes the task over; nobody if the others of the level are enough."""
        request = self.request_id
        if self.quorum != 'all' and len(peers) >= self.needed:
            return self.env['res.users']
        known = peers.user_id | self.user_id
        level = self.level_id
        candidates = (level._get_approvers(request._get_document(), known) if level else known.browse())
        if not candidates and not (self.quorum == 'all' and peers):
            candidates = self.env.ref('sale_order_control.group_manager').all_user_ids - known
        return candidates.filtered(request._may_decide)


class SaleApprovalRequest(models.Model):
    _inherit = 'sale.approval.request'

    def _tell_rerouted(self, task, taken, stuck):
        """Tell the maker who decides now; the managers too if nobody does."""
        self.ensure_one()
        if stuck:
            text = self.env._(
                "%(user)s cannot decide any more and nobody else may. Recall the request, or let a manager change "
                "level “%(level)s”.", user=task.user_name, level=task.level_name)
        elif taken:
            text = self.env._(
                "%(user)s cannot decide any more. Level “%(level)s” goes to %(names)s.",
                user=task.user_name, level=task.level_name, names=", ".join(taken.mapped('user_name')))
        else:
            text = self.env._(
                "%(user)s cannot decide any more. Level “%(level)s” goes on without.",
                user=task.user_name, level=task.level_name)
        people = self.requester_id
        if stuck:
            people |= self.env.ref('sale_order_control.group_manager').all_user_ids.filtered(
                lambda user: self.company_id in user.company_ids)
        for user in people.filtered(lambda user: user.active and not user.share):
            self._send_notice(user, self.env._("Approval of %s: who decides has changed", self.document_name), [text])
