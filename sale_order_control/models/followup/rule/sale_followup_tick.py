import logging

import psycopg2

from odoo import api, models

_logger = logging.getLogger(__name__)


class SaleFollowupRule(models.Model):
    """The hourly job: what is due by now, chunk by chunk."""

    _inherit = 'sale.followup.rule'

    @api.model
    def _cron_tick(self, limit=200):
        """Give people what has become due, and let open tasks follow their documents.

        Each chunk is saved together with what it made: an interrupted run goes on where it stopped, a second one
        finds nothing left. What fails is reported on its rule and left for the next run; the rest goes on.

        :param int limit: documents per transaction
        """
        for work in self._get_tick_work():
            if not work(limit):
                return

    @api.model
    def _get_tick_work(self):
        """List what the job does, in order; extend it to add something.

        :return: list of methods that take the number of records per transaction and tell whether there is time
            for more; ``sale.control.job`` helps to write them
        """
        return [self._tick_dates, self._follow_open_tasks]

    @api.model
    def _get_followed_companies(self):
        """Return the companies that follow up, in sudo."""
        return self.env['res.company'].sudo().browse(sorted(self._get_listening()[0]))

    @api.model
    def _tick_dates(self, limit):
        """Give people tasks about documents whose date has come."""
        for company in self._get_followed_companies():
            rules = self.sudo().search([('company_id', 'in', (False, company.id))]).filtered('is_date')
            if not all(rule._tick(company, limit) for rule in rules):
                return False
        return True

    def _tick(self, company, limit):
        """Work off what is due of one rule in one company.

        :return: whether there is time for more
        """
        today, model = company._get_followup_today(), self.env[self.res_model].sudo()
        try:
            with self.env.cr.savepoint():
                due = list(self._get_due_query(company, today))
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            self._report_problem(self.env._("It could not look for what is due: %s", error))
            _logger.exception("Follow-up rule %s could not look for what is due", self.id)
            return True
        return self.env['sale.control.job']._work_off(
            due, lambda ids: model.browse(self._get_due_query(company, today, ids)), self._run_due, limit,
            self._report_failures)

    def _report_failures(self, failures):
        for document, reason in failures.items():
            self._report_problem(self.env._(
                "%(document)s was left out: %(reason)s",
                document=self._name_document(document), reason=reason))

    @api.model
    def _report_task_failures(self, failures):
        """Say on the rules of tasks what could not be done about them; of tasks without a rule on their documents."""
        for task, reason in failures.items():
            if task.rule_id:
                task.rule_id._report_problem(self.env._(
                    "%(document)s was left out: %(reason)s", document=task.document_name, reason=reason))
            else:
                self._report_on_document(task._get_shown_document(), task.company_id, reason)

    @api.model
    def _report_on_document(self, document, company, reason):
        """Call whoever configures order control to a document with which the job cannot cope, once while it is open."""
        kind = self.env.ref('sale_order_control.mail_activity_type_exception', raise_if_not_found=False)
        summary = self.env._("The follow-up job leaves it out: %s", reason)
        if 'activity_ids' not in document._fields or not kind:
            return
        known = document.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind and activity.summary == summary)
        if not known:
            document.with_context(mail_activity_quick_update=True).activity_schedule(
                'sale_order_control.mail_activity_type_exception', user_id=self._get_fallback(company).id,
                summary=summary, date_deadline=company._get_followup_today())

    @api.model
    def _follow_open_tasks(self, limit):
        """Let open tasks move or end with their documents, also where nobody raised an event.

        :return: whether there is time for more
        """
        tasks = self.env['sale.followup.task'].sudo()
        if not self._get_listening()[0]:
            return True
        rules = self.sudo().with_context(active_test=False).search([])  # pylint: disable=no-search-all
        rules = rules.filtered(lambda rule: rule.is_date or rule.closing == 'condition')
        followed = tasks.search([('state', '=', 'open'), ('rule_id', 'in', rules.ids)], order='id').ids
        return self.env['sale.control.job']._work_off(
            followed, lambda ids: tasks.search([('id', 'in', ids), ('state', '=', 'open')]),
            lambda chunk: chunk._follow_documents(), limit, self._report_task_failures)
