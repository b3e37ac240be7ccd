from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import PacingBudget
from peer.ice.pacer import GLOBAL_INTERVAL, Pacer

TA = 0.05
PATH = "192.0.2.9"
HAIR = 1e-6


def run(pacers: list[Pacer], until: float, now: float = 0.0) -> list[tuple[float, int]]:
    """Let all agents start transactions for as long as they may; gives times and agents."""
    starts = []
    while now < until:
        for i, pacer in enumerate(pacers):
            if pacer.is_ready(now, PATH):
                pacer.started(now, PATH)
                starts.append((now, i))
        following = min(pacer.next_slot(now, PATH) for pacer in pacers)
        assert following > now
        now = following
    return starts


def test_floor() -> None:
    """RFC 8445 §14.2: no more often than once every 5 ms."""
    assert GLOBAL_INTERVAL == 0.005


@pytest.mark.parametrize("interval", [0.0, 0.0005, 0.005])
def test_what_a_link_bears(interval: float) -> None:
    """RFC 8445 §14.2 counts on NATs; who has none before it may say otherwise."""
    starts = run([Pacer(TA, PacingBudget(interval)) for _ in range(20)], 1.0)
    by_agent = Counter(agent for _, agent in starts)
    assert set(by_agent.values()) == {20}
    budget = PacingBudget(interval)
    starts = run([Pacer(TA, budget) for _ in range(20)], 0.2)
    times = [time for time, _ in starts[:20]]
    assert times == pytest.approx([number * interval for number in range(20)])


def test_first_transaction_at_once() -> None:
    """RFC 8445 §6.1.4.2."""
    pacer = Pacer(TA, PacingBudget())
    assert pacer.next_slot(7.0, PATH) == 7.0
    assert pacer.is_ready(7.0, PATH)


@pytest.mark.parametrize("ta", [0.005, 0.02, 0.05, 0.1])
def test_one_transaction_per_ta(ta: float) -> None:
    """RFC 8445 §14.2."""
    pacer = Pacer(ta, PacingBudget())
    pacer.started(10.0, PATH)
    assert pacer.next_slot(10.0, PATH) == pytest.approx(10.0 + ta)
    assert not pacer.is_ready(10.0 + ta - HAIR, PATH)
    assert pacer.is_ready(10.0 + ta, PATH)


def test_exact_times() -> None:
    times = [time for time, _ in run([Pacer(TA, PacingBudget())], 10.0)]
    assert len(times) == 200
    assert times == pytest.approx([i * TA for i in range(200)])


def test_a_larger_ta_counts_from_the_last_start() -> None:
    """RFC 8445 §14.2: both agents use the higher value once they know it."""
    pacer = Pacer(0.02, PacingBudget())
    pacer.started(0.0, PATH)
    assert pacer.next_slot(0.0, PATH) == 0.02
    pacer.ta = 0.1
    assert pacer.next_slot(0.02, PATH) == 0.1
    assert not pacer.is_ready(0.02, PATH)


def test_a_slot_far_ahead_keeps_nobody_waiting() -> None:
    """RFC 8445 §6.1.4.2: the first check goes out at once, but for the 5 ms."""
    budget = PacingBudget()
    first, second = Pacer(TA, budget), Pacer(TA, budget)
    first.started(0.0, PATH)
    assert first.next_slot(0.0, PATH) == TA
    assert second.next_slot(0.0, PATH) == 0.005
    assert second.is_ready(0.005, PATH)


def test_who_has_closed_holds_no_slot() -> None:
    budget = PacingBudget()
    first, second = Pacer(TA, budget), Pacer(TA, budget)
    assert first.next_slot(0.0, PATH) == 0.0
    first.close()
    first.close()
    assert second.next_slot(0.0, PATH) == 0.0


def test_agents_without_a_common_budget_do_not_wait() -> None:
    first, second = Pacer(TA, PacingBudget()), Pacer(TA, PacingBudget())
    first.started(0.0, PATH)
    assert second.is_ready(0.0, PATH)


