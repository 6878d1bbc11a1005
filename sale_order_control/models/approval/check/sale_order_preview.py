from odoo import models


class SaleOrder(models.Model):
    """Before submitting: why somebody would be asked, who, and how long it usually takes."""

    _inherit = 'sale.order'

    def _get_approval_preview(self):
        """Tell what a submission of this quotation would lead to.

        :return: ``{'reasons': [sentence], 'levels': [{'name', 'users', 'hours'}], 'hours': working hours of all}``;
            hours is None where nobody decided at such a level yet
        """
        self.ensure_one()
        issues = [issue for issue in self._get_control_issues('submit')[self.id] if issue.effect == 'approve']
        policies = {issue.facts['policy'] for issue in issues if issue.facts.get('policy')}
        levels, _problems = self.sudo()._plan_approval({self.id: policies}, requester=self.env.user)[self.id]
        asked = self.env['sale.approval.level'].browse(level.level_id for level in levels)
        waits = {
            level_id: wait.hours if wait.source != 'unknown' else None
            for level_id, wait in asked._get_usual_working_waits(self.company_id).items()
        }
        names = {
            user.id: user.name
            for user in self.env['res.users'].sudo().browse({uid for level in levels for uid in level.user_ids})}
        rows = [
            {
                'name': level.name,
                'sequence': level.sequence,
                'quorum': level.quorum,
                'needed': level.needed,
                'users': [names[user_id] for user_id in level.user_ids],
                'hours': waits.get(level.level_id),
            }
            for level in levels
        ]
        stages = {}
        for row in rows:
            # Levels of one stage wait at the same time: the slowest one counts.
            stages[row['sequence']] = max(stages.get(row['sequence'], 0.0), row['hours'] or 0.0)
        return {'reasons': [issue.message for issue in issues], 'levels': rows, 'hours': sum(stages.values())}

    def _get_plan_sentence(self):
        """Say in one line who would decide, level by level."""
        self.ensure_one()
        return " › ".join(
            f"{level['name']}: {' / '.join(level['users']) or '?'}" for level in self._get_approval_preview()['levels'])
