"""Programs between the codec and the network, in calls in virtual time."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from peer import (
    InvalidStateError,
    JsepTypeError,
    KeyFrameRequestEvent,
    NotFoundError,
    RTCEncodedAudioFrame,
    RTCEncodedVideoFrame,
    RTCPeerConnection,
    RTCRtpScriptTransform,
    RTCRtpScriptTransformer,
    RTCTrackEvent,
)
from peer.testing import Network, PictureTrack, ToneTrack, connect, run
from tests.testing.support import Heard, Seen, closing, now

SECONDS = 4.0
CLEAR = {"key": 10, "delta": 3}
"""Bytes of a VP8 frame that stay as they are: what tells packets and frames apart (RFC 6386)."""


def scrambled(frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame) -> bytes:
    """Turn every bit of a frame round, but of those that say what it is; twice is not at all."""
    clear = CLEAR[frame.type] if isinstance(frame, RTCEncodedVideoFrame) else 1
    return frame.data[:clear] + bytes(byte ^ 0xFF for byte in frame.data[clear:])


def altered(data: bytes) -> bytes:
    """Alter bytes, and back, so that neither side looks like a start code of H.264."""
    return bytes(byte ^ 1 if byte > 3 else byte for byte in data)


def altered_vp9(frame: RTCEncodedVideoFrame) -> bytes:
    clear = 10 if frame.type == "key" else 1
    return frame.data[:clear] + altered(frame.data[clear:])


def altered_h264(frame: RTCEncodedVideoFrame) -> bytes:
    """All of the slices but the first byte of each."""
    units = []
    for unit in re.split(rb"(?<=\x00\x00\x01)", frame.data):
        is_set = unit and unit[0] & 0x1F in (7, 8)
        units.append(unit if is_set else unit[:1] + altered(unit[1:]))
    return b"".join(units)


def altered_av1(frame: RTCEncodedVideoFrame) -> bytes:
    """All of the OBUs but their headers with their sizes, and the sequence header."""
    made, data, at = b"", frame.data, 0
    while at < len(data):
        kind, body = data[at] >> 3 & 15, at + 1
        size, shift = 0, 0
        while True:
            size |= (data[body] & 0x7F) << shift
            shift, body = shift + 7, body + 1
            if not data[body - 1] & 0x80:
                break
        content = data[body : body + size]
        made += data[at:body] + (content if kind == 1 else altered(content))
        at = body + size
    return made


async def scramble(transformer: RTCRtpScriptTransformer) -> None:
    async for frame in transformer.readable:
        frame.data = scrambled(frame)
        transformer.writable.write(frame)


@asynccontextmanager
async def calling() -> AsyncIterator[Sequence[RTCPeerConnection]]:
    net = Network(seed=2)
    async with closing(net.host("a").connection(), net.host("b").connection()) as (a, b):
        yield a, b


def prefer_vp8(pc: RTCPeerConnection) -> None:
    """Send with VP8 whatever is preferred."""
    for one in pc.getTransceivers():
        if one.kind == "video":
            codecs = one.sender.getCapabilities("video").codecs
            one.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/VP8"])


async def decoded(track: ToneTrack | PictureTrack, *, restored: bool) -> int:
    """Send a track scrambled; returns the frames that came of it."""
    async with calling() as (a, b):
        received = Heard(b) if track.kind == "audio" else Seen(b)
        a.addTrack(track).transform = RTCRtpScriptTransform(scramble)
        prefer_vp8(a)

        def restore(event: RTCTrackEvent) -> None:
            event.receiver.transform = RTCRtpScriptTransform(scramble)

        if restored:
            b.addEventListener("track", restore)
        await connect(a, b)
        await asyncio.sleep(SECONDS)
        if restored and isinstance(received, Seen):
            assert received.numbers == sorted(received.numbers)
        return b.getReceivers()[0].below.frames_decoded


def test_what_one_side_scrambles_the_other_restores() -> None:
    """Without the other side's program there is nothing to be seen."""
    assert run(decoded(PictureTrack(), restored=True), seed=2) > (SECONDS - 1) * 15
    assert run(decoded(PictureTrack(), restored=False), seed=2) < 5
    assert run(decoded(ToneTrack(), restored=True), seed=2) > (SECONDS - 1) * 50


