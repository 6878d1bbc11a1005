from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models

from .control_issue import AREA_SWITCHES, ControlStatus

CONTROL_STATUSES = [
    ('parked', "Parked"),
    ('credit_hold', "Credit Hold"),
    ('supply', "Supply Waits"),
    ('rejected', "Rejected"),
    ('returned', "Returned"),
    ('approval', "Waiting for Approval"),
    ('late', "Late"),
    ('at_risk', "At Risk"),
    ('to_promise', "To Promise"),
    ('approved', "Approved"),
    ('promised', "Promised"),
]

SAVED_ONLY = ('control_status', 'control_next', 'control_panel', 'control_stopped')


class SaleOrder(models.Model):
    """What users see of control: one badge, one sentence, one panel."""

    _inherit = 'sale.order'

    control_active = fields.Boolean(
        string="Under Control", compute='_compute_control_active', groups='base.group_user',
        help="Whether any control applies to this order.")
    control_status = fields.Selection(
        CONTROL_STATUSES, string="Control", compute='_compute_control_status', groups='base.group_user',
        help="The most urgent state of the order.")
    control_next = fields.Char(
        string="Who Acts Next", compute='_compute_control_status', groups='base.group_user')
    control_panel = fields.Json(
        compute='_compute_control_panel', groups='base.group_user')
    control_stopped = fields.Boolean(
        compute='_compute_control_panel', groups='base.group_user',
        help="Whether something stands between the order and its next step.")

    @api.depends('company_id', 'create_date')
    def _compute_control_active(self):
        # What is being typed is judged once it is saved.
        controlled = self._origin._get_controlled()
        for order in self:
            order.control_active = order._origin in controlled if order._origin else order.company_id._has_control()

    @api.depends('control_parked', 'state')
    def _compute_control_status(self):
        statuses = self.filtered('id').sudo()._get_control_statuses()
        for order in self:
            first = min(statuses.get(order.id, ()), default=None)
            order.control_status = first.key if first else False
            order.control_next = first.sentence if first else False

    @api.depends('order_line', 'partner_id', 'payment_term_id', 'state', 'control_parked')
    def _compute_control_panel(self):
        for order in self:
            panel = order._get_control_panel() if order.id and order.control_active else False
            order.control_panel = panel
            order.control_stopped = any(
                issue['effect'] in ('approve', 'block') for section in panel or () for issue in section['issues'])

    def onchange(self, values, field_names, fields_spec):
        # What is being typed is judged once it is saved: until then the screen keeps what it shows, and
        # the gate is not asked at every keystroke.
        if self:
            fields_spec = {name: spec for name, spec in fields_spec.items() if name not in SAVED_ONLY}
        return super().onchange(values, field_names, fields_spec)

    def _get_control_statuses(self):
        """Collect what the rooms say of these orders in a list; rooms extend, batch-wise.

        :return: ``defaultdict {order_id: [ControlStatus, ...]}``
        """
        statuses = defaultdict(list)
        for order in self.filtered('control_parked'):
            if order.state in ('draft', 'sent'):
                statuses[order.id].append(ControlStatus(
                    0, 'parked', self.env._("%s clears the hold of a signed or paid order", order.user_id.name or "")))
        return statuses

    def _get_control_panel(self):
        """Assemble the control panel of one order: a section per area, in words.

        :return: list of dicts ``area, title, tone (success|info|warning|danger|muted), summary, next,
            issues: [{message, clears, effect, would}]``
        """
        self.ensure_one()
        checkpoint = 'submit' if self.state in ('draft', 'sent') else 'release'
        issues = defaultdict(list)
        if self.state != 'cancel':
            for issue in self._get_control_issues(checkpoint)[self.id]:
                issues[issue.area].append(issue)
        sections = [section for section in self.sudo()._get_control_sections(issues) if section]
        # What is no area of its own, as supply that waits, comes last.
        areas = [*AREA_SWITCHES, 'supply']
        return sorted(sections, key=lambda section: areas.index(section['area']))

    def _get_control_sections(self, issues):
        """Return the panel's sections; each room adds its own.

        :param dict issues: ``{area: [ControlIssue, ...]}`` at the order's next checkpoint
        """
        self.ensure_one()
        sections = []
        if self._with_control('completeness') and self.state in ('draft', 'sent'):
            sections.append(self._prepare_control_section(
                'completeness', self.env._("Data"), issues.get('completeness', ()),
                self.env._("All mandatory data is present.")))
        return sections

    def _prepare_control_section(self, area, title, issues, summary, tone='success', who=''):
        """Word one section of the panel.

        :param str area: key of ``AREA_SWITCHES``
        :param str title: translated heading
        :param issues: the issues to show; they set the tone unless there are none
        :param str summary: sentence shown when nothing is wrong
        :param str tone: colour when nothing is wrong
        :param str who: sentence "who acts next"
        """
        effects = {issue.effect for issue in issues}
        if effects:
            tone = 'danger' if 'block' in effects else 'warning' if 'approve' in effects else 'info'
        return {
            'area': area,
            'title': title,
            'tone': tone,
            'summary': '' if issues else summary,
            'next': who,
            'issues': [
                {'message': issue.message, 'clears': issue.clears, 'effect': issue.effect, 'would': issue.would}
                for issue in issues
            ],
        }

    def _get_control_note(self, issues):
        """Word issues as the HTML note of an internal activity."""
        return Markup("<ul>%s</ul>") % Markup().join(
            Markup("<li>%s %s</li>") % (issue.message, issue.clears) for issue in issues if issue.stops)
