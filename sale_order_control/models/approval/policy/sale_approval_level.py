from dataclasses import dataclass

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

APPROVER_TYPES = [
    ('users', "Chosen users"),
    ('group', "Everybody of a group"),
    ('team_leader', "Leader of the salesperson's team"),
    ('salesperson_manager', "Manager of the salesperson"),
    ('field', "Person named in a field of the document"),
    ('credit_controller', "Credit controllers"),
]
QUORUMS = [
    ('any', "Any of them"),
    ('all', "All of them"),
    ('number', "A number of them"),
]


@dataclass(frozen=True, slots=True)
class PlannedLevel:
    """A level as it would decide on one document: who, and how many of them."""

    level_id: int
    name: str
    policy_name: str
    sequence: int
    quorum: str
    quorum_number: int
    user_ids: tuple
    distinct_persons: bool = False
    comment_required: bool = False
    skip_agreed: bool = False
    edit_kinds: tuple = ()

    @property
    def needed(self):
        """How many must agree."""
        return {'any': 1, 'all': len(self.user_ids)}.get(self.quorum, self.quorum_number)

    @property
    def key(self):
        """Levels with an equal key ask the same persons the same question."""
        # A level of other persons, or of written opinions, is a question of its own.
        return frozenset(self.user_ids), self.needed, self.distinct_persons, self.comment_required


