from collections import Counter

import pytest

from peer.ice import IceRole
from peer.ice.checklist import Checklist, ChecklistSet, ChecklistState
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairState, PairStep

from .builders import (
    add_pairs,
    host_candidate,
    local_candidate,
    make_checklists,
    make_pair,
    put,
    states,
)

FROZEN, WAITING, IN_PROGRESS, SUCCEEDED, FAILED = PairState


def table(*rows: str) -> tuple[ChecklistSet, dict[str, CandidatePair]]:
    """A checklist set from rows such as "m1 f1 f2"; a stream's rows are its components.

    Priorities fall along a row, so that they say nothing about the rows' order.
    """
    checklists = make_checklists(*dict.fromkeys(row.split()[0].split(".")[0] for row in rows))
    pairs = {}
    for row in rows:
        name, *foundations = row.split()
        stream, _, component = name.partition(".")
        for i, foundation in enumerate(foundations):
            number = int(component or 1)
            pair = make_pair(foundation, 9000 - 10 * i, component=number, stream=stream)
            pairs[f"{name} {foundation}"] = pair
    add_pairs(checklists, *pairs.values())
    return checklists, pairs


def waiting(pairs: dict[str, CandidatePair]) -> set[str]:
    return {name for name, pair in pairs.items() if pair.state is WAITING}


def succeed(checklists: ChecklistSet, pair: CandidatePair) -> None:
    checklists.move(pair, PairStep.SUCCEED)
    checklists.unfreeze(pair.foundation)


class TestInitialStates:
    def test_table_of_rfc_8445(self) -> None:
        """RFC 8445 §6.1.2.6, Table 1."""
        _, pairs = table("m1 f1 f2 f3", "m2 f1 f2 f3 f4", "m3 f1 f5")
        assert waiting(pairs) == {"m1 f1", "m1 f2", "m1 f3", "m2 f4", "m3 f5"}
        assert Counter(states(pairs.values())) == {WAITING: 5, FROZEN: 4}

    def test_the_order_of_adding_does_not_matter(self) -> None:
        _, pairs = table("m1", "m2 f1 f2", "m1 f1")
        assert waiting(pairs) == {"m1 f1", "m2 f2"}

    def test_lowest_component_first(self) -> None:
        """RFC 8445 §6.1.2.6: component before priority."""
        checklists = make_checklists("0")
        rtp, rtcp = make_pair(priority=10), make_pair(priority=20, component=2)
        add_pairs(checklists, rtcp, rtp)
        assert states([rtp, rtcp]) == [WAITING, FROZEN]

    def test_then_highest_priority(self) -> None:
        checklists = make_checklists("0")
        low, high, middle = (make_pair(priority=p) for p in (10, 30, 20))
        add_pairs(checklists, low, high, middle)
        assert states([low, high, middle]) == [FROZEN, WAITING, FROZEN]

    def test_exactly_one_among_equals(self) -> None:
        checklists = make_checklists("0")
        pairs = [make_pair(priority=7) for _ in range(3)]
        add_pairs(checklists, *pairs)
        assert Counter(states(pairs)) == {WAITING: 1, FROZEN: 2}

    def test_first_checklist_before_priority(self) -> None:
        checklists = make_checklists("m1", "m2")
        first, second = make_pair(priority=10, stream="m1"), make_pair(priority=20, stream="m2")
        add_pairs(checklists, second, first)
        assert states([first, second]) == [WAITING, FROZEN]

    def test_computed_after_limiting(self) -> None:
        """RFC 8445 §6.1.2: the limit comes before the states, so each foundation that is left
        has one pair Waiting."""
        checklists = make_checklists("m1", "m2", limit=4)
        first = [make_pair(f"f{i}", 100 - i, stream="m1") for i in range(4)]
        second = [make_pair(f"f{i}", 50 - i, stream="m2") for i in (3, 2)]
        add_pairs(checklists, *first, *second)
        assert states(first[:2]) == [WAITING, WAITING]
        assert states(second) == [WAITING, WAITING]


