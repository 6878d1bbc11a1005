from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ...order.control_memory import control_acting, control_memory
from ...order.control_moments import ControlMoment

SUMMARY_STATES = [
    ('draft', "Being Written"),
    ('submitted', "To Evaluate"),
    ('evaluated', "Evaluated"),
]
SCORES = [('1', "Poor"), ('2', "Fair"), ('3', "Good"), ('4', "Very Good"), ('5', "Excellent")]
WRITTEN = frozenset({'went_well', 'went_wrong', 'lesson'})
JUDGED = frozenset({'score', 'evaluation'})
MANAGERS = 'sales_team.group_sale_salesman_all_leads'


class SaleOrderSummary(models.Model):
    """What an order was like, written by its salesperson in the end, and what the manager thinks of it."""

    _name = 'sale.order.summary'
    _inherit = ['mail.thread']
    _description = "Order Summary"
    _order = 'id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    partner_id = fields.Many2one(related='order_id.partner_id', store=True, string="Customer")
    user_id = fields.Many2one('res.users', string="Written By", required=True, readonly=True)
    team_id = fields.Many2one('crm.team', string="Sales Team", readonly=True)
    state = fields.Selection(SUMMARY_STATES, required=True, readonly=True, default='draft', tracking=True)
    went_well = fields.Text(string="What Went Well")
    went_wrong = fields.Text(string="What Did Not")
    lesson = fields.Text(string="What We Do Differently Next Time")
    facts = fields.Text(compute='_compute_facts', compute_sudo=True, string="Course of the Order")
    submitted_on = fields.Datetime(string="Handed In", readonly=True)
    score = fields.Selection(SCORES, tracking=True)
    score_value = fields.Float(string="Average Score", compute='_compute_score_value', store=True, aggregator='avg')
    evaluation = fields.Text()
    evaluated_by_id = fields.Many2one('res.users', readonly=True)
    evaluated_on = fields.Datetime(readonly=True)
    is_author = fields.Boolean(compute='_compute_is_author')

    _order_unique = models.UniqueIndex("(order_id)", "There is a summary of this order already.")

    # === COMPUTE METHODS ===#

    @api.depends('score')
    def _compute_score_value(self):
        for summary in self:
            summary.score_value = float(summary.score or 0)

    @api.depends('user_id')
    @api.depends_context('uid')
    def _compute_is_author(self):
        for summary in self:
            summary.is_author = summary.user_id == self.env.user

    @api.depends('order_id')
    def _compute_facts(self):
        rows = self.env['sale.followup.report'].sudo()._read_group(
            [('order_id', 'in', self.order_id.ids)], ['order_id'],
            ['task_count:sum', 'ended_count:sum', 'on_time_count:sum'])
        tasks = {order: figures for order, *figures in rows}
        for summary in self:
            order = summary.order_id
            lines = [self.env._("Ordered on %s.", format_date(self.env, order.date_order))]
            if order.effective_date:
                lines.append(self.env._("First delivered on %s.", format_date(self.env, order.effective_date)))
            if order in tasks:
                total, ended, on_time = tasks[order]
                lines.append(self.env._(
                    "Follow-ups: %(total)s, of which %(ended)s have ended, %(on_time)s of them on time.",
                    total=total, ended=ended, on_time=on_time))
            for visit in order.followup_visit_ids.filtered('rating_last_value'):
                words = dict(visit._fields['rating_avg_text']._description_selection(self.env))
                lines.append(self.env._("The customer rated the delivery: %s.", words.get(visit.rating_last_text, '')))
            summary.facts = "\n".join(lines)

    # === CRUD METHODS ===#

    def write(self, vals):
        if not control_memory(self.env).acting:
            for summary in self:
                summary._check_writable(vals)
        return super().write(vals)

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec == 'score_value:avg':
            # What nobody has evaluated yet is not poor.
            return SQL("AVG(NULLIF(%s, 0))", self._field_to_sql(self._table, 'score_value', query))
        return super()._read_group_select(aggregate_spec, query)

    def _check_writable(self, vals):
        """Let the author write until it is handed in, and a manager who did not write it judge it then.

        :raise AccessError: saying who may
        """
        touched = vals.keys() - {'message_follower_ids', 'message_ids'}
        if not touched:
            return
        if touched <= WRITTEN and self.state == 'draft' and self.user_id == self.env.user:
            return
        if touched <= JUDGED and self.state == 'submitted' and self._may_evaluate():
            return
        raise AccessError(self.env._(
            "A summary is written by the salesperson of the order until it is handed in, and judged then by a manager "
            "who did not write it."))

    def _may_evaluate(self):
        return self.env.user.has_group(MANAGERS) and self.user_id != self.env.user

    # === ACTION METHODS ===#

    def action_submit(self):
        """Hand the summary in: the manager evaluates it.

        :raise UserError: if it is empty, or was handed in already
        """
        self.ensure_one()
        if self.state != 'draft' or self.user_id != self.env.user:
            raise UserError(self.env._("Only its writer hands a summary in, and only once."))
        if not any((self[name] or "").strip() for name in WRITTEN):
            raise UserError(self.env._("Write what went well, what did not, or what to do differently."))
        return self._enter('submitted', {'submitted_on': fields.Datetime.now()}, 'summarized')

    def action_return(self):
        """Give the summary back to its writer, who hands it in again."""
        self._check_evaluation()
        return self._enter('draft', {}, None)

    def action_evaluate(self):
        """End the evaluation: the score stays.

        :raise UserError: without a score
        """
        self._check_evaluation()
        if not self.score:
            raise UserError(self.env._("Give a score first."))
        return self._enter('evaluated', {
            'evaluated_by_id': self.env.uid, 'evaluated_on': fields.Datetime.now()}, 'evaluated')

    def _check_evaluation(self):
        self.ensure_one()
        self.check_access('write')
        if self.state != 'submitted' or not self._may_evaluate():
            raise AccessError(self.env._(
                "A summary that was handed in is evaluated by a sales manager who did not write it."))

    def _enter(self, state, values, event):
        with control_acting(self.env):
            # Status and dates follow from the acts that have been checked.
            self.sudo().write({**values, 'state': state})
        if event:
            self.sudo().order_id._control_event(event)
        return True


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    summary_ids = fields.One2many(
        'sale.order.summary', 'order_id', readonly=True, groups='sale_order_control.group_user')
    can_summarize = fields.Boolean(compute='_compute_can_summarize', compute_sudo=True, groups='base.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'summary_ids'}

    @api.depends('state', 'delivery_status')
    def _compute_can_summarize(self):
        for order in self:
            order.can_summarize = (
                order.state == 'sale' and order.company_id.control_followup and bool(order._filter_delivered()))

    @api.model
    def _get_control_moments(self):
        env = self.env
        return super()._get_control_moments() + [
            ControlMoment('summarized', env._("Order summary handed in")),
            ControlMoment('evaluated', env._("Order summary evaluated")),
        ]

    def action_view_summary(self):
        """Open the summary of a delivered order; its salesperson begins it.

        :raise UserError: if there is none and somebody else asks, or something is still to be delivered
        """
        self.ensure_one()
        self.check_access('read')
        summary = self.env['sale.order.summary'].search([('order_id', '=', self.id)])
        if not summary:
            if not self.can_summarize:
                raise UserError(self.env._("An order is summed up when all of it is delivered."))
            if self.user_id != self.env.user:
                raise UserError(self.env._(
                    "%s sums this order up and has not done so yet.", self.user_id.name or self.env._("Nobody")))
            # Nobody has the right to create summaries: they begin here, for delivered orders of their salesperson.
            summary = summary.sudo().create({
                'order_id': self.id, 'company_id': self.company_id.id, 'user_id': self.env.uid,
                'team_id': self.team_id.id, 'state': 'draft', 'submitted_on': False, 'score': False,
                'evaluation': False, 'evaluated_by_id': False, 'evaluated_on': False,
            })
        return {
            'type': 'ir.actions.act_window', 'name': self.env._("Order Summary"), 'res_model': 'sale.order.summary',
            'res_id': summary.id, 'view_mode': 'form',
        }
