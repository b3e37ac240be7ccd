"""Finding out that the pair in use is silent."""

import pytest

from peer.ice import IceConfig, Timings
from peer.ice.doubt import (
    APART,
    QUIET,
    SLOW_PROBE,
    answered,
    asked,
    judge,
    next_probe,
    notice_elsewhere,
    times,
)
from peer.ice.liveness import due_check, postpone, send_check
from peer.ice.transaction import Purpose

from .test_liveness import Scene

SILENCE, INTERVAL = 0.6, 0.25


def doubted() -> Scene:
    """A scene in which data left at time 10 and nothing came since 9."""
    scene = Scene()
    pair = scene.pairs[0]
    assert pair.consent is not None
    pair.consent.next_check = 100.0
    pair.consent.expires = 100.0
    scene.pairs[1].consent = pair.consent
    pair.heard = 9.0
    pair.stats.last_packet_sent = 10.0
    scene.session.now = 9.2
    judge(scene.session)
    return scene


def judge_idle(scene: Scene, now: float) -> None:
    """Let a look at the pair find that nothing has left."""
    scene.pairs[0].stats.last_packet_sent = None
    scene.session.now = now
    judge(scene.session)
    assert times(scene.session) == []


def probe(scene: Scene, at: float) -> None:
    """Send the probe that is due at a time."""
    scene.session.now = at
    assert scene.due() is Purpose.PROBE
    send_check(scene.session, scene.stream.current, scene.pairs[0], Purpose.PROBE)


def test_a_probe_leaves_when_nothing_came_back_in_time() -> None:
    scene = doubted()
    scene.session.now = 9.0 + SILENCE - 0.001
    assert scene.due() is None
    assert times(scene.session) == [9.0 + SILENCE]
    probe(scene, 9.0 + SILENCE)
    assert scene.due() is None
    assert times(scene.session) == [9.0 + SILENCE + INTERVAL]


def test_who_sends_nothing_waits_for_nothing() -> None:
    scene = doubted()
    scene.pairs[0].stats.last_packet_sent = 8.0
    scene.session.now = 50.0
    judge(scene.session)
    assert next_probe(scene.session, scene.stream, scene.pairs[0]) is None
    assert times(scene.session) == []


def test_a_consent_check_is_waited_for_as_well() -> None:
    scene = doubted()
    pair = scene.pairs[0]
    pair.stats.last_packet_sent = None
    assert pair.consent is not None
    scene.session.now = 20.0
    judge(scene.session)
    pair.consent.sent(20.0)
    asked(scene.session, pair)
    assert next_probe(scene.session, scene.stream, pair) == 20.0 + SILENCE
    pair.consent.answered(20.1)
    assert next_probe(scene.session, scene.stream, pair) is None


def test_data_that_passed_by_is_looked_at_when_it_is_told_of() -> None:
    """Not in the past: whoever handles a timer late is taken to have stalled."""
    scene = doubted()
    scene.pairs[0].consent.look_at = None  # type: ignore[union-attr]
    scene.session.now = 15.0
    judge(scene.session)
    assert times(scene.session) == [15.0]
    probe(scene, 15.0)


def test_a_long_round_trip_is_waited_for() -> None:
    scene = doubted()
    pair = scene.pairs[0]
    pair.stats.current_round_trip_time = 1.0
    probe(scene, 9.6)
    assert next_probe(scene.session, scene.stream, pair) == 9.6 + 1.5


def test_three_probes_without_an_answer_make_it_silent() -> None:
    """Then it is probed once a second."""
    scene = doubted()
    pair = scene.pairs[0]
    for number in range(3):
        probe(scene, 9.6 + number * INTERVAL)
        judge(scene.session)
        assert not pair.silent
    scene.session.now = 9.6 + 3 * INTERVAL
    judge(scene.session)
    assert pair.silent
    assert next_probe(scene.session, scene.stream, pair) == 9.6 + 2 * INTERVAL + SLOW_PROBE
    pair.heard = 10.5
    assert not pair.silent


def test_data_moves_to_a_pair_that_is_heard() -> None:
    scene = doubted()
    other = scene.pairs[1]
    for number in range(3):
        probe(scene, 9.6 + number * INTERVAL)
    other.heard = 10.2
    scene.session.now = 9.6 + 3 * INTERVAL
    judge(scene.session)
    assert scene.stream.sending == {1: other}
    assert not other.nominated


def test_a_pair_heard_before_the_doubt_is_no_way_out() -> None:
    scene = doubted()
    pair, other = scene.pairs
    other.heard = 9.5
    for number in range(3):
        probe(scene, 9.6 + number * INTERVAL)
    scene.session.now = 12.0
    judge(scene.session)
    assert scene.stream.sending == {1: pair}


@pytest.mark.parametrize("heard", [9.5, 10.2])
def test_data_moves_to_one_that_is_heard_though_the_selected_pair_is_lost(heard: float) -> None:
    """And not to any other: it would be doubted anew, before more than a few were asked."""
    scene = doubted()
    pair, other = scene.pairs
    del scene.stream.current.selected[1]
    for number in range(3):
        probe(scene, 9.6 + number * INTERVAL)
    other.heard = heard
    scene.session.now = 9.6 + 3 * INTERVAL
    judge(scene.session)
    assert scene.stream.sending == {1: other if heard > 9.6 else pair}