class TestTrickling:
    """RFC 8838 §12: s1 and s2 are components of one stream, s3 and s4 of another."""

    ROWS = ("a.1 f1 f2 f3", "a.2 f1 f2 f3 f4", "v.1 f1", "v.2 f1")

    def test_table_2(self) -> None:
        _, pairs = table(*self.ROWS)
        assert waiting(pairs) == {"a.1 f1", "a.1 f2", "a.1 f3", "a.2 f4"}

    def test_table_3(self) -> None:
        checklists, pairs = table(*self.ROWS)
        succeed(checklists, pairs["a.1 f1"])
        others = {"a.1 f2", "a.1 f3", "a.2 f4"}
        assert waiting(pairs) == others | {"a.2 f1", "v.1 f1", "v.2 f1"}
        assert states([pairs["a.2 f2"], pairs["a.2 f3"]]) == [FROZEN, FROZEN]

    def test_rule_1(self) -> None:
        """Table 4: the topmost pair of its foundation is Waiting."""
        checklists, pairs = table(*self.ROWS)
        succeed(checklists, pairs["a.1 f1"])
        new = make_pair("f5", 5, stream="a")
        add_pairs(checklists, new)
        assert new.state is WAITING

    def test_rule_1_with_pairs_below(self) -> None:
        checklists, pairs = table(*self.ROWS)
        new = make_pair("f4", 5, stream="a")
        add_pairs(checklists, new)
        assert states([new, pairs["a.2 f4"]]) == [WAITING, WAITING]

    def test_rule_2(self) -> None:
        """Table 5: the foundation has succeeded already."""
        checklists, _ = table(*self.ROWS)
        top, new = make_pair("f5", 5, stream="a"), make_pair("f5", 5, component=2, stream="a")
        add_pairs(checklists, top)
        succeed(checklists, top)
        add_pairs(checklists, new)
        assert new.state is WAITING

    def test_rule_2_of_one_that_is_gone(self) -> None:
        """A relay that is made again waits for no check to the peer's one that is gone."""
        checklists, pairs = table("a.1 f1 f2")
        (checklist,) = checklists.lists
        worked = pairs["a.1 f1"]
        succeed(checklists, worked)
        worked.valid_since = 1.0
        checklists.discard(checklist, worked, "allocation lost")
        stale, new = make_pair("f1", 20, stream="a"), make_pair("f1", 10, stream="a")
        add_pairs(checklists, stale)
        put(stale, IN_PROGRESS)
        add_pairs(checklists, new)
        assert new.state is WAITING

    def test_rule_3(self) -> None:
        """Table 6: otherwise Frozen."""
        checklists, pairs = table(*self.ROWS)
        succeed(checklists, pairs["a.1 f1"])
        new = make_pair("f3", 9999, stream="v")
        add_pairs(checklists, new)
        assert new.state is FROZEN

    @pytest.mark.parametrize("state", [WAITING, IN_PROGRESS, FAILED])
    def test_rule_3_whatever_became_of_the_topmost(self, state: PairState) -> None:
        checklists, pairs = table("a.1 f1")
        put(pairs["a.1 f1"], state)
        new = make_pair("f1", 1, stream="a")
        add_pairs(checklists, new)
        assert new.state is FROZEN

    def test_pair_by_pair_or_all_at_once(self) -> None:
        """RFC 8838 §12: with all pairs present nothing differs from regular ICE."""
        _, at_once = table("m1 f1 f2 f3", "m2 f1 f2 f3 f4", "m3 f1 f5")
        checklists, one_by_one = make_checklists("m1", "m2", "m3"), {}
        for name, pair in at_once.items():
            one_by_one[name] = make_pair(
                pair.foundation[0], pair.priority, stream=pair.stream, component=pair.component
            )
            add_pairs(checklists, one_by_one[name])
        assert waiting(one_by_one) == waiting(at_once)


