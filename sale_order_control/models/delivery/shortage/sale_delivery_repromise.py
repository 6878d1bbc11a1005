import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..atp.atp_repromise import Candidate, Run, find_harmed
from ..promise.sale_order_line import WAITING_STATES

_logger = logging.getLogger(__name__)


class StockWarehouse(models.Model):
    """Promising all open lines of a warehouse anew after its supply has changed."""

    _inherit = 'stock.warehouse'

    def _get_repromise_lines(self):
        """Return the lines of confirmed orders of which something is still to be delivered, oldest order first."""
        lines = self.env['sale.order.line'].sudo().search([
            ('state', '=', 'sale'), ('promise_state', 'in', WAITING_STATES), ('warehouse_id', '=', self.id)])
        lines = lines._filter_deliverable().filtered(lambda line: line._is_anything_left())
        controlled = lines.order_id._get_promise_controlled()
        lines = lines.filtered(lambda line: line.order_id in controlled)
        return lines.sorted(lambda line: (
            line._get_promise_rank(), line.order_id.date_order, line.order_id.id, line.sequence, line.id))

    def _read_repromise(self):
        """Read all that a run needs, in a number of statements that does not grow with the lines.

        :return: ``(lines, candidates, balances, today)``
        """
        self.ensure_one()
        self._check_promise_setup()
        lines = self._get_repromise_lines()
        asks = [line._prepare_ask() for line in lines]
        for today, demands, balances in self.env['sale.delivery.atp']._read(asks, lines.ids):
            return lines, [
                Candidate(demands[line.id], line._get_promise_strategy()) for line in lines], balances, today
        return lines, [], {}, self._get_promise_today()

    def _plan_repromise(self):
        """Work out what the open lines of the warehouse could be promised now. Nothing is written.

        :return: ``{line: Outcome}``, in full rights
        """
        lines, candidates, balances, today = self._read_repromise()
        outcomes = Run(candidates, balances, today).find() if candidates else {}
        return {line: outcomes[line.id] for line in lines}

    def _repromise(self, dates, reason, note=None, automatic=False):
        """Promise lines of this warehouse anew, unless a promise that is kept now would fail by it.

        Private: callers check who may.

        :param dict dates: ``{line_id: date}``, some or all of what :meth:`_plan_repromise` found
        :param reason: the ``sale.delivery.change.reason`` of all that move
        :return: the lines that come too late for a policy: they wait for approval
        :raise UserError: naming the lines that would suffer, with nothing written
        """
        lines, candidates, balances, today = self._read_repromise()
        harmed = find_harmed(candidates, dates, balances, today)
        if harmed:
            raise UserError(self.env._(
                "This would make other promises fail: %s. Accept them as well, or take what they lean on off the list.",
                ", ".join(
                    self.env._("%(product)s of %(order)s", product=line.product_id.display_name,
                               order=line.order_id.name)
                    for line in lines if line.id in harmed)))
        return lines.filtered(lambda line: line.id in dates)._promise(dates, reason, note, automatic=automatic)

    # === NIGHTLY ===#

    @api.model
    def _cron_repromise(self):
        """Promise anew by itself where the company lets the system do so; one transaction per warehouse.

        A warehouse that fails is reported in the log; the others go on. A second run finds nothing to change.
        """
        warehouses = self.search([('company_id.repromise_by_itself', '!=', 'off')]).filtered(
            lambda warehouse: warehouse.company_id._get_control_mode('promise') != 'off')
        for number, warehouse in enumerate(warehouses, 1):
            try:
                with self.env.cr.savepoint():
                    warehouse._repromise_by_itself()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody promises from the same supply just now: the job starts again, and finds what is left.
                raise
            except Exception:
                self.env.invalidate_all()
                _logger.exception("The lines of warehouse %s could not be promised anew.", warehouse.id)
            if not self.env['ir.cron']._commit_progress(1, remaining=len(warehouses) - number):
                break

    def _repromise_by_itself(self):
        """Accept what a run finds, as far as the company lets the system."""
        causes = ('gain', 'late', 'yield') if self.company_id.sudo().repromise_by_itself == 'all' else ('gain',)
        dates = {
            line.id: outcome.day for line, outcome in self._plan_repromise().items()
            if outcome.day and outcome.cause in causes}
        if dates:
            self._repromise(
                dates, self.env.ref('sale_order_control.change_reason_supply'),
                self.env._("Promised anew by the system after supply changed."), automatic=True)
