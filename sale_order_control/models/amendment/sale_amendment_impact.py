from odoo import api, fields, models
from odoo.tools import format_date


class SaleAmendment(models.Model):
    """What follows from an amendment, told before it is submitted: nobody is surprised at the end."""

    _inherit = 'sale.amendment'

    impact_html = fields.Html(
        string="What Follows", compute='_compute_impact_html', sanitize=False, groups='base.group_user')
    impact_seen = fields.Html(
        string="What Followed", readonly=True, copy=False, sanitize=False, groups='base.group_user',
        help="The consequences as they were shown when the amendment was submitted.")

    def _get_following_fields(self):
        return super()._get_following_fields() | {'impact_seen'}

    @api.depends(
        'state', 'scope', 'partner_shipping_id', 'partner_invoice_id', 'payment_term_id', 'requested_date',
        'line_ids.product_id', 'line_ids.product_uom_id', 'line_ids.product_uom_qty', 'line_ids.price_unit',
        'line_ids.discount', 'line_ids.requested_date')
    @api.depends_context('uid')
    def _compute_impact_html(self):
        for amendment in self:
            order = amendment.order_id._origin
            shown = order and amendment.state in ('draft', 'stale') and order.has_access('write')
            amendment.impact_html = amendment._render_impact() if shown else amendment.impact_seen

    def _render_impact(self):
        self.ensure_one()
        return self.env['ir.qweb']._render('sale_order_control.amendment_impact', {
            'amendment': self, 'currency': self.currency_id, **self._get_impact()})

    def _get_impact(self):
        """Work out what follows from the amendment as it is on the screen.

        :return: dict with ``changes`` (old and new in words), ``obstacles``, ``issues`` and ``asked`` (what the rules
            say, and who must agree), ``amounts``, ``credit``, ``dates``, ``displaced``, ``transfers``, ``supply``,
            ``invoices`` and ``shared_invoices``
        """
        self.ensure_one()
        order, base = self.order_id._origin.sudo(), self._get_base_terms()
        if self._is_nothing_changed():
            return {'changes': []}
        target, changes = self._get_target_terms(base), self._get_line_changes(base)
        issues = self._get_rule_issues()
        outdated = self._get_outdated()
        impact = {
            'changes': self._word_changes(),
            'obstacles': self._get_obstacles() + ([self._word_outdated(outdated)] if outdated else []),
            'issues': [issue for issue in issues if issue.effect in ('block', 'warn')],
            'asked': self._get_asked_words(),
            'amounts': self._get_amount_rows(),
            'credit': self._get_credit_rows(order, target),
            'transfers': self._get_touched_transfers(order, changes).mapped('name'),
            'supply': self._get_supply_names(order, changes),
            **self._get_invoice_names(order, changes),
        }
        impact['dates'], impact['displaced'] = self._get_date_rows(order, target)
        return impact

    # === PARTS ===#

    def _get_amount_rows(self):
        rows = [
            (self.env._("Untaxed amount"), self.amount_before, self.amount_after, self.change_amount),
            (self.env._("Margin"), self.margin_before, self.margin_after, self.margin_change)]
        return [
            {'label': label, 'before': self.currency_id.format(before), 'after': self.currency_id.format(after),
             'change': self.currency_id.format(change), 'is_less': change < 0}
            for label, before, after, change in rows]

    def _get_credit_rows(self, order, target):
        """Return what the customer owes and may still order, before and after; where the user may read credit."""
        accounts = self.env['credit.account']
        if order.company_id.root_id.control_credit == 'off' or not accounts.has_access('read'):
            return []
        owner = self.env['res.partner'].sudo().browse(target.payer_id)
        company = order.company_id.root_id
        exposure = accounts.sudo()._get_exposure(owner, order.company_id)[owner.id].total
        terms = order._get_control_terms()[order.id]
        amounts = order._get_control_amounts({order.id: terms})[order.id].total
        after = order._get_control_amounts({order.id: target})[order.id].total if target.lines else 0.0
        same_payer = terms.payer_id == target.payer_id
        change = order.currency_id._convert(
            after - (amounts if same_payer else 0.0), company.currency_id, company, order._get_control_today())
        rows = [self._prepare_credit_row(self.env._("Owed by %s", owner.name), exposure, exposure + change, company)]
        account = accounts.sudo()._find(owner, company)
        if account and account.effective_kind != 'none':
            rows.append(self._prepare_credit_row(
                self.env._("Left of the credit limit"), account.available, account.available - change, company))
        return rows

    def _prepare_credit_row(self, label, before, after, company):
        currency = company.currency_id
        return {
            'label': label, 'before': currency.format(before), 'after': currency.format(after),
            'change': currency.format(after - before), 'is_less': after < 0}

    def _get_date_rows(self, order, target):
        """Return when lines that change can be there, and whose promises slip."""
        if self.scope != 'change':
            return [], []
        base, former = self._get_base_lines(), self._get_base_terms().requested_date
        dates, displaced = order._get_terms_dates(target)
        rows = []
        for index, day in dates.items():
            line = target.lines[index]
            own = order.order_line.browse(line.key or ())
            if line.key and base.get(line.key) == line and target.requested_date == former:
                continue
            wanted = line.requested_date or target.requested_date
            rows.append({
                'product': self.env['product.product'].sudo().browse(line.product_id).display_name,
                'promised': format_date(self.env, own.promised_date) if own.promised_date else "–",
                'wanted': order._word_amendment_day(wanted) or "–",
                'ready': format_date(self.env, day),
                'is_late': bool(wanted) and fields.Date.to_string(day) > wanted})
        return rows, order.order_line._word_displaced(displaced)

    def _get_invoice_names(self, order, changes):
        """Return the draft invoices that are cancelled, and those that lose the lines of this order."""
        touched = self._get_touched_invoices(order, changes, self._get_header_changes(self._get_base_terms()))
        shared = self._filter_shared_invoices(order, touched)
        return {
            'invoices': (touched - shared).mapped('display_name'), 'shared_invoices': shared.mapped('display_name')}

    def _get_touched_transfers(self, order, changes):
        """Return the open transfers whose quantities or address become other."""
        keys = {old.key for old, _new, _row in changes if old}
        moves = order.order_line.filtered(lambda line: line.id in keys).move_ids.filtered(
            lambda move: move.state not in ('done', 'cancel'))
        if 'partner_shipping_id' in self._get_header_changes(self._get_base_terms()):
            moves |= order.order_line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
        return moves.picking_id

    def _get_asked_words(self):
        """Say why somebody must agree, and who: as submitting would find it.

        :return: list of sentences
        """
        if self.state not in ('draft', 'stale'):
            return []
        reasons = self._get_approval_reasons().get(self.id, [])
        if not reasons:
            return []
        policy_ids = {issue.facts['policy'] for issue in reasons if issue.facts.get('policy')}
        levels, problems = self._plan_approval({self.id: policy_ids}, requester=self.env.user)[self.id]
        words = [*(issue.message for issue in reasons), self._word_totals()]
        users = self.env['res.users'].sudo()
        words += [
            f"{level.name}: {', '.join(users.browse(level.user_ids).mapped('name'))}" for level in levels]
        return [sentence for sentence in (*words, *problems.values()) if sentence]
