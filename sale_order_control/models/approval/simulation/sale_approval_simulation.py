from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_memory, control_recording

SIMULATION_STATES = [
    ('draft', "Not Run Yet"),
    ('running', "Running"),
    ('done', "Done"),
]
# What somebody asks; everything else is the answer.
QUESTIONS = frozenset({
    'name', 'company_id', 'date_from', 'date_to', 'policy_ids', 'quotations', 'count_warned', 'minutes'})


class SaleApprovalSimulation(models.Model):
    """What policies would have asked about the orders of a period, compared with the policies in force.

    For managers, and auditors who read. Judges copies of terms and what is on record; no order is written.
    """

    _name = 'sale.approval.simulation'
    _description = "Policy Simulation"
    _order = 'id desc'
    _check_company_auto = True

    # === FIELDS ===#

    name = fields.Char(compute='_compute_name', store=True, readonly=False)
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company,
        help="Orders of this company are judged.")
    date_from = fields.Date(
        string="Orders From", required=True,
        default=lambda self: self.env['sale.order']._get_control_today() - relativedelta(months=3))
    date_to = fields.Date(
        string="Until", required=True, default=lambda self: self.env['sale.order']._get_control_today())
    policy_ids = fields.Many2many(
        'sale.approval.policy', string="Policies to Try", context={'active_test': False},
        domain="[('res_model', '=', 'sale.order'), ('company_id', 'parent_of', company_id), "
               "('active', 'in', (True, False))]",
        default=lambda self: self._default_policy_ids(),
        help="Archived policies count as if they had been in force all the time, whatever their dates.")
    quotations = fields.Boolean(
        string="Quotations Too", help="Also judge quotations that nobody has submitted yet.")
    count_warned = fields.Boolean(
        string="As If Warnings Were Enforced",
        help="Take what other controls only warned of, such as a credit limit in shadow mode, for what they would "
             "have done if they were enforced.")
    minutes = fields.Float(
        string="Minutes per Decision", default=10.0,
        help="How long an approver works on one decision. Nothing records that: it is your estimate.")
    state = fields.Selection(SIMULATION_STATES, required=True, readonly=True, default='draft', copy=False)
    run_on = fields.Datetime(readonly=True, copy=False)
    run_by_id = fields.Many2one('res.users', readonly=True, copy=False)

    # What was found. "Before" is what the policies in force would ask, "after" the chosen ones.
    order_count = fields.Integer(string="Orders", readonly=True, copy=False)
    done_count = fields.Integer(string="Judged So Far", readonly=True, copy=False)
    last_order_id = fields.Integer(readonly=True, copy=False)
    failed_count = fields.Integer(string="Could Not Be Judged", readonly=True, copy=False)
    unrecorded_count = fields.Integer(
        string="Without Record", readonly=True, copy=False,
        help="Orders of which nothing records what other controls found then. Credit, stock and dates of that day are "
             "gone: only what the policies themselves look at was judged.")
    undecidable_count = fields.Integer(
        string="Nobody Could Decide", readonly=True, copy=False,
        help="Orders for which a level of the chosen policies has too few persons who may decide.")
    before_count = fields.Integer(string="Asked by Policies in Force", readonly=True, copy=False)
    after_count = fields.Integer(string="Asked by Chosen Policies", readonly=True, copy=False)
    new_count = fields.Integer(string="Newly Asked", readonly=True, copy=False)
    gone_count = fields.Integer(string="No Longer Asked", readonly=True, copy=False)
    other_count = fields.Integer(string="Other Approvers", readonly=True, copy=False)
    before_share = fields.Float(compute='_compute_shares', aggregator=None)
    after_share = fields.Float(compute='_compute_shares', aggregator=None)
    before_work = fields.Float(string="Hours of Work in Force", readonly=True, copy=False)
    after_work = fields.Float(string="Hours of Work", readonly=True, copy=False)
    before_wait = fields.Float(string="Hours of Waiting in Force", readonly=True, copy=False)
    after_wait = fields.Float(string="Hours of Waiting", readonly=True, copy=False)
    line_ids = fields.One2many('sale.approval.simulation.line', 'simulation_id', readonly=True)
    figure_ids = fields.One2many('sale.approval.simulation.figure', 'simulation_id', readonly=True)
    policy_figure_ids = fields.One2many(
        'sale.approval.simulation.figure', 'simulation_id', domain=[('kind', '=', 'policy')], readonly=True)
    level_figure_ids = fields.One2many(
        'sale.approval.simulation.figure', 'simulation_id', domain=[('kind', '=', 'level')], readonly=True)
    approver_figure_ids = fields.One2many(
        'sale.approval.simulation.figure', 'simulation_id', domain=[('kind', '=', 'approver')], readonly=True)

    _dates_in_order = models.Constraint(
        'CHECK (date_from <= date_to)', "The period must not end before it begins.")
    _minutes_positive = models.Constraint('CHECK (minutes >= 0)', "The minutes per decision cannot be negative.")

    # === COMPUTE METHODS ===#

    @api.depends('date_from', 'date_to')
    def _compute_name(self):
        for simulation in self:
            simulation.name = self.env._(
                "Orders from %(start)s to %(end)s",
                start=format_date(self.env, simulation.date_from) or "?",
                end=format_date(self.env, simulation.date_to) or "?")

    @api.depends('order_count', 'before_count', 'after_count')
    def _compute_shares(self):
        for simulation in self:
            orders = simulation.order_count or 1
            simulation.before_share = 100 * simulation.before_count / orders
            simulation.after_share = 100 * simulation.after_count / orders

    @api.model
    def _default_policy_ids(self):
        return [Command.set(self.env['sale.approval.policy']._get_in_force(self.env.company).ids)]

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_answers(vals)
        # Neither do default values that a caller brings along.
        context = {
            key: value for key, value in self.env.context.items()
            if not key.startswith('default_') or key.removeprefix('default_') in QUESTIONS}
        asking = self.with_context(context)  # pylint: disable=context-overridden
        return super(SaleApprovalSimulation, asking).create(vals_list)

    def write(self, vals):
        self._refuse_answers(vals)
        result = super().write(vals)
        if (QUESTIONS - {'name'}) & vals.keys():
            # What was found answers another question.
            self._reset()
        return result

    def _refuse_answers(self, vals):
        if vals.keys() - QUESTIONS and not control_memory(self.env).recording:
            raise AccessError(self.env._("What a simulation found follows from running it: it cannot be written."))

    def _record(self, vals):
        """Write what was found: for private code."""
        with control_recording(self.env):
            self.sudo().write(vals)

    # === ACTION METHODS ===#

    def action_run(self):
        """Judge the orders of the period; many of them in the background.

        :raise UserError: if no policy is chosen or there are no orders
        """
        self.check_access('write')
        for simulation in self:
            if not simulation.policy_ids:
                raise UserError(self.env._("Choose at least one policy to try."))
            # Orders are judged with full rights; who may ask was checked above.
            simulation.sudo()._start()
        return True

    def action_view_lines(self):
        """Open the orders that the chosen policies or those in force would ask about."""
        return self._get_line_action(self.env._("Orders Asked"), [], {'search_default_after': 1})

    def action_view_new(self):
        """Open the orders that only the chosen policies would ask about."""
        return self._get_line_action(self.env._("Newly Asked"), [('change', '=', 'new')])

    def action_view_gone(self):
        """Open the orders about which nobody would be asked any more."""
        return self._get_line_action(self.env._("No Longer Asked"), [('change', '=', 'gone')])

    def action_view_other(self):
        """Open the orders about which other persons would be asked."""
        return self._get_line_action(
            self.env._("Other Approvers"), [('change', '=', 'other')], {'search_default_after': 1})

    def _get_line_action(self, name, domain, context=None):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': name,
            'res_model': 'sale.approval.simulation.line',
            'view_mode': 'list',
            'domain': [('simulation_id', '=', self.id), *domain],
            'context': context or {},
        }
