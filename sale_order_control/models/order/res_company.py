import logging

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .control_issue import AREA_SWITCHES, SWITCHES

_logger = logging.getLogger(__name__)

CONTROL_MODES = [
    ('off', "Off"),
    ('warn', "Warn"),
    ('enforce', "Enforce"),
]
# What managers of the controls set for the companies they work for.
CONTROL_SETTINGS = (*SWITCHES, 'control_go_live', 'control_duplicate_days')


class ResCompany(models.Model):
    _inherit = 'res.company'

    control_completeness = fields.Selection(
        CONTROL_MODES, groups='base.group_user', string="Completeness Control", default='off', required=True,
        help="Mandatory data and possible duplicates, when a quotation is submitted or confirmed.")
    control_credit = fields.Selection(
        CONTROL_MODES, groups='base.group_user', string="Credit Control", default='off', required=True,
        help="Credit limits, overdue invoices and holds. Branches follow their main company.")
    control_approval = fields.Selection(
        CONTROL_MODES, groups='base.group_user', string="Approval Control", default='off', required=True,
        help="Approval policies: who must agree before a quotation becomes an order.")
    control_promise = fields.Selection(
        CONTROL_MODES, groups='base.group_user', string="Delivery Promise Control", default='off', required=True,
        help="A delivery date must be promised for every line before goods leave.")
    control_release = fields.Selection(
        CONTROL_MODES, groups='base.group_user', string="Release Control", default='off', required=True,
        help="Orders are judged once more when goods leave to the customer. Never stricter than the control itself.")
    control_amendment = fields.Selection(
        CONTROL_MODES, groups='base.group_user', string="Amendment Control", default='off', required=True,
        help="Confirmed orders change by amendments only, which show what follows and ask whom your policies name.")
    control_go_live = fields.Date(
        groups='base.group_user', string="Control Go-Live Date",
        help="Orders created before this day keep the old handling, until they are set to quotation again.")
    control_duplicate_days = fields.Integer(
        groups='base.group_user', string="Duplicate Warning Days", default=7,
        help="Orders of one customer for the same product and quantity within so many days are "
             "shown as possible duplicates. 0 switches the warning off.")

    _control_duplicate_days_positive = models.Constraint(
        'CHECK (control_duplicate_days >= 0)',
        "The number of days of the duplicate warning cannot be negative.",
    )

    def write(self, vals):
        settings = vals.keys() & set(self._get_control_settings())
        if settings == vals.keys() and settings and self._may_set_control():
            # Managers of the controls write these settings only; companies are the administrator's.
            self = self.sudo()
        before = {company: {name: company[name] for name in settings} for company in self.sudo()} if settings else {}
        result = super().write(vals)
        for company, values in before.items():
            changed = {name: company[name] for name in settings if company[name] != values[name]}
            if changed:
                _logger.info("%s changed the order controls of %s: %s", self.env.user.login, company.name, changed)
        return result

    @api.model
    def _get_control_settings(self):
        """Name the fields that managers of the controls set; rooms add theirs."""
        return CONTROL_SETTINGS

    def _check_control_numbers(self, names, least=0):
        """Refuse numbers that make no sense.

        :param names: settings of the company that are numbers
        :param least: the smallest number they may be
        :raise ValidationError: naming the setting as users read it
        """
        labels = self.fields_get(names, ['string'])
        for name in names:
            if any(company[name] < least for company in self.sudo()):
                raise ValidationError(self.env._(
                    "“%(setting)s” cannot be below %(least)s: enter %(least)s or more.",
                    setting=labels[name]['string'], least=least))

    def _may_set_control(self):
        """Whether the user manages the controls and works for all these companies."""
        user = self.env.user
        return user.has_group('sale_order_control.group_manager') and not self - user.company_ids

    @api.model
    def _get_company_root_delegated_field_names(self):
        return super()._get_company_root_delegated_field_names() + ['control_credit']

    def _get_control_mode(self, area, checkpoint=None):
        """Return how strictly an area counts: ``off``, ``warn`` or ``enforce``.

        :param str area: key of ``AREA_SWITCHES``
        :param str checkpoint: at ``release`` the release switch caps the area's own
        """
        self.ensure_one()
        company = self.sudo()
        mode = company[AREA_SWITCHES[area]]
        if checkpoint == 'release':
            modes = [key for key, _label in CONTROL_MODES]
            mode = min(mode, company.control_release, key=modes.index)
        return mode

    def _has_control(self):
        """Whether any control of the company is switched on."""
        self.ensure_one()
        company = self.sudo()
        return any(company[switch] != 'off' for switch in AREA_SWITCHES.values())
