from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_issue import ControlIssue
from ...order.control_memory import control_memory
from .shipment_verdict import judge_findings
from .stock_picking_check import get_digest


class SaleOrder(models.Model):
    """Goods leave when they were looked at, to an address that the customer confirmed, where that is asked."""

    _inherit = 'sale.order'

    shipment_check = fields.Boolean(
        string="Check before Shipping", copy=False, groups='base.group_user',
        help="Ask for the shipment checks of orders that are marked: goods, labels, papers, address.")
    shipment_check_ids = fields.One2many(
        'sale.shipment.check', 'order_id', string="Shipment Checks", readonly=True, groups='base.group_user')
    address_check_needed = fields.Boolean(
        compute='_compute_address_check_needed', compute_sudo=True, groups='base.group_user',
        help="Whether address, contact, phone and day still have to be confirmed with the customer.")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'shipment_check_ids'}

    @api.depends('shipment_check', 'shipment_check_ids', 'partner_shipping_id', 'promised_date', 'state')
    def _compute_address_check_needed(self):
        judged = self._get_shipment_judged()
        for order in self:
            order.address_check_needed = order in judged and bool(order._get_open_address_points())

    def _get_shipment_judged(self):
        """Filter the confirmed orders of which goods are checked before they leave, in sudo."""
        return self._get_promise_controlled()

    def write(self, vals):
        if 'shipment_check' in vals and not vals['shipment_check']:
            self._check_shipment_unmarking()
        return super().write(vals)

    def _check_shipment_unmarking(self):
        """Whoever has to wait for a check cannot take it away, nor by cancelling: planners and managers can."""
        user = self.env.user
        if user.has_groups('sale_order_control.group_delivery_planner,sale_order_control.group_manager'):
            return
        marked = self.sudo().filtered('shipment_check')
        marked = marked.filtered(lambda order: order.state == 'sale') | marked._filter_confirmed_before()
        if marked:
            raise AccessError(self.env._(
                "%s is to be checked before shipping: only a delivery planner can take that back once the order is "
                "confirmed.", marked[0].display_name))

    def _filter_confirmed_before(self):
        """Filter the orders that were confirmed once, whatever they are now."""
        found = self.env['sale.control.log'].sudo()._read_group([
            ('order_id', 'in', self.filtered(lambda order: order.state != 'sale').ids),
            ('event', 'in', ('confirmed', 'reopened')),
        ], ['order_id'])
        return self.browse(order.id for [order] in found)

    # === ADDRESS ===#

    def action_confirm_address(self):
        """Open the form that records what the customer said about address, contact, phone and day."""
        self.ensure_one()
        self.check_access('read')
        if not self.sudo().address_check_needed:
            raise UserError(self.env._("Nothing of the delivery address waits to be confirmed."))
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Confirm Delivery Address"),
            'res_model': 'sale.shipment.check.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_order_id': self.id},
        }

    def _get_address_values(self):
        """Return where and when the goods go, as plain values."""
        self.ensure_one()
        partner = self.partner_shipping_id
        return [
            partner.id, partner.name or '', partner._display_address(), partner.phone or '',
            fields.Date.to_string(self.promised_date) if self.promised_date else '',
        ]

    def _word_address(self):
        self.ensure_one()
        partner = self.partner_shipping_id
        address = ", ".join(part for part in partner._display_address().split("\n") if part.strip())
        words = [partner.display_name or "", address, partner.phone or self.env._("no phone number")]
        if self.promised_date:
            words.append(format_date(self.env, self.promised_date))
        return "\n".join(words)

    def _get_open_address_points(self):
        """Tell which points of the address still need somebody: ``{point: PointVerdict or None}``."""
        self.ensure_one()
        points = self.env['sale.shipment.check.point']._get_points('address')
        points = points._filter_applicable(self, self.env['product.product'])
        if not points:
            return {}
        digest = get_digest(self._get_address_values())
        checks = self.shipment_check_ids.filtered(
            lambda check: not check.picking_id and check.digest == digest).sorted('id')
        return points._get_open(judge_findings(checks.line_ids._get_findings()))

    def _get_address_points_for(self, user):
        """Return the points of the address that a user can still say something about."""
        self.ensure_one()
        order = self.sudo()
        found = order._get_open_address_points() if order._get_shipment_judged() else {}
        return self.env['sale.shipment.check.point']._get_askable(found, user)

    def _record_address_check(self, findings, contact):
        """Record what the customer said of the delivery address.

        :param list findings: ``(point, passed, remark)``
        :param str contact: who said it
        :raise UserError: with nothing written, if somebody was faster or something is not said
        """
        self.ensure_one()
        self.check_access('read')
        if not (contact or "").strip():
            raise UserError(self.env._("Enter who confirmed it for the customer."))
        if {point.id for point, _passed, _remark in findings} != set(self._get_address_points_for(self.env.user).ids):
            raise UserError(self.env._(
                "What has to be checked has changed meanwhile. Close this form and open it again."))
        checks = self.env['sale.shipment.check']
        checks._check_findings(findings, None)
        checks._record_facts([{
            'order_id': self.id,
            'digest': get_digest(self.sudo()._get_address_values()),
            'contents': self.sudo()._word_address(),
            'contact': contact.strip(),
            **checks._prepare_findings(self.company_id, findings),
        }])

    # === RELEASE ===#

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        if checkpoint == 'release' and self.env['sale.shipment.check.point']._get_point_ids():
            for order in self._with_control('promise', checkpoint):
                issues[order.id] += order._get_shipment_issues()
        return issues

    def _get_shipment_issues(self):
        """Tell what of the leaving goods nobody has checked (``delivery.unchecked``, ``delivery.address``).

        While goods leave, only what leaves counts; otherwise what is ready to be checked.
        """
        self.ensure_one()
        memory = control_memory(self.env)
        if memory.leaving is None:
            moves = self.order_line.move_ids.filtered(lambda move: move.state == 'assigned')
        else:
            moves = self.env['stock.move'].sudo().browse(memory.leaving_moves)
        together = moves if memory.leaving is not None else None
        moves = moves._get_control_leaving().filtered(
            lambda move: self in move._get_control_orders() and not move._is_drop_shipment())
        issues = [issue for picking, its in moves.grouped('picking_id').items() if (
            issue := self._get_unchecked_issue(picking, its, together and together.filtered(
                lambda move, picking=picking: move.picking_id == picking)))]
        found = self._get_open_address_points() if moves or memory.leaving is None else {}
        if found:
            issues.append(self._prepare_shipment_issue('delivery.address', found, self.env._(
                "The delivery address has not been confirmed with the customer: %s.",
                self._word_points(found)), self.env._("The salesperson asks the customer (Confirm Address).")))
        return issues

    def _get_unchecked_issue(self, picking, moves, packed):
        """Return the issue of goods of one transfer that nobody has checked, or None.

        :param stock.picking picking: empty where moves go without a transfer
        :param stock.move packed: all that leaves with the transfer; None while nothing leaves
        """
        if not picking:
            # Nobody can check what has no transfer: whatever is asked of it stays open.
            found = dict.fromkeys(picking._get_goods_points(moves))
            return found and self._prepare_shipment_issue('delivery.unchecked', found, self.env._(
                "Goods that must be checked before they leave are shipped without a transfer: %s.",
                ", ".join(moves.product_id.mapped('display_name'))), self.env._("Ship them with a transfer."))
        found = picking._get_open_check_points(moves, packed)
        return found and self._prepare_shipment_issue('delivery.unchecked', found, self.env._(
            "%(transfer)s has not been checked: %(points)s.", transfer=picking.name, points=self._word_points(found),
        ), self.env._("The warehouse checks what is packed (Check Shipment)."))

    def _prepare_shipment_issue(self, code, found, message, clears):
        return ControlIssue(
            code=code, area='promise', effect='block', message=message,
            facts={'points': [point.id for point in found]}, clears=clears)

    def _word_points(self, found):
        return "; ".join(self._word_point(point, verdict) for point, verdict in found.items())

    def _word_point(self, point, verdict):
        """Word where one check point stands, e.g. "Labels (1 of 2 persons)"."""
        if verdict and verdict.failed:
            return self.env._(
                "%(point)s: not in order, says %(user)s: %(remark)s", point=point.name,
                user=self.env['res.users'].sudo().browse(verdict.failed.user_id).name, remark=verdict.failed.remark)
        if point.persons == 1:
            return point.name
        return self.env._(
            "%(point)s (%(found)s of %(needed)s persons)", point=point.name,
            found=len(verdict.persons) if verdict else 0, needed=point.persons)
