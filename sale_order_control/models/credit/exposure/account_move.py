from odoo import models
from odoo.tools import formatLang


class AccountMove(models.Model):
    _inherit = 'account.move'

    # === HOLDS ===#

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted._recheck_credit_holds(posted.line_ids.filtered(lambda line: line.balance < 0))
        return posted

    def _recheck_credit_holds(self, lines):
        """Look again at the orders on hold of the customers whose receivable these lines lower."""
        companies = self.company_id.sudo().root_id.filtered(lambda company: company.control_credit != 'off')
        if not companies:
            return
        received = lines.sudo().filtered(lambda line: line.account_id.account_type == 'asset_receivable')
        accounts = self.env['credit.account'].sudo()
        for company, theirs in received.grouped(lambda line: line.company_id.root_id).items():
            owners = theirs.partner_id.commercial_partner_id
            if owners and company in companies:
                accounts |= accounts._find(owners, company)
        accounts._recheck_holds(self.env._("A payment or credit note came in."), later=True)

    # === ODOO'S OWN BANNER ===#

    def _build_credit_warning_message(self, record, current_amount=0.0, exclude_current=False, exclude_amount=0.0):
        """Say the same as the credit account where credit control is on: one limit, one exposure.

        Odoo's own figures leave out what is not delivered yet and count down payments twice.
        """
        company = record.company_id.sudo().root_id
        if company.control_credit == 'off':
            return super()._build_credit_warning_message(
                record, current_amount=current_amount, exclude_current=exclude_current, exclude_amount=exclude_amount)
        if record._name == 'sale.order':
            return record._get_credit_banner()
        partner = record.partner_id.commercial_partner_id
        if not partner or record.move_type not in ('out_invoice', 'out_receipt'):
            return ''
        limit = self.env['credit.account']._get_limits_by_owner(partner, company)[partner.id]
        if limit.kind == 'none':
            return ''
        # A draft that is saved is part of the exposure already.
        total = self.env['credit.account']._read_positions(partner, company)[partner.id].total
        if not record._origin:
            total += current_amount
        return self._word_credit_banner(partner, total, limit.effective, company.currency_id)

    def _word_credit_banner(self, partner, total, limit, currency):
        if currency.compare_amounts(total, limit) <= 0:
            return ''
        return self.env._(
            "%(partner)s would owe %(total)s including this document, over the limit of %(limit)s.",
            partner=partner.name, total=formatLang(self.env, total, currency_obj=currency),
            limit=formatLang(self.env, limit, currency_obj=currency))
