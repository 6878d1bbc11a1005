from odoo import api, models


class IrDefault(models.Model):
    """Every user may set default values for oneself: they fill no field that follows from decisions."""

    _inherit = 'ir.default'

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        defaults = super()._get_model_defaults(model_name, condition)
        unwanted = defaults and self.env[model_name]._get_undefaulted_fields() & defaults.keys()
        if not unwanted:
            return defaults
        return {name: value for name, value in defaults.items() if name not in unwanted}


class Base(models.AbstractModel):
    _inherit = 'base'

    @api.model
    def _get_undefaulted_fields(self):
        """Name the fields that no default value on record fills: of the add-on's own models, what nobody types."""
        if self._original_module != 'sale_order_control':
            return set()
        return {name for name, field in self._fields.items() if field.readonly}
