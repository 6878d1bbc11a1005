from odoo import api, fields, models

REPLY_SETTINGS = (
    'delivery_reply_auto', 'delivery_reminder_days', 'order_confirmation_auto', 'shipping_notice_auto',
    'completion_notice_auto')


class ResCompany(models.Model):
    """What a company tells its customers by itself."""

    _inherit = 'res.company'

    delivery_reply_auto = fields.Boolean(
        string="Tell Promised Dates by Mail", groups='base.group_user',
        help="As soon as a date is promised or moved, the customer is told by mail. Otherwise the salesperson does it "
             "with one click.")
    delivery_reminder_days = fields.Integer(
        string="Remind of an Answer after (Days)", default=0, groups='base.group_user',
        help="Customers who have not answered so many days after they were told a date are reminded once. 0: never.")
    order_confirmation_auto = fields.Boolean(
        string="Confirm Orders by Mail", groups='base.group_user',
        help="The order confirmation is sent as soon as every line has its date. It tells the dates as well, and takes "
             "the place of Odoo's own.")
    shipping_notice_auto = fields.Boolean(
        string="Announce Shipments by Mail", groups='base.group_user',
        help="The customer is told of each transfer as soon as it has left, with its tracking reference. Untick “Email "
             "Confirmation” of the Inventory app then, or the customer gets two mails.")
    completion_notice_auto = fields.Boolean(
        string="Tell Completion by Mail", groups='base.group_user',
        help="When all of an order is delivered, the customer is told and asked whether everything is as it should be.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), *REPLY_SETTINGS)

    @api.constrains('delivery_reminder_days')
    def _check_delivery_reminder_days(self):
        self._check_control_numbers(['delivery_reminder_days'])


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    delivery_reply_auto = fields.Boolean(related='company_id.delivery_reply_auto', readonly=False)
    delivery_reminder_days = fields.Integer(related='company_id.delivery_reminder_days', readonly=False)
    order_confirmation_auto = fields.Boolean(related='company_id.order_confirmation_auto', readonly=False)
    shipping_notice_auto = fields.Boolean(related='company_id.shipping_notice_auto', readonly=False)
    completion_notice_auto = fields.Boolean(related='company_id.completion_notice_auto', readonly=False)
