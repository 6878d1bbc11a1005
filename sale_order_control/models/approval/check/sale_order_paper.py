from odoo import api, fields, models
from odoo.exceptions import UserError

from ...order.control_memory import control_memory

PRINT_CHOICES = [
    ('usual', "Print as usual"),
    ('mark', "Print, marked “not approved”"),
    ('block', "Do not print"),
]
PAPER_SETTINGS = ('control_send_approved', 'control_print', 'control_print_approvals')


class ResCompany(models.Model):
    """What may leave the house as long as nobody has agreed: mails and paper."""

    _inherit = 'res.company'

    control_send_approved = fields.Boolean(
        string="Send Approved Quotations Only", groups='base.group_user',
        help="A quotation that needs an approval cannot be sent to the customer before. Once approved it is not "
             "confirmed by itself but can be sent, signed and paid as usual.")
    control_print = fields.Selection(
        PRINT_CHOICES, string="Printing without Approval", default='usual', required=True, groups='base.group_user',
        help="Quotations and pro-forma invoices that need an approval nobody has given yet. The customer's page on "
             "the website shows nothing of it.")
    control_print_approvals = fields.Boolean(
        string="Print Who Approved", groups='base.group_user',
        help="Quotations and orders that were approved show who prepared, reviewed and approved them, with dates. "
             "What customers print themselves does not.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), *PAPER_SETTINGS)


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    control_send_approved = fields.Boolean(related='company_id.control_send_approved', readonly=False)
    control_print = fields.Selection(related='company_id.control_print', readonly=False, required=True)
    control_print_approvals = fields.Boolean(related='company_id.control_print_approvals', readonly=False)


class SaleOrder(models.Model):
    """Quotations that wait for an approval stay in the house, where the company wants it so."""

    _inherit = 'sale.order'

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.filtered(lambda order: order.state == 'sent')._refuse_unapproved_sending()
        return orders

    def write(self, vals):
        if vals.get('state') == 'sent':
            self.filtered(lambda order: order.state != 'sent')._refuse_unapproved_sending()
        return super().write(vals)

    # === ACTION METHODS ===#

    def action_quotation_send(self):
        held = self._get_unsendable()
        if held and held == self:
            held._refuse_unapproved_sending()
        elif held:
            # Of several, those that may go go; the others are named.
            self.env.user._bus_send('simple_notification', {
                'type': 'warning', 'sticky': True, 'message': held._explain_unsendable()})
        return super(SaleOrder, self - held).action_quotation_send()

    def action_share(self):
        # The link shows the quotation, and lets the customer sign it.
        self._refuse_unapproved_sending()
        return super().action_share()

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals=msg_vals)
        if self and self.sudo()._get_unsendable():
            # A message is no offer: whoever gets it outside reads its words alone.
            for name, _applies, options in groups:
                if name in ('portal_customer', 'portal', 'follower', 'customer'):
                    options['has_button_access'] = False
        return groups

    # === WHAT WAITS ===#

    def _get_awaiting_approval(self):
        """Filter the quotations that need an agreement which nobody has given yet."""
        quotations = self.filtered(
            lambda order: order.state in ('draft', 'sent')
            and order.company_id._get_control_mode('approval') == 'enforce')
        issues = quotations._get_control_issues('submit') if quotations else {}
        return quotations.filtered(lambda order: any(issue.effect == 'approve' for issue in issues[order.id]))

    def _get_unsendable(self):
        """Filter the quotations that may not be sent before somebody agreed."""
        return self.filtered(lambda order: order.company_id.sudo().control_send_approved)._get_awaiting_approval()

    def _refuse_unapproved_sending(self):
        """Refuse to send what waits for an approval; never while an event is processed that has happened already.

        :raise UserError: naming the quotations
        """
        if control_memory(self.env).happened:
            return
        held = self._get_unsendable()
        if held:
            raise UserError(held._explain_unsendable())

    def _explain_unsendable(self):
        return self.env._(
            "These quotations are sent when they are approved: %s. Submit them first.",
            ", ".join(self.mapped('name')))

    # === AFTER THE APPROVAL ===#

    def _approval_approved(self):
        # What the customer has not accepted yet goes to the customer first.
        offers = self.filtered(
            lambda order: order.company_id.control_send_approved and order.state in ('draft', 'sent')
            and not order.control_parked)
        outcome = super(SaleOrder, self - offers)._approval_approved()
        outcome.update(dict.fromkeys(offers.ids, self.env._("The quotation can be sent to the customer now.")))
        return outcome

    # === PAPER ===#

    def _is_marked_unapproved(self):
        """Whether the printed quotation says that nobody has approved it; never on what customers print."""
        self.ensure_one()
        order = self.sudo()
        return order.company_id.control_print != 'usual' and not self.env.user.share \
            and bool(order._get_awaiting_approval())

    def _get_printed_approvals(self):
        """Return the rows “prepared, reviewed, approved” for the printed order, if the company prints them.

        :return: list of dicts as of :meth:`sale.approval.request._get_approval_rows`
        """
        self.ensure_one()
        order = self.sudo()
        if not order.company_id.control_print_approvals or order.approval_state != 'approved' or self.env.user.share:
            return []
        request = order._get_latest_requests()[order.id]
        return request._get_approval_rows()

    def _refuse_unapproved_printing(self):
        """Refuse to print what waits for an approval, where the company does not want such paper.

        :raise UserError: naming the quotations; never for customers nor while an event is processed
        """
        if self.env.user.share or control_memory(self.env).happened:
            return
        held = self.filtered(lambda order: order.company_id.control_print == 'block')._get_awaiting_approval()
        if held:
            raise UserError(self.env._(
                "These quotations are printed when they are approved: %s.", ", ".join(held.mapped('name'))))


class IrActionsReport(models.Model):
    """Every report about orders, on every path that renders one."""

    _inherit = 'ir.actions.report'

    def _pre_render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        self._refuse_unapproved_orders(report_ref, res_ids)
        return super()._pre_render_qweb_pdf(report_ref, res_ids=res_ids, data=data)

    @api.model
    def _render_qweb_html(self, report_ref, docids, data=None):
        self._refuse_unapproved_orders(report_ref, docids)
        return super()._render_qweb_html(report_ref, docids, data=data)

    @api.model
    def _render_qweb_text(self, report_ref, docids, data=None):
        self._refuse_unapproved_orders(report_ref, docids)
        return super()._render_qweb_text(report_ref, docids, data=data)

    def _refuse_unapproved_orders(self, report_ref, docids):
        if docids and self._get_report(report_ref).model == 'sale.order':
            ids = [docids] if isinstance(docids, int) else docids
            self.env['sale.order'].sudo().browse(ids)._refuse_unapproved_printing()


class MailTemplate(models.Model):
    _inherit = 'mail.template'

    def send_mail_batch(self, res_ids, *args, **kwargs):
        if self.model == 'sale.order':
            self.env['sale.order'].sudo().browse(res_ids)._refuse_unapproved_sending()
        return super().send_mail_batch(res_ids, *args, **kwargs)


class PortalShare(models.TransientModel):
    """The link of a quotation that waits is not sent either."""

    _inherit = 'portal.share'

    def action_send_mail(self):
        for share in self.filtered(lambda one: one.res_model == 'sale.order' and one.res_id):
            self.env['sale.order'].sudo().browse(share.res_id)._refuse_unapproved_sending()
        return super().action_send_mail()
