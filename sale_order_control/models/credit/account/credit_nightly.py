"""The nightly job of the credit room: a list of steps, each worked off in chunks.

A room's file adds its step by extending ``credit.account._get_nightly_steps`` with two private methods on the
model it works on: which records are due, and what to do with a chunk of them.
"""

from dataclasses import dataclass

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...order.control_job import TRIES


@dataclass(frozen=True, slots=True)
class NightlyStep:
    """One kind of work of the night.

    :ivar key: technical name, unique; progress is kept under it
    :ivar sequence: lowest first: changed rules 5, ends of validity 10, scores 30, holds looked at again 50, warnings 70
    :ivar name: translated name shown to people
    :ivar model: name of the model whose records are worked on
    :ivar due: name of a method of the model: ``due(today) -> domain`` of the records to work on. Only records of
        companies whose credit control is not off: ``_get_nightly_company_domain`` helps
    :ivar run: name of a method of the model's records: ``run(today)`` for a chunk; set-based. It need not mark
        what it has done: the night remembers how far it got
    """

    key: str
    sequence: int
    name: str
    model: str
    due: str
    run: str


class CreditNightlyStep(models.Model):
    """How far each step of the night has come: what makes it resumable, and shows what failed."""

    _name = 'credit.nightly.step'
    _description = "Nightly Credit Work"
    _order = 'sequence, id'

    key = fields.Char(required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    name = fields.Char(compute='_compute_name')
    date = fields.Date(string="Night Of", readonly=True)
    last_id = fields.Integer(readonly=True, help="The last record that was worked on in this night.")
    is_done = fields.Boolean(string="Finished", readonly=True)
    done_count = fields.Integer(string="Done", readonly=True)
    failed_count = fields.Integer(string="Failed", readonly=True)
    failures = fields.Text(readonly=True, help="What could not be done and why; it is tried again next night.")

    _key_unique = models.UniqueIndex("(key)", "A nightly step is kept once.")

    def _compute_name(self):
        names = {step.key: step.name for step in self.env['credit.account']._get_nightly_steps()}
        for row in self:
            row.name = names.get(row.key, row.key)

    def _start(self, step, today):
        """Return the row of a step, put back to the beginning if its last night is over."""
        row = self.search([('key', '=', step.key)], limit=1) or self.create({'key': step.key})
        if row.date != today:
            row.write({
                'sequence': step.sequence, 'date': today, 'last_id': 0, 'is_done': False, 'done_count': 0,
                'failed_count': 0, 'failures': False,
            })
        return row

    def _reopen(self, key):
        """Let a step begin anew in the running night: there is more to do."""
        self.search([('key', '=', key)]).write({'is_done': False, 'last_id': 0})

    def _advance(self, records, failures):
        """Remember that a chunk is done.

        :param dict failures: ``{record: sentence}`` of those that failed
        """
        lines = [f"{record.display_name}: {reason}" for record, reason in failures.items()]
        self.write({
            'last_id': records[-1:].id or self.last_id,
            'done_count': self.done_count + len(records) - len(failures),
            'failed_count': self.failed_count + len(failures),
            'failures': "\n".join(filter(None, [self.failures, *lines])),
        })


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.model
    def _get_nightly_steps(self):
        """List the steps of the night; extend it to add one.

        :return: list of :class:`NightlyStep`, in any order
        """
        return []

    @api.model
    def _get_nightly_company_domain(self):
        """Return the domain of records of companies whose credit control is switched on."""
        # Read here, not followed in a search: the switch is nothing that a domain may be asked about over RPC.
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False), ('control_credit', '!=', 'off')])
        return [('company_id', 'in', companies.ids)]

    @api.model
    def _cron_nightly(self, limit=200):
        """Do every step of the night, chunk by chunk.

        An interrupted night goes on where it stopped, a second run on the same day finds nothing left to do. A
        record that fails is reported on its step and in the log; the others go on.

        :param int limit: records per transaction
        """
        today = self.env['sale.order']._get_control_today()
        steps = sorted(self._get_nightly_steps(), key=lambda step: (step.sequence, step.key))
        rows = self.env['credit.nightly.step'].sudo()
        open_steps = [step for step in steps if not rows._start(step, today).is_done]
        counts = {
            step.key: self.env[step.model].sudo().search_count(self._get_nightly_left(step, today))
            for step in open_steps
        }
        for step in open_steps:
            if not self._work_off(step, today, limit, counts):
                return

    @api.model
    def _get_nightly_left(self, step, today):
        """Return the domain of the records of a step that are still to do."""
        row = self.env['credit.nightly.step'].sudo()._start(step, today)
        # The night works for all companies; each step keeps to those that have the control switched on.
        return [*getattr(self.env[step.model].sudo(), step.due)(today), ('id', '>', row.last_id)]

    @api.model
    def _work_off(self, step, today, limit, counts):
        """Do one step.

        :param dict counts: ``{step key: records left}`` of all open steps, kept up to date
        :return: whether there is time for the next step
        """
        cron = self.env['ir.cron']
        tries = TRIES
        while True:
            row = self.env['credit.nightly.step'].sudo()._start(step, today)
            records = self.env[step.model].sudo().search(
                self._get_nightly_left(step, today), order='id', limit=limit)
            try:
                failures = self.env['sale.control.job']._run_isolated(
                    records, lambda chunk: getattr(chunk, step.run)(today)) if records else {}
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A rival transaction was faster: what it wrote is seen by a new transaction only.
                tries -= 1
                if not tries:
                    raise
                self.env.cr.rollback()
                continue
            tries = TRIES
            row._advance(records, failures)
            row.is_done = len(records) < limit
            counts[step.key] = 0 if row.is_done else max(0, counts[step.key] - len(records))
            has_time = cron._commit_progress(len(records), remaining=sum(counts.values()))
            if row.is_done or not has_time:
                return bool(has_time)
