from odoo import api, fields, models


class SaleHandlingOpinionWizard(models.TransientModel):
    """What somebody writes about an overdue delivery."""

    _name = 'sale.handling.opinion.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Handling Opinion"

    case_id = fields.Many2one('sale.handling.case', required=True, readonly=True, ondelete='cascade')
    days_overdue = fields.Integer(related='case_id.days_overdue')
    due_date = fields.Date(related='case_id.due_date')
    opinion = fields.Text(string="What Is the Matter", help="Why it has not been delivered.")
    measure = fields.Text(string="What Is Done", help="Who does what, so that it is delivered or settled.")
    cause_id = fields.Many2one('sale.delivery.change.reason', string="Caused By")
    until = fields.Date(help="By when it is done. Afterwards another opinion is needed.")
    order_summary = fields.Text(compute='_compute_order_summary')

    @api.depends('case_id')
    def _compute_order_summary(self):
        today = self.env['sale.order']._get_control_today()
        for wizard in self:
            case = wizard.case_id.sudo()
            lines = case._get_overdue_lines(today) if case else ()
            wizard.order_summary = "\n".join(
                f"{line.product_uom_qty - line.qty_delivered:g} {line.product_uom_id.name} "
                f"{line.product_id.display_name}" for line in lines)

    def action_record(self):
        """Record the opinion.

        :raise UserError: if something is missing
        """
        self.ensure_one()
        self.case_id._record_opinion(self.opinion, self.measure, self.cause_id, self.until)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
