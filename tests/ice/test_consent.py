from random import Random

import pytest

from peer.ice import Timings
from peer.ice.consent import Consent, jitter


def make_consent(timings: Timings | None = None, now: float = 0.0) -> Consent:
    return Consent(timings or Timings(), now)


def test_a_thousand_intervals() -> None:
    """RFC 7675 §5.1: 5 s, each randomized between 0.8 and 1.2 of it, never below 4 s."""
    random, consent = Random(1), make_consent()
    now, intervals = 0.0, []
    for _ in range(1000):
        consent.schedule(now, random.randbytes(4))
        intervals.append(consent.next_check - now)
        now = consent.next_check
    assert all(4.0 - 1e-9 <= interval <= 6.0 + 1e-9 for interval in intervals)
    assert sum(intervals) / 1000 == pytest.approx(5.0, abs=0.1)
    assert min(intervals) < 4.1
    assert max(intervals) > 5.9


def test_jitter_spans_the_whole_range() -> None:
    assert jitter(bytes(4)) == 0.8
    assert jitter(b"\xff" * 4) == pytest.approx(1.2)
    assert jitter(b"\x80\0\0\0") == pytest.approx(1.0)


def test_expires_after_thirty_seconds() -> None:
    """RFC 7675 §5.1."""
    consent = make_consent(now=100.0)
    assert not consent.expired(129.999)
    assert consent.expired(130.0)


def test_a_response_renews() -> None:
    """RFC 7675 §5.1: 30 s from the last valid response, whichever check it answers."""
    consent = make_consent()
    for _ in range(3):
        consent.sent(0.0)
    consent.answered(20.0)
    assert consent.unanswered == 0
    assert not consent.expired(49.9)
    assert consent.expired(50.0)


def test_an_old_response_takes_nothing_away() -> None:
    consent = make_consent()
    consent.answered(20.0)
    consent.answered(19.0)
    assert consent.expires == 50.0


def test_revoked_for_good() -> None:
    """RFC 7675 §5.2: at once, and no response revives it."""
    consent = make_consent()
    consent.revoke()
    assert consent.expired(0.0)
    consent.answered(1.0)
    assert consent.expired(1.0)


def test_a_stall_extends() -> None:
    consent = make_consent()
    consent.postpone(40.0)
    assert not consent.expired(69.9)
    assert consent.expired(70.0)


def test_disconnected_when_the_last_checks_have_no_answer() -> None:
    consent = make_consent(Timings(disconnected_checks=3))
    for count in (1, 2, 3):
        consent.next_check = 5.0 * count
        assert not consent.disconnected(5.0 * count)
        consent.sent(0.0)
    consent.next_check = 20.0
    assert not consent.disconnected(19.9)
    assert consent.disconnected(20.0)
    consent.answered(20.0)
    assert not consent.disconnected(20.0)


def test_disconnected_when_a_probe_has_no_answer() -> None:
    consent = make_consent(Timings(liveness_timeout=2.5))
    consent.probe_sent = 10.0
    assert not consent.disconnected(12.4)
    assert consent.disconnected(12.5)
    consent.answered(12.6)
    assert not consent.disconnected(100.0)


def test_pair_taken_into_use_long_after_its_check_is_checked_at_once() -> None:
    """RFC 7675 §5.1: what is left of its consent would end before a regular check."""
    consent = Consent(Timings(), 0.0)
    consent.resume(26.0, b"\xff" * 4)
    assert consent.next_check <= 26.0


def test_pair_taken_into_use_again_keeps_its_next_check() -> None:
    consent = Consent(Timings(), 0.0)
    consent.resume(0.0, b"\x00" * 4)
    assert consent.next_check == 4.0
    consent.resume(2.0, b"\xff" * 4)
    assert consent.next_check == 4.0
