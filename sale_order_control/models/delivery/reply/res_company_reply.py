from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """What a company tells its customers by itself."""

    _inherit = 'res.company'

    delivery_reply_auto = fields.Boolean(
        string="Tell Promised Dates by Mail", groups='base.group_user',
        help="As soon as a planner promises or moves a date, the customer is told by mail. Otherwise the salesperson "
             "does it with one click.")
    delivery_reminder_days = fields.Integer(
        string="Remind of an Answer after (Days)", default=0, groups='base.group_user',
        help="Customers who have not answered so many days after they were told a date are reminded once. 0: never.")
    order_confirmation_auto = fields.Boolean(
        string="Confirm Orders by Mail", groups='base.group_user',
        help="The order confirmation is sent as soon as every line has its date. It tells the dates as well.")
    shipping_notice_auto = fields.Boolean(
        string="Announce Shipments by Mail", groups='base.group_user',
        help="The customer is told of each transfer as soon as it has left, with its tracking reference.")
    completion_notice_auto = fields.Boolean(
        string="Tell Completion by Mail", groups='base.group_user',
        help="When all of an order is delivered, the customer is told and asked whether everything is as it should be.")

    @api.constrains('delivery_reminder_days')
    def _check_delivery_reminder_days(self):
        if any(company.delivery_reminder_days < 0 for company in self.sudo()):
            raise ValidationError(self.env._(
                "The number of days after which customers are reminded cannot be below zero: enter a number of days, "
                "or 0."))


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    delivery_reply_auto = fields.Boolean(related='company_id.delivery_reply_auto', readonly=False)
    delivery_reminder_days = fields.Integer(related='company_id.delivery_reminder_days', readonly=False)
    order_confirmation_auto = fields.Boolean(related='company_id.order_confirmation_auto', readonly=False)
    shipping_notice_auto = fields.Boolean(related='company_id.shipping_notice_auto', readonly=False)
    completion_notice_auto = fields.Boolean(related='company_id.completion_notice_auto', readonly=False)
