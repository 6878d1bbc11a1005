from odoo import api, models
from odoo.exceptions import UserError

from .control_memory import control_memory, control_recording


class SaleControlFact(models.AbstractModel):
    """What happened, as it was seen: recorded by the acts it follows from, never changed, never deleted.

    No access right creates such records, and neither do full rights, for an automation has those too: the add-on's
    own acts, which check who acts, do it by ``_record_facts``.
    """

    _name = 'sale.control.fact'
    _description = "Recorded Fact"

    @api.model_create_multi
    def create(self, vals_list):
        if not control_memory(self.env).recording:
            raise UserError(self.env._(
                "“%s” follows from what happens in the system: nobody enters it by hand.", self._get_fact_label()))
        return super().create(vals_list)

    @api.model
    def _record_facts(self, vals_list):
        """Record what happened: for private code that has checked who acts.

        :return: the records, in sudo
        """
        with control_recording(self.env):
            return self.sudo().create(vals_list)

    def write(self, vals):
        raise UserError(self.env._("“%s” is a record of facts and cannot be changed.", self._get_fact_label()))

    def unlink(self):
        raise UserError(self.env._("“%s” is a record of facts and cannot be deleted.", self._get_fact_label()))

    @api.model
    def _get_fact_label(self):
        # Anybody may read what a refusal calls the record.
        return self.env['ir.model'].sudo()._get(self._name).name


class SaleControlCached(models.AbstractModel):
    """Configuration that rules read through the cache: every change is seen by all workers at once."""

    _name = 'sale.control.cached'
    _description = "Cached Configuration"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() - self._get_uncached_fields():
            self.env.registry.clear_cache()
        return super().write(vals)

    @api.model
    def _get_uncached_fields(self):
        """Name the fields that nothing reads through the cache, because they are written often."""
        return set()

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
