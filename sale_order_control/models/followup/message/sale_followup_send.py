from odoo import api, models
from odoo.tools import plaintext2html

LAYOUT = 'sale_order_control.customer_mail_layout'


class SaleFollowupRule(models.Model):
    """How a rule writes to customers: queued and recorded in one transaction, so nothing is lost or sent twice."""

    _inherit = 'sale.followup.rule'

    def _start_tasks(self, documents, anchors, causes):
        if self.deed != 'message' or not documents:
            return super()._start_tasks(documents, anchors, causes)
        wanted = self._filter_tellable(documents, causes)
        untold = self._tell(wanted, anchors, causes)
        # Who cannot be reached is told by somebody; where a rule asks somebody the same day anyhow, once is enough.
        return super()._start_tasks(untold - self._get_asked_about(untold, anchors), anchors, causes)

    def _get_asked_about(self, documents, anchors):
        """Return those of these documents about which another rule gave somebody a task on the same day."""
        if not self.is_date:
            return documents.browse()
        tasks = self.env['sale.followup.task'].sudo().search([
            ('res_model', '=', documents._name), ('res_id', 'in', documents.ids), ('rule_id', '!=', self.id),
            ('rule_id.moment', '=', self.moment), ('rule_id.offset_days', '=', self.offset_days),
            ('state', '!=', 'cancelled')])
        return documents.browse(task.res_id for task in tasks if task.anchor_date == anchors[task.res_id])

    def _prepare_texts(self, document, order, partner, anchor, user, step):
        summary, note = super()._prepare_texts(document, order, partner, anchor, user, step)
        if self.deed == 'message':
            reason = self.with_context(lang=user.lang or self.env.lang).env._(
                "The customer could not be told by “%(rule)s”: there is no address, or the message could not be "
                "written. Tell the customer in another way.", rule=self.name)
            note = plaintext2html(reason) + (note or '')
        return summary, note

    # === WHO IS TOLD ===#

    def _filter_tellable(self, documents, causes):
        """Leave out documents about which customers know already, or are not to be written to for now."""
        known = self.env['sale.followup.message'].sudo().search([
            ('rule_id', '=', self.id), ('res_id', 'in', documents.ids), ('cause', 'in', list(set(causes.values())))])
        told = {(fact.res_id, fact.cause) for fact in known}
        return documents.filtered(lambda document: (document.id, causes[document.id]) not in told)

    def _get_addressee(self, document, moment):
        return document.mapped(moment.partner_path)[:1]

    def _can_mail(self, partner):
        return bool(self.mail_template_id and partner.active and partner.email)

    def _can_sms(self, partner):
        return bool(self.sms_text and self.has_sms and partner.active and partner.phone)

    # === TELLING ===#

    def _tell(self, documents, anchors, causes):
        """Write to the customers of documents, or record that a message of the day has told them.

        :return: the documents whose customers cannot be reached, or not by what the rule says
        """
        moment = self._get_moments()[self.moment]
        partners = {document.id: self._get_addressee(document, moment) for document in documents}
        groups, covered, later = self._group_documents(documents, partners, moment)
        heads = documents.browse(group[0].id for group in groups)
        reached = heads.filtered(
            lambda document: self._can_mail(partners[document.id]) or self._can_sms(partners[document.id]))
        rows = self._send_mails(
            reached.filtered(lambda document: self._can_mail(partners[document.id])), anchors)
        rows += self._send_sms(reached.filtered(lambda document: self._can_sms(partners[document.id])),
                               partners, anchors, moment)
        facts = self._record_messages(rows, partners, anchors, causes, moment)
        told = {fact.res_id: fact for fact in facts}
        rows = [
            (document, 'mail', fact.name, fact.contact, fact.mail_message_id, fact)
            for group in groups if (fact := told.get(group[0].id)) for document in group[1:]
        ] + [(document, fact.channel, fact.name, fact.contact, fact.mail_message_id, fact)
             for document, fact in covered.items()]
        self._record_messages(rows, partners, anchors, causes, moment)
        known = {row[0].id for row in rows} | told.keys() | set(later.ids)
        return documents.filtered(lambda document: document.id not in known)

    def _group_documents(self, documents, partners, moment):
        """Put documents together that are told with one message.

        :return: ``(groups, {document: message that told it today}, documents that wait for another day)``
        """
        if not self.one_a_day:
            return [[document] for document in documents], {}, documents.browse()
        groups, covered, later = {}, {}, documents.browse()
        told = self._get_told_today(documents, partners, moment)
        for document in documents:
            company, partner = self._get_company(document, moment), partners[document.id]
            fact = told.get((company, partner))
            if not fact:
                groups.setdefault((company, partner), []).append(document)
            elif fact.rule_id.offset_days >= self.offset_days:
                covered[document] = fact
            else:
                # Told more gently today: one message a day is enough, this one follows tomorrow.
                later |= document
        return list(groups.values()), covered, later

    def _get_told_today(self, documents, partners, moment):
        """Return ``{(company, partner): message}`` of this ladder that customers got today."""
        companies = {self._get_company(document, moment) for document in documents}
        facts = self.env['sale.followup.message'].sudo()
        for company in companies:
            facts |= facts.search([
                ('partner_id', 'in', [partner.id for partner in partners.values()]),
                ('sent_day', '=', company._get_followup_today()), ('company_id', '=', company.id),
                ('covered_id', '=', False), ('rule_id.one_a_day', '=', True), ('rule_id.moment', '=', self.moment),
            ])
        return {(fact.company_id, fact.partner_id): fact for fact in facts.sorted(lambda one: one.rule_id.offset_days)}

    def _send_mails(self, documents, anchors):
        """Queue mails; a document whose mail cannot be worded is reported on the rule and left out.

        :return: rows for :meth:`_record_messages`
        """
        rows = []

        def send(chunk):
            found, screens = [], self._get_screens(chunk)
            for screen in screens:
                if hasattr(screen, '_portal_ensure_token'):
                    screen._portal_ensure_token()
            # Full rights: the mail says what the template says, whoever made it happen.
            template = self.mail_template_id.sudo().with_context(followup_dates={
                screen.id: anchors[document.id] for document, screen in zip(chunk, screens, strict=True)})
            mails = template.send_mail_batch([screen.id for screen in screens], email_layout_xmlid=LAYOUT)
            for document, mail in zip(chunk, mails, strict=True):
                contact = mail.email_to or ", ".join(filter(None, mail.recipient_ids.mapped('email')))
                if not contact:
                    mail.unlink()
                    continue
                found.append((document, 'mail', mail.subject, contact, mail.mail_message_id, None))
            rows.extend(found)

        for some in self._split_by_screen(documents):
            for document, reason in self.env['sale.control.job']._run_isolated(some, send).items():
                self._report_problem(self.env._(
                    "The mail “%(mail)s” could not be written for %(document)s: %(reason)s",
                    mail=self.mail_template_id.name, document=self._name_document(document), reason=reason))
        return rows

    def _send_sms(self, documents, partners, anchors, moment):
        """Queue text messages where Odoo's are installed; what cannot be sent is reported like a mail.

        :return: rows for :meth:`_record_messages`
        """
        rows = []

        def send(chunk):
            found = []
            for document, screen in zip(chunk, self._get_screens(chunk), strict=True):
                partner = partners[document.id]
                rule = self.with_context(lang=partner.lang or self.env.lang)
                values = rule._prepare_placeholders(
                    document, moment.get_order(document), partner, anchors[document.id])
                text = rule._render_text(rule.sms_text, values)
                message = screen._message_sms(text, partner_ids=partner.ids, put_in_queue=True)
                found.append((document, 'sms', text, partner.phone, message, None))
            rows.extend(found)

        failures = self.env['sale.control.job']._run_isolated(documents, send) if documents else {}
        for document, reason in failures.items():
            self._report_problem(self.env._(
                "The text message could not be written for %(document)s: %(reason)s",
                document=self._name_document(document), reason=reason))
        return rows

    @api.model
    def _get_screens(self, documents):
        """Return the record that a message is written about and shown on, for each document."""
        return [self.env['sale.order']._get_control_screen(document) for document in documents]

    @api.model
    def _split_by_screen(self, documents):
        """Yield documents in groups in which no two are parts of the same: mails are written for each of them once."""
        while documents:
            first = {}
            for document, screen in zip(documents, self._get_screens(documents), strict=True):
                first.setdefault(screen, document)
            some = documents.browse(document.id for document in first.values())
            yield some
            documents -= some

    def _record_messages(self, rows, partners, anchors, causes, moment):
        """Record what was just queued.

        :param list rows: ``(document, channel, subject, contact, mail.message, message that covers it or None)``
        """
        now = self.env['sale.order']._get_control_now()
        return self.env['sale.followup.message']._record_facts([
            {
                'name': subject,
                'rule_id': self.id,
                'company_id': self._get_company(document, moment).id,
                'res_model': document._name,
                'res_id': document.id,
                'document_name': self._name_document(document),
                'order_id': moment.get_order(document).id,
                'partner_id': partners[document.id].id,
                'channel': channel,
                'contact': contact,
                'cause': causes[document.id],
                'anchor_date': anchors[document.id],
                'sent_on': now,
                'sent_day': self._get_company(document, moment)._get_followup_today(),
                'mail_message_id': message.id,
                'covered_id': cover.id if cover else False,
            }
            for document, channel, subject, contact, message, cover in rows
        ])
