from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# A rule looks no further around a threshold than this for days on which nobody works.
LONGEST_BREAK = 60


class SaleFollowupRule(models.Model):
    """What is due by now: found by date, whatever else is open."""

    _inherit = 'sale.followup.rule'

    # === DAYS ===#

    def _get_due_day(self, anchor, company):
        """Return the day on which it is to be done: the date of the document, moved by the rule's offset."""
        if self.day_kind == 'calendar' or not self.offset_days:
            return anchor + timedelta(days=self.offset_days)
        return company._add_followup_days(anchor, self.offset_days)

    def _get_last_anchor(self, company, today):
        """Return the last date of documents of which the rule is due today: what is compared with the index."""
        if self.day_kind == 'calendar' or not self.offset_days:
            return today - timedelta(days=self.offset_days)
        anchor = company._add_followup_days(today, -self.offset_days)
        # Days on which nobody works have the same due day as the working day next to them.
        for _day in range(LONGEST_BREAK):
            if self._get_due_day(anchor, company) <= today:
                break
            anchor -= timedelta(days=1)
        for _day in range(LONGEST_BREAK):
            if self._get_due_day(anchor + timedelta(days=1), company) > today:
                break
            anchor += timedelta(days=1)
        return anchor

    # === WHAT IS DUE ===#

    @api.model
    def _get_objections(self, documents):
        """Say about which documents nobody is asked or reminded for now; what is asked already ends.

        :return: ``{document_id: translated sentence}``
        """
        return documents._get_reminder_objections() if documents._name == 'account.move.line' else {}

    def _get_due_query(self, company, today, among=None):
        """Find documents of a company of which this rule's date has come and that nobody has a task about.

        :param among: ids to which the search is restricted
        :return: query of ids of the rule's model, the oldest date first
        """
        self.ensure_one()
        moment = self._get_moments()[self.moment]
        model = self.env[moment.model].sudo().with_context(active_test=False)
        since = max(filter(None, (self.since, company.control_followup_since)), default=today)
        first = self._get_last_anchor(company, since - timedelta(days=1))
        last = self._get_last_anchor(company, today)
        if model._fields[moment.field].type == 'datetime':
            # The same hour of the earlier day: what is a day old was asked more than 24 hours ago.
            now = self.env['sale.order']._get_control_now()
            first, last = (now + (day - today) for day in (first, last))
        domain = Domain([
            *moment.domain, (moment.field, '>', first), (moment.field, '<=', last),
            ('company_id', '=', company.id),
        ]) & Domain(self._read_domain())
        if among is not None:
            domain &= Domain('id', 'in', among)
        query = model._search(domain, order=f'{moment.field}, id')
        query.add_where(SQL(
            """NOT EXISTS (SELECT FROM sale_followup_task task
                            WHERE task.rule_id = %(rule)s AND task.res_id = %(id)s AND (
                                  task.state = 'open' OR %(same)s OR task.ended_day > %(rested)s))""",
            rule=self.id, id=SQL.identifier(model._table, 'id'), same=self._get_same_cause(model, moment),
            rested=today - timedelta(days=self.cooldown_days)))
        return query

    def _get_same_cause(self, model, moment):
        """Return the condition for a task that was about the same cause already."""
        if self.once:
            return SQL("task.state <> 'cancelled'")
        return SQL(
            "(task.state <> 'cancelled' AND task.anchor_date = %s::date)", SQL.identifier(model._table, moment.field))

    def _run_due(self, documents):
        """Give people tasks about documents whose date has come.

        :param documents: a chunk of what ``_get_due_query`` found
        """
        # A real update of the rule's row: of two processes at the same instant, the second starts again and finds
        # nothing left. Past the ORM, it changes nothing that anybody relies on.
        self.env.cr.execute(SQL("UPDATE sale_followup_rule SET id = id WHERE id = %s", self.id))
        documents -= documents.browse(self._get_objections(documents))
        moment = self._get_moments()[self.moment]
        anchors = {document.id: fields.Date.to_date(document[moment.field]) for document in documents}
        self._start_tasks(documents, anchors, {
            document.id: 'once' if self.once else f'date:{anchors[document.id]}' for document in documents})
