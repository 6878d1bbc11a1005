from odoo import api, models

from ...order.control_terms import LINE_TERM_FIELDS, ORDER_TERM_FIELDS
from ...order.res_partner_class import CLASS_SETTERS
from ...order.sale_order_transition import COMPUTED_FIGURES
from .findings import Finding

# Judged by themselves when they change: not a way out of a policy, but another deal. A pricelist is not: the prices it
# brings are.
TERMS = {
    'sale.order': (ORDER_TERM_FIELDS | COMPUTED_FIGURES | {'sale_type_id'}) - {'pricelist_id'},
    'sale.order.line': LINE_TERM_FIELDS,
}
# Conditions that look at the company of a contact: who moves the contact to another company changes what they find.
COMPANY_CONDITIONS = ('partner_tag_ids', 'class_ids', 'country_ids', 'customer_kind', 'cumulative_days')


class SaleApprovalPolicy(models.Model):
    """The check-up of ways out: what a maker could write so that a policy, or an approver, is another one."""

    _inherit = 'sale.approval.policy'

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), self._check_escapes]

    @api.model
    def _check_escapes(self, run):
        orders = run.own.filtered(lambda policy: policy.res_model == 'sale.order' and not policy._explain_domain())
        paths = {policy: policy._get_condition_paths() for policy in orders}
        routes = {level: level.approver_field for level in run.own.level_ids if level.approver_type == 'field'}
        broken = {level: path for level, path in routes.items() if not level._leads_to_user()}
        steps = {
            (owner, path): list(self._walk_path(owner._get_document_model(), path))
            for owner, path in [
                *((policy, path) for policy, own in paths.items() for path in own),
                *((level, path) for level, path in routes.items() if level not in broken)]}
        writable = self._get_seller_writable(run, {model for own in steps.values() for model, _field in own})
        for (owner, path), own in steps.items():
            for model, field in own:
                if model in writable and self._is_escape(model, field):
                    yield self._prepare_escape(owner, path, model, field)
        for level, path in broken.items():
            yield Finding('path_gone', level.policy_id, level, facts={
                'level': level.name, 'policy': level.policy_id.name, 'path': path})
        if 'res.partner' in self._get_seller_writable(run, {'res.partner'}):
            for policy in orders:
                if policy.country_ids:
                    yield Finding('editable_country', policy, facts={'policy': policy.name})
                looking = [
                    self._fields[name]._description_string(self.env) for name in COMPANY_CONDITIONS if policy[name]]
                looking += [path for path in paths[policy] if 'commercial_partner_id' in path.split('.')]
                if looking:
                    yield Finding('editable_parent', policy, facts={
                        'policy': policy.name, 'conditions': ", ".join(f"“{name}”" for name in looking)})

        setters = run.salespeople.filtered(lambda user: any(user.has_group(group) for group in CLASS_SETTERS))
        for policy in orders.filtered('class_ids') if setters else ():
            yield Finding('editable_class', policy, facts={'policy': policy.name, 'names': self._name_some(setters)})

    def _get_document_model(self):
        return self.res_model

    @api.model
    def _walk_path(self, model_name, path):
        """Yield ``(model name, field)`` for each step of a path of fields."""
        model = self.env[model_name]
        for name in path.split('.'):
            field = model._fields.get(name)
            if field is None:
                return
            yield model._name, field
            if not field.relational:
                return
            model = self.env[field.comodel_name]

    @api.model
    def _get_seller_writable(self, run, model_names):
        """Return which of these models some salesperson may write, by their access rights."""
        model_names = {name for name in model_names if not self.env[name]._abstract}
        groups = run.salespeople.group_ids.all_implied_ids
        accesses = self.env['ir.model.access'].sudo().search([
            ('perm_write', '=', True), ('model_id.model', 'in', list(model_names)),
            ('group_id', 'in', [False, *groups.ids])])
        return set(accesses.model_id.mapped('model'))

    @api.model
    def _is_escape(self, model_name, field):
        """Whether who may write the model can write the field, and nothing judges that it changed."""
        if field.name in TERMS.get(model_name, ()) or field.name in ('id', 'create_uid', 'create_date', 'write_date'):
            return False
        model = self.env[model_name]
        if hasattr(model, '_get_control_protected_fields') and field.name in model._get_control_protected_fields():
            return False
        follows = field.compute and field.readonly or field.related and field.readonly
        return not (follows and not field.inverse)

    @api.model
    def _prepare_escape(self, owner, path, model_name, field):
        facts = {
            'path': path, 'field': field._description_string(self.env),
            'model': self.env['ir.model'].sudo()._get(model_name).name}
        about = f'{path}.{model_name}.{field.name}'
        if owner._name == 'sale.approval.level':
            return Finding('editable_approver', owner.policy_id, owner, about=about, facts={
                **facts, 'level': owner.name, 'policy': owner.policy_id.name})
        return Finding('editable', owner, about=about, facts={**facts, 'policy': owner.name})


class SaleApprovalLevel(models.Model):
    _inherit = 'sale.approval.level'

    def _get_document_model(self):
        return self.policy_id.res_model
