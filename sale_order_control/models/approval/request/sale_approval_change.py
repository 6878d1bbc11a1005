from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_memory
from ..mixin.sale_approval_mixin_policy import POLICY_CODE
from .approval_memory import approval_deciding, approval_revising
from .sale_approval_task import OPEN_STATES

# What an approver may be allowed to change: field of the order, or of a line, and the kind it belongs to.
ORDER_KINDS = {'payment_term_id': 'terms', 'requested_date': 'dates'}
LINE_KINDS = {
    'price_unit': 'price', 'discount': 'discount', 'product_uom_qty': 'quantity', 'requested_date': 'dates'}
KINDS = ('price', 'discount', 'quantity', 'dates', 'terms')


class SaleApprovalTermsChange(models.Model):
    """One figure that an approver changed: what it was, what it became, and whether others had to agree again."""

    _name = 'sale.approval.change'
    _inherit = ['sale.control.fact']
    _description = "Change by an Approver"
    _order = 'request_id desc, id'

    request_id = fields.Many2one('sale.approval.request', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one(related='request_id.company_id')
    task_id = fields.Many2one('sale.approval.task', readonly=True, ondelete='restrict')
    user_id = fields.Many2one('res.users', string="Changed By", required=True, readonly=True, ondelete='restrict')
    subject = fields.Char(readonly=True, help="The line or the order, in words.")
    label = fields.Char(string="What", readonly=True)
    old_value = fields.Char(string="Before", readonly=True)
    new_value = fields.Char(string="After", readonly=True)
    is_worse = fields.Boolean(string="Agreed Again", readonly=True, help="Worse for the company: asked about again.")
    comment = fields.Char(string="Why", readonly=True)


class SaleApprovalLevel(models.Model):
    _inherit = 'sale.approval.level'

    may_change_price = fields.Boolean(string="Prices", help="Unit prices of the order's lines.")
    may_change_discount = fields.Boolean(string="Discounts", help="Discounts of the order's lines.")
    may_change_quantity = fields.Boolean(string="Quantities", help="Quantities of the order's lines.")
    may_change_dates = fields.Boolean(string="Requested Dates", help="Of the order and of its lines.")
    may_change_terms = fields.Boolean(string="Payment Terms")

    def _get_edit_kinds(self):
        """Return what approvers of the level may change: some of :data:`KINDS`."""
        self.ensure_one()
        if self.policy_id.res_model != 'sale.order':
            return ()
        return tuple(kind for kind in KINDS if self[f'may_change_{kind}'])


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    edit_kinds = fields.Char(
        string="May Change", readonly=True, help="What this approver may change before deciding, as the level said.")


class SaleApprovalRequest(models.Model):
    """An approver corrects the terms instead of sending the order back.

    It is no way round: only whose turn it is, only what the level allows, through the guard as every other write.
    What gets worse for the company is agreed to again, and never by who made it worse.
    """

    _inherit = 'sale.approval.request'

    change_ids = fields.One2many('sale.approval.change', 'request_id', string="Changes by Approvers", readonly=True)
    changed_by = fields.Json(
        readonly=True, help="Ids of the approvers who changed the terms to the worse: they are makers now, and do not "
                            "decide.")
    can_change = fields.Boolean(compute='_compute_can_change', compute_sudo=False)

    def _compute_can_change(self):
        mine = self.sudo()._get_tasks_of(self.env.user).filtered('edit_kinds')
        for request in self:
            request.can_change = request in mine.request_id

    def _is_made_by(self, user):
        return super()._is_made_by(user) or user.id in (self.changed_by or ())

    # === WHAT A PAGE SHOWS ===#

    def _filter_outdated(self):
        """Filter the requests whose terms are not the ones that the current user was shown.

        A page says by the context key ``approval_seen`` which terms it shows, as their fingerprint; a list says it
        for each request that it shows. It takes away only: whoever decides without a page decides on what there is.
        """
        if 'approval_seen' not in self.env.context:
            return self.browse()
        seen = self.env.context['approval_seen']
        return self.filtered(lambda request: (request.digest or '') != (
            seen.get(str(request.id)) if isinstance(seen, dict) else seen or ''))

    def _is_unseen(self):
        """Whether the list that the current user decides in did not show the request."""
        seen = self.env.context.get('approval_seen')
        return isinstance(seen, dict) and str(self.id) not in seen

    def _explain_left(self, unwritten):
        # A whole selection goes over many pages: one sentence for all that nobody has seen.
        unseen = self.filtered(lambda request: request._is_unseen() and request.sudo()._get_tasks_of(self.env.user))
        if len(unseen) < 2:
            return super()._explain_left(unwritten)
        return [self.env._(
            "%(count)s of the selected requests were not on the page, so nobody has agreed to them: %(requests)s. "
            "Go to their page, or let the list show more lines, and decide there.",
            count=len(unseen), requests=unseen._get_few_names())] + super(
                SaleApprovalRequest, self - unseen)._explain_left(unwritten)

    def _get_few_names(self):
        """Name the first ones of many."""
        names = ", ".join(self[:5].mapped('name'))
        return self.env._("%s and others", names) if len(self) > 5 else names

    def _explain_not_waiting(self):
        request = self.sudo()
        if request._is_unseen() and request._get_tasks_of(self.env.user):
            return self.env._(
                "The list did not show %s: it came later, or stands on another page. Look at it, then decide.",
                request._get_numbered_title())
        if request._filter_outdated() and request._get_tasks_of(self.env.user):
            changes = "; ".join(
                f"{change.subject}: {change.label} {change.old_value} → {change.new_value}"
                for change in request.change_ids.sorted('id'))
            return self.env._(
                "The terms changed since you opened it: %(request)s. %(changes)s. Look at it again, then decide.",
                request=request._get_numbered_title(), changes=changes)
        return super()._explain_not_waiting()

    # === ACTION METHODS ===#

    def action_change_terms(self, order_values, line_values, comment):
        """Change the order that is judged: for an approver whose turn it is, as far as the level allows it.

        :param dict order_values: ``{field: value}``, fields of :data:`ORDER_KINDS`
        :param dict line_values: ``{line id: {field: value}}``, fields of :data:`LINE_KINDS`; over RPC the ids come
            as text
        :param str comment: why; mandatory
        :raise AccessError: for anybody else, or for other fields
        :raise UserError: if the order could not go on with the new terms, or nobody else could agree to worse ones
        """
        self.ensure_one()
        self.check_access('read')
        comment = self._require_comment(comment)
        self._lock_requests()
        request, user = self.sudo(), self.env.user
        task = request._get_tasks_of(user).filtered('edit_kinds')[:1]
        if not task:
            raise AccessError(self.env._(
                "Your level does not let you change %s now. Return it with what should be improved.",
                request._get_numbered_title()))
        order = request._get_order_to_change()
        values = request._prepare_changed_values(task, order, order_values or {}, line_values or {})
        before = order._get_control_terms()[order.id]
        # Reading and writing orders need no right of the approver's: what was checked above is what counts.
        with approval_revising(self.env, request):
            order.write(values)
        control_memory(self.env).issues.clear()
        request._adopt_terms(task, order, before, comment)
        return True

    def _get_order_to_change(self):
        """Return the order with full rights and with nothing of the caller's context that could decide anything."""
        self.ensure_one()
        order = self.order_id
        if self.res_model != 'sale.order' or order.state not in ('draft', 'sent', 'sale'):
            raise UserError(self.env._("Only the terms of open orders can be changed here."))
        context = {'lang': self.env.user.lang, 'tz': self.env.user.tz, 'allowed_company_ids': order.company_id.ids}
        return order.with_context(context)  # pylint: disable=context-overridden

    def _prepare_changed_values(self, task, order, order_values, line_values):
        """Check field by field what an approver wants to change.

        :return: values for ``write`` on the order
        """
        kinds = set((task.edit_kinds or '').split(','))
        lines = self._read_line_values(order, line_values)
        wanted = [(name, ORDER_KINDS, order) for name in order_values]
        wanted += [(name, LINE_KINDS, order.order_line) for values in lines.values() for name in values]
        refused = sorted({
            records._fields[name]._description_string(self.env) if name in records._fields else str(name)
            for name, known, records in wanted if known.get(name) not in kinds})
        if refused:
            raise AccessError(self.env._("Your level does not let you change: %s.", ", ".join(refused)))
        commands = [(1, line_id, values) for line_id, values in lines.items() if values]
        values = {**order_values, **({'order_line': commands} if commands else {})}
        if not values:
            raise UserError(self.env._("Nothing was changed."))
        return values

    def _read_line_values(self, order, line_values):
        """Return ``{line id: {field: value}}`` of what came over RPC.

        :raise UserError: if it names anything but lines of the order that sell something
        """
        sold = {str(line.id): line.id for line in order.order_line if not line.display_type}
        if not isinstance(line_values, dict) or not all(
                str(key) in sold and isinstance(values, dict) for key, values in line_values.items()):
            raise UserError(self.env._("These are not lines of %s.", order.name))
        return {sold[str(key)]: values for key, values in line_values.items()}

    # === WHAT FOLLOWS ===#

    def _adopt_terms(self, task, order, before, comment):
        """Let the request be about the new terms, and ask again who agreed to better ones.

        :param task: the approver's
        :param ControlTerms before: terms of the order before the change
        """
        after = order._get_control_terms()[order.id]
        if after.digest == before.digest:
            raise UserError(self.env._("Nothing was changed."))
        reasons = self._check_new_terms(order)
        worse = self._is_worse_than_judged(order, before, after, reasons)
        if worse:
            self._check_others_remain()
        changes = order._compare_terms(before, after)
        self.env['sale.approval.change']._record_facts([
            {'request_id': self.id, 'task_id': task.id, 'user_id': self.env.uid, 'is_worse': bool(worse),
             'comment': comment, **change} for change in changes])
        words = "; ".join(
            f"{change['subject']}: {change['label']} {change['old_value']} → {change['new_value']}"
            for change in changes)
        told = self.env._("%(user)s changed the terms: %(changes)s. %(comment)s",
                          user=self.env.user.name, changes=words, comment=comment)
        policies = {issue.facts['policy'] for issue in reasons if issue.facts.get('policy')}
        fresh = order._prepare_approval_request(reasons, policies)
        with approval_deciding(self.env):
            self.write({name: fresh[name] for name in (
                'digest', 'snapshot', 'covered', 'reasons', 'display', 'amount_untaxed', 'amount_total',
                'margin_percent', 'discount', 'currency_id')})
        order._log_approval({order.id: f"{self.name}: {told}"})
        if self.requester_id.active:
            self._send_notice(self.requester_id, self.env._(
                "Terms changed by an approver: %s", self.document_name), [told])
        if worse:
            self._ask_again(self.env.user, told)

    def _is_worse_than_judged(self, order, before, after, reasons):
        """Whether those who agreed would have to agree to something worse.

        :param ControlTerms before: terms before the change
        :param ControlTerms after: terms now
        :param list reasons: :class:`ControlIssue` that need agreement now
        """
        aspects = {*order._get_worse_terms(after, before, 0.0), *order._get_worse_than_approved(after, self)}
        aspects = order._drop_better_price(aspects)
        seen = self.covered or {}
        return bool(aspects) or any(
            issue.code not in seen or not issue.code.startswith(POLICY_CODE) and not self._covers(issue)
            for issue in reasons)

    def _check_new_terms(self, order):
        """Refuse terms with which the order could not go on, or that others must decide on who are not asked.

        :return: list of :class:`ControlIssue` that need agreement now
        """
        issues = [issue for issue in order._get_control_issues('submit')[order.id] if issue.stops]
        stuck = [issue for issue in issues if not issue.askable]
        if stuck:
            raise UserError(self.env._("With these terms the order could not go on: %s", "\n".join(
                f"{issue.message} {issue.clears}".rstrip() for issue in stuck)))
        asked = set(self.task_ids.level_id.policy_id.ids)
        strange = {issue.facts['policy'] for issue in issues if issue.facts.get('policy')} - asked
        if strange:
            raise UserError(self.env._(
                "These terms would need the approval of others as well (%s). Return the request to its maker.",
                ", ".join(self.env['sale.approval.policy'].browse(strange).mapped('name'))))
        return issues

    def _check_others_remain(self):
        """Refuse to make it worse where nobody else could agree to that."""
        user = self.env.user
        for level in self._get_current_tasks().grouped('level_index').values():
            mine = level.filtered(lambda task: task.user_id == user and task.state in (*OPEN_STATES, 'agreed'))
            others = level.filtered(lambda task: task.state not in ('disagreed', 'returned')) - mine
            others = others.filtered(lambda task: not task._was_handed_over())
            needed = max(1, len(others)) if level[0].quorum == 'all' else level[0].needed
            if mine and len(others) < needed:
                raise UserError(self.env._(
                    "This makes the terms worse, and nobody else at level “%s” could agree to that: who changes them "
                    "does not decide on them. Return the request to its maker.", level[0].level_name))

    def _ask_again(self, user, why):
        """Ask everybody again who agreed to better terms; who made them worse decides no more.

        :param res.users user: who changed the terms
        :param str why: kept with what that person would have decided
        """
        current = self._get_current_tasks()
        mine = current.filtered(lambda task: task.user_id == user)
        again = current.filtered(lambda task: task.state == 'agreed') - mine
        with approval_deciding(self.env):
            self.changed_by = [*(self.changed_by or ()), user.id]
            # Another request about the order is no way to decide on it either.
            self.order_id._add_maker()
            mine.filtered(lambda task: task.state in OPEN_STATES).write(
                self.task_ids._prepare_passed('worse', user, why))
            mine.filtered(lambda task: task.state == 'agreed').superseded = True
            for level in mine.filtered(lambda task: task.quorum == 'all'):
                peers = level._get_level_peers()
                peers.write({'needed': len(peers.filtered(lambda task: not task._was_handed_over()))})
        if again:
            self._reopen(again)
        else:
            self._advance()
