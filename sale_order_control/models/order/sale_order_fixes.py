from dataclasses import replace

from odoo import Command, models
from odoo.exceptions import UserError

from .control_fix import ControlFix, find_least
from .control_memory import control_memory, control_scope

# How many changes one plan may build on each other: each of them clears one issue.
MAX_FIXES = 24


class SaleOrder(models.Model):
    """Make it pass: the smallest changes of a quotation that clear what stands in its way."""

    _inherit = 'sale.order'

    # === WHAT ROOMS ANSWER ===#

    def _get_control_fixes(self, issue, terms):
        """Return the changes of which each would clear an issue of one quotation; every room extends it.

        Solved exactly: one step less, in the precision of the figure, would not clear it. Nothing is written.

        :param ControlIssue issue: what the gate said at *submit*
        :param ControlTerms terms: the terms that were judged, maybe with other changes already
        :return: list of :class:`ControlFix`; empty where only somebody's decision, or time, helps
        """
        self.ensure_one()
        fixes = []
        if issue.code == 'order.sales_type':
            fixes.append(self._prepare_fix(
                issue, 'type', issue.clears, order_values={'sale_type_id': issue.facts['usual']}, beside=True))
        if issue.code.startswith('completeness.'):
            fixes += self._get_missing_data_fixes(issue)
        return fixes

    def _prepare_fix(self, issue, name, label, **values):
        return ControlFix(key=f'{issue.code}/{name}', code=issue.code, label=label, **values)

    def _get_missing_data_fixes(self, issue):
        """Fill in mandatory data that is known elsewhere already: it is never invented."""
        name = issue.facts.get('field')
        known = self._get_known_data()
        rule = self.env['sale.control.requirement'].sudo().browse(int(issue.code.split('.')[1]))
        if rule.subject != 'order' or not known.get(name):
            return []
        value = known[name]
        return [self._prepare_fix(
            issue, name, self.env._(
                "Fill in “%(field)s”: %(value)s.", field=rule.field_id.field_description, value=value.display_name),
            order_values={name: value.id}, beside=True)]

    def _get_known_data(self):
        """Return what the customer's file says about fields of an order, ``{field: record}``."""
        self.ensure_one()
        partner = self.partner_id.with_company(self.company_id)
        return {
            'payment_term_id': partner.property_payment_term_id,
            'user_id': partner.user_id or self.env.user,
            'pricelist_id': partner.property_product_pricelist,
            'fiscal_position_id': partner.property_account_position_id,
        }

    # === SOLVING ===#

    def _clears_with(self, issue, terms):
        """Whether an issue is gone with other terms; one that stops is gone when it is only told.

        :param ControlIssue issue: as it was with the present terms
        :param ControlTerms terms: other terms
        """
        found = self._get_control_issues('submit', {self.id: terms})[self.id]
        return not any(other.code == issue.code and (other.stops or not issue.stops) for other in found)

    def _find_least_change(self, issue, build, steps):
        """Find the smallest change that clears an issue.

        :param ControlIssue issue: what to clear
        :param build: function of a step that returns :class:`ControlTerms`; a bigger step changes more
        :param int steps: the biggest step
        :return: the step, or None
        """
        return find_least(lambda step: self._clears_with(issue, build(step)), steps)

    # === THE PLAN ===#

    def _plan_control_fixes(self):
        """Work out what to change, one issue after the other, each change building on those before.

        :return: ``(chosen, others, left)``: the :class:`ControlFix` that together are the smallest way, further
            ways to clear the same issues, and the :class:`ControlIssue` that no change clears
        """
        self.ensure_one()
        terms = self._get_control_terms()[self.id]
        chosen, others = [], {}
        with control_scope(self.env):
            for _round in range(MAX_FIXES):
                open_issues = self._get_issues_with(terms, chosen)
                tried = [fix.key for fix in chosen]
                found = [
                    fix for issue in open_issues for fix in self._get_control_fixes(issue, terms)
                    if fix.key not in tried]
                if not found:
                    break
                best = min(found, key=lambda fix: (fix.rank, fix.cost, fix.key))
                others.update((fix.key, fix) for fix in found if fix.code == best.code)
                chosen.append(best)
                terms = best.apply(terms)
            left = self._get_issues_with(terms, chosen)
            told = self._get_control_issues('submit', {self.id: terms})[self.id]
            others.update(
                (fix.key, fix) for issue in told if not issue.stops for fix in self._get_control_fixes(issue, terms))
        for fix in chosen:
            others.pop(fix.key, None)
        return chosen, list(others.values()), left

    def _get_issues_with(self, terms, fixes):
        """Return what stops the quotation with other terms and the changes that are none of its terms.

        :param ControlTerms terms: terms with all changes applied
        :param fixes: the changes
        :return: list of :class:`ControlIssue`
        """
        beside = {fix.code for fix in fixes if fix.beside}
        found = self._get_control_issues('submit', {self.id: terms})[self.id]
        return [issue for issue in found if issue.stops and issue.code not in beside]

    def _get_terms_with(self, fixes):
        """Return the terms after these changes, the later ones on top of the earlier ones."""
        terms = self._get_control_terms()[self.id]
        for fix in sorted(fixes, key=lambda fix: fix.rank):
            terms = fix.apply(terms)
        return terms

    # === APPLYING ===#

    def _apply_control_fixes(self, fixes, keep_rest=False):
        """Write these changes as the current user, all of them or none.

        :param fixes: list of :class:`ControlFix` of this quotation
        :param bool keep_rest: whether what is cut off quantities goes to a second quotation
        :return: the second quotation, maybe empty
        :raise UserError: if an issue that a change should clear is still there, a new one came up, or a second
            quotation would lead round a control
        """
        self.ensure_one()
        self.check_access('write')
        if self.state not in ('draft', 'sent'):
            raise UserError(self.env._("%s is no quotation any more.", self.name))
        quantities = {line: line.product_uom_qty for line in self.order_line}
        rest = self.browse()
        expected = {issue.code for issue in self._get_issues_with(self._get_terms_with(fixes), fixes)}
        with self.env.cr.savepoint():
            self.write(self._prepare_fix_values(fixes))
            if keep_rest:
                rest = self._split_off({
                    line: before - line.product_uom_qty for line, before in quantities.items()
                    if line.product_uom_qty < before})
            control_memory(self.env).issues.clear()
            if rest:
                self._check_split(quantities)
            surprises = [
                issue for issue in self._get_control_issues('submit')[self.id]
                if issue.stops and issue.code not in expected]
            if surprises:
                raise UserError(self.env._(
                    "Nothing was changed, because it would not have helped as expected: %s",
                    " ".join(issue.message for issue in surprises)))
        return rest

    def _prepare_fix_values(self, fixes):
        """Prepare what to write for these changes, the later ones on top of the earlier ones."""
        order_values, line_values = {}, {}
        for fix in sorted(fixes, key=lambda fix: fix.rank):
            order_values.update(fix.order_values)
            for line_id, values in fix.line_values.items():
                line_values.setdefault(line_id, {}).update(values)
        if line_values:
            order_values['order_line'] = [
                Command.update(line_id, self._complete_line_values(line_id, values))
                for line_id, values in line_values.items()]
        return order_values

    def _check_split(self, quantities):
        """Refuse a second quotation that leads round a control.

        :param dict quantities: ``{line: quantity before the changes}``
        :raise UserError: with what the whole would have been asked about
        """
        terms = self._get_control_terms()[self.id]
        former = {line.id: quantity for line, quantity in quantities.items()}
        objections = self._get_split_objections(replace(terms, lines=tuple(
            replace(line, quantity=former[line.key]) for line in terms.lines)))
        if objections:
            raise UserError(self.env._("Nothing was changed: %s", " ".join(objections)))

    def _split_off(self, quantities):
        """Put quantities on a second quotation, at the same prices; it is judged by itself when it is submitted.

        :param dict quantities: ``{line: quantity in its unit}``
        :return: the second quotation, with the rights of the user
        """
        if not quantities:
            return self.browse()
        rest = self.copy({
            'origin': self.name,
            'client_order_ref': self.client_order_ref,
            'order_line': [
                Command.create({**line.copy_data()[0], 'product_uom_qty': quantity})
                for line, quantity in quantities.items()],
        })
        for line, source in zip(rest.order_line, quantities, strict=True):
            line.write(source._prepare_split_values())
        return rest

    def _get_split_objections(self, whole):
        """Say why a second quotation would only lead round a control; rooms extend it.

        :param ControlTerms whole: what this quotation was before it was cut, at its present prices
        :return: list of translated sentences that say what to do instead, too
        """
        self.ensure_one()
        return []

    def _complete_line_values(self, line_id, values):
        """Add what Odoo would compute anew from a changed quantity: a price stays what it is."""
        line = self.order_line.browse(line_id)
        if 'product_uom_qty' not in values:
            return values
        return {'price_unit': line.price_unit, 'discount': line.discount, **values}

    def action_make_it_pass(self):
        """Open the changes that would let this quotation pass.

        :raise UserError: if nothing stands in its way, or no change of the quotation helps
        """
        self.ensure_one()
        self.check_access('write')
        if self.state not in ('draft', 'sent'):
            raise UserError(self.env._("Only quotations are changed so."))
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Make %s Pass", self.name),
            'res_model': 'sale.control.pass',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_order_id': self.id},
        }
