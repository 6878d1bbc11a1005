from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..order.control_memory import control_acting, control_memory

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

    def _control_note_blocked(self, issues):
        noted = self._with_control('credit').filtered(
            lambda order: any(issue.area == 'credit' and issue.stops for issue in issues[order.id]))
        if noted:
            noted._control_log('submitted', issues, checkpoint='submit')
            noted._record_credit_checks('submit', issues)
        return super()._control_note_blocked(issues) | noted

    def _record_credit_checks(self, checkpoint, issues):
        """Record what a check that counts said, and show it on the orders.

        :param str checkpoint: ``submit``, ``confirm`` or ``release``
        :param dict issues: result of the gate
        """
        checks = self._get_remembered_credit_checks(checkpoint)
        accounts = self._get_credit_accounts(checks)
        rows, states = [], {}
        for order in self.sudo():
            check, account = checks[order.id], accounts[order.id]
            found = [issue for issue in issues[order.id] if issue.area == 'credit']
            held = any(issue.stops for issue in found)
            rows.append(order._prepare_credit_decision(account, checkpoint, check, found, held))
            states[order.id] = order._prepare_credit_state(account, check, found)
        if rows:
            # Nobody may write decisions; they follow from the acts of users.
            self.env['credit.decision'].sudo().create(rows)
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
            },
            issues=[
                {'code': issue.code, 'effect': issue.effect, 'would': issue.would, 'message': issue.message,
                 'figures': issue.figures}
                for issue in found
            ])

    def _prepare_credit_state(self, account, check, found):
        """Return what the order shows of a check."""
        self.ensure_one()
        stopping = [issue for issue in found if issue.stops]
        if not stopping:
            state = 'released' if check.release else 'watch' if found else 'ok'
            return {
                'credit_account_id': account.id, 'credit_state': state, 'credit_hold_effect': False,
                'credit_hold_reason': False, 'credit_hold_since': False,
            }
        return {
            'credit_account_id': account.id,
            'credit_state': 'hold',
            'credit_hold_effect': 'approve' if all(issue.askable for issue in stopping) else 'block',
            'credit_hold_reason': "\n".join(f"{issue.message} {issue.clears}".rstrip() for issue in stopping),
            'credit_hold_since': self.credit_hold_since or fields.Datetime.now(),
        }

    def _write_credit_states(self, states):
        """Write the orders' credit fields, those that get the same together.

        :param dict states: ``{order_id: values}``
        """
        groups = {}
        for order in self.sudo():
            values = states[order.id]
            changed = {
                name: value for name, value in values.items()
                if (order[name].id if name == 'credit_account_id' else order[name]) != value
            }
            if changed:
                key = tuple(sorted(changed.items(), key=lambda item: item[0]))
                groups.setdefault(key, []).append(order.id)
        with control_acting(self.env):
            for key, order_ids in groups.items():
                self.browse(order_ids).sudo().write(dict(key))

    def _end_credit_releases(self):
        """An order that is cancelled or opened again starts anew: its release ends, its hold is no more."""
        orders = self.sudo().filtered(lambda order: order.credit_state != 'none')
        released = orders.filtered('credit_account_id')
        accounts = released.credit_account_id
        if released:
            in_force = accounts._read_credit_decisions(released).by_order
            self.env['credit.decision'].sudo().create([
                order.credit_account_id._prepare_decision(
                    'revoked', order_id=order.id, user_id=self.env.uid,
                    reason=self.env._("The order was cancelled or set to quotation again."))
                for order in released if order.id in in_force and in_force[order.id].result == 'released'
            ])
        orders._write_credit_states(
            {
                order.id: {
                    'credit_state': 'none',
                    'credit_hold_effect': False,
                    'credit_hold_reason': False,
                    'credit_hold_since': False,
                }
                for order in orders
            }
        )

    # === RELEASE AND REJECT ===#

    def _check_credit_decider(self, reason):
        """Check who decides on these orders' credit, and that a reason is given.

        :raise AccessError: for everybody but a credit controller who did not make the order
        """
        self.env['credit.account']._check_controller()
        self.check_access('read')
        own = self.sudo().filtered(lambda order: self.env.user in (order.user_id, order.create_uid))
        if own:
            raise AccessError(self.env._(
                "Four eyes: somebody else must decide on your own orders: %s", ", ".join(own.mapped('name'))))
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the decision."))
        ended = self.sudo().filtered(lambda order: order.state == 'cancel')
        if ended:
            raise UserError(self.env._("Cancelled orders need no credit decision: %s", ", ".join(ended.mapped('name'))))
        outside = self.sudo().filtered(lambda order: not order._with_control('credit'))
        if outside:
            raise UserError(self.env._("Credit control is switched off for: %s", ", ".join(outside.mapped('name'))))

    def action_credit_release(self, reason, amount=None, until=None):
        """Let orders pass the credit rules, as a credit controller.

        :param str reason: why, kept with the decision
        :param float amount: order total up to which the release holds, in the currency of the main
            company; by default what the order is now
        :param until: last day of the release; without end by default
        """
        self._check_credit_decider(reason)
        today, until = self._get_control_today(), fields.Date.to_date(until)
        if amount is not None and amount <= 0:
            raise UserError(self.env._("The amount up to which an order is released must be above zero."))
        if until and until < today:
            raise UserError(self.env._("The release would end before it begins: choose today or a later day."))
        orders = self.sudo()
        checks = orders._get_credit_checks('submit')
        accounts = orders._get_credit_accounts(checks)
        self.env['credit.decision'].sudo().create([
            accounts[order.id]._prepare_decision(
                'released', order_id=order.id, reason=reason.strip(), until=until, user_id=self.env.uid,
                amount=checks[order.id].amount if amount is None else amount,
                order_amount=checks[order.id].amount, excess=checks[order.id].excess,
                figures=checks[order.id].to_json())
            for order in orders
        ])
        control_memory(self.env).issues.clear()
        self._control_log('credit', message=self.env._("Released: %s", reason.strip()))
        orders.filtered(lambda order: order.credit_state != 'hold')._mark_credit_released(accounts)
        held = orders.filtered(lambda order: order.credit_state == 'hold')
        held._recheck_credit_hold(
            self.env._("%(user)s released it: %(reason)s", user=self.env.user.name, reason=reason.strip())
        )
        return True

    def _mark_credit_released(self, accounts):
        self._write_credit_states({
            order.id: {'credit_account_id': accounts[order.id].id, 'credit_state': 'released'} for order in self})

    def action_credit_reject(self, reason):
        """Refuse credit for orders, as a credit controller: an earlier release of them ends.

        :param str reason: why, kept with the decision and told to the salesperson
        """
        self._check_credit_decider(reason)
        orders = self.sudo()
        checks = orders._get_credit_checks('submit')
        accounts = orders._get_credit_accounts(checks)
        self.env['credit.decision'].sudo().create(
            [
                accounts[order.id]._prepare_decision(
                    'rejected',
                    order_id=order.id,
                    reason=reason.strip(),
                    user_id=self.env.uid,
                    order_amount=checks[order.id].amount,
                    excess=checks[order.id].excess,
                    figures=checks[order.id].to_json(),
                )
                for order in orders
            ]
        )
        control_memory(self.env).issues.clear()
        self._control_log('credit', message=self.env._("Credit refused: %s", reason.strip()))
        for order in orders:
            order._write_credit_states(
                {
                    order.id: {
                        'credit_account_id': accounts[order.id].id,
                        'credit_state': 'hold',
                        'credit_hold_effect': 'block',
                        'credit_hold_reason': self.env._(
                            "Credit refused by %(user)s: %(reason)s", user=self.env.user.name, reason=reason
                        ),
                        'credit_hold_since': order.credit_hold_since or fields.Datetime.now(),
                    }
                }
            )
            order._tell_salesperson(self.env._("Credit refused: %s", reason.strip()))
        return True

    def action_credit_recheck(self):
        """Ask the gate again for orders on credit hold; those that pass now are free."""
        self.check_access(
            'write' if not self.env.user.has_group('sale_order_control.group_credit_controller') else 'read'
        )
        self.sudo()._recheck_credit_hold(self.env._("Checked again by %s", self.env.user.name))
        return True
