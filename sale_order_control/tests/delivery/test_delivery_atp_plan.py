import random
from dataclasses import replace
from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ...models.delivery.atp.atp import Balance, Demand, Fences, Part, Supply, get_ready_day
from ...models.delivery.atp.atp_days import DeliveryDays
from ...models.delivery.atp.atp_plan import find_uncovered, plan
from ...models.delivery.atp.atp_reliability import Reliability
from ...models.delivery.atp.atp_repromise import find_safe, find_unsound

TODAY = date(2026, 3, 2)    # a Monday


def day(number):
    return TODAY + timedelta(days=number)


def make_balance(on_hand=0.0, receipts=(), issues=(), fences=None):
    balance = Balance(TODAY, on_hand, fences)
    for when, quantity, *name in receipts:
        balance.add_supply(Supply(day(when), quantity, name=''.join(name)))
    for when, quantity in issues:
        balance.add_issue(day(when), quantity)
    return balance


def ask(key, quantity, product_id=1, **values):
    values.setdefault('parts', (Part(product_id),))
    return Demand(key, 1, quantity, **values)


def word(lines):
    return [((line.date - TODAY).days, line.quantity, line.source) for line in lines]


def serve(demand, balance, **others):
    balances = {(1, 1): balance, **{(int(name[1:]), 1): other for name, other in others.items()}}
    return word(plan([demand], balances, TODAY)[demand.key])


