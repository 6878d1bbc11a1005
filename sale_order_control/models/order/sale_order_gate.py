from contextlib import contextmanager
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import UserError

from .control_memory import control_memory
from .control_read import read_lines
from .control_terms import ControlTerms


@dataclass(frozen=True, slots=True)
class ControlAmounts:
    """What terms come to, in the order's currency.

    :ivar untaxed: total without taxes
    :ivar total: total with taxes, rounded
    :ivar margin: untaxed total less cost at the time of the snapshot
    """

    untaxed: float
    total: float
    margin: float

    @property
    def margin_percent(self):
        """Margin in percent of the untaxed total; 0 for an order without value."""
        return 100 * self.margin / self.untaxed if self.untaxed > 0 else 0.0


class SaleOrder(models.Model):
    """The gate: one evaluation of all rooms' rules, for every path that leads on."""

    _inherit = 'sale.order'

    # === THE PREDICATE ===#

    def _get_control_issues(self, checkpoint, terms=None):
        """Tell what stands between these orders and a checkpoint.

        Pure: nothing is written, whoever asks. Evaluated with full rights, because a rule must not
        depend on what the asking user may read.

        :param str checkpoint: ``submit``, ``confirm``, ``procure`` or ``release``
        :param dict terms: optional ``{order_id: ControlTerms}`` to judge instead of the orders'
            own terms (preview, amendment, simulation)
        :return: ``{order_id: (ControlIssue, ...)}``, an entry for every order
        """
        memory = control_memory(self.env)
        result = dict.fromkeys(self.ids, ())
        orders = self.sudo()._get_controlled()
        snapshots = {**orders._get_control_terms(), **(terms or {})}
        lang = self.env.lang
        missing = orders.browse()
        for order in orders:
            key = (checkpoint, order.id, snapshots[order.id].digest, lang)
            if key in memory.issues:
                result[order.id] = memory.issues[key]
            else:
                missing += order
        if missing:
            found = missing._evaluate_control(checkpoint, {order.id: snapshots[order.id] for order in missing})
            for order in missing:
                result[order.id] = found[order.id]
                if memory.scopes:
                    memory.issues[checkpoint, order.id, snapshots[order.id].digest, lang] = found[order.id]
        return result

    def _evaluate_control(self, checkpoint, terms):
        """Ask the rooms, then let them settle who clears what; apply shadow mode to both."""
        issues = self._shadow_control_issues(checkpoint, self._collect_control_issues(checkpoint, terms))
        issues = self._shadow_control_issues(checkpoint, self._settle_control_issues(checkpoint, issues, terms))
        return {order_id: tuple(found) for order_id, found in issues.items()}

    def _collect_control_issues(self, checkpoint, terms):
        """Collect the rooms' issues. **Every room extends this method**, batch-wise, without writing.

        :param str checkpoint: see :meth:`_get_control_issues`
        :param dict terms: ``{order_id: ControlTerms}`` for every order of ``self``
        :return: ``{order_id: [ControlIssue, ...]}`` with an entry for every order of ``self``
        """
        return {order.id: [] for order in self}

    def _settle_control_issues(self, checkpoint, issues, terms):
        """Second pass, which sees what all rooms found: who must agree, and what is agreed already.

        :param dict issues: what :meth:`_collect_control_issues` returned, shadow mode applied
        :return: the same structure
        """
        return issues

    # === KINDS OF ISSUES ===#

    @api.model
    def _get_control_issue_kinds(self):
        """Tell what issues are about, so that rules of one room can ask about findings of another.

        Rooms extend it with the codes of their own issues.

        :return: ``{code: kind}``; kinds are ``long_terms`` (customer may pay later than its grade allows), ``shortage``
            (nothing known covers the quantity) and ``late_promise`` (cannot be delivered by the requested date)
        """
        return {}

    def _get_asked_issue_kinds(self):
        """Tell which kinds of issues some rule in force asks about; rooms with rules extend it.

        What costs much to find out is found out at *confirm* only where somebody asks.

        :return: ``{order_id: set of kinds}`` with an entry for every order
        """
        return {order.id: set() for order in self}

    def _shadow_control_issues(self, checkpoint, issues):
        for order in self:
            issues[order.id] = [
                issue if order.company_id._get_control_mode(issue.area, checkpoint) == 'enforce' else issue.shadowed()
                for issue in issues[order.id]
            ]
        return issues

    # === WHO IS UNDER CONTROL ===#

    def _get_controlled(self):
        """Filter the orders that any control applies to: switched on, and not older than go-live."""
        orders = self.filtered(lambda order: order.company_id and order.company_id._has_control())
        return orders - orders._get_exempt()

    def _get_exempt(self):
        """Filter the orders from before go-live that keep the old handling.

        One that was set to draft again, or got worse terms since, has lost it: the log is what no user can edit.
        """
        older = self.filtered(
            lambda order: order.company_id and order._is_before_go_live() and order.company_id._has_control())
        if older:
            ended = self.env['sale.control.log'].sudo()._read_group(
                [('order_id', 'in', older.ids), ('event', 'in', ('reopened', 'rewritten'))], ['order_id'])
            older -= older.browse(order.id for [order] in ended)
        return older

    @contextmanager
    def _control_rewriting(self):
        """End the old handling of orders from before go-live whose terms get worse inside, after that day.

        Yields two structures that are filled when the block ends: the ids of the orders under control from
        then on, and the terms of those from before, ``{order_id: ControlTerms}``.
        """
        ended, earlier = [], {}
        exempt = self._get_exempt()
        exempt = exempt.filtered(lambda order: order.company_id.sudo().control_go_live <= self._get_control_today())
        before = exempt._get_control_terms()
        yield ended, earlier
        exempt = exempt.exists()
        after = exempt._get_control_terms()
        worse = exempt.filtered(lambda order: after[order.id].worse_aspects(before[order.id]))
        if worse:
            worse._control_log('rewritten', message=self.env._(
                "The order is older than go-live, but its terms got worse since: from now on it is under control."))
            ended += worse.ids
            earlier.update({order.id: before[order.id] for order in worse})

    def _is_before_go_live(self):
        self.ensure_one()
        company = self.company_id.sudo()
        go_live = company.control_go_live
        if not go_live or not self.create_date:
            return False
        # The same for every user, and for the statements that count by it.
        zone = self.with_context(tz=company.partner_id.tz or 'UTC')
        return fields.Datetime.context_timestamp(zone, self.create_date).date() < go_live

    def _with_control(self, area, checkpoint=None):
        """Filter the orders whose company has the area switched on (warn or enforce)."""
        return self.filtered(lambda order: order.company_id._get_control_mode(area, checkpoint) != 'off')

    @api.model
    def _get_control_today(self, zone=None):
        """Return the date the rules take for today.

        :param str zone: name of the time zone whose day counts; the user's own unless given
        """
        return control_memory(self.env).today or fields.Date.context_today(
            self.with_context(tz=zone or self._get_user_zone()))

    @api.model
    def _get_user_zone(self):
        """Return the user's own time zone: never the one in the context, which is the caller's to choose."""
        # Odoo remembers these settings from request to request; the field would read the user's contact each time.
        return self.env['res.users'].context_get().get('tz') or 'UTC'

    @api.model
    def _get_control_now(self):
        """Return the moment the rules take for now, in UTC: on the day they take for today, at this time of day."""
        now, today = fields.Datetime.now(), control_memory(self.env).today
        if not today:
            return now
        return now + (today - fields.Date.context_today(self.with_context(tz=self._get_user_zone()), now))

    # === TERMS ===#

    def _get_control_terms(self):
        """Take the snapshot of the controlled terms.

        :return: ``{order_id: ControlTerms}``
        """
        read_lines(self.sudo(), 'order_line')
        self._read_control_products()
        return {order.id: order._prepare_control_terms() for order in self.sudo()}

    def _read_control_products(self):
        """Read the products of these orders and their costs together: Odoo asks for costs apart."""
        products = self.env['product.product']
        names = [name for name, field in products._fields.items() if field.prefetch is True and field.column_type]
        for company, orders in self.sudo().grouped('company_id').items():
            orders.order_line.product_id.with_company(company).fetch([*names, 'standard_price'])

    def _prepare_control_terms(self):
        self.ensure_one()
        return ControlTerms(
            partner_id=self.partner_id.id,
            partner_invoice_id=self.partner_invoice_id.id,
            partner_shipping_id=self.partner_shipping_id.id,
            payer_id=self.partner_invoice_id.commercial_partner_id.id,
            currency_id=self.currency_id.id,
            payment_term_id=self.payment_term_id.id,
            requested_date=fields.Date.to_string(self.requested_date) or '',
            # A line without quantity asks for nothing: a note, a down payment, a product the
            # warehouse added. What was delivered on it is exposure, not terms.
            lines=tuple(
                line._prepare_control_line_terms()
                for line in self.order_line if line.product_uom_qty and not line.display_type
            ),
            conditions=tuple(sorted(self._get_control_conditions())),
        )

    def _get_control_conditions(self):
        """Return what rooms add to the order's terms; they extend it.

        :return: list of ``(name, value, looseness)``, see :class:`ControlTerms`
        """
        return []

    def _foresee_control_conditions(self, terms):
        """Return what rooms would add to this order's terms if it got others; rooms whose conditions follow extend it.

        :param ControlTerms terms: as they would be, with the conditions of now
        :return: tuple of ``(name, value, looseness)``
        """
        return terms.conditions

    def _get_control_amounts(self, terms):
        """Work out what terms come to.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: ControlAmounts}`` in each snapshot's currency
        """
        amounts = {}
        for order in self.sudo():
            snapshot = terms[order.id]
            cost = sum(line.quantity * line.cost for line in snapshot.lines)
            if snapshot.digest == order._prepare_control_terms().digest:
                untaxed, total = order.amount_untaxed, order.amount_total
            else:
                untaxed, total = order._compute_terms_totals(snapshot)
            amounts[order.id] = ControlAmounts(untaxed, total, untaxed - cost)
        return amounts

    def _compute_terms_totals(self, snapshot):
        """Total other terms than the order's own through Odoo's tax engine.

        :return: ``(untaxed, total)`` in the snapshot's currency
        """
        self.ensure_one()
        taxes = self.env['account.tax']
        currency = self.env['res.currency'].browse(snapshot.currency_id)
        base_lines = [
            taxes._prepare_base_line_for_taxes_computation(
                None,
                tax_ids=taxes.browse(line.tax_ids),
                quantity=line.quantity,
                price_unit=line.price_unit,
                discount=line.discount,
                product_id=self.env['product.product'].browse(line.product_id),
                partner_id=self.env['res.partner'].browse(snapshot.partner_invoice_id),
                currency_id=currency,
                rate=1.0,
            )
            for line in snapshot.lines
        ]
        taxes._add_tax_details_in_base_lines(base_lines, self.company_id)
        taxes._round_base_lines_tax_details(base_lines, self.company_id)
        totals = taxes._get_tax_totals_summary(base_lines, currency, self.company_id)
        return totals['base_amount_currency'], totals['total_amount_currency']

    # === REFUSING ===#

    def _control_require(self, checkpoint, terms=None):
        """Refuse with all reasons in one readable message unless every order passes.

        :raise UserError: naming, for every order that does not pass, what is wrong and what clears it
        """
        issues = self._get_control_issues(checkpoint, terms)
        if self._get_held(issues):
            raise UserError(self._get_control_refusal(issues))
        return issues

    def _get_held(self, issues):
        """Filter the orders that at least one issue stops."""
        return self.filtered(lambda order: any(issue.stops for issue in issues[order.id]))

    def _get_control_refusal(self, issues):
        """Word why orders do not pass: a paragraph per order, a line per reason."""
        paragraphs = []
        for order in self._get_held(issues):
            lines = [self.env._("%s cannot go on:", order.display_name)]
            found = [issue for issue in issues[order.id] if issue.stops]
            for issue in found:
                lines.append(f"• {issue.message} {issue.clears}".rstrip())
            if all(issue.askable for issue in found) and order.state in ('draft', 'sent'):
                lines.append(self.env._("Use “Submit” to ask for approval."))
            paragraphs.append("\n".join(lines))
        return "\n\n".join(paragraphs)
