import random
from copy import deepcopy
from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...models.delivery.atp.atp import Part, Supply
from ...models.delivery.atp.atp_displace import find_displaced
from ...models.delivery.atp.atp_parts import cut_parts, split_demand, spread_back
from ...models.delivery.atp.atp_plan import find_uncovered, plan
from ...models.delivery.atp.atp_repromise import Candidate, Run, find_harmed, find_safe
from ...models.delivery.atp.atp_shortage import find_shortage
from .test_delivery_atp_plan import TODAY, ask, day, make_balance, word


def run(candidates, balance):
    found = Run(candidates, {(1, 1): balance}, TODAY).find()
    return {key: (outcome.day and (outcome.day - TODAY).days, outcome.cause) for key, outcome in found.items()}


def promised(key, quantity, number, strategy='keep', wanted=None, **values):
    return Candidate(ask(
        key, quantity, promised=day(number), wanted=wanted and day(wanted), **{'lead_days': 60, **values}), strategy)


@tagged('post_install', '-at_install')
class TestDeliveryParts(BaseCase):
    """Promises in parts, and what is short; worked out by hand, no database."""

    def test_what_is_left_of_parts_is_the_last_of_them(self):
        parts = ((day(1), 4), (day(5), 6))
        self.assertEqual(spread_back(parts, 10), list(parts))
        self.assertEqual(spread_back(parts, 7), [(day(1), 1), (day(5), 6)])
        self.assertEqual(spread_back(parts, 3), [(day(5), 3)])
        self.assertEqual(spread_back(parts, 12), [(day(1), 4), (day(5), 8)])
        self.assertEqual(cut_parts(parts, 7), ((day(1), 4), (day(5), 3)))

    def test_parts_take_their_goods_on_their_own_days(self):
        demand = ask('a', 10, promised=day(9), promises=((day(1), 4), (day(9), 6)), lead_days=30)
        balance = make_balance(4, receipts=[(3, 4), (9, 6)])
        lines = plan([demand], {(1, 1): balance}, TODAY)['a']
        self.assertEqual(word(lines), [(0, 4, 'stock'), (3, 4, 'incoming'), (9, 2, 'incoming')])
        # 4 of day 3 could be lent until day 9, for nothing else is due before; then 4 are left.
        self.assertEqual([((when - TODAY).days, quantity) for when, quantity in balance.available()][-1], (9, 4))

    def test_supply_of_its_own_serves_the_first_part_first(self):
        own = (Supply(TODAY, 5, 'stock'), Supply(day(4), 5, name="P1"))
        demand = ask('a', 10, parts=(Part(1, own=own),), promised=day(9), promises=((day(1), 4), (day(9), 6)))
        first, second = split_demand(demand)
        self.assertEqual([supply.quantity for supply in first.parts[0].own], [4])
        self.assertEqual([supply.quantity for supply in second.parts[0].own], [1, 5])

    def test_a_first_part_that_is_not_covered_is_found(self):
        demand = ask('a', 10, promised=day(9), promises=((day(1), 4), (day(9), 6)), lead_days=30)
        covered = make_balance(4, receipts=[(8, 6)])
        self.assertEqual(find_uncovered([demand], {(1, 1): covered}, TODAY), set())
        self.assertEqual(find_uncovered([demand], {(1, 1): make_balance(3, receipts=[(8, 7)])}, TODAY), {'a'})

    def test_a_shortage_names_what_is_missing_on_the_day_it_is_due(self):
        demand = ask('a', 50, wanted=day(5), lead_days=60)
        lines = plan([demand], {(1, 1): make_balance(30, receipts=[(14, 40)])}, TODAY)['a']
        shortage = find_shortage(demand, lines, TODAY)
        self.assertEqual(
            (shortage.due, shortage.there, shortage.missing, shortage.ready, shortage.days),
            (day(5), 30, 20, day(14), 9))
        later = ask('a', 50, wanted=day(14), lead_days=60)
        self.assertIsNone(find_shortage(later, lines, TODAY))

    def test_without_stock_keeping_nothing_is_short(self):
        demand = ask('a', 5, parts=(), wanted=day(1), lead_days=9)
        self.assertIsNone(find_shortage(demand, plan([demand], {}, TODAY)['a'], TODAY))


