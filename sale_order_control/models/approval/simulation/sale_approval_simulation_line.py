from odoo import fields, models

FIGURE_KINDS = [
    ('policy', "Policy"),
    ('level', "Level"),
    ('approver', "Approver"),
]
WAIT_SOURCES = [
    ('level', "Past decisions of the level"),
    ('approver', "Past decisions of the approvers"),
    ('deadline', "Deadline of the level"),
    ('unknown', "Not known"),
]


class SaleApprovalSimulationLine(models.Model):
    """One order about which a set of policies would ask."""

    _name = 'sale.approval.simulation.line'
    _description = "Simulated Order"
    _order = 'simulation_id, order_id, side'

    simulation_id = fields.Many2one(
        'sale.approval.simulation', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='simulation_id.company_id', store=True)
    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    order_name = fields.Char(string="Order Number", readonly=True)
    partner_name = fields.Char(string="Customer", readonly=True)
    date = fields.Date(readonly=True, help="The day as of which the order was judged.")
    currency_id = fields.Many2one('res.currency', readonly=True)
    amount_untaxed = fields.Monetary(string="Untaxed Amount", readonly=True)
    side = fields.Selection(
        [('after', "Chosen policies"), ('before', "Policies in force")], string="Asked By", readonly=True)
    change = fields.Selection(
        [('new', "Newly asked"), ('gone', "No longer asked"), ('other', "Other approvers"), ('same', "As now")],
        readonly=True)
    policy_ids = fields.Many2many(
        'sale.approval.policy', string="Policies", readonly=True, context={'active_test': False})
    level_ids = fields.Many2many('sale.approval.level', string="Levels", readonly=True)
    user_ids = fields.Many2many('res.users', string="Approvers", readonly=True, context={'active_test': False})
    plan = fields.Json(readonly=True, help="Per level: its name, how many must agree, who is asked.")
    decisions = fields.Integer(readonly=True, help="How many persons must agree.")
    wait_hours = fields.Float(
        string="Hours of Waiting", readonly=True, help="Working hours that the levels usually take, one after another.")

    def action_view_order(self):
        """Open the order, for those who may read it."""
        self.ensure_one()
        self.order_id.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'sale.order',
            'res_id': self.order_id.id,
            'view_mode': 'form',
        }


class SaleApprovalSimulationFigure(models.Model):
    """What a simulation found about one policy, level or approver."""

    _name = 'sale.approval.simulation.figure'
    _description = "Simulated Workload"
    _order = 'simulation_id, kind, sequence, id'

    simulation_id = fields.Many2one(
        'sale.approval.simulation', required=True, readonly=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='simulation_id.company_id', store=True)
    kind = fields.Selection(FIGURE_KINDS, required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    name = fields.Char(readonly=True)
    policy_id = fields.Many2one(
        'sale.approval.policy', readonly=True, ondelete='cascade', context={'active_test': False})
    level_ids = fields.Many2many('sale.approval.level', readonly=True)
    user_id = fields.Many2one('res.users', string="Approver", readonly=True, ondelete='cascade')
    before_count = fields.Integer(string="Orders in Force", readonly=True)
    after_count = fields.Integer(string="Orders", readonly=True)
    after_share = fields.Float(
        string="Share %", readonly=True, aggregator=None, help="Of all orders that were judged.")
    work_hours = fields.Float(
        string="Hours of Work", readonly=True,
        help="Decisions times your minutes. Where any of several persons decides, each is counted with a share.")
    wait_hours = fields.Float(
        string="Hours per Decision", readonly=True, aggregator=None,
        help="Working hours from the turn of the approvers to their decision.")
    wait_source = fields.Selection(WAIT_SOURCES, string="Waiting Known From", readonly=True)
    wait_decisions = fields.Integer(string="Past Decisions", readonly=True)

    def action_view_lines(self):
        """Open the orders behind the figure."""
        self.ensure_one()
        domains = {
            'policy': [('policy_ids', 'in', self.policy_id.ids)],
            'level': [('level_ids', 'in', self.level_ids.ids)],
            'approver': [('level_ids', 'in', self.level_ids.ids), ('user_ids', 'in', self.user_id.ids)],
        }
        return self.simulation_id._get_line_action(self.name, domains[self.kind], {'search_default_after': 1})