@tagged('post_install', '-at_install')
class TestDeliveryAtpPlan(BaseCase):
    """Schedules worked out by hand; no database."""

    # === FENCES ===#

    def test_overdue_supply_and_demand_of_a_week_count_from_tomorrow(self):
        # Nothing there. 200 should have come and 75 should have left this week; 100 come in ten days.
        balance = make_balance(
            receipts=[(-5, 200), (10, 100)], issues=[(-3, 75)],
            fences=Fences(supply_back=7, supply_offset=1, demand_back=7, demand_offset=1))
        self.assertEqual(
            [((when - TODAY).days, quantity) for when, quantity in balance.available()], [(0, 0), (1, 125), (10, 225)])
        demand = ask('a', 150, lead_days=30)
        lines = plan([demand], {(1, 1): balance}, TODAY)['a']
        self.assertEqual(word(lines), [(1, 125, 'incoming'), (10, 25, 'incoming')])
        self.assertEqual(get_ready_day(demand, lines), day(10))

    def test_what_is_overdue_beyond_the_fence_does_not_count(self):
        fences = Fences(supply_back=7, demand_back=7)
        self.assertEqual(serve(ask('a', 5, lead_days=20), make_balance(receipts=[(-8, 5)], fences=fences)),
                         [(20, 5, 'lead_time')])
        self.assertEqual(serve(ask('a', 5), make_balance(5, issues=[(-8, 5)], fences=fences)), [(0, 5, 'stock')])

    def test_a_promise_counts_however_overdue_it_is(self):
        balance = make_balance(5, fences=Fences(demand_back=0))
        balance.add_issue(day(-90), 5, firm=True)
        self.assertEqual(balance.available(), [(TODAY, 0)])

    def test_beyond_the_horizon_only_promises_count(self):
        balance = make_balance(5, receipts=[(40, 9)], issues=[(40, 5)], fences=Fences(horizon=30))
        self.assertEqual(balance.available(), [(TODAY, 5)])
        balance.add_issue(day(40), 5, firm=True)
        self.assertEqual(balance.available(), [(TODAY, 0), (day(40), 0)])

    # === TIME TO REPLENISH ===#

    def test_nothing_is_waited_for_that_can_be_bought_sooner(self):
        balance = make_balance(2, receipts=[(60, 10)])
        self.assertEqual(
            serve(ask('a', 5, replenish_days=9), balance), [(0, 2, 'stock'), (9, 3, 'lead_time')])

    def test_what_was_bought_for_the_demand_is_waited_for_all_the_same(self):
        part = Part(1, to_order=True, own=(Supply(day(12), 5, name="P1"),))
        balance = make_balance(receipts=[(12, 5, "P1")])
        self.assertEqual(serve(ask('a', 5, replenish_days=9, parts=(part,)), balance), [(12, 5, 'incoming')])

    def test_without_a_known_time_to_buy_the_receipt_is_waited_for(self):
        balance = make_balance(2, receipts=[(60, 10)])
        self.assertEqual(serve(ask('a', 5, lead_days=9), balance), [(0, 2, 'stock'), (60, 3, 'incoming')])

    # === DAYS ===#

    def test_goods_are_prepared_leave_on_shipping_days_and_travel(self):
        days = DeliveryDays(handling=2, transit=3, is_open=lambda when: when.weekday() < 5)
        # Thursday's receipt is ready on Saturday, leaves on Monday the 9th, arrives on Thursday the 12th.
        self.assertEqual(days.promise(date(2026, 3, 5)), date(2026, 3, 12))
        # To arrive on Sunday the 15th it leaves on Thursday the 12th at the latest, and is there on the 10th.
        self.assertEqual(days.needed(date(2026, 3, 15)), date(2026, 3, 10))

    def test_there_and_back_never_asks_for_more_time_than_there_is(self):
        chance = random.Random(5)
        for _round in range(300):
            closed = {day(number) for number in range(-60, 60) if chance.random() < 0.3}
            days = DeliveryDays(chance.randint(0, 4), chance.randint(0, 9), lambda when, shut=closed: when not in shut)
            start = day(chance.randint(0, 20))
            self.assertGreaterEqual(days.needed(days.promise(start)), start)
            self.assertLessEqual(days.promise(days.needed(start)), start)

    def test_schedule_and_lead_time_speak_of_the_day_of_arrival(self):
        days = DeliveryDays(handling=1, transit=2, is_open=lambda when: when.weekday() < 5)
        # From stock: ready on Tuesday, there on Thursday. The rest leaves after 5 days: Saturday, so Monday.
        self.assertEqual(
            serve(ask('a', 5, lead_days=5, days=days), make_balance(3)), [(3, 3, 'stock'), (9, 2, 'lead_time')])

    def test_a_calendar_that_never_opens_does_not_stop_the_world(self):
        self.assertEqual(DeliveryDays(is_open=lambda when: False).promise(TODAY), TODAY)

    # === OWN SUPPLY ===#

    def test_what_is_reserved_for_one_is_out_of_reach_of_the_others(self):
        own = (Supply(TODAY, 5, 'stock'),)
        late = ask('late', 5, parts=(Part(1, own=own),), lead_days=9)
        schedules = plan([ask('early', 5, lead_days=9), late], {(1, 1): make_balance(5)}, TODAY)
        self.assertEqual(word(schedules['late']), [(0, 5, 'stock')])
        self.assertEqual(word(schedules['early']), [(9, 5, 'lead_time')])

    def test_what_is_bought_to_order_leaves_the_shelf_alone(self):
        own = (Supply(day(6), 3, name="P7"),)
        demand = ask('a', 5, parts=(Part(1, to_order=True, own=own),), lead_days=9)
        balance = make_balance(50, receipts=[(6, 3, "P7")])
        lines = plan([demand], {(1, 1): balance}, TODAY)['a']
        self.assertEqual(word(lines), [(6, 3, 'incoming'), (9, 2, 'lead_time')])
        self.assertEqual([peg.name for peg in lines[0].pegs], ["P7"])
        self.assertEqual(balance.available(), [(TODAY, 50), (day(6), 50)])

    def test_a_supplier_who_delivers_himself_touches_no_stock(self):
        own = (Supply(day(6), 5, 'direct', "P8"),)
        demand = ask('a', 5, parts=(Part(1, to_order=True, own=own),))
        self.assertEqual(serve(demand, make_balance(0)), [(6, 5, 'direct')])

    def test_without_stock_keeping_only_the_lead_time_counts(self):
        self.assertEqual(word(plan([ask('a', 5, parts=(), lead_days=3)], {}, TODAY)['a']), [(3, 5, 'lead_time')])

    # === KITS ===#

    def test_a_kit_waits_for_its_scarcest_component(self):
        # 2 legs and 1 top per table. Legs: 4 now, 10 on day 3; tops: 3 now, 1 on day 8.
        legs, tops = make_balance(4, receipts=[(3, 10, "P1")]), make_balance(3, receipts=[(8, 1, "P2")])
        demand = ask('a', 5, parts=(Part(1, 2.0), Part(2, 1.0)), whole=True, lead_days=20)
        lines = plan([demand], {(1, 1): legs, (2, 1): tops}, TODAY)['a']
        self.assertEqual(word(lines), [(0, 2, 'stock'), (3, 1, 'incoming'), (8, 1, 'incoming'), (20, 1, 'lead_time')])
        self.assertEqual([[(peg.name, peg.quantity) for peg in line.pegs] for line in lines[1:3]],
                         [[("P1", 2)], [("P1", 2), ("P2", 1)]])

    def test_half_a_kit_is_no_kit(self):
        demand = ask('a', 2, parts=(Part(1, 2.0),), whole=True, lead_days=20)
        self.assertEqual(serve(demand, make_balance(3)), [(0, 1, 'stock'), (20, 1, 'lead_time')])

    def test_two_kits_share_what_their_components_leave(self):
        balances = {(1, 1): make_balance(5), (2, 1): make_balance(9)}
        first = ask('a', 2, parts=(Part(1, 2.0), Part(2)), whole=True)
        second = ask('b', 1, parts=(Part(1, 2.0),), whole=True, lead_days=4)
        schedules = plan([first, second], balances, TODAY)
        self.assertEqual(word(schedules['a']), [(0, 2, 'stock')])
        self.assertEqual(word(schedules['b']), [(4, 1, 'lead_time')])

    # === WHAT A DATE LEANS ON ===#

    def test_each_part_names_the_receipts_it_leans_on_once(self):
        balance = make_balance(receipts=[(4, 3, "P1"), (4, 2, "P2")])
        schedules = plan([ask('a', 2), ask('b', 3)], {(1, 1): balance}, TODAY)
        self.assertEqual([(peg.name, peg.quantity) for line in schedules['a'] for peg in line.pegs], [("P1", 2)])
        self.assertEqual(
            [(peg.name, peg.quantity) for line in schedules['b'] for peg in line.pegs], [("P1", 1), ("P2", 2)])

    def test_a_receipt_of_today_is_not_stock_yet(self):
        balance = make_balance(2, receipts=[(0, 3, "P1")])
        self.assertEqual(serve(ask('a', 5), balance), [(0, 2, 'stock'), (0, 3, 'incoming')])

    def test_confidence_grows_with_the_days_to_spare(self):
        # Of ten receipts six came on the day or before, three two days late, one eight days late.
        reliability = Reliability({'K': {-1: 2, 0: 4, 2: 3, 8: 1}}, TODAY)
        balance = Balance(TODAY)
        balance.add_supply(Supply(day(5), 5, history='K'))
        lines = plan([ask('a', 5)], {(1, 1): balance}, TODAY)['a']
        self.assertAlmostEqual(reliability.get_confidence(lines, day(5)), 0.6)
        self.assertAlmostEqual(reliability.get_confidence(lines, day(7)), 0.9)
        self.assertAlmostEqual(reliability.get_confidence(lines, day(13)), 1.0)

    def test_of_an_overdue_receipt_only_history_as_late_counts(self):
        reliability = Reliability({'K': {0: 90, 3: 4, 5: 4, 9: 2}}, TODAY)
        balance = Balance(TODAY)
        balance.add_supply(Supply(day(-4), 5, history='K'))
        lines = plan([ask('a', 5)], {(1, 1): balance}, TODAY)['a']
        # Four days overdue: six were as late; of these, four had come after five days.
        self.assertAlmostEqual(reliability.get_confidence(lines, day(1)), 4 / 6)

    def test_an_unknown_or_short_history_gives_no_figure(self):
        lines = plan([ask('a', 5)], {(1, 1): make_balance(receipts=[(4, 5)])}, TODAY)['a']
        self.assertIsNone(Reliability({}, TODAY).get_confidence(lines, day(9)))
        self.assertIsNone(Reliability({None: {0: 4}}, TODAY).get_confidence(lines, day(9)))
        by_lead_time = plan([ask('a', 5)], {(1, 1): make_balance()}, TODAY)['a']
        self.assertIsNone(Reliability({}, TODAY).get_confidence(by_lead_time, day(9)))
        stock = plan([ask('a', 5)], {(1, 1): make_balance(5)}, TODAY)['a']
        self.assertEqual(Reliability({}, TODAY).get_confidence(stock, day(9)), 1.0)

    # === AT RISK ===#

    def test_a_promise_earlier_than_its_receipt_is_uncovered(self):
        def uncovered(promised, **values):
            balance = make_balance(receipts=[(6, 5)])
            return find_uncovered([ask('a', 5, promised=day(promised), **values)], {(1, 1): balance}, TODAY)

        self.assertEqual(uncovered(5), {'a'})
        self.assertEqual(uncovered(6), set())
        self.assertEqual(uncovered(7, days=DeliveryDays(handling=1, transit=1)), {'a'})
        self.assertEqual(uncovered(5, replenish_days=4), set())

    def test_a_later_demand_does_not_threaten_an_earlier_promise(self):
        balance = make_balance(5, issues=[(9, 5)])
        self.assertEqual(find_uncovered([ask('a', 5, promised=day(3))], {(1, 1): balance}, TODAY), set())

    def test_goods_bought_to_order_are_at_risk_when_they_come_late(self):
        def uncovered(promised):
            part = Part(1, to_order=True, own=(Supply(day(6), 5, name="P1"),))
            balance = make_balance(50, receipts=[(6, 5, "P1")])
            return find_uncovered([ask('a', 5, promised=day(promised), parts=(part,))], {(1, 1): balance}, TODAY)

        self.assertEqual(uncovered(5), {'a'})
        self.assertEqual(uncovered(6), set())


