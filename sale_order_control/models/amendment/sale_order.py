from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from .sale_amendment import OPEN_STATES


class SaleOrder(models.Model):
    """What an order carries of its amendments and revisions."""

    _inherit = 'sale.order'

    # === FIELDS ===#

    amendment_revision = fields.Integer(
        string="Revision", copy=False, readonly=True, groups='base.group_user',
        help="How often the confirmed order was changed.")
    amendment_ids = fields.One2many(
        'sale.amendment', 'order_id', string="Amendments", copy=False, groups='base.group_user')
    amendment_count = fields.Integer(compute='_compute_amendment_count', groups='base.group_user')
    revision_ids = fields.One2many(
        'sale.order.revision', 'order_id', string="Revisions", copy=False, groups='base.group_user')
    can_amend = fields.Boolean(compute='_compute_can_amend', groups='base.group_user')

    def _compute_amendment_count(self):
        counts = self._count_readable('sale.amendment') if self._with_control('amendment') else {}
        for order in self:
            order.amendment_count = counts.get(order._origin, 0)

    @api.depends('state', 'company_id')
    def _compute_can_amend(self):
        for order in self:
            order.can_amend = order.state == 'sale' and bool(order.company_id and order._with_control('amendment'))

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'amendment_revision', 'amendment_ids', 'revision_ids'}

    # === PANEL ===#

    def _get_control_sections(self, issues):
        sections = super()._get_control_sections(issues)
        if not self._with_control('amendment'):
            return sections
        waiting = self.amendment_ids.filtered(lambda amendment: amendment.state in OPEN_STATES)
        return sections + [amendment._prepare_order_section() for amendment in waiting.sorted('id')]

    # === ACTION METHODS ===#

    def action_amend(self):
        """Open an amendment of the confirmed order: the draft the user began, or a new one, not saved yet.

        :raise UserError: if the order is not confirmed, or amendments are switched off
        """
        self.ensure_one()
        self.check_access('write')
        if not self.can_amend:
            raise UserError(self.env._(
                "Only confirmed orders are amended, and only where Amendment Control is switched on."))
        draft = self.env['sale.amendment'].search([
            ('order_id', '=', self.id), ('state', 'in', ('draft', 'stale')), ('user_id', '=', self.env.uid)], limit=1)
        if draft:
            return draft._get_form_action()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Amend %s", self.name),
            'res_model': 'sale.amendment',
            'view_mode': 'form',
            'views': [(self.env.ref('sale_order_control.sale_amendment_view_form_quick').id, 'form')],
            'target': 'new',
            'context': {'default_order_id': self.id},
        }

    def action_amend_cancel(self):
        """Open an amendment that cancels the order, or what is left of it once something was delivered or invoiced."""
        action = self.action_amend()
        order = self.sudo()
        begun = any(line._get_amendment_floor() > 0 for line in order.order_line)
        if not action.get('res_id'):
            action['context'] = {**action['context'], 'default_scope': 'rest' if begun else 'order'}
            action['name'] = self.env._("Cancel %s", self.name)
        return action

    def action_view_amendments(self):
        """Open the amendments of the order."""
        self.ensure_one()
        action = {
            'type': 'ir.actions.act_window',
            'name': self.env._("Amendments of %s", self.name),
            'res_model': 'sale.amendment',
            'view_mode': 'list,form',
            'domain': [('order_id', '=', self.id)],
        }
        amendments = self.env['sale.amendment'].search([('order_id', '=', self.id)])
        if len(amendments) == 1:
            action.update(view_mode='form', res_id=amendments.id)
        return action

    def action_view_revisions(self):
        """Open the order as it stood after each change."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Revisions of %s", self.name),
            'res_model': 'sale.order.revision',
            'view_mode': 'list',
            'domain': [('order_id', '=', self.id)],
        }

    # === BUSINESS METHODS ===#

    def _get_amendable_lines(self):
        """Return the lines that an amendment can change: those that ask for something."""
        self.ensure_one()
        return self.order_line.filtered(lambda line: line.product_uom_qty and not line.display_type)

    def _propose_control_change(self, line_values, reason_code, note):
        if not self.can_amend:
            return super()._propose_control_change(line_values, reason_code, note)
        reason = self.env.ref(f'sale_order_control.amendment_reason_{reason_code}', raise_if_not_found=False)
        amendments = self.env['sale.amendment']
        amendment = amendments.create({
            'order_id': self.id,
            'reason_id': (reason or amendments._get_usual_reason()).id,
            'asked_by': 'supply' if reason_code == 'supply' else 'sales',
            'note': note,
            'line_ids': [
                Command.create({**line._prepare_amendment_line(), **line_values.get(line.id, {})})
                for line in self._get_amendable_lines()],
        })
        amendment.action_submit()
        return amendment

    def _prepare_amendment_header(self):
        """Return what an amendment can change besides lines, as it is."""
        self.ensure_one()
        return {
            'partner_shipping_id': self.partner_shipping_id.id, 'partner_invoice_id': self.partner_invoice_id.id,
            'payment_term_id': self.payment_term_id.id, 'requested_date': self.requested_date}

    def _word_terms_changes(self, before, after, changes):
        """Say what differs between two terms, for people.

        :param ControlTerms before: terms
        :param ControlTerms after: other terms
        :param changes: list of ``(old, new, ...)``: :class:`LineTerms` or None, of the lines that differ
        :return: list of ``{'subject', 'label', 'old_value', 'new_value'}``
        """
        self.ensure_one()
        found = []
        comodels = {'partner_shipping_id': 'res.partner', 'partner_invoice_id': 'res.partner',
                    'partner_id': 'res.partner', 'payment_term_id': 'account.payment.term'}
        for name in ('partner_id', 'partner_shipping_id', 'partner_invoice_id', 'payment_term_id', 'requested_date'):
            old, new = getattr(before, name), getattr(after, name)
            if old != new:
                if name in comodels:
                    records = self.env[comodels[name]].sudo()
                    old, new = (records.browse(value or ()).exists().display_name for value in (old, new))
                else:
                    old, new = self._word_amendment_day(old), self._word_amendment_day(new)
                found.append(self._prepare_change(self.name, self._fields[name], old, new))
        for old, new, *_rest in changes:
            found += self._word_line_change(old, new)
        return found

    def _word_line_change(self, old, new):
        subject = self.env['product.product'].sudo().browse((old or new).product_id).display_name
        line_fields = self.env['sale.order.line']._fields
        names = {'quantity': 'product_uom_qty', 'price_unit': 'price_unit', 'discount': 'discount'}
        if not old:
            return [self._prepare_change(
                subject, line_fields['product_uom_qty'], "–", self.env._(
                    "%(quantity)s at %(price)s", quantity=formatLang(self.env, new.quantity, digits=2),
                    price=self.currency_id.format(new.net_price)))]
        if not new:
            return [self._prepare_change(
                subject, line_fields['product_uom_qty'], formatLang(self.env, old.quantity, digits=2), "–")]
        found = [
            self._prepare_change(
                subject, line_fields[name], formatLang(self.env, getattr(old, attribute), digits=2),
                formatLang(self.env, getattr(new, attribute), digits=2))
            for attribute, name in names.items() if getattr(old, attribute) != getattr(new, attribute)]
        if old.requested_date != new.requested_date:
            found.append(self._prepare_change(
                subject, line_fields['requested_date'], self._word_amendment_day(old.requested_date),
                self._word_amendment_day(new.requested_date)))
        return found

    def _prepare_change(self, subject, field, old, new):
        return {
            'subject': subject, 'label': field._description_string(self.env),
            'old_value': old or "–", 'new_value': new or "–"}

    def _word_amendment_day(self, day):
        return format_date(self.env, fields.Date.to_date(day)) if day else ""

    def _get_agreeing_requests(self):
        found = super()._get_agreeing_requests()
        amending = self._get_amending_ids()
        amended = self.filtered(lambda order: order.amendment_revision or amending.get(order.id))
        if not amended:
            return found
        amendments = self.env['sale.amendment'].sudo().search([
            ('order_id', 'in', amended.ids), '|', ('state', '=', 'applied'),
            '&', ('state', 'in', OPEN_STATES), ('id', 'in', list(amending.values()))])
        requests = self.env['sale.approval.request'].sudo().search([
            ('res_model', '=', 'sale.amendment'), ('res_id', 'in', amendments.ids), ('state', '=', 'approved')])
        orders = {amendment.id: amendment.order_id.id for amendment in amendments}
        for request in requests:
            order_id = orders[request.res_id]
            found[order_id] = found.get(order_id, requests.browse()) | request
        return found
