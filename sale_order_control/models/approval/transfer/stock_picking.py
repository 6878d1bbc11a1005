from collections import defaultdict

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import sql
from odoo.tools.misc import format_date

from ...order.install_columns import create_columns
from ..request.sale_approval_request import LIVE_STATES

DELIVERY = 'stock.picking'


class StockPicking(models.Model):
    """A delivery to a customer runs the same approval as an order, where a policy about transfers says so.

    What is judged is what leaves and where it goes. Until somebody agreed the goods stay; a request that nobody
    decides in time lapses, and they stay all the same: the transfer itself is never cancelled.
    """

    _name = 'stock.picking'
    _inherit = ['stock.picking', 'sale.approval.mixin']
    _approval_terms = ('partner_id', 'location_dest_id')

    approval_can_submit = fields.Boolean(
        compute='_compute_approval_can_submit', compute_sudo=True, groups='base.group_user')

    def _auto_init(self):
        if sql.table_exists(self.env.cr, self._table):
            create_columns(self)
        return super()._auto_init()

    # === COMPUTE METHODS ===#

    @api.depends('state', 'approval_state', 'move_ids.quantity', 'move_ids.product_uom_qty', 'partner_id')
    def _compute_approval_can_submit(self):
        held = self._get_unapproved_deliveries()
        for picking in self:
            picking.approval_can_submit = picking.id in held and picking.approval_state != 'pending'

    @api.depends('approval_state', 'partner_id')
    def _compute_control_hold(self):
        result = super()._compute_control_hold()
        held = self.filtered(lambda picking: picking.state not in ('draft', 'done', 'cancel'))
        for picking_id, text in held._get_unapproved_deliveries().items():
            picking = self.browse(picking_id)
            picking.control_hold = "\n".join(filter(None, [picking.control_hold, text]))
        return result

    # === ACTION METHODS ===#

    def action_submit(self):
        """Ask for the approval of these deliveries.

        :raise UserError: if none of them needs one, or nobody may decide
        """
        self.check_access('write')
        held = self.browse(self.sudo()._get_unapproved_deliveries())
        if not held:
            raise UserError(self.env._("No approval is needed for these transfers, or it was given."))
        held._submit_for_approval()
        return True

    # === WHICH DELIVERIES ===#

    def _get_rules_in_scope(self, candidates=None):
        deliveries = self.filtered(lambda picking: picking._is_delivery_to_customer())
        return super(StockPicking, deliveries)._get_rules_in_scope(candidates)

    def _is_delivery_to_customer(self):
        """Whether goods go to a customer: no return, nothing that a supplier delivers, nothing from before go-live."""
        self.ensure_one()
        go_live = self.company_id.control_go_live
        if go_live and self.create_date and self.create_date.date() < go_live:
            return False
        return any(move._leaves_for_customer() for move in self.move_ids if move.state != 'cancel')

    def _get_unapproved_deliveries(self):
        """Tell which deliveries may not leave, and why; in sudo.

        :return: ``{picking_id: translated sentences}``
        """
        asked = self.filtered(lambda picking: picking.company_id._approves_deliveries() and picking.state not in (
            'done', 'cancel'))
        reasons = asked._get_approval_reasons() if asked else {}
        held = {}
        for picking in asked.browse(reasons):
            if not picking._is_delivery_agreed():
                told = {
                    'transfer': picking.name,
                    'reasons': " ".join(f"{issue.message} {issue.clears}" for issue in reasons[picking.id]),
                }
                held[picking.id] = self.env._("%(transfer)s waits for approval: %(reasons)s", **told) \
                    if picking.approval_state == 'pending' else \
                    self.env._("%(transfer)s needs an approval, submit it: %(reasons)s", **told)
        return held

    def _is_delivery_agreed(self):
        """Whether somebody agreed to what leaves now, or to the delivery of which this is the rest."""
        self.ensure_one()
        family, picking = self, self
        while picking.backorder_id and picking.backorder_id not in family:
            picking = picking.backorder_id
            family |= picking
        requests = self.env['sale.approval.request'].sudo().search([
            ('res_model', '=', self._name), ('res_id', 'in', family.ids), ('state', '=', 'approved')])
        return any(
            not self._get_worse_than_approved(self._get_terms_with_rest(request), request) for request in requests)

    def _get_terms_with_rest(self, request):
        """Return what leaves, together with what left already under an approval of the whole."""
        terms = self._prepare_approval_snapshot()
        if request.res_id != self.id:
            origin = self.browse(request.res_id)
            family, found = origin, origin
            while found:
                found = found.backorder_ids - family
                family |= found
            for picking in family.filtered(lambda one: one.state == 'done') - self:
                for product, quantity in picking._get_delivered_goods().items():
                    terms['goods'][product] = terms['goods'].get(product, 0.0) + quantity
        return terms

    # === WHAT IS JUDGED ===#

    def _get_delivered_goods(self):
        """Return ``{product id as text: quantity in the product's unit}`` of what leaves."""
        self.ensure_one()
        goods = defaultdict(float)
        for move in self.move_ids.filtered(lambda move: move.state != 'cancel'):
            quantity = move.quantity if move.state == 'done' else max(move.product_uom_qty, move.quantity)
            goods[str(move.product_id.id)] += move.product_uom._compute_quantity(quantity, move.product_id.uom_id)
        return dict(goods)

    def _prepare_approval_snapshot(self):
        return {
            'partner_id': self.partner_id.id,
            'address': self.partner_id._display_address(without_company=True) if self.partner_id else '',
            'location_dest_id': self.location_dest_id.id,
            'goods': self._get_delivered_goods(),
        }

    def _get_worse_than_approved(self, terms, request):
        seen = request.snapshot or {}
        worse = []
        if terms['partner_id'] != seen.get('partner_id') or terms['address'] != seen.get('address'):
            worse.append('partner_id')
        if terms['location_dest_id'] != seen.get('location_dest_id'):
            worse.append('location_dest_id')
        agreed, share = seen.get('goods', {}), 1 + request.tolerance / 100
        if any(quantity > agreed.get(product, 0.0) * share + 1e-6 for product, quantity in terms['goods'].items()):
            worse.append('goods')
        return worse

    def _get_terms_aspect_labels(self):
        return {**super()._get_terms_aspect_labels(), 'goods': self.env._("goods")}

    def _prepare_approval_display(self):
        facts = [
            (self.env._("Deliver to"), self.partner_id.display_name or ''),
            (self.env._("Address"), ", ".join(
                part.strip() for part in self._prepare_approval_snapshot()['address'].split("\n") if part.strip())),
            (self.env._("Order"), self.sale_id.name or self.origin or ''),
            (self.env._("Planned for"), format_date(self.env, self.scheduled_date) if self.scheduled_date else ''),
        ]
        products = self.env['product.product']
        for product_id, quantity in self._get_delivered_goods().items():
            product = products.browse(int(product_id))
            facts.append((product.display_name, f"{quantity:g} {product.uom_id.name}"))
        return {'facts': [(label, text) for label, text in facts if text]}

    def _get_approval_amount(self):
        """Return what the goods are sold for, without taxes, in the company's currency."""
        self.ensure_one()
        currency, amount = self.company_id.currency_id, 0.0
        today = self.env['sale.order']._get_control_today()
        for move in self.move_ids.filtered(lambda move: move.state != 'cancel'):
            quantity = max(move.product_uom_qty, move.quantity)
            line = move.sale_line_id
            if line:
                in_line_unit = move.product_uom._compute_quantity(quantity, line.product_uom_id)
                amount += line.currency_id._convert(
                    in_line_unit * line.price_reduce_taxexcl, currency, self.company_id, today, round=False)
            else:
                price = move.product_id.with_company(self.company_id).lst_price
                amount += move.product_uom._compute_quantity(quantity, move.product_id.uom_id) * price
        return currency.round(amount), currency

    def _get_approval_makers(self):
        # Who sells the goods does not let them out either.
        return super()._get_approval_makers() | self.sale_id.user_id

    def _get_approval_salesperson(self):
        return self.sale_id.user_id or super()._get_approval_salesperson()

    # === WHAT FOLLOWS ===#

    def _approval_approved(self):
        return dict.fromkeys(self.ids, self.env._("The goods may leave."))

    def _approval_closed(self, state):
        sentences = super()._approval_closed(state)
        if state == 'expired':
            self._tell_planners_of_lapse()
        return sentences

    def _tell_planners_of_lapse(self):
        """Tell who plans deliveries that nobody decided in time: the goods stay until somebody asks again."""
        planners = self.env.ref('sale_order_control.group_delivery_planner').sudo().all_user_ids
        latest = self._get_latest_requests()
        for picking in self:
            request = latest[picking.id]
            for user in planners.filtered(
                    lambda user, picking=picking: user.active and picking.company_id in user.company_ids):
                one = request._in_words_of(user)
                one._send_notice(user, one.env._("Delivery not approved in time: %s", picking.name), [one.env._(
                    "%s: nobody decided in time. The goods stay; submit the transfer again.", one._get_title())])

    def _void_worse_deliveries(self):
        """Void what was asked or agreed for deliveries that changed for the worse; safer changes say nothing."""
        live = self.filtered(
            lambda picking: picking.approval_state in LIVE_STATES and picking.state not in ('done', 'cancel'))
        worse = self.browse()
        for request in live._get_live_requests():
            picking = self.browse(request.res_id)
            if picking._get_worse_than_approved(picking._prepare_approval_snapshot(), request):
                worse |= picking
        worse._void_worse_documents()


class SaleApprovalPolicy(models.Model):
    _inherit = 'sale.approval.policy'

    @api.model
    @tools.ormcache()
    def _has_delivery_policies(self):
        """Whether any company approves deliveries: where none does, moving goods costs no question."""
        return bool(self.sudo().search_count([('res_model', '=', DELIVERY)], limit=1))


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _approves_deliveries(self):
        """Whether any policy about transfers is in force: asked of the cache, whenever goods move."""
        self.ensure_one()
        if not self.env['sale.approval.policy']._has_delivery_policies():
            return False
        company = self.sudo()
        return company.control_approval == 'enforce' and bool(
            self.env['sale.approval.policy']._get_rules(tuple(company.parent_ids.ids), DELIVERY))
