from odoo import fields, models

NOTICE_KINDS = [
    ('reply', "Delivery Date"),
    ('reminder', "Reminder to Answer"),
    ('offer', "Proposal"),
    ('confirmation', "Order Confirmation"),
    ('shipping', "Shipping Notice"),
    ('completion', "Completion Notice"),
]
# Who has the right to read these records: others open orders and transfers without them.
NOTICE_READERS = ','.join((
    'sale_order_control.group_user', 'sale_order_control.group_delivery_planner', 'sale_order_control.group_auditor',
    'stock.group_stock_user'))
CHANNELS = [
    ('mail', "Mail"),
    ('phone', "Phone"),
    ('person', "In Person"),
    ('other', "Another Way"),
]


class SaleCustomerNotice(models.Model):
    """A fact: the customer was told something about an order, by whom, when and in which way. Never changed."""

    _name = 'sale.customer.notice'
    _inherit = ['sale.control.fact']
    _description = "Customer Notice"
    _order = 'id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", readonly=True, index='btree_not_null', ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    kind = fields.Selection(NOTICE_KINDS, string="About", required=True, readonly=True)
    channel = fields.Selection(CHANNELS, string="Told By", required=True, readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", required=True, readonly=True, ondelete='restrict')
    contact = fields.Char(
        readonly=True, help="The mail address it was sent to, or the person who was told in another way.")
    contents = fields.Text(string="Told", readonly=True, help="The dates as the customer read or heard them.")
    digest = fields.Char(readonly=True, help="What was told, in a form that can be compared.")
    promise_ids = fields.Many2many(
        'sale.delivery.promise', 'sale_customer_notice_promise_rel', 'notice_id', 'promise_id',
        string="Promises", readonly=True, help="The promises that the customer learned of by this.")
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    automatic = fields.Boolean(readonly=True, help="Sent by the system, because the company wants it so.")

    # The last line of defence: a transfer is announced, and a completion told, once for the same facts.
    _once_unique = models.UniqueIndex(
        "(kind, order_id, COALESCE(picking_id, 0), digest) WHERE kind IN ('shipping', 'completion')",
        "The customer has been told this already.")


class SaleDeliveryPromise(models.Model):
    _inherit = 'sale.delivery.promise'

    ship_date = fields.Date(
        string="Planned Ship Date", readonly=True,
        help="The day on which the goods have to leave to be there on the promised day, as it was known then.")
    notice_ids = fields.Many2many(
        'sale.customer.notice', 'sale_customer_notice_promise_rel', 'promise_id', 'notice_id',
        string="Customer Told", readonly=True, groups=NOTICE_READERS)
    answer_ids = fields.One2many('sale.delivery.answer', 'promise_id', string="Customer's Answers", readonly=True,
        groups=NOTICE_READERS)
