"""Whether the application sends less than it could."""

from peer.rtp.congestion.application_limit import ApplicationLimit

TARGET = 1_000_000.0


def send(limit: ApplicationLimit, part: float, begin: float, end: float) -> float | None:
    """Send this part of the target; returns when it first counted otherwise than before."""
    before, now = limit.since is None, begin
    while now < end:
        limit.add(int(TARGET * part * 0.01 / 8), TARGET, now)
        if (limit.since is None) != before:
            return now
        now += 0.01
    return None


def test_most_of_the_target_is_enough() -> None:
    assert send(ApplicationLimit(), 0.9, 0.0, 10.0) is None


def test_little_is_not_and_enough_ends_it() -> None:
    limit = ApplicationLimit()
    send(limit, 0.9, 0.0, 1.0)
    began = send(limit, 0.2, 1.0, 10.0)
    assert began is not None
    assert began < 2.5
    assert limit.since == began
    ended = send(limit, 1.0, began, began + 10)
    assert ended is not None
    assert ended - began < 4.0
    assert limit.since is None
