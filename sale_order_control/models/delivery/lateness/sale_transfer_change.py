from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...order.control_memory import control_acting, control_memory

CHANGE_STATES = [
    ('draft', "Draft"),
    ('asked', "Waiting"),
    ('approved', "May Be Closed"),
    ('used', "Done"),
    ('refused', "Refused"),
]
FOLLOWING = frozenset({'state', 'line_ids', 'order_id', 'picking_id', 'user_id', 'company_id', 'name'})


class SaleTransferChange(models.Model):
    """Somebody applies to close an overdue delivery without delivering: supervisor or finance decides.

    What was agreed to is a permission for these quantities of these lines, used up as the transfer is cancelled,
    closed without backorder, or reduced.
    """

    _name = 'sale.transfer.change'
    _inherit = ['sale.approval.mixin', 'mail.thread', 'mail.activity.mixin']
    _description = "Change of an Overdue Delivery"
    _order = 'id desc'
    _approval_area = 'promise'
    _approval_terms = ('order_id', 'picking_id', 'cause_id', 'reason')

    name = fields.Char(string="Document", readonly=True, copy=False)
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", readonly=True, index='btree_not_null', ondelete='restrict',
        help="Empty where it is about all overdue deliveries of the order.")
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    partner_id = fields.Many2one(related='order_id.partner_id', string="Customer", store=True)
    user_id = fields.Many2one('res.users', string="Applied By", required=True, readonly=True, copy=False)
    cause_id = fields.Many2one('sale.delivery.change.reason', ondelete='restrict', readonly=True)
    reason = fields.Text(required=True, readonly=True, help="Why the goods are not going to be delivered.")
    amount = fields.Monetary(
        compute='_compute_amount', compute_sudo=True, store=True,
        help="What the goods are sold for, without taxes, in the company's currency.")
    line_ids = fields.One2many('sale.transfer.change.line', 'change_id', string="Goods", readonly=True, copy=False)
    state = fields.Selection(
        CHANGE_STATES, required=True, readonly=True, default='draft', copy=False, index=True, tracking=True)

    @api.depends('line_ids.quantity')
    def _compute_amount(self):
        for change in self:
            rate = change.order_id.currency_rate or 1.0
            change.amount = sum(
                line.quantity * line.order_line_id.price_reduce_taxexcl for line in change.line_ids) / rate

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        if not control_memory(self.env).acting:
            raise UserError(self.env._("Apply for a change on the overdue transfer, or on its order."))
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & (FOLLOWING | set(self._approval_terms)) and not control_memory(self.env).acting:
            raise UserError(self.env._("What was applied for cannot be changed: apply anew."))
        return super().write(vals)

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | FOLLOWING

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An application for a change stays on record and cannot be deleted."))

    # === APPLYING ===#

    @api.model
    def _apply_for(self, order, picking, cause, reason):
        """Apply to close what is overdue of an order, or of one of its transfers; private: callers check who.

        :param stock.picking picking: the transfer, or empty for the whole order
        :return: the application, decided at once where nobody need agree
        :raise UserError: if nothing is overdue, no reason is given, or it is being asked for already
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the goods are not going to be delivered."))
        values = self._prepare_change(order, picking, cause, reason.strip())
        if not values['line_ids']:
            raise UserError(self.env._(
                "Nothing of %s is overdue: it can be changed as usual.", (picking or order).display_name))
        waiting = self.sudo().search([('order_id', '=', order.id), ('state', '=', 'asked')])
        if waiting.filtered(lambda change: not change.picking_id or not picking or change.picking_id == picking):
            raise UserError(self.env._("It is being asked for already: %s.", waiting[:1].display_name))
        with control_acting(self.env):
            change = self.sudo().create(values).with_env(self.env)
        change._submit()
        return change

    @api.model
    def _prepare_change(self, order, picking, cause, reason):
        obligations = order.sudo().order_line._get_overdue_obligations(picking.sudo())
        return {
            'name': picking.name or order.name,
            'order_id': order.id,
            'picking_id': picking.id,
            'company_id': order.company_id.id,
            'user_id': self.env.uid,
            'cause_id': cause.id,
            'reason': reason,
            'line_ids': [
                Command.create({'order_line_id': line_id, 'product_id': product_id, 'quantity': quantity})
                for (line_id, product_id), quantity in obligations.items()
            ],
        }

    def _submit(self):
        """Ask those who decide; what nobody need agree to is free at once."""
        free = self.sudo()._submit_for_approval()
        self._set_state('asked')
        if free:
            self._set_state('approved')

    def _set_state(self, state):
        with control_acting(self.env):
            self.sudo().write({'state': state})

    # === APPROVAL ===#

    def _get_approval_makers(self):
        return super()._get_approval_makers() | self.user_id | self.order_id.user_id

    def _get_approval_salesperson(self):
        return self.order_id.user_id or self.user_id

    def _get_approval_amount(self):
        return self.amount, self.currency_id

    def _prepare_approval_snapshot(self):
        return {
            **super()._prepare_approval_snapshot(),
            'goods': [[line.order_line_id.id, line.product_id.id, line.quantity] for line in self.line_ids],
        }

    def _get_terms_aspect_labels(self):
        return {**super()._get_terms_aspect_labels(), 'goods': self.env._("goods")}

    def _prepare_approval_display(self):
        display = super()._prepare_approval_display()
        display['facts'] += [
            (line.product_id.display_name, line._word_quantity()) for line in self.line_ids]
        return display

    def _approval_approved(self):
        self._set_state('approved')
        return dict.fromkeys(self.ids, self.env._("The overdue delivery may be cancelled, closed or reduced now."))

    def _approval_rejected(self):
        self._set_state('refused')

    def _approval_returned(self):
        self._set_state('draft')

    def _approval_withdrawn(self):
        self.filtered(lambda change: change.state in ('asked', 'approved'))._set_state('draft')

    def _approval_closed(self, state):
        sentences = super()._approval_closed(state)
        if state == 'expired':
            self._tell_planners_of_lapse()
        return sentences

    def _tell_planners_of_lapse(self):
        """Nobody decided in time: the delivery stays as it is, and who plans deliveries hears it."""
        planners = self.env.ref('sale_order_control.group_delivery_planner').sudo().all_user_ids
        for change in self.sudo():
            told = planners.filtered(
                lambda user, change=change: user.active and not user.share and change.company_id in user.company_ids)
            change.with_context(mail_notify_force_send=False).message_notify(
                partner_ids=told.partner_id.ids,
                subject=self.env._("Change of %s was not decided in time", change.name),
                body=self.env._("%s stays as it is, overdue and to be delivered. Apply anew, or deliver.", change.name))

    def _end_permissions(self):
        """Let permissions go that were not used: what is promised anew is not overdue any more."""
        ended = self.filtered(lambda change: change.state == 'approved')
        ended._void_requests(lambda env: env._("It was promised anew, and is not overdue any more."))
        ended.filtered(lambda change: change.state == 'approved')._set_state('draft')

    # === USING ===#

    @api.model
    def _use_permissions(self, dropped):
        """Take quantities that are closed from what was agreed to.

        :param dict dropped: ``{(order_line_id, product_id): quantity in the product's unit}``
        :return: the part of it that nobody agreed to, in the same form
        """
        lines = self.env['sale.transfer.change.line'].sudo().search([
            ('change_id.state', '=', 'approved'), ('order_line_id', 'in', [key[0] for key in dropped])], order='id')
        left = dict(dropped)
        with control_acting(self.env):
            for line in lines:
                key = line.order_line_id.id, line.product_id.id
                share = min(left.get(key, 0.0), line.quantity - line.used_quantity)
                if share > 0:
                    line.used_quantity += share
                    left[key] -= share
            lines.change_id.filtered(lambda change: all(
                line.product_id.uom_id.compare(line.used_quantity, line.quantity) >= 0 for line in change.line_ids
            ))._set_state('used')
        units = self.env['product.product']
        return {
            key: quantity for key, quantity in left.items() if not units.browse(key[1]).uom_id.is_zero(quantity)}


class SaleTransferChangeLine(models.Model):
    _name = 'sale.transfer.change.line'
    _description = "Goods of a Change of an Overdue Delivery"
    _order = 'id'
    _rec_name = 'product_id'

    change_id = fields.Many2one('sale.transfer.change', required=True, readonly=True, index=True, ondelete='restrict')
    order_line_id = fields.Many2one('sale.order.line', required=True, readonly=True, index=True, ondelete='restrict')
    product_id = fields.Many2one('product.product', required=True, readonly=True, ondelete='restrict')
    uom_id = fields.Many2one(related='product_id.uom_id')
    quantity = fields.Float(
        digits='Product Unit', readonly=True, help="What may be closed without delivery, in the product's unit.")
    used_quantity = fields.Float(string="Closed", digits='Product Unit', readonly=True)

    def _word_quantity(self):
        self.ensure_one()
        return f"{self.quantity:g} {self.uom_id.name}"

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_by_hand()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An application for a change stays on record and cannot be deleted."))

    def _refuse_by_hand(self):
        if not control_memory(self.env).acting:
            raise UserError(self.env._("What was applied for cannot be changed: apply anew."))