def test_fifty_agents_at_once() -> None:
    """RFC 8445 §14.2: one transaction per 5 ms for all agents together, and turns are fair."""
    budget = PacingBudget()
    starts = run([Pacer(TA, budget) for _ in range(50)], 10.0)
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(starts)]
    assert min(gaps) >= GLOBAL_INTERVAL - HAIR
    assert max(gaps) <= GLOBAL_INTERVAL + HAIR
    assert len(starts) == 2000
    assert {sum(agent == i for _, agent in starts) for i in range(50)} == {40}


def test_paths_have_floors_of_their_own() -> None:
    budget = PacingBudget()
    first, second, third = (Pacer(TA, budget) for _ in range(3))
    assert first.is_ready(0.0, PATH)
    first.started(0.0, PATH)
    assert second.is_ready(0.0, "192.0.2.10")
    second.started(0.0, "192.0.2.10")
    assert third.next_slot(0.0, PATH) == GLOBAL_INTERVAL
    assert third.next_slot(0.0, "192.0.2.10") == GLOBAL_INTERVAL


def test_the_way_to_this_machine_has_no_floor() -> None:
    budget = PacingBudget()
    first, second = Pacer(TA, budget), Pacer(TA, budget)
    first.started(0.0, None)
    assert second.is_ready(0.0, None)
    assert first.next_slot(0.0, None) == TA


def test_a_slot_of_a_busy_path_is_kept_while_others_are_used() -> None:
    """Who goes elsewhere meanwhile does not lose its place; a slot that Ta rules out is left."""
    budget = PacingBudget()
    crowd = [Pacer(TA, budget) for _ in range(20)]
    slots = [pacer.next_slot(0.0, PATH) for pacer in crowd]
    for pacer in (crowd[1], crowd[19]):
        pacer.started(0.0, None)
    assert crowd[19].next_slot(0.0, PATH) == slots[19]
    assert Pacer(TA, budget).next_slot(0.0, PATH) == slots[1]


def test_paths_that_nothing_starts_on_are_forgotten() -> None:
    budget = PacingBudget()
    for number in range(1000):
        budget.commit(f"10.0.{number // 256}.{number % 256}", number * 0.001)
    assert budget.paths[-1] == "10.0.3.231"
    assert len(budget.paths) <= 6


def test_a_slot_that_was_not_used_keeps_no_paths() -> None:
    """An agent may have had nothing to send any more, and live on for hours."""
    budget = PacingBudget()
    idle = Pacer(TA, budget)
    idle.next_slot(0.0, "idle")
    for number in range(100):
        Pacer(TA, budget).started(1.0 + number, str(number))
    assert budget.paths == ("99",)
    idle.close()
    assert idle.is_ready(200.0, "idle")


def test_few_agents_keep_their_own_pace() -> None:
    budget = PacingBudget()
    starts = run([Pacer(TA, budget) for _ in range(5)], 4.99)
    for i in range(5):
        times = [time for time, agent in starts if agent == i]
        assert len(times) == 100
        assert min(later - earlier for earlier, later in pairwise(times)) >= TA - HAIR


def test_late_callers_never_burst() -> None:
    """Slots nobody used are gone: after a stall the floor and Ta hold as ever."""
    budget = PacingBudget()
    pacers = [Pacer(TA, budget) for _ in range(50)]
    run(pacers, 1.0)
    starts = run(pacers, 20.0, now=15.0)
    assert starts[0][0] == 15.0
    assert all(b[0] - a[0] >= GLOBAL_INTERVAL - HAIR for a, b in pairwise(starts))
    first_round = [agent for _, agent in starts[:50]]
    assert sorted(first_round) == list(range(50))


