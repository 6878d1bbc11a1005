from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_complaint_remedy import CLAIMING


class SaleComplaint(models.Model):
    """A complaint and its remedies: proposing, carrying out and verifying are steps of the complaint."""

    _inherit = 'sale.complaint'

    remedy_ids = fields.One2many(
        'sale.complaint.remedy', 'complaint_id', string="Remedies", groups='base.group_user')
    remedy_count = fields.Integer(compute='_compute_remedy_count', groups='base.group_user')

    @api.depends('remedy_ids')
    def _compute_remedy_count(self):
        counts = dict(self.env['sale.complaint.remedy'].sudo()._read_group(
            [('complaint_id', 'in', self.ids)], ['complaint_id'], ['__count']))
        for complaint in self:
            complaint.remedy_count = counts.get(complaint._origin, 0)

    @api.depends('remedy_ids.state', 'remedy_ids.amount')
    def _compute_cost(self):
        return super()._compute_cost()

    def _check_writable(self, vals):
        # What was agreed to was agreed to for this customer and this order.
        if vals.keys() & {'partner_id', 'order_id', 'company_id'}:
            self._refuse_remedies(self.sudo().remedy_ids.filtered(lambda one: one.state in CLAIMING))
        return super()._check_writable(vals)

    @api.model
    def _refuse_remedies(self, remedies):
        """Refuse a change under remedies that were proposed.

        :raise UserError: naming them
        """
        if remedies:
            raise UserError(self.env._(
                "%s was proposed and cannot be changed any more. Cancel it and propose another one.",
                ", ".join(remedies.mapped('name'))))

    def _get_remedy_costs(self):
        costs = super()._get_remedy_costs()
        for remedy in self.sudo().remedy_ids.filtered(lambda one: one.state == 'done' or one._is_promised_discount()):
            number = remedy.complaint_id.id
            costs[number] = costs.get(number, 0.0) + remedy._get_cost()
        return costs

    def _get_missing_for(self, state):
        missing = super()._get_missing_for(state)
        remedies = self.sudo().remedy_ids
        if state == 'proposed' and not remedies.filtered(lambda one: one.state in ('draft', *CLAIMING)):
            missing.append(self.env._("Propose a remedy: say how it is put right."))
        if state == 'approved':
            missing += [
                self.env._("%s waits for approval.", one.display_name) for one in remedies if one.state == 'asked']
            missing += [
                self.env._("%s waits for the customer.", one.display_name)
                for one in remedies if one.state == 'offered']
        if state in ('verified', 'closed'):
            missing += [
                self.env._("%s is not carried out: do it, or cancel it.", one.display_name) for one in remedies
                if one.state in ('draft', 'asked', 'offered')
                or one.state == 'ready' and not one._is_promised_discount()]
        return missing

    def _complaint_entered(self, state):
        super()._complaint_entered(state)
        if state == 'proposed':
            drafts = self.remedy_ids.filtered(lambda one: one.state == 'draft')
            if drafts:
                drafts.action_submit()
            else:
                self._follow_remedies()
        elif state in ('rejected', 'cancelled'):
            self.sudo().remedy_ids._give_up()

    def action_new_remedy(self):
        """Open the form of a new remedy, in which the goods of the complaint are proposed: for handlers."""
        self.ensure_one()
        self._check_handler()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("New Remedy"),
            'res_model': 'sale.complaint.remedy',
            'view_mode': 'form',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {'default_complaint_id': self.id},
        }

    def action_execute(self):
        result = super().action_execute()
        # A discount that waits for its order was carried out as far as it can be.
        self.remedy_ids.filtered(lambda one: one.state == 'ready' and not one._is_promised_discount())._carry_out()
        return result

    def _follow_remedies(self):
        """Bring complaints to where their remedies are: approved when all are, executing when the first is done."""
        for complaint in self.sudo():
            states = set(complaint.remedy_ids.mapped('state'))
            if complaint.state == 'proposed' and states & {'ready', 'done'} and 'draft' not in states \
                    and not complaint._get_missing_for('approved'):
                complaint._move_to('approved')
            if complaint.state == 'approved' and 'done' in states and not complaint._get_missing_for('executing'):
                complaint._move_to('executing')

    def _get_customer_lang(self):
        """Return the language in which the customer is written to."""
        self.ensure_one()
        return self.sudo().partner_id.lang or self.sudo().company_id.partner_id.lang or self.env.lang

    def _write_to_customer(self, body, **values):
        """Send the customer a message that becomes part of the complaint; private: callers check who acts.

        :param body: text, or safe HTML
        """
        self.ensure_one()
        complaint = self.sudo()
        # Whoever approved something is nobody the customer deals with.
        author = complaint.user_id.partner_id or complaint.company_id.partner_id
        return complaint.message_post(
            body=body, message_type='comment', subtype_xmlid='mail.mt_comment', author_id=author.id,
            email_from=author.email_formatted, **complaint._get_recipients(), **values)

    def _get_recipients(self):
        """Return to whom a message to the customer goes: the contact, else the address that wrote."""
        self.ensure_one()
        if not self.partner_id and self.email_from:
            return {'outgoing_email_to': self.email_from}
        return {'partner_ids': self.partner_id.ids}
