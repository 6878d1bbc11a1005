import logging

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

# So many requests a digest lists; the others are behind its link.
DIGEST_LENGTH = 30


class ResUsers(models.Model):
    """Whether somebody wants the daily digest, and when the last one was sent."""

    _inherit = 'res.users'

    approval_digest = fields.Boolean(
        string="Daily Digest of Approvals", default=True, groups='base.group_user',
        help="One message a day about what waits for this user's decision, and about the user's own documents that "
             "wait for others. None on days when nothing waits.")
    approval_digest_on = fields.Date(
        string="Last Digest of Approvals", readonly=True, copy=False, groups='base.group_system')

    def _get_digested_types(self):
        types = super()._get_digested_types()
        asked = self.env.ref('sale_order_control.mail_activity_type_approval', raise_if_not_found=False)
        return types | asked if asked and self.sudo().approval_digest else types

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ['approval_digest']

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ['approval_digest']


class SaleApprovalRequest(models.Model):
    """The digest of what waits: one message per person and day, in the person's language."""

    _inherit = 'sale.approval.request'

    @api.model
    def _cron_digest(self, limit=50):
        """Send today's digests to those who have not got theirs yet.

        A person whose digest fails is logged and tried again at the next run of the day; the others get theirs.

        :param int limit: digests between two commits
        :return: number of digests that failed
        """
        today = self.env['sale.order']._get_control_today()
        users = self._get_digest_users(today)
        failed = 0
        for number, user in enumerate(users, 1):
            try:
                with self.env.cr.savepoint():
                    self._send_digest(user, today)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                failed += 1
                _logger.exception("The digest of approvals for user %s failed", user.id)
            if number % limit == 0 or number == len(users):
                done = number % limit or limit
                if not self.env['ir.cron']._commit_progress(done, remaining=len(users) - number):
                    break
        return failed

    @api.model
    def _get_digest_users(self, today):
        """Return those for whom something waits, or who wait, and who want to know and do not know yet."""
        deciding = self.env['sale.approval.task'].sudo()._read_group([('state', '=', 'pending')], ['user_id'])
        asking = self.sudo()._read_group([('state', '=', 'pending')], ['requester_id'])
        users = self.env['res.users'].sudo().union(*(user for [user] in deciding + asking))
        return users.filtered(
            lambda user: user.active and not user.share and user.approval_digest and user.approval_digest_on != today)

    @api.model
    def _send_digest(self, user, today):
        """Send one person's digest and note that it was sent; both or none of it."""
        requests = self.sudo().with_context(lang=user.lang, tz=user.tz, allowed_company_ids=user.company_ids.ids)
        tasks = requests.env['sale.approval.task'].search([('user_id', '=', user.id), ('state', '=', 'pending')])
        deciding = tasks.request_id.filtered(lambda request: request.company_id in user.company_ids)
        asking = requests.search([('requester_id', '=', user.id), ('state', '=', 'pending')])
        user.approval_digest_on = today
        if not deciding and not asking:
            return
        env = requests.env
        body = env['ir.qweb']._render('sale_order_control.approval_digest', {
            'deciding': deciding.sorted('waiting_since'), 'asking': asking.sorted('requested_on'),
            'most': DIGEST_LENGTH})
        if deciding:
            subject = env._("Approvals: %s wait for you", len(deciding))
        else:
            subject = env._("Approvals: %s of yours wait for others", len(asking))
        env['mail.thread'].with_context(mail_notify_force_send=False).message_notify(
            partner_ids=user.partner_id.ids, subject=subject, body=body)
