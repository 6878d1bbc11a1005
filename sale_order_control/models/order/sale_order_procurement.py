import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from .control_issue import ControlStatus
from .control_memory import control_acting, control_memory, control_scope

_logger = logging.getLogger(__name__)

SUPPLY_RANK = 12
# What in a caller's context would keep stock rules from doing what is asked of them.
LAUNCH_CONTEXT = {'skip_procurement': False, 'accrual_entry_date': False}


class SaleOrder(models.Model):
    """Confirmed orders for which nothing is bought, made or reserved yet, and how they go on."""

    _inherit = 'sale.order'

    control_procurement_hold = fields.Text(
        string="Supply Waits For", readonly=True, copy=False, groups='base.group_user',
        help="What clears the supply of this confirmed order. Until then nothing is bought, made or reserved for it.")

    _control_procurement_hold_index = models.Index("(id) WHERE control_procurement_hold IS NOT NULL")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'control_procurement_hold'}

    # === HOLDING ===#

    def _get_procure_judged(self):
        """Filter the orders that a room judges before stock rules buy or make.

        Rooms with a rule at *procure* add theirs; where no room does, supply costs no question.
        """
        return self.browse()

    def _control_hold_procurement(self, issues):
        """Mark confirmed orders whose supply waits, and say what clears it. Nothing is refused.

        :param dict issues: result of the gate at *procure*
        """
        newly = self.filtered(lambda order: not order.control_procurement_hold)
        for order in self:
            order._write_procurement_hold([issue.clears or issue.message for issue in issues[order.id] if issue.stops])
        if newly:
            newly._control_log('procure_held', issues, checkpoint='procure')
            newly._control_event('procure_held')

    def _filter_supply_kept_back(self):
        """Filter the orders of which a line asks for more than stock rules were asked for."""
        return self.filtered(lambda order: any(order.order_line.mapped('control_procurement_held')))

    def _control_log_procure_told(self, issues):
        """Record what the rules said of orders whose supply goes on."""
        self.filtered(lambda order: issues[order.id])._control_log('checked', issues, checkpoint='procure')

    def _write_procurement_hold(self, sentences):
        """Write what the supply of these orders waits for; nothing when it waits no more."""
        hold = "\n".join(dict.fromkeys(sentences)) or False
        orders = self.sudo().filtered(lambda order: order.control_procurement_hold != hold)
        with control_acting(self.env):
            orders.control_procurement_hold = hold
            if not hold:
                orders.order_line.filtered('control_procurement_held').control_procurement_held = False

    # === GOING ON ===#

    def _control_resume_procurement(self):
        """Launch the supply of the orders whose cause to wait is gone; the others go on waiting.

        Called by rooms when something happened that may clear it (a payment, a release), by the button and
        by a scheduled job. What is missing is launched exactly once, however often its quantity changed
        meanwhile. Never fails: an order whose stock rules fail goes on waiting and says why.

        :return: the orders whose supply was launched
        """
        waiting = self.sudo().filtered(lambda order: order.control_procurement_hold and order.state == 'sale')
        if not waiting:
            return self.browse()
        control_memory(self.env).issues.clear()
        with control_scope(self.env):
            issues = waiting._get_control_issues('procure')
            held = waiting._get_held(issues)
            held._control_hold_procurement(issues)
            launched = (waiting - held)._control_try_launch()
            if launched:
                launched._control_log('procured', issues, checkpoint='procure')
                launched._control_event('procured')
        return self.browse(launched.ids)

    def _control_try_launch(self):
        """Launch the marked lines of these orders: together, or one by one if one of them fails.

        :return: the orders that were launched
        """
        try:
            with self.env.cr.savepoint():
                self._control_launch_held_lines()
            return self
        except psycopg2.OperationalError:
            # A rival transaction was faster: the whole call is tried again.
            raise
        except Exception as error:
            if len(self) > 1:
                return self.browse().union(*(order._control_try_launch() for order in self))
            _logger.warning("The supply of %s could not be launched", self.name, exc_info=True)
            reason = str(error) if isinstance(error, UserError) else self.env._("Stock rules fail, see the server log.")
            self._write_procurement_hold([reason])
            return self.browse()

    def _control_launch_held_lines(self):
        """Launch what the marked lines of these orders still miss, and take the marks away."""
        lines = self.order_line.filtered('control_procurement_held').with_context(**LAUNCH_CONTEXT)
        missing = lines.filtered(lambda line: line._compare_procurement() > 0)
        self._write_procurement_hold(())
        # Odoo launches nothing for a locked order; this one was confirmed with its supply left open.
        locked = missing.order_id.filtered('locked')
        locked.locked = False
        missing._action_launch_stock_rule()
        missing._purchase_service_generation()
        locked.locked = True

    def action_resume_procurement(self):
        """Check again what the supply of these orders waits for, and launch it where that is cleared.

        :raise UserError: with all reasons, if none of them can go on
        """
        self.check_access('write')
        waiting = self.filtered('control_procurement_hold')
        if waiting and not waiting._control_resume_procurement():
            raise UserError("\n".join(
                self.env._("%(order)s waits: %(cause)s", order=order.display_name, cause=order.control_procurement_hold)
                for order in waiting))
        return True

    @api.model
    def _cron_resume_procurement(self, limit=200):
        """Check all orders whose supply waits: none waits longer than its cause.

        :param int limit: orders per transaction
        """
        order_ids = self.search([('control_procurement_hold', '!=', False), ('state', '=', 'sale')]).ids
        for start in range(0, len(order_ids), limit):
            chunk = self.browse(order_ids[start:start + limit])
            chunk._control_resume_procurement()
            if not self.env['ir.cron']._commit_progress(len(chunk), remaining=len(order_ids) - start - len(chunk)):
                break

    # === WHAT USERS SEE ===#

    def _get_control_statuses(self):
        statuses = super()._get_control_statuses()
        for order in self:
            if order.control_procurement_hold and order.state == 'sale':
                statuses[order.id].append(ControlStatus(
                    SUPPLY_RANK, 'supply', self.env._(
                        "Nothing is bought, made or reserved yet. %s",
                        " ".join(order.control_procurement_hold.splitlines()))))
        return statuses

    def _get_control_sections(self, issues):
        sections = super()._get_control_sections(issues)
        if self.control_procurement_hold and self.state == 'sale':
            found = [issue for issue in self._get_control_issues('procure')[self.id] if issue.stops]
            told = {issue.message for area in issues.values() for issue in area}
            other = [issue for issue in found if issue.message not in told]
            if found and not other:
                # Its own area has said already what is wrong and what clears it.
                return [*sections, self._prepare_control_section(
                    'supply', self.env._("Supply"), (),
                    self.env._("Nothing is bought, made or reserved until what is said above is cleared."),
                    tone='danger')]
            sections.append(self._prepare_control_section(
                'supply', self.env._("Supply"), other,
                self.env._("Nothing is in the way any more, “Start Supply” launches it. It waited for: %s",
                           self.control_procurement_hold),
                tone='info', who=self.env._("Nothing is bought, made or reserved until then.")))
        return sections
