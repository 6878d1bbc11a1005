from odoo import models


class SaleApprovalRequest(models.Model):
    """The printed approval sheet: who prepared, reviewed and approved, each with a date."""

    _inherit = 'sale.approval.request'

    def _get_sheet_rows(self):
        """Return the rows of the sheet in the order of what happened; what was not needed is left out.

        :return: list of dicts with ``step``, ``office``, ``name``, ``decision``, ``date``, ``remark``
        """
        self.ensure_one()
        self.check_access('read')
        decisions = dict(self.task_ids._fields['state']._description_selection(self.env))
        rows = [{
            'step': self.env._("Prepared"), 'office': '', 'name': self.requester_id.name,
            'decision': self.env._("Submitted"), 'date': self.requested_on, 'remark': self.comment or '',
        }]
        tasks = self.task_ids.filtered(lambda task: task.decided_on or task.state in ('pending', 'waiting'))
        last = max(self.task_ids.mapped('sequence'), default=0)
        open_last = tasks.sorted(lambda task: (not task.decided_on, task.decided_on or task.create_date, task.sequence))
        for task in open_last:
            name = task.user_name
            if task.on_behalf_of_id:
                name = self.env._("%(user)s on behalf of %(other)s", user=name, other=task.on_behalf_of_id.name)
            rows.append({
                'step': self.env._("Approved") if task.sequence == last else self.env._("Reviewed"),
                'office': task.level_name,
                'name': name,
                'decision': decisions[task.state],
                'date': task.decided_on,
                'remark': task.comment or '',
            })
        return rows
