from odoo import api, models


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    @api.model
    def _reconcile_plan(self, reconciliation_plan):
        result = super()._reconcile_plan(reconciliation_plan)
        lines = self._get_plan_lines(reconciliation_plan)
        lines.move_id._recheck_credit_holds(lines)
        return result

    @api.model
    def _get_plan_lines(self, plan):
        """Return all lines of a reconciliation plan, which is a list of line sets or of further plans."""
        if isinstance(plan, models.BaseModel):
            return plan
        lines = self.browse()
        for part in plan:
            lines |= self._get_plan_lines(part)
        return lines
