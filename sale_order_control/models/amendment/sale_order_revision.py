from odoo import fields, models
from odoo.exceptions import UserError


class SaleOrderRevision(models.Model):
    """The terms of an order as they stood from a moment on: who changed them, when and why."""

    _name = 'sale.order.revision'
    _description = "Order Revision"
    _inherit = ['sale.control.fact']
    _order = 'order_id, number desc'
    _rec_name = 'number'

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    number = fields.Integer(string="Revision", required=True, readonly=True, aggregator=None)
    amendment_id = fields.Many2one(
        'sale.amendment', readonly=True, index='btree_not_null', ondelete='restrict',
        help="Empty: the order as it was before its first amendment, or a change past one.")
    reason_id = fields.Many2one(related='amendment_id.reason_id')
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True, ondelete='restrict')
    date = fields.Datetime(required=True, readonly=True)
    summary = fields.Text(string="What Changed", readonly=True)
    is_agreed = fields.Boolean(
        string="Agreed", readonly=True,
        help="As confirmed, or as approvers agreed to. Later changes that need nobody's agreement are added up against "
             "it.")
    is_past = fields.Boolean(
        string="Past an Amendment", readonly=True,
        help="Terms were changed without an amendment: where control only warns, or because it had happened already.")
    terms = fields.Json(readonly=True)
    amount_untaxed = fields.Monetary(string="Untaxed Amount", readonly=True, aggregator=None)
    amount_total = fields.Monetary(string="Total", readonly=True, aggregator=None)

    _number_once = models.Constraint('UNIQUE (order_id, number)', "A revision of an order exists once.")

    def action_compare(self):
        """Open two revisions of an order side by side: the selected ones, or the first and the last.

        :raise UserError: if revisions of several orders are selected, or more than two
        """
        self.check_access('read')
        if len(self.order_id) != 1 or len(self) > 2:
            raise UserError(self.env._("Select one or two revisions of one order."))
        pair = self.sorted('number')
        context = {'default_order_id': self.order_id.id}
        if len(pair) == 2:
            context.update(default_left_id=pair[0].id, default_right_id=pair[1].id)
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Compare Revisions of %s", self.order_id.name),
            'res_model': 'sale.revision.compare',
            'view_mode': 'form',
            'target': 'new',
            'context': context,
        }

    def _compute_display_name(self):
        for revision in self:
            revision.display_name = self.env._(
                "%(order)s, revision %(number)s", order=revision.order_id.name, number=revision.number)
