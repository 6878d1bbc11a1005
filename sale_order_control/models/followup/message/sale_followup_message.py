from odoo import fields, models

MESSAGE_CHANNELS = [
    ('mail', "Mail"),
    ('sms', "SMS"),
]


class SaleFollowupMessage(models.Model):
    """A fact: a rule wrote to a customer about a document. Never changed; what is here is never sent again.

    It is recorded in the transaction that queues the mail: both are there, or neither.
    """

    _name = 'sale.followup.message'
    _inherit = ['sale.control.fact']
    _description = "Message to a Customer"
    _order = 'id desc'

    name = fields.Char(string="Subject", readonly=True)
    rule_id = fields.Many2one('sale.followup.rule', required=True, readonly=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field='res_model', required=True, readonly=True)
    document_name = fields.Char(string="About", readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True, index='btree_not_null', ondelete='restrict')
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True, index=True, ondelete='restrict')
    channel = fields.Selection(MESSAGE_CHANNELS, string="Sent By", required=True, readonly=True)
    contact = fields.Char(string="Sent To", readonly=True, help="The address or number it was sent to.")
    cause = fields.Char(required=True, readonly=True, help="What it is about: nobody is told the same twice.")
    anchor_date = fields.Date(string="Date It Follows", readonly=True)
    sent_on = fields.Datetime(string="Sent", required=True, readonly=True)
    sent_day = fields.Date(required=True, readonly=True)
    mail_message_id = fields.Many2one('mail.message', readonly=True, ondelete='set null')
    body = fields.Html(related='mail_message_id.body', string="Text")
    covered_id = fields.Many2one(
        'sale.followup.message', string="Told With", readonly=True, ondelete='restrict',
        help="The message that told the customer of this document as well.")

    # The last line of defence, for two who work at the same instant.
    _cause_unique = models.UniqueIndex("(rule_id, res_id, cause, channel)", "The customer has been told this already.")
    _partner_day_idx = models.Index("(partner_id, sent_day)")

    def action_view_document(self):
        """Open what the message is about."""
        self.ensure_one()
        self.check_access('read')
        document = self.env[self.res_model].sudo().browse(self.res_id)
        document = self.env['sale.order']._get_control_screen(document).with_env(self.env)
        document.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': document._name,
            'res_id': document.id,
            'view_mode': 'form',
        }