class TestOrder:
    def test_highest_priority_first(self) -> None:
        """RFC 8445 §6.1.2.3."""
        checklist = Checklist("0")
        for priority in (3, 9, 1, 7):
            checklist.insert(make_pair(priority=priority))
        assert [pair.priority for pair in checklist.pairs] == [9, 7, 3, 1]

    def test_found_by_base_and_remote_address(self) -> None:
        checklist = Checklist("0")
        pair = make_pair()
        checklist.insert(pair)
        assert checklist.find(pair.local.base, pair.remote.address) is pair
        assert checklist.find(make_pair().local.base, pair.remote.address) is None
        checklist.discard(pair, "test")
        assert checklist.find(pair.local.base, pair.remote.address) is None

    def test_a_role_change_sorts_again(self) -> None:
        """RFC 8445 §7.2.5.1: the priorities are computed again."""
        checklist = Checklist("0")
        pairs = [
            CandidatePair("0", local_candidate(priority=ours), host_candidate(priority=theirs))
            for ours, theirs in ((5, 3), (3, 5))
        ]
        for pair in pairs:
            pair.set_priority(IceRole.CONTROLLING)
            checklist.insert(pair)
        assert checklist.pairs == pairs
        checklist.reprioritize(IceRole.CONTROLLED)
        assert checklist.pairs == pairs[::-1]

    def test_best_valid_pair_of_a_component(self) -> None:
        checklist = Checklist("0")
        checklist.valid += [make_pair(priority=p, component=c) for p, c in ((1, 1), (3, 1), (9, 2))]
        best = checklist.best_valid(1)
        assert best is not None
        assert best.priority == 3
        assert checklist.best_valid(3) is None

    def test_unfinished_pairs(self) -> None:
        checklist = Checklist("0")
        for priority, state in enumerate(PairState):
            pair = make_pair(priority=priority)
            put(pair, state)
            checklist.insert(pair)
        checklist.insert(make_pair(component=2))
        assert states(checklist.unfinished(1)) == [IN_PROGRESS, WAITING, FROZEN]

    def test_every_pair_is_known_once(self) -> None:
        checklist = Checklist("0")
        listed, gone, valid = make_pair(), make_pair(), make_pair()
        checklist.insert(listed)
        checklist.insert(gone)
        checklist.discard(gone, "why")
        checklist.valid += [listed, valid]
        found = list(checklist.all_pairs())
        assert len(found) == 3
        assert set(found) == {listed, gone, valid}
        assert gone.reason == "why"


class TestLimit:
    """RFC 8445 §6.1.2.5, RFC 8838 §10 and §11."""

    def test_the_best_hundred_stay(self) -> None:
        checklists = make_checklists("0")
        pairs = [make_pair(f"f{i}", 1 + i * 37 % 900) for i in range(900)]
        add_pairs(checklists, *pairs)
        kept = [pair.priority for pair in checklists.lists[0].pairs]
        assert kept == list(range(900, 800, -1))

    def test_one_by_one(self) -> None:
        checklists = make_checklists("0")
        for i in range(150):
            add_pairs(checklists, make_pair(f"f{i}", 1 + i * 37 % 150))
        kept = [pair.priority for pair in checklists.lists[0].pairs]
        assert kept == list(range(150, 50, -1))

    def test_even_across_checklists(self) -> None:
        """The limit is for the checklist set; no list starves because another came first."""
        checklists = make_checklists("a", "b", "c", "d")
        for stream in "abcd":
            add_pairs(checklists, *(make_pair(f"f{i}", 1 + i, stream=stream) for i in range(60)))
        assert [len(checklist.pairs) for checklist in checklists.lists] == [25, 25, 25, 25]
        for checklist in checklists.lists:
            assert [pair.priority for pair in checklist.pairs] == list(range(60, 35, -1))

    def test_a_short_list_keeps_what_it_has(self) -> None:
        checklists = make_checklists("a", "b")
        add_pairs(checklists, *(make_pair(f"f{i}", 500 + i, stream="a") for i in range(100)))
        add_pairs(checklists, *(make_pair(f"f{i}", i, stream="b") for i in range(10)))
        assert [len(checklist.pairs) for checklist in checklists.lists] == [90, 10]

    def test_failed_pairs_go_first(self) -> None:
        checklists = make_checklists("0", limit=3)
        best, failed, worst = make_pair("f1", 30), make_pair("f2", 20), make_pair("f3", 10)
        add_pairs(checklists, best, failed, worst)
        put(failed, FAILED)
        new = make_pair("f4", 1)
        add_pairs(checklists, new)
        assert checklists.lists[0].pairs == [best, worst, new]

    @pytest.mark.parametrize("state", [IN_PROGRESS, SUCCEEDED])
    def test_what_was_checked_stays(self, state: PairState) -> None:
        """RFC 8838 §10: pairs in flight or with a result are not removed."""
        checklists = make_checklists("0", limit=1)
        old = make_pair("f1", 1)
        add_pairs(checklists, old)
        put(old, state)
        new = make_pair("f2", 100)
        add_pairs(checklists, new)
        assert checklists.lists[0].pairs == [old]
        assert checklists.lists[0].retired == [new]

    def test_a_pair_of_lower_priority_is_dropped(self) -> None:
        checklists = make_checklists("0", limit=1)
        old, new = make_pair("f1", 5), make_pair("f2", 4)
        add_pairs(checklists, old)
        add_pairs(checklists, new)
        assert checklists.lists[0].pairs == [old]
        assert new.reason

    def test_a_learned_pair_displaces_another(self) -> None:
        """RFC 8445 §7.3.1.4: what a request taught is always inserted."""
        checklists = make_checklists("0", limit=2)
        add_pairs(checklists, make_pair("f1", 50), make_pair("f2", 40))
        learned = make_pair("f3", 1)
        checklists.add_triggered(checklists.lists[0], learned)
        assert [pair.priority for pair in checklists.lists[0].pairs] == [50, 1]


