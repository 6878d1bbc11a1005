from odoo import fields, models
from odoo.tools import SQL

from ..task.sale_followup_task import RESULTS, TASK_STATES


class SaleFollowupReport(models.Model):
    """How well follow-ups are done: per person, team, department, rule and period.

    A row per task. What was cancelled with its order says nothing about anybody and is left out; what somebody
    cancelled by hand is counted for itself, neither on time nor late.
    """

    _name = 'sale.followup.report'
    _description = "Follow-Up Analysis"
    _auto = False
    _order = 'date_due desc, id desc'
    _rec_name = 'task_id'

    task_id = fields.Many2one('sale.followup.task', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    rule_id = fields.Many2one('sale.followup.rule', readonly=True)
    department_id = fields.Many2one('sale.followup.department', readonly=True)
    user_id = fields.Many2one('res.users', string="Responsible", readonly=True)
    team_id = fields.Many2one('crm.team', string="Sales Team", readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True)
    state = fields.Selection(TASK_STATES, readonly=True)
    result = fields.Selection(RESULTS, readonly=True)
    date_due = fields.Date(string="Due", readonly=True)
    deadline = fields.Date(readonly=True)
    ended_day = fields.Date(string="Ended On", readonly=True)

    task_count = fields.Integer(string="Follow-Ups", readonly=True, aggregator='sum')
    open_count = fields.Integer(string="Still Open", readonly=True, aggregator='sum')
    ended_count = fields.Integer(string="Ended", readonly=True, aggregator='sum')
    dropped_count = fields.Integer(
        string="Cancelled by Hand", readonly=True, aggregator='sum', help="Somebody said why it was not to be done.")
    on_time_count = fields.Integer(string="Ended on Time", readonly=True, aggregator='sum')
    late_count = fields.Integer(string="Ended Late", readonly=True, aggregator='sum')
    on_time_rate = fields.Float(
        string="On Time (%)", readonly=True, aggregator='avg',
        help="Of the follow-ups that have ended, how many ended by their deadline.")
    late_days = fields.Integer(
        string="Days Late", readonly=True, aggregator='sum', help="How long after their deadline they ended.")
    moved_count = fields.Integer(
        string="Times Moved", readonly=True, aggregator='sum', help="How often their date moved.")

    @property
    def _table_query(self):
        return SQL(
            """SELECT task.id, task.id AS task_id, task.company_id, task.rule_id, rule.department_id, task.user_id,
                      COALESCE(sale.team_id, person.sale_team_id) AS team_id, task.partner_id, task.order_id,
                      task.state, task.result, task.date_due, task.deadline, task.ended_day,
                      1 AS task_count,
                      (task.state = 'open')::integer AS open_count,
                      (task.state IN ('done', 'closed'))::integer AS ended_count,
                      (task.state = 'dropped')::integer AS dropped_count,
                      (task.state IN ('done', 'closed') AND task.on_time)::integer AS on_time_count,
                      (task.state IN ('done', 'closed') AND task.on_time IS NOT TRUE)::integer AS late_count,
                      CASE WHEN task.state IN ('done', 'closed')
                           THEN CASE WHEN task.on_time THEN 100.0 ELSE 0.0 END END AS on_time_rate,
                      CASE WHEN task.state IN ('done', 'closed')
                           THEN GREATEST(task.ended_day - task.deadline, 0) END AS late_days,
                      task.moved_count
                 FROM sale_followup_task task
                 LEFT JOIN sale_followup_rule rule ON rule.id = task.rule_id
                 LEFT JOIN sale_order sale ON sale.id = task.order_id
                 LEFT JOIN res_users person ON person.id = task.user_id
                WHERE task.state <> 'cancelled'""")