@tagged('post_install', '-at_install')
class TestDeliveryDisplace(BaseCase):
    """Serving one before others; no database."""

    def test_serving_one_moves_just_those_who_lean_on_the_same_goods(self):
        demands = [
            ask('first', 10, promised=day(5), lead_days=60), ask('second', 5, promised=day(8), lead_days=60),
            ask('new', 8, wanted=day(1), lead_days=60)]
        balance = make_balance(10, receipts=[(8, 5), (12, 20)])
        displaced, ready = find_displaced(demands, {'new': day(1)}, {(1, 1): balance}, TODAY)
        self.assertEqual(ready, {'new': day(1)})
        self.assertEqual(displaced, {'first': (day(5), day(12))})

    def test_what_supply_gives_anyway_moves_nobody(self):
        demands = [ask('first', 10, promised=day(5), lead_days=60), ask('new', 8, lead_days=60)]
        balance = make_balance(10, receipts=[(8, 20)])
        self.assertEqual(find_displaced(demands, {'new': day(8)}, {(1, 1): balance}, TODAY), ({}, {'new': day(8)}))

    def test_a_promise_that_fails_anyway_slips_only_by_what_is_added(self):
        demands = [ask('late', 10, promised=day(2), lead_days=60), ask('new', 8, lead_days=60)]
        balance = make_balance(0, receipts=[(4, 10), (9, 10)])
        displaced, _ready = find_displaced(demands, {'new': day(4)}, {(1, 1): balance}, TODAY)
        self.assertEqual(displaced, {'late': (day(2), day(9))})
        balance = make_balance(0, receipts=[(4, 10), (9, 10)])
        displaced, ready = find_displaced(demands, {'new': day(9)}, {(1, 1): balance}, TODAY)
        self.assertEqual((displaced, ready), ({}, {'new': day(9)}))


@tagged('post_install', '-at_install')
class TestDeliveryRepromisePlan(BaseCase):
    """Who wins, keeps, may lose; worked out by hand, no database."""

    def test_who_wins_is_saved_by_who_may_lose(self):
        candidates = [promised('lose', 10, 3, 'lose'), promised('win', 10, 5, 'win', wanted=5)]
        # The receipt both counted on comes half as large; the rest comes on day 20.
        self.assertEqual(
            run(candidates, make_balance(0, receipts=[(3, 10), (20, 10)])), {'win': (5, 'same'), 'lose': (20, 'yield')})

    def test_nobody_takes_from_who_keeps(self):
        candidates = [promised('keep', 10, 3), promised('win', 10, 5, 'win')]
        self.assertEqual(
            run(candidates, make_balance(0, receipts=[(3, 10), (20, 10)])), {'keep': (3, 'same'), 'win': (20, 'late')})

    def test_days_become_earlier_as_far_as_they_are_wanted(self):
        candidates = [
            promised('wanted', 5, 9, wanted=9), promised('keep', 5, 9, wanted=2),
            promised('win', 5, 9, 'win', wanted=4)]
        found = run(candidates, make_balance(15))
        self.assertEqual(found, {'wanted': (9, 'same'), 'keep': (2, 'gain'), 'win': (4, 'gain')})

    def test_the_winner_gets_the_earlier_goods(self):
        candidates = [promised('keep', 5, 9), promised('win', 5, 9, 'win')]
        self.assertEqual(
            run(candidates, make_balance(5, receipts=[(7, 5)])), {'win': (0, 'gain'), 'keep': (7, 'gain')})

    def test_new_lines_of_winners_come_before_promises_of_those_who_may_lose(self):
        new = ask('new', 5, wanted=day(1), lead_days=60)
        candidates = [promised('lose', 5, 2, 'lose', wanted=2), Candidate(new, 'win')]
        self.assertEqual(
            run(candidates, make_balance(5, receipts=[(7, 5)])), {'new': (1, 'first'), 'lose': (7, 'yield')})
        candidates[1] = Candidate(new, 'keep')
        self.assertEqual(
            run(candidates, make_balance(5, receipts=[(7, 5)])), {'new': (7, 'first'), 'lose': (2, 'same')})

    def test_what_nothing_known_brings_gets_no_day(self):
        self.assertEqual(run([promised('a', 5, 2, lead_days=0)], make_balance(3)), {'a': (None, 'late')})

    def test_parts_stay_parts_while_they_can_be_kept(self):
        parts = ((day(1), 4), (day(9), 6))
        candidate = Candidate(ask('a', 10, promised=day(9), promises=parts, lead_days=60))
        self.assertEqual(run([candidate], make_balance(4, receipts=[(9, 6)])), {'a': (9, 'same')})
        self.assertEqual(run([candidate], make_balance(0, receipts=[(12, 10)])), {'a': (12, 'late')})

    def test_accepting_half_of_a_run_may_harm_others_and_is_found(self):
        # The winner leaves day 9 for day 3, the keeper follows to day 9.
        candidates = [promised('win', 5, 9, 'win'), promised('keep', 5, 12)]
        balance = make_balance(0, receipts=[(3, 5), (12, 5)])
        found = run(candidates, deepcopy(balance))
        self.assertEqual(found, {'win': (3, 'gain'), 'keep': (12, 'same')})
        self.assertEqual(find_harmed(candidates, {'win': day(3)}, {(1, 1): deepcopy(balance)}, TODAY), set())
        self.assertEqual(
            find_harmed(candidates, {'keep': day(9)}, {(1, 1): deepcopy(balance)}, TODAY), {'keep'})
        self.assertEqual(find_harmed(candidates, {'keep': day(4)}, {(1, 1): balance}, TODAY), {'win'})


