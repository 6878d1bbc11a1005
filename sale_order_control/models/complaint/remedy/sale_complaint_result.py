from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_memory


class SaleComplaintResult(models.AbstractModel):
    """A document that was made of a remedy: it says which complaint it settles, and nobody writes that by hand."""

    _name = 'sale.complaint.result'
    _description = "Document Made of a Remedy"

    complaint_remedy_id = fields.Many2one(
        'sale.complaint.remedy', string="Remedy", readonly=True, copy=False, index='btree_not_null',
        ondelete='restrict', groups='base.group_user')
    complaint_id = fields.Many2one(
        related='complaint_remedy_id.complaint_id', string="Complaint", related_sudo=True, groups='base.group_user')

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get('complaint_remedy_id') for vals in vals_list):
            self._refuse_remedy_link()
        if 'default_complaint_remedy_id' in self.env.context:
            self = self.with_context(default_complaint_remedy_id=False)
        return super().create(vals_list)

    def write(self, vals):
        if 'complaint_remedy_id' in vals:
            self._refuse_remedy_link()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_result(self):
        kept = self.filtered(lambda document: document.sudo()._is_remedy_result())
        if kept:
            raise UserError(self.env._(
                "%s was made of a remedy and cannot be deleted. Cancel it instead.",
                ", ".join(kept.mapped('display_name'))))

    def _is_remedy_result(self):
        """Whether a remedy was carried out by this document; in sudo."""
        self.ensure_one()
        return bool(self.complaint_remedy_id)

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | {'complaint_remedy_id'}

    @api.model
    def _refuse_remedy_link(self):
        if not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "Documents of a remedy are made by carrying it out: the link cannot be written."))

    def action_view_complaint(self):
        """Open the complaint that the document settles, for those who may read it."""
        self.ensure_one()
        complaint = self.sudo().complaint_remedy_id.complaint_id.with_env(self.env)
        complaint.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'sale.complaint',
            'res_id': complaint.id,
            'view_mode': 'form',
        }


class SaleOrder(models.Model):
    _name = 'sale.order'
    _inherit = ['sale.order', 'sale.complaint.result']

    # What the database itself holds against: two documents of one remedy, whoever makes them.
    _complaint_remedy_once = models.UniqueIndex(
        "(complaint_remedy_id) WHERE complaint_remedy_id IS NOT NULL AND state != 'cancel'",
        "The replacement of this remedy was ordered already.")

    def _is_remedy_result(self):
        return super()._is_remedy_result() or bool(self.complaint_discount_ids)


class StockPicking(models.Model):
    _name = 'stock.picking'
    _inherit = ['stock.picking', 'sale.complaint.result']

    _complaint_remedy_once = models.UniqueIndex(
        "(complaint_remedy_id, return_id) WHERE complaint_remedy_id IS NOT NULL AND state != 'cancel'",
        "The goods of this remedy are called back already.")


class AccountMove(models.Model):
    _name = 'account.move'
    _inherit = ['account.move', 'sale.complaint.result']

    _complaint_remedy_once = models.UniqueIndex(
        "(complaint_remedy_id, COALESCE(reversed_entry_id, 0)) "
        "WHERE complaint_remedy_id IS NOT NULL AND state != 'cancel'",
        "This remedy was credited already.")


class SaleComplaintRemedy(models.Model):
    """The documents of a remedy, found from either side."""

    _inherit = 'sale.complaint.remedy'

    replacement_order_ids = fields.One2many(
        'sale.order', 'complaint_remedy_id', readonly=True)
    return_ids = fields.One2many('stock.picking', 'complaint_remedy_id', string="Returns", readonly=True)
    credit_note_ids = fields.One2many('account.move', 'complaint_remedy_id', readonly=True)
    discount_order_id = fields.Many2one(
        'sale.order', string="Used in Order", readonly=True, copy=False, index='btree_not_null', ondelete='set null')
    # Documents of apps that need not be installed.
    result_model = fields.Char(readonly=True, copy=False)
    result_ids = fields.Json(readonly=True, copy=False)
    result_count = fields.Integer(string="Documents", compute='_compute_result_count', compute_sudo=True)

    def _compute_result_count(self):
        for remedy in self:
            remedy.result_count = sum(len(records) for records in remedy._get_results())

    def _get_results(self):
        """Return the documents made of the remedy: a list of recordsets in sudo, none of them empty."""
        self.ensure_one()
        remedy = self.sudo()
        results = [remedy.replacement_order_ids, remedy.return_ids, remedy.credit_note_ids, remedy.discount_order_id]
        if remedy.result_model and remedy.result_model in self.env:
            results.append(self.env[remedy.result_model].sudo().browse(remedy.result_ids or ()).exists())
        return [records for records in results if records]

    def _get_live_results(self):
        """Return the documents of the remedy that were not cancelled: a list of recordsets in sudo."""
        live = [records.filtered(lambda one: one.state != 'cancel') for records in self._get_results()]
        return [records for records in live if records]

    def action_open(self):
        """Open the remedy itself."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': self._name,
            'res_id': self.id,
            'view_mode': 'form',
        }

    def action_view_results(self):
        """Open what was made of the remedy, for those who may read it."""
        self.ensure_one()
        self.check_access('read')
        results = self._get_results()
        readable = [found for found in (
            records.with_env(self.env)._filtered_access('read') for records in results) if found]
        if not readable:
            raise AccessError(self.env._("These documents are read in their own apps; you have no access to them."))
        records = readable[0]
        action = {
            'type': 'ir.actions.act_window',
            'name': self.display_name,
            'res_model': records._name,
            'view_mode': 'list,form',
            'domain': [('id', 'in', records.ids)],
        }
        if len(records) == 1:
            action.update(view_mode='form', res_id=records.id)
        return action