class SaleApprovalLevel(models.Model):
    _name = 'sale.approval.level'
    _inherit = ['sale.control.cached']
    _description = "Approval Level"
    _order = 'policy_id, sequence, id'

    # === FIELDS ===#

    policy_id = fields.Many2one('sale.approval.policy', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='policy_id.company_id', store=True)
    name = fields.Char(required=True, help="The office that decides, e.g. \"Sales manager\" or \"Finance\".")
    sequence = fields.Integer(
        default=10, help="Lower numbers decide first. Levels with the same number decide at the same time.")
    approver_type = fields.Selection(APPROVER_TYPES, string="Approvers", required=True, default='users')
    user_ids = fields.Many2many(
        'res.users', string="Users", domain="[('share', '=', False), ('company_ids', 'in', company_id)]")
    group_id = fields.Many2one('res.groups', ondelete='restrict')
    approver_field = fields.Char(
        string="Field",
        help="Path from the document to a user, e.g. \"partner_id.user_id\" for the customer's salesperson.")
    distinct_persons = fields.Boolean(
        string="Other Persons Than Before",
        help="Who agreed at an earlier level of the request cannot agree here as well.")
    skip_agreed = fields.Boolean(
        string="Skip Who Agreed Before",
        help="Who agreed at an earlier level of the request is not asked again: that agreement counts here as well.")
    comment_required = fields.Boolean(
        string="Opinion Required", help="Agreeing needs a written opinion too, not only disagreeing.")
    quorum = fields.Selection(QUORUMS, string="Who Must Agree", required=True, default='any')
    quorum_number = fields.Integer(string="How Many", default=1)

    _quorum_number_positive = models.Constraint(
        'CHECK (quorum_number >= 1)', "At least one approver must agree.")

    # === CONSTRAINT METHODS ===#

    @api.constrains('policy_id', 'approver_type', 'user_ids', 'group_id', 'quorum', 'quorum_number')
    def _check_approvers(self):
        """Refuse a level that can never decide; what it cannot decide is told when submitting."""
        for level in self:
            if level.approver_type in ('team_leader', 'salesperson_manager', 'field'):
                known = 1
            else:
                company = level.policy_id.company_id
                known = sum(self._is_approver(user, company) for user in level._get_static_users())
            if not known:
                raise ValidationError(self.env._(
                    "Level “%(level)s” of policy “%(policy)s” has no approver: choose active internal users who may "
                    "work in %(company)s.",
                    level=level.name, policy=level.policy_id.name, company=level.policy_id.company_id.name))
            if level.quorum == 'number' and level.quorum_number > known:
                raise ValidationError(self.env._(
                    "Level “%(level)s” of policy “%(policy)s” wants %(wanted)s approvers to agree, but has only "
                    "%(known)s.",
                    level=level.name, policy=level.policy_id.name, wanted=level.quorum_number, known=known))

    @api.constrains('distinct_persons', 'comment_required', 'skip_agreed')
    def _check_skip_agreed(self):
        for level in self.filtered('skip_agreed'):
            if level.distinct_persons or level.comment_required:
                raise ValidationError(self.env._(
                    "Level “%(level)s” cannot skip who agreed before and want other persons, or everybody's opinion, "
                    "as well: choose one.", level=level.name))

    @api.constrains('approver_type', 'approver_field', 'policy_id')
    def _check_approver_field(self):
        for level in self.filtered(lambda level: level.approver_type == 'field'):
            if not level._leads_to_user():
                raise ValidationError(self.env._(
                    "“%(path)s” of level “%(level)s” does not lead to a user. Write a path of fields such as "
                    "“partner_id.user_id”.", path=level.approver_field or "", level=level.name))

    def _leads_to_user(self):
        """Whether the path of fields leads from the document to users; it may have, before an app was removed."""
        self.ensure_one()
        if self.policy_id.res_model not in self.env:
            return False
        model = self.env[self.policy_id.res_model]
        for name in (self.approver_field or '?').split('.'):
            field = model._fields.get(name)
            if not field or not field.relational:
                return False
            model = self.env[field.comodel_name]
        return model._name == 'res.users'

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last(self):
        bereft = self.policy_id.filtered(lambda policy: policy.active and not policy.level_ids - self)
        if bereft:
            raise ValidationError(self.env._(
                "A policy needs at least one level. Archive the policy instead: %s", ", ".join(bereft.mapped('name'))))

    # === BUSINESS METHODS ===#

    @api.model
    def _is_approver(self, user, company):
        """Whether a user may ever approve for a company: a living colleague, no robot, no portal user."""
        return user.id in self._get_able(company.id)

    @api.model
    def _is_entitled(self, user):
        """Whether a user has a right that shows “My Approvals”; who has none can decide, but hardly finds it."""
        return any(user.has_group(f'sale_order_control.{group}') for group in (
            'group_approver', 'group_credit_controller', 'group_manager'))

    @api.model
    def _search_of(self, policies):
        """Return the levels of policies in the order of the policies; which they are is remembered."""
        return self.sudo().browse(level_id for policy in policies for level_id in self._get_ids_of(policy.id))

    @api.model
    @tools.ormcache('policy_id')
    def _get_ids_of(self, policy_id):
        return self.sudo().search([('policy_id', '=', policy_id)])._ids

    def _get_static_users(self):
        """Return the level's users as far as they do not depend on the document."""
        self.ensure_one()
        if self.approver_type == 'users':
            return self.user_ids
        if self.approver_type == 'group':
            return self.group_id.all_user_ids
        if self.approver_type == 'credit_controller':
            return self.env.ref('sale_order_control.group_credit_controller').all_user_ids
        return self.env['res.users']

    def _get_users_by_document(self, document):
        """Return the users that a level finds through the document."""
        if self.approver_type == 'team_leader':
            return document._get_approval_team().user_id
        if self.approver_type == 'salesperson_manager':
            return document._get_approval_salesperson()._get_approval_manager()
        if self.approver_type == 'field' and self._leads_to_user():
            return document.mapped(self.approver_field)
        return self.env['res.users']

    def _get_approvers(self, document, excluded):
        """Return who may decide on a document at this level.

        :param document: record of an approvable model, in sudo
        :param res.users excluded: its makers, who never approve what they made
        """
        self.ensure_one()
        rule = self._get_rule(self.id)
        if rule.approver_type == 'users':
            users = document.env['res.users'].browse(rule.user_ids)
        else:
            users = self._get_users_by_document(document) or self._get_static_users()
        company = document._get_approval_company()
        return (users - excluded).filtered(lambda user: self._is_approver(user, company))

    def _plan(self, document, excluded):
        """Plan this level for one document.

        :return: :class:`PlannedLevel`, with too few users if the level cannot decide
        """
        rule = self._get_rule(self.id)
        return PlannedLevel(
            level_id=rule.id,
            name=rule.name,
            policy_name=rule.policy_name,
            sequence=rule.sequence,
            quorum=rule.quorum,
            quorum_number=rule.quorum_number,
            distinct_persons=rule.distinct_persons,
            comment_required=rule.comment_required,
            skip_agreed=rule.skip_agreed,
            edit_kinds=rule.edit_kinds,
            user_ids=tuple(self._get_approvers(document, excluded).sorted('id').ids),
        )

    def _explain_shortage(self, planned):
        """Say in one sentence why a planned level cannot decide."""
        if not planned.user_ids:
            return self.env._(
                "Level “%(level)s” of policy “%(policy)s” has nobody who may approve it: the makers, archived "
                "users and users of other companies cannot.", level=planned.name, policy=planned.policy_name)
        return self.env._(
            "Level “%(level)s” of policy “%(policy)s” needs %(needed)s approvers, but only %(count)s may approve "
            "it.", level=planned.name, policy=planned.policy_name,
            needed=planned.needed, count=len(planned.user_ids))
