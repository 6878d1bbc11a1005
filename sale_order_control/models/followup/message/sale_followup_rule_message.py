from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

DEEDS = [
    ('task', "Give a Task"),
    ('message', "Write to the Customer"),
]


class SaleFollowupRule(models.Model):
    """Rules that write to customers: what they say, and what was told already."""

    _inherit = 'sale.followup.rule'

    deed = fields.Selection(
        DEEDS, string="Does", required=True, default='task',
        help="Give somebody a task, or write to the customer. Who cannot be reached is somebody's task.")
    mail_template_id = fields.Many2one(
        'mail.template', string="Mail", ondelete='restrict',
        help="Written in the customer's language, queued, and sent with the next outgoing mail.")
    sms_text = fields.Char(
        string="SMS", translate=True,
        help="Sent as well where text messages are installed and the customer has a number.")
    one_a_day = fields.Boolean(
        string="One per Customer and Day",
        help="Documents that are due on the same day are told with one message. Steps of a ladder keep their distance: "
             "after a pause the next sharper one follows as many days later as the offsets say.")
    has_sms = fields.Boolean(compute='_compute_has_sms')
    message_ids = fields.One2many('sale.followup.message', 'rule_id')
    message_count = fields.Integer(string="Sent", compute='_compute_message_count')

    # === COMPUTE METHODS ===#

    @api.depends('deed')
    def _compute_has_sms(self):
        self.has_sms = 'sms.sms' in self.env

    def _compute_message_count(self):
        counts = dict(self.env['sale.followup.message']._read_group(
            [('rule_id', 'in', self.ids), ('covered_id', '=', False)], ['rule_id'], ['__count']))
        for rule in self:
            rule.message_count = counts.get(rule, 0)

    # === CONSTRAINTS ===#

    @api.constrains('deed', 'moment', 'offset_days', 'mail_template_id', 'sms_text', 'closing')
    def _check_message(self):
        for rule in self.filtered(lambda rule: rule.deed == 'message'):
            template = rule.mail_template_id
            if not template and not rule.sms_text:
                raise ValidationError(self.env._(
                    "“%s” says nothing: choose a mail, or write a text message.", rule.name))
            if template and template.model != rule.screen_model:
                raise ValidationError(self.env._(
                    "The mail “%(mail)s” is written about other documents than “%(rule)s”.",
                    mail=template.name, rule=rule.name))
            if not rule.is_date and rule.offset_days:
                raise ValidationError(self.env._(
                    "“%s” writes when something happens, not days later. Choose a date to count from.", rule.name))
            told = self.env['sale.order']._get_told_moments().get(rule.moment)
            if told and template:
                raise ValidationError(self.env._(
                    "Customers would be told twice: %s Use that, or choose something else.", told))

    @api.constrains('deed', 'mail_template_id', 'moment')
    def _check_mail(self):
        for rule in self.filtered(lambda rule: rule.deed == 'message' and rule.mail_template_id):
            problems = rule._get_mail_problems()
            if problems:
                raise ValidationError("\n".join(problems))

    @api.constrains('sms_text')
    def _check_sms_text(self):
        for rule in self:
            problem = rule._get_text_problem(rule.sms_text)
            if problem:
                raise ValidationError(problem)

    # === ACTION METHODS ===#

    def action_view_messages(self):
        """Open what this rule has told customers."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_followup_message_action')
        return {**action, 'domain': [('rule_id', '=', self.id)], 'context': {}}

    # === WHAT IS DUE ===#

    def _get_due_query(self, company, today, among=None):
        query = super()._get_due_query(company, today, among)
        if self.deed != 'message':
            return query
        moment = self._get_moments()[self.moment]
        model = self.env[moment.model]
        ids = {'rule': self.id, 'id': SQL.identifier(model._table, 'id')}
        date = SQL("%s::date", SQL.identifier(model._table, moment.field))
        self.env['sale.followup.message'].flush_model()
        self.env['sale.followup.task'].flush_model()
        query.add_where(SQL(
            """NOT EXISTS (SELECT FROM sale_followup_message told
                            WHERE told.rule_id = %(rule)s AND told.res_id = %(id)s
                              AND (%(same)s OR told.sent_day > %(today)s - %(rest)s))""",
            **ids, same=SQL("TRUE") if self.once else SQL("told.anchor_date = %s", date), today=today,
            rest=self.cooldown_days))
        if self.offset_days < 0:
            # Announced when it is over would be a mistake: what was missed is left to the steps after the date.
            query.add_where(SQL("%s >= %s", date, today))
        former = self._get_former_step()
        if former:
            # One step after the other, also after a pause; what was too early for the former one needs none. Where
            # the customer had no address, it was somebody's task.
            since = max(filter(None, (former.since, company.control_followup_since)), default=today)
            query.add_where(SQL(
                """(%(date)s <= %(unasked)s OR EXISTS (
                        SELECT FROM sale_followup_message step
                         WHERE step.rule_id = %(former)s AND step.res_id = %(id)s AND step.anchor_date = %(date)s
                           AND step.sent_day <= %(today)s - %(gap)s)
                    OR EXISTS (
                        SELECT FROM sale_followup_task step
                         WHERE step.rule_id = %(former)s AND step.res_id = %(id)s AND step.anchor_date = %(date)s
                           AND step.first_due <= %(today)s - %(gap)s AND step.state <> 'cancelled'))""",
                id=ids['id'], date=date, former=former.id, today=today, gap=self.offset_days - former.offset_days,
                unasked=former._get_last_anchor(company, since - timedelta(days=1))))
        return query

    def _get_former_step(self):
        """Return the softer step of the same ladder that comes right before this one, if there is any."""
        if not self.one_a_day or self.offset_days <= 0:
            return self.browse()
        ladder = self.search([
            ('deed', '=', 'message'), ('one_a_day', '=', True), ('moment', '=', self.moment),
            ('offset_days', '>', 0), ('offset_days', '<', self.offset_days), ('company_id', 'in', (
                False, self.company_id.id)),
        ])
        return ladder.filtered(lambda rule: rule._read_domain() == self._read_domain()).sorted('offset_days')[-1:]

    def _get_served(self, documents):
        served = super()._get_served(documents)
        if self.deed != 'message':
            return served
        told = self.env['sale.followup.message'].sudo().search([
            ('rule_id', '=', self.id), ('res_id', 'in', documents.ids)])
        return served | {
            message.res_id for message in told
            if self.once or
            self.cooldown_days and (message.company_id._get_followup_today() - message.sent_day).days
            < self.cooldown_days
        }
