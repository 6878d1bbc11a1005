from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ...order.control_issue import ControlIssue

ACCEPTANCE_KINDS = [
    ('compare', "Compared Line by Line"),
    ('reconfirm', "Confirmed by the Customer"),
]
ACCEPTANCE_CHANNELS = [
    ('phone', "Phone"),
    ('email', "E-mail"),
    ('chat', "Chat"),
    ('meeting', "Meeting"),
    ('letter', "Letter or Fax"),
    ('portal', "Signed on the Web Page"),
]
ACCEPTANCE_RESULTS = [
    ('agreed', "As Wanted"),
    ('doubt', "There Are Doubts"),
]


class SaleOrderAcceptance(models.Model):
    """What was found when an order was checked with its customer. It belongs to the terms that were checked."""

    _name = 'sale.order.acceptance'
    _inherit = ['sale.control.fact']
    _description = "Check with the Customer"
    _order = 'id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    kind = fields.Selection(ACCEPTANCE_KINDS, string="What", required=True, readonly=True)
    result = fields.Selection(ACCEPTANCE_RESULTS, required=True, readonly=True)
    contact_name = fields.Char(string="Spoken With", readonly=True)
    channel = fields.Selection(ACCEPTANCE_CHANNELS, string="How", readonly=True)
    happened_on = fields.Datetime(string="When", required=True, readonly=True)
    statement = fields.Text(string="What Was Said", readonly=True)
    reference = fields.Char(string="Customer's Reference", readonly=True)
    comparison = fields.Json(readonly=True, help="Line by line: what is ordered, whether it is as asked, what differs.")
    comparison_html = fields.Html(string="Line by Line", compute='_compute_comparison_html', sanitize=False)
    attachment_ids = fields.Many2many('ir.attachment', string="Files", readonly=True)
    user_id = fields.Many2one('res.users', string="Recorded By", required=True, readonly=True, ondelete='restrict')
    digest = fields.Char(readonly=True, help="Fingerprint of the terms that were checked.")
    is_current = fields.Boolean(
        string="Still Counts", compute='_compute_is_current',
        help="Whether the order still has the terms that were checked, and nothing newer was recorded.")

    _by_order = models.Index("(order_id, kind, id)")

    @api.depends('comparison')
    def _compute_comparison_html(self):
        for record in self:
            record.comparison_html = self.env['ir.qweb']._render(
                'sale_order_control.acceptance_comparison', {'lines': record.comparison or []})

    @api.depends('digest')
    def _compute_is_current(self):
        terms = self.order_id._get_control_terms()
        latest = self.order_id._get_acceptances(terms)
        for record in self:
            record.is_current = latest.get((record.order_id.id, record.kind)) == record.sudo()


