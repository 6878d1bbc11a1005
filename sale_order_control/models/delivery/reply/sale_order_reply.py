from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting
from ..promise.sale_order_line import WAITING_STATES
from .sale_customer_notice import NOTICE_READERS
from .sale_delivery_answer import OPEN_ANSWERS

LAYOUT = 'sale_order_control.customer_mail_layout'
UNTOLD = 'sale_order_control.mail_activity_type_untold'


class SaleDeliveryPromise(models.Model):
    _inherit = 'sale.delivery.promise'

    def _get_customer_rows(self):
        """Word promises for the customer, in the language of the context; nothing about stock, causes or people.

        :return: list of dicts ``product, quantity, date, former``; ``former`` is the date told before, or False
        """
        rows = []
        for promise in self.sudo().sorted(lambda one: (one.order_line_id.sequence, one.order_line_id.id)):
            told = promise.order_line_id.promise_ids.filtered(
                lambda one, promise=promise: one.revision < promise.revision and one.notice_ids)
            before = told.sorted('revision')[-1:]
            date, former = promise._get_customer_date(), before._get_customer_date() if before else False
            rows += [
                {
                    'product': promise.order_line_id.product_id.display_name,
                    'quantity': f"{quantity:.10g} {promise.product_uom_id.name}",
                    'date': format_date(self.env, day),
                    'former': former != date and former and format_date(self.env, former),
                }
                for day, quantity in promise._get_customer_days()
            ]
        return rows

    def _get_customer_days(self):
        """Return ``[(day, quantity)]`` as the customer is told: one, or one for each part of the promise."""
        self.ensure_one()
        ships = self._get_ship_days() if self.order_id.sale_type_id.date_kind == 'planned_ship' else {}
        parts = [(part.promised_date, part.quantity) for part in self.part_ids] or [(self.promised_date, self.quantity)]
        return [(ships.get(day, day), quantity) for day, quantity in parts]

    def _get_ship_days(self):
        """Return ``{promised day: day of leaving}`` of the promise and its parts."""
        self.ensure_one()
        days = {part.promised_date: part.ship_date or part.promised_date for part in self.part_ids}
        return {**days, self.promised_date: self.ship_date or self.promised_date}

    def _get_customer_date(self):
        """Return the date that the customer is told: of arrival, or of leaving where the sales type names that."""
        self.ensure_one()
        leaves = self.order_id.sale_type_id.date_kind == 'planned_ship'
        return leaves and self.ship_date or self.promised_date


