import hashlib
import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .shipment_verdict import judge_findings

CHECKERS = 'stock.group_stock_user,sale_order_control.group_delivery_planner'


def get_digest(values):
    """Return a short form of plain values that is the same only for the same values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


class StockPicking(models.Model):
    """Goods are looked at before they leave, by as many persons as the check points say."""

    _inherit = 'stock.picking'

    shipment_check_ids = fields.One2many(
        'sale.shipment.check', 'picking_id', string="Shipment Checks", readonly=True, groups='base.group_user')
    shipment_check_needed = fields.Boolean(
        compute='_compute_shipment_check_needed', compute_sudo=True, groups='base.group_user',
        help="Whether somebody still has to check these goods before they leave.")
    shipment_check_mine = fields.Boolean(
        compute='_compute_shipment_check_mine', compute_sudo=True, groups='base.group_user',
        help="Whether the reader can still check something of these goods.")
    shipment_check_waits = fields.Char(
        compute='_compute_shipment_check_mine', compute_sudo=True, groups='base.group_user',
        help="Who is still needed, for a reader who has checked these goods already.")

    @api.depends('state', 'move_ids.quantity', 'move_ids.picked', 'shipment_check_ids', 'sale_id.shipment_check')
    def _compute_shipment_check_needed(self):
        waiting = self.filtered(lambda picking: picking.state not in ('draft', 'done', 'cancel'))
        for picking in self:
            picking.shipment_check_needed = picking in waiting and bool(picking._get_open_check_points())

    @api.depends('shipment_check_needed')
    @api.depends_context('uid')
    def _compute_shipment_check_mine(self):
        point = self.env['sale.shipment.check.point']
        for picking in self:
            found = picking._get_open_check_points() if picking.shipment_check_needed else {}
            picking.shipment_check_mine = bool(point._get_askable(found, self.env.user))
            others = bool(found) and not picking.shipment_check_mine
            picking.shipment_check_waits = others and self.env._(
                "You have checked these goods. Another person has to, for: %s.",
                ", ".join(point.name for point in found))

    # === ACTION METHODS ===#

    def action_check_shipment(self):
        """Open the form in which what is packed is checked.

        :raise UserError: if nothing is packed yet, or nothing is left to check for the user
        """
        self.ensure_one()
        self._check_shipment_rights()
        if not self._get_points_for(self.env.user):
            raise UserError(self.env._(
                "There is nothing for you to check: either all of it is in order, or you have found so yourself and "
                "another person has to."))
        if not self._get_packed_lines():
            raise UserError(self.env._("Nothing is packed yet. Enter the quantities that are going to leave first."))
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Check Shipment"),
            'res_model': 'sale.shipment.check.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_picking_id': self.id},
        }

    def _check_shipment_rights(self):
        """Warehouse and planners check shipments they may read."""
        if not self.env.user.has_groups(CHECKERS):
            raise AccessError(self.env._("Shipments are checked by the warehouse or by delivery planners."))
        self.check_access('read')

    # === WHAT IS PACKED ===#

    def _get_packed_lines(self, moves=None):
        """Return the move lines that leave, as Odoo would do it: those marked as picked, or all where none is."""
        self.ensure_one()
        if moves is None:
            moves = self.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
        lines = moves.move_line_ids.filtered(lambda line: line.product_uom_id.compare(line.quantity, 0) > 0)
        return lines.filtered('picked') or lines

    def _get_packed_contents(self, moves=None):
        """Return what leaves and where to, as plain values: the same list is the same shipment."""
        self.ensure_one()
        totals = defaultdict(float)
        for line in self._get_packed_lines(moves):
            unit = line.product_id.uom_id
            quantity = line.product_uom_id._compute_quantity(line.quantity, unit, round=False)
            lot, package = line.lot_id.name or line.lot_name or '', line.result_package_id.name or ''
            totals[line.product_id.id, lot, package] += unit.round(quantity)
        return [self.partner_id.id, *sorted([*key, round(total, 6)] for key, total in totals.items())]

    def _word_packed_contents(self):
        """Word what leaves for the record of who looked at it."""
        words = []
        for line in self._get_packed_lines():
            parts = [f"{line.quantity:g} {line.product_uom_id.name} {line.product_id.display_name}"]
            parts += [name for name in (line.lot_id.name or line.lot_name, line.result_package_id.name) if name]
            words.append(", ".join(parts))
        return "\n".join([*words, self.partner_id.display_name or ""])

    # === WHERE THE CHECKS STAND ===#

    def _get_goods_points(self, moves=None):
        """Return the check points that are asked of what is packed, in sudo.

        Nothing is asked of what supplier or customer send: only of what leaves our hands for a customer.
        """
        points = self.env['sale.shipment.check.point']._get_points('goods')
        moves = (self.move_ids if moves is None else moves) if points else self.env['stock.move']
        leaving = moves._get_control_leaving().filtered(lambda move: not move.sudo()._is_drop_shipment())
        asked = points.browse()
        for order in leaving._get_control_orders()._get_shipment_judged():
            asked |= points._filter_applicable(order, leaving.product_id)
        return asked

    def _get_check_verdicts(self, moves=None):
        """Sum up what was found on exactly these contents: ``{point_id: PointVerdict}``."""
        self.ensure_one()
        digest = get_digest(self._get_packed_contents(moves))
        checks = self.shipment_check_ids.filtered(lambda check: check.digest == digest).sorted('id')
        return judge_findings(checks.line_ids._get_findings())

    def _get_open_check_points(self, moves=None, packed=None):
        """Tell which points still need somebody.

        :param stock.move moves: whose goods are meant, if not all that is open
        :param stock.move packed: what leaves with them, of other orders too: it was looked at together
        :return: ``{point: PointVerdict or None}``
        """
        self.ensure_one()
        points = self._get_goods_points(moves)
        return points._get_open(self._get_check_verdicts(moves if packed is None else packed)) if points else {}

    def _get_points_for(self, user):
        """Return the points that a user can still say something about."""
        self.ensure_one()
        return self.env['sale.shipment.check.point']._get_askable(self.sudo()._get_open_check_points(), user)

    # === RECORDING ===#

    def _record_shipment_check(self, findings, report=None, report_name=None):
        """Record what the user found on what is packed now.

        :param list findings: ``(point, passed, remark)``
        :param bytes report: base64, where a point asks for one
        :raise UserError: with nothing written, if somebody was faster or what is wrong is not said
        """
        self.ensure_one()
        self._check_shipment_rights()
        wanted = self._get_points_for(self.env.user)
        if {point.id for point, _passed, _remark in findings} != set(wanted.ids):
            raise UserError(self.env._(
                "What has to be checked has changed meanwhile. Close this form and open it again."))
        self.env['sale.shipment.check']._check_findings(findings, report)
        check = self.env['sale.shipment.check']._record_facts([{
            'order_id': self.sudo().move_ids._get_control_orders()[:1].id,
            'picking_id': self.id,
            'digest': get_digest(self.sudo()._get_packed_contents()),
            'contents': self.sudo()._word_packed_contents(),
            'report': report,
            'report_name': report_name,
            **self.env['sale.shipment.check']._prepare_findings(self.company_id, findings),
        }])
        self.invalidate_recordset([
            'shipment_check_needed', 'shipment_check_mine', 'shipment_check_waits', 'control_hold'])
        return check