@tagged('post_install', '-at_install')
class TestDeliveryAtpProperties(BaseCase):
    """Random supply and demand: what must hold whatever they are."""

    HORIZON = 30

    def _random_events(self, chance):
        receipts = [(chance.randint(1, self.HORIZON), chance.randint(1, 30)) for _n in range(chance.randint(0, 8))]
        issues = [(chance.randint(0, self.HORIZON), chance.randint(1, 20)) for _n in range(chance.randint(0, 8))]
        return chance.randint(0, 60), receipts, issues

    def _random_demands(self, chance, number):
        return [
            ask(key, chance.randint(1, 25), lead_days=chance.randint(0, 20),
                wanted=day(chance.randint(0, self.HORIZON)) if chance.random() < 0.5 else None)
            for key in range(number)]

    def _project(self, on_hand, receipts, issues):
        """Return what is left at the end of each day."""
        return [
            on_hand + sum(q for d, q in receipts if d <= when) - sum(q for d, q in issues if d <= when)
            for when in range(self.HORIZON + 60)]

    def _promise_slowly(self, on_hand, receipts, issues, demand):
        """The same by trying: unit by unit, each on the first day on which no day from then on goes below zero."""
        left = self._project(on_hand, receipts, issues)
        found = []
        for _unit in range(int(demand.quantity)):
            taken = len(found)
            free = [when for when in range(len(left)) if min(left[when:]) >= taken + 1]
            if not free:
                break
            found.append(free[0])
        return found

    def test_the_bulk_answer_equals_a_slow_reference(self):
        chance = random.Random(11)
        for _round in range(150):
            on_hand, receipts, issues = self._random_events(chance)
            demands = self._random_demands(chance, chance.randint(1, 6))
            schedules = plan(demands, {(1, 1): make_balance(on_hand, receipts, issues)}, TODAY)
            for demand in demands:
                units = self._promise_slowly(on_hand, receipts, issues, demand)
                lines = schedules[demand.key]
                counted = [
                    (line.date - TODAY).days for line in lines if line.source != 'lead_time'
                    for _unit in range(int(line.quantity))]
                self.assertEqual(counted, units)
                self.assertEqual(sum(line.quantity for line in lines), demand.quantity)
                if units:
                    ready = (get_ready_day(demand, lines) - TODAY).days
                    issues = [*issues, (ready, len(units))]

    def test_no_accepted_promise_ever_makes_an_earlier_one_fail(self):
        chance = random.Random(7)
        for _round in range(150):
            on_hand, receipts, issues = self._random_events(chance)
            accepted = []
            for demand in self._random_demands(chance, 8):
                before = self._project(on_hand, receipts, issues + accepted)
                balance = make_balance(on_hand, receipts, issues)
                for when, quantity in accepted:
                    balance.add_issue(day(when), quantity, firm=True)
                lines = plan([demand], {(1, 1): balance}, TODAY)[demand.key]
                if any(line.source == 'lead_time' for line in lines):
                    continue    # a planner who accepts only what is covered
                accepted.append(((get_ready_day(demand, lines) - TODAY).days, demand.quantity))
                after = self._project(on_hand, receipts, issues + accepted)
                for left_before, left_after in zip(before, after, strict=True):
                    self.assertTrue(left_after >= 0 or left_after == left_before)

    def test_no_promise_that_rests_on_a_lead_time_makes_an_earlier_one_fail(self):
        chance, taken = random.Random(5), 0
        for _round in range(150):
            on_hand, receipts, issues = self._random_events(chance)
            accepted, lead, replenish = [], chance.choice([0, 4]), chance.choice([None, 6])
            for demand in self._random_demands(chance, 6):
                kit = chance.random() < 0.3
                demand = replace(
                    demand, lead_days=lead, replenish_days=replenish, whole=kit, days=DeliveryDays(1, 2),
                    parts=(Part(1), Part(2, 2.0)) if kit else (Part(chance.choice([1, 2])),))

                def fresh(on_hand=on_hand, receipts=receipts, issues=issues):
                    return {(product, 1): make_balance(on_hand, receipts, issues) for product in (1, 2)}

                lines = plan([*accepted, demand], fresh(), TODAY)[demand.key]
                doubtful = any(line.source == 'lead_time' for line in lines)
                if doubtful and not demand.knows_lead():
                    continue    # nobody knows: nothing is proposed
                days = {demand.key: get_ready_day(demand, lines)}
                before = find_safe(accepted, fresh(), TODAY)
                after = find_safe([*accepted, replace(demand, promised=days[demand.key])], fresh(), TODAY)
                unsound = find_unsound([*accepted, demand], days, {demand.key} if doubtful else (), fresh(), TODAY)
                self.assertEqual(bool(unsound), bool(before - after), "what is left out is what would do harm")
                if not unsound:
                    accepted.append(replace(demand, promised=days[demand.key]))
                    taken += doubtful
        self.assertGreater(taken, 100)

    def test_every_unit_leans_on_receipts_that_come_in_time(self):
        chance = random.Random(3)
        for round_number in range(100):
            on_hand, receipts, issues = self._random_events(chance)
            named = [(when, quantity, f"P{number}") for number, (when, quantity) in enumerate(receipts)]
            demands = self._random_demands(chance, 1 if round_number % 2 else 6)
            schedules = plan(demands, {(1, 1): make_balance(on_hand, named, issues)}, TODAY)
            used = {}
            for line in (line for lines in schedules.values() for line in lines if line.source == 'incoming'):
                self.assertAlmostEqual(sum(peg.quantity for peg in line.pegs), line.quantity)
                for peg in line.pegs:
                    self.assertLessEqual(peg.due, line.date)
                    used[peg.name] = used.get(peg.name, 0) + peg.quantity
            if len(demands) == 1:
                for _when, quantity, name in named:
                    self.assertLessEqual(used.get(name, 0), quantity + 1e-6)
