from odoo import api, fields, models

# The hour from which digests are sent, in the time zone of who gets them.
MORNING = 6
# So many follow-ups are listed, and so many documents of each kind of what else waits.
LONGEST = 30
MOST = 5


class ResUsers(models.Model):
    """Whether somebody wants to be told every morning what is due, and when the last one was sent."""

    _inherit = 'res.users'

    followup_digest = fields.Boolean(
        string="Daily Digest of Follow-Ups", default=True, groups='base.group_user',
        help="One message a day about what is due for this user: follow-ups, holds, dates, complaints. None on days "
             "when nothing is.")
    followup_digest_on = fields.Date(
        string="Last Digest of Follow-Ups", readonly=True, copy=False, groups='base.group_system')

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ['followup_digest']

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ['followup_digest']


class SaleFollowupRule(models.Model):
    """The digest: one message per person and day, in the person's language."""

    _inherit = 'sale.followup.rule'

    @api.model
    def _get_tick_work(self):
        return [*super()._get_tick_work(), self._send_digests]

    @api.model
    def _send_digests(self, limit):
        """Send today's digests to those for whom something is due and who have not got theirs yet.

        Message and note that it was sent are saved together.

        :return: whether there is time for more
        """
        days = {}
        for company in self._get_followed_companies():
            today = company._get_followup_today()
            for [user] in self.env['sale.followup.queue'].sudo()._read_group([
                    ('date_due', '<=', today), '|', ('company_id', '=', company.id),
                    '&', ('company_id', '=', False), ('user_id.company_ids', 'in', company.ids)], ['user_id']):
                days[user.id] = max(today, days.get(user.id, today))
        users = self.env['res.users'].sudo().browse(sorted(days))

        def load(ids):
            return users.browse(ids).filtered(
                lambda user: user.active and not user.share and user.followup_digest and self._is_awake(user)
                and (not user.followup_digest_on or user.followup_digest_on < days[user.id]))
        return self.env['sale.control.job']._work_off(
            load(users.ids).ids, load, lambda chunk: [self._send_digest(user, days[user.id]) for user in chunk], limit,
            self._report_undigested)

    @api.model
    def _report_undigested(self, failures):
        for user, reason in failures.items():
            self._report_on_document(user.partner_id, user.company_id, reason)

    @api.model
    def _is_awake(self, user):
        """Whether the working day may have begun for somebody: nobody's telephone rings at midnight."""
        now = self.env['sale.order']._get_control_now()
        return fields.Datetime.context_timestamp(user.with_context(tz=user.tz or 'UTC'), now).hour >= MORNING

    @api.model
    def _send_digest(self, user, today):
        """Send one person's digest and note that it was sent; both or none of it.

        It tells what the queue shows: follow-ups one by one, and what the rooms call for in numbers. Of what another
        daily message tells it says nothing.
        """
        waiting = self.env['sale.followup.queue'].sudo().with_context(
            lang=user.lang, tz=user.tz, allowed_company_ids=user.company_ids.ids).search([
                ('user_id', '=', user.id), ('date_due', '<=', today),
                ('company_id', 'in', [*self._get_followed_companies().ids, False]),
                ('activity_type_id', 'not in', user._get_digested_types().ids)])
        if not waiting:
            return
        user.followup_digest_on = today
        env = waiting.env
        followups = waiting.filtered('task_id')
        # At most a page: the list itself is one click away.
        body = env['ir.qweb']._render('sale_order_control.followup_digest', {
            'tasks': followups[:LONGEST], 'more': max(0, len(followups) - LONGEST), 'today': today,
            'calls': (waiting - followups).grouped('activity_type_id'), 'most': MOST})
        env['mail.thread'].with_context(mail_notify_force_send=False).message_notify(
            partner_ids=user.partner_id.ids, body=body,
            subject=env._("Follow-ups: %s are due today", len(waiting)))
