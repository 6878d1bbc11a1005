from odoo import api, models


class SaleFollowupRule(models.Model):
    """Who gets the task."""

    _inherit = 'sale.followup.rule'

    def _find_people(self, documents, moment):
        """Find who does it, for each document.

        Where the role has nobody, whoever looks after exceptions gets the task, and the rule says so.

        :return: ``{document_id: user}``
        """
        self.ensure_one()
        people = {}
        for document in documents:
            order, company = moment.get_order(document), self._get_company(document, moment)
            salesperson = order.user_id or document.mapped(moment.user_path)[:1]
            found = self._find_role(self.role, order, company, salesperson, document).filtered(
                lambda user, company=company: self._may_do(user, company))
            if not found:
                found = order._get_control_responsible() if order else found
                # Who is not in the company would never see it.
                found = found.filtered(
                    lambda user, company=company: self._may_do(user, company)) or self._get_fallback(company)
                # The same words for all documents: a busy rule is written once.
                self._report_problem(self.env._(
                    "Nobody is “%(role)s”; %(user)s got the task.",
                    role=dict(self._fields['role']._description_selection(self.env))[self.role], user=found[:1].name))
            people[document.id] = found[:1]
        return people

    @api.model
    def _may_do(self, user, company):
        return user.active and not user.share and company in user.company_ids

    def _find_role(self, role, order, company, salesperson, document=None):
        """Return who has a role; extend the hub's ``_get_control_people`` for roles of a room.

        :param str role: key of a role
        :param sale.order order: one, or none
        :param document: what it is about, in sudo, if it is known
        """
        if role == 'person':
            return self.user_id
        if role == 'general_manager':
            return company.followup_manager_id
        return order._get_control_people(role, company, salesperson, document)

    def _get_fallback(self, company):
        return self.env['sale.order']._get_group_people('group_manager', company)[:1] or self.env.ref('base.user_admin')

    def _get_company(self, document, moment):
        return document.company_id or moment.get_order(document).company_id
