"""Orders from before their company controlled its promises: what can still be said of them once they are delivered."""

from odoo import api, models
from odoo.fields import Domain

from ...order.control_memory import control_acting


class SaleOrderLine(models.Model):
    """Delivered lines that nobody recorded facts of get them afterwards, measured against the requested day alone."""

    _inherit = 'sale.order.line'

    _without_facts_idx = models.Index("(id) WHERE due_date IS NULL AND promise_state IS NULL AND state = 'sale'")

    @api.model
    def _cron_record_history(self, limit=500):
        """Record the facts of delivered lines that have none, in companies that control their promises.

        What has facts is not found again, so that an interrupted run goes on where it stopped. A line that fails is
        logged and tried again the next time; the others go on.

        :param int limit: lines per transaction
        """
        companies = self.env['res.company'].sudo().search([('control_promise', '!=', 'off')])
        last = 0
        domain = Domain([
            ('company_id', 'in', companies.ids), ('state', '=', 'sale'), ('due_date', '=', False),
            ('promise_state', '=', False),
            ('move_ids', 'any', [('state', '=', 'done'), ('location_dest_id.usage', '=', 'customer')]),
        ])
        while lines := self.sudo().search(domain & Domain('id', '>', last), limit=limit, order='id'):
            last = lines[-1].id
            self.env['sale.control.job']._run_isolated(lines, lambda chunk: chunk._record_history())
            remaining = limit if len(lines) == limit else 0
            if not self.env['ir.cron']._commit_progress(len(lines), remaining=remaining):
                break

    def _record_history(self):
        """Record when these lines left, and whether that was on time; what is not finished is left alone.

        Requested is the day on the line or the order, or else Odoo's own delivery date; nothing was promised here.
        """
        lines = self._filter_deliverable()
        delivered, counts = lines._get_delivered_quantities(), lines._get_transfer_counts()
        finished = lines.filtered(
            lambda line: line.product_uom_id.compare(delivered[line.id], line.product_uom_qty) >= 0
            or not counts[line.id][0])
        with control_acting(self.env):
            for line in finished:
                order, zone = line.order_id, line._get_promise_warehouse()
                agreed = order.commitment_date and zone._get_promise_day(order.commitment_date)
                line.write({
                    'promise_state': 'done',
                    'confirmed_date': zone._get_promise_day(order.date_order),
                    'first_requested_date': line.wanted_date or agreed,
                })
        finished._record_delivery_dates()
        finished._record_delivery_facts()


class ResCompany(models.Model):
    _inherit = 'res.company'

    def write(self, vals):
        former = {company.id: company.control_promise for company in self} if 'control_promise' in vals else {}
        result = super().write(vals)
        if any(mode == 'off' for mode in former.values()) and vals['control_promise'] != 'off':
            self.env.ref('sale_order_control.ir_cron_delivery_history')._trigger()
        return result
