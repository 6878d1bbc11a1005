import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

CLASS_KINDS = [
    ('revenue', "Revenue of the last 12 months"),
    ('new', "New customers"),
    ('manual', "Chosen by hand"),
]

# Customers are those who ordered or were invoiced, contacts counted with their company. Revenue is net of credit
# notes and without taxes, in the currency of the main company and its branches.
JUDGE_QUERY = """
    WITH company AS (SELECT id FROM res_company WHERE parent_path LIKE %(path)s),
    invoiced AS (
        SELECT party.commercial_partner_id AS owner,
               MIN(move.invoice_date) FILTER (WHERE move.move_type != 'out_refund') AS first,
               SUM(move.amount_untaxed_signed) FILTER (WHERE move.invoice_date > %(since)s) AS revenue
          FROM account_move move
          JOIN res_partner party ON party.id = move.partner_id
         WHERE move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
           AND move.invoice_date <= %(today)s AND move.company_id IN (SELECT id FROM company) AND %(whose)s
         GROUP BY 1),
    ordered AS (
        SELECT party.commercial_partner_id AS owner, MIN(so.create_date)::date AS first
          FROM sale_order so
          JOIN res_partner party ON party.id = so.partner_id
         WHERE so.state = 'sale' AND so.company_id IN (SELECT id FROM company) AND %(whose)s
         GROUP BY 1),
    bound (class_id, revenue) AS (VALUES %(bounds)s),
    judged AS (
        SELECT COALESCE(invoiced.owner, ordered.owner) AS owner,
               CASE WHEN %(new_class)s::int IS NOT NULL
                         AND COALESCE(LEAST(invoiced.first, ordered.first), %(today)s) > %(new_since)s
                    THEN %(new_class)s::int
                    ELSE (SELECT bound.class_id FROM bound
                           WHERE bound.revenue <= GREATEST(COALESCE(invoiced.revenue, 0), 0)
                           ORDER BY bound.revenue DESC LIMIT 1)
               END AS class_id
          FROM invoiced FULL JOIN ordered ON ordered.owner = invoiced.owner),
    wanted AS (
        SELECT party.id, jsonb_strip_nulls(COALESCE(party.control_class_id, '{}') || (
                   SELECT jsonb_object_agg(company.id::text, judged.class_id) FROM company)) AS classes
          FROM judged
          JOIN res_partner owner ON owner.id = judged.owner
          JOIN res_partner party ON party.commercial_partner_id = judged.owner
         WHERE NOT COALESCE((owner.control_class_by_hand->>%(root)s)::boolean, FALSE))
    UPDATE res_partner
       SET control_class_id = wanted.classes
      FROM wanted
     WHERE wanted.id = res_partner.id
       AND wanted.classes IS DISTINCT FROM COALESCE(res_partner.control_class_id, '{}')"""


class SaleControlClass(models.Model):
    """How important a customer is: who is served first when not everybody can be."""

    _name = 'sale.control.class'
    _inherit = ['sale.control.cached']
    _description = "Customer Class"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(string="Priority", default=10, help="Customers of the class on top are served first.")
    color = fields.Integer()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', domain="[('parent_id', '=', False)]",
        help="Leave empty to share between companies. Branches follow their main company.")
    kind = fields.Selection(
        CLASS_KINDS, string="Customers Get It By", required=True, default='revenue',
        help="Every night customers get the class that their revenue or their first order says, unless somebody chose "
             "another one for them.")
    min_revenue = fields.Float(
        string="Revenue From", digits=(16, 2),
        help="Net revenue of the last 12 months from which customers get the class: invoices less credit notes, "
             "without taxes, in the company's currency.")
    new_days = fields.Integer(
        string="New For Days", default=90,
        help="A customer is new until so many days after its first confirmed order or first invoice.")

    _figures_positive = models.Constraint(
        'CHECK (min_revenue >= 0 AND new_days >= 0)', "Revenue and days of a customer class cannot be negative.")

    # === WHICH CLASS ===#

    @api.model
    def _get_classes(self, company):
        """Return the active classes of a company, with those that all companies share; in sudo."""
        return self.sudo().with_context(active_test=True).search([('company_id', 'in', (False, company.root_id.id))])

    @api.model
    @tools.ormcache('company_id')
    def _get_new_class_id(self, company_id):
        """Return the id of the class of customers of a company that ordered nothing yet, or False."""
        classes = self._get_classes(self.env['res.company'].sudo().browse(company_id))
        return classes.filtered(lambda one: one.kind == 'new')[:1].id

    # === JUDGING ===#

    @api.model
    def _judge_customers(self, company, partners=None):
        """Give customers the class that their revenue or their first order says, and let open orders follow.

        Whose class was set by hand keeps it. One statement for any number of customers.

        :param res.company company: main company; its branches have the same classes
        :param res.partner partners: commercial partners; all customers by default
        """
        classes = self._get_classes(company)
        new = classes.filtered(lambda one: one.kind == 'new')[:1]
        bounds = [(one.id, one.min_revenue) for one in classes if one.kind == 'revenue'] or [(None, 0.0)]
        today = self.env['sale.order']._get_control_today()
        whose = SQL("TRUE") if partners is None else SQL("party.commercial_partner_id IN %s", partners._ids or (0,))
        self.env.flush_all()
        self.env.cr.execute(SQL(
            JUDGE_QUERY,
            path=f'{company.parent_path}%',
            root=str(company.id),
            today=today,
            since=today - relativedelta(months=12),
            new_class=new.id or None,
            new_since=today - relativedelta(days=new.new_days),
            bounds=SQL(", ").join(SQL("(%s::int, %s::numeric)", *bound) for bound in bounds),
            whose=whose,
        ))
        self.env['res.partner'].invalidate_model(['control_class_id'])
        self.env['sale.order']._control_follow_classes(company)

    @api.model
    def _cron_judge(self):
        """Judge the customers of every main company that has a control on, each in a transaction of its own.

        A company that fails is logged and tried again the next night; the others go on.

        :return: number of companies that failed
        """
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False)])
        companies = companies.filtered(lambda root: any(
            company._has_control() for company in root.search([('id', 'child_of', root.id)])))
        failed = 0
        for number, company in enumerate(companies, 1):
            try:
                with self.env.cr.savepoint():
                    self._judge_customers(company)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                failed += 1
                _logger.exception("Customer classes of company %s failed", company.id)
            if not self.env['ir.cron']._commit_progress(1, remaining=len(companies) - number):
                break
        return failed
