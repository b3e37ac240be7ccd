"""An authenticated peer, and an application's track, against what sends media."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame, VideoFrame

from peer.rtp import Nack, PictureLoss
from peer.transports.key_frame_gate import KEYFRAME_INTERVAL
from peer.transports.outlet import SendDrop
from peer.transports.sender import RtpSender
from tests.attacks.cost import DATAGRAM, cpu
from tests.transports.media import PushedTrack, Recorder, now, send_parameters
from tests.transports.test_dtls import run
from tests.transports.wire import until


class OddTrack(MediaStreamTrack):
    """A track that does what a test wants, a step for each frame."""

    def __init__(self, kind: str, steps: list[Callable[[], object]]) -> None:
        super().__init__()
        self.kind = kind
        self._steps = steps

    async def recv(self) -> Any:
        """Take the next step; wait for ever after the last."""
        if not self._steps:
            await asyncio.get_running_loop().create_future()
        return self._steps.pop(0)()


def fail(error: BaseException) -> Callable[[], object]:
    def step() -> object:
        raise error

    return step


def good(kind: str) -> Callable[[], object]:
    track = PushedTrack(kind)
    return track._make


def untimed() -> object:
    return VideoFrame(64, 48)


def strange_sound() -> object:
    frame = AudioFrame(format="fltp", layout="5.1", samples=960)
    frame.sample_rate, frame.pts = 44100, 0
    return frame


def rateless_sound() -> object:
    return AudioFrame(format="s16", layout="mono", samples=960)


ODD_STEPS: dict[str, tuple[str, Callable[[], object], SendDrop]] = {
    "value-error": ("video", fail(ValueError("odd")), SendDrop.TRACK_FAILED),
    "os-error": ("audio", fail(OSError("camera")), SendDrop.TRACK_FAILED),
    "cancelled": ("video", fail(asyncio.CancelledError()), SendDrop.TRACK_FAILED),
    "none": ("video", lambda: None, SendDrop.ENCODER_FAILED),
    "text": ("audio", lambda: "frame", SendDrop.ENCODER_FAILED),
    "sound-for-a-picture": ("video", strange_sound, SendDrop.ENCODER_FAILED),
    "picture-for-sound": ("audio", untimed, SendDrop.ENCODER_FAILED),
    "sound-without-rate": ("audio", rateless_sound, SendDrop.ENCODER_FAILED),
    "no-size": ("video", lambda: VideoFrame(), SendDrop.ENCODER_FAILED),
}


@pytest.mark.parametrize("name", ODD_STEPS)
def test_an_odd_frame_of_a_track_is_lost_alone(name: str) -> None:
    async def scenario() -> None:
        kind, odd, reason = ODD_STEPS[name]
        reported: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        make, transport = good(kind), Recorder()
        sender = RtpSender(kind, OddTrack(kind, [make, make, odd, make, make, make]))
        sender.send(transport, send_parameters(kind[0] + "0", 7))
        await until(lambda: len(transport.rtp) >= 4 + (kind == "video"))
        assert sender.drops == {reason: 1}
        assert len(reported) == 1
        if kind == "video":
            # what follows the lost one needs nothing of before
            figures = sender.statistics()
            assert figures is not None
            assert figures.video.keyframes == 1 + (reason is SendDrop.ENCODER_FAILED)
        numbers = [packet.sequence_number for packet in transport.rtp]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        await sender.stop()

    run(scenario)


def test_a_track_that_only_fails_is_asked_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        reported: list[object] = []
        pauses: list[float] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        sleep = asyncio.sleep

        async def note(seconds: float) -> None:
            pauses.append(seconds)
            await sleep(0)

        monkeypatch.setattr("peer.transports.sender.asyncio.sleep", note)
        steps: list[Callable[[], object]] = [fail(ValueError())] * 12
        sender = RtpSender("video", OddTrack("video", steps))
        sender.send(Recorder(), send_parameters("v0", 7))
        while sender.drops[SendDrop.TRACK_FAILED] < 12:
            await sleep(0)
        await sleep(0)
        monkeypatch.undo()
        assert len(reported) == 1
        assert [pause for pause in pauses if pause][-3:] == [1.0, 1.0, 1.0]
        await sender.stop()

    run(scenario)


async def sending(count: int) -> tuple[RtpSender, Recorder, PushedTrack]:
    """A sender that has sent that many pictures."""
    track, transport = PushedTrack("video"), Recorder()
    sender = RtpSender("video", track)
    sender.send(transport, send_parameters("v0", 7, rtx_ssrc=8))
    transport.sending.note_limit(1e9, now())
    track.push(count)
    await until(lambda: len(transport.rtp) >= count)
    return sender, transport, track


def test_a_packet_is_repeated_once_in_a_round_trip() -> None:
    async def scenario() -> None:
        sender, transport, _ = await sending(150)
        numbers = tuple(packet.sequence_number for packet in transport.rtp)
        sent = len(transport.rtp)
        transport.sending.note_limit(300_000, now())
        # each of the history, named by each of sixty packets of a compound
        for _ in range(60):
            sender.receive_rtcp(Nack(9, 7, numbers))
        again = transport.rtp[sent:]
        # 15 % of the rate, in a second
        assert 0 < sum(len(packet.payload) for packet in again) <= 0.15 * 300_000 / 8
        refused = sender.drops[SendDrop.REPEATED_LATELY] + sender.drops[SendDrop.REPEATED_ENOUGH]
        assert refused + sender.statistics().packets_repeated == 60 * sent  # type: ignore[union-attr]
        await sender.stop()

    run(scenario)


def test_requests_for_everything_cost_little() -> None:
    async def scenario() -> None:
        sender, _, _ = await sending(150)
        everything = Nack(9, 7, tuple(range(6300)))
        assert cpu(lambda: sender.receive_rtcp(everything), 20) < DATAGRAM
        await sender.stop()

    run(scenario)


@pytest.mark.slow
def test_requests_for_key_frames_are_obeyed_once_in_300_ms() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7))
        loop = asyncio.get_running_loop()
        begin = loop.time()
        made = 0
        while made < 3:
            track.push()
            count = len(transport.rtp)
            sender.receive_rtcp(PictureLoss(9, 7))
            await until(lambda count=count: len(transport.rtp) > count)  # type: ignore[misc]
            figures = sender.statistics()
            assert figures is not None
            made = figures.video.keyframes
            # the first picture is one anyway
            assert (made - 1) * KEYFRAME_INTERVAL <= loop.time() - begin
        await sender.stop()

    run(scenario)


def test_a_bitrate_that_swings_makes_no_key_frames() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7))
        for number in range(60):
            bitrate = 300000 if number % 2 else 1400000
            transport.sending.note_limit(bitrate, now())
            track.push()
            await until(lambda number=number: track.read > number)  # type: ignore[misc]
        figures = sender.statistics()
        assert figures is not None
        assert figures.video.keyframes == 1
        assert sender.drops.keys() <= {SendDrop.CONGESTED}
        await sender.stop()

    run(scenario)
