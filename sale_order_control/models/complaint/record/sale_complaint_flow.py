from odoo import api, fields, models
from odoo.exceptions import UserError

from ...order.control_memory import control_acting
from .sale_complaint import ENDED

# From which states a complaint comes into one. What ends at once skips what it does not need.
WAY = {
    'acknowledged': {'received'},
    'investigating': {'acknowledged', 'proposed', 'approved', 'executing', 'verified'},
    'proposed': {'acknowledged', 'investigating'},
    'approved': {'proposed'},
    'executing': {'approved'},
    'verified': {'executing'},
    'closed': {'acknowledged', 'investigating', 'verified'},
    'rejected': {'received', 'acknowledged', 'investigating', 'proposed'},
    'cancelled': {'received', 'acknowledged', 'investigating', 'proposed', 'approved'},
}
# Which button leads on from a state; what is proposed is approved by those who are asked.
NEXT = {
    'received': 'acknowledged', 'acknowledged': 'investigating', 'investigating': 'proposed', 'proposed': 'approved',
    'approved': 'executing', 'executing': 'verified', 'verified': 'closed',
}


class SaleComplaint(models.Model):
    """The way of a complaint: one table of steps, one guard that says what is missing, one record of each step."""

    _inherit = 'sale.complaint'

    missing_summary = fields.Text(
        string="Still Missing", compute='_compute_missing_summary', groups='base.group_user',
        help="What must be entered before the complaint can go on.")

    @api.depends('state', 'partner_id', 'complaint_type', 'description', 'user_id', 'cause_id', 'answer')
    def _compute_missing_summary(self):
        for complaint in self:
            target = NEXT.get(complaint.state)
            missing = complaint._get_missing_for(target) if target and complaint.id else []
            complaint.missing_summary = "\n".join(missing)

    # === ACTIONS ===#

    def action_acknowledge(self):
        """Confirm the receipt: who is in charge is known, the customer is told number and expected answer."""
        self._check_handler()
        for complaint in self.filtered(lambda one: not one.user_id):
            complaint.user_id = self.env.user
        return self._move_to('acknowledged')

    def action_investigate(self):
        """Look for the cause; also back from a later step, when the remedy does not do."""
        self._check_handler()
        return self._move_to('investigating')

    def action_propose(self):
        """Say how it is put right: what needs approval is put to the approvers."""
        self._check_handler()
        return self._move_to('proposed')

    def action_execute(self):
        """Do what was approved."""
        self._check_handler()
        return self._move_to('executing')

    def action_verify(self):
        """Say that the remedy was carried out and helped."""
        self._check_handler()
        return self._move_to('verified')

    def action_close(self):
        """Close complaints of which everything is said and done."""
        self._check_handler()
        return self._move_to('closed')

    def action_reject(self, reason):
        """Turn complaints down.

        :param str reason: what the customer is told
        """
        self._check_handler()
        reason = self._require_reason(reason)
        self._check_way('rejected')
        self.filtered(lambda complaint: not complaint.answer).answer = reason
        return self._move_to('rejected', reason)

    def action_cancel(self, reason):
        """End what is no complaint: entered twice, withdrawn, advertising.

        :param str reason: why
        """
        self._check_handler()
        return self._move_to('cancelled', self._require_reason(reason))

    def action_reopen(self, reason):
        """Take complaints up again that were closed, rejected or cancelled.

        :param str reason: what the customer says now
        """
        self._check_handler()
        return self._reopen(self._require_reason(reason))

    # === BUSINESS METHODS ===#

    def _get_missing_for(self, state):
        """Say what a complaint lacks for a state; whoever adds demands extends this.

        :param str state: key of the state it would come into
        :return: list of translated sentences, empty if nothing is missing
        """
        self.ensure_one()
        missing = []
        if state in ('rejected', 'cancelled'):
            return missing
        if not self.partner_id:
            missing.append(self.env._("Choose the customer."))
        if state != 'acknowledged' and not self.complaint_type:
            missing.append(self.env._("Choose the type or the category."))
        if not (self.description or self.subject):
            missing.append(self.env._("Say what the customer complains about."))
        if not self.user_id:
            missing.append(self.env._("Say who is in charge."))
        if state in ('verified', 'closed') and not self.cause_id:
            missing.append(self.env._("Choose the cause."))
        if state == 'closed' and not (self.answer or "").strip():
            missing.append(self.env._("Write what the customer is told."))
        return missing

    def _check_way(self, state):
        """Check that complaints may come into a state.

        :raise UserError: naming those that cannot, and what they lack
        """
        names = dict(self._fields['state']._description_selection(self.env))
        astray = self.filtered(lambda complaint: complaint.state not in WAY[state])
        if astray:
            raise UserError(self.env._(
                "%(complaints)s: from “%(before)s” a complaint does not come to “%(after)s”.",
                complaints=", ".join(astray.mapped('name')), before=names[astray[0].state], after=names[state]))
        for complaint in self:
            missing = complaint._get_missing_for(state)
            if missing:
                raise UserError("\n".join([
                    self.env._("%(complaint)s cannot become “%(state)s” yet:",
                               complaint=complaint.name, state=names[state]), *missing]))

    def _move_to(self, state, note=None):
        """Bring complaints into a state; private: callers check who acts.

        :param str state: key of the state
        :param str note: why, where it is said
        :raise UserError: if one cannot come there, saying what it lacks
        """
        self._check_way(state)
        self._set_state(state, note)
        self._complaint_entered(state)
        return True

    def _reopen(self, note):
        """Take complaints up again; private: callers check who acts."""
        going_on = self.filtered('is_open')
        if going_on:
            raise UserError(self.env._("Not closed: %s", ", ".join(going_on.mapped('name'))))
        for complaint in self:
            with control_acting(self.env):
                complaint.sudo().reopened_count += 1
        self._set_state('investigating', note, event='reopened')
        self._complaint_entered('investigating')
        return True

    def _set_state(self, state, note=None, event='state'):
        """Write the state and record it; nothing else writes it."""
        self._record_history(event, note, state)
        values = {'state': state}
        now = fields.Datetime.now()
        if state == 'acknowledged':
            values['acknowledged_on'] = now
        values['closed_on'] = now if state in ENDED else False
        with control_acting(self.env):
            # Facts and steps are written by the add-on's own acts, which have checked who acts.
            self.sudo().write(values)

    def _record_history(self, event, note=None, state=None):
        """Record what happens to these complaints, before it is written."""
        self.env['sale.complaint.history']._record_facts([
            {
                'complaint_id': complaint.id, 'company_id': complaint.company_id.id, 'event': event,
                'from_state': complaint.state, 'to_state': state or complaint.state, 'user_id': self.env.uid,
                'note': note or False,
            }
            for complaint in self.sudo()
        ])

    def _complaint_opened(self):
        """Hear that complaints were created; whoever has something to do then extends this."""
        self._record_history('state')
        self._tell_others('complaint_opened')

    def _complaint_entered(self, state):
        """Hear that complaints came into a state; whoever has something to do then extends this.

        :param str state: key of the state
        """
        if state in ENDED:
            self._tell_others('complaint_closed')

    def _tell_others(self, event):
        self.env['sale.order'].sudo()._control_document_event(event, self.sudo())

    @api.model
    def _require_reason(self, reason):
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: it is kept with the complaint."))
        return reason
