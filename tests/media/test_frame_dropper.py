"""Which pictures are left out."""

from peer.media.frame_dropper import PATIENCE, FrameDropper


def test_what_keeps_to_the_rate_is_never_left_out() -> None:
    dropper = FrameDropper()
    for _ in range(300):
        assert dropper.admits(300_000, 30)
        dropper.add(1250)


def test_what_takes_twice_the_rate_loses_every_other_picture() -> None:
    dropper, admitted = FrameDropper(), 0
    for _ in range(600):
        if dropper.admits(300_000, 30):
            dropper.add(2500)
            admitted += 1
    assert abs(admitted - 300) <= 30 * PATIENCE + 1


def test_a_large_picture_is_waited_for() -> None:
    dropper = FrameDropper()
    dropper.admits(100_000, 10)
    dropper.add(25_000)
    waited = [dropper.admits(100_000, 10) for _ in range(20)]
    assert waited == 14 * [False] + 6 * [True]
