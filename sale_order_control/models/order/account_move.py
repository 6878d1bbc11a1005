from odoo import models

from .control_memory import event_happened


class AccountMove(models.Model):
    _inherit = 'account.move'

    def _post(self, soft=True):
        # A vendor bill may re-invoice costs on a confirmed order: what was spent is recorded on the
        # order and reported, never refused.
        with event_happened(self.env):
            return super()._post(soft=soft)
