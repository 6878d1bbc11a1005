from collections import defaultdict
from statistics import median

from odoo import api, fields, models

from ..simulation.approval_waits import DECIDED_STATES, WorkingClock
from .sale_approval_policy_figures import ENOUGH_DOCUMENTS, READERS


class SaleApprovalLevel(models.Model):
    """What each step of a policy did: one that always agrees only takes time."""

    _inherit = 'sale.approval.level'

    figure_decisions = fields.Integer(string="Decisions", compute='_compute_figures', groups=READERS)
    figure_agreed = fields.Float(string="Agreed %", compute='_compute_figures', groups=READERS, aggregator=None)
    figure_hours = fields.Float(
        string="Usual Working Hours", compute='_compute_figures', groups=READERS, aggregator=None,
        help="Median from the turn of the approvers to their decision.")
    needless_reason = fields.Char(string="Could Be Left Out", compute='_compute_figures', groups=READERS)

    @api.depends_context('approval_days')
    def _compute_figures(self):
        since, until = self.env['sale.approval.policy']._get_figure_period()
        tasks = self.env['sale.approval.task'].sudo().search_fetch(
            [
                ('level_id', 'in', self._origin.ids), ('state', 'in', DECIDED_STATES),
                ('decided_on', '>=', since), ('decided_on', '<', until), ('asked_on', '!=', False),
            ],
            ['level_id', 'state', 'asked_on', 'decided_on'])
        by_level = tasks.grouped('level_id')
        clocks = defaultdict(lambda: None)
        for level in self:
            own = by_level.get(level._origin, tasks.browse())
            if own and not clocks[level.company_id]:
                clocks[level.company_id] = WorkingClock(
                    level.company_id, min(tasks.mapped('asked_on')), max(tasks.mapped('decided_on')))
            agreed = own.filtered(lambda task: task.state == 'agreed')
            level.figure_decisions = len(own)
            level.figure_agreed = 100 * len(agreed) / len(own) if own else 0.0
            level.figure_hours = median(
                clocks[level.company_id].get_hours(task.asked_on, task.decided_on) for task in own) if own else 0.0
            level.needless_reason = level._get_needless_reason()

    def _get_needless_reason(self):
        """Say why the step could be left out; empty if it says no at times, or if too little is known."""
        self.ensure_one()
        if self.figure_decisions < ENOUGH_DOCUMENTS or self.figure_agreed < 100:
            return False
        return self.env._(
            "Agreed to all of %(count)s, usually after %(hours)s working hours.",
            count=self.figure_decisions, hours=f"{self.figure_hours:.1f}")
