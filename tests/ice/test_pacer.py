from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import PacingBudget
from peer.ice.pacer import GLOBAL_INTERVAL, Pacer

TA = 0.05
HAIR = 1e-6


def run(pacers: list[Pacer], until: float, now: float = 0.0) -> list[tuple[float, int]]:
    """Let all agents start transactions for as long as they may; gives times and agents."""
    starts = []
    while now < until:
        for i, pacer in enumerate(pacers):
            if pacer.is_ready(now):
                pacer.started(now)
                starts.append((now, i))
        following = min(pacer.next_slot(now) for pacer in pacers)
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
    assert pacer.next_slot(7.0) == 7.0
    assert pacer.is_ready(7.0)


@pytest.mark.parametrize("ta", [0.005, 0.02, 0.05, 0.1])
def test_one_transaction_per_ta(ta: float) -> None:
    """RFC 8445 §14.2."""
    pacer = Pacer(ta, PacingBudget())
    pacer.started(10.0)
    assert pacer.next_slot(10.0) == pytest.approx(10.0 + ta)
    assert not pacer.is_ready(10.0 + ta - HAIR)
    assert pacer.is_ready(10.0 + ta)


def test_exact_times() -> None:
    times = [time for time, _ in run([Pacer(TA, PacingBudget())], 10.0)]
    assert len(times) == 200
    assert times == pytest.approx([i * TA for i in range(200)])


def test_a_larger_ta_counts_from_the_last_start() -> None:
    """RFC 8445 §14.2: both agents use the higher value once they know it."""
    pacer = Pacer(0.02, PacingBudget())
    pacer.started(0.0)
    assert pacer.next_slot(0.0) == 0.02
    pacer.ta = 0.1
    assert pacer.next_slot(0.02) == 0.1
    assert not pacer.is_ready(0.02)


def test_a_slot_far_ahead_keeps_nobody_waiting() -> None:
    """RFC 8445 §6.1.4.2: the first check goes out at once, but for the 5 ms."""
    budget = PacingBudget()
    first, second = Pacer(TA, budget), Pacer(TA, budget)
    first.started(0.0)
    assert first.next_slot(0.0) == TA
    assert second.next_slot(0.0) == 0.005
    assert second.is_ready(0.005)


def test_who_has_closed_holds_no_slot() -> None:
    budget = PacingBudget()
    first, second = Pacer(TA, budget), Pacer(TA, budget)
    assert first.next_slot(0.0) == 0.0
    first.close()
    first.close()
    assert second.next_slot(0.0) == 0.0


def test_agents_without_a_common_budget_do_not_wait() -> None:
    first, second = Pacer(TA, PacingBudget()), Pacer(TA, PacingBudget())
    first.started(0.0)
    assert second.is_ready(0.0)


def test_fifty_agents_at_once() -> None:
    """RFC 8445 §14.2: one transaction per 5 ms for all agents together, and turns are fair."""
    budget = PacingBudget()
    starts = run([Pacer(TA, budget) for _ in range(50)], 10.0)
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(starts)]
    assert min(gaps) >= GLOBAL_INTERVAL - HAIR
    assert max(gaps) <= GLOBAL_INTERVAL + HAIR
    assert len(starts) == 2000
    assert {sum(agent == i for _, agent in starts) for i in range(50)} == {40}


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
    pacer.started(0.0)
    assert pacer.next_slot(0.0) == TA
    assert pacer.is_ready(9.0)
    pacer.started(9.0)
    assert not pacer.is_ready(9.0)
    assert pacer.next_slot(9.0) == pytest.approx(9.0 + TA)


def test_who_comes_late_gives_way() -> None:
    """A slot does not entitle to send 1 ms after somebody else did."""
    budget = PacingBudget()
    late, punctual = Pacer(TA, budget), Pacer(TA, budget)
    assert late.next_slot(0.0) == 0.0
    assert punctual.next_slot(0.0) == 0.005
    punctual.started(0.005)
    assert not late.is_ready(0.006)
    assert late.next_slot(0.006) == pytest.approx(0.01)
    assert late.is_ready(0.01)


def test_who_has_started_less_goes_first() -> None:
    """The one with a higher rank finds its slot gone and waits for the next."""
    budget = PacingBudget()
    busy, young = Pacer(TA, budget), Pacer(TA, budget)
    for number in range(10):
        assert busy.is_ready(number * TA)
        busy.started(number * TA)
    slot = busy.next_slot(9 * TA)
    assert young.next_slot(slot) == slot
    assert not busy.is_ready(slot)
    assert busy.next_slot(slot) == pytest.approx(slot + GLOBAL_INTERVAL)
    assert young.is_ready(slot)
    young.started(slot)
    assert busy.is_ready(slot + GLOBAL_INTERVAL)


def test_a_slot_that_goes_first_and_is_not_used_holds_nobody_up_for_long() -> None:
    budget = PacingBudget()
    busy, idle = Pacer(TA, budget), Pacer(TA, budget)
    busy.started(0.0)
    assert idle.next_slot(TA) == TA
    assert not busy.is_ready(TA)
    assert busy.is_ready(TA + GLOBAL_INTERVAL)


def test_a_slot_that_was_taken_is_not_given_back() -> None:
    budget = PacingBudget()
    busy, young, third = (Pacer(TA, budget) for _ in range(3))
    busy.started(0.0)
    slot = busy.next_slot(0.0)
    assert young.next_slot(slot) == slot
    busy.close()
    assert third.next_slot(slot) == pytest.approx(slot + GLOBAL_INTERVAL)


def test_what_was_started_long_ago_hardly_counts() -> None:
    """A call that keeps its consent stays ahead of one that checks all the time."""
    budget = PacingBudget()
    settled, busy = Pacer(TA, budget), Pacer(TA, budget)
    for second in range(0, 1000, 5):
        settled.started(float(second))
    for number in range(8):
        busy.started(999.0 + number * TA)
    slot = busy.next_slot(1000.0)
    assert settled.next_slot(slot) == slot


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
            assert pacers[agent].next_slot(now) >= last.get(agent, -10.0) + ta - HAIR
        if pacers[agent].is_ready(now):
            pacers[agent].started(now)
            assert now - previous >= GLOBAL_INTERVAL - HAIR or not last
            assert now - last.get(agent, -10.0) >= ta - HAIR
            last[agent] = previous = now
