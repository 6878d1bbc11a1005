from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


class Killed(BaseException):
    """The server is killed: nothing in the job catches it."""


@tagged('post_install', '-at_install')
class TestFollowupKilled(BaseCase):
    """The job is killed half-way, or runs twice at the same instant: nobody is asked twice, nobody is forgotten.

    The records are committed and removed again: a test transaction cannot see a second process.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            company = env['res.company'].create({'name': f"Followed Up {self.id()}"})
            user = env['res.users'].create({
                'name': "Sells There", 'login': self.id(), 'company_id': company.id, 'email': 'sells@example.com',
                'company_ids': [Command.set(company.ids)], 'tz': 'UTC',
                'group_ids': [Command.link(env.ref('sales_team.group_sale_salesman').id)]})
            company.control_followup = True
            env = env(context={'tracking_disable': True, 'allowed_company_ids': company.ids})
            today = company._get_followup_today()
            orders = env['sale.order'].create([{
                'partner_id': env['res.partner'].create({
                    'name': "Waiting", 'email': 'waiting@example.com'}).id, 'company_id': company.id,
                'user_id': user.id, 'validity_date': today,
            } for _n in range(5)])
            rule = env['sale.followup.rule'].create({
                'name': "Expires", 'moment': 'validity', 'company_id': company.id, 'summary': "{order}"})
            mail = rule.copy({
                'name': "Says so", 'sequence': 20, 'deed': 'message', 'active': True,
                'mail_template_id': env.ref('sale_order_control.mail_template_followup_validity').id})
            self.company, self.user, self.orders, self.rule, self.mail, self.today = (
                company.id, user.id, orders.ids, rule.id, mail.id, today)
        self.addCleanup(self._remove)

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM mail_activity WHERE res_model = 'sale.order' AND res_id = ANY(%s)", [self.orders])
            cr.execute("DELETE FROM sale_followup_task WHERE company_id = %s", [self.company])
            cr.execute("DELETE FROM sale_followup_message WHERE company_id = %s", [self.company])
            cr.execute("DELETE FROM mail_message WHERE model = 'sale.order' AND res_id = ANY(%s)", [self.orders])
            cr.execute("DELETE FROM sale_order WHERE id = ANY(%s)", [self.orders])
            cr.execute("DELETE FROM sale_followup_rule WHERE id = ANY(%s)", [[self.rule, self.mail]])
            cr.execute("UPDATE res_users SET active = false, login = login || id WHERE id = %s", [self.user])
            cr.execute(
                "UPDATE res_company SET active = false, control_followup = false, name = name || id WHERE id = %s",
                [self.company])
        self.registry.clear_cache()

    def _tick(self, cr, kill_after=None):
        """Run the job in chunks of two with real commits; kill it in the middle of a chunk if wanted."""
        env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
        rules, chunks = type(env['sale.followup.rule']), []
        start, company_id = rules._start_tasks, self.company

        def start_tasks(rule, documents, anchors, causes):
            tasks = start(rule, documents, anchors, causes)
            chunks.append(documents)
            if kill_after is not None and len(chunks) > kill_after:
                env.flush_all()
                raise Killed
            return tasks

        def commit(cron, processed=0, *, remaining=None, deactivate=False):
            env.flush_all()
            cr.commit()  # pylint: disable=invalid-commit
            return 60.0
        with patch.object(rules, '_start_tasks', start_tasks), patch.object(
                type(env['ir.cron']), '_commit_progress', commit), patch.object(
                rules, '_is_awake', return_value=True), patch.object(
                rules, '_get_followed_companies', lambda rule: rule.env['res.company'].sudo().browse(company_id)):
            env['sale.followup.rule']._cron_tick(limit=2)

    def _count(self):
        """Return how many tasks, documents with a task, activities, digests, facts of mails and mails there are."""
        with self.registry.cursor() as cr:
            cr.execute(
                """SELECT (SELECT count(*) FROM sale_followup_task WHERE company_id = %(company)s),
                          (SELECT count(DISTINCT res_id) FROM sale_followup_task WHERE company_id = %(company)s),
                          (SELECT count(*) FROM mail_activity WHERE res_model = 'sale.order' AND res_id = ANY(%(ids)s)),
                          (SELECT count(*) FROM mail_notification notification
                             JOIN res_users ON res_users.partner_id = notification.res_partner_id
                            WHERE res_users.id = %(user)s),
                          (SELECT count(*) FROM sale_followup_message WHERE company_id = %(company)s),
                          (SELECT count(*) FROM mail_mail JOIN mail_message message ON message.id = mail_message_id
                            WHERE message.model = 'sale.order' AND message.res_id = ANY(%(ids)s))""",
                {'company': self.company, 'ids': self.orders, 'user': self.user})
            return cr.fetchone()

    def test_a_killed_job_is_finished_by_the_next_one(self):
        with self.registry.cursor() as cr:
            with self.assertRaises(Killed):
                self._tick(cr, kill_after=1)
            cr.rollback()
        self.assertEqual(self._count(), (2, 2, 2, 0, 0, 0), "What was saved stays, the chunk in the middle is gone.")
        with self.registry.cursor() as cr:
            # Two chunks of the tasks that are left, then in the middle of the second chunk of mails.
            with self.assertRaises(Killed):
                self._tick(cr, kill_after=3)
            cr.rollback()
        self.assertEqual(self._count(), (5, 5, 5, 0, 2, 2), "A mail is there with its record, or neither is.")
        for _run in range(2):
            with self.registry.cursor() as cr:
                self._tick(cr)
            self.assertEqual(self._count(), (5, 5, 5, 1, 5, 5))

    @mute_logger('odoo.sql_db')
    def test_two_processes_at_the_same_instant_ask_once(self):
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            for cr in (mine, theirs):   # both see five orders without a task
                cr.execute("SELECT count(*) FROM sale_followup_task")
            self._tick(mine)
            self._tick(theirs)
        self.assertEqual(self._count(), (5, 5, 5, 1, 5, 5))
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.assertFalse(env['sale.followup.rule'].browse(self.rule).problems)
