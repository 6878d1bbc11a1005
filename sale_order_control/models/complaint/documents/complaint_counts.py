from odoo import fields, models
from odoo.fields import Domain


class SaleComplaint(models.Model):
    _inherit = 'sale.complaint'

    def _count_by(self, field, records):
        """Count the complaints the user may read, per record; none where the user may read none.

        :param str field: stored field of the complaint that leads to the records
        :return: ``{record: number}`` of those that have any
        """
        if not self.has_access('read'):
            return {}
        domain = Domain(field, 'in', records.ids) & Domain('state', '!=', 'cancelled')
        return dict(self._read_group(domain, [field], ['__count']))

    def _get_list_action(self, name, domain, context=None):
        return {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': 'sale.complaint',
            'view_mode': 'list,kanban,form', 'domain': domain, 'context': context or {},
        }


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    complaint_count = fields.Integer(compute='_compute_complaint_count', groups='base.group_user')

    def _compute_complaint_count(self):
        counts = self.env['sale.complaint']._count_by('order_id', self)
        for order in self:
            order.complaint_count = counts.get(order._origin, 0)

    def action_view_complaints(self):
        """Open the complaints about the order."""
        self.ensure_one()
        self.check_access('read')
        return self.env['sale.complaint']._get_list_action(
            self.env._("Complaints about %s", self.name), [('order_id', '=', self.id)],
            {'default_order_id': self.id})


class ResPartner(models.Model):
    _inherit = 'res.partner'

    complaint_count = fields.Integer(compute='_compute_complaint_count', groups='base.group_user')

    def _compute_complaint_count(self):
        owners = self.commercial_partner_id
        counts = self.env['sale.complaint']._count_by('commercial_partner_id', owners)
        for partner in self:
            partner.complaint_count = counts.get(partner.commercial_partner_id, 0)

    def action_view_complaints(self):
        """Open the complaints of the customer."""
        self.ensure_one()
        self.check_access('read')
        return self.env['sale.complaint']._get_list_action(
            self.env._("Complaints of %s", self.commercial_partner_id.name),
            [('commercial_partner_id', '=', self.commercial_partner_id.id)], {'default_partner_id': self.id})


class ProductTemplate(models.Model):
    _inherit = 'product.template'

    complaint_count = fields.Integer(compute='_compute_complaint_count', groups='base.group_user')

    def _compute_complaint_count(self):
        lines = self.env['sale.complaint.line']
        counts = {}
        if lines.has_access('read'):
            rows = lines._read_group(
                [('product_id.product_tmpl_id', 'in', self.ids), ('complaint_id.state', '!=', 'cancelled')],
                ['product_id'], ['complaint_id:recordset'])
            for product, complaints in rows:
                template = product.product_tmpl_id
                counts[template] = counts.get(template, self.env['sale.complaint']) | complaints
        for template in self:
            template.complaint_count = len(counts.get(template._origin, ()))

    def action_view_complaints(self):
        """Open the complaints about the product."""
        self.ensure_one()
        self.check_access('read')
        return self.env['sale.complaint']._get_list_action(
            self.env._("Complaints about %s", self.name),
            [('line_ids.product_id', 'in', self.product_variant_ids.ids)])
