from odoo import models


class ResUsers(models.Model):
    """Who leaves, or loses a company or a group, does not keep requests waiting."""

    _inherit = 'res.users'

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'active', 'company_ids', 'group_ids', 'share'}:
            self.env['sale.approval.task'].sudo()._reroute_absent(self)
        return result


class ResGroups(models.Model):
    _inherit = 'res.groups'

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'user_ids', 'implied_ids'}:
            self.env['sale.approval.task'].sudo()._reroute_absent()
        return result