def test_hearing_the_peer_elsewhere_is_half_the_proof() -> None:
    """One probe is enough then."""
    scene = doubted()
    other = scene.pairs[1]
    scene.session.now = 9.0 + QUIET
    other.heard = scene.session.now
    notice_elsewhere(scene.session, scene.stream, other)
    probe(scene, scene.session.now)
    scene.session.now += QUIET
    judge(scene.session)
    assert scene.stream.sending == {1: other}


def test_hearing_the_peer_elsewhere_counts_when_the_pair_has_been_quiet_for_long_enough() -> None:
    """It was heard a moment ago; nobody may call when that is long ago."""
    scene = doubted()
    scene.session.now = 9.0 + QUIET / 2
    notice_elsewhere(scene.session, scene.stream, scene.pairs[1])
    assert times(scene.session) == [9.0 + QUIET]
    probe(scene, 9.0 + QUIET)


def test_a_check_that_follows_one_of_the_pair_in_use_says_nothing() -> None:
    """So spares are checked; data would say something, and so does a check that comes alone."""
    scene = doubted()
    judge_idle(scene, 9.7)
    scene.session.now = 9.7
    scene.pairs[0].heard = 9.7 - QUIET + 0.001
    notice_elsewhere(scene.session, scene.stream, scene.pairs[1], by_check=True)
    assert times(scene.session) == []
    notice_elsewhere(scene.session, scene.stream, scene.pairs[1])
    assert times(scene.session) == [pytest.approx(9.701)]
    scene = doubted()
    judge_idle(scene, 9.7)
    notice_elsewhere(scene.session, scene.stream, scene.pairs[1], by_check=True)
    assert times(scene.session) == [9.7]


def test_an_answer_ends_the_wait_where_nothing_else_left() -> None:
    """Nobody wakes up to find that a check of consent was answered."""
    scene = doubted()
    pair = scene.pairs[0]
    judge_idle(scene, 20.0)
    asked(scene.session, pair)
    pair.heard = 20.1
    assert times(scene.session) == [20.0 + SILENCE]
    scene.session.now = 20.1
    answered(scene.session, pair)
    assert times(scene.session) == []
    asked(scene.session, pair)
    pair.stats.last_packet_sent = 20.0
    answered(scene.session, pair)
    assert times(scene.session) == [20.1 + SILENCE]


def test_one_that_is_disconnected_is_asked_each_second_though_it_is_heard() -> None:
    """Only an answer has it connected again."""
    scene = doubted()
    pair = scene.pairs[0]
    scene.stream.unresponsive[1] = 20.0
    pair.heard = 20.5
    probe(scene, 20.5)
    assert next_probe(scene.session, scene.stream, pair) == 20.5 + SLOW_PROBE
    assert times(scene.session) == [20.5 + SLOW_PROBE]


def test_a_pair_that_answers_is_asked_seldom_while_the_peer_sends_another_way() -> None:
    """One nominated for good and heard never: else it would be asked several times a second."""
    scene = doubted()
    pair, other = scene.pairs
    at = 9.0 + QUIET
    for pause in (APART, APART, APART):
        scene.session.now = at
        other.heard = at
        notice_elsewhere(scene.session, scene.stream, other)
        probe(scene, at)
        pair.heard = at + 0.01
        for later in (0.05, 0.3, 1.0, pause - 0.001):
            scene.session.now = at + 0.01 + later
            pair.stats.last_packet_sent = other.heard = scene.session.now
            notice_elsewhere(scene.session, scene.stream, other)
            judge(scene.session)
            assert scene.due() is None
        at += 0.01 + pause
    # It is as soon as ever that the loss of what has brought data is found.
    pair.stats.last_packet_received = at
    scene.session.now = at + QUIET
    notice_elsewhere(scene.session, scene.stream, other)
    probe(scene, at + QUIET)


def test_its_loss_is_found_with_one_probe() -> None:
    scene = doubted()
    pair, other = scene.pairs
    scene.session.now = other.heard = 9.1
    notice_elsewhere(scene.session, scene.stream, other)
    probe(scene, 9.1)
    pair.heard = 9.2
    scene.session.now = other.heard = 9.2 + APART
    notice_elsewhere(scene.session, scene.stream, other)
    probe(scene, 9.2 + APART)
    scene.session.now += QUIET
    judge(scene.session)
    assert scene.stream.sending == {1: other}


@pytest.mark.parametrize("since", [0.0, QUIET - 0.001])
def test_hearing_both_is_no_reason_for_doubt(since: float) -> None:
    scene = doubted()
    scene.session.now = 9.0 + since
    notice_elsewhere(scene.session, scene.stream, scene.pairs[1])
    assert due_check(scene.session) is None


def test_a_stall_of_ours_is_no_silence() -> None:
    scene = doubted()
    for number in range(3):
        probe(scene, 9.6 + number * INTERVAL)
    postpone(scene.session, 5.0)
    scene.session.now = 9.6 + 3 * INTERVAL + 4.9
    judge(scene.session)
    assert not scene.pairs[0].silent


def test_it_can_be_left_off() -> None:
    scene = Scene(IceConfig(timings=Timings(silence=None)))
    scene.pairs[0].stats.last_packet_sent = 1.0
    scene.session.now = 3.9
    assert due_check(scene.session) is None
    assert times(scene.session) == []
