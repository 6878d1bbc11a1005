from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

SUBJECTS = [
    ('order', "Order"),
    ('line', "Every order line"),
    ('customer', "Customer"),
    ('invoice_address', "Invoice address"),
    ('delivery_address', "Delivery address"),
]
SUBJECT_MODELS = {
    'order': 'sale.order',
    'line': 'sale.order.line',
    'customer': 'res.partner',
    'invoice_address': 'res.partner',
    'delivery_address': 'res.partner',
}

# Fields of these types say nothing when they are empty.
UNSUITABLE_TYPES = ('one2many', 'boolean', 'json', 'properties', 'properties_definition')


class SaleControlRequirement(models.Model):
    _name = 'sale.control.requirement'
    _inherit = ['sale.control.cached']
    _description = "Mandatory Order Data"
    _order = 'sequence, id'

    name = fields.Char(
        string="Sentence", translate=True, required=True,
        help="What the salesperson reads when the data is missing, e.g. \"The customer has no phone number.\"")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")
    subject = fields.Selection(SUBJECTS, string="Of", required=True, default='order')
    field_id = fields.Many2one(
        'ir.model.fields', required=True, ondelete='cascade',
        domain=f"[('model', '=', subject_model), ('ttype', 'not in', {UNSUITABLE_TYPES})]")
    subject_model = fields.Char(compute='_compute_subject_model')
    sale_type_ids = fields.Many2many(
        'sale.control.type', string="Sales Types", help="Leave empty for every sales type.")
    effect = fields.Selection(
        [('warn', "Warn"), ('block', "Block")], required=True, default='block')

    @api.depends('subject')
    def _compute_subject_model(self):
        for requirement in self:
            requirement.subject_model = SUBJECT_MODELS.get(requirement.subject)

    @api.constrains('subject', 'field_id')
    def _check_field(self):
        for requirement in self:
            if requirement.field_id.ttype in UNSUITABLE_TYPES:
                raise ValidationError(self.env._(
                    "“%s” cannot be mandatory: such a field is never empty, or holds many records.",
                    requirement.field_id.field_description))
            if requirement.field_id.model != SUBJECT_MODELS[requirement.subject]:
                raise ValidationError(self.env._(
                    "The field “%(field)s” does not belong to “%(subject)s”. Choose a field of the subject.",
                    field=requirement.field_id.field_description,
                    subject=dict(self._fields['subject']._description_selection(self.env))[requirement.subject],
                ))

    @api.model
    @tools.ormcache()
    def _get_rules(self):
        """Return the active rules as plain values, cached: the gate runs on every order.

        :return: tuple of ``(id, company id, subject, field name, sales type ids, effect)``
        """
        return tuple(
            (rule.id, rule.company_id.id, rule.subject, rule.field_id.name, frozenset(rule.sale_type_ids.ids),
             rule.effect)
            for rule in self.sudo().with_context(active_test=True).search([])
        )
