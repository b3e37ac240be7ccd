"""Tones of a telephone's keys (W3C RTCDTMFSender)."""

import asyncio
import itertools
from typing import Any

import pytest

from peer import (
    InvalidCharacterError,
    InvalidStateError,
    RTCDTMFSender,
    RTCDTMFToneChangeEvent,
    RTCInboundRtpStreamStats,
    RTCPeerConnection,
)
from peer.testing import Network, ToneTrack, connect, run


class Keys:
    """A sender that notes when which tone was sent, for how long."""

    def __init__(self) -> None:
        self.can_send_tones = True
        self.sent: list[tuple[float, str, float]] = []

    def send_tone(self, key: str, seconds: float) -> None:
        """Note a tone."""
        self.sent.append((round(asyncio.get_running_loop().time(), 3), key, seconds))


def test_tones_follow_each_other_and_each_is_told_of() -> None:
    async def program() -> None:
        keys, loop = Keys(), asyncio.get_running_loop()
        dtmf, begin = RTCDTMFSender(keys), loop.time()
        told: list[tuple[float, str]] = []
        events: list[RTCDTMFToneChangeEvent] = []
        dtmf.on("tonechange", lambda tone: told.append((round(loop.time() - begin, 3), tone)))
        dtmf.ontonechange = events.append
        dtmf.insertDTMF("1a,#", 100, 50)
        assert dtmf.toneBuffer == "1A,#"
        await asyncio.sleep(0.01)
        assert dtmf.toneBuffer == "A,#"
        await asyncio.sleep(5)
        assert told == [(0.0, "1"), (0.15, "A"), (0.3, ","), (2.3, "#"), (2.45, "")]
        assert [event.tone for event in events] == ["1", "A", ",", "#", ""]
        assert [(key, seconds) for _, key, seconds in keys.sent] == [
            ("1", 0.1), ("A", 0.1), ("#", 0.1)
        ]  # fmt: skip
        assert dtmf.toneBuffer == ""

    run(program())


@pytest.mark.parametrize(
    ("duration", "gap", "seconds", "step"),
    [
        (0, 0, 0.04, 0.07),
        (float("nan"), float("nan"), 0.04, 0.07),
        (1e9, 1e9, 6.0, 12.0),
        (100, 70, 0.1, 0.17),
    ],
)
def test_durations_and_gaps_are_kept_within_limits(
    duration: float, gap: float, seconds: float, step: float
) -> None:
    async def program() -> None:
        keys = Keys()
        dtmf = RTCDTMFSender(keys)
        dtmf.insertDTMF("12", duration, gap)
        await asyncio.sleep(30)
        (first, _, lasted), (second, _, _) = keys.sent
        assert lasted == seconds
        assert second - first == pytest.approx(step)

    run(program())


def test_other_tones_take_the_place_of_those_to_come() -> None:
    async def program() -> None:
        keys = Keys()
        dtmf = RTCDTMFSender(keys)
        dtmf.insertDTMF("123")
        await asyncio.sleep(0.01)
        dtmf.insertDTMF("9")
        await asyncio.sleep(0.2)
        dtmf.insertDTMF("")
        await asyncio.sleep(1)
        assert [key for _, key, _ in keys.sent] == ["1", "9"]

    run(program())


def test_what_cannot_be_played_is_refused_and_changes_nothing() -> None:
    async def program() -> None:
        keys = Keys()
        dtmf = RTCDTMFSender(keys)
        dtmf.insertDTMF("12")
        for tones, error in (("1x", InvalidCharacterError), (12, TypeError), (None, TypeError)):
            with pytest.raises(error):
                dtmf.insertDTMF(tones)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            dtmf.insertDTMF("3", "long")  # type: ignore[arg-type]
        keys.can_send_tones = False
        with pytest.raises(InvalidStateError):
            dtmf.insertDTMF("3")
        assert dtmf.toneBuffer == "12"
        # What is to come does not come while nothing can be sent.
        await asyncio.sleep(1)
        assert not keys.sent

    run(program())


def test_stopping_ends_the_tones() -> None:
    async def program() -> None:
        keys = Keys()
        dtmf = RTCDTMFSender(keys)
        dtmf.insertDTMF("123")
        await asyncio.sleep(0.1)
        dtmf.stop()
        dtmf.stop()
        await asyncio.sleep(1)
        assert [key for _, key, _ in keys.sent] == ["1"]

    run(program())


def test_tones_in_a_call() -> None:
    """The sound goes on behind them; the peer takes them for no loss."""

    async def program() -> None:
        net = Network(seed=1)
        a, b = net.host("alice").connection(), net.host("bob").connection()
        sender: Any = a.addTrack(ToneTrack(400))
        heard: list[float] = []

        @b.on("track")
        async def hear(track: Any) -> None:
            while track.readyState == "live":
                heard.append((await track.recv()).time)

        assert not sender.dtmf.canInsertDTMF
        with pytest.raises(InvalidStateError):
            sender.dtmf.insertDTMF("1")
        await connect(a, b)
        await asyncio.sleep(1)
        assert sender.dtmf.canInsertDTMF
        sender.dtmf.insertDTMF("12#")
        await asyncio.sleep(2)
        inbound = await inbound_of(b)
        assert (inbound.drops, inbound.concealedSamples, inbound.packetsLost) == (None, 0, 0)
        steps = {round(after - before, 3) for before, after in itertools.pairwise(heard)}
        assert steps == {0.02}
        await a.close()
        assert not sender.dtmf.canInsertDTMF
        await b.close()

    run(program())


async def inbound_of(pc: RTCPeerConnection) -> RTCInboundRtpStreamStats:
    report = await pc.getStats()
    (found,) = [one for one in report.values() if isinstance(one, RTCInboundRtpStreamStats)]
    return found


def test_pictures_have_no_tones() -> None:
    async def program() -> None:
        pc = RTCPeerConnection()
        assert pc.addTransceiver("video").sender.dtmf is None
        assert isinstance(pc.addTransceiver("audio").sender.dtmf, RTCDTMFSender)
        await pc.close()

    run(program())
