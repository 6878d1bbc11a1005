from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderViews(ControlCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._new_user('soc_auditor', 'sale_order_control.group_auditor')
        cls.control_manager = cls._new_user(
            'soc_control_manager', 'sales_team.group_sale_salesman_all_leads,sale_order_control.group_manager')

    def _get_buttons(self, user=None):
        """Return ``{name: [expression that hides it, ...]}`` of the form's header buttons."""
        form = self.env['sale.order'].with_user(user or self.salesperson).get_view(view_type='form')
        buttons = {}
        for button in etree.fromstring(form['arch']).findall('./header//button'):
            buttons.setdefault(button.get('name'), []).append(button)
        return buttons

    def _get_shown(self, name, **values):
        return [
            button for button in self._get_buttons()[name]
            if not safe_eval(button.get('invisible') or 'False', {
                'context': {}, 'id': 1, 'locked': False, 'approval_state': 'none', **values})
        ]

    # === VIEWS LOAD ===#

    def test_order_views_load_for_every_role_that_sees_orders(self):
        for user in (self.salesperson, self.sales_manager, self.control_manager):
            views = self.env['sale.order'].with_user(user).get_views(
                [(False, 'form'), (False, 'list'), (False, 'kanban'), (False, 'search')])['views']
            for kind in ('form', 'list', 'kanban'):
                self.assertIn('control_status', views[kind]['arch'], f"{user.login}: {kind}")
            self.assertIn('control_parked', views['search']['arch'], user.login)

    def test_order_opens_in_the_form_of_every_role_that_sees_orders(self):
        order = self._create_order()
        for mode in ('off', 'enforce'):
            self._switch(completeness=mode)
            for user in (self.salesperson, self.sales_manager, self.control_manager):
                with Form(order.with_user(user)) as form:
                    self.assertEqual(form.control_active, mode == 'enforce', user.login)

    def test_roles_without_sales_stock_or_accounting_rights_open_an_order(self):
        order = self._create_order()
        order.action_confirm()
        pure_planner = self._new_user('soc_pure_planner', 'sale_order_control.group_delivery_planner')
        for user in (self.planner, pure_planner, self.controller, self.auditor):
            self.env.invalidate_all()
            with Form(order.with_user(user)) as form:
                self.assertEqual(form.name, order.name, user.login)

    def test_auditor_reads_the_orders_of_all_and_writes_none(self):
        order = self._create_order(user=self.other_salesperson)
        for groups in ('sales_team.group_sale_salesman', None):
            auditor = self.auditor if not groups else self._new_user(
                'soc_sales_auditor', f'{groups},sale_order_control.group_auditor')
            self.assertEqual(self.env['sale.order'].with_user(auditor).search([('id', '=', order.id)]), order)
            with self.assertRaises(AccessError):
                order.with_user(auditor).write({'client_order_ref': "Mine"})

    def test_configuration_views_load_for_the_manager(self):
        for model in ('sale.control.type', 'sale.control.source', 'sale.control.requirement', 'sale.control.log'):
            views = self.env[model].with_user(self.control_manager).get_views([(False, 'list'), (False, 'search')])
            self.assertEqual(set(views['views']), {'list', 'search'}, model)

    def test_every_action_of_the_menu_opens(self):
        menus = self.env['ir.ui.menu'].search([('id', 'child_of', self.env.ref('sale_order_control.menu_root').id)])
        actions = [menu.action for menu in menus if menu.action]
        self.assertGreaterEqual(len(actions), 7)
        for action in actions:
            views = [(action.view_id.id if kind == action.view_mode.split(',')[0] else False, kind)
                     for kind in action.view_mode.split(',')]
            self.env[action.res_model].with_user(self.control_manager).get_views(views)

    def test_salesperson_sees_no_configuration_menu(self):
        visible = self.env['ir.ui.menu'].with_user(self.salesperson).load_menus(False)
        self.assertIn(self.env.ref('sale_order_control.menu_quotations').id, visible)
        self.assertNotIn(self.env.ref('sale_order_control.menu_settings').id, visible)
        self.assertNotIn(self.env.ref('sale_order_control.menu_sale_control_type').id, visible)

    # === NEUTRAL WHEN OFF ===#

    def test_nothing_of_control_shows_on_the_form_while_all_is_off(self):
        form = Form(self._create_order())
        for name in ('control_panel', 'sale_type_id', 'control_source_id', 'requested_date', 'special_requirement'):
            self.assertTrue(form._get_modifier(name, 'invisible'), name)
        self.assertFalse(self._get_shown('action_submit', control_active=False, state='draft'))

    def test_what_the_customer_asked_for_stays_visible_when_control_is_switched_off(self):
        order = self._create_order()
        order.requested_date = '2026-03-12'
        order.special_requirement = "Deliver before noon"
        form = Form(order)
        self.assertFalse(form._get_modifier('requested_date', 'invisible'))
        self.assertFalse(form._get_modifier('special_requirement', 'invisible'))

    def test_badge_and_sentence_are_empty_while_all_is_off(self):
        order = self._create_order()
        self.assertFalse(order.control_active)
        self.assertEqual((order.control_status, order.control_next, order.control_panel), (False, False, False))

    # === UNDER CONTROL ===#

    def test_control_shows_on_a_new_quotation_before_it_is_saved(self):
        self._switch(completeness='enforce')
        form = Form(self.env['sale.order'].with_user(self.salesperson))
        form.partner_id = self.customer
        for name in ('sale_type_id', 'control_source_id', 'requested_date', 'special_requirement'):
            self.assertFalse(form._get_modifier(name, 'invisible'), name)
        self.assertFalse(form.control_panel)

    def test_submit_is_first_and_confirm_stays_second_under_control(self):
        for state in ('draft', 'sent'):
            [submit] = self._get_shown('action_submit', control_active=True, state=state)
            [confirm] = self._get_shown('action_confirm', control_active=True, state=state)
            self.assertIn('btn-primary', submit.get('class'))
            self.assertNotIn('btn-primary', confirm.get('class') or '')
        self.assertFalse(self._get_shown('action_submit', control_active=True, state='sale'))
        # Who has submitted waits, or recalls.
        self.assertFalse(self._get_shown('action_submit', control_active=True, state='draft', approval_state='pending'))

    def test_exactly_one_confirm_button_shows_as_odoo_has_it_without_control(self):
        [draft] = self._get_shown('action_confirm', control_active=False, state='draft')
        [sent] = self._get_shown('action_confirm', control_active=False, state='sent')
        self.assertFalse(draft.get('class'))
        self.assertEqual(sent.get('class'), 'btn-primary')

    def test_panel_says_what_is_wrong_and_what_clears_it(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._create_order()
        [section] = [part for part in order.control_panel if part['area'] == 'completeness']
        self.assertEqual(section['tone'], 'danger')
        self.assertEqual(section['issues'], [{
            'message': "The stub does not like it.", 'clears': "Ask the stub.", 'effect': 'block', 'would': '',
        }])

    def test_panel_marks_what_would_have_stopped_in_shadow_mode(self):
        self._switch(completeness='warn')
        StubRule(self, issue())
        [section] = [part for part in self._create_order().control_panel if part['area'] == 'completeness']
        self.assertEqual((section['tone'], section['issues'][0]['would']), ('info', 'block'))

    def test_panel_says_that_all_is_fine(self):
        self._switch(completeness='enforce')
        [section] = [part for part in self._create_order().control_panel if part['area'] == 'completeness']
        self.assertEqual((section['tone'], section['issues']), ('success', []))
        self.assertTrue(section['summary'])

    def test_panel_is_not_judged_anew_at_every_keystroke(self):
        self._switch(completeness='enforce')
        order = self._create_order()
        rule = StubRule(self, issue())
        with Form(order) as form:
            opened = len(rule.asked)
            form.client_order_ref = "PO 1"
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 3
            self.assertEqual(len(rule.asked), opened)

    def test_parked_order_has_a_badge_and_is_found_by_the_filter(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._create_order()
        order.sudo()._validate_order()
        order.invalidate_recordset()
        self.assertEqual(order.control_status, 'parked')
        self.assertIn(self.salesperson.name, order.control_next)
        action = self.env.ref('sale_order_control.sale_order_action_parked')
        self.assertIn(order, self.env['sale.order'].search(safe_eval(action.domain)))

    def test_badges_cost_the_same_queries_for_two_orders_as_for_twenty(self):
        self._switch(completeness='enforce', credit='enforce', approval='enforce', promise='enforce')
        few, many = self._create_orders(2), self._create_orders(20)
        self._count_badge_queries(few)
        self.assertLessEqual(self._count_badge_queries(many), self._count_badge_queries(few) + 1)

    def _create_orders(self, count):
        return self.env['sale.order'].concat(*(self._create_order() for _index in range(count)))

    def _count_badge_queries(self, orders):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        orders.with_user(self.salesperson).web_read({'control_status': {}, 'control_next': {}})
        return self.cr.sql_log_count - before

    # === THE LOG ===#

    def test_salesperson_opens_the_log_of_an_own_order(self):
        self._switch(completeness='enforce')
        order = self._create_order()
        order.action_submit()
        action = order.action_view_control_log()
        log = self.env['sale.control.log'].with_user(self.salesperson).search(action['domain'])
        self.assertEqual(order.control_log_count, len(log))
        self.assertIn('confirmed', log.mapped('event'))


@tagged('post_install', '-at_install')
class TestOrderSettings(ControlCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.control_manager = cls._new_user('soc_control_manager', 'sale_order_control.group_manager')

    def _open(self, user, **values):
        settings = self.env['sale.control.settings'].with_user(user)
        return settings.create({**settings.default_get(list(settings._fields)), **values})

    def test_manager_without_admin_rights_switches_a_control(self):
        self.assertFalse(self.control_manager.has_group('base.group_erp_manager'))
        self._open(self.control_manager, control_credit='warn', control_duplicate_days=3).action_apply()
        self.assertEqual((self.company.control_credit, self.company.control_duplicate_days), ('warn', 3))
        self.assertEqual(self.company.control_approval, 'off')

    def test_settings_open_with_what_is_in_force(self):
        self._switch(approval='enforce')
        with Form(self.env['sale.control.settings'].with_user(self.control_manager)) as form:
            self.assertEqual((form.control_approval, form.control_credit), ('enforce', 'off'))

    def test_salesperson_cannot_open_the_settings(self):
        with self.assertRaises(AccessError):
            self._open(self.salesperson, control_credit='off')

    def test_manager_rights_taken_away_end_an_open_form(self):
        settings = self._open(self.control_manager)
        self.control_manager.sudo().group_ids = [
            Command.unlink(self.env.ref('sale_order_control.group_manager').id)]
        with self.assertRaises(AccessError):
            settings.control_credit = 'enforce'
        self.assertEqual(self.company.control_credit, 'off')

    def test_manager_cannot_switch_a_company_they_do_not_work_for(self):
        other = self.env['res.company'].create({'name': "Somebody Else"})
        with self.assertRaises(AccessError):
            self._open(self.control_manager, company_id=other.id, control_credit='enforce')
        with self.assertRaises(AccessError):
            (self.company | other).with_user(self.control_manager).write({'control_credit': 'enforce'})
        self.assertEqual((self.company | other).mapped('control_credit'), ['off', 'off'])

    def test_nobody_but_managers_and_administrators_writes_the_switches_on_the_company(self):
        for user in (self.salesperson, self.sales_manager, self.controller):
            with self.assertRaises(AccessError, msg=user.login):
                self.company.with_user(user).write({'control_credit': 'off'})
            with self.assertRaises(AccessError, msg=user.login):
                self.env['res.config.settings'].with_user(user).create({'control_credit': 'off'})

    def test_manager_writes_nothing_else_on_the_company(self):
        company = self.company.with_user(self.control_manager)
        for values in ({'name': "Mine"}, {'control_credit': 'warn', 'name': "Mine"}, {}):
            with self.assertRaises(AccessError):
                company.write(values)
        with self.assertRaises(AccessError):
            self.env['res.config.settings'].with_user(self.control_manager).create({'control_credit': 'off'})
        with self.assertRaises(AccessError):
            self.env['res.company'].with_user(self.control_manager).create({'name': "Mine"})
        self.assertEqual(self.company.control_credit, 'off')

    def test_both_pages_explain_a_setting_in_the_words_of_the_company(self):
        text = self.env['res.company']._fields['control_release'].help
        for model in ('res.config.settings', 'sale.control.settings'):
            arch = etree.fromstring(self.env[model].get_view(view_type='form')['arch'])
            [setting] = arch.xpath("//setting[field[@name='control_release']]")
            self.assertEqual(setting.get('help'), text, model)

    def test_administrator_switches_a_control_on_the_settings_page(self):
        settings = self.env['res.config.settings'].create({'control_promise': 'enforce'})
        settings.execute()
        self.assertEqual(self.company.control_promise, 'enforce')

    def test_settings_page_holds_the_block_for_managers(self):
        arch = self.env['res.config.settings'].get_view(view_type='form')['arch']
        self.assertIn('control_completeness', arch)
