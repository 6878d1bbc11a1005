"""The first word on a customer on whom nobody has decided: the grade of new customers, if the company has one."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...order.control_memory import control_acting, control_cause


class ResCompany(models.Model):
    _inherit = 'res.company'

    credit_new_grade_id = fields.Many2one(
        'credit.grade', string="Grade of New Customers", groups='base.group_user', ondelete='restrict',
        domain="['|', ('company_id', '=', False), ('company_id', '=', id)]",
        help="Customers get this grade with their first order, for example one that asks for payment in advance: who "
             "was never invoiced, never had a confirmed order, and has no grade, no group and no limit of its own. "
             "Without it, new customers may owe what the default credit limit says.")

    @api.constrains('credit_new_grade_id')
    def _check_credit_new_grade(self):
        for company in self:
            if company.credit_new_grade_id.company_id not in (company, company.browse()):
                raise ValidationError(self.env._(
                    "Grade %s belongs to another company: new customers cannot begin with it.",
                    company.credit_new_grade_id.name))


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    credit_new_grade_id = fields.Many2one(
        related='company_id.credit_new_grade_id', readonly=False,
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]")


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.model
    def _grade_new_customers(self, partners, company, orders):
        """Give new customers the grade that the company has for them, once: the limit journal knows of it.

        :param res.partner partners: who is invoiced
        :param res.company company: root company, in sudo
        :param sale.order orders: the orders that this is about, which make nobody an old customer
        :return: the accounts that were graded, in sudo
        """
        grade = company.credit_new_grade_id
        if not grade.active:
            return self.sudo().browse()
        owners = partners.sudo().commercial_partner_id
        judged = self._find(owners, company).filtered(
            lambda account: account.grade_id or account.pool_id or account.is_zero_limit or account.is_held)
        default = self._get_default_limit(company)
        owners = (owners - judged.partner_id).filtered(
            lambda owner: owner.with_company(company).credit_limit in (0.0, default))
        accounts = self._for_partners(owners - self._get_known_customers(owners, company, orders), company)
        if accounts:
            # Who orders first is nobody's decision: the setting is, and a manager made it.
            with control_acting(self.env), control_cause(
                    self.env, self.env._("New customer: the grade is that of the company's settings.")):
                accounts.write({'grade_id': grade.id})
        return accounts

    @api.model
    def _get_known_customers(self, owners, company, orders):
        """Return those of some customers who bought before, or on whose credit somebody decided before."""
        within = [('company_id', 'child_of', company.id)]
        sold = self.env['sale.order'].sudo()._read_group([
            ('partner_invoice_id.commercial_partner_id', 'in', owners.ids), ('state', '=', 'sale'),
            ('id', 'not in', orders.ids), *within], ['partner_invoice_id'])
        billed = self.env['account.move'].sudo()._read_group([
            ('commercial_partner_id', 'in', owners.ids), ('state', '=', 'posted'),
            ('move_type', 'in', ('out_invoice', 'out_receipt')), *within], ['commercial_partner_id'])
        decided = self.env['credit.limit.entry'].sudo()._read_group([
            ('account_id.partner_id', 'in', owners.ids), *within], ['account_id'])
        known = owners.browse().union(*(partner.commercial_partner_id for [partner] in sold + billed))
        return known.union(*(account.partner_id for [account] in decided))


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        graded = orders.sudo()._filter_new_grade()
        # Carts of visitors are no orders yet.
        if graded and not self.env.user.share:
            graded._grade_new_customers()
        return orders

    def action_submit(self):
        self.check_access('write')
        self._grade_new_customers()
        return super().action_submit()

    def _control_serialise(self, checkpoint):
        if checkpoint == 'confirm':
            self._grade_new_customers()
        return super()._control_serialise(checkpoint)

    def _filter_new_grade(self):
        """Filter the orders of companies that have a grade for new customers."""
        return self.filtered(lambda order: order.company_id.root_id.credit_new_grade_id)

    def _grade_new_customers(self):
        """Judge the new customers behind these orders by the grade that the company has for them.

        An order that does not say how it is settled follows it.
        """
        orders = self.sudo()._filter_new_grade()
        if not orders:
            return
        orders = orders._get_controlled()._with_control('credit')
        for company, batch in orders.grouped(lambda order: order.company_id.root_id).items():
            accounts = self.env['credit.account']._grade_new_customers(batch.partner_invoice_id, company, batch)
            batch.filtered(
                lambda order, graded=accounts.partner_id: order.partner_invoice_id.commercial_partner_id in graded
            )._follow_settlement()
