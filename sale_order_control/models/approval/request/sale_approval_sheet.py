from odoo import models


class SaleApprovalRequest(models.Model):
    """The printed approval sheet: who prepared it, and what each of those asked did, with dates."""

    _inherit = 'sale.approval.request'

    def _get_sheet_rows(self):
        """Return the rows of the sheet in the order of what happened; what was not needed is left out.

        An agreement that a later return undid does not count and is left out; one that its approver took back, and
        the return itself, are kept.

        :return: list of dicts with ``step``, ``office``, ``name``, ``date``, ``remark``
        """
        self.ensure_one()
        self.check_access('read')
        shown = self.task_ids.filtered(
            lambda task: task.withdrawn_on or task.state == 'returned'
            or not task.superseded and (task.decided_on or task.state in ('pending', 'waiting')))
        shown = shown.sorted(lambda task: (not task.decided_on, task.decided_on or task.create_date, task.sequence))
        return [self._prepare_prepared_row(), *(task._prepare_sheet_row(task._get_sheet_step()) for task in shown)]

    def _get_approval_rows(self):
        """Return who prepared, reviewed and approved: only those whose agreement the approval rests on.

        :return: list of dicts as of :meth:`_get_sheet_rows`; empty unless the request was approved
        """
        self.ensure_one()
        self.check_access('read')
        if not self.approved_on:
            return []
        agreed = self._get_current_tasks().filtered(lambda task: task.state == 'agreed').sorted(
            lambda task: (task.sequence, task.decided_on))
        last = max(agreed.mapped('sequence'), default=0)
        return [self._prepare_prepared_row(), *(
            task._prepare_sheet_row(
                self.env._("Approved") if task.sequence == last else self.env._("Reviewed"))
            for task in agreed)]

    def _prepare_prepared_row(self):
        return {
            'step': self.env._("Prepared"), 'office': '', 'name': self.requester_id.name, 'date': self.requested_on,
            'remark': self.comment or '',
        }


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    def _get_sheet_step(self):
        """Name what the approver did, or is to do."""
        self.ensure_one()
        if self.withdrawn_on:
            return self.env._("Withdrawn")
        return {
            'agreed': self.env._("Agreed"),
            'disagreed': self.env._("Disagreed"),
            'returned': self.env._("Returned"),
            'pending': self.env._("Decides now"),
            'waiting': self.env._("Decides later"),
        }.get(self.state) or self.env._("Passed on")

    def _prepare_sheet_row(self, step):
        name = self.user_name
        if self.on_behalf_of_id:
            name = self.env._("%(user)s on behalf of %(other)s", user=name, other=self.on_behalf_of_id.name)
        remark = " ".join(filter(None, [self._get_passed_sentence(), self.comment]))
        return {
            'step': step, 'office': self.level_name, 'name': name, 'date': self.withdrawn_on or self.decided_on,
            'remark': remark,
        }
