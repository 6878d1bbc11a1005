from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_memory
from ...order.control_words import word_days

CHANGE_STATES = [
    ('asked', "Waiting"),
    ('applied', "Promised"),
    ('refused', "Refused"),
    ('withdrawn', "Withdrawn"),
]


class SaleDeliveryChange(models.Model):
    """A date that a planner may not promise alone: approvers agree before the customer is promised it.

    Made by promising (:meth:`sale.order.line._promise`) where a policy about delivery date changes matches; what
    was asked for never changes. Days are counted from the first promise, so that many small steps add up.
    """

    _name = 'sale.delivery.change'
    _description = "Delivery Date Change"
    _inherit = ['sale.approval.mixin', 'mail.thread']
    _order = 'id desc'
    _approval_terms = ('order_id', 'days_later', 'reason_id', 'note')

    # === FIELDS ===#

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one(related='order_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='order_id.currency_id')
    partner_id = fields.Many2one(related='order_id.partner_id', string="Customer", store=True)
    user_id = fields.Many2one('res.users', string="Asked By", required=True, readonly=True)
    line_ids = fields.One2many('sale.delivery.change.line', 'change_id', string="Lines", readonly=True)
    reason_id = fields.Many2one('sale.delivery.change.reason', readonly=True, ondelete='restrict')
    note = fields.Char(readonly=True)
    is_automatic = fields.Boolean(readonly=True, help="The system found the dates, on behalf of the user.")
    days_later = fields.Integer(
        compute='_compute_days_later', store=True,
        help="The most that a line would come after its first promise, or after the day the customer wanted if nothing "
             "was promised yet. Policies can ask for more than so many days.")
    amount_untaxed = fields.Monetary(
        string="Worth", compute='_compute_days_later', store=True, help="Of the lines concerned, without taxes.")
    state = fields.Selection(CHANGE_STATES, required=True, readonly=True, default='asked', tracking=True)
    obstacle = fields.Text(
        string="Not Promised Because", readonly=True, help="It was agreed to, but could no longer be promised.")

    # === COMPUTE METHODS ===#

    @api.depends('line_ids')
    def _compute_days_later(self):
        for change in self:
            change.days_later = max(change.line_ids.mapped('days_later'), default=0)
            change.amount_untaxed = sum(change.line_ids.order_line_id.mapped('price_subtotal'))

    @api.depends('order_id')
    def _compute_display_name(self):
        for change in self:
            change.display_name = self.env._("Later delivery of %s", change.order_id.name)

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        self._check_acting()
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() - {'message_main_attachment_id'}:
            self._check_acting()
        return super().write(vals)

    @api.model
    def _check_acting(self):
        if not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "A change of a delivery date is asked for by promising and follows from decisions: it is not written."))

    # === WHAT IS JUDGED ===#

    def _get_approval_amount(self):
        return self.amount_untaxed, self.currency_id

    def _get_approval_makers(self):
        return self.user_id

    def _get_approval_salesperson(self):
        return self.order_id.user_id or self.user_id

    def _prepare_approval_display(self):
        display = super()._prepare_approval_display()
        return {**display, 'facts': [
            *display['facts'],
            (self.env._("Customer"), self.partner_id.display_name),
            *((line.product_id.display_name, line._word_change()) for line in self.line_ids),
        ]}

    # === WHAT FOLLOWS ===#

    def _approval_approved(self):
        messages = {}
        for change in self:
            try:
                with self.env.cr.savepoint():
                    change._apply()
                messages[change.id] = self.env._("The new dates of %s are promised.", change.order_id.name)
            except UserError as error:
                change.invalidate_recordset()
                change._set('withdrawn', obstacle=str(error))
                messages[change.id] = self.env._(
                    "The new dates of %(order)s were agreed to, but could not be promised: %(reason)s",
                    order=change.order_id.name, reason=str(error))
        return messages

    def _approval_rejected(self):
        self._set('refused')

    def _approval_returned(self):
        # The planner promises again: what was asked for is on record and stays as it was.
        self._set('withdrawn')

    def _approval_withdrawn(self):
        self.filtered(lambda change: change.state == 'asked')._set('withdrawn')

    def _apply(self):
        """Promise what was agreed to, in the name of the planner who asked.

        :raise UserError: if a line was promised otherwise meanwhile, or can no longer be promised
        """
        self.ensure_one()
        moved = self.line_ids.filtered(lambda line: line.order_line_id.promise_revision != line.revision)
        if moved:
            raise UserError(self.env._(
                "%s was promised anew meanwhile. Promise again if it still has to move.",
                ", ".join(moved.product_id.mapped('display_name'))))
        dates = {line.order_line_id.id: line.promised_date for line in self.line_ids}
        lines = self.line_ids.order_line_id.with_user(self.user_id).sudo()
        parts = {
            line.order_line_id.id: tuple((fields.Date.to_date(day), quantity) for day, quantity in line.parts)
            for line in self.line_ids if line.parts}
        lines._check_promise(dates, self.reason_id)
        lines._check_promise_parts(dates, parts)
        self._set('applied')
        lines._record_promises(dates, self.reason_id, self.note, parts, self.is_automatic)

    def _set(self, state, **values):
        """Write what follows from acts that check who acts."""
        with control_acting(self.env):
            self.sudo().write({'state': state, **values})


