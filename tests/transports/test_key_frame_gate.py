"""When the next picture of a stream is to need no other."""

import pytest

from peer.rtp import FullIntraRequest
from peer.transports.key_frame_gate import KEYFRAME_INTERVAL, REFRESH_INTERVAL, KeyFrameGate


def test_requests_that_come_together_are_one() -> None:
    gate = KeyFrameGate()
    assert not gate.take(1.0, given=False)
    gate.ask()
    gate.note_loss_indication()
    assert gate.is_due(1.0)
    assert gate.take(1.0, given=False)
    assert not gate.take(1.0, given=False)
    assert gate.plis == 1


def test_a_request_too_early_waits() -> None:
    gate = KeyFrameGate()
    gate.note_made(1.0)
    gate.note_loss_indication()
    assert not gate.take(1.0 + KEYFRAME_INTERVAL / 2, given=False)
    assert gate.take(1.0 + KEYFRAME_INTERVAL, given=False)


def test_a_picture_that_fails_leaves_no_interval_behind() -> None:
    gate = KeyFrameGate()
    gate.ask()
    assert gate.take(1.0, given=False)
    gate.ask()
    assert gate.take(1.0, given=False)


def test_who_gives_what_is_encoded_is_asked_once_in_an_interval() -> None:
    gate = KeyFrameGate()
    gate.ask()
    assert gate.take(1.0, given=True)
    gate.ask()
    assert not gate.take(1.0 + KEYFRAME_INTERVAL / 2, given=True)
    assert gate.take(1.0 + KEYFRAME_INTERVAL, given=True)


def test_a_command_counts_once_and_for_its_source() -> None:
    gate = KeyFrameGate()
    command = FullIntraRequest(9, ((7, 5),))
    gate.note_command(command, 8)
    gate.note_command(command, None)
    assert not gate.is_due(1.0)
    gate.note_command(command, 7)
    assert gate.take(1.0, given=False)
    gate.note_command(command, 7)
    assert not gate.is_due(1.0)
    assert gate.firs == 4


@pytest.mark.parametrize("allowed", [False, True])
def test_who_decides_is_asked_when_the_peer_wants_one(*, allowed: bool) -> None:
    gate = KeyFrameGate()
    asked: list[bool] = []

    def allow() -> bool:
        asked.append(True)
        return allowed

    gate.allows = allow
    gate.note_loss_indication()
    gate.note_command(FullIntraRequest(9, ((7, 5),)), 7)
    assert len(asked) == 2
    assert gate.is_due(1.0) == allowed
    gate.ask()
    assert gate.is_due(1.0)
    assert len(asked) == 2


def test_what_cannot_be_repaired_is_made_anew_now_and_then() -> None:
    gate = KeyFrameGate()
    gate.note_made(1.0)
    gate.note_unrepaired(1.0 + REFRESH_INTERVAL)
    assert not gate.is_due(1.0 + REFRESH_INTERVAL)
    gate.note_unrepaired(1.1 + REFRESH_INTERVAL)
    assert gate.is_due(1.1 + REFRESH_INTERVAL)
