from odoo import api, fields, models
from odoo.exceptions import UserError


class SaleApprovalComment(models.TransientModel):
    """Asks for the comment of a decision. It decides nothing itself: the requests check who may."""

    _name = 'sale.approval.comment'
    _inherit = ['sale.control.wizard']
    _description = "Decide with a Comment"

    request_ids = fields.Many2many(
        'sale.approval.request', string="Requests", readonly=True, default=lambda self: self._default_request_ids())
    decision = fields.Selection(
        [
            ('agree', "Agree"),
            ('disagree', "Disagree"),
            ('return', "Return for correction"),
            ('forward', "Forward to somebody else"),
            ('add', "Ask one more person"),
            ('take_over', "Take the decision over"),
        ],
        required=True, default='disagree')
    # One of the quick decisions was chosen before; otherwise the window offers what else can be done.
    is_choice = fields.Boolean(default=lambda self: bool(self.env.context.get('approval_choice')))
    choice = fields.Selection(
        [
            ('agree', "Agree, and say why"),
            ('forward', "Forward: somebody else decides in my place"),
            ('add', "Ask one more person, who must agree as well"),
        ],
        string="What", default='agree')
    comment = fields.Text()
    user_id = fields.Many2one('res.users', string="Person", domain="[('share', '=', False)]")
    earlier_task_ids = fields.Many2many('sale.approval.task', compute='_compute_earlier_task_ids')
    task_id = fields.Many2one(
        'sale.approval.task', string="Return To", domain="[('id', 'in', earlier_task_ids)]",
        help="An earlier level that decides again. Leave empty to return it to its maker.")

    @api.depends('request_ids')
    def _compute_earlier_task_ids(self):
        for wizard in self:
            current = wizard.request_ids._get_current_tasks() if len(wizard.request_ids) == 1 else self.env[
                'sale.approval.task']
            mine = current.filtered(lambda task: task.user_id == self.env.user and task.state == 'pending')
            wizard.earlier_task_ids = current.filtered(
                lambda task, mine=mine: mine and task.sequence < mine[0].sequence and task.state == 'agreed')

    @api.onchange('choice')
    def _onchange_choice(self):
        if self.is_choice:
            self.decision = self.choice

    def _default_request_ids(self):
        if self.env.context.get('active_model') == 'sale.approval.request':
            return self.env['sale.approval.request'].browse(self.env.context.get('active_ids', ()))
        return False

    def action_decide(self):
        """Hand the decision over to the requests, as the current user."""
        self.ensure_one()
        requests = self.request_ids
        if self.decision == 'agree':
            result = requests.action_agree(self.comment)
        elif self.decision == 'disagree':
            result = requests.action_disagree(self.comment)
        elif self.decision == 'return':
            result = requests.action_return(self.comment, self.task_id.level_index or None)
        elif self.decision == 'take_over':
            result = requests.action_take_over(self.comment)
        elif not self.user_id:
            raise UserError(self.env._("Choose a person."))
        elif self.decision == 'add':
            result = requests.action_add_approver(self.user_id, self.comment)
        else:
            result = requests.action_forward(self.user_id, self.comment)
        return result if isinstance(result, dict) else {
            'type': 'ir.actions.client', 'tag': 'soft_reload'}
