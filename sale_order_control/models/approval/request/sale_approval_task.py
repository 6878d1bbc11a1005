from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..policy.sale_approval_level import QUORUMS
from .approval_memory import is_approval_deciding

TASK_STATES = [
    ('waiting', "Later"),
    ('pending', "Now"),
    ('agreed', "Agreed"),
    ('disagreed', "Disagreed"),
    ('returned', "Returned"),
    ('skipped', "Not Needed"),
]
OPEN_STATES = ('waiting', 'pending')
PASSED_KINDS = [
    ('forwarded', "Forwarded"),
    ('delegated', "Delegated"),
    ('taken_over', "Taken Over"),
    ('unable', "Cannot Decide"),
    ('worse', "Made the Terms Worse"),
]


class SaleApprovalTask(models.Model):
    """One approver's line in a request. The level is copied: later edits of a policy change no history."""

    _name = 'sale.approval.task'
    _description = "Approval Task"
    _order = 'request_id desc, sequence, level_index, id'
    _rec_name = 'level_name'

    request_id = fields.Many2one(
        'sale.approval.request', required=True, readonly=True, index=True, ondelete='restrict')
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field='res_model', readonly=True)
    level_index = fields.Integer(readonly=True, help="Number of the level within the request.")
    level_id = fields.Many2one('sale.approval.level', string="Level Asked", readonly=True, ondelete='set null')
    level_name = fields.Char(string="Level", required=True, readonly=True)
    policy_name = fields.Char(string="Policy", readonly=True)
    sequence = fields.Integer(readonly=True)
    quorum = fields.Selection(QUORUMS, string="Who Must Agree", readonly=True)
    needed = fields.Integer(string="Agreements Needed", readonly=True)
    user_id = fields.Many2one(
        'res.users', string="Approver", required=True, readonly=True, index=True, ondelete='restrict')
    user_name = fields.Char(readonly=True, help="The approver's name when asked.")
    state = fields.Selection(TASK_STATES, required=True, readonly=True, default='waiting')
    decided_on = fields.Datetime(readonly=True, help="When it was decided, or passed on to somebody else.")
    comment = fields.Text(readonly=True)
    passed_kind = fields.Selection(
        PASSED_KINDS, string="Passed On Because", readonly=True, copy=False,
        help="Why this approver does not decide any more although it was asked for.")
    passed_by_id = fields.Many2one(
        'res.users', string="Passed On By", readonly=True, copy=False, ondelete='restrict',
        help="Who did that: not always the approver. Empty if it followed by itself.")
    passed_to = fields.Char(readonly=True, copy=False, help="The names of those who decide instead.")
    distinct_persons = fields.Boolean(readonly=True)
    comment_required = fields.Boolean(string="Opinion Required", readonly=True)
    skip_agreed = fields.Boolean(readonly=True)
    asked_on = fields.Datetime(readonly=True, help="When it became this approver's turn.")
    asked_for = fields.Text(readonly=True, help="What an added approver is asked to look at.")
    superseded = fields.Boolean(
        readonly=True, help="Decided again after a return to an earlier level or a withdrawal: kept, but not counted.")
    withdrawn_on = fields.Datetime(readonly=True, help="When the approver took the agreement back.")
    on_behalf_of_id = fields.Many2one('res.users', readonly=True, ondelete='restrict')

    _open_by_user = models.Index("(user_id) WHERE state = 'pending'")
    _open_by_document = models.Index("(res_id, res_model) WHERE state = 'pending'")

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_unless_deciding()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_unless_deciding()
        return super().write(vals)

    def unlink(self):
        raise AccessError(self.env._("Approval decisions are kept: they cannot be deleted."))

    def _refuse_unless_deciding(self):
        if not is_approval_deciding(self.env):
            raise AccessError(self.env._("Decisions are made with Agree and Disagree: they cannot be written."))

    # === BUSINESS METHODS ===#

    def _get_level_sentences(self):
        """Word each level of one request: who decided, who decides now.

        :return: list of translated phrases in the order of deciding
        """
        current = self.filtered(lambda task: not task.superseded)
        ordered = current.sorted(lambda task: (task.sequence, task.level_index, task.id))
        return [tasks._get_level_phrase() for tasks in ordered.grouped('level_index').values()]

    def _get_level_phrase(self):
        name = self[:1].level_name
        # Who took over from several is named once.
        people = {
            state: ", ".join(dict.fromkeys(tasks.mapped('user_name')))
            for state, tasks in self.grouped('state').items()}
        if 'disagreed' in people:
            return self.env._("%(level)s: disagreed (%(names)s)", level=name, names=people['disagreed'])
        if 'returned' in people:
            return self.env._("%(level)s: returned (%(names)s)", level=name, names=people['returned'])
        if 'pending' in people:
            missing = self[:1].needed - len(self.filtered(lambda task: task.state == 'agreed'))
            if missing < len(self.filtered(lambda task: task.state == 'pending').user_id):
                return self.env._(
                    "%(level)s: now %(count)s of %(names)s", level=name, names=people['pending'], count=missing)
            return self.env._("%(level)s: now %(names)s", level=name, names=people['pending'])
        if 'waiting' in people:
            return self.env._("%(level)s: later", level=name)
        if 'agreed' in people:
            return self.env._("%(level)s: ✓ %(names)s", level=name, names=people['agreed'])
        return self.env._("%(level)s: not needed", level=name)
