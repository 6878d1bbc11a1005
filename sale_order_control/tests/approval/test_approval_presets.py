from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalPresets(ApprovalCommon):
    """The ready-made chains, and that a second run of the set-up undoes nothing that was done by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(approval='off')
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')
        names = ('purchasing', 'technical', 'legal', 'reviewer', 'supply')
        cls.people = {name: cls._new_user(f'soc_{name}', 'sale_order_control.group_approver') for name in names}

    def _setup(self, preset='domestic', **values):
        people = {
            'sales_manager_ids': self.sales_manager, 'finance_ids': self.finance,
            'general_manager_ids': self.director, 'purchasing_ids': self.people['purchasing'],
            'technical_ids': self.people['technical'], 'legal_ids': self.people['legal'],
            'reviewer_ids': self.people['reviewer'], 'department_ids': self.people['technical'],
            'supply_ids': self.people['supply'],
        }
        return self.env['sale.control.setup'].with_user(self.manager).create({
            'company_id': self.company.id, 'preset': preset, 'control_go_live': False, 'control_completeness': 'off',
            **{name: [Command.set(users.ids)] for name, users in people.items()}, **values})

    def _stages(self, order):
        """Who was asked, stage by stage."""
        tasks = order.sudo().approval_request_ids.task_ids
        return [stage.user_id for _sequence, stage in sorted(tasks.grouped('sequence').items())]

    # === CHAINS ===#

    def test_joint_review_asks_four_departments_at_once_for_their_opinion_then_legal_then_the_director(self):
        self._setup('joint')._apply()
        order = self._create_order(60)
        order.action_submit()
        four = self.sales_manager | self.people['purchasing'] | self.people['technical'] | self.finance
        self.assertEqual(self._stages(order), [four, self.people['legal'], self.director])
        request = self._request(order)
        with self.assertRaisesRegex(UserError, "opinion in writing"):
            request.with_user(self.finance).action_agree()
        for user in four | self.people['legal'] | self.director:
            request.with_user(user).action_agree("Read and found in order.")
        self.assertEqual(order.state, 'sale')
        small = self._create_order(10)
        small.action_submit()
        self.assertEqual(small.state, 'sale')

    def test_first_review_sees_every_order_and_second_review_the_exceptions_by_another_person(self):
        self._setup('review')._apply()
        usual, exception = self._create_order(1), self._create_order(1, discount=25)
        (usual | exception).action_submit()
        self.assertEqual(self._stages(usual), [self.people['reviewer']])
        self.assertEqual(self._stages(exception), [self.people['reviewer'], self.sales_manager])
        self.assertTrue(self._request(exception).task_ids[-1].distinct_persons)

    def test_special_requirements_and_chosen_products_are_put_to_another_department(self):
        category = self.env['product.category'].create({'name': "Built to Order"})
        self._setup('help', department_categ_ids=[Command.set(category.ids)])._apply()
        plain, special = self._create_order(1), self._create_order(1)
        special.special_requirement = "Painted green"
        (plain | special).action_submit()
        self.assertEqual(plain.state, 'sale')
        self.assertEqual(self._stages(special), [self.people['technical'], self.sales_manager])
        self.product.categ_id = category
        built = self._create_order(2)
        built.action_submit()
        self.assertEqual(self._stages(built), [self.people['technical'], self.sales_manager])

    def test_domestic_asks_supply_chain_about_shortages(self):
        policies = self._setup(control_promise='enforce')._apply()
        self.assertEqual(policies.mapped('preset_key'), [
            'domestic.sales', 'domestic.finance', 'domestic.supply', 'domestic.general', 'domestic.overdue'])
        overdue = policies[-1]
        self.assertEqual((overdue.res_model, overdue.level_ids.quorum), ('sale.transfer.change', 'any'))
        self.assertEqual(overdue.level_ids.user_ids, self.sales_manager | self.finance)
        # Every chain brings that one, where no other policy says who decides.
        self.assertNotIn('joint.overdue', self._setup('joint', control_promise='enforce')._apply().mapped('preset_key'))
        overdue.sudo().unlink()
        self.assertIn('joint.overdue', self._setup('joint', control_promise='enforce')._apply().mapped('preset_key'))
        scarce = self._new_product("Scarce", 10.0, 5.0, stock=0)
        order = self._create_order(1, product_id=scarce.id)
        order.action_submit()
        self.assertEqual(self._stages(order), [self.people['supply']])

    def test_a_request_has_eight_working_hours_in_all_shared_over_the_stages_that_follow_each_other(self):
        domestic = self._setup()._apply()
        self.assertEqual(set(domestic.level_ids.mapped('deadline_hours')), {2.0})
        joint = self._setup('joint')._apply()
        stages = {level.sequence: level.deadline_hours for level in joint.level_ids}
        self.assertEqual(len(stages), 3)
        self.assertAlmostEqual(sum(stages.values()), 8.0, places=4)
        help_ = self._setup('help', decide_hours=0.0)._apply()
        self.assertEqual(set(help_.level_ids.mapped('deadline_hours')), {0.0})
        # The screen starts from what was set up; a second run leaves alone what was changed by hand.
        setup = self.env['sale.control.setup'].with_user(self.manager)
        for preset, hours in (('domestic', 8.0), ('joint', 8.0), ('help', 0.0), ('review', 8.0)):
            with self.subTest(preset):
                values = setup.with_context(default_preset=preset).default_get(['decide_hours', 'preset'])
                self.assertEqual(values['decide_hours'], hours)
        domestic[0].level_ids.deadline_hours = 5.0
        self._setup(decide_hours=12.0)._apply()
        self.assertEqual(domestic[0].level_ids.deadline_hours, 5.0)
        self.assertEqual(set(domestic[1:].level_ids.mapped('deadline_hours')), {3.0})

    def test_export_needs_no_approval_unless_somebody_wants_it(self):
        export = self.env.ref('sale_order_control.sale_type_export')
        self._setup()._apply()
        self.assertFalse(export.run_approval)
        self._setup(export_free=False)._apply()
        self.assertTrue(export.run_approval)
        again = self.env['sale.control.setup'].with_user(self.manager).default_get(['export_free'])
        self.assertFalse(again['export_free'])

    # === SEVERAL, AND AGAIN ===#

    def test_presets_stand_side_by_side(self):
        domestic = self._setup()._apply()
        joint = self._setup('joint')._apply()
        self.assertEqual(joint.mapped('preset_key'), ['joint.review', 'joint.credit'])
        self.assertTrue(all(domestic.mapped('active')))
        setup = self._setup('joint')
        self.assertEqual(setup.existing, "Domestic standard, Joint review")

    def test_a_second_run_keeps_what_was_changed_by_hand(self):
        policies = self._setup()._apply()
        sales, finance, supply, general = policies
        finance.write({'name': "Money matters", 'tolerance_percent': 0.5, 'on_long_terms': False})
        finance.level_ids[0].write({'user_ids': [Command.set(self.people['legal'].ids)]})
        finance.level_ids[1].write({'name': "Treasury", 'quorum': 'all', 'deadline_hours': 4})
        general.level_ids[0].unlink()
        supply.active = False
        self._setup(tolerance_percent=3.0, sales_manager_ids=[Command.set(self.director.ids)])._apply()
        self.assertEqual(
            (finance.name, finance.tolerance_percent, finance.on_long_terms), ("Money matters", 0.5, False))
        self.assertEqual(finance.level_ids[0].user_ids, self.people['legal'])
        self.assertEqual(finance.level_ids.mapped('name'), ["Sales manager", "Treasury"])
        self.assertEqual(finance.level_ids[1].quorum, 'all')
        self.assertEqual(general.level_ids.mapped('preset_key'), ['general'])
        self.assertFalse(supply.active)
        # What nobody touched follows the wizard.
        self.assertEqual((sales.tolerance_percent, general.tolerance_percent), (3.0, 3.0))
        self.assertEqual(sales.level_ids.user_ids, self.director)

    def test_the_screen_starts_from_the_people_of_the_chosen_preset(self):
        self._setup()._apply()
        self._setup('joint', finance_ids=[Command.set(self.people['legal'].ids)], joint_amount=800.0)._apply()
        setup = self.env['sale.control.setup'].with_user(self.manager)
        values = setup.default_get(['finance_ids', 'joint_amount'])
        self.assertEqual((values['finance_ids'], values['joint_amount']), ([Command.set(self.finance.ids)], 800.0))
        values = setup.with_context(default_preset='joint').default_get(['finance_ids', 'preset'])
        self.assertEqual(values['finance_ids'], [Command.set(self.people['legal'].ids)])

    def test_a_chain_without_its_people_is_refused_and_names_them(self):
        setup = self._setup('joint', legal_ids=[Command.clear()], technical_ids=[Command.clear()])
        with self.assertRaisesRegex(UserError, "Technical Department, Legal"):
            setup.action_apply()
