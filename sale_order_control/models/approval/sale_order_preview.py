from odoo import models
from odoo.tools import SQL


class SaleOrder(models.Model):
    """Before submitting: why somebody would be asked, who, and how long it usually takes."""

    _inherit = 'sale.order'

    def _get_approval_preview(self):
        """Tell what a submission of this quotation would lead to.

        :return: ``{'reasons': [sentence], 'levels': [{'name', 'users', 'hours'}], 'hours': expected working of all}``;
            hours is None where nobody decided at such a level yet
        """
        self.ensure_one()
        issues = [issue for issue in self._get_control_issues('submit')[self.id] if issue.effect == 'approve']
        policies = {issue.facts['policy'] for issue in issues if issue.facts.get('policy')}
        levels, _problems = self.sudo()._plan_approval({self.id: policies}, requester=self.env.user)[self.id]
        waits = self._get_usual_waits([level.level_id for level in levels])
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

    def _get_usual_waits(self, level_ids):
        """Return ``{level_id: median hours from turn to decision}`` of the last 200 decisions of each level."""
        if not level_ids:
            return {}
        self.env['sale.approval.task'].flush_model(['level_id', 'asked_on', 'decided_on', 'state'])
        rows = self.env.execute_query(SQL(
            """SELECT level_id, percentile_cont(0.5) WITHIN GROUP (
                          ORDER BY EXTRACT(EPOCH FROM decided_on - asked_on) / 3600)
                 FROM (SELECT level_id, asked_on, decided_on,
                              row_number() OVER (PARTITION BY level_id ORDER BY id DESC) AS recent
                         FROM sale_approval_task
                        WHERE level_id IN %s AND asked_on IS NOT NULL AND decided_on IS NOT NULL
                          AND state IN ('agreed', 'disagreed', 'returned')) AS decisions
                WHERE recent <= 200
             GROUP BY level_id""", tuple(level_ids)))
        return dict(rows)

    def _get_plan_sentence(self):
        """Say in one line who would decide, level by level."""
        self.ensure_one()
        return " › ".join(
            f"{level['name']}: {' / '.join(level['users']) or '?'}" for level in self._get_approval_preview()['levels'])