def test_a_late_agent_sends_one() -> None:
    pacer = Pacer(TA, PacingBudget())
    pacer.started(0.0, PATH)
    assert pacer.next_slot(0.0, PATH) == TA
    assert pacer.is_ready(9.0, PATH)
    pacer.started(9.0, PATH)
    assert not pacer.is_ready(9.0, PATH)
    assert pacer.next_slot(9.0, PATH) == pytest.approx(9.0 + TA)


def test_who_comes_late_gives_way() -> None:
    """A slot does not entitle to send 1 ms after somebody else did."""
    budget = PacingBudget()
    late, punctual = Pacer(TA, budget), Pacer(TA, budget)
    assert late.next_slot(0.0, PATH) == 0.0
    assert punctual.next_slot(0.0, PATH) == 0.005
    punctual.started(0.005, PATH)
    assert not late.is_ready(0.006, PATH)
    assert late.next_slot(0.006, PATH) == pytest.approx(0.01)
    assert late.is_ready(0.01, PATH)


def test_who_has_started_less_goes_first() -> None:
    """The one with a higher rank finds its slot gone and waits for the next."""
    budget = PacingBudget()
    busy, young = Pacer(TA, budget), Pacer(TA, budget)
    for number in range(10):
        assert busy.is_ready(number * TA, PATH)
        busy.started(number * TA, PATH)
    slot = busy.next_slot(9 * TA, PATH)
    assert young.next_slot(slot, PATH) == slot
    assert not busy.is_ready(slot, PATH)
    assert busy.next_slot(slot, PATH) == pytest.approx(slot + GLOBAL_INTERVAL)
    assert young.is_ready(slot, PATH)
    young.started(slot, PATH)
    assert busy.is_ready(slot + GLOBAL_INTERVAL, PATH)


def test_a_slot_that_goes_first_and_is_not_used_holds_nobody_up_for_long() -> None:
    budget = PacingBudget()
    busy, idle = Pacer(TA, budget), Pacer(TA, budget)
    busy.started(0.0, PATH)
    assert idle.next_slot(TA, PATH) == TA
    assert not busy.is_ready(TA, PATH)
    assert busy.is_ready(TA + GLOBAL_INTERVAL, PATH)


def test_a_slot_that_was_taken_is_not_given_back() -> None:
    budget = PacingBudget()
    busy, young, third = (Pacer(TA, budget) for _ in range(3))
    busy.started(0.0, PATH)
    slot = busy.next_slot(0.0, PATH)
    assert young.next_slot(slot, PATH) == slot
    busy.close()
    assert third.next_slot(slot, PATH) == pytest.approx(slot + GLOBAL_INTERVAL)


def test_what_was_started_long_ago_hardly_counts() -> None:
    """A call that keeps its consent stays ahead of one that checks all the time."""
    budget = PacingBudget()
    settled, busy = Pacer(TA, budget), Pacer(TA, budget)
    for second in range(0, 1000, 5):
        settled.started(float(second), PATH)
    for number in range(8):
        busy.started(999.0 + number * TA, PATH)
    slot = busy.next_slot(1000.0, PATH)
    assert settled.next_slot(slot, PATH) == slot


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from([0.005, 0.01, 0.05]))
def test_whenever_agents_are_called(seed: int, count: int, ta: float) -> None:
    """Early, late or in bursts: neither the floor nor Ta is ever broken."""
    random, budget = Random(seed), PacingBudget()
    pacers = [Pacer(ta, budget) for _ in range(count)]
    last: dict[int, float] = {}
    now = previous = -1.0
    for _ in range(300):
        now += random.choice((0.0, 0.001, 0.005, 0.02))
        agent = random.randrange(count)
        if random.random() < 0.5:
            assert pacers[agent].next_slot(now, PATH) >= last.get(agent, -10.0) + ta - HAIR
        if pacers[agent].is_ready(now, PATH):
            pacers[agent].started(now, PATH)
            assert now - previous >= GLOBAL_INTERVAL - HAIR or not last
            assert now - last.get(agent, -10.0) >= ta - HAIR
            last[agent] = previous = now