def test_a_picture_that_is_dropped_costs_those_up_to_the_next_key_frame_and_no_damage() -> None:
    async def story() -> None:
        dropped: list[int] = []

        async def drop(transformer: RTCRtpScriptTransformer) -> None:
            async for frame in transformer.readable:
                assert isinstance(frame, RTCEncodedVideoFrame)
                number = frame.getMetadata().frameId
                assert number is not None
                if number % 20 == 0:
                    dropped.append(number)
                else:
                    transformer.writable.write(frame)

        async with calling() as (a, b):
            seen = Seen(b)
            a.addTrack(PictureTrack()).transform = RTCRtpScriptTransform(drop)
            await connect(a, b)
            await asyncio.sleep(SECONDS)
            (outbound,) = a.getSenders()[0].below.statistics()
            # The last one may have been dropped a moment ago.
            assert 0 <= outbound.video.keyframes - len(dropped) <= 1
            assert len(dropped) == 3
            assert outbound.drops["transformed-away"] >= len(dropped)
            (receiver,) = (one.receiver for one in b.getTransceivers())
            assert receiver.below.drops.total() == 0
            assert len(seen.numbers) > (SECONDS - 1) * 15 - 8 * len(dropped)

    run(story(), seed=2)


def test_key_frames_are_made_and_asked_for() -> None:
    async def story() -> None:
        made: list[float] = []
        keys: list[float] = []

        async def sending(transformer: RTCRtpScriptTransformer) -> None:
            async for frame in transformer.readable:
                assert isinstance(frame, RTCEncodedVideoFrame)
                if frame.type == "key":
                    keys.append(now())
                transformer.writable.write(frame)

        async def asking(transformer: RTCRtpScriptTransformer) -> None:
            frame = await anext(transformer.readable)
            transformer.writable.write(frame)
            await asyncio.sleep(1)
            transformer.sendKeyFrameRequest()
            with pytest.raises(InvalidStateError):
                transformer.generateKeyFrame()
            async for frame in transformer.readable:
                transformer.writable.write(frame)

        async with calling() as (a, b):
            a.addTrack(PictureTrack())
            sender = a.getSenders()[0]
            sender.transform = transform = RTCRtpScriptTransform(sending)
            b.addEventListener(
                "track", lambda e: setattr(e.receiver, "transform", RTCRtpScriptTransform(asking))
            )
            Seen(b)
            await connect(a, b)
            await asyncio.sleep(3)
            assert len(keys) == 2
            await sender.generate_key_frame(None)
            made.append(now())
            await asyncio.sleep(0)
            assert keys[2:] == made
            assert sender.transform is transform

    run(story(), seed=2)


def test_a_request_of_the_peer_can_come_to_nothing() -> None:
    async def story(*, prevented: bool) -> int:
        asked: list[str | None] = []

        async def sending(transformer: RTCRtpScriptTransformer) -> None:
            def note(event: KeyFrameRequestEvent) -> None:
                asked.append(event.rid)
                if prevented:
                    event.preventDefault()

            transformer.onkeyframerequest = note
            async for frame in transformer.readable:
                transformer.writable.write(frame)

        async with calling() as (a, b):
            a.addTrack(PictureTrack()).transform = RTCRtpScriptTransform(sending)
            Seen(b)
            await connect(a, b)
            await asyncio.sleep(1)
            b.getReceivers()[0].send_key_frame_request()
            await asyncio.sleep(1)
            (outbound,) = a.getSenders()[0].below.statistics()
            assert len(asked) >= 1
            return outbound.video.keyframes

    assert run(story(prevented=False), seed=2) == 2
    assert run(story(prevented=True), seed=2) == 1


