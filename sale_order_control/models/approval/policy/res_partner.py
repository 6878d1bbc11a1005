from odoo import models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    """Tags that decide who approves orders are not taken off by those whose orders they are."""

    _inherit = 'res.partner'

    def write(self, vals):
        if 'name' in vals and self.sudo().with_context(active_test=False).user_ids:
            # What approvers are called is remembered.
            self.env.registry.clear_cache()
        if 'category_id' not in vals:
            return super().write(vals)
        before = self._get_judged_tag_ids()
        result = super().write(vals)
        self._refuse_lost_tags(before)
        return result

    def _get_judged_tag_ids(self):
        """Return ``{contact: ids of its tags that an active policy names}``."""
        judged = self.env['sale.approval.policy']._get_judged_tag_ids()
        if not judged:
            return {}
        contacts = self.sudo().with_context(active_test=False)
        return {partner: judged & set(partner.category_id._ids) for partner in contacts}

    def _refuse_lost_tags(self, before):
        """Refuse, unless a manager of order control does it, that contacts lost a tag which a policy names.

        :param dict before: what :meth:`_get_judged_tag_ids` returned before
        """
        for partner, tag_ids in before.items():
            gone = tag_ids - set(partner.category_id._ids)
            if gone and not self.env.user.has_group('sale_order_control.group_manager'):
                tags = self.env['res.partner.category'].sudo().browse(gone)
                raise AccessError(self.env._(
                    "“%(tags)s” of %(partner)s decides who approves the customer's orders: only a manager of order "
                    "control can take it off.", tags="”, “".join(tags.mapped('display_name')),
                    partner=partner.display_name))


class ResPartnerCategory(models.Model):
    _inherit = 'res.partner.category'

    def write(self, vals):
        if 'partner_ids' not in vals:
            return super().write(vals)
        partners = self.sudo().with_context(active_test=False).partner_ids
        before = partners._get_judged_tag_ids()
        result = super().write(vals)
        partners._refuse_lost_tags(before)
        return result
