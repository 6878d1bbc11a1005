from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_acting, control_memory
from ...order.control_moments import ControlMoment

PASSAGE_STATES = [
    ('running', "Running"),
    ('done', "Finished"),
    ('cancelled', "Cancelled"),
]


class SaleFollowupPassage(models.Model):
    """One order in one step: when it came, by when it has to leave, when it left. Written by what happens only."""

    _name = 'sale.followup.passage'
    _description = "Processing Time"
    _order = 'started_on desc, id desc'
    _rec_name = 'step_id'

    step_id = fields.Many2one('sale.followup.step', required=True, readonly=True, index=True, ondelete='restrict')
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    partner_id = fields.Many2one(related='order_id.partner_id', string="Customer")
    user_id = fields.Many2one(related='order_id.user_id', string="Salesperson", store=True)
    started_on = fields.Datetime(required=True, readonly=True)
    due_on = fields.Datetime(string="Alarm On", readonly=True)
    ended_on = fields.Datetime(readonly=True)
    hours = fields.Float(
        string="Working Hours", readonly=True, aggregator='avg', help="How long it took, by the company's calendar.")
    is_late = fields.Boolean(string="Took Too Long", readonly=True)
    state = fields.Selection(PASSAGE_STATES, required=True, readonly=True, default='running')

    _running_unique = models.UniqueIndex(
        "(order_id, step_id) WHERE state = 'running'", "An order is in a step once.")
    _due_idx = models.Index("(due_on) WHERE state = 'running' AND due_on IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        self._check_acting()
        return super().create(vals_list)

    def write(self, vals):
        self._check_acting()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("How long a step took stays on record."))

    def _check_acting(self):
        if not (self.env.su and control_memory(self.env).acting):
            raise AccessError(self.env._("Processing times follow from what happens: nobody enters them."))

    # === WHAT HAPPENS ===#

    @api.model
    def _follow(self, name, orders):
        """Let orders leave the steps that end with an event and enter those that begin with it; set-based."""
        passages = self.sudo()
        ended = self.env['sale.followup.rule']._get_ended(name)
        steps = self.env['sale.followup.step'].sudo().search([
            '|', ('start_moment', '=', name), ('end_moment', 'in', list(ended))])
        company_ids = self.env['sale.followup.rule']._get_listening()[0]
        orders = orders.sudo().filtered(lambda order: order.company_id.id in company_ids)
        if not orders or not (steps or name == 'cancelled'):
            return
        running = passages.search([('order_id', 'in', orders.ids), ('state', '=', 'running')])
        with control_acting(self.env):
            if name == 'cancelled':
                running.write({'state': 'cancelled', 'due_on': False})
                return
            ending = running.filtered(lambda passage: passage.step_id.end_moment in ended)
            ending._leave()
            known = {(passage.order_id, passage.step_id) for passage in running - ending}
            passages.create([
                passages._prepare_entry(order, step)
                for step in steps if step.start_moment == name
                for order in orders
                if (order, step) not in known and step.company_id in (order.company_id, step.company_id.browse())
            ])

    @api.model
    def _prepare_entry(self, order, step):
        now = self.env['sale.order']._get_control_now()
        return {
            'step_id': step.id,
            'order_id': order.id,
            'company_id': order.company_id.id,
            'started_on': now,
            'due_on': order.company_id._plan_working_hours(step.hours, now) if step.hours else False,
        }

    def _leave(self):
        now = self.env['sale.order']._get_control_now()
        for passage in self:
            passage.write({
                'state': 'done',
                'ended_on': now,
                'hours': passage.company_id._count_working_hours(passage.started_on, now),
                'is_late': bool(passage.due_on and passage.due_on < now),
            })


class SaleFollowupRule(models.Model):
    _inherit = 'sale.followup.rule'

    @api.model
    def _get_heard_events(self):
        steps = self.env['sale.followup.step'].sudo().search([])  # pylint: disable=no-search-all
        moments, heard = self._get_moments(), super()._get_heard_events()
        for step in steps:
            passed_by = moments[step.end_moment].passed_by if step.end_moment in moments else ()
            heard |= {step.start_moment, step.end_moment, 'cancelled', *passed_by}
        return heard

    @api.model
    def _follow_ends(self, name, documents):
        moment = self._get_moments()[name]
        orders = documents.mapped(moment.order_path) if moment.order_path else documents
        if orders._name == 'sale.order':
            # First: alarms about steps that are over end with them.
            self.env['sale.followup.passage']._follow(name, orders)
        return super()._follow_ends(name, documents)


class SaleOrder(models.Model):
    """How long an order is in each step, and which one took longest."""

    _inherit = 'sale.order'

    passage_ids = fields.One2many(
        'sale.followup.passage', 'order_id', string="Processing Times", readonly=True, groups='base.group_user')

    @api.model
    def _get_control_moments(self):
        return super()._get_control_moments() + [ControlMoment(
            'step_due', self.env._("A processing step takes too long"), model='sale.followup.passage', field='due_on',
            domain=(('state', '=', 'running'), ('due_on', '!=', False)), order_path='order_id',
            heard=('submitted', 'confirmed', 'promised', 'released', 'delivered', 'invoiced', 'paid', 'approved',
                   'cancelled'))]

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'passage_ids'}

    def action_view_passages(self):
        """Open how long the order was in each step, the slowest first."""
        self.ensure_one()
        self.check_access('read')
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_followup_passage_action')
        return {
            **action, 'name': self.env._("Processing Times of %s", self.name), 'domain': [('order_id', '=', self.id)],
            'context': {}, 'view_mode': 'list,graph', 'views': [(False, 'list'), (False, 'graph')]}
