from unittest.mock import patch

from ...models.order.control_memory import control_today
from ..delivery.common import DeliveryCommon


class FollowupCommon(DeliveryCommon):
    """Follow-up is on and promises are under control; no rule is active but those of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['sale.followup.rule'].search([]).active = False
        cls.company.control_followup = True
        cls.leader = cls._new_user('soc_leader', 'sales_team.group_sale_salesman_all_leads')
        cls.team = cls.env['crm.team'].create({'name': "Followed Up", 'user_id': cls.leader.id})
        cls.customer.email = 'customer@example.com'

    @classmethod
    def _new_rule(cls, moment, **values):
        return cls.env['sale.followup.rule'].create({
            'name': f"On {moment}", 'moment': moment, 'summary': "Call {customer} about {order}", **values})

    @classmethod
    def _tasks(cls, rule, states=('open',)):
        return cls.env['sale.followup.task'].search([('rule_id', '=', rule.id), ('state', 'in', states)])

    def _end_transaction(self):
        """Let everything happen that waits for the end of the transaction."""
        self.env.cr.precommit.run()

    def _tick(self, days=0, **arguments):
        """Run the hourly job so many days from today; it commits nothing."""
        with control_today(self.env, self._day(days)), patch.object(
                type(self.env['ir.cron']), '_commit_progress', return_value=60.0):
            self.env['sale.followup.rule']._cron_tick(**arguments)

    def _on_day(self, days):
        return control_today(self.env, self._day(days))
