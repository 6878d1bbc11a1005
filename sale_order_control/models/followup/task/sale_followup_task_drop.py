from odoo import models
from odoo.exceptions import UserError


class SaleFollowupTask(models.Model):
    """Follow-ups that are not to be done: somebody concerned says why, and nobody is asked again for the cause."""

    _inherit = 'sale.followup.task'

    def action_drop(self):
        """Open the form that asks why the task is cancelled."""
        self.ensure_one()
        self._check_may_work()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Cancel “%s”", self.name),
            'res_model': 'sale.followup.drop',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_task_id': self.id},
        }

    def _drop(self, reason):
        """Cancel open tasks by hand.

        :param str reason: kept as the outcome, with who and when
        :raise AccessError: for who is neither responsible nor sells the order nor leads
        :raise UserError: without a reason, or if one of them has ended
        """
        self._check_may_work()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is not to be done: the reason is kept."))
        self._end('dropped', reason.strip())
