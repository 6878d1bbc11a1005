from odoo import fields, models
from odoo.exceptions import UserError

from ...models.followup.task.sale_followup_contact import CHANNELS
from ...models.followup.task.sale_followup_task import RESULTS


class SaleFollowupLog(models.TransientModel):
    """What somebody writes about a contact: the same template for every call."""

    _name = 'sale.followup.log'
    _inherit = ['sale.control.wizard']
    _description = "Record of a Contact"

    task_id = fields.Many2one('sale.followup.task', required=True, readonly=True, ondelete='cascade')
    document_name = fields.Char(related='task_id.document_name')
    partner_id = fields.Many2one(related='task_id.partner_id')
    phone = fields.Char(related='task_id.partner_id.phone', string="Phone")
    note = fields.Html(related='task_id.note')
    channel = fields.Selection(CHANNELS, default='call')
    contact = fields.Char(string="Spoke With")
    content = fields.Text(string="What Was Said")
    result = fields.Selection(RESULTS, default='ok')
    next_step = fields.Char(string="Needed Next")
    next_date = fields.Date(string="On")

    def action_record(self):
        """Record the contact, end the task or let it go on.

        :raise UserError: if something is missing
        """
        self._record()
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def action_record_and_next(self):
        """Record the contact and ask about the next one that is due for the user."""
        self._record()
        task = self.env['sale.followup.task']._get_next_task()
        return task.action_log() if task else {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def _record(self):
        self.ensure_one()
        self.task_id._check_may_work()
        if not self.channel or not self.result:
            raise UserError(self.env._("Say how you spoke with the customer and what came of it."))
        self.task_id._record_contact(
            self.channel, self.content, self.result, self.contact, self.next_step, self.next_date)
