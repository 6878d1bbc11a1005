from odoo import fields, models
from odoo.exceptions import UserError


class SaleApprovalComment(models.TransientModel):
    """Asks for the comment of a decision. It decides nothing itself: the requests check who may."""

    _name = 'sale.approval.comment'
    _description = "Decide with a Comment"

    request_ids = fields.Many2many(
        'sale.approval.request', string="Requests", readonly=True, default=lambda self: self._default_request_ids())
    decision = fields.Selection(
        [
            ('agree', "Agree"),
            ('disagree', "Disagree"),
            ('return', "Return for correction"),
            ('forward', "Forward to somebody else"),
        ],
        required=True, default='disagree')
    comment = fields.Text()
    user_id = fields.Many2one('res.users', string="Forward To", domain="[('share', '=', False)]")

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
            result = requests.action_return(self.comment)
        elif self.user_id:
            result = requests.action_forward(self.user_id, self.comment)
        else:
            raise UserError(self.env._("Choose whom to forward to."))
        return result if isinstance(result, dict) else {
            'type': 'ir.actions.client', 'tag': 'soft_reload'}
