from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.rating.models.rating_data import RATING_LIMIT_OK

from ...order.control_memory import control_acting, control_memory

VISIT_STATES = [
    ('planned', "Planned"),
    ('rated', "Rated"),
    ('done', "Done"),
    ('cancelled', "Cancelled"),
]
VISIT_KINDS = [
    ('mail', "Mail"),
    ('phone', "Phone"),
    ('person', "In Person"),
]
# What was asked and answered; it stays as it is once the visit is over.
CONTENT = frozenset({'note', 'gift', 'order_id', 'partner_id', 'company_id', 'kind', 'companion_id', 'planned_on'})
# They follow from what happens and cannot be typed.
FOLLOWING = frozenset({'state', 'ended_on', 'ended_by_id', 'complaint_id'})


class SaleFollowupVisit(models.Model):
    """Asking a customer after a delivery whether all is well: by mail with a rating, by telephone, or in person."""

    _name = 'sale.followup.visit'
    _inherit = ['rating.mixin', 'mail.thread', 'mail.activity.mixin']
    _description = "Revisit"
    _order = 'planned_on desc, id desc'
    _check_company_auto = True

    order_id = fields.Many2one('sale.order', index='btree_not_null', check_company=True, ondelete='restrict')
    partner_id = fields.Many2one(
        'res.partner', string="Customer", required=True, compute='_compute_from_order', store=True, precompute=True,
        readonly=False, index=True, ondelete='restrict')
    company_id = fields.Many2one(
        'res.company', required=True, compute='_compute_from_order', store=True, precompute=True, readonly=False)
    user_id = fields.Many2one(
        'res.users', string="Salesperson", compute='_compute_from_order', store=True, precompute=True, readonly=False,
        domain="[('share', '=', False)]", index=True)
    planned_on = fields.Date(
        string="Planned For", required=True, default=lambda self: self.env['sale.order']._get_control_today())
    state = fields.Selection(VISIT_STATES, required=True, readonly=True, default='planned', copy=False, tracking=True)
    kind = fields.Selection(VISIT_KINDS, string="Way", default='mail', required=True)
    companion_id = fields.Many2one(
        'res.users', string="Together With", domain="[('share', '=', False)]",
        help="Whoever comes along, e.g. the manager at a key customer.")
    gift = fields.Char(help="What was given, if anything.")
    note = fields.Text(string="What the Customer Said")
    ended_on = fields.Datetime(string="Done", readonly=True, copy=False)
    ended_by_id = fields.Many2one('res.users', string="Done By", readonly=True, copy=False)
    rating_last_value = fields.Float(string="Rating (1 to 5)")
    complaint_id = fields.Many2one(
        'sale.complaint', readonly=True, copy=False, index='btree_not_null', help="Opened because of a low rating.")

    _order_unique = models.UniqueIndex(
        "(order_id) WHERE order_id IS NOT NULL AND state <> 'cancelled'", "There is a revisit for this order already.")
    _planned_idx = models.Index("(planned_on) WHERE state = 'planned'")

    # === COMPUTE METHODS ===#

    @api.depends('order_id')
    def _compute_from_order(self):
        for visit in self:
            order = visit.order_id
            visit.partner_id = order.partner_id or visit.partner_id
            visit.company_id = order.company_id or visit.company_id or self.env.company
            visit.user_id = order.user_id or visit.user_id or self.env.user

    @api.depends('order_id', 'partner_id')
    def _compute_display_name(self):
        for visit in self:
            visit.display_name = self.env._(
                "Revisit %s", ", ".join(filter(None, (
                    visit.partner_id.name or visit.partner_id.display_name, visit.order_id.sudo().name))))

    @api.constrains('order_id', 'partner_id')
    def _check_order(self):
        for visit in self:
            visit.order_id.check_access('read')
            order = visit.order_id.sudo()
            if order and visit.partner_id.commercial_partner_id != order.partner_id.commercial_partner_id:
                raise ValidationError(self.env._(
                    "Order %(order)s is not one of %(customer)s.", order=order.name,
                    customer=visit.partner_id.display_name))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        # Neither values nor defaults choose how it ended.
        start = {**dict.fromkeys(FOLLOWING, False), 'state': 'planned'}
        return super().create([{**vals, **start} for vals in vals_list])

    def write(self, vals):
        touched = sorted(FOLLOWING & vals.keys())
        if touched and not control_memory(self.env).acting:
            raise AccessError(self.env._("These fields follow from what happens and cannot be written: %s", ", ".join(
                touched)))
        if CONTENT & vals.keys() and not control_memory(self.env).acting:
            self._check_not_over()
        return super().write(vals)

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec == 'rating_last_value:avg':
            # Who has not answered has not rated with nothing.
            return SQL("AVG(NULLIF(%s, 0))", self._field_to_sql(self._table, 'rating_last_value', query))
        return super()._read_group_select(aggregate_spec, query)

    @api.ondelete(at_uninstall=False)
    def _unlink_planned(self):
        if any(visit.state != 'planned' or visit.rating_ids for visit in self.sudo()):
            raise UserError(self.env._("What a customer was asked stays on record. Cancel the revisit instead."))

    # === ACTIONS ===#

    def action_done(self):
        """Say that the customers were spoken to, and what they said.

        :raise UserError: without words about it
        """
        self.check_access('write')
        silent = self.filtered(lambda visit: not (visit.note or "").strip())
        if silent:
            raise UserError(self.env._("Write what the customer said: %s", ", ".join(silent.mapped('display_name'))))
        return self._end('done')

    def action_cancel(self):
        """Do without these revisits."""
        self.check_access('write')
        return self._end('cancelled')

    def action_view_complaint(self):
        """Open the complaint that the low rating opened."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sale.complaint', 'res_id': self.complaint_id.id,
            'view_mode': 'form',
        }

    def _check_not_over(self):
        ended = self.filtered(lambda visit: visit.state not in ('planned', 'rated'))
        if ended:
            raise UserError(self.env._("Over already: %s", ", ".join(ended.mapped('display_name'))))

    def _end(self, state):
        self._check_not_over()
        with control_acting(self.env):
            self.write({'state': state, 'ended_on': fields.Datetime.now(), 'ended_by_id': self.env.uid})
        return True

    # === RATING ===#

    def _get_rating_links(self):
        """Return ``[(address, picture, word)]`` of what the customer may click on: for mail templates."""
        self.ensure_one()
        base, token = self.get_base_url(), self.sudo()._rating_get_access_token()
        return [
            (f'{base}/rate/{token}/{value}', f'{base}/rating/static/src/img/rating_{value}.png', word)
            for value, word in ((5, self.env._("Happy")), (3, self.env._("Neutral")), (1, self.env._("Unhappy")))
        ]

    def rating_apply(self, rate, *args, **kwargs):
        # Odoo's page has seen the token and comes with full rights; whoever else calls this is no customer.
        if not self.env.su:
            raise AccessError(self.env._("Only the customer rates, by the link in the mail."))
        rating = super().rating_apply(rate, *args, **kwargs)
        for visit in self.filtered(lambda one: (rating.res_model, rating.res_id) == (one._name, one.id)):
            visit._follow_rating(rating)
        return rating

    def _follow_rating(self, rating):
        """Note that the customer has answered; a low rating opens a complaint, once however often it is changed."""
        visit = self.sudo()
        with control_acting(self.env):
            # Written first: of two answers at the same instant the second one starts again and sees the first.
            visit.write({
                'state': 'rated' if visit.state == 'planned' else visit.state,
                'ended_on': visit.ended_on or fields.Datetime.now(),
            })
        visit.flush_recordset()
        if rating.rating >= RATING_LIMIT_OK or not visit.company_id.followup_revisit_complaint:
            return
        if visit.complaint_id:
            return
        words = (rating.feedback or "").strip() or self.env._(
            "Rated as “unhappy” after the delivery of %s, without a word.", visit.order_id.name or "")
        # The answer stays, whatever becomes of the complaint; the customer sees no error of ours.
        self.env['sale.control.job']._run_isolated(visit, lambda one: one._open_complaint(words))

    def _open_complaint(self, words):
        """Open a complaint of the visit's company: who rates is on a page of whichever company."""
        with control_acting(self.env):
            self.complaint_id = self.env['sale.complaint'].with_company(self.company_id)._open_from_rating(
                self.order_id, self.partner_id, words)
        if self.order_id:
            self.order_id._control_event('rated_low')
