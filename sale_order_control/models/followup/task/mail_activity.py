from odoo import models


class MailActivity(models.Model):
    """An activity that is marked as done ends its task."""

    _inherit = 'mail.activity'

    def _action_done(self, feedback=False, attachment_ids=None):
        # Those of follow-ups are made by the system: what people plan for themselves costs no question.
        tasks = self.env['sale.followup.task'].sudo()
        made = self.filtered('automated')
        if made:
            tasks = tasks.search([('activity_id', 'in', made.ids), ('state', '=', 'open')])
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        # After: the activity is kept as done, and the task does not take it away.
        for task in tasks:
            task._end_by_activity(feedback)
        return result
