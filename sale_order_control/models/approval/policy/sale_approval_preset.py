from odoo import fields, models


class SaleApprovalPreset(models.AbstractModel):
    """What the set-up wizard wrote last, so that it can be run again without undoing what was changed by hand."""

    _name = 'sale.approval.preset'
    _description = "Kept Up to Date by the Set-Up"

    preset_key = fields.Char(
        readonly=True, copy=False, help="Which preset of the set-up wizard keeps this record up to date.")
    preset_values = fields.Json(
        readonly=True, copy=False, prefetch=False, groups='sale_order_control.group_manager',
        help="What the set-up wizard wrote last. What differs from it was changed by hand and stays.")

    def _take_preset(self, values, shown=()):
        """Write a preset's values, except where somebody changed the record by hand since.

        :param dict values: values of fields; relations as lists of ids
        :param shown: names of fields that the wizard showed as they are: what it says of them is meant
        """
        self.ensure_one()
        last = self.preset_values or {}
        written = {
            name: value for name, value in values.items()
            if name in shown or name in last and self._get_plain_preset_value(name) == last[name]}
        self.write(self._prepare_preset_values(written))
        self._remember_preset(written)

    def _remember_preset(self, names):
        """Take note of what was just written to these fields."""
        self.ensure_one()
        self.preset_values = {
            **(self.preset_values or {}), **{name: self._get_plain_preset_value(name) for name in names}}

    def _prepare_preset_values(self, values):
        return {
            name: [fields.Command.set(value)] if self._fields[name].type == 'many2many' else value
            for name, value in values.items()}

    def _get_plain_preset_value(self, name):
        value = self[name]
        if isinstance(value, models.BaseModel):
            return sorted(value.ids) if self._fields[name].type == 'many2many' else value.id
        return round(value, 6) if isinstance(value, float) else value


class SaleApprovalLevel(models.Model):
    _name = 'sale.approval.level'
    _inherit = ['sale.approval.level', 'sale.approval.preset']


class SaleApprovalPolicy(models.Model):
    _name = 'sale.approval.policy'
    _inherit = ['sale.approval.policy', 'sale.approval.preset']

    _preset_unique = models.UniqueIndex(
        '(company_id, preset_key) WHERE preset_key IS NOT NULL', "A company has each preset policy once.")

    def _create_preset(self, key, values, levels):
        """Create the policy of a preset.

        :param dict levels: ``{key: values}`` in the order of deciding
        """
        policy = self.create({
            **self._prepare_preset_values(values),
            'preset_key': key,
            'level_ids': [
                fields.Command.create({**self.level_ids._prepare_preset_values(level), 'preset_key': level_key})
                for level_key, level in levels.items()],
        })
        policy._remember_preset(values)
        policy._remember_preset_levels(levels)
        for level in policy.level_ids:
            level._remember_preset(levels[level.preset_key])
        return policy

    def _update_preset(self, values, levels, shown, shown_levels):
        """Bring a policy up to date; levels added by hand stay, and those removed by hand stay away.

        :param shown: names of the policy's fields that the wizard showed as they are
        :param shown_levels: keys of the levels whose persons it showed as they are
        """
        self.ensure_one()
        existing = {level.preset_key: level for level in self.level_ids if level.preset_key}
        known = (self.preset_values or {}).get('levels', ())
        for key, level_values in levels.items():
            if key in existing:
                existing[key]._take_preset(level_values, ('user_ids',) if key in shown_levels else ())
            elif key not in known:
                level = self.level_ids.create({
                    **self.level_ids._prepare_preset_values(level_values), 'policy_id': self.id, 'preset_key': key})
                level._remember_preset(level_values)
        self._take_preset(values, shown)
        self._remember_preset_levels(levels)

    def _remember_preset_levels(self, levels):
        self.preset_values = {**(self.preset_values or {}), 'levels': list(levels)}

    def _rest_preset(self):
        """Archive policies that the preset does without for now; a later run brings them back."""
        for policy in self.filtered('active'):
            policy.active = False
            policy._remember_preset(['active'])
