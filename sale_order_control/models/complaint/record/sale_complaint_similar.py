from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

SIMILAR_MONTHS = 12


class SaleComplaint(models.Model):
    """Whether the same was complained about before: by the same customer, or about the same lot by anybody."""

    _inherit = 'sale.complaint'

    similar_ids = fields.Many2many(
        'sale.complaint', string="Similar Complaints", compute='_compute_similar_ids', groups='base.group_user',
        help="Of the last twelve months: same customer with the same order, delivery or product, or the same lot.")
    similar_summary = fields.Char(compute='_compute_similar_ids', groups='base.group_user')

    @api.depends('partner_id', 'order_id', 'picking_id', 'line_ids.product_id', 'line_ids.lot_id')
    def _compute_similar_ids(self):
        for complaint in self:
            facts = complaint._get_similarity_facts()
            similar = self._find_similar(facts, complaint._origin)
            complaint.similar_ids = similar
            complaint.similar_summary = similar._word_similar(facts)

    def _get_similarity_facts(self):
        """Return what makes another complaint similar to this one."""
        self.ensure_one()
        return {
            'partner': self.partner_id.commercial_partner_id, 'order': self.order_id, 'picking': self.picking_id,
            'products': self.line_ids.product_id, 'lots': self.line_ids.lot_id,
            'company': self.company_id or self.env.company,
        }

    @api.model
    def _find_similar(self, facts, but=None):
        """Return the complaints, of those the user may read, that are like this one.

        :param dict facts: records under ``partner``, ``order``, ``picking``, ``products``, ``lots``, ``company``
        :param but: complaint that is compared
        """
        same = Domain.FALSE
        if facts['lots']:
            same |= Domain('line_ids.lot_id', 'in', facts['lots'].ids)
        if facts['order']:
            same |= Domain('order_id', '=', facts['order'].id)
        if facts['picking']:
            same |= Domain('picking_id', '=', facts['picking'].id)
        if facts['partner'] and facts['products']:
            same |= Domain('commercial_partner_id', '=', facts['partner'].id) & Domain(
                'line_ids.product_id', 'in', facts['products'].ids)
        if same.is_false():
            return self.browse()
        since = fields.Datetime.now() - relativedelta(months=SIMILAR_MONTHS)
        return self.search(
            same & Domain('company_id', '=', facts['company'].id) & Domain('state', '!=', 'cancelled')
            & Domain('received_on', '>=', since) & Domain('id', 'not in', but.ids if but else []), limit=10)

    def _word_similar(self, facts):
        """Word in one sentence which complaints are similar, and how."""
        words = []
        for complaint in self:
            if complaint.line_ids.lot_id & facts['lots']:
                how = self.env._("same lot")
            elif facts['picking'] and complaint.picking_id == facts['picking']:
                how = self.env._("same delivery")
            elif facts['order'] and complaint.order_id == facts['order']:
                how = self.env._("same order")
            else:
                how = self.env._("same customer and product")
            words.append(f"{complaint.name} ({how})")
        return ", ".join(words) or False

    def action_view_similar(self):
        """Open the similar complaints."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window', 'name': self.env._("Similar to %s", self.name),
            'res_model': 'sale.complaint', 'view_mode': 'list,form', 'domain': [('id', 'in', self.similar_ids.ids)],
        }