@tagged('post_install', '-at_install')
class TestDeliveryRepromiseProperties(BaseCase):
    """Random supply and promises: what a run never does."""

    def _random_world(self, chance):
        receipts = [(chance.randint(1, 30), chance.randint(1, 30)) for _n in range(chance.randint(0, 6))]
        issues = [(chance.randint(0, 30), chance.randint(1, 8)) for _n in range(chance.randint(0, 3))]
        candidates = []
        for key in range(chance.randint(2, 8)):
            quantity = chance.randint(2, 15)
            number = chance.randint(0, 25) if chance.random() < 0.8 else None
            values = {'promised': day(number)} if number is not None else {}
            if number and quantity > 3 and chance.random() < 0.2:
                values['promises'] = ((day(number - 1), 2), (day(number), quantity - 2))
            wanted = day(chance.randint(0, 20)) if chance.random() < 0.5 else None
            candidates.append(Candidate(
                ask(key, quantity, wanted=wanted, lead_days=chance.choice([0, 10, 40]), **values),
                chance.choice(['win', 'keep', 'lose'])))
        return candidates, make_balance(chance.randint(0, 30), receipts, issues)

    def _accept(self, candidates, days):
        return [
            replace(c.demand, promised=days[c.demand.key], promises=()) if c.demand.key in days else c.demand
            for c in candidates]

    def _is_kept_slowly(self, demands, balance):
        """Whether promises can all be kept: no day's balance below zero with all of them on their days.

        Nothing but the daily sums; what a lead time covers does not count, so only worlds without are asked.
        """
        left = balance.on_day
        for when in range(60):
            due = sum(
                quantity for demand in demands for due_day, quantity in (
                    demand.promises or ((demand.promised, demand.quantity),)) if due_day <= day(when))
            if left(day(when)) - due < -1e-6:
                return False
        return True

    def test_no_promise_of_who_wins_or_keeps_fails_because_of_a_run(self):
        chance, changed = random.Random(3), 0
        for _round in range(400):
            candidates, balance = self._random_world(chance)
            demands = [candidate.demand for candidate in candidates]
            safe = find_safe(demands, {(1, 1): deepcopy(balance)}, TODAY)
            found = Run(candidates, {(1, 1): deepcopy(balance)}, TODAY).find()
            days = {key: outcome.day for key, outcome in found.items() if outcome.day and outcome.cause != 'same'}
            changed += len(days)
            for candidate in candidates:
                if candidate.strategy != 'lose' and candidate.demand.key in safe:
                    self.assertLessEqual(found[candidate.demand.key].day, candidate.demand.promised)
            self.assertEqual(find_harmed(candidates, days, {(1, 1): deepcopy(balance)}, TODAY), set())
            after = find_safe(self._accept(candidates, days), {(1, 1): deepcopy(balance)}, TODAY)
            for candidate in candidates:
                key = candidate.demand.key
                if key in days or candidate.strategy != 'lose' and key in safe:
                    self.assertIn(key, after)
        self.assertGreater(changed, 200)

    def test_what_is_safe_equals_a_slow_reference(self):
        chance, kept = random.Random(9), 0
        for _round in range(300):
            candidates, balance = self._random_world(chance)
            demands = [c.demand for c in candidates if c.demand.promised]
            demands = [ask(d.key, d.quantity, promised=d.promised, promises=d.promises) for d in demands]
            safe = find_safe(demands, {(1, 1): deepcopy(balance)}, TODAY)
            # Lines without any lead time: what is not covered stays open, though dated.
            covered = plan(demands, {(1, 1): deepcopy(balance)}, TODAY)
            all_covered = all(line.source != 'lead_time' for lines in covered.values() for line in lines)
            steady = all(balance.on_day(day(when)) >= 0 for when in range(60))
            if all_covered and steady:
                self.assertEqual(len(safe) == len(demands), self._is_kept_slowly(demands, balance))
                kept += 1
        self.assertGreater(kept, 20)
