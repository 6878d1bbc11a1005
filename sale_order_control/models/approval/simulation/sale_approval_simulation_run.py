import logging
from collections import defaultdict
from datetime import datetime, time, timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

# Orders that are judged together, and how many of them while the user waits.
CHUNK = 500
AT_ONCE = 2000


class SaleApprovalSimulation(models.Model):
    """Running: chunk by chunk, a large book in the background, where an interrupted run goes on."""

    _inherit = 'sale.approval.simulation'

    def _reset(self):
        """Forget what was found."""
        found = self.sudo().filtered(lambda simulation: simulation.state != 'draft')
        found.line_ids.unlink()
        found.figure_ids.unlink()
        found._record({'state': 'draft', 'order_count': 0, 'done_count': 0, 'last_order_id': 0})

    def _start(self, at_once=AT_ONCE):
        """Begin anew, and go on to the end unless there are too many orders to wait for.

        :param int at_once: so many orders are judged at once, more of them in the background
        """
        self.ensure_one()
        self._reset()
        count = self.env['sale.order'].sudo().search_count(self._get_order_domain())
        if not count:
            raise UserError(self.env._(
                "There are no orders to judge from %(start)s to %(end)s.", start=self.date_from, end=self.date_to))
        self._record({
            'state': 'running', 'order_count': count, 'failed_count': 0, 'unrecorded_count': 0, 'undecidable_count': 0,
            'run_on': fields.Datetime.now(), 'run_by_id': self.env.uid,
        })
        if count > at_once:
            self.env.ref('sale_order_control.ir_cron_approval_simulation').sudo()._trigger()
            return
        while self._run_chunk():
            pass
        self._finish()

    @api.model
    def _cron_run(self):
        """Go on with simulations of large books."""
        for simulation in self.search([('state', '=', 'running')], order='id'):
            while done := simulation._run_chunk():
                left = simulation.order_count - simulation.done_count
                if not self.env['ir.cron']._commit_progress(done, remaining=max(left, 1)):
                    return
            simulation._finish()
            self.env['ir.cron']._commit_progress(1)

    def _get_order_domain(self):
        """Which orders are judged: confirmed ones, and those that were submitted or judged before."""
        self.ensure_one()
        domain = Domain([
            ('company_id', '=', self.company_id.id),
            ('date_order', '>=', datetime.combine(self.date_from, time.min)),
            ('date_order', '<', datetime.combine(self.date_to + timedelta(days=1), time.min)),
        ])
        if self.quotations:
            return domain & Domain('state', '!=', 'cancel') | domain & Domain('control_log_ids', '!=', False)
        return domain & (Domain('state', '=', 'sale') | Domain('control_log_ids', '!=', False))

    # === A CHUNK ===#

    def _run_chunk(self):
        """Judge the next orders.

        :return: how many there were; 0 when all are judged
        """
        self.ensure_one()
        orders = self.env['sale.order'].sudo().search(
            self._get_order_domain() & Domain('id', '>', self.last_order_id), order='id', limit=CHUNK)
        if not orders:
            return 0
        try:
            with self.env.cr.savepoint(flush=False):
                self._judge(orders)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            # One of them cannot be judged: find out which, and do not lose the others.
            _logger.exception("Simulation %s: judging %s orders together failed", self.id, len(orders))
            self._judge_one_by_one(orders)
        self._record({'done_count': self.done_count + len(orders), 'last_order_id': orders[-1].id})
        return len(orders)

    def _judge_one_by_one(self, orders):
        for order in orders:
            try:
                with self.env.cr.savepoint(flush=False):
                    self._judge(order)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                _logger.exception("Simulation %s: order %s cannot be judged", self.id, order.name)
                self._record({'failed_count': self.failed_count + 1})

    def _judge(self, orders):
        situations = orders._get_past_situations(self.count_warned)
        policies = {
            'before': self.policy_ids._get_in_force(self.company_id)._prepare_own_rules(),
            'after': self.policy_ids._prepare_candidate_rules(),
        }
        found = orders._simulate_policies(policies, situations)
        waits = self._get_waits()
        lines = [
            self._prepare_line(order, side, found, situations[order.id][0].day, waits)
            for order in orders for side in ('before', 'after') if order.id in found[side]
        ]
        self.env['sale.approval.simulation.line'].create(lines)
        self._record({
            'unrecorded_count':
                self.unrecorded_count + sum(not own[0].recorded for own in situations.values()),
            'undecidable_count':
                self.undecidable_count + sum(judgement.undecidable for judgement in found['after'].values()),
        })

    def _get_waits(self):
        policies = self.policy_ids | self.policy_ids._get_in_force(self.company_id)
        return policies.level_ids._get_usual_working_waits(self.company_id)

    def _prepare_line(self, order, side, found, day, waits):
        judgement = found[side][order.id]
        stages = defaultdict(float)
        for level in judgement.levels:
            # Levels of one stage wait at the same time: the slowest one counts.
            stages[level.sequence] = max(stages[level.sequence], waits[level.level_id].hours)
        return {
            'simulation_id': self.id,
            'order_id': order.id,
            'order_name': order.name,
            'partner_name': order.partner_id.display_name,
            'date': day,
            'currency_id': order.currency_id.id,
            'amount_untaxed': order.amount_untaxed,
            'side': side,
            'change': self._get_change(order.id, found),
            'policy_ids': [Command.set(list(judgement.policy_ids))],
            'level_ids': [Command.set([level.level_id for level in judgement.levels])],
            'user_ids': [Command.set(list({user_id for level in judgement.levels for user_id in level.user_ids}))],
            'plan': [[level.name, level.needed, list(level.user_ids)] for level in judgement.levels],
            'decisions': sum(level.needed for level in judgement.levels),
            'wait_hours': sum(stages.values()),
        }

    @api.model
    def _get_change(self, order_id, found):
        if order_id not in found['before']:
            return 'new'
        if order_id not in found['after']:
            return 'gone'
        people = [
            [(level.name, level.user_ids, level.needed) for level in found[side][order_id].levels]
            for side in ('before', 'after')]
        return 'same' if people[0] == people[1] else 'other'

    # === SUMMING UP ===#

    def _finish(self):
        """Sum up what was found of the orders."""
        self.ensure_one()
        lines = self.env['sale.approval.simulation.line']
        mine = [('simulation_id', '=', self.id)]
        sides = {
            side: (count, decisions, hours) for side, count, decisions, hours in lines._read_group(
                mine, ['side'], ['__count', 'decisions:sum', 'wait_hours:sum'])}
        changes = {
            (side, change): count for side, change, count in lines._read_group(mine, ['side', 'change'], ['__count'])}
        before, after = sides.get('before', (0, 0, 0.0)), sides.get('after', (0, 0, 0.0))
        self.env['sale.approval.simulation.figure'].create(self._prepare_figures())
        self._record({
            'state': 'done',
            'order_count': self.done_count,
            'before_count': before[0],
            'after_count': after[0],
            'before_work': before[1] * self.minutes / 60,
            'after_work': after[1] * self.minutes / 60,
            'before_wait': before[2],
            'after_wait': after[2],
            'new_count': changes.get(('after', 'new'), 0),
            'gone_count': changes.get(('before', 'gone'), 0),
            'other_count': changes.get(('after', 'other'), 0),
        })

    def _count_by_kind(self):
        """Count orders and decisions per policy, level and approver.

        :return: ``{kind: {key: {side: [orders, decisions]}}}``; keys are policy ids, names of levels, and pairs of
            such a name and a user id
        """
        counts = {kind: defaultdict(lambda: defaultdict(lambda: [0, 0.0])) for kind in ('policy', 'level', 'approver')}
        lines = self.env['sale.approval.simulation.line'].search_fetch(
            [('simulation_id', '=', self.id)], ['side', 'plan', 'decisions', 'policy_ids'])
        for line in lines:
            keys = [('policy', policy_id, line.decisions) for policy_id in line.policy_ids._ids]
            for name, needed, user_ids in line.plan:
                keys.append(('level', name, needed))
                keys += [('approver', (name, user_id), needed / len(user_ids)) for user_id in user_ids]
            for kind, key, decisions in keys:
                figures = counts[kind][key][line.side]
                figures[0] += 1
                figures[1] += decisions
        return counts

    def _prepare_figures(self):
        counts = self._count_by_kind()
        waits = self._get_waits()
        policies = self.env['sale.approval.policy'].browse(counts['policy']).sorted()
        values = [
            {**self._prepare_figure('policy', place, policy.name, counts['policy'][policy.id]), 'policy_id': policy.id}
            for place, policy in enumerate(policies)]
        levels = (self.policy_ids | self.policy_ids._get_in_force(self.company_id)).level_ids
        users = {user.id: user for user in self.env['res.users'].browse({key[1] for key in counts['approver']})}
        for place, (name, own) in enumerate(levels.sorted('sequence').grouped('name').items()):
            if name not in counts['level']:
                continue
            # Of levels with one name, the one with the most experience speaks.
            wait = max((waits[level.id] for level in own), key=lambda wait: (wait.source == 'level', wait.decisions))
            base = {
                'level_ids': [Command.set(own.ids)], 'wait_hours': wait.hours, 'wait_source': wait.source,
                'wait_decisions': wait.decisions}
            values.append({**self._prepare_figure('level', place, name, counts['level'][name]), **base})
            values += [
                {**self._prepare_figure('approver', place, f"{name}: {users[user_id].name}", figures), **base,
                 'user_id': user_id}
                for (level_name, user_id), figures in counts['approver'].items() if level_name == name]
        return values

    def _prepare_figure(self, kind, sequence, name, figures):
        return {
            'simulation_id': self.id,
            'kind': kind,
            'sequence': sequence,
            'name': name,
            'before_count': figures['before'][0],
            'after_count': figures['after'][0],
            'after_share': 100 * figures['after'][0] / (self.done_count or 1),
            'work_hours': figures['after'][1] * self.minutes / 60,
        }
