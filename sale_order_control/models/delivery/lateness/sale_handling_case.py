from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..promise.sale_order_line import WAITING_STATES

CASE_STATES = [
    ('needed', "Opinion Needed"),
    ('escalated', "Escalated"),
    ('given', "Opinion Given"),
    ('over', "Over"),
]
OPEN_STATES = ('needed', 'escalated', 'given')
ACTIVITY_TYPE = 'sale_order_control.mail_activity_type_opinion'


class SaleHandlingCase(models.Model):
    """An order, or a transfer, that is overdue for so long that somebody must say in writing what is done about it.

    The night opens and closes cases; nobody writes them. Opinions stay on record.
    """

    _name = 'sale.handling.case'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _description = "Overdue Delivery"
    _order = 'state, due_date, id'

    name = fields.Char(string="Document", required=True, readonly=True)
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='cascade')
    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", readonly=True, index='btree_not_null', ondelete='cascade',
        help="Empty where the order as a whole is overdue.")
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    salesperson_id = fields.Many2one('res.users', readonly=True)
    due_date = fields.Date(readonly=True, help="Of an order: when it was due. Of a transfer: when it should have left.")
    days_overdue = fields.Integer(compute='_compute_days_overdue')
    state = fields.Selection(CASE_STATES, required=True, readonly=True, default='needed', index=True)
    since = fields.Date(string="Needed Since", readonly=True)
    user_id = fields.Many2one('res.users', string="Asked", readonly=True, help="Who should give the opinion.")
    escalate_on = fields.Date(readonly=True, help="Without an opinion, the team leader is asked on this day.")
    escalated_to_id = fields.Many2one('res.users', readonly=True)
    until = fields.Date(string="Opinion Counts Until", readonly=True)
    opinion_ids = fields.One2many('sale.handling.opinion', 'case_id', readonly=True)
    last_opinion = fields.Text(compute='_compute_last_opinion')

    _order_once = models.UniqueIndex(
        "(order_id) WHERE picking_id IS NULL AND state != 'over'", "An order has one open case.")
    _picking_once = models.UniqueIndex(
        "(picking_id) WHERE picking_id IS NOT NULL AND state != 'over'", "A transfer has one open case.")

    @api.depends('due_date', 'state')
    def _compute_days_overdue(self):
        today = self.env['sale.order']._get_control_today()
        for case in self:
            case.days_overdue = max(0, (today - case.due_date).days) if case.due_date and case.state != 'over' else 0

    @api.depends('opinion_ids')
    def _compute_last_opinion(self):
        for case in self:
            last = case.opinion_ids[:1]
            case.last_opinion = f"{last.opinion}\n{last.measure}" if last else False

    # === ACTION METHODS ===#

    def action_give_opinion(self):
        """Open the form in which the opinion is written."""
        self.ensure_one()
        self._check_may_give()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Handling Opinion on %s", self.name),
            'res_model': 'sale.handling.opinion.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_case_id': self.id},
        }

    def action_view_document(self):
        """Open the overdue order or transfer."""
        self.ensure_one()
        document = self.picking_id or self.order_id
        return {
            'type': 'ir.actions.act_window', 'res_model': document._name, 'res_id': document.id, 'view_mode': 'form',
        }

    def _check_may_give(self):
        """Who answers for the document gives the opinion: whoever is asked, may change it, or plans deliveries.

        :raise AccessError: for everybody else
        """
        self.check_access('read')
        user = self.env.user
        for case in self:
            document = case.sudo().picking_id or case.sudo().order_id
            asked = user in (case.user_id, case.escalated_to_id)
            if not asked and not user.has_groups(
                    'sale_order_control.group_delivery_planner,sale_order_control.group_manager') \
                    and not document.with_user(user).has_access('write'):
                raise AccessError(self.env._(
                    "The opinion on %s is given by who is asked for it, who may change it, or a delivery planner.",
                    case.name))

    # === OPINIONS ===#

    def _record_opinion(self, opinion, measure, cause, until):
        """Record what the user says about this case.

        :param str opinion: what is the matter
        :param str measure: what is done about it
        :param sale.delivery.change.reason cause: what caused it
        :param date until: by when it is done
        :raise UserError: with nothing written, if something is missing or the case is over
        """
        self.ensure_one()
        self._check_may_give()
        case = self.sudo()
        today = self.env['sale.order']._get_control_today()
        case._check_opinion(opinion, measure, cause, until, today)
        recorded = self.env['sale.handling.opinion']._record_facts([{
            'case_id': case.id,
            'order_id': case.order_id.id,
            'picking_id': case.picking_id.id,
            'company_id': case.company_id.id,
            'user_id': self.env.uid,
            'opinion': opinion.strip(),
            'measure': measure.strip(),
            'cause_id': cause.id,
            'until': until,
            'due_date': case.due_date,
            'days_overdue': case.days_overdue,
        }])
        case.write({'state': 'given', 'until': until, 'escalate_on': False})
        case.activity_ids.unlink()
        case._get_overdue_lines(today).filtered(lambda line: not line.delivery_cause_id)._set_delivery_cause(cause)
        case.order_id._control_log('promise', message=self.env._(
            "Handling opinion on %(document)s: %(opinion)s %(measure)s Until %(date)s.", document=case.name,
            opinion=recorded.opinion, measure=recorded.measure, date=format_date(self.env, until)))
        return recorded

    def _check_opinion(self, opinion, measure, cause, until, today):
        if self.state == 'over':
            raise UserError(self.env._("%s is not overdue any more: no opinion is needed.", self.name))
        if not (opinion or "").strip() or not (measure or "").strip():
            raise UserError(self.env._("Write what is the matter, and what is done about it."))
        if not cause:
            raise UserError(self.env._("Choose what caused the delay."))
        last = today + timedelta(days=self.company_id.opinion_valid_days)
        if not until or not today <= until <= last:
            raise UserError(self.env._(
                "Say by when it is done: a day from today to %s.", format_date(self.env, last)))

    def _get_overdue_lines(self, today):
        """Return the lines of the case that wait and are due."""
        lines = self.order_id.order_line
        if self.picking_id:
            lines = self.picking_id.move_ids.control_line_id
        return lines.filtered(
            lambda line: line.promise_state in WAITING_STATES and line.due_date and line.due_date < today)
