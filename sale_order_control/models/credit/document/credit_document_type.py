from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..score.credit_grade import EFFECTS


class CreditDocumentType(models.Model):
    """A kind of paper that shows who a customer is: licence, reference, guarantee letter."""

    _name = 'credit.document.type'
    _inherit = ['sale.control.cached']
    _description = "Customer Paper"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', domain="[('parent_id', '=', False)]", help="Leave empty for all companies.")
    requirement = fields.Selection(
        [('none', "Nobody"), ('new', "New customers, before their first order"), ('all', "Every customer")],
        string="Required Of", required=True, default='new',
        help="A new customer has no confirmed order yet. The conditions below narrow it down.")
    country_ids = fields.Many2many('res.country', string="Countries", help="Of the customer. Empty: every country.")
    category_ids = fields.Many2many('res.partner.category', string="Tags", help="Of the customer. Empty: all.")
    sale_type_ids = fields.Many2many('sale.control.type', string="Sales Types", help="Of the order. Empty: all.")
    has_expiry = fields.Boolean(string="Expires", default=True, help="Whether such a paper has a last day.")
    needs_scan = fields.Boolean(
        string="Scan Required", help="Such a paper is verified only when its scan is on file; a number is not enough.")
    warn_days = fields.Integer(
        string="Warn Before", default=30, help="So many days before the last day the salesperson is told once.")
    submit_effect = fields.Selection(
        EFFECTS, string="On Submission", required=True, default='approve',
        help="What a missing, unverified or expired paper does when a quotation is submitted.")
    confirm_effect = fields.Selection(EFFECTS, string="On Confirmation", required=True, default='block')
    release_effect = fields.Selection(EFFECTS, string="On Delivery", required=True, default='allow')
    advice = fields.Text(
        translate=True, help="What makes a good paper of this kind, and where to check it: read by who verifies it.")

    _warn_days_positive = models.Constraint(
        'CHECK (warn_days >= 0)', "The number of days of the warning cannot be negative.")

    @api.constrains('requirement', 'submit_effect', 'confirm_effect', 'release_effect')
    def _check_effect(self):
        for paper in self:
            effects = {paper.submit_effect, paper.confirm_effect, paper.release_effect}
            if paper.requirement != 'none' and effects == {'allow'}:
                raise ValidationError(self.env._(
                    "“%s” is required but does nothing when it is missing. Choose an effect, or require it of nobody.",
                    paper.name))

    @api.model
    @tools.ormcache()
    def _get_required_ids(self):
        """Return the ids of the papers that are required of somebody, cached: the gate asks for every order."""
        return tuple(self.sudo().search([('requirement', '!=', 'none')]).ids)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env['credit.document'].sudo().with_context(active_test=False).search_count(
                [('type_id', 'in', self.ids)], limit=1):
            raise ValidationError(self.env._("Customers have papers of this kind. Archive it instead."))

    def _applies_to(self, owner, order, is_new):
        """Whether the paper is required of a customer for an order.

        :param res.partner owner: invoiced commercial partner
        :param bool is_new: whether the customer has no confirmed order besides this one
        """
        self.ensure_one()
        return bool(
            (self.requirement == 'all' or is_new)
            and (not self.company_id or self.company_id == order.company_id.root_id)
            and (not self.country_ids or owner.country_id in self.country_ids)
            and (not self.category_ids or owner.category_id & self.category_ids)
            and (not self.sale_type_ids or order.sale_type_id in self.sale_type_ids))
