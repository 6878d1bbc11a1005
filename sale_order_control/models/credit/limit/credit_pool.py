from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class CreditPool(models.Model):
    """A limit that customers of a group share. Groups may be part of a bigger group with a limit of its own."""

    _name = 'credit.pool'
    _description = "Shared Credit Limit"
    _inherit = ['mail.thread']
    _order = 'name, id'
    _parent_store = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', required=True, index=True, ondelete='cascade',
        default=lambda self: self.env.company.root_id, domain="[('parent_id', '=', False)]")
    currency_id = fields.Many2one(related='company_id.currency_id')
    limit = fields.Monetary(
        string="Shared Limit", required=True, tracking=True,
        help="What all members together may owe, in the currency of the main company. Checked before the limit of "
             "the customer itself.")
    parent_id = fields.Many2one(
        'credit.pool', string="Part Of", index=True, ondelete='restrict', domain="[('company_id', '=', company_id)]")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many('credit.pool', 'parent_id', string="Groups Inside")
    account_ids = fields.One2many('credit.account', 'pool_id', string="Members")
    member_count = fields.Integer(compute='_compute_position', compute_sudo=True)
    exposure = fields.Monetary(
        compute='_compute_position', compute_sudo=True,
        help="What all members together would owe if everything open were delivered and invoiced.")
    available = fields.Monetary(compute='_compute_position', compute_sudo=True)
    used_percent = fields.Float(string="Used (%)", compute='_compute_position', compute_sudo=True)
    # Only ever raised by one, so that two confirmations of different members meet in the database.
    serial = fields.Integer(readonly=True, copy=False, default=0)

    _limit_positive = models.Constraint('CHECK ("limit" >= 0)', "A shared limit cannot be negative.")

    @api.depends('account_ids', 'limit', 'child_ids')
    def _compute_position(self):
        for company, pools in self.grouped('company_id').items():
            members = self.env['credit.account'].sudo().with_context(active_test=False).search(
                [('pool_id', 'child_of', pools._origin.ids)])
            positions = members._read_positions(members.partner_id, company) if members else {}
            for pool in pools:
                theirs = members.filtered(lambda account, pool=pool: pool._origin in account.pool_id._get_chain())
                pool.member_count = len(theirs)
                pool.exposure = sum(max(0.0, positions[account.partner_id.id].total) for account in theirs)
                pool.available = pool.limit - pool.exposure
                pool.used_percent = 100 * pool.exposure / pool.limit if pool.limit > 0 else 0.0

    def _get_chain(self):
        """Return these groups and all that they are part of; archived ones have no limit to share."""
        return self._get_ancestors().filtered('active')

    def _get_ancestors(self):
        """Return these groups and all that they are part of."""
        paths = {int(pool_id) for pool in self for pool_id in (pool.parent_path or '').split('/') if pool_id}
        return self.browse(sorted(paths))

    @api.constrains('company_id', 'parent_id', 'account_ids')
    def _check_one_company(self):
        for pool in self.sudo():
            if pool.company_id.parent_id:
                raise ValidationError(self.env._(
                    "Credit is given by the main company %s, not by its branch.", pool.company_id.root_id.name))
            companies = pool.account_ids.company_id | pool.parent_id.company_id | pool.child_ids.company_id
            if companies - pool.company_id:
                raise ValidationError(self.env._(
                    "The group %(group)s shares a limit of %(company)s: its members, the group that it is part of and "
                    "the groups inside must be of the same company.", group=pool.name, company=pool.company_id.name))

    @api.model_create_multi
    def create(self, vals_list):
        self.env['credit.account']._check_controller()
        return super().create(vals_list)

    def write(self, vals):
        self.env['credit.account']._check_controller()
        self._check_cycle(vals.get('parent_id'))
        members = self._get_members()
        result = super().write(vals)
        if {'limit', 'parent_id', 'active', 'account_ids'} & vals.keys():
            (members | self._get_members())._limit_changed(self.env._("The shared limit of the group was changed."))
        return result

    def _check_cycle(self, parent_id):
        """Refuse a group inside itself; Odoo would only say "Recursion Detected"."""
        if parent_id and self & self.browse(parent_id)._get_ancestors():
            raise ValidationError(self.env._(
                "A group cannot be part of itself, also not through other groups. Choose another group in “Part Of”."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_members(self):
        if self._get_members():
            raise UserError(self.env._("A group with members is kept. Take its members out first, or archive it."))

    def _get_members(self):
        return self.env['credit.account'].sudo().with_context(active_test=False).search(
            [('pool_id', 'child_of', self.ids)]) if self.ids else self.env['credit.account'].sudo()


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    pool_id = fields.Many2one(
        'credit.pool', string="Shared Limit", tracking=True, index='btree_not_null', ondelete='restrict',
        domain="[('company_id', '=', company_id)]",
        help="Group of customers that share a limit. It is checked before the limit of the customer itself.")

    @api.constrains('pool_id', 'company_id')
    def _check_pool_company(self):
        self.sudo().pool_id._check_one_company()

    def _serialise(self):
        result = super()._serialise()
        # Members of one group grow the same sum: they meet in the rows of its groups.
        chain = self.sudo().pool_id._get_chain()
        if chain:
            self.env.execute_query(SQL(
                """WITH mine AS (SELECT id FROM credit_pool WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)
                   UPDATE credit_pool pool SET serial = serial + 1 FROM mine WHERE mine.id = pool.id
                   RETURNING pool.id""", tuple(chain.ids)))
        return result