class SaleDeliveryChangeLine(models.Model):
    """One order line of a change: the promise it has, and the day it would get."""

    _name = 'sale.delivery.change.line'
    _description = "Delivery Date Change of a Line"
    _order = 'id'
    _rec_name = 'order_line_id'

    change_id = fields.Many2one(
        'sale.delivery.change', required=True, readonly=True, index=True, ondelete='cascade')
    order_line_id = fields.Many2one(
        'sale.order.line', required=True, readonly=True, index=True, ondelete='restrict')
    product_id = fields.Many2one(related='order_line_id.product_id')
    revision = fields.Integer(readonly=True, help="How many promises the line had when it was asked for.")
    baseline_date = fields.Date(
        string="Counted From", readonly=True,
        help="The first promise, or what the customer wanted before there was one.")
    former_date = fields.Date(string="Promised", readonly=True)
    promised_date = fields.Date(string="New Date", required=True, readonly=True)
    parts = fields.Json(readonly=True, help="Days and quantities, where the line would come in parts.")
    days_later = fields.Integer(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        self.env['sale.delivery.change']._check_acting()
        return super().create(vals_list)

    def write(self, vals):
        self.env['sale.delivery.change']._check_acting()
        return super().write(vals)

    def _word_change(self):
        self.ensure_one()
        values = {
            'date': format_date(self.env, self.promised_date), 'days': word_days(self.env, self.days_later),
            'first': format_date(self.env, self.baseline_date)}
        if self.former_date and self.former_date != self.baseline_date:
            return self.env._(
                "%(date)s instead of %(former)s, %(days)s after the first promise of %(first)s",
                former=format_date(self.env, self.former_date), **values)
        if self.former_date:
            return self.env._("%(date)s, %(days)s after the promised %(first)s", **values)
        return self.env._("%(date)s, %(days)s after the wanted %(first)s", **values)


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    delivery_change_ids = fields.One2many(
        'sale.delivery.change', 'order_id', string="Delivery Date Changes", copy=False, groups='base.group_user')

    def _action_cancel(self):
        waiting = self.sudo().delivery_change_ids.filtered(lambda change: change.state == 'asked')
        waiting._void_requests(lambda env: env._("The order was cancelled."), ('pending',))
        return super()._action_cancel()


class SaleOrderLine(models.Model):
    """Promising a much later day asks first, where a policy says so."""

    _inherit = 'sale.order.line'

    delivery_change_line_ids = fields.One2many(
        'sale.delivery.change.line', 'order_line_id', string="Later Dates Asked For", copy=False,
        groups='base.group_user')
    asked_date = fields.Date(
        compute='_compute_asked_date', compute_sudo=True, groups='base.group_user',
        help="A later day that waits for approval. Until then the promise stays as it is.")

    @api.depends('delivery_change_line_ids.change_id.state')
    def _compute_asked_date(self):
        for line in self:
            line.asked_date = line._get_waiting_changes().promised_date

    def _get_waiting_changes(self):
        """Return what is asked for these lines and not answered yet; in sudo. At most one for each line."""
        return self.sudo().delivery_change_line_ids.filtered(lambda row: row.change_id.state == 'asked')

    def _ask_for_later_dates(self, dates, reason, note, parts, automatic):
        """Ask for approval of the dates that come too late for a policy; the parameters are those of :meth:`_promise`.

        :return: the lines that wait for an answer; their promises stay as they are
        :raise UserError: if nobody may decide
        """
        policies = self.env['sale.approval.policy']
        companies = self.order_id.company_id.filtered(
            lambda company: company._get_control_mode('approval') == 'enforce'
            and policies._get_rules(tuple(company.parent_ids.ids), 'sale.delivery.change'))
        # Who is asked for the same day again, by a nightly run for example, is not asked twice.
        waiting = self._keep_same_changes(dates)
        later = (self - waiting).filtered(
            lambda line: line.company_id in companies and line._get_days_later(dates[line.id]) > 0
            and (not line.promised_date or dates[line.id] > line.promised_date))
        if not later:
            return waiting
        with control_acting(self.env):
            changes = self.env['sale.delivery.change'].sudo().create([{
                'order_id': order.id,
                'user_id': self.env.uid,
                'reason_id': reason.id if reason else False,
                'note': note,
                'is_automatic': automatic,
                'line_ids': [
                    Command.create(line._prepare_change_line(dates, parts))
                    for line in later if line.order_id == order],
            } for order in later.order_id])
        free = changes._submit_for_approval(note)
        asked = (changes - free).line_ids.order_line_id
        free.unlink()
        return waiting | asked

    def _get_days_later(self, date):
        """Return by how many days a date comes after the first promise, or else after the wanted day."""
        self.ensure_one()
        baseline = self.first_promised_date or self.wanted_date
        return (date - baseline).days if baseline else 0

    def _prepare_change_line(self, dates, parts):
        self.ensure_one()
        return {
            'order_line_id': self.id,
            'revision': self.promise_revision,
            'baseline_date': self.first_promised_date or self.wanted_date,
            'former_date': self.promised_date,
            'promised_date': dates[self.id],
            'parts': [[fields.Date.to_string(day), quantity] for day, quantity in parts.get(self.id, ())] or False,
            'days_later': self._get_days_later(dates[self.id]),
        }

    def _keep_same_changes(self, dates):
        """Void the questions about these lines that wait for other dates.

        :return: the lines that wait for the very dates
        """
        rows = self._get_waiting_changes()
        outdated = rows.filtered(lambda row: row.promised_date != dates[row.order_line_id.id]).change_id
        outdated._void_requests(lambda env: env._("Another date was promised, or asked for."), ('pending',))
        return (rows - outdated.line_ids).order_line_id
