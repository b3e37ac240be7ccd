"""Sound and picture together."""

import pytest

from peer.rtp.lip_sync import Flow, LipSync


def steps(sync: LipSync, skew: float, count: int, begin: float = 0.0) -> list[float]:
    """What is left of a skew of the pictures after each second."""
    left = []
    for second in range(count):
        now = begin + second
        before = sync.video_delay - sync.audio_delay
        sync.update(Flow(now, now, 0.04), Flow(now + skew, now, 0.04), now)
        after = sync.video_delay - sync.audio_delay
        assert abs(after - before) <= 0.08 + 1e-9
        left.append(skew + after)
    return left


@pytest.mark.parametrize("skew", [0.2, -0.2])
def test_a_skew_is_gone_in_six_seconds(skew: float) -> None:
    sync = LipSync()
    assert abs(steps(sync, skew, 6)[-1]) < 0.03
    assert (sync.audio_delay > 0) == (skew > 0)
    assert min(sync.audio_delay, sync.video_delay) == 0


def test_small_differences_are_left_alone() -> None:
    sync = LipSync()
    steps(sync, 0.029, 20)
    assert sync.audio_delay == sync.video_delay == 0


def test_what_one_waits_is_taken_back_before_the_other_waits() -> None:
    sync = LipSync()
    steps(sync, 0.2, 10)
    assert sync.audio_delay > 0.15
    steps(sync, 0.0, 15, begin=10)
    assert sync.audio_delay < 0.03
    assert sync.video_delay == 0


def test_steps_are_a_second_apart() -> None:
    sync = LipSync()
    flows = Flow(0, 0, 0), Flow(0.2, 0, 0)
    assert sync.update(*flows, now=0.0)
    assert not sync.update(*flows, now=0.9)
    assert sync.update(*flows, now=1.0)


@pytest.mark.parametrize("video", [None, Flow(100.0, 50.0, 0.0)])
def test_missing_or_absurd_times_hold_nothing_back(video: Flow | None) -> None:
    sync = LipSync()
    steps(sync, 0.2, 5)
    assert sync.update(Flow(20, 20, 0), video, now=20.0)
    assert sync.audio_delay == sync.video_delay == 0
    assert not sync.update(Flow(22, 22, 0), video, now=22.0)