class SaleOrder(models.Model):
    """Replying promised dates to the customer, and keeping who was told what."""

    _inherit = 'sale.order'

    notice_ids = fields.One2many(
        'sale.customer.notice', 'order_id', string="Customer Notices", readonly=True, groups=NOTICE_READERS)
    notice_due = fields.Boolean(copy=False, readonly=True, groups='base.group_system')
    delivery_answer_ids = fields.One2many(
        'sale.delivery.answer', 'order_id', string="Customer's Answers", readonly=True, groups=NOTICE_READERS)
    reply_state = fields.Selection(
        [('to_tell', "To Be Told"), ('asked', "Unanswered"), ('open', "Answered: To Do"), ('accepted', "Accepted")],
        string="Dates at the Customer", compute='_compute_reply_state', groups='base.group_user',
        help="Whether the customer was told the promised dates, and whether the answer asks somebody to act.")
    _notice_due_idx = models.Index("(id) WHERE notice_due")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'notice_ids', 'notice_due', 'delivery_answer_ids'}

    @api.depends('order_line.reply_state')
    def _compute_reply_state(self):
        for order in self:
            states = set(order.order_line.mapped('reply_state'))
            order.reply_state = (
                'open' if states & set(OPEN_ANSWERS) else 'to_tell' if 'to_tell' in states
                else 'asked' if 'asked' in states else 'accepted' if 'accepted' in states else False)

    # === ACTION METHODS ===#

    def action_reply_dates(self):
        """Tell the customers of these orders by mail what was promised and they do not know yet.

        Each promise is told once; what cannot be sent is named.

        :return: a client action that says what happened
        :raise UserError: if there is nothing to tell, or nobody can be reached by mail
        """
        self._check_reply_rights()
        orders = self.sudo()._get_promise_controlled().order_line._filter_tellable('to_tell').order_id
        if not orders:
            raise UserError(self.env._(
                "There is no news for the customer: the promised dates were told already, or none is promised yet."))
        silent = orders._get_unreachable()
        if silent == orders:
            raise UserError(silent._word_unreachable())
        (orders - silent)._tell_dates()
        message = self.env._("Told by mail: %s.", ", ".join((orders - silent).mapped('name')))
        if silent:
            message += " " + silent._word_unreachable()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': message,
                'type': 'warning' if silent else 'success',
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def action_record_answer(self):
        """Open the form in which an answer is entered that was not given on the customer's page."""
        self.ensure_one()
        self._check_reply_rights()
        if not self._get_answerable_lines():
            raise UserError(self.env._("There is no promised date of this order that the customer could answer."))
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Customer's Answer"),
            'res_model': 'sale.delivery.answer.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_order_id': self.id},
        }

    def _check_reply_rights(self):
        """Dates are replied by who sells the order, or by planners.

        :raise AccessError: for anybody else
        """
        self.check_access('read')
        if not self.env.user.has_group('sale_order_control.group_delivery_planner'):
            if not self.env.user.has_group('sale_order_control.group_user'):
                raise AccessError(self.env._("Dates are replied to customers by salespeople or delivery planners."))
            self.check_access('write')

    # === WHO CAN BE REACHED ===#

    def _get_unreachable(self):
        """Filter the orders whose customer has no mail address, or is not used any more."""
        return self.filtered(lambda order: not order.partner_id.active or not order.partner_id.email)

    def _word_unreachable(self):
        return self.env._(
            "No mail can be sent to %s, who is archived or has no mail address. Enter an address, or tell the customer "
            "in another way and enter that with “Customer's Answer”.",
            ", ".join(self.partner_id.mapped('display_name')))

    # === TELLING ===#

    def _tell_dates(self, automatic=False):
        """Tell by mail what is news of these orders; private: callers check who may.

        :param bool automatic: whether the system does it by itself
        """
        lines = self.sudo().order_line._filter_tellable('to_tell')
        promises = lines._get_open_promises()
        lines._mark_told()
        lines.order_id._record_notices('reply', promises, automatic=automatic)
        lines.order_id._send_notices('sale_order_control.mail_template_delivery_reply')
        lines.order_id.activity_unlink([UNTOLD])

    def _tell_otherwise(self, lines, channel, contact):
        """Record that the customer was told these dates in another way than by mail; private: callers check who may.

        :param lines: of this order; those whose date the customer knows already are left out
        """
        news = lines.sudo()._filter_tellable('to_tell')
        if news:
            promises = news._get_open_promises()
            news._mark_told()
            self._record_notices('reply', promises, channel, contact)
            self.sudo().activity_unlink([UNTOLD])

    def _record_notices(self, kind, promises=None, channel='mail', contact=None, digests=None, **values):
        """Record that the customers were told something; private: for acts that have checked who acts.

        :param str kind: key of ``NOTICE_KINDS``
        :param sale.delivery.promise promises: what they learned of
        :param str contact: who was told, where it was not sent by mail
        :param dict digests: ``{order_id: what was told, in a form that can be compared}``
        :return: the records, in sudo, in the order of ``self``
        """
        promises = promises if promises is not None else self.env['sale.delivery.promise']
        by_order = promises.sudo().grouped('order_id')
        rows = []
        for order in self.sudo():
            learned = by_order.get(order, promises.browse())
            words = learned.with_context(lang=order.partner_id.lang)._get_customer_rows()
            rows.append({
                'order_id': order.id,
                'company_id': order.company_id.id,
                'kind': kind,
                'channel': channel,
                'partner_id': order.partner_id.id,
                'contact': contact or order.partner_id.email,
                'contents': "\n".join(f"{row['quantity']} {row['product']}: {row['date']}" for row in words),
                'promise_ids': learned.ids,
                'digest': (digests or {}).get(order.id),
                'user_id': self.env.uid,
                **values,
            })
        return self.env['sale.customer.notice']._record_facts(rows)

    def _send_notices(self, template):
        """Queue the mail of what was just recorded: nothing leaves the house before the transaction is safe.

        :param str template: external id of a mail template on orders
        """
        orders = self.sudo()
        orders.invalidate_recordset(['notice_ids'])
        for order in orders:
            order._portal_ensure_token()
        # Full rights: the mail says no more than the customer's own page, and planners may not read all of it.
        self.env.ref(template).sudo().send_mail_batch(orders.ids, email_layout_xmlid=LAYOUT)

    def _get_notice_rows(self):
        """Return the rows of the notice that is being sent, in the language of the context: for mail templates."""
        self.ensure_one()
        return self.sudo().notice_ids.sorted('id')[-1:].promise_ids.with_env(self.env)._get_customer_rows()

    def _get_date_label(self):
        """Return how the sales type calls the promised date, in the language of the context."""
        self.ensure_one()
        kinds = self.env['sale.control.type']._fields['date_kind']._description_selection(self.env)
        return dict(kinds)[self.sudo().sale_type_id.date_kind or 'reply']

    def _get_date_meaning(self):
        """Say what the promised date means to the customer: arrival, or leaving."""
        self.ensure_one()
        if self.sudo().sale_type_id.date_kind == 'planned_ship':
            return self.env._("It is the day on which the goods leave us; they arrive after the time on the way.")
        return self.env._("It is the day on which the goods are with you.")

    def _get_printed_date(self):
        """Return how the order's paper calls the last promised day, and that day, or None while nothing is promised.

        :return: ``(label, date)``
        """
        self.ensure_one()
        order = self.sudo()
        lines = order._get_promise_controlled().order_line.filtered(
            lambda line: line.promised_date and line.promise_state in WAITING_STATES)
        if not lines:
            return None
        leaves = order.sale_type_id.date_kind == 'planned_ship'
        days = lines._get_ship_dates().values() if leaves else lines.mapped('promised_date')
        return self._get_date_label(), max(days)

    # === BY ITSELF ===#

    def _queue_notices(self):
        """Let the job tell the customers, where the company wants it done by itself."""
        due = self.filtered(lambda order: order.company_id.sudo().delivery_reply_auto
                            or order.company_id.sudo().order_confirmation_auto)
        if due:
            with control_acting(self.env):
                due.sudo().write({'notice_due': True})
            self.env.ref('sale_order_control.ir_cron_customer_notices')._trigger()

    def _ask_to_tell(self, summary=None):
        """Give the salesperson of orders whose customer cannot be reached by mail one activity to do it.

        :param str summary: what is to be told, if not the promised dates
        """
        kind = self.env.ref(UNTOLD, raise_if_not_found=False)
        known = self.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)
        for order in self - self.browse(known.mapped('res_id')):
            order.activity_schedule(
                UNTOLD, user_id=(order.user_id.filtered('active') or self.env.user).id,
                summary=summary or self.env._("Tell the customer the promised dates"),
                note=Markup("<p>%s</p>") % order._word_unreachable())

    # === THE CUSTOMER'S PAGE ===#

    def _get_portal_deliveries(self):
        """Return the deliveries of which the customer's page speaks, latest first, in sudo."""
        self.ensure_one()
        pickings = self.sudo().picking_ids.filtered(lambda picking: picking.state == 'done')
        return pickings.filtered(lambda picking: picking._is_receivable()).sorted('date_done', reverse=True)
