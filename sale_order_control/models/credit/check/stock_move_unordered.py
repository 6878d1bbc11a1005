from collections import defaultdict
from dataclasses import dataclass, replace

from odoo import api, models
from odoo.exceptions import UserError

from ..limit.credit_pool_use import PoolUse
from .credit_check import CreditCheck


@dataclass(frozen=True, slots=True)
class UnorderedDelivery:
    """What credit control says of goods that leave to one customer without an order.

    :ivar check: :class:`CreditCheck` of the goods
    :ivar moves: ``stock.move`` in sudo
    :ivar enforced: whether it counts; else it is only told
    :ivar issues: list of :class:`ControlIssue`
    """

    check: object
    moves: object
    enforced: bool
    issues: list

    @classmethod
    def _judge(cls, check, moves):
        enforced = any(
            company._get_control_mode('credit', 'release') == 'enforce' for company in moves.company_id)
        issues = check.account._get_unordered_issues(check)
        return cls(check, moves, enforced, issues if enforced else [issue.shadowed() for issue in issues])

    @property
    def is_stopped(self):
        """Whether the goods stay here."""
        return any(issue.stops for issue in self.issues)

    def get_account(self):
        """Return the customer's account, made where it has none."""
        root = self.moves.company_id[:1].root_id
        return self.check.account or self.check.account._for_partners(self.check.partner, root)


