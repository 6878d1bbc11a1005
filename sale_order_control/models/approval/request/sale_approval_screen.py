from odoo import api, fields, models
from odoo.tools.misc import formatLang


class SaleApprovalRequest(models.Model):
    """The request's own screen: why the reader is asked, what changed, who decides, what happened so far.

    Everything is rendered from copies, so that reading it needs no right on the document. Of earlier requests
    of the same document, whoever may read this one reads who decided and why.
    """

    _inherit = 'sale.approval.request'

    reason_html = fields.Html(string="Why", compute='_compute_reason_html', sanitize=False)
    change_html = fields.Html(string="What Changed", compute='_compute_change_html', sanitize=False)
    level_html = fields.Html(string="Levels in Pictures", compute='_compute_level_html', sanitize=False)
    timeline_html = fields.Html(string="History", compute='_compute_timeline_html', sanitize=False)
    waiting_since = fields.Datetime(compute='_compute_waiting', help="When the turn of those who decide now began.")
    decide_by = fields.Datetime(compute='_compute_waiting', help="The earliest time limit of those who decide now.")
    is_overdue = fields.Boolean(string="Overdue", compute='_compute_waiting')

    # === COMPUTE METHODS ===#

    @api.depends('reasons', 'task_ids.state')
    @api.depends_context('uid', 'lang')
    def _compute_reason_html(self):
        qweb = self.env['ir.qweb']
        for request in self:
            mine, others, office = request._split_reasons()
            request.reason_html = qweb._render(
                'sale_order_control.approval_request_reasons', {'reasons': mine, 'others': others, 'office': office})

    @api.depends('display', 'previous_id')
    @api.depends_context('lang')
    def _compute_change_html(self):
        qweb = self.env['ir.qweb']
        for request in self:
            base = request.sudo()._get_compared_request()
            changes = request._get_changes_since(base) if base else []
            request.change_html = qweb._render('sale_order_control.approval_request_changes', {
                'base': base, 'changes': changes, 'agreed': bool(base.approved_on)}) if base else False

    @api.depends('task_ids.state')
    @api.depends_context('uid', 'lang')
    def _compute_level_html(self):
        qweb = self.env['ir.qweb']
        for request in self:
            request.level_html = qweb._render(
                'sale_order_control.approval_request_levels', {'levels': request.sudo().task_ids._get_level_rows(
                    self.env.user)})

    @api.depends('state', 'task_ids.state')
    @api.depends_context('lang')
    def _compute_timeline_html(self):
        qweb = self.env['ir.qweb']
        for request in self:
            request.timeline_html = qweb._render(
                'sale_order_control.approval_request_timeline', {'entries': request._get_timeline()})

    @api.depends('task_ids.state', 'task_ids.deadline', 'task_ids.is_overdue')
    def _compute_waiting(self):
        for request in self:
            waiting = request.sudo().task_ids.filtered(lambda task: task.state == 'pending')
            request.waiting_since = min(filter(None, waiting.mapped('asked_on')), default=False)
            request.decide_by = min(filter(None, waiting.mapped('deadline')), default=False)
            request.is_overdue = any(waiting.mapped('is_overdue'))

    # === WHY ===#

    def _split_reasons(self):
        """Tell apart why the current user is asked, and what others are asked about.

        :return: ``(sentences for the user, other sentences, name of the user's level)``
        """
        self.ensure_one()
        tasks = self.sudo()._get_current_tasks()
        mine = tasks.filtered(lambda task: task.user_id == self.env.user and task.state == 'pending')
        reasons = self.reasons or []
        if not mine:
            return self._get_reason_texts(), [], ''
        own = set(mine.level_id.policy_id.ids)
        # Two policies that ask the same persons ask once: such a reason is everybody's.
        asked = set(tasks.level_id.policy_id.ids)
        codes = {code for reason in reasons if reason['policy'] in own for code in reason['answers']}
        answered = {code for reason in reasons for code in reason['answers']}
        texts, others = [], []
        for reason in reasons:
            of_policy = reason['policy'] and (reason['policy'] in own or reason['policy'] not in asked)
            of_issue = not reason['policy'] and (reason['code'] in codes or reason['code'] not in answered)
            (texts if of_policy or of_issue else others).append(reason['message'])
        return (texts, others, mine[0].level_name) if texts else (others, [], mine[0].level_name)

    # === WHAT CHANGED ===#

    def _get_compared_request(self):
        """Return the request that this one is compared with: the last one agreed to, else the one before."""
        self.ensure_one()
        former = self.search([
            ('res_model', '=', self.res_model), ('res_id', '=', self.res_id), ('id', '<', self.id)])
        return former.filtered('approved_on')[:1] or former[:1]

    def _get_changes_since(self, base):
        """Return what is different from an earlier request of the document.

        :return: list of ``{'label', 'before', 'after'}`` in words
        """
        self.ensure_one()
        changes = []
        currency = self.currency_id
        if base.currency_id == currency and currency and currency.compare_amounts(
                base.amount_untaxed, self.amount_untaxed):
            changes.append({
                'label': self._fields['amount_untaxed']._description_string(self.env),
                'before': currency.format(base.amount_untaxed), 'after': currency.format(self.amount_untaxed)})
        for name in ('margin_percent', 'discount'):
            if abs(base[name] - self[name]) >= 0.005:
                changes.append({
                    'label': self._fields[name]._description_string(self.env),
                    'before': formatLang(self.env, base[name], digits=2),
                    'after': formatLang(self.env, self[name], digits=2)})
        documents = self._get_document()
        if documents._name == self.res_model:
            changes += documents.browse()._get_approval_changes(base.display or {}, self.display or {}, currency)
        return changes

    # === WHAT HAPPENED ===#

    def _get_timeline(self):
        """Return what happened in this and in earlier requests of the document, latest first.

        :return: list of dicts: ``when`` (naive UTC), ``who``, ``behalf``, ``what``, ``why``, ``level``, ``request``
            (its number), ``tone`` (a Bootstrap colour)
        """
        self.ensure_one()
        self.check_access('read')
        requests = self.sudo().search([
            ('res_model', '=', self.res_model), ('res_id', '=', self.res_id), ('id', '<=', self.id)])
        entries = []
        for request in requests:
            own = request._get_own_timeline()
            own.sort(key=lambda entry: entry['when'])
            entries += reversed([{**entry, 'request': request.name} for entry in own])
        return entries

    def _get_own_timeline(self):
        """Return the entries of one request, see :meth:`_get_timeline`; in sudo."""
        self.ensure_one()
        entries = [self._prepare_timeline_entry(
            self.requested_on, self.requester_id.name, self.env._("asked for approval"), self.comment)]
        for task in self.task_ids:
            entries += task._get_timeline_entries()
        if self.approved_on:
            entries.append(self._prepare_timeline_entry(
                self.approved_on, '', self.env._("Approved"), '', tone='success'))
        if self.closed_on and self.state != 'approved':
            states = dict(self._fields['state']._description_selection(self.env))
            # Who disagreed or returned it has an entry with the reason just before.
            told = self.state in ('rejected', 'recalled') or 'returned' in self.task_ids.mapped('state')
            entries.append(self._prepare_timeline_entry(
                self.closed_on, self.closed_by_id.name if self.state in ('void', 'recalled') else '',
                states[self.state], '' if told else self.outcome))
        return entries

    def _prepare_timeline_entry(self, when, who, what, why='', **more):
        return {
            'when': when, 'who': who, 'what': what, 'why': why or '', 'behalf': '', 'level': '', 'tone': 'secondary',
            **more}


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    def _get_timeline_entries(self):
        """Return what happened to one task; in sudo."""
        self.ensure_one()
        prepare = self.request_id._prepare_timeline_entry
        common = {'level': self.level_name, 'behalf': self.on_behalf_of_id.name or ''}
        entries = []
        if self.asked_for:
            entries.append(prepare(
                self.asked_on, self.user_name, self.env._("is asked as well"), self.asked_for, **common))
        if self.decided_on:
            verbs = {
                'agreed': (self.env._("agreed"), 'success'),
                'disagreed': (self.env._("disagreed"), 'danger'),
                'returned': (self.env._("returned it"), 'warning'),
            }
            what, tone = verbs.get(self.state, ('', 'secondary'))
            if what:
                entries.append(prepare(self.decided_on, self.user_name, what, self.comment, tone=tone, **common))
            else:
                # Not always the approver did that: the sentence says who.
                entries.append(prepare(
                    self.decided_on, '', self._get_passed_sentence(), self.comment, level=self.level_name))
        if self.withdrawn_on:
            entries.append(prepare(
                self.withdrawn_on, self.user_name, self.env._("took the agreement back"), tone='warning', **common))
        return entries

    def _get_level_rows(self, reader):
        """Word the levels of one request for its screen, in the order of deciding.

        :param res.users reader: called “you”
        :return: list of dicts: ``name``, ``state``, ``needed``, ``deadline``, ``overdue`` and ``people``
        """
        current = self.filtered(lambda task: not task.superseded)
        ordered = current.sorted(lambda task: (task.sequence, task.level_index, task.id))
        return [tasks._prepare_level_row(reader) for tasks in ordered.grouped('level_index').values()]

    def _prepare_level_row(self, reader):
        states = set(self.mapped('state'))
        order = ('disagreed', 'returned', 'pending', 'waiting', 'agreed')
        state = next((name for name in order if name in states), 'skipped')
        shown = self.filtered(lambda task: task.state != 'skipped') or self
        pending = self.filtered(lambda task: task.state == 'pending')
        return {
            'name': self[:1].level_name,
            'state': state,
            'sequence': self[:1].sequence,
            'needed': self[:1].needed,
            'asked': len(pending) if pending else len(shown),
            'deadline': min(filter(None, pending.mapped('deadline')), default=False),
            'overdue': any(pending.mapped('is_overdue')),
            'people': [
                {
                    'name': self.env._("you") if task.user_id == reader else task.user_name,
                    'state': task.state,
                    'behalf': task.on_behalf_of_id.name or '',
                } for task in shown
            ],
        }
