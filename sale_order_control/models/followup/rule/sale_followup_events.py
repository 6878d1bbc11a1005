from odoo import api, models
from odoo.tools.misc import clean_context

_QUEUE = 'sale_order_control.followup'


class SaleFollowupRule(models.Model):
    """Events: heard while they happen, followed once at the end of the transaction."""

    _inherit = 'sale.followup.rule'

    @api.model
    def _hear(self, name, documents):
        """Note that something happened. It is followed when the transaction ends; what is rolled back is forgotten.

        :param str name: key of an event
        :param documents: records of the event's model
        """
        if not documents or name not in self._get_listening()[1]:
            return
        precommit = self.env.cr.precommit
        if _QUEUE not in precommit.data:
            precommit.data[_QUEUE] = {}
            # Defaults of the caller's screen are none of what is made here.
            rules = self.sudo().with_context(clean_context(self.env.context))  # pylint: disable=context-overridden
            precommit.add(rules._follow_heard)
        precommit.data[_QUEUE].setdefault((name, documents._name), {}).update(dict.fromkeys(documents.ids))

    @api.model
    def _follow_heard(self):
        """Do what rules say about everything that happened in this transaction. Never fails."""
        for (name, model), ids in self.env.cr.precommit.data.pop(_QUEUE, {}).items():
            documents = self.env[model].sudo().with_context(active_test=False).browse(ids).exists()
            self._follow_isolated('_follow_ends', name, documents)
            for rule in self.sudo().browse(self._get_rule_ids(name)):
                rule._follow_isolated('_follow_event', name, documents)

    def _follow_isolated(self, method, name, documents):
        """Follow what happened: a reminder that fails undoes neither that nor the reminders about other documents."""
        failures = self.env['sale.control.job']._run_isolated(
            documents, lambda some: getattr(self, method)(name, some))
        if self:
            self._report_failures(failures)
        elif failures:
            # Tasks about them did not end or move: their rules say so.
            tasks = self.env['sale.followup.task'].sudo().search([
                ('state', '=', 'open'), ('rule_id', '!=', False), ('res_model', '=', documents._name),
                ('res_id', 'in', [document.id for document in failures])])
            self._report_task_failures({
                task: failures[documents.browse(task.res_id)] for task in tasks})

    @api.model
    def _follow_ends(self, name, documents):
        """Let tasks about these documents, or about their orders, end or move with what happened."""
        moment = self._get_moments()[name]
        tasks = self.env['sale.followup.task'].sudo()
        concerned = [('res_model', '=', documents._name), ('res_id', 'in', documents.ids)]
        orders = documents.mapped(moment.order_path) if moment.order_path else documents
        if orders._name == 'sale.order' and orders:
            concerned = ['|', ('order_id', 'in', orders.ids), '&', *concerned]
        tasks = tasks.search([('state', '=', 'open'), *concerned])
        if name == 'cancelled':
            tasks.filtered(lambda task: task.rule_id.moment not in ('cancelled', 'withdrawn'))._end(
                'cancelled', self.env._("The order was cancelled."))
        ended = self._get_ended(name)
        tasks.filtered(lambda task: task.rule_id.closing == 'event' and task.rule_id.close_moment in ended)._end(
            'closed', self.env._("What it waited for has happened."))
        tasks._follow_documents()

    def _follow_event(self, name, documents):
        """Give people the tasks of an event about these documents."""
        self.ensure_one()
        moment, company_ids = self._get_moments()[name], self._get_listening()[0]
        wanted = documents.filtered(
            lambda document: self._get_company(document, moment).id in company_ids
            and (not self.company_id or self.company_id == self._get_company(document, moment)))
        wanted = wanted.filtered_domain(self._read_domain())
        wanted -= wanted.browse(self._get_served(wanted))
        days = {document.id: self._get_company(document, moment)._get_followup_today() for document in wanted}
        now = self.env.cr.now()
        self._start_tasks(wanted, days, {
            document.id: 'once' if self.once else f'event:{days[document.id]} {now:%H:%M:%S.%f}'
            for document in wanted})

    def _get_served(self, documents):
        """Return the ids of documents that need no task from this rule: one is open, was enough, or is just over."""
        known = self.env['sale.followup.task'].sudo().search([
            ('rule_id', '=', self.id), ('res_id', 'in', documents.ids), ('state', '!=', 'cancelled')])
        return {
            task.res_id for task in known
            if self.once or task.state == 'open' or self.cooldown_days and
            (task.company_id._get_followup_today() - task.ended_day).days < self.cooldown_days
        }


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    @api.model
    def _get_asked_events(self):
        return super()._get_asked_events() | self.env['sale.followup.rule']._get_listening()[1]

    def _control_event(self, name):
        super()._control_event(name)
        self.env['sale.followup.rule']._hear(name, self)

    @api.model
    def _control_document_event(self, name, documents):
        result = super()._control_document_event(name, documents)
        self.env['sale.followup.rule']._hear(name, documents)
        return result
