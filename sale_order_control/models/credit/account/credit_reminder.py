from odoo import models
from odoo.tools import format_date


class AccountMove(models.Model):
    """Customers are not reminded of what they dispute, nor before the day on which they promised to have paid."""

    _inherit = 'account.move'

    def _get_reminder_objections(self):
        objections = super()._get_reminder_objections()
        # Reminders are nobody's in particular: whoever makes one due need not be able to read credit records.
        moves = self.sudo()
        disputes = self.env['credit.dispute'].sudo().search([('move_id', 'in', moves.ids), ('closed_on', '=', False)])
        today = self.env['sale.order']._get_control_today()
        for company, theirs in moves.grouped(lambda move: move.company_id.root_id).items():
            accounts = self.env['credit.account'].sudo()._find(theirs.commercial_partner_id, company)
            promised = {
                account.partner_id: account.payment_promise_date for account in accounts
                if account.payment_promise_date and account.payment_promise_date >= today
            }
            for move in theirs.filtered(lambda move, promised=promised: move.commercial_partner_id in promised):
                objections[move.id] = self.env._(
                    "The customer promised to pay by %s.",
                    format_date(self.env, promised[move.commercial_partner_id]))
        for move in disputes.move_id:
            objections[move.id] = self.env._("The customer disputes %s.", move.display_name)
        return objections