class SaleOrder(models.Model):
    """Acceptance: what was checked with the customer, and what still must be before the order binds."""

    _inherit = 'sale.order'

    acceptance_ids = fields.One2many(
        'sale.order.acceptance', 'order_id', string="Checks with the Customer", readonly=True, copy=False,
        groups='base.group_user')
    acceptance_count = fields.Integer(compute='_compute_acceptance_count', groups='base.group_user')
    acceptance_offered = fields.Boolean(
        compute='_compute_acceptance_offered', groups='base.group_user',
        help="Whether any policy of the company wants orders checked with their customers.")

    @api.depends('acceptance_ids')
    def _compute_acceptance_count(self):
        counts = self._count_readable('sale.order.acceptance')
        for order in self:
            order.acceptance_count = counts.get(order._origin, 0)

    @api.depends('company_id')
    def _compute_acceptance_offered(self):
        policies = self.env['sale.approval.policy']
        for order in self:
            wanted = policies._get_demands(tuple(order.company_id.parent_ids.ids)) if order.company_id else {}
            order.acceptance_offered = any(keys - {'contract'} for keys in wanted.values())

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'acceptance_ids'}

    # === WHAT IS WANTED, WHAT IS THERE ===#

    def _get_policy_issues(self, checkpoint, rules, issues, terms):
        found = super()._get_policy_issues(checkpoint, rules, issues, terms)
        if checkpoint not in ('submit', 'confirm'):
            return found
        demands = self.browse(rules)._get_order_demands(found, rules)
        missing = self.browse(demands)._get_missing_demands(demands, terms) if demands else {}
        for order_id, wanted in missing.items():
            order_issues = [self.browse(order_id)._prepare_demand_issue(checkpoint, key) for key in sorted(wanted)]
            found[order_id] = found.get(order_id, []) + order_issues
        return found

    def _get_order_demands(self, found, rules):
        """Find what the policies that match these orders want on record.

        A policy that was answered by an approval in force still wants what it wanted.

        :param dict found: ``{order_id: [ControlIssue, ...]}`` of the policies that match
        :param dict rules: ``{order_id: [PolicyRule, ...]}`` of the policies that look at the order
        :return: ``{order_id: {demand, ...}}``
        """
        demands = {}
        for company, orders in self.grouped('company_id').items():
            wanted = self.env['sale.approval.policy']._get_demands(tuple(company.parent_ids.ids)) if company else {}
            for order in orders if wanted else ():
                matched = {issue.facts.get('policy') for issue in found.get(order.id, ())}
                matched |= order._get_answered_policies() & {rule.id for rule in rules[order.id]}
                keys = frozenset().union(*(wanted.get(policy_id, frozenset()) for policy_id in matched))
                if keys:
                    demands[order.id] = keys
        return demands

    def _get_answered_policies(self):
        """Return the ids of the policies for which somebody was asked, or agreed."""
        self.ensure_one()
        if self.approval_state not in ('pending', 'approved'):
            return set()
        codes = {code for request in self._get_live_requests() for code in request.covered or ()}
        return {int(code.split('.')[1]) for code in codes if code.split('.')[0] == 'approval'}

    def _get_missing_demands(self, demands, terms):
        """Return what is not on record yet for these terms.

        :param dict demands: ``{order_id: {demand, ...}}``
        :param dict terms: ``{order_id: ControlTerms}``
        :return: the same structure, with what is missing only
        """
        records = self._get_acceptances(terms)
        missing = {}
        for order in self:
            kinds = demands[order.id] & dict(ACCEPTANCE_KINDS).keys()
            absent = {
                kind for kind in kinds
                if (order.id, kind) not in records or records[order.id, kind].result != 'agreed'}
            if absent:
                missing[order.id] = absent
        return missing

    def _get_acceptances(self, terms):
        """Return what was recorded last for exactly these terms.

        The customer agreed to what was read out: any other terms are new to him.

        :return: ``{(order_id, kind): sale.order.acceptance}`` in sudo
        """
        facts = self.env['sale.order.acceptance'].sudo().search(
            [('order_id', 'in', self.ids), ('digest', 'in', [terms[order.id].digest for order in self])], order='id')
        return {
            (fact.order_id.id, fact.kind): fact for fact in facts if fact.digest == terms[fact.order_id.id].digest}

    def _prepare_demand_issue(self, checkpoint, demand):
        self.ensure_one()
        message, clears = self._get_demand_words(demand)
        return ControlIssue(
            code=f'acceptance.{demand}',
            area='approval',
            # Somebody can be asked meanwhile: it is the last level, and the confirmation, that wait for it.
            effect='warn' if checkpoint == 'submit' else 'block',
            message=message,
            clears=clears,
            facts={'demand': demand},
        )

    def _get_demand_words(self, demand):
        """Return the sentences ``(what is missing, what clears it)`` of a demand."""
        if demand == 'compare':
            return (
                self.env._("The order has not been compared with what the customer asked for."),
                self.env._("Use “Check with Customer” and compare it line by line, before the last level agrees."))
        return (
            self.env._("The customer has not confirmed the order as it is now."),
            self.env._("Use “Check with Customer” to record who confirmed it, before the last level agrees."))

    # === RECORDING ===#

    def action_check_with_customer(self):
        """Open the form that records what the customer says of the order."""
        self.ensure_one()
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Check %s with the Customer", self.name),
            'res_model': 'sale.order.check',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_order_id': self.id},
        }

    def action_view_acceptances(self):
        """Open what was recorded."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Checks of %s with the Customer", self.name),
            'res_model': 'sale.order.acceptance',
            'view_mode': 'list,form',
            'domain': [('order_id', '=', self.id)],
            'context': {'hide_order': True},
        }

    def _record_acceptance(self, values, attachments=None):
        """Append a check with the customer to the record of one order, as the current user.

        :param dict values: ``kind``, ``result`` and what is known of who, when, how and what was said
        :param attachments: ``ir.attachment`` records that the user may read; they are copied
        :raise UserError: if the order is cancelled
        """
        self.ensure_one()
        if self.state == 'cancel':
            raise UserError(self.env._("%s is cancelled: there is nothing to check with the customer.", self.name))
        terms = self._prepare_control_terms()
        # A copy: whoever uploaded the file could exchange it later.
        copies = self.env['ir.attachment'].sudo().union(*(
            attachment.copy({'name': attachment.name, 'res_model': False, 'res_id': False})
            for attachment in (attachments or self.env['ir.attachment']).sudo()))
        fact = self.env['sale.order.acceptance']._record_facts([{
            **values, 'order_id': self.id, 'company_id': self.company_id.id, 'user_id': self.env.uid,
            'digest': terms.digest, 'attachment_ids': [Command.set(copies.ids)],
        }])
        copies.write({'res_model': fact._name, 'res_id': fact.id})
        labels = fact.fields_get(['kind', 'result'], ['selection'])
        self._control_log('approval', message=self.env._(
            "%(kind)s: %(result)s", kind=dict(labels['kind']['selection'])[fact.kind],
            result=dict(labels['result']['selection'])[fact.result]))
        self.sudo()._close_acceptance_activities()
        return fact

    def _get_next_check(self):
        """Return the kind of check that is wanted next."""
        self.ensure_one()
        # A user who may write the order may be told what it lacks.
        issues = self.sudo()._get_open_demands().get(self.id, ())
        return next((issue.facts['demand'] for issue in issues if issue.facts['demand'] == 'compare'), 'reconfirm')
