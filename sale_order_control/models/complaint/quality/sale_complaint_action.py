from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_acting, control_memory

ACTION_TYPE = 'sale_order_control.mail_activity_type_complaint_action'
DONE = ('done', 'effective', 'ineffective')
# They follow from what owner and handler say has been done.
FOLLOWING = frozenset({'state', 'done_on', 'verified_by_id', 'verified_on'})


class SaleComplaintAction(models.Model):
    """What somebody does so that the damage stops, does not happen again, or happens nowhere else."""

    _name = 'sale.complaint.action'
    _description = "Complaint Action"
    _order = 'complaint_id, kind, due_date, id'

    complaint_id = fields.Many2one('sale.complaint', required=True, index=True, ondelete='restrict')
    company_id = fields.Many2one(related='complaint_id.company_id', store=True, index=True)
    kind = fields.Selection(
        [('containment', "Containment"), ('corrective', "Corrective"), ('preventive', "Preventive")],
        required=True, default='corrective',
        help="Containment stops the damage, a corrective action removes the cause, a preventive one keeps it from "
             "happening elsewhere.")
    name = fields.Char(string="What Is Done", required=True)
    user_id = fields.Many2one(
        'res.users', string="Owner", index=True, domain="[('share', '=', False)]", default=lambda self: self.env.uid)
    due_date = fields.Date(string="Due")
    state = fields.Selection(
        [('open', "Open"), ('done', "Done"), ('effective', "Effective"), ('ineffective', "Not Effective")],
        string="Status", required=True, readonly=True, default='open', copy=False)
    done_on = fields.Date(readonly=True, copy=False)
    verification = fields.Char(string="How It Was Verified")
    effectiveness = fields.Float(
        string="Effective (%)", aggregator='avg', help="How much of the problem it removes, as measured.")
    verified_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    verified_on = fields.Date(readonly=True, copy=False)
    is_overdue = fields.Boolean(compute='_compute_is_overdue')

    _effectiveness_percent = models.Constraint(
        'CHECK (effectiveness >= 0 AND effectiveness <= 100)', "Effectiveness is a percentage from 0 to 100.")

    @api.depends('due_date', 'state')
    def _compute_is_overdue(self):
        today = self.env['sale.order']._get_control_today()
        for action in self:
            action.is_overdue = action.state == 'open' and bool(action.due_date) and action.due_date < today

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        given = [
            {**{name: value for name, value in vals.items() if name not in FOLLOWING}, 'state': 'open'}
            for vals in vals_list
        ]
        context = {
            key: value for key, value in self.env.context.items() if key.removeprefix('default_') not in FOLLOWING}
        clean = self.with_context(context)  # pylint: disable=context-overridden
        actions = super(SaleComplaintAction, clean).create(given)
        actions._call_owners()
        return actions

    def write(self, vals):
        if not control_memory(self.env).acting:
            touched = sorted(FOLLOWING & vals.keys())
            if touched:
                raise AccessError(self.env._(
                    "These fields follow from what is said to be done and cannot be written: %s", ", ".join(touched)))
            settled = self.filtered(lambda action: action.state in ('effective', 'ineffective'))
            if settled:
                raise UserError(self.env._(
                    "“%s” was verified and is kept as it is. Add another action.", settled[0].name))
        before = {action: (action.user_id, action.due_date) for action in self}
        result = super().write(vals)
        self.filtered(lambda action: before[action] != (action.user_id, action.due_date))._call_owners()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(action.state != 'open' for action in self):
            raise UserError(self.env._("What was done is kept and cannot be deleted."))

    # === ACTIONS ===#

    def action_done(self):
        """Say that actions are done: their owners or handlers.

        :raise AccessError: for others
        """
        if not self.env['sale.complaint']._is_handler() and any(one.user_id != self.env.user for one in self):
            raise AccessError(self.env._("Only the owner of an action, or a complaint handler, says that it is done."))
        self.check_access('read')
        self.filtered(lambda action: action.state == 'open')._settle(
            state='done', done_on=self.env['sale.order']._get_control_today())
        return True

    def action_effective(self):
        """Say that actions helped."""
        return self._verify('effective')

    def action_ineffective(self):
        """Say that actions did not help: others are needed."""
        return self._verify('ineffective')

    def _verify(self, state):
        """Record how well actions worked: a handler who does not own them, with what proves it.

        :raise UserError: if they are not done, or nothing is said about how it was verified
        """
        self.complaint_id._check_handler()
        for action in self:
            if action.state == 'open':
                raise UserError(self.env._("“%s” is not done yet.", action.name))
            if action.user_id == self.env.user and action.complaint_id.is_8d:
                raise UserError(self.env._(
                    "“%s” is your own: somebody else says whether it helped.", action.name))
            if not (action.verification or "").strip():
                raise UserError(self.env._("Say how it was verified that “%s” helped.", action.name))
        self._settle(
            state=state, verified_by_id=self.env.uid, verified_on=self.env['sale.order']._get_control_today())
        return True

    def _settle(self, **values):
        with control_acting(self.env):
            # The owner of an action has no right to write it; who acts was checked.
            self.sudo().write(values)
        self._call_owners()

    def _call_owners(self):
        """Keep one activity per complaint and owner, due with the first of the owner's open actions."""
        for complaint in self.sudo().complaint_id:
            complaint.activity_unlink([ACTION_TYPE])
            waiting = complaint.action_ids.filtered(lambda one: one.state == 'open' and one.user_id.active)
            for user, actions in waiting.grouped('user_id').items():
                days = [day for day in actions.mapped('due_date') if day]
                complaint.activity_schedule(
                    ACTION_TYPE, user_id=user.id, summary=", ".join(actions.mapped('name')),
                    date_deadline=min(days) if days else self.env['sale.order']._get_control_today())
