from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_memory
from ..account.credit_nightly import NightlyStep

# What was verified is this content: another one has to be verified again.
CONTENT_FIELDS = frozenset({'partner_id', 'company_id', 'type_id', 'number', 'date_from', 'date_to', 'file'})
VERDICT_FIELDS = frozenset({
    'verdict', 'verified_by', 'verified_on', 'verdict_reason', 'warned_on', 'filed_by', 'was_judged'})


class CreditDocument(models.Model):
    """A paper of a customer. A salesperson uploads it, a credit controller verifies it."""

    _name = 'credit.document'
    _description = "Customer Paper on File"
    _inherit = ['credit.owned', 'mail.thread', 'mail.activity.mixin']
    _order = 'date_to desc, id desc'
    _rec_name = 'type_id'
    _check_company_auto = True

    type_id = fields.Many2one(
        'credit.document.type', string="Paper", required=True, index=True, ondelete='restrict', tracking=True,
        domain="[('company_id', 'in', (False, company_id))]")
    advice = fields.Text(related='type_id.advice')
    has_expiry = fields.Boolean(related='type_id.has_expiry')
    needs_scan = fields.Boolean(related='type_id.needs_scan')
    number = fields.Char(tracking=True, help="The paper's own number, e.g. of the licence.")
    date_from = fields.Date(string="Valid From", tracking=True)
    date_to = fields.Date(string="Valid To", tracking=True, help="Last day of validity; empty means without end.")
    file = fields.Binary(string="Scan", attachment=True)
    file_name = fields.Char()
    active = fields.Boolean(default=True)
    verdict = fields.Selection(
        [('open', "To Verify"), ('verified', "Verified"), ('refused', "Refused")],
        default='open', required=True, readonly=True, copy=False, tracking=True)
    filed_by = fields.Many2one(
        'res.users', readonly=True, copy=False, default=lambda self: self.env.uid,
        help="Who filed it, or changed its content last: somebody else verifies it.")
    was_judged = fields.Boolean(readonly=True, copy=False, help="Verified or refused at any time, hence kept.")
    verified_by = fields.Many2one('res.users', readonly=True, copy=False)
    verified_on = fields.Date(readonly=True, copy=False)
    verdict_reason = fields.Text(string="Why Refused", readonly=True, copy=False)
    warned_on = fields.Date(readonly=True, copy=False, help="When the salesperson was told that it expires soon.")
    state = fields.Selection(
        [('open', "To Verify"), ('refused', "Refused"), ('future', "Not Yet Valid"), ('valid', "Valid"),
         ('soon', "Expires Soon"), ('expired', "Expired")], compute='_compute_state')

    _dates_in_order = models.Constraint(
        'CHECK (date_to >= date_from)', "A paper cannot end before it begins.")

    # === COMPUTE METHODS ===#

    @api.depends('verdict', 'date_from', 'date_to', 'type_id.warn_days')
    def _compute_state(self):
        today = self.env['sale.order']._get_control_today()
        for paper in self:
            paper.state = paper._get_state(today)

    def _get_state(self, today):
        self.ensure_one()
        if self.date_to and self.date_to < today:
            return 'expired'
        if self.verdict != 'verified':
            return self.verdict
        if self.date_from and self.date_from > today:
            return 'future'
        soon = self.date_to and self.date_to <= today + timedelta(days=self.type_id.warn_days)
        return 'soon' if soon else 'valid'

    # === CRUD METHODS ===#

    @api.model
    def default_get(self, fields):
        # Nobody verifies by a default.
        own = {'verdict': 'open', 'filed_by': self.env.uid}
        return super().default_get([name for name in fields if name not in VERDICT_FIELDS]) | {
            name: value for name, value in own.items() if name in fields}

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_verdict(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_verdict(vals)
        if CONTENT_FIELDS & vals.keys():
            vals = {**vals, 'filed_by': self.env.uid}
        result = super().write(vals)
        if CONTENT_FIELDS & vals.keys():
            self.filtered(lambda paper: paper.verdict != 'open')._set_verdict('open')
        return result

    def _refuse_verdict(self, vals):
        touched = VERDICT_FIELDS & vals.keys()
        if touched and not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "A paper is verified by the button of a credit controller, not by writing: %s",
                ", ".join(sorted(touched))))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_judged(self):
        if self.filtered('was_judged'):
            raise UserError(self.env._("A paper that was verified or refused is kept. Archive it instead."))

    # === ACTIONS ===#

    def action_verify(self):
        """Confirm that the papers are genuine and complete, as a credit controller who did not upload them."""
        self._check_verifier()
        empty = self.filtered(lambda paper: not paper.sudo().file and not paper.number)
        if empty:
            raise UserError(self.env._(
                "There is nothing to verify: neither a scan nor a number. Complete %s.",
                ", ".join(empty.mapped('display_name'))))
        unseen = self.filtered(lambda paper: paper.type_id.needs_scan and not paper.sudo().file)
        if unseen:
            raise UserError(self.env._(
                "A scan of this paper is required before you verify it: %s.",
                ", ".join(unseen.mapped('display_name'))))
        endless = self.filtered(lambda paper: paper.has_expiry and not paper.date_to)
        if endless:
            raise UserError(self.env._(
                "Enter the last day of validity before you verify: %s.", ", ".join(endless.mapped('display_name'))))
        self._set_verdict('verified')
        self.activity_unlink(['sale_order_control.mail_activity_type_credit_document'])
        for company, papers in self.grouped('company_id').items():
            self.env['credit.account']._find(papers.partner_id, company)._recheck_holds(
                self.env._("A paper of the customer was verified."))
        return True

    def action_refuse(self, reason=None):
        """Say that the papers are not good enough, as a credit controller.

        :param str reason: what is wrong, told to who uploaded them
        """
        self._check_verifier()
        self._set_verdict('refused', reason)
        for paper in self:
            paper.message_post(
                body=self.env._("Refused: %s", reason or self.env._("ask the credit controller why")),
                partner_ids=paper.create_uid.partner_id.ids, subtype_xmlid='mail.mt_note')
        return True

    def _check_verifier(self):
        self.env['credit.account']._check_controller()
        self.check_access('write')
        own = self.filtered(lambda paper: self.env.user in (paper.create_uid, paper.filed_by))
        if own:
            raise AccessError(self.env._(
                "Four eyes: somebody else must verify what you uploaded: %s", ", ".join(own.mapped('display_name'))))

    def _set_verdict(self, verdict, reason=None):
        judged = verdict != 'open'
        with control_acting(self.env):
            self.write({
                **({'was_judged': True} if judged else {}),
                'verdict': verdict, 'verdict_reason': reason or False,
                'verified_by': self.env.uid if judged else False,
                'verified_on': self.env['sale.order']._get_control_today() if judged else False,
                'warned_on': False,
            })
        control_memory(self.env).issues.clear()

    # === AT NIGHT ===#

    @api.model
    def _get_credit_documents_due(self, today):
        """Return the domain of the verified papers that expire soon and of which nobody was told."""
        soon = Domain.OR(
            [('type_id', '=', paper.id), ('date_to', '<=', today + timedelta(days=paper.warn_days))]
            for paper in self.env['credit.document.type'].sudo().search([('warn_days', '>', 0)]))
        return list(
            Domain(self.env['credit.account']._get_nightly_company_domain()) & Domain('verdict', '=', 'verified')
            & Domain('warned_on', '=', False) & Domain('date_to', '>=', today) & soon)

    def _run_credit_documents_due(self, today):
        """Ask the salespeople for the next paper, once."""
        for paper in self:
            user = paper.partner_id.user_id or paper.create_uid
            if user.active and not user.share:
                paper.activity_schedule(
                    'sale_order_control.mail_activity_type_credit_document', user_id=user.id,
                    date_deadline=paper.date_to,
                    summary=self.env._("%(paper)s of %(customer)s expires on %(date)s: ask for the next one",
                                       paper=paper.type_id.name, customer=paper.partner_id.name,
                                       date=format_date(self.env, paper.date_to, lang_code=user.lang)))
        with control_acting(self.env):
            self.write({'warned_on': today})


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.model
    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [NightlyStep(
            'documents', 70, self.env._("Warn of customer papers that expire soon"), 'credit.document',
            '_get_credit_documents_due', '_run_credit_documents_due')]
