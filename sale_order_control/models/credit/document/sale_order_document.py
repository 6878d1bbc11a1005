from collections import defaultdict

from odoo import models
from odoo.tools import SQL, format_date

from ...order.control_issue import ControlIssue


class SaleOrder(models.Model):
    """The papers of the customer at the gate: missing, unverified, expired, or about to expire."""

    _inherit = 'sale.order'

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        type_ids = self.env['credit.document.type']._get_required_ids()
        if not type_ids or checkpoint not in ('submit', 'confirm', 'release'):
            return issues
        judged = self._with_control('credit', checkpoint)
        found = judged._get_document_issues(checkpoint, terms, self.env['credit.document.type'].sudo().browse(type_ids))
        if found:
            released = self.browse(found)._get_released_by_hand(checkpoint)
            for order_id, problems in found.items():
                issues[order_id] += [
                    issue for issue in problems if not issue.stops or order_id not in released]
        return issues

    def _get_document_issues(self, checkpoint, terms, papers):
        """Judge the papers of the invoiced customers of a batch; three statements.

        :param credit.document.type papers: what is required of somebody
        :return: ``{order_id: [ControlIssue, ...]}`` of the orders with an issue
        """
        partners = self.env['res.partner'].sudo().browse({terms[order.id].partner_invoice_id for order in self})
        owners = {partner.id: partner.commercial_partner_id for partner in partners}
        found = defaultdict(list)
        for company, orders in self.grouped(lambda order: order.company_id.root_id).items():
            theirs = partners.browse({terms[order.id].partner_invoice_id for order in orders})
            known = orders._read_known_customers(theirs.commercial_partner_id, company) if any(
                paper.requirement == 'new' for paper in papers) else set()
            on_file = self.env['credit.document']._read_by_customer(theirs.commercial_partner_id, company, papers)
            for order in orders:
                owner = owners[terms[order.id].partner_invoice_id]
                for paper in papers:
                    effect = paper[f'{checkpoint}_effect']
                    if effect != 'allow' and paper._applies_to(owner, order, owner.id not in known):
                        found[order.id] += order._judge_document(
                            owner, paper, effect, on_file.get((owner.id, paper.id), ()), checkpoint)
        return {order_id: problems for order_id, problems in found.items() if problems}

    def _read_known_customers(self, owners, company):
        """Return the ids of the customers that have a confirmed order besides these ones."""
        self.env['sale.order'].flush_model(['partner_invoice_id', 'state', 'company_id'])
        rows = self.env.execute_query(SQL(
            """SELECT owner FROM unnest(%(owners)s::int[]) owner
                WHERE EXISTS (
                      SELECT FROM res_partner party
                        JOIN sale_order so ON so.partner_invoice_id = party.id
                       WHERE party.commercial_partner_id = owner AND so.state = 'sale'
                         AND so.id <> ALL(%(orders)s::int[])
                         AND so.company_id IN (SELECT id FROM res_company WHERE parent_path LIKE %(path)s))""",
            owners=list(owners.ids), orders=list(self.ids), path=f'{company.parent_path}%'))
        return {owner for [owner] in rows}

    def _judge_document(self, owner, paper, effect, on_file, checkpoint):
        """Say what is wrong with one kind of paper of a customer.

        :param on_file: the customer's papers of the kind
        """
        today = self._get_control_today()
        by_state = defaultdict(lambda: self.env['credit.document'])
        for document in on_file:
            by_state[document._get_state(today)] |= document
        names = {'paper': paper.name, 'customer': owner.name}
        if by_state['valid']:
            return []
        if by_state['soon']:
            last = max(by_state['soon'].mapped('date_to'))
            if checkpoint == 'release':
                return []
            return [self._prepare_document_issue(paper, 'warn', self.env._(
                "%(paper)s of %(customer)s expires on %(date)s.", date=format_date(self.env, last), **names),
                self.env._("Ask the customer for the next one."))]
        if by_state['open']:
            message = self.env._("%(paper)s of %(customer)s is on file, but nobody has verified it yet.", **names)
            clears = self.env._("Clears when a credit controller verifies it.")
        elif by_state['refused']:
            message = self.env._("%(paper)s of %(customer)s was refused.", **names)
            clears = self.env._("Clears when a better one is filed and a credit controller verifies it.")
        elif by_state['future']:
            first = min(by_state['future'].mapped('date_from'))
            message = self.env._("%(paper)s of %(customer)s is valid from %(date)s only.",
                                 date=format_date(self.env, first), **names)
            clears = self.env._("Clears by itself on that day.")
        else:
            last = max((document.date_to for document in by_state['expired']), default=None)
            message = self.env._("%(paper)s of %(customer)s expired on %(date)s.", date=format_date(self.env, last),
                                 **names) if last else self.env._("%(paper)s of %(customer)s is missing.", **names)
            clears = self.env._("Clears when a valid one is filed and a credit controller verifies it.")
        return [self._prepare_document_issue(paper, effect, message, clears)]

    def _prepare_document_issue(self, paper, effect, message, clears):
        return ControlIssue(
            code=f'credit.document.{paper.id}', area='credit', effect=effect, message=message, clears=clears,
            facts={'paper': paper.id})

    def _get_released_by_hand(self, checkpoint):
        """Return the ids of the orders that a credit controller let pass themselves: a word on the customer as a
        whole is about amounts, and says nothing of papers."""
        checks = self._get_credit_checks(checkpoint)
        return {
            order_id for order_id, check in checks.items() if check.release and check.release.order_id}


class CreditDocument(models.Model):
    _inherit = 'credit.document'

    def _read_by_customer(self, owners, company, papers):
        """Read the papers of customers.

        :return: ``{(partner_id, type_id): [credit.document, ...]}``
        """
        found = defaultdict(list)
        for document in self.sudo().search_fetch([
            ('partner_id', 'in', owners.ids), ('company_id', '=', company.id), ('type_id', 'in', papers.ids),
        ], ['partner_id', 'type_id', 'date_from', 'date_to', 'verdict']):
            found[document.partner_id.id, document.type_id.id].append(document)
        return found


class ResPartner(models.Model):
    _inherit = 'res.partner'

    def action_view_credit_documents(self):
        """Open the papers on file of the customer."""
        self.ensure_one()
        owner = self.commercial_partner_id
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Papers of %s", owner.display_name),
            'res_model': 'credit.document',
            'view_mode': 'list,form',
            'domain': [('partner_id', '=', owner.id)],
            'context': {'default_partner_id': owner.id},
        }
