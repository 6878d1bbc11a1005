from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..promise.sale_order_line import WAITING_STATES

REQUEST_KINDS = [
    ('purchase', "Purchasing"),
    ('production', "Production"),
    ('other', "Somebody Else"),
]
REQUEST_STATES = [
    ('waiting', "Waiting"),
    ('answered', "Answered"),
    ('withdrawn', "Withdrawn"),
]
ACTIVITY_TYPE = 'sale_order_control.mail_activity_type_date_request'


class SaleDateRequest(models.Model):
    """Sales or planning asks production or purchasing when goods of a line will be there.

    Who is asked reads what is needed for an answer here, and needs no right on the order.
    """

    _name = 'sale.date.request'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _description = "Date Request"
    _order = 'state desc, deadline, id desc'

    name = fields.Char(string="Order Number", required=True, readonly=True)
    order_line_id = fields.Many2one(
        'sale.order.line', required=True, readonly=True, index=True, ondelete='cascade')
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    salesperson_id = fields.Many2one('res.users', readonly=True)
    customer = fields.Char(readonly=True)
    product_id = fields.Many2one('product.product', required=True, readonly=True)
    quantity = fields.Float(digits='Product Unit', readonly=True, help="What is not delivered yet.")
    product_uom_id = fields.Many2one('uom.uom', string="Unit", readonly=True)
    wanted_date = fields.Date(string="Wanted by Customer", readonly=True)
    kind = fields.Selection(REQUEST_KINDS, string="Asked Of", required=True, readonly=True)
    user_ids = fields.Many2many('res.users', string="Asked", readonly=True, help="Whoever of them answers first.")
    question = fields.Text(readonly=True)
    asked_by_id = fields.Many2one('res.users', required=True, readonly=True)
    deadline = fields.Datetime(string="Answer Until", readonly=True)
    is_overdue = fields.Boolean(string="Overdue", readonly=True)
    escalate_on = fields.Datetime(readonly=True)
    state = fields.Selection(REQUEST_STATES, required=True, readonly=True, default='waiting', index=True)
    answer_date = fields.Date(
        string="There On", readonly=True, help="The day on which the goods are in the warehouse.")
    answer_quantity = fields.Float(string="Quantity Then", digits='Product Unit', readonly=True)
    answer_note = fields.Text(string="Comment", readonly=True)
    answered_by_id = fields.Many2one('res.users', readonly=True)
    answered_on = fields.Datetime(readonly=True)
    promise_revision = fields.Integer(
        readonly=True, help="Promises made before the answer; the next one ends what it proposes.")
    may_answer = fields.Boolean(compute='_compute_may_answer')
    may_withdraw = fields.Boolean(compute='_compute_may_answer')

    @api.depends('user_ids', 'state')
    @api.depends_context('uid')
    def _compute_may_answer(self):
        for request in self:
            waiting = request.state == 'waiting'
            request.may_answer = waiting and self.env.user in request.user_ids
            request.may_withdraw = waiting and request._is_withdrawable()

    # === ASKING ===#

    @api.model
    def _ask(self, lines, kind, users, question, deadline=None):
        """Ask for a date for each of these lines; private: callers check who may.

        :param res.users users: who is asked, one of them answers
        :param datetime deadline: until when, in UTC; by default the company's working hours for an answer
        :return: the requests
        :raise UserError: if a line waits for nothing, or nobody can be asked
        """
        lines = lines.sudo()
        users = users.filtered(lambda user: user.active and not user.share)
        if not users:
            raise UserError(self.env._("Choose at least one colleague who knows when the goods will be there."))
        over = lines.filtered(lambda line: line.promise_state not in ('open', 'promised', 'at_risk', 'late'))
        if over or not lines:
            raise UserError(self.env._(
                "Only lines of confirmed orders that wait for delivery can be asked about. Leave out: %s",
                ", ".join(over.mapped('display_name')) or "-"))
        strangers = users.sudo().filtered(lambda user: lines.company_id - user.company_ids)
        if strangers:
            raise UserError(self.env._(
                "%s does not work for the company of the order.", ", ".join(strangers.mapped('name'))))
        now = fields.Datetime.now()
        requests = self.sudo().create([
            line._prepare_date_request(
                kind, users, question, deadline or line.company_id._get_answer_deadline(now)) for line in lines])
        for request in requests:
            for user in users:
                request._call(user, self.env._(
                    "When will %(product)s for %(order)s be there?", product=request.product_id.display_name,
                    order=request.name))
        return requests

    def _call(self, user, summary):
        self.ensure_one()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY_TYPE, user_id=user.id, summary=summary, note=self.question or "",
            date_deadline=self.deadline.date())

    # === ANSWERING ===#

    def action_answer(self):
        """Open the form in which a date is given."""
        self.ensure_one()
        self._check_may_answer()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("When Will It Be There?"),
            'res_model': 'sale.date.answer.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_request_id': self.id, 'default_quantity': self.quantity,
                        'default_date': self.wanted_date},
        }

    def _check_may_answer(self):
        self.check_access('read')
        if self.env.user not in self.user_ids:
            raise AccessError(self.env._("Only who is asked answers: %s.", ", ".join(self.user_ids.mapped('name'))))

    def _answer(self, date, quantity, note):
        """Record the answer: a proposal for the planner, told to the salesperson.

        :param date date: the day on which the goods are in the warehouse
        :param float quantity: how much then, in the line's unit
        :raise UserError: with nothing written, if the answer says too little or too much
        """
        self.ensure_one()
        self._check_may_answer()
        request = self.sudo()
        if request.state != 'waiting':
            raise UserError(self.env._("It was answered or withdrawn meanwhile."))
        if not date or date < request.order_line_id._get_promise_today():
            raise UserError(self.env._("Give a day that is not in the past."))
        compare = request.product_uom_id.compare
        if compare(quantity, 0) <= 0 or compare(quantity, request.quantity) > 0:
            raise UserError(self.env._(
                "Give a quantity above zero and not above the %(quantity)s %(unit)s asked for.",
                quantity=f"{request.quantity:g}", unit=request.product_uom_id.name))
        request.write({
            'state': 'answered', 'answer_date': date, 'answer_quantity': quantity,
            'answer_note': (note or "").strip(), 'answered_by_id': self.env.uid, 'answered_on': fields.Datetime.now(),
            'promise_revision': request.order_line_id.promise_revision, 'escalate_on': False,
        })
        request.activity_ids.unlink()
        request._tell_answer()

    def _tell_answer(self):
        """Tell salesperson and asker, in one note on the order."""
        message = self.env._(
            "%(user)s: %(quantity)s of %(wanted)s %(product)s will be there on %(date)s. %(note)s",
            user=self.answered_by_id.name, quantity=f"{self.answer_quantity:g}", wanted=f"{self.quantity:g}",
            product=self.product_id.display_name, date=format_date(self.env, self.answer_date),
            note=self.answer_note or "")
        told = (self.salesperson_id | self.asked_by_id) - self.env.user
        self.order_id.message_post(
            body=message, subtype_xmlid='mail.mt_note', partner_ids=told.filtered('active').partner_id.ids)
        self.order_id._control_log('promise', message=message)

    # === WITHDRAWING ===#

    def action_withdraw(self):
        """Take questions back: for who asked, and for delivery planners."""
        self.check_access('read')
        if not all(request._is_withdrawable() for request in self):
            raise AccessError(self.env._("A date request is taken back by who asked, or by a delivery planner."))
        self.sudo()._withdraw()

    def _is_withdrawable(self):
        """Whether the user may take the question back."""
        self.ensure_one()
        return self.asked_by_id == self.env.user or self.env.user.has_group('sale_order_control.group_delivery_planner')

    def _withdraw(self):
        waiting = self.filtered(lambda request: request.state == 'waiting')
        waiting.activity_ids.unlink()
        waiting.write({'state': 'withdrawn', 'escalate_on': False})

    # === CHASING ===#

    @api.model
    def _cron_chase_date_requests(self, limit=100):
        """Remind who was asked when time is up, and ask a manager after as long again; each once.

        :param int limit: requests per transaction
        """
        now = fields.Datetime.now()
        failed = set()
        while requests := self.sudo().search([
                ('state', '=', 'waiting'), ('id', 'not in', list(failed)),
                '|', '&', ('is_overdue', '=', False), ('deadline', '<=', now), ('escalate_on', '<=', now),
        ], limit=limit, order='id'):
            failures = self.env['sale.control.job']._run_isolated(requests, lambda chunk: chunk._chase(now))
            failed.update(record.id for record in failures)
            if not self.env['ir.cron']._commit_progress(len(requests), remaining=0 if len(requests) < limit else limit):
                break

    def _chase(self, now):
        """Do what is due for these unanswered requests."""
        overdue = self.filtered(lambda request: not request.is_overdue)
        for request in overdue:
            request.write({
                'is_overdue': True,
                'escalate_on': request.company_id._get_answer_deadline(now),
            })
            request._notify(request.user_ids | request.asked_by_id, self.env._(
                "Nobody has said yet when %(product)s for %(order)s will be there",
                product=request.product_id.display_name, order=request.name))
        for request in (self - overdue).filtered(lambda request: request.escalate_on and request.escalate_on <= now):
            request.escalate_on = False
            managers = self.env.ref('sale_order_control.group_manager').sudo().all_user_ids
            leader = (request.order_id.team_id.user_id | managers).filtered(
                lambda user, request=request: user.active and request.company_id in user.company_ids)[:1]
            if leader:
                request._call(leader, self.env._("No answer about the date of %s", request.product_id.display_name))

    def _notify(self, users, subject):
        self.ensure_one()
        self.with_context(mail_notify_force_send=False).message_notify(
            partner_ids=users.filtered('active').partner_id.ids, subject=subject, body=self.question or subject)


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _get_answer_deadline(self, start):
        """Return when the working hours to answer a date request are over, naive and in UTC."""
        self.ensure_one()
        return self._plan_working_hours(self.sudo().date_request_hours, start)


