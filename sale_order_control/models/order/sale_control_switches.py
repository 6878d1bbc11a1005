from odoo import api, fields, models


class SaleControlSwitches(models.AbstractModel):
    """The settings of a company's controls, for every page that shows them.

    Labels and explanations are those of the company's fields; what is set is written to the company, which
    decides who may do so.
    """

    _name = 'sale.control.switches'
    _description = "Order Control Switches"

    company_id = fields.Many2one('res.company', required=True, default=lambda self: self.env.company)
    control_completeness = fields.Selection(related='company_id.control_completeness', readonly=False, required=True)
    control_credit = fields.Selection(related='company_id.control_credit', readonly=False, required=True)
    control_approval = fields.Selection(related='company_id.control_approval', readonly=False, required=True)
    control_promise = fields.Selection(related='company_id.control_promise', readonly=False, required=True)
    control_release = fields.Selection(related='company_id.control_release', readonly=False, required=True)
    control_amendment = fields.Selection(related='company_id.control_amendment', readonly=False, required=True)
    control_go_live = fields.Date(related='company_id.control_go_live', readonly=False)
    control_duplicate_days = fields.Integer(related='company_id.control_duplicate_days', readonly=False)

    @api.model
    def _get_view(self, view_id=None, view_type='form', **options):
        # Each explanation is written once, at the company's field.
        arch, view = super()._get_view(view_id, view_type, **options)
        names = self.env['res.company']._get_control_settings()
        helps = self.fields_get(names, ['help']) if view_type == 'form' else {}
        for setting in arch.xpath('//setting[not(@help)]') if helps else ():
            names = [field.get('name') for field in setting.iter('field')]
            if names and names[0] in helps:
                setting.set('help', helps[names[0]].get('help', ''))
        return arch, view