class TestSchedule:
    """RFC 8445 §6.1.4.2."""

    @staticmethod
    def run(checklists: ChecklistSet) -> CandidatePair | None:
        """One step of the schedule: the pair goes In-Progress, as the agent does it."""
        chosen = checklists.next_check()
        if chosen is None:
            return None
        checklists.move(chosen[1], PairStep.PERFORM)
        return chosen[1]

    def test_highest_priority_waiting_pair(self) -> None:
        checklists = make_checklists("0")
        pairs = [make_pair(f"f{i}", p) for i, p in enumerate((5, 9, 7))]
        add_pairs(checklists, *pairs)
        assert [self.run(checklists) for _ in range(4)] == [pairs[1], pairs[2], pairs[0], None]
        assert checklists.idle

    def test_lowest_component_among_equals(self) -> None:
        checklists = make_checklists("0")
        rtcp, rtp = make_pair("f1", 9, component=2), make_pair("f2", 9)
        add_pairs(checklists, rtcp, rtp)
        assert [self.run(checklists), self.run(checklists)] == [rtp, rtcp]

    def test_checklists_take_turns(self) -> None:
        checklists, pairs = table("a f1 f2", "b f3 f4")
        order = [self.run(checklists) for _ in range(4)]
        assert order == [pairs[name] for name in ("a f1", "b f3", "a f2", "b f4")]

    def test_a_list_without_work_costs_no_turn(self) -> None:
        """Step 4: the next Running checklist is asked at once."""
        checklists, pairs = table("a", "b f1 f2", "c")
        assert self.run(checklists) is pairs["b f1"]
        assert self.run(checklists) is pairs["b f2"]
        assert self.run(checklists) is None

    def test_nothing_of_a_failed_list(self) -> None:
        checklists, _ = table("a f1")
        checklists.lists[0].state = ChecklistState.FAILED
        assert self.run(checklists) is None

    def test_what_a_completed_list_still_has(self) -> None:
        """RFC 8445 §8.1.2 empties it, unless renomination may want the pairs."""
        checklists, pairs = table("a f1")
        checklists.lists[0].state = ChecklistState.COMPLETED
        assert self.run(checklists) is pairs["a f1"]

    def test_triggered_checks_first(self) -> None:
        """Step 1: first in, first out, whatever the priorities."""
        checklists, pairs = table("a f1 f2 f3")
        for name in ("a f3", "a f2", "a f3"):
            checklists.trigger(checklists.lists[0], pairs[name])
        order = [self.run(checklists) for _ in range(4)]
        assert order == [pairs["a f3"], pairs["a f2"], pairs["a f1"], None]

    def test_a_triggered_check_unfreezes_its_pair(self) -> None:
        checklists, pairs = table("a f1", "b f1")
        checklists.trigger(checklists.lists[1], pairs["b f1"])
        assert pairs["b f1"].state is WAITING

    def test_a_discarded_pair_leaves_the_queue(self) -> None:
        """RFC 8445 §8.1.2."""
        checklists, pairs = table("a f1")
        checklists.trigger(checklists.lists[0], pairs["a f1"])
        checklists.discard(checklists.lists[0], pairs["a f1"], "test")
        assert self.run(checklists) is None

    @pytest.mark.parametrize("gone", ["pair", "list"])
    def test_what_leaves_no_longer_holds_other_lists_back(self, gone: str) -> None:
        """RFC 8445 §6.1.4.2: nobody tells the other list that the foundation is free again."""
        checklists = make_checklists("a", "b")
        one, other = make_pair(stream="a"), make_pair(stream="b")
        add_pairs(checklists, one, other)
        put(one, PairState.IN_PROGRESS)
        assert checklists.next_check() is None
        if gone == "pair":
            checklists.discard(checklists.lists[0], one, "test")
        else:
            checklists.remove(checklists.lists[0])
        assert not checklists.idle
        assert checklists.next_check() == (checklists.lists[-1], other)

    def test_thaws_when_nothing_waits(self) -> None:
        """Step 2: one pair of each foundation that nobody is checking."""
        checklists, pairs = table("a.1 f1 f2", "a.2 f1 f2")
        put(pairs["a.1 f1"], FAILED)
        put(pairs["a.1 f2"], IN_PROGRESS)
        assert self.run(checklists) is pairs["a.2 f1"]
        assert pairs["a.2 f2"].state is FROZEN

    def test_does_not_thaw_while_something_waits(self) -> None:
        checklists, pairs = table("a.1 f1 f2", "a.2 f1")
        put(pairs["a.1 f1"], FAILED)
        assert self.run(checklists) is pairs["a.1 f2"]
        assert pairs["a.2 f1"].state is FROZEN

    @pytest.mark.parametrize("state", [WAITING, IN_PROGRESS])
    def test_does_not_thaw_what_another_list_is_checking(self, state: PairState) -> None:
        checklists, pairs = table("a f1", "b f1")
        put(pairs["a f1"], state)
        checklists.lists[0].state = ChecklistState.FAILED
        assert self.run(checklists) is None
        assert pairs["b f1"].state is FROZEN

    def test_thaws_one_pair_of_a_foundation(self) -> None:
        checklists = make_checklists("a")
        top, middle, low = (make_pair(priority=p, stream="a") for p in (9, 8, 7))
        add_pairs(checklists, top, middle, low)
        put(top, FAILED)
        assert self.run(checklists) is middle
        assert low.state is FROZEN


