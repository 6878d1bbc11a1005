from odoo import api, fields, models
from odoo.exceptions import AccessError


class StockMove(models.Model):
    """A delivery that takes the place of returned goods: it fulfils the order no more than the first one did."""

    _inherit = 'stock.move'

    is_exchange = fields.Boolean(
        string="Exchange", readonly=True, help="It replaces goods that came back, and is no delivery of its own.")

    def write(self, vals):
        if 'is_exchange' in vals:
            raise AccessError(self.env._("Whether a transfer replaces returned goods cannot be changed."))
        return super().write(vals)

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | {'is_exchange'}

    @api.model
    def _prepare_merge_moves_distinct_fields(self):
        fields = super()._prepare_merge_moves_distinct_fields()
        if self.env['res.company']._is_any_promise_controlled():
            return [*fields, 'is_exchange']
        return fields

    @api.model
    def _prepare_merge_negative_moves_excluded_distinct_fields(self):
        # Who wants less needs the goods in exchange no more than the others.
        return [*super()._prepare_merge_negative_moves_excluded_distinct_fields(), 'is_exchange']


class StockRule(models.Model):
    _inherit = 'stock.rule'

    def _get_custom_move_fields(self):
        return [*super()._get_custom_move_fields(), 'is_exchange']


class StockReturnPicking(models.TransientModel):
    _inherit = 'stock.return.picking'

    def _get_proc_values(self, line):
        return {**super()._get_proc_values(line), 'is_exchange': True}
