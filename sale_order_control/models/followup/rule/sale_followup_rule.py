from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools.safe_eval import safe_eval

DAY_KINDS = [
    ('calendar', "Days"),
    ('working', "Working Days"),
]
CLOSINGS = [
    ('hand', "Done by Hand"),
    ('event', "Something Happens"),
    ('condition', "The Document Meets a Condition"),
]


# Problems name documents of whichever company.
KEEPERS = 'sale_order_control.group_manager,sale_order_control.group_auditor'


class SaleFollowupRule(models.Model):
    """Something that is to be done when an event happens, or so many days before or after a date."""

    _name = 'sale.followup.rule'
    _inherit = ['sale.control.cached']
    _description = "Follow-Up Rule"
    _order = 'sequence, id'

    # === FIELDS ===#

    name = fields.Char(required=True, translate=True, help="What the rule is for, e.g. “Confirmation call”.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")
    moment = fields.Selection(
        selection='_get_moment_selection', string="When", required=True,
        help="An event, or a date that a document bears.")
    is_date = fields.Boolean(compute='_compute_moment')
    res_model = fields.Char(string="Document", compute='_compute_moment')
    screen_model = fields.Char(
        compute='_compute_moment', help="What people see it on: an instalment is seen on its invoice.")
    offset_days = fields.Integer(
        string="Days Later", help="So many days after the event or date; negative before it. 0: on the day.")
    day_kind = fields.Selection(DAY_KINDS, string="Counted In", required=True, default='calendar')
    domain = fields.Char(
        string="Only If", default='[]', help="The rule counts for the documents that fulfil this condition.")
    once = fields.Boolean(
        string="Once per Document",
        help="One task for a document, however often the event happens or the date moves. Otherwise one for each.")
    cooldown_days = fields.Integer(
        string="Rest Between Two (Days)",
        help="After a task has ended, the same person is left alone about the same document for so many days.")
    since = fields.Date(
        readonly=True, copy=False, default=lambda self: self.env['sale.order']._get_control_today(),
        help="What was due before this day is nobody's task.")

    # What is to be done, by whom.
    activity_type_id = fields.Many2one(
        'mail.activity.type', string="Activity", ondelete='restrict',
        default=lambda self: self.env.ref('sale_order_control.mail_activity_type_followup', raise_if_not_found=False))
    plan_id = fields.Many2one(
        'mail.activity.plan', string="Activity Plan", ondelete='restrict',
        help="A task for every activity of the plan, instead of a single one.")
    role = fields.Selection(
        selection='_get_role_selection', string="For", required=True, default='salesperson')
    user_id = fields.Many2one('res.users', string="Person", domain="[('share', '=', False)]", ondelete='restrict')
    summary = fields.Char(string="What to Do", translate=True)
    note = fields.Text(string="Instructions", translate=True)
    allowed_days = fields.Integer(
        string="Done Within (Working Days)", default=1,
        help="A task that is done so many working days after it was due is still on time.")

    # What ends it.
    replaced_rule_ids = fields.Many2many(
        'sale.followup.rule', 'sale_followup_rule_replaced_rel', 'rule_id', 'replaced_id',
        string="Takes the Place Of",
        domain="[('id', '!=', id)]",
        help="Open tasks of these rules about the same document end when this one gives its own.")
    closing = fields.Selection(CLOSINGS, string="Ends When", required=True, default='hand')
    close_moment = fields.Selection(selection='_get_event_selection', string="This Happens")
    close_domain = fields.Char(string="Condition to End", default='[]')

    problems = fields.Text(
        readonly=True, copy=False, groups=KEEPERS,
        help="What the rule could not do and why. Saving the rule clears it.")
    problem_on = fields.Datetime(string="Last Problem", readonly=True, copy=False)
    task_ids = fields.One2many('sale.followup.task', 'rule_id')
    open_count = fields.Integer(string="Open", compute='_compute_open_count')

    _cooldown_positive = models.Constraint('CHECK (cooldown_days >= 0)', "The rest between two cannot be negative.")
    _allowed_positive = models.Constraint('CHECK (allowed_days >= 0)', "The days allowed cannot be negative.")

    # === SELECTIONS ===#

    @api.model
    def _get_moments(self):
        """Return ``{key: ControlMoment}`` of everything that rooms raise and date."""
        return {moment.key: moment for moment in self.env['sale.order']._get_control_moments()}

    @api.model
    def _get_ended(self, name):
        """Return the events that are over once one happened: that one, and those that it shows to be past."""
        return {name} | {moment.key for moment in self._get_moments().values() if name in moment.passed_by}

    @api.model
    def _get_moment_selection(self):
        return [(moment.key, moment.name) for moment in self.env['sale.order']._get_control_moments()]

    @api.model
    def _get_event_selection(self):
        return [(moment.key, moment.name) for moment in self.env['sale.order']._get_control_moments()
                if not moment.field]

    @api.model
    def _get_role_selection(self):
        return self.env['sale.order']._get_control_roles() + [
            ('general_manager', self.env._("General manager")),
            ('person', self.env._("This person")),
        ]

    # === COMPUTE METHODS ===#

    @api.depends('moment')
    def _compute_moment(self):
        moments = self._get_moments()
        for rule in self:
            moment = moments.get(rule.moment)
            rule.is_date = bool(moment and moment.field)
            rule.res_model = moment.model if moment else False
            rule.screen_model = moment and self.env['sale.order']._get_control_screen(self.env[moment.model])._name

    def _compute_open_count(self):
        counts = dict(self.env['sale.followup.task']._read_group(
            [('rule_id', 'in', self.ids), ('state', '=', 'open')], ['rule_id'], ['__count']))
        for rule in self:
            rule.open_count = counts.get(rule, 0)

    # === CONSTRAINTS ===#

    @api.constrains('moment', 'offset_days', 'closing', 'close_moment', 'plan_id', 'activity_type_id')
    def _check_what(self):
        for rule in self:
            if not rule.is_date and rule.offset_days < 0:
                raise ValidationError(self.env._(
                    "“%s” is an event: nothing can be done days before it. Choose a date, or days after it.",
                    rule.name))
            if rule.closing == 'event' and not rule.close_moment:
                raise ValidationError(self.env._("Say what has to happen for tasks of “%s” to end.", rule.name))
            if rule.closing == 'event' and rule.close_moment == rule.moment:
                raise ValidationError(self.env._("“%s” would end with the event that it starts with.", rule.name))
            for planned in (rule.activity_type_id, rule.plan_id):
                if planned.res_model and planned.res_model != rule.screen_model:
                    raise ValidationError(self.env._(
                        "“%(activity)s” is for other documents than “%(rule)s”.",
                        activity=planned.display_name, rule=rule.name))

    @api.constrains('role', 'user_id')
    def _check_recipient(self):
        for rule in self:
            if rule.role == 'person' and not (rule.user_id.active and not rule.user_id.share):
                raise ValidationError(self.env._(
                    "“%s” has nobody to give tasks to. Choose a person who uses the system, or a role.", rule.name))

    @api.constrains('domain', 'close_domain', 'moment')
    def _check_domains(self):
        for rule in self:
            for name in ('domain', 'close_domain'):
                try:
                    self.env[rule.res_model].sudo().search(rule._read_domain(name), limit=0)
                except Exception as error:
                    raise ValidationError(self.env._(
                        "The condition of “%(rule)s” cannot be used: %(error)s",
                        rule=rule.name, error=error)) from error

    def _read_domain(self, name='domain'):
        """Return a condition of the rule as a domain of its documents."""
        self.ensure_one()
        return safe_eval(self[name] or '[]', {'uid': self.env.uid})

    # === CRUD METHODS ===#

    def write(self, vals):
        if vals.get('active') or 'moment' in vals:
            vals = {**vals, 'since': self.env['sale.order']._get_control_today()}
        return super().write(vals)

    @api.model
    def _get_uncached_fields(self):
        return super()._get_uncached_fields() | {'problems', 'problem_on'}

    def copy_data(self, default=None):
        return [
            {**values, 'name': self.env._("%s (copy)", rule.name)}
            for rule, values in zip(self, super().copy_data(default=default), strict=True)
        ]

    # === ACTION METHODS ===#

    def action_view_tasks(self):
        """Open the tasks of the rule."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_followup_task_action')
        return {**action, 'domain': [('rule_id', '=', self.id)], 'context': {}}

    # === WHO IS ASKED ABOUT WHAT ===#

    @api.model
    @tools.ormcache()
    def _get_listening(self):
        """Return ``(company ids, events that are heard)``; nothing is heard while no company follows up.

        An event counts if a rule starts or ends with it, or a date that a rule waits for may change by it.
        """
        company_ids = self.env['res.company'].sudo().search([('control_followup', '=', True)]).ids
        return frozenset(company_ids), frozenset(self._get_heard_events() if company_ids else ())

    @api.model
    def _get_heard_events(self):
        """Return the events that something depends on: rules here, what others measure in extensions."""
        # A handful of rules, cached.
        rules = self.sudo().with_context(active_test=False).search([])  # pylint: disable=no-search-all
        moments, heard = self._get_moments(), set()
        for rule in rules:
            if rule.closing == 'event' and rule.close_moment in moments:
                heard |= {rule.close_moment, *moments[rule.close_moment].passed_by}
            if rule.active and rule.moment in moments:
                heard |= {rule.moment, 'cancelled', *moments[rule.moment].heard}
        return heard

    @api.model
    @tools.ormcache('moment')
    def _get_rule_ids(self, moment):
        """Return the ids of the active rules of an event or date."""
        return tuple(self.sudo().search([('moment', '=', moment)]).ids)

    # === PROBLEMS ===#

    def _report_problem(self, sentence):
        """Say on the rule what it could not do: one line per sentence, the latest ones."""
        self.ensure_one()
        rule = self.sudo()
        lines = (rule.problems or "").splitlines()
        if sentence in lines:
            return
        rule.write({
            'problems': "\n".join([*lines, sentence][-20:]),
            'problem_on': self.env['sale.order']._get_control_now(),
        })
