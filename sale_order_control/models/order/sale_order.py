from odoo import api, fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """What an order carries under control: sales type, source, wishes, log."""

    _inherit = 'sale.order'

    # === FIELDS ===#

    sale_type_id = fields.Many2one(
        'sale.control.type', string="Sales Type",
        compute='_compute_sale_type_id', store=True, readonly=False, precompute=True, copy=False,
        index='btree_not_null',
        groups='base.group_user', check_company=True,
        help="Follows the customer's country and class. Choosing another type than the customer's needs approval.")
    control_source_id = fields.Many2one(
        'sale.control.source', string="Order Source", copy=False, groups='base.group_user',
        help="How the customer's order reached us.")
    requested_date = fields.Date(
        copy=False,
        help="The day on which the customer wants the goods. Lines without a date of their own follow it.")
    special_requirement = fields.Text(
        string="Special Requirements",
        help="Packaging, labels, delivery window, gifts...: what the warehouse must know. It is printed on the "
             "delivery slip, so the customer can read it: nothing internal here.")
    control_parked = fields.Boolean(
        string="Parked", copy=False, readonly=True, groups='base.group_user',
        help="The customer signed or paid while the order was on hold: it is confirmed when the hold is cleared.")
    control_log_ids = fields.One2many('sale.control.log', 'order_id', groups='base.group_user')
    control_log_count = fields.Integer(compute='_compute_control_log_count', groups='base.group_user')

    # === COMPUTE METHODS ===#

    @api.depends('partner_id', 'partner_invoice_id', 'company_id')
    def _compute_sale_type_id(self):
        for order in self:
            order.sale_type_id = order._get_default_sale_type() if order.partner_id else False

    def _compute_control_log_count(self):
        counts = self._count_readable('sale.control.log')
        for order in self:
            order.control_log_count = counts.get(order._origin, 0)

    def _count_readable(self, model_name):
        """Count the records of a model on these orders that the user may read: none where it may not read any.

        :return: ``{order: count}`` of the orders that have some
        """
        model = self.env[model_name]
        if not model.has_access('read'):
            return {}
        return dict(model._read_group([('order_id', 'in', self.ids)], ['order_id'], ['__count']))

    def _get_invoiced(self):
        # Who plans or releases orders opens them without reading journal items: the form only counts.
        readable = self.env['account.move.line'].has_access('read')
        return super(SaleOrder, self if readable else self.sudo())._get_invoiced()

    def _get_default_sale_type(self):
        """Return the sales type that follows from the customer, and from who is invoiced if that is stricter.

        Of the types for such customers, the customer's class chooses.
        """
        self.ensure_one()
        company = (self.company_id or self.env.company).sudo()
        types = self.env['sale.control.type'].sudo().with_company(company)
        scopes = {types._get_scope(partner, company) for partner in (self.partner_id | self.partner_invoice_id).sudo()}
        strictest = next((scope for scope in ('domestic', 'export', 'internal') if scope in scopes), 'domestic')
        return types.browse(types._get_type_id(strictest, self.control_class_id.id) or ())

    # === ACTION METHODS ===#

    def action_view_control_log(self):
        """Open what the gate recorded about the order."""
        self.ensure_one()
        self.env['sale.control.log'].check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Control Log of %s", self.name),
            'res_model': 'sale.control.log',
            'view_mode': 'list,form',
            'domain': [('order_id', '=', self.id)],
        }

    # === BUSINESS METHODS ===#

    def _control_log(self, event, issues=None, checkpoint=None, message=None):
        """Append to the control log: who did what and what the rules said.

        :param str event: key of ``CONTROL_EVENTS``
        :param dict issues: optional ``{order_id: (ControlIssue, ...)}``, one row each; an order
            without issues gets one row
        :param str checkpoint: where the rules were asked
        :param str message: sentence of an event without issues
        """
        rows = []
        for order in self:
            base = {
                'order_id': order.id,
                'company_id': order.company_id.id,
                'event': event,
                'checkpoint': checkpoint,
                'user_id': self.env.uid,
                'message': message,
            }
            found = (issues or {}).get(order.id, ())
            rows += [
                {**base, 'code': issue.code, 'effect': issue.effect, 'would': issue.would,
                 'message': issue.message, 'facts': issue.facts}
                for issue in found
            ] or [base]
        # Users append through their acts only, never by themselves.
        return self.env['sale.control.log']._record_facts(rows)

    def _control_event(self, name):
        """Tell the rooms that something happened to these orders.

        Rooms extend it; the hub itself has nothing to do.

        :param str name: ``entered`` (where somebody asks for it), ``submitted``, ``confirmed``, ``parked``,
            ``reopened``, ``cancelled``, ``procure_held``, ``procured``, ``released``, ``delivered``, ``amended``; what
            rooms raise besides is in the table of ``_get_control_moments``
        """

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        if self.sudo().control_log_ids:
            raise UserError(self.env._(
                "An order that was checked, submitted or decided on keeps its record and cannot be deleted. "
                "Cancel it instead."))
