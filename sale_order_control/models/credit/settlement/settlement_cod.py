"""Cash on delivery: what the driver collects for a shipment, and who collected how much."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import formatLang


class CreditCollection(models.Model):
    """A fact: cash that was collected with a delivery. Never changed; a mistake is taken back by another record."""

    _name = 'credit.collection'
    _inherit = ['sale.control.fact']
    _description = "Collected on Delivery"
    _order = 'id desc'
    _rec_name = 'picking_id'

    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", required=True, readonly=True, index=True, ondelete='restrict')
    order_id = fields.Many2one(
        'sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="Negative where an earlier record was wrong.")
    received_before = fields.Monetary(
        readonly=True, help="What the books showed as paid for the order when this was collected.")
    user_id = fields.Many2one('res.users', string="Collected By", required=True, readonly=True)
    note = fields.Char(readonly=True)


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    credit_collection_ids = fields.One2many(
        'credit.collection', 'order_id', string="Collected on Delivery", groups='base.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'credit_collection_ids'}

    def _get_covered_amounts(self):
        """Work out what customers have paid or handed over, each unit once: what the books show, or what was
        collected and is not booked yet.

        :return: ``{order_id: amount}`` in the currency of each order
        """
        received = self._get_advance_received()
        covered = {}
        for order in self.sudo():
            collections = order.credit_collection_ids.sorted('id')
            collected = sum(collections.mapped('amount')) + (collections[:1].received_before or 0.0)
            covered[order.id] = max(received[order.id], collected if collections else 0.0)
        return covered


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    cod_amount = fields.Monetary(
        string="To Collect", compute='_compute_cod', compute_sudo=True, currency_field='cod_currency_id',
        groups='base.group_user',
        help="Cash to collect with this delivery, taxes included, less what was paid before.")
    cod_collected = fields.Monetary(
        string="Collected", compute='_compute_cod', compute_sudo=True, currency_field='cod_currency_id',
        groups='base.group_user')
    # Never computed from moves: Odoo would look up what depends on them twice, at every step of every move.
    cod_currency_id = fields.Many2one(related='sale_id.currency_id', groups='base.group_user')
    credit_collection_ids = fields.One2many(
        'credit.collection', 'picking_id', string="Collected on Delivery", readonly=True, groups='base.group_user')

    @api.depends('sale_id.settlement_mode', 'sale_id.amount_total', 'move_ids.quantity', 'move_ids.product_uom_qty',
                 'state', 'credit_collection_ids')
    def _compute_cod(self):
        cash = self.filtered(lambda picking: picking._is_cash_on_delivery())
        covered = cash.sale_id._get_covered_amounts() if cash else {}
        # Read for all transfers at once what each of them looks at.
        cash.sale_id.order_line.move_ids.mapped('state')
        for picking in self:
            order = picking.sale_id if picking in cash else picking.sale_id.browse()
            picking.cod_collected = sum(picking.credit_collection_ids.mapped('amount')) if order else 0.0
            picking.cod_amount = picking._get_cod_amount(covered[order.id]) if order else 0.0

    def _is_cash_on_delivery(self):
        self.ensure_one()
        order = self.sale_id
        return bool(
            order.settlement_mode == 'cod' and self.state != 'cancel' and self.picking_type_code == 'outgoing'
            and order.company_id._get_control_mode('credit') != 'off')

    def _get_cod_amount(self, covered):
        """Return what is to be collected with this delivery: the share of the order that will have been delivered
        with it, less what is covered. Services, freight and discounts go along in proportion to the goods.

        :param float covered: paid or handed over so far, in the currency of the order
        """
        self.ensure_one()
        order = self.sale_id
        goods = order.order_line.filtered(lambda line: line.product_id.type == 'consu' and line.product_uom_qty > 0)
        value = sum(goods.mapped('price_total'))
        if value <= 0:
            return 0.0
        shares = self._get_cod_shares(goods)
        delivered = sum(line.price_total * shares[line.id] for line in goods) / value
        return max(0.0, order.currency_id.round(order.currency_id.round(order.amount_total * delivered) - covered))

    def _get_cod_shares(self, goods):
        """Return which share of each order line is with the customer once this delivery is.

        :return: ``defaultdict {line_id: share}``
        """
        shares = defaultdict(float)
        for move in goods.move_ids:
            other = move.picking_id != self
            if move.state == 'cancel' or other and (
                    move.state != 'done' or self.state == 'done' and self.date_done
                    and (move.picking_id.date_done or move.date) > self.date_done):
                continue
            sign = (move.location_dest_id.usage == 'customer') - (move.location_id.usage == 'customer')
            line = move.sale_line_id
            # Parts of a kit come in their own quantities: they count by what was asked of them.
            quantity = move.quantity if move.state == 'done' or move.picked else move.product_uom_qty
            if move.product_id == line.product_id:
                whole = line.product_uom_qty
                quantity = move.product_uom._compute_quantity(quantity, line.product_uom_id, round=False)
            else:
                whole = sum(each.product_uom_qty for each in line.move_ids if each.state != 'cancel')
            shares[line.id] += sign * quantity / whole if whole else 0.0
        return shares

    def action_record_collection(self, amount, note=None):
        """Record the cash that was collected with this delivery.

        :param float amount: in the currency of the order; negative only to take a wrong record back, by a credit
            controller and with a note
        :param str note: what the office should know
        :raise AccessError: for everybody but warehouse users and credit controllers
        :raise UserError: for an amount of nothing, or more than is to be collected
        """
        self.ensure_one()
        user, controller = self.env.user, self.env.user.has_group('sale_order_control.group_credit_controller')
        if not (controller or user.has_group('stock.group_stock_user')) or user == self.env.ref('base.user_root'):
            raise AccessError(self.env._("Only the warehouse records what was collected on delivery."))
        self.check_access('read')
        picking = self.sudo()
        picking._check_collection(amount, note, controller)
        order, currency = picking.sale_id, picking.cod_currency_id
        # Nobody may write what was collected; it follows from this act, which checks who acts.
        self.env['credit.collection']._record_facts([{
            'picking_id': self.id, 'order_id': order.id, 'company_id': order.company_id.id,
            'currency_id': currency.id, 'amount': currency.round(amount), 'user_id': self.env.uid, 'note': note,
            'received_before': order._get_advance_received()[order.id],
        }])
        picking.invalidate_recordset(['cod_amount', 'cod_collected'])
        sentence = self.env._(
            "%(user)s collected %(amount)s with %(transfer)s. %(note)s", user=user.name,
            amount=formatLang(self.env, amount, currency_obj=currency), transfer=picking.name, note=note or "")
        collector = order._get_settlement_accounts().get(order.id, self.env['credit.account'])._get_collector(
            order.company_id.root_id)
        order.message_post(
            body=sentence, partner_ids=(collector - user).partner_id.ids, subtype_xmlid='mail.mt_note',
            message_type='comment')
        return True

    def _check_collection(self, amount, note, controller):
        if not self._is_cash_on_delivery():
            raise UserError(self.env._("%s is no delivery against cash.", self.name))
        compare = self.cod_currency_id.compare_amounts
        if amount < 0 and controller and (note or "").strip() and compare(-amount, self.cod_collected) <= 0:
            return
        if compare(amount, 0.0) <= 0:
            raise UserError(self.env._(
                "Enter the amount that was collected. Only a credit controller takes a wrong record back, by its "
                "negative amount and with a note."))
        if compare(amount, self.cod_amount) > 0:
            raise UserError(self.env._(
                "Only %s is to be collected with this delivery.",
                formatLang(self.env, self.cod_amount, currency_obj=self.cod_currency_id)))