class StockMove(models.Model):
    """A delivery that somebody makes by hand has no order to be judged by: the customer's credit is asked itself."""

    _inherit = 'stock.move'

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.filtered(lambda move: move.state == 'done')._check_unordered_delivery()
        return moves

    def write(self, vals):
        if vals.get('state') == 'done':
            self.filtered(lambda move: move.state != 'done')._check_unordered_delivery()
        return super().write(vals)

    def _check_unordered_delivery(self):
        """Judge goods that leave without an order as a release is judged: refuse them, or record what was said.

        :raise UserError: where credit control is in force; where it is off nothing is asked
        """
        refused, deliveries = [], self._judge_unordered_deliveries()
        # Whoever confirms an order of one of these customers meanwhile starts again, or we do.
        self.env['credit.account'].union(*(
            delivery.check.account for delivery in deliveries if delivery.enforced and delivery.check.is_judged
        ))._serialise()
        for delivery in deliveries:
            refused += [f"{issue.message} {issue.clears}".rstrip() for issue in delivery.issues if issue.stops]
            if delivery.issues and not delivery.is_stopped:
                delivery.get_account()._record_unordered_delivery(delivery)
        if refused:
            raise UserError("\n".join(refused))

    def _judge_unordered_deliveries(self):
        """Judge the goods without an order among these, all transfers to a customer together, in sudo.

        :return: list of :class:`UnorderedDelivery`
        """
        deliveries = []
        moves = self.sudo().filtered(
            lambda move: move.company_id and move.company_id._get_control_mode('credit', 'release') != 'off'
            and move._is_unordered_delivery())
        for root, theirs in moves.grouped(lambda move: move.company_id.root_id).items():
            by_owner = defaultdict(theirs.browse)
            (theirs.partner_id | theirs.picking_id.partner_id).fetch(['commercial_partner_id'])
            for move in theirs:
                for owner in move._get_unordered_receivers():
                    by_owner[owner] |= move
            if by_owner:
                checks = self.env['credit.account']._get_unordered_checks(by_owner, root)
                deliveries += [UnorderedDelivery._judge(checks[owner], by_owner[owner]) for owner in by_owner]
        return deliveries

    def _get_unordered_receivers(self):
        return (self.partner_id | self.picking_id.partner_id).commercial_partner_id

    def _is_unordered_delivery(self):
        """Whether goods leave our hands for a customer and no order, controlled or not, says so.

        A sale at the counter is over when its transfer is made: nobody is there to be refused.
        """
        self.ensure_one()
        targets = self.location_dest_id | self.move_line_ids.location_dest_id
        if not any(target._is_outgoing() for target in targets):
            return False
        sources = self.location_id | self.move_line_ids.location_id
        if not any(source._is_in_our_hands() for source in sources):
            return False
        picking = self.picking_id
        references = self.reference_ids | picking.reference_ids
        return not (
            self._get_control_lines() or picking.sale_id or references.sale_ids or self._is_sold_at_counter(picking))

    @api.model
    def _is_sold_at_counter(self, picking):
        """Whether a transfer carries out a finished sale of the point of sale to the same customer."""
        if 'pos_order_id' not in picking._fields:
            return False
        sale = picking.pos_order_id
        return sale.state not in (False, 'draft', 'cancel') and (
            sale.partner_id.commercial_partner_id == picking.partner_id.commercial_partner_id)


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    @api.depends('partner_id')
    def _compute_control_hold(self):
        result = super()._compute_control_hold()
        controlled = self.filtered(
            lambda picking: picking.company_id
            and picking.company_id._get_control_mode('credit', 'release') == 'enforce')
        deliveries = controlled.move_ids.filtered(
            lambda move: move.state not in ('draft', 'done', 'cancel'))._judge_unordered_deliveries()
        for picking in controlled if deliveries else ():
            picking.control_hold = "\n".join(filter(None, [picking.control_hold, *(
                f"{issue.message} {issue.clears}".rstrip() for delivery in deliveries
                if delivery.moves & picking.move_ids for issue in delivery.issues if issue.stops)])) or False
        return result


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.model
    def _get_unordered_checks(self, moves, root):
        """Work out the credit figures of goods that leave without an order.

        They are in no other figure, neither before nor after: Odoo does not say whether they will be invoiced.

        :param dict moves: ``{commercial partner: stock.move}``
        :param res.company root: root company
        :return: ``{commercial partner: CreditCheck}``
        """
        owners, today = self.env['res.partner'].sudo().union(*moves), self.env['sale.order']._get_control_today()
        accounts = self._find(owners, root)
        members = accounts._get_pool_members()
        positions = accounts._read_positions(owners | members.partner_id, root)
        limits = accounts._get_limits_by_owner(owners, root, accounts, positions)
        uses, decisions = PoolUse(members, positions), accounts._read_credit_decisions(self.env['sale.order'])
        values = self.env['stock.move'].union(*moves.values())._get_unordered_values()
        checks = {}
        for owner, theirs in moves.items():
            account = accounts.filtered(lambda account, owner=owner: account.partner_id == owner)
            position, grade, currency = positions[owner.id], account.grade_id, root.currency_id
            others = currency.round(position.total)
            amount = currency.round(sum(values[move] for move in theirs))
            checks[owner] = CreditCheck(
                account=account, partner=owner, customer=owner.browse(), others_held=account.browse(), grade=grade,
                currency=currency, limit_kind=limits[owner.id].own_kind, limit=limits[owner.id].own,
                room=uses.get_room(account), exposure=position.exposure, others=others, amount=amount,
                overdue_amount=position.overdue_amount, overdue_days=position.overdue_days(today),
                accepted=decisions.get_accepted(account, today),
                tolerated_overdue=grade._convert(grade.overdue_amount, currency, root, today),
                release=decisions.get_account_release(
                    account, others + amount, today, theirs.picking_id.user_id | theirs.picking_id.create_uid))
        return checks

    @api.model
    def _get_unordered_issues(self, check):
        """Judge goods without an order by their figures.

        :param CreditCheck check: figures of the goods; a release of the customer covers them, too
        :return: list of :class:`ControlIssue`
        """
        orders = self.env['sale.order']
        if check.account.is_held:
            return [orders._prepare_credit_issue('hold', check, 'block', check.account._word_unordered_hold())]
        effect = check.grade._get_effect('release')
        if check.release or effect == 'allow' or not check.grows:
            return []
        issues = []
        if check.pool_excess and not check.is_pool_excess_agreed():
            issues.append(self._prepare_unordered_pool_issue(check, effect))
        if check.excess and not check.is_excess_agreed():
            issues.append(self._prepare_unordered_limit_issue(check, effect))
        if check.is_overdue and not check.is_overdue_agreed():
            issues.append(replace(
                orders._prepare_credit_overdue_issue(check, effect),
                clears=self._word_unordered_clearing(check, check.overdue_amount)))
        return issues

    def _prepare_unordered_limit_issue(self, check, effect):
        money = check.currency.format
        grade = self.env._(" (grade %s)", check.grade.code) if check.grade else ""
        if check.limit_kind == 'zero':
            message = self.env._(
                "%(customer)s%(grade)s gets no credit: %(excess)s would be owed with these goods, for which there is "
                "no order and which come to %(goods)s by price list.",
                customer=check.partner.name, grade=grade, excess=money(check.excess), goods=money(check.amount))
        else:
            message = self.env._(
                "%(customer)s would owe %(total)s, which is %(excess)s over the limit of %(limit)s%(grade)s: "
                "%(others)s is open, and these goods, for which there is no order, come to %(goods)s by price list.",
                customer=check.partner.name, total=money(check.total), excess=money(check.excess),
                limit=money(check.limit), grade=grade, others=money(check.others), goods=money(check.amount))
        return self.env['sale.order']._prepare_credit_issue(
            'limit', check, effect, message, self._word_unordered_clearing(check, check.excess),
            figures=['excess'], excess=check.excess)

    def _prepare_unordered_pool_issue(self, check, effect):
        money = check.currency.format
        return self.env['sale.order']._prepare_credit_issue(
            'pool', check, effect,
            self.env._(
                "The group %(group)s of %(customer)s would owe %(total)s, which is %(excess)s over its shared limit of "
                "%(limit)s: these goods, for which there is no order, come to %(goods)s by price list.",
                group=check.room.pool.name, customer=check.partner.name, total=money(check.pool_total),
                excess=money(check.pool_excess), limit=money(check.room.limit), goods=money(check.amount)),
            self._word_unordered_clearing(check, check.pool_excess), figures=['pool_excess'],
            pool_excess=check.pool_excess)

    def _word_unordered_clearing(self, check, excess):
        money = check.currency.format
        return self.env._(
            "Clears when %(amount)s is paid, or a credit controller releases the customer up to %(total)s.",
            amount=money(excess), total=money(check.total))

    def _word_unordered_hold(self):
        return self.env._(
            "%(customer)s is on credit hold: %(reason)s. Nothing is delivered to this customer, with or without an "
            "order, until a credit controller ends the hold.", customer=self.partner_id.name,
            reason=(self.hold_reason or "").rstrip("."))

    def _record_unordered_delivery(self, delivery):
        """Keep what was said of goods that leave all the same, and say so on the transfers.

        :param UnorderedDelivery delivery: to this customer
        """
        self.ensure_one()
        moves, check = delivery.moves, delivery.check
        names = ", ".join(moves.picking_id.mapped('name') or moves.mapped('display_name'))
        # Nobody may write decisions; this one follows from goods that leave.
        self.env['credit.decision']._record_facts([self._prepare_decision(
            'passed', 'release', user_id=self.env.uid, mode='enforce' if delivery.enforced else 'warn',
            order_amount=check.amount, excess=check.excess, figures=check.to_json(),
            reason=self.env._("Delivered without an order: %s", names),
            issues=[{'code': issue.code, 'effect': issue.effect, 'would': issue.would, 'message': issue.message,
                     'figures': issue.figures} for issue in delivery.issues])])
        sentence = " ".join(issue.message for issue in delivery.issues)
        for picking in moves.picking_id:
            picking.message_post(
                body=self.env._("Only told, not stopped: %s", sentence), subtype_xmlid='mail.mt_note')
