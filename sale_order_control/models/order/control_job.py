"""What scheduled jobs of the rooms have in common."""

import logging

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

# How often a chunk that met a rival transaction is tried again.
TRIES = 5


class SaleControlJob(models.AbstractModel):
    """Chunks with commits of their own; one record that fails does not hold up the others."""

    _name = 'sale.control.job'
    _description = "Scheduled Work"

    @api.model
    def _run_isolated(self, records, run):
        """Do something with records together; if that fails, with one by one.

        :param run: function of a recordset; what it wrote for a record that fails is undone
        :return: ``{record: sentence}`` of those that failed; each is in the log as well
        """
        try:
            with self.env.cr.savepoint():
                run(records)
            return {}
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            # One of them is to blame: find it, and let the others pass.
            self.env.invalidate_all()
        failures = {}
        for record in records:
            try:
                with self.env.cr.savepoint():
                    run(record)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                self.env.invalidate_all()
                failures[record] = str(error)
                _logger.exception("Scheduled work failed for %s.", record)
        return failures

    @api.model
    def _work_off(self, record_ids, load, run, limit, report=None):
        """Work off records chunk by chunk, each saved together with what was done about it.

        :param record_ids: ids of what is to be done, as it was when the job looked
        :param load: function of a list of ids: records of which it is still to be done
        :param run: see :meth:`_run_isolated`
        :param int limit: records per transaction
        :param report: function of what :meth:`_run_isolated` returned, called before the chunk is saved
        :return: whether there is time for more
        """
        position, tries = 0, TRIES
        while position < len(record_ids):
            chunk = record_ids[position:position + limit]
            try:
                records = load(chunk)
                failures = self._run_isolated(records, run) if records else {}
                if failures and report:
                    report(failures)
                left = len(record_ids) - position - len(chunk)
                has_time = self.env['ir.cron']._commit_progress(len(chunk), remaining=left)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A rival transaction was faster: what it wrote is seen by a new transaction only.
                tries -= 1
                if not tries:
                    raise
                self.env.cr.rollback()
                continue
            position, tries = position + len(chunk), TRIES
            if not has_time:
                return not left
        return True
