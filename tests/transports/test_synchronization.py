"""Sound and pictures of one sender, held back for each other, in virtual time."""

import asyncio
from dataclasses import replace

import pytest

from peer.rtp import SDES_CNAME, Chunk, Flow, SenderReport, SourceDescription
from peer.testing import run
from peer.transports import MediaConfig, MediaShare
from peer.transports.frame_times import frame_times
from peer.transports.ntp import SECOND, ntp_time
from peer.transports.receiver import RtpReceiver
from peer.transports.synchronization import SentFlow, Synchronization
from tests.transports.media import Recorder, receive_parameters
from tests.transports.test_hearing import packets
from tests.transports.test_seeing import Film

SKEW = 0.2
AUDIO, VIDEO = 7, 8


class Held:
    """A track with a flow, which notes by how much it is held back."""

    def __init__(self, flow: SentFlow | None) -> None:
        self.now = flow
        self.delays: list[float] = []

    def flow(self) -> SentFlow | None:
        return self.now

    def set_sync_delay(self, seconds: float) -> None:
        self.delays.append(seconds)


def test_only_tracks_of_one_sender_that_are_both_held_back_wait_for_each_other() -> None:
    audio = SentFlow("alice", Flow(5.0, 100.0, 0.04))
    video = SentFlow("alice", Flow(5.0 + SKEW, 100.0, 0.04))
    for other in (None, replace(video, cname="bob")):
        one, two = Held(audio), Held(other)
        Synchronization(one, two).update(5.0)
        assert one.delays == two.delays == []
    one, two = Held(audio), Held(video)
    both = Synchronization(one, two)
    both.update(5.0)
    assert one.delays == pytest.approx([0.08])
    assert two.delays == [0.0]
    # Its reports stop, or another sender takes over.
    two.now = None
    both.update(6.0)
    assert (one.delays[-1], two.delays[-1]) == (0.0, 0.0)


class Line:
    """A sender's sound and pictures, the pictures later by `SKEW`."""

    def __init__(self, *, even: bool, cnames: tuple[str, str] = ("alice", "alice")) -> None:
        share = MediaShare(MediaConfig(even_pace=even))
        transport = Recorder()
        self.receivers = {
            AUDIO: RtpReceiver("audio", share=share),
            VIDEO: RtpReceiver("video", share=share),
        }
        self.cnames = dict(zip((AUDIO, VIDEO), cnames, strict=True))
        self.late: dict[int, list[float]] = {AUDIO: [], VIDEO: []}
        both = Synchronization(self.receivers[AUDIO], self.receivers[VIDEO])
        for ssrc, mid in ((AUDIO, "a"), (VIDEO, "v")):
            self.receivers[ssrc].receive(transport, receive_parameters(mid))
            self.receivers[ssrc].synchronize(both)

    async def watch(self, ssrc: int) -> None:
        """Note how long after its capture each frame leaves."""
        while True:
            times = frame_times(await self.receivers[ssrc].track.recv())
            assert times is not None
            if times.senderCaptureTime is not None:
                self.late[ssrc].append(ntp_time() / SECOND - times.senderCaptureTime)

    def report(self, ssrc: int, timestamp: int, age: float) -> None:
        """Say that what has this timestamp was captured so long ago."""
        now, receiver = asyncio.get_running_loop().time(), self.receivers[ssrc]
        name = SourceDescription((Chunk(ssrc, ((SDES_CNAME, self.cnames[ssrc].encode()),)),))
        captured = ntp_time() - round(age * SECOND)
        receiver.receive_rtcp(name, now)
        receiver.receive_rtcp(SenderReport(ssrc, captured, timestamp & 0xFFFFFFFF, 1, 1), now)

    async def play(self, seconds: int) -> dict[int, float]:
        """Run; returns how late each was in the last second."""
        loop, film = asyncio.get_running_loop(), Film(VIDEO)
        watching = [asyncio.ensure_future(self.watch(ssrc)) for ssrc in self.receivers]
        sound = packets(50 * seconds)
        for tick in range(50 * seconds):
            packet = sound[tick]
            self.receivers[AUDIO].receive_rtp(packet, None, loop.time())
            if tick % 2 == 0:
                for picture in film.picture():
                    self.receivers[VIDEO].receive_rtp(picture, None, loop.time())
            if tick % 50 == 25:
                self.report(AUDIO, packet.timestamp, 0.05)
                self.report(VIDEO, picture.timestamp, 0.05 + SKEW + 0.02)
            await asyncio.sleep(0.02)
        for one in watching:
            one.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for receiver in self.receivers.values():
            await receiver.stop()
        return {ssrc: sum(late[-20:]) / 20 for ssrc, late in self.late.items()}


def test_sound_waits_for_pictures_that_are_later() -> None:
    async def program() -> None:
        late = await Line(even=True).play(14)
        assert abs(late[AUDIO] - late[VIDEO]) <= 0.05
        assert late[AUDIO] >= 0.2

    run(program())


@pytest.mark.parametrize("even", [True, False])
def test_nothing_waits_for_another_sender_or_when_frames_leave_at_once(even: bool) -> None:
    async def program() -> None:
        cnames = ("alice", "bob") if even else ("alice", "alice")
        late = await Line(even=even, cnames=cnames).play(8)
        assert late[VIDEO] - late[AUDIO] == pytest.approx(SKEW, abs=0.05)

    run(program())
