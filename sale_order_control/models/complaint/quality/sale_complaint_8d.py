from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

RECURRENCE_MONTHS = 12


class SaleComplaint(models.Model):
    """Eight disciplines for the severe ones: team, problem, containment, roots, actions, proof, prevention, closing."""

    _inherit = 'sale.complaint'

    is_8d = fields.Boolean(
        string="8D", compute='_compute_is_8d', store=True, readonly=False, tracking=True, groups='base.group_user',
        help="The complaint is worked in eight disciplines. Critical ones and those about safety always are.")
    champion_id = fields.Many2one(
        'res.users', domain="[('share', '=', False)]", groups='base.group_user',
        help="Gives the team time and means, and signs the report.")
    problem_is = fields.Text(
        string="The Problem Is", groups='base.group_user', help="What, where, when, how many, and how it is known.")
    problem_is_not = fields.Text(
        string="The Problem Is Not", groups='base.group_user',
        help="Where it could be expected and is not: other lots, places, times.")
    defect_rate = fields.Char(groups='base.group_user', help="How many of how many, as counted.")
    stock_checked = fields.Text(
        groups='base.group_user', help="What was found at the customer, on the way and here.")
    why_ids = fields.One2many('sale.complaint.why', 'complaint_id', string="Whys", groups='base.group_user')
    root_occurrence = fields.Text(
        string="Why It Happened", groups='base.group_user', help="The root cause, as it was verified.")
    root_escape = fields.Text(
        string="Why It Was Not Found", groups='base.group_user',
        help="Why no inspection of ours found it before the customer did.")
    escape_cause_id = fields.Many2one(
        'sale.complaint.cause', string="Cause of Not Finding It", ondelete='restrict', groups='base.group_user')
    prevention = fields.Text(
        groups='base.group_user',
        help="Which other products and processes are protected, and which documents were changed.")
    recognition = fields.Text(groups='base.group_user', help="What the team is thanked for, and what was learned.")
    customer_accepts = fields.Boolean(
        string="Accepted by the Customer", tracking=True, groups='base.group_user',
        help="The customer agrees that the problem is solved.")
    recurrence_ids = fields.Many2many(
        'sale.complaint', string="Happened Before", compute='_compute_recurrence_ids', compute_sudo=True,
        groups='base.group_user',
        help="Complaints of the last twelve months that were closed with the same cause.")
    recurrence_note = fields.Text(
        string="Why It Happened Again", groups='base.group_user',
        help="What the earlier actions missed, and what is done differently now.")

    @api.depends('severity', 'is_safety')
    def _compute_is_8d(self):
        for complaint in self:
            complaint.is_8d = complaint.is_8d or complaint.severity == 'critical' or complaint.is_safety

    @api.depends('cause_id', 'category_id', 'line_ids.product_id', 'received_on')
    def _compute_recurrence_ids(self):
        for complaint in self:
            complaint.recurrence_ids = complaint._get_recurrences()

    def _get_recurrences(self):
        """Return complaints that were closed with the same cause, about the same product or category."""
        self.ensure_one()
        if not self.cause_id:
            return self.browse()
        since = (self.received_on or fields.Datetime.now()) - relativedelta(months=RECURRENCE_MONTHS)
        earlier = self.search([
            ('cause_id', '=', self.cause_id.id), ('state', '=', 'closed'), ('id', '!=', self._origin.id),
            ('company_id', '=', self.company_id.id), ('closed_on', '>=', since),
            '|', ('line_ids.product_id', 'in', self.line_ids.product_id.ids),
            ('category_id', '=', self.category_id.id)])
        return earlier.filtered(lambda complaint: complaint.justified != 'no')

    # === GUARDS ===#

    def _get_missing_for(self, state):
        missing = super()._get_missing_for(state)
        if state in ('rejected', 'cancelled') or self.justified == 'no':
            return missing
        # Whatever was switched off: the severe ones always are.
        if self.is_8d or self.severity == 'critical' or self.is_safety:
            missing += self._get_missing_disciplines(state)
        if state == 'closed':
            still_open = self.action_ids.filtered(lambda action: action.state == 'open')
            if still_open:
                missing.append(self.env._("These actions are still open: %s.", ", ".join(still_open.mapped('name'))))
            before = self.recurrence_ids if self.is_8d or self.severity != 'minor' else self.browse()
            if before and not (self.recurrence_note or "").strip():
                missing.append(self.env._(
                    "It happened before (%s): say why it happened again, and what is done differently.",
                    ", ".join(before.mapped('name'))))
        return missing

    def _get_missing_disciplines(self, state):
        """Say what the eight disciplines lack for a state."""
        self.ensure_one()
        missing = []
        kinds = self.action_ids.grouped('kind')
        if state not in ('acknowledged', 'investigating'):
            if not self.investigator_ids:
                missing.append(self.env._("D1: name the investigating team."))
            if not self.problem_is:
                missing.append(self.env._("D2: describe the problem: what, where, when, how many."))
            if 'containment' not in kinds:
                missing.append(self.env._("D3: say what stops the damage at once."))
        if state not in ('acknowledged', 'investigating', 'proposed', 'approved', 'executing'):
            if not (self.root_occurrence and self.root_escape):
                missing.append(self.env._("D4: say why it happened, and why it was not found."))
            if 'corrective' not in kinds:
                missing.append(self.env._("D5: say what removes the cause."))
        if state == 'closed':
            working = {kind for kind, actions in kinds.items() if 'effective' in actions.mapped('state')}
            if 'corrective' in kinds and 'corrective' not in working:
                missing.append(self.env._("D6: have it verified that a corrective action helped."))
            if not (self.prevention or 'preventive' in kinds):
                missing.append(self.env._("D7: say how it is kept from happening elsewhere."))
        return missing
