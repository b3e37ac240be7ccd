"""Voice over whole calls, on good networks and bad ones, in virtual time."""

import asyncio
import itertools
from typing import NamedTuple, TypeVar

import pytest
from av import AudioFrame

from peer import (
    PcmTrack,
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCPeerConnection,
    pcm_frames,
)
from peer.testing import Conditions, GilbertElliott, Network, connect, run
from tests.media.tones import loudness, speech, tone

Stats = TypeVar("Stats")

DELAY = 0.03
SECONDS = 20


class Ear:
    """Hears a track: when each frame came, and what its time is."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, float, float]] = []

    def listen(self, pc: RTCPeerConnection) -> None:
        """Hear what the connection receives."""

        @pc.on("track")
        async def hear(track: object) -> None:
            loop = asyncio.get_running_loop()
            while True:
                frame = await track.recv()  # type: ignore[attr-defined]
                assert isinstance(frame, AudioFrame)
                assert frame.time is not None
                length = frame.samples / frame.sample_rate
                self.frames.append((loop.time(), frame.time, length))

    def gaps(self) -> list[float]:
        """Return the gaps in the time line, in seconds."""
        return [
            round(after - time - length, 4)
            for (_, time, length), (_, after, _) in itertools.pairwise(self.frames)
        ]

    def lateness(self) -> list[float]:
        """Return how much later than the earliest each frame came."""
        offsets = [at - time for at, time, _ in self.frames]
        return sorted(offset - min(offsets) for offset in offsets)


class Heard(NamedTuple):
    """What came of a call: frames, the share that was made up, packets with copies, requests."""

    ear: Ear
    made_up: float
    redundant: int
    requests: int


async def call(link: Conditions, seconds: float = SECONDS, *, near: bool = False) -> Heard:
    """Talk over a link, across the internet or from one room to the next."""
    net = Network(seed=3)
    if near:
        site = net.site("office")
        alice, bob = site.host("alice"), site.host("bob", link=link)
    else:
        alice, bob = net.host("alice"), net.host("bob", link=link)
    a, b, ear = alice.connection(), bob.connection(), Ear()
    voice = PcmTrack(48000)
    a.addTrack(voice)
    ear.listen(b)
    await connect(a, b)
    voice.write(speech(int(48000 * seconds)))
    await voice.drained()
    await asyncio.sleep(1.0)
    inbound = await statistics(b, RTCInboundRtpStreamStats)
    outbound = await statistics(a, RTCOutboundRtpStreamStats)
    assert inbound.concealedSamples is not None
    assert outbound.redundantPacketsSent is not None
    await asyncio.gather(a.close(), b.close())
    made_up = inbound.concealedSamples / 48000 / seconds
    return Heard(ear, made_up, outbound.redundantPacketsSent, inbound.nackCount)


async def statistics(pc: RTCPeerConnection, kind: type[Stats]) -> Stats:
    """Return the statistics of the connection's only stream of a kind."""
    report = await pc.getStats()
    (found,) = [one for one in report.values() if isinstance(one, kind)]
    return found


def test_on_a_clean_line_nothing_is_made_up_and_nothing_waits() -> None:
    async def program() -> None:
        ear, made_up, redundant, requests = await call(Conditions(delay=DELAY))
        assert (made_up, redundant, requests) == (0, 0, 0)
        assert max(ear.gaps()) == 0
        assert ear.lateness()[-1] <= 0.02

    run(program())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "concealed", "gap", "redundant"),
    [
        (Conditions(delay=DELAY, loss=0.02), 0.015, 0.06, 0.2),
        (Conditions(delay=DELAY, loss=0.05), 0.02, 0.06, 0.9),
        (Conditions(delay=DELAY, loss=0.10), 0.025, 0.06, 0.9),
        (Conditions(delay=DELAY, jitter=0.04), 0.02, 0.06, 0.0),
    ],
    ids=["2 %", "5 %", "10 %", "jitter"],
)
def test_a_bad_line_costs_less_than_it_loses(
    link: Conditions, concealed: float, gap: float, redundant: float
) -> None:
    async def program() -> None:
        ear, made_up, copied, _ = await call(link)
        assert made_up <= concealed
        assert copied / (50 * SECONDS) >= redundant
        assert max(ear.gaps()) <= gap
        heard = sum(length for _, _, length in ear.frames)
        assert heard >= SECONDS
        assert ear.lateness()[int(0.99 * len(ear.frames))] <= 0.1

    run(program())


@pytest.mark.slow
def test_on_a_short_line_what_is_lost_is_asked_for() -> None:
    """While so little gets lost that copies of all are not worth it."""

    async def program() -> None:
        ear, made_up, redundant, requests = await call(
            Conditions(delay=0.005, loss=0.01), near=True
        )
        assert requests >= 5
        assert redundant / (50 * SECONDS) <= 0.2
        assert made_up <= 0.001
        assert max(ear.gaps()) == 0
        assert ear.lateness()[-1] <= 0.07

    run(program())


@pytest.mark.slow
def test_bursts_of_loss_do_not_stop_the_sound() -> None:
    async def program() -> None:
        ear, *_ = await call(Conditions(delay=DELAY, burst=GilbertElliott(0.01, 0.25)))
        assert max(ear.gaps()) <= 0.5
        assert sum(length for _, _, length in ear.frames) >= 0.97 * SECONDS

    run(program())


def test_a_voice_agent_falls_silent_when_it_is_interrupted() -> None:
    async def program() -> None:
        net = Network(seed=1)
        alice, bob = net.host("alice"), net.host("bob", link=Conditions(delay=DELAY))
        a, b = alice.connection(), bob.connection()
        voice, loop = PcmTrack(16000), asyncio.get_running_loop()
        heard: list[tuple[float, float]] = []
        a.addTrack(voice)

        @b.on("track")
        async def hear(track: object) -> None:
            async for samples in pcm_frames(track, sample_rate=16000):  # type: ignore[arg-type]
                level = loudness(samples)
                heard.append((loop.time(), level))

        await connect(a, b)
        voice.write(tone(10 * 16000, 16000))
        await asyncio.sleep(2.0)
        interrupted = loop.time()
        flushed = voice.flush()
        await asyncio.sleep(1.0)
        assert flushed.sent == pytest.approx(2.0, abs=0.3)
        loud = [at for at, level in heard if level > 300]
        # the frame under way, the line, what the codecs and the pieces of 20 ms hold back
        assert round(loud[-1] - interrupted, 3) <= 0.02 + DELAY + 0.05
        assert loud[-1] - loud[0] > 1.0
        await asyncio.gather(a.close(), b.close())

    run(program())
