from odoo import api, fields, models


class CreditGradeOverride(models.TransientModel):
    """Ask a credit controller which grade to set by hand, why and until when."""

    _name = 'credit.grade.override'
    _inherit = ['sale.control.wizard']
    _description = "Set a Credit Grade by Hand"

    account_ids = fields.Many2many('credit.account', string="Customers", readonly=True)
    grade_id = fields.Many2one('credit.grade', required=True)
    reason = fields.Text(required=True, help="Kept with the grading.")
    until = fields.Date(
        string="Valid Until", help="Last day; then the scored grade counts again. Empty means until somebody ends it.")
    explanation = fields.Text(string="Scored", compute='_compute_explanation')

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get('active_model') == 'credit.account':
            values['account_ids'] = [(6, 0, self.env.context.get('active_ids') or [])]
        return values

    @api.depends('account_ids')
    def _compute_explanation(self):
        for wizard in self:
            wizard.explanation = "\n".join(
                f"{account.partner_id.name}: {account.explanation}"
                for account in wizard.account_ids if account.explanation)

    def action_override(self):
        """Set the grade; who may is checked where it is made."""
        self.ensure_one()
        self.account_ids.action_override_grade(self.grade_id, self.reason, self.until)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
