from odoo import api, fields, models


class ResUsers(models.Model):
    """Who leaves, or loses a company or a group, does not keep requests waiting."""

    _inherit = 'res.users'

    approval_manager_id = fields.Many2one(
        'res.users', string="Manager for Approvals", domain="[('share', '=', False)]", groups='base.group_user',
        help="Approves what this user submits where a level says “Manager of the salesperson”. Empty: the manager of "
             "the employee, where employees are used.")

    def _get_approval_manager(self):
        """Return the users' managers: those set here, else those of their employees."""
        managers = self.approval_manager_id
        for user in self.filtered(lambda user: not user.approval_manager_id):
            if 'employee_ids' in user._fields:
                managers |= user.employee_ids.parent_id.user_id
        return managers

    @api.model_create_multi
    def create(self, vals_list):
        # Who may approve at all is remembered.
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'active', 'company_ids', 'group_ids', 'share'}:
            self.env.registry.clear_cache()
            self.env['sale.approval.task'].sudo()._reroute_absent(self)
        return result


class ResGroups(models.Model):
    _inherit = 'res.groups'

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'user_ids', 'implied_ids'}:
            self.env.registry.clear_cache()
            self.env['sale.approval.task'].sudo()._reroute_absent()
        return result