class TestUnfreezing:
    def test_success_unfreezes_in_every_checklist(self) -> None:
        """RFC 8445 §7.2.5.3.3."""
        checklists, pairs = table("a f1 f2", "b f1 f2", "c f1")
        while (chosen := checklists.next_check()) is not None:
            checklists.move(chosen[1], PairStep.PERFORM)
        assert checklists.idle
        succeed(checklists, pairs["a f1"])
        assert states([pairs["b f1"], pairs["c f1"], pairs["b f2"]]) == [WAITING, WAITING, FROZEN]
        assert not checklists.idle

    @pytest.mark.parametrize("state", [WAITING, IN_PROGRESS, SUCCEEDED, FAILED])
    def test_only_frozen_pairs(self, state: PairState) -> None:
        checklists, pairs = table("a f1", "b f1")
        put(pairs["b f1"], state)
        succeed(checklists, pairs["a f1"])
        assert pairs["b f1"].state is state

    def test_the_foundation_that_signalling_named(self) -> None:
        checklists, pairs = table("a f1 f2", "b f1")
        checklists.refound(pairs["b f1"], ("f2", "f2"))
        succeed(checklists, pairs["a f1"])
        assert pairs["b f1"].state is FROZEN
        succeed(checklists, pairs["a f2"])
        assert pairs["b f1"].state is WAITING


class TestSet:
    def test_counts_over_all_lists(self) -> None:
        """RFC 8445 §14.3: Num-Waiting and Num-In-Progress."""
        checklists, pairs = table("a f1 f2", "b f1 f3")
        put(pairs["a f1"], IN_PROGRESS)
        assert checklists.count((WAITING, IN_PROGRESS)) == 3
        assert checklists.count((FROZEN,)) == 1

    def test_a_restarted_list_takes_the_place_of_the_old(self) -> None:
        """RFC 8445 §9: the old pairs are flushed and hold nobody back."""
        checklists, _ = table("a f1", "b f2")
        fresh = Checklist("a")
        checklists.replace(checklists.lists[0], fresh)
        assert checklists.lists[0] is fresh
        low = make_pair("f1", 1, stream="b")
        add_pairs(checklists, low)
        assert low.state is WAITING

    def test_a_removed_list_holds_nobody_back(self) -> None:
        checklists, pairs = table("a f1", "b f1")
        checklists.remove(checklists.lists[0])
        chosen = checklists.next_check()
        assert chosen is not None
        assert chosen[1] is pairs["b f1"]


def test_nobody_asks_again_after_the_last_pair() -> None:
    """No slot is reserved, and no timer armed, for pairs that there are not."""
    checklists, pairs = table("m1 f1 f2")
    (checklist,) = checklists.lists
    idle = [checklists.idle]
    for pair in pairs.values():
        assert checklists.next_check() == (checklist, pair)
        checklists.move(pair, PairStep.PERFORM)
        idle.append(checklists.idle)
    checklists.trigger(checklist, pairs["m1 f1"])
    idle.append(checklists.idle)
    assert checklists.next_check() == (checklist, pairs["m1 f1"])
    idle.append(checklists.idle)
    assert idle == [False, False, True, False, True]
