from odoo import models


class ResUsers(models.Model):
    _inherit = 'res.users'

    def _get_digested_types(self):
        """Return the kinds of activities (``mail.activity.type``) that a daily message of a room tells this user of.

        Whoever sends another one leaves them out: nobody is told of the same cause by two messages.
        """
        self.ensure_one()
        return self.env['mail.activity.type']