class SaleOrderLine(models.Model):
    """Answers are proposals: they come before what stock and receipts alone let one expect."""

    _inherit = 'sale.order.line'

    date_request_ids = fields.One2many(
        'sale.date.request', 'order_line_id', string="Date Requests", readonly=True, groups='base.group_user')
    date_request_summary = fields.Char(
        string="Supply Says", compute='_compute_date_request_summary', groups='base.group_user',
        help="Whether production or purchasing was asked for a date, and what they said.")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'date_request_ids'}

    def _compute_date_request_summary(self):
        latest = self._get_latest_requests()
        for line in self:
            request = latest.get(line._origin.id)
            line.date_request_summary = line._word_date_request(request) if request else False

    def _get_latest_requests(self):
        """Return ``{line_id: latest request that is not withdrawn}``, in one query."""
        requests = self.env['sale.date.request'].sudo().search(
            [('order_line_id', 'in', self._origin.ids), ('state', '!=', 'withdrawn')], order='id')
        return {request.order_line_id.id: request for request in requests}

    def _word_date_request(self, request):
        if request.state == 'waiting':
            names = ", ".join(request.user_ids.mapped('name'))
            if request.is_overdue:
                return self.env._("%s: no answer in time", names)
            return self.env._("%s is asked", names)
        return self.env._(
            "%(quantity)s on %(date)s, says %(user)s", quantity=f"{request.answer_quantity:g}",
            date=format_date(self.env, request.answer_date), user=request.answered_by_id.name)

    # === ASKING ===#

    def action_request_date(self):
        """Open the form in which production or purchasing is asked for a date."""
        self._check_date_request_rights()
        kind, users = self.sudo()._get_date_responsible()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Ask for a Date"),
            'res_model': 'sale.date.request.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_line_ids': self.ids, 'default_kind': kind, 'default_user_ids': users.ids},
        }

    def _check_date_request_rights(self):
        """Planners ask about every order, salespeople about those they may change."""
        self.check_access('read')
        if not self.env.user.has_group('sale_order_control.group_delivery_planner'):
            self.order_id.check_access('write')

    def _get_date_responsible(self):
        """Return who answers for what is bought or made for these lines: ``(kind, res.users)``."""
        moves = self.move_ids
        origins = moves.move_orig_ids | moves.move_orig_ids.move_orig_ids
        users = self.env['res.users']
        if 'production_id' in moves._fields:
            users = (origins | moves).production_id.user_id
            if users:
                return 'production', users
        if 'purchase_line_id' in moves._fields:
            bought = (origins | moves).purchase_line_id
            if 'created_purchase_line_ids' in moves._fields:
                bought |= (origins | moves).created_purchase_line_ids
            users = bought.order_id.user_id
        return ('purchase' if users else 'other'), users

    def _prepare_date_request(self, kind, users, question, deadline):
        self.ensure_one()
        return {
            'name': self.order_id.name,
            'order_line_id': self.id,
            'order_id': self.order_id.id,
            'company_id': self.company_id.id,
            'salesperson_id': self.order_id.user_id.id,
            'customer': self.order_id.partner_id.display_name,
            'product_id': self.product_id.id,
            'quantity': self.left_quantity,
            'product_uom_id': self.product_uom_id.id,
            'wanted_date': self.wanted_date,
            'kind': kind,
            'user_ids': [fields.Command.set(users.ids)],
            'question': question,
            'asked_by_id': self.env.uid,
            'deadline': deadline,
        }

    def _set_promise_states(self, states):
        over = self.filtered(lambda line: line.promise_state and states[line.id] not in WAITING_STATES
                             and line.promise_state != states[line.id])
        result = super()._set_promise_states(states)
        # Cancelled, reduced to nothing or delivered: nobody need answer any more.
        over._withdraw_date_requests()
        return result

    def _withdraw_date_requests(self):
        requests = self.env['sale.date.request'].sudo().search(
            [('order_line_id', 'in', self.ids), ('state', '=', 'waiting')]) if self else self.env['sale.date.request']
        requests._withdraw()

    # === ANSWERS AS PROPOSALS ===#

    def _get_answered_dates(self):
        """Return ``{line_id: (day it can be with the customer, request)}`` of answers that cover all that is left."""
        found, ways = {}, defaultdict(lambda: None)
        for line_id, request in self._get_latest_requests().items():
            line = self.browse(line_id).sudo()
            left = line.left_quantity
            if request.state != 'answered' or request.promise_revision != line.promise_revision \
                    or line.product_uom_id.compare(request.answer_quantity, left) < 0:
                continue
            warehouse = line._get_promise_warehouse()
            ways[warehouse] = ways[warehouse] or warehouse._get_delivery_days()
            ready = max(request.answer_date, warehouse._get_promise_today())
            found[line_id] = line._get_delivery_days(ways[warehouse]).promise(ready), request
        return found

    def _get_atp_outlooks(self):
        outlooks = super()._get_atp_outlooks()
        saved = self.browse(line_id for line_id in outlooks if isinstance(line_id, int))
        for line_id, (day, request) in (saved._get_answered_dates() if saved else {}).items():
            line = self.browse(line_id)
            outlooks[line_id] = {
                **outlooks[line_id],
                'proposed': max(filter(None, [day, line.wanted_date])),
                'earliest': day,
                'confidence': False,
                'summary': line._word_date_request(request),
                'doubtful': True,
            }
        return outlooks

    def _record_promises(self, dates, *details):
        result = super()._record_promises(dates, *details)
        self._withdraw_date_requests()
        return result
