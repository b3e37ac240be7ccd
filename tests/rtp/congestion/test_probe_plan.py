"""When a probe is sent."""

from math import inf
from typing import Any

from peer.rtp.congestion.probe_plan import MAX_BURST_TIME, Outlook, ProbePlan
from peer.rtp.congestion.probe_results import BURST_TIME


def outlook(bitrate: float, **changes: Any) -> Outlook:
    """Make one in which nothing speaks against a probe."""
    calm = Outlook(
        bitrate=bitrate,
        wanted=2_000_000,
        may_probe=True,
        idle_since=None,
        was_idle_until=-inf,
        recovered=False,
        delay=0.0,
    )
    return calm._replace(**changes)


def rates(plan: ProbePlan) -> list[float]:
    return [cluster.bitrate for cluster in plan.due()]


def begun(bitrate: float = 300_000, wanted: float = 2_000_000) -> ProbePlan:
    plan = ProbePlan()
    plan.begin(outlook(bitrate, wanted=wanted), 0.0)
    plan.answered()
    return plan


def test_a_path_begins_with_two() -> None:
    plan = begun()
    first, second = plan.due()
    assert (first.bitrate, first.octets, first.packets) == (900_000, 1687, 5)
    assert (second.bitrate, second.octets) == (1_800_000, 3375)
    assert plan.due() == []


def test_it_begins_again_until_a_probe_finds_something() -> None:
    plan = ProbePlan()
    plan.begin(outlook(300_000), 0.0)
    tried = []
    for step in range(100):
        tried += [(round(step * 0.1, 1), rate) for rate in rates(plan)]
        plan.advance(outlook(250_000, may_probe=False), step * 0.1)
    assert [rate for _, rate in tried] == [900_000, 1_800_000] + [750_000, 1_500_000] * 2
    plan = ProbePlan()
    plan.begin(outlook(300_000), 0.0)
    plan.due()
    plan.answered()
    plan.advance(outlook(250_000, may_probe=False), 2.0)
    assert rates(plan) == []


def test_what_a_probe_found_is_gone_on_from() -> None:
    plan = begun()
    plan.due()
    plan.estimated(300_000, outlook(1_800_000), 0.3)
    assert rates(plan) == [3_600_000]
    plan.estimated(1_800_000, outlook(2_000_000), 0.5)
    assert rates(plan) == []


def test_no_more_is_tried_than_twice_what_is_wanted() -> None:
    assert rates(begun(60_000, 100_000)) == [180_000, 200_000]
    assert rates(begun(100_000, 100_000)) == [200_000]
    assert rates(begun(3_000_000, inf)) == [5_000_000]


def test_a_result_that_comes_too_late_is_not_gone_on_from() -> None:
    plan = begun()
    plan.due()
    plan.estimated(300_000, outlook(1_800_000), 1.5)
    assert rates(plan) == []


def test_nothing_is_tried_while_something_speaks_against_it() -> None:
    plan = begun()
    plan.due()
    for now in range(2, 60):
        plan.advance(outlook(300_000, may_probe=False), float(now))
    plan.estimated(300_000, outlook(1_800_000, may_probe=False), 60.0)
    assert rates(plan) == []


def test_an_application_that_sends_little_is_probed_for() -> None:
    plan = begun()
    plan.due()
    tried = []
    for step in range(200):
        now = 2.0 + step * 0.1
        plan.advance(outlook(300_000, idle_since=2.0), now)
        tried += [(round(now, 1), rate) for rate in rates(plan)]
    assert tried == [(7.0, 600_000), (12.0, 600_000), (17.0, 600_000)]


def test_a_drop_is_undone_when_the_queue_is_empty() -> None:
    plan = begun()
    plan.due()
    plan.estimated(1_000_000, outlook(400_000), 10.0)
    plan.advance(outlook(400_000, was_idle_until=9.0, recovered=True), 11.0)
    assert rates(plan) == [850_000]
    plan.advance(outlook(400_000, was_idle_until=9.0, recovered=True), 12.5)
    assert rates(plan) == []


def test_calm_delays_are_a_reason_to_try_ever_more_seldom() -> None:
    plan = begun()
    plan.due()
    tried = []
    for step in range(300):
        now = step * 0.1
        plan.advance(outlook(500_000), now)
        tried += [(round(now, 1), rate) for rate in rates(plan)]
    assert tried == [(4.0, 1e6), (8.0, 1e6), (14.0, 1e6), (20.0, 1e6), (26.0, 1e6)]


def test_what_is_tried_for_calm_delays_leaves_others_their_part() -> None:
    plan = begun()
    assert not any(cluster.shares for cluster in plan.due())
    plan.advance(outlook(500_000), 4.0)
    first = plan.due()
    plan.estimated(500_000, outlook(900_000), 4.1)
    assert [cluster.shares for cluster in first + plan.due()] == [True, True]


def test_a_queue_is_no_reason_to_try() -> None:
    plan = begun()
    plan.due()
    for now in range(2, 30):
        plan.advance(outlook(500_000, delay=0.03), float(now))
    assert rates(plan) == []


def test_who_has_what_is_wanted_tries_nothing() -> None:
    plan = begun()
    plan.due()
    for now in range(2, 30):
        plan.advance(outlook(1_900_000, idle_since=1.0), float(now))
    assert rates(plan) == []


def test_wanting_more_is_a_reason_to_try() -> None:
    plan = begun()
    plan.due()
    plan.wants_more(outlook(300_000, idle_since=1.0, wanted=2_500_000), 5.0)
    assert rates(plan) == [600_000]


def test_a_path_that_is_back_is_tried_at_what_it_carried() -> None:
    plan = begun()
    plan.due()
    plan.restore(1_000_000, outlook(400_000), 20.0)
    assert rates(plan) == [850_000]


def test_on_a_path_that_mixes_delays_up_probes_last_longer() -> None:
    plan = begun()
    plan.due()
    plan.advance(outlook(500_000, spread=0.005), 4.0)
    plan.advance(outlook(500_000, spread=0.05), 8.0)
    assert [cluster.octets for cluster in plan.due()] == [
        int(1e6 * (BURST_TIME + 8 * 0.005) / 8),
        int(1e6 * MAX_BURST_TIME / 8),
    ]


def test_a_probe_that_was_too_short_is_soon_made_up_for() -> None:
    plan = begun()
    plan.due()
    tried = []
    for step in range(70):
        plan.advance(outlook(500_000, spread=0.01), step * 0.1)
        tried += [round(step * 0.1, 1)] * len(plan.due())
    assert tried == [2.0, 6.0]


def test_a_queue_that_grows_makes_no_probe_longer() -> None:
    assert outlook(500_000, spread=0.01, may_probe=False).burst_time == BURST_TIME
