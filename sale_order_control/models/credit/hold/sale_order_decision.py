from odoo import Command, fields, models

from ...order.control_memory import control_acting, control_memory

EVENT_CHECKPOINTS = {'submitted': 'submit', 'confirmed': 'confirm', 'parked': 'confirm', 'released': 'release'}


class SaleOrder(models.Model):
    """Every credit check that counts becomes a decision, and the order shows the last one."""

    _inherit = 'sale.order'

    # === CHECKS ===#

    def _control_event(self, name):
        super()._control_event(name)
        if name in EVENT_CHECKPOINTS:
            checkpoint = EVENT_CHECKPOINTS[name]
            self._with_control('credit', checkpoint)._record_credit_checks(
                checkpoint, self._get_control_issues(checkpoint)
            )
        elif name in ('cancelled', 'reopened'):
            self._end_credit_releases()
            self._recheck_credit_of_customers(self.env._("An order of the customer was cancelled."))

    def _control_note_blocked(self, issues):
        noted = self._with_control('credit').filtered(
            lambda order: any(issue.area == 'credit' and issue.stops for issue in issues[order.id]))
        if noted:
            noted._control_log('submitted', issues, checkpoint='submit')
            # Who looks after holds has it now: this records the check as well.
            noted._control_event('submitted')
        return super()._control_note_blocked(issues) | noted

    def _record_credit_checks(self, checkpoint, issues, grown=False):
        """Record what a check that counts said, and show it on the orders.

        :param str checkpoint: ``submit``, ``confirm`` or ``release``
        :param dict issues: result of the gate
        :param bool grown: a confirmed order grew; it is judged as at its confirmation
        """
        checks = self._get_credit_checks(checkpoint) if grown else self._get_remembered_credit_checks(checkpoint)
        accounts = self._get_credit_accounts(checks)
        rows, states = [], {}
        # As the figures were worked out: the last decision has the excess of all.
        for order in self.sudo().sorted('id'):
            check, account = checks[order.id], accounts[order.id]
            found = [issue for issue in issues[order.id] if issue.area == 'credit']
            held = any(issue.stops for issue in found)
            row = order._prepare_credit_decision(account, checkpoint, check, found, held)
            rows.append({**row, 'checkpoint': 'growth'} if grown else row)
            states[order.id] = order._prepare_credit_state(account, check, found)
        if rows:
            # Nobody may write decisions; they follow from the acts of users.
            self.env['credit.decision']._record_facts(rows)
            self._write_credit_states(states)

    def _get_remembered_credit_checks(self, checkpoint):
        """Return the figures of the evaluation that the event follows from; work them out if it is gone."""
        facts = control_memory(self.env).facts
        keys = {order_id: ('credit', checkpoint, order_id) for order_id in self.ids}
        if all(key in facts for key in keys.values()):
            return {order_id: facts[key] for order_id, key in keys.items()}
        return self._get_credit_checks(checkpoint)

    def _get_credit_accounts(self, checks):
        """Return the account of each order, made where missing: ``{order_id: credit.account}``."""
        accounts = {order_id: check.account for order_id, check in checks.items()}
        missing = self.sudo().filtered(lambda order: not accounts[order.id])
        for company, orders in missing.grouped(lambda order: order.company_id.root_id).items():
            partners = self.env['res.partner'].browse({checks[order.id].partner.id for order in orders})
            made = {
                account.partner_id.id: account
                for account in self.env['credit.account']._for_partners(partners, company)
            }
            accounts.update({order.id: made[checks[order.id].partner.id] for order in orders})
        return accounts

    def _prepare_credit_decision(self, account, checkpoint, check, found, held):
        self.ensure_one()
        mode = self.company_id._get_control_mode('credit', checkpoint)
        return account._prepare_decision(
            'held' if held else 'passed', checkpoint, order_id=self.id, mode=mode,
            user_id=self.env.uid,
            order_amount=check.amount, excess=check.excess,
            figures={
                **check.to_json(),
                # Whether somebody had to be asked: what was merely told is not agreed to.
                'agreed': mode == 'enforce' and check.grade._get_effect('confirm') in ('approve', 'block'),
                # What passed by a release with a last day is agreed to until then.
                'agreed_until': self._get_credit_agreed_until(check),
            },
            issues=[
                {'code': issue.code, 'effect': issue.effect, 'would': issue.would, 'message': issue.message,
                 'figures': issue.figures}
                for issue in found
            ])

    def _get_credit_agreed_until(self, check):
        """Return the last day of what is agreed to with this check as text, empty for no end."""
        until = fields.Date.to_string(check.release.until) or '' if check.release else ''
        return until or ('' if check.needs_credit else check.accepted.get('until', ''))

    def _prepare_credit_state(self, account, check, found):
        """Return what the order shows of a check."""
        self.ensure_one()
        stopping = [issue for issue in found if issue.stops]
        if not stopping:
            state = 'released' if check.release else 'watch' if found else 'ok'
            return {
                **self._prepare_no_credit_hold(), 'credit_account_id': account.id, 'credit_state': state,
            }
        return {
            'credit_account_id': account.id,
            'credit_state': 'hold',
            'credit_hold_effect': 'approve' if all(issue.askable for issue in stopping) else 'block',
            'credit_hold_reason': self._word_credit_hold(stopping, check),
            'credit_hold_since': self.credit_hold_since or self._get_control_now(),
            'credit_hold_amount': check.amount,
            'credit_clear_amount': self._get_credit_clear_amount(stopping),
            'credit_hold_reason_ids': self.env['credit.hold.reason']._get_ids(issue.code for issue in stopping),
        }

    def _word_credit_hold(self, stopping, check):
        """Say why an order is on hold, a line per reason, and what would clear all of them."""
        lines = [f"{issue.message} {issue.clears}".rstrip() for issue in stopping]
        amount = self._get_credit_clear_amount(stopping)
        if len(stopping) > 1 and amount:
            lines.append(self.env._(
                "A payment of %s clears all of it.", self._format_credit(amount, check.currency)))
        return "\n".join(lines)

    def _prepare_no_credit_hold(self):
        """Return the fields of a hold for an order that has none."""
        return {
            'credit_hold_effect': False, 'credit_hold_reason': False, 'credit_hold_since': False,
            'credit_hold_amount': 0.0, 'credit_clear_amount': 0.0, 'credit_hold_reason_ids': (),
            'credit_handler_id': False,
        }

    def _write_credit_states(self, states):
        """Write the orders' credit fields, those that get the same together.

        :param dict states: ``{order_id: values}``
        """
        def current(order, name):
            if name == 'credit_hold_reason_ids':
                # Only orders on hold have reasons: the others cost no query.
                return tuple(sorted(order[name].ids)) if order.credit_state == 'hold' else ()
            value = order[name]
            return value.id if name in ('credit_account_id', 'credit_handler_id') else value
        groups = {}
        for order in self.sudo():
            changed = {name: value for name, value in states[order.id].items() if current(order, name) != value}
            if changed:
                key = tuple(sorted(changed.items(), key=lambda item: item[0]))
                groups.setdefault(key, []).append(order.id)
        with control_acting(self.env):
            for key, order_ids in groups.items():
                values = dict(key)
                if 'credit_hold_reason_ids' in values:
                    values['credit_hold_reason_ids'] = [Command.set(values['credit_hold_reason_ids'])]
                self.browse(order_ids).sudo().write(values)

    def _end_credit_releases(self):
        """An order that is cancelled or opened again starts anew: its release ends, its hold is no more.

        A refusal stays: what a controller refused comes back as refused, until a controller decides anew.
        """
        orders = self.sudo().filtered(lambda order: order.credit_state != 'none')
        released = orders.filtered('credit_account_id')
        accounts = released.credit_account_id
        if released:
            in_force = accounts._read_credit_decisions(released).by_order
            self.env['credit.decision']._record_facts([
                order.credit_account_id._prepare_decision(
                    'revoked', order_id=order.id, user_id=self.env.uid,
                    reason=self.env._("The order was cancelled or set to quotation again."))
                for order in released if order.id in in_force and in_force[order.id].result == 'released'
            ])
        orders._write_credit_states(
            {
                order.id: {**order._prepare_no_credit_hold(), 'credit_state': 'none'} for order in orders
            }
        )
        orders._end_credit_activities(self.env._("The order was cancelled or set to quotation again."))
