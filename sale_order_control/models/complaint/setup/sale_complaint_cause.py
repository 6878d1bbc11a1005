from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SaleComplaintCause(models.Model):
    """Why something went wrong: a tree, so that statistics can be read at every level of it."""

    _name = 'sale.complaint.cause'
    _description = "Complaint Cause"
    _parent_store = True
    _order = 'complete_name'
    _rec_name = 'complete_name'

    name = fields.Char(required=True, translate=True)
    code = fields.Char()
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one('sale.complaint.cause', string="Part of", index=True, ondelete='restrict')
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many('sale.complaint.cause', 'parent_id', string="Finer Causes")
    complete_name = fields.Char(
        string="Cause", compute='_compute_complete_name', store=True, recursive=True)

    @api.depends('name', 'parent_id.complete_name')
    def _compute_complete_name(self):
        for cause in self:
            cause.complete_name = f"{cause.parent_id.complete_name} / {cause.name}" if cause.parent_id else cause.name

    @api.constrains('parent_id')
    def _check_tree(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A cause cannot be part of itself."))
