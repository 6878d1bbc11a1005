import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...order.control_memory import control_acting

_logger = logging.getLogger(__name__)

# A change of these may put a complaint on another rung at once.
TELLING = frozenset({'severity', 'is_safety', 'is_claim', 'category_id', 'team_id'})


class SaleComplaintHistory(models.Model):
    _inherit = 'sale.complaint.history'

    escalation_id = fields.Many2one('sale.complaint.escalation', readonly=True, index=True, ondelete='restrict')
    escalation_round = fields.Integer(readonly=True, help="How often the complaint was reopened before.")

    # Each rung is told once, and once more after the complaint was reopened.
    _escalation_unique = models.UniqueIndex(
        "(complaint_id, escalation_id, escalation_round) WHERE escalation_id IS NOT NULL",
        "This was told already.")


class SaleComplaint(models.Model):
    """The ladder: who hears of severe complaints at once, and of all others when nothing happens in time."""

    _inherit = 'sale.complaint'

    informed_ids = fields.Many2many(
        'res.users', 'sale_complaint_informed_rel', string="Also Informed", readonly=True, copy=False,
        groups='base.group_user', help="Who was told by an escalation: they may read the complaint.")

    def write(self, vals):
        result = super().write(vals)
        if TELLING & vals.keys():
            self._escalate_at_once()
        return result

    def _complaint_opened(self):
        super()._complaint_opened()
        self._escalate_at_once()

    def _complaint_entered(self, state):
        super()._complaint_entered(state)
        if state == 'investigating':
            self._escalate_at_once()

    def _escalate_at_once(self):
        """Tell who must hear of these complaints now."""
        rungs = self.env['sale.complaint.escalation'].sudo().search([('moment', '=', 'now')])
        now = fields.Datetime.now()
        for rung in rungs:
            due = self.sudo().filtered_domain(rung._get_due_domain(now))
            for complaint in due - due._get_told(rung):
                complaint._escalate(rung)

    def _get_told(self, rung):
        """Return the complaints of which this rung was told since they were last opened."""
        rows = self.env['sale.complaint.history'].sudo().search(
            [('complaint_id', 'in', self.ids), ('escalation_id', '=', rung.id)])
        return rows.filtered(lambda row: row.escalation_round == row.complaint_id.reopened_count).complaint_id

    def _escalate(self, rung):
        """Tell the people of one rung about one complaint, and remember it."""
        self.ensure_one()
        people = rung._get_people(self)
        names = ", ".join(people.mapped('name')) or self.env._("nobody")
        self.env['sale.complaint.history']._record_facts([{
            'complaint_id': self.id, 'company_id': self.company_id.id, 'event': 'escalated',
            'from_state': self.state, 'to_state': self.state, 'user_id': self.env.uid,
            'note': self.env._("%(rung)s: %(names)s", rung=rung.name, names=names),
            'escalation_id': rung.id, 'escalation_round': self.reopened_count,
        }])
        if not people:
            return
        self._inform(people)
        for lang, told in people.grouped('lang').items():
            own = self.with_context(lang=lang)
            own.sudo().message_notify(
                partner_ids=told.partner_id.ids, subject=own._word_escalation(rung.with_context(lang=lang)),
                body=own.subject or own.name)

    def _inform(self, people):
        """Let people read the complaint because it is told to them."""
        with control_acting(self.env):
            self.sudo().informed_ids |= people - self.sudo().user_id

    def _word_escalation(self, rung):
        return self.env._(
            "%(rung)s: complaint %(complaint)s of %(customer)s", rung=rung.name, complaint=self.name,
            customer=self.partner_id.display_name or self.email_from or self.env._("an unknown customer"))

    # === JOB ===#

    @api.model
    def _cron_escalate(self, limit=100):
        """Mark what was missed, and climb the ladder.

        Each complaint is told by itself: one that fails is logged and tried again at the next run. What was told is
        recorded, so that an interrupted run goes on and nobody hears anything twice.

        :param int limit: complaints per chunk
        :return: number of failures
        """
        now = fields.Datetime.now()
        self._mark_missed(now)
        jobs = self._get_escalation_jobs(now)
        failed = 0
        for number, (complaint, rung) in enumerate(jobs, 1):
            try:
                with self.env.cr.savepoint():
                    complaint._escalate(rung)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                failed += 1
                _logger.exception("Escalating complaint %s failed", complaint.id)
            if number % limit == 0 or number == len(jobs):
                done = number % limit or limit
                if not self.env['ir.cron']._commit_progress(done, remaining=len(jobs) - number):
                    break
        return failed

    @api.model
    def _mark_missed(self, now):
        """Mark complaints whose times are over: once missed, it stays missed."""
        complaints = self.sudo()
        with control_acting(self.env):
            complaints.search([
                ('is_open', '=', True), ('response_missed', '=', False), ('responded_on', '=', False),
                ('response_due', '<=', now)]).write({'response_missed': True})
            complaints.search([
                ('is_open', '=', True), ('resolution_missed', '=', False), ('resolved_on', '=', False),
                ('waiting_since', '=', False), ('resolution_due', '<=', now)]).write({'resolution_missed': True})

    @api.model
    def _get_escalation_jobs(self, now):
        """Return what is to be told: one search per rung, whatever the number of complaints.

        :return: list of ``(complaint, rung)``
        """
        jobs = []
        for rung in self.env['sale.complaint.escalation'].sudo().search([('active', '=', True)]):
            domain = rung._get_due_domain(now) & Domain(
                'id', 'not in', self.env['sale.complaint.history'].sudo()._search([
                    ('escalation_id', '=', rung.id)]).subselect('complaint_id'))
            reopened = self.sudo().search(rung._get_due_domain(now) & Domain('reopened_count', '>', 0))
            due = self.sudo().search(domain) | (reopened - reopened._get_told(rung))
            jobs += [(complaint, rung) for complaint in due]
        return jobs
