from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CreditOwned(models.AbstractModel):
    """A record about one customer of one main company: never about a contact of it, or a branch."""

    _name = 'credit.owned'
    _description = "Record of a Customer's Credit"

    partner_id = fields.Many2one(
        'res.partner', string="Customer", required=True, index=True, ondelete='restrict',
        domain="[('parent_id', '=', False)]")
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False)]")

    @api.constrains('partner_id', 'company_id')
    def _check_owner(self):
        for record in self:
            partner, company = record.partner_id, record.company_id
            if partner != partner.commercial_partner_id:
                raise ValidationError(self.env._(
                    "%(contact)s is a contact of %(company)s: choose %(company)s, to whom credit is given.",
                    contact=partner.name, company=partner.commercial_partner_id.name))
            if company.parent_id:
                raise ValidationError(self.env._(
                    "Credit is given by the main company %(root)s, not by its branch %(branch)s: choose %(root)s.",
                    root=company.root_id.name, branch=company.name))