def test_a_program_that_ends_lets_nothing_pass_and_one_that_is_taken_off_everything() -> None:
    async def story() -> None:
        ended: list[str] = []

        async def failing(transformer: RTCRtpScriptTransformer) -> None:
            await anext(transformer.readable)
            raise ValueError("no key")

        async def passing(transformer: RTCRtpScriptTransformer) -> None:
            try:
                await scramble(transformer)
            finally:
                ended.append("passing")

        told: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with calling() as (a, b):
            heard = Heard(b)
            sender = a.addTrack(ToneTrack())
            sender.transform = RTCRtpScriptTransform(failing)
            await connect(a, b)
            await asyncio.sleep(1)
            assert heard.samples == 0
            assert [str(context["exception"]) for context in told] == ["no key"]
            sender.transform = None
            await asyncio.sleep(1)
            assert heard.samples > 40000
            sender.transform = RTCRtpScriptTransform(passing)
            await asyncio.sleep(1)
        assert ended == ["passing"]
        assert len(asyncio.all_tasks()) == 1

    run(story(), seed=2)


def test_misuse_is_refused_and_changes_nothing() -> None:
    async def story() -> None:
        found: list[RTCRtpScriptTransformer] = []

        async def keep(transformer: RTCRtpScriptTransformer) -> None:
            found.append(transformer)
            await scramble(transformer)

        async with calling() as (a, _):
            audio, video = (a.addTransceiver(kind) for kind in ("audio", "video"))
            used = audio.sender.transform = RTCRtpScriptTransform(keep, {"key": 1})
            refused: list[tuple[type[Exception], Callable[[], object]]] = [
                (InvalidStateError, lambda: setattr(video.sender, "transform", used)),
                (JsepTypeError, lambda: setattr(video.sender, "transform", keep)),
                (JsepTypeError, lambda: RTCRtpScriptTransform(None)),  # type: ignore[arg-type]
                (InvalidStateError, lambda: audio.sender.generate_key_frame(None)),
                (JsepTypeError, lambda: video.sender.generate_key_frame("no rid")),
                (NotFoundError, lambda: video.sender.generate_key_frame("hi")),
                (InvalidStateError, video.sender.send_key_frame_request),
                (InvalidStateError, audio.receiver.send_key_frame_request),
                (InvalidStateError, lambda: video.receiver.generate_key_frame(None)),
            ]
            for error, misuse in refused:
                with pytest.raises(error):
                    misuse()
            assert video.sender.transform is None
            audio.sender.transform = used
            assert audio.sender.transform is used
            audio.sender.transform = None
            with pytest.raises(InvalidStateError):
                audio.sender.transform = used
        assert found == []

    run(story(), seed=2)


@pytest.mark.parametrize(
    ("name", "alter"), [("VP9", altered_vp9), ("H264", altered_h264), ("AV1", altered_av1)]
)
def test_what_the_guide_leaves_clear_is_enough(
    name: str, alter: Callable[[RTCEncodedVideoFrame], bytes]
) -> None:
    """docs/encoded.md: altered and altered back, pictures are seen."""

    async def scramble(transformer: RTCRtpScriptTransformer) -> None:
        async for frame in transformer.readable:
            assert isinstance(frame, RTCEncodedVideoFrame)
            frame.data = alter(frame)
            transformer.writable.write(frame)

    async def story() -> None:
        async with calling() as (a, b):
            seen = Seen(b)
            a.addTrack(PictureTrack(rate=10)).transform = RTCRtpScriptTransform(scramble)
            for one in a.getTransceivers():
                codecs = one.sender.getCapabilities("video").codecs
                one.setCodecPreferences([one for one in codecs if one.name == name][:1])

            def take(event: RTCTrackEvent) -> None:
                event.receiver.transform = RTCRtpScriptTransform(scramble)

            b.addEventListener("track", take)
            await connect(a, b)
            await asyncio.sleep(SECONDS)
            assert len(seen.numbers) > 0.8 * 10 * SECONDS

    run(story(), seed=2)
