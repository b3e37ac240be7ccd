"""Encoded media in: files, and what one connection receives and others send on."""

import asyncio
import fractions
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from av import Packet

from peer import EncodedTrack, EncodingRelay, MediaPlayer, RTCPeerConnection, RTCTrackEvent
from peer.media import OpusAudioEncoder, OpusSettings
from peer.testing import Conditions, Network, PictureTrack, ToneTrack, connect, run
from tests.media.tones import frame_of, tone
from tests.testing.support import Heard, Seen, closing
from tests.transports.test_given import file_of

SECONDS = 4.0


async def forwarded(viewers: int, loss: float = 0.0) -> list[Seen]:
    """Send pictures to a server, which sends them on to others as they come."""
    net = Network(seed=6)
    line = Conditions(delay=0.02)
    server, publisher = net.host("server", link=line), net.host("publisher", link=line)
    received, source = server.connection(), publisher.connection()
    hosts = [net.host(f"v{n}", down=Conditions(delay=0.02, loss=loss)) for n in range(viewers)]
    pairs = [(server.connection(), host.connection()) for host in hosts]
    async with closing(received, source, *(one for pair in pairs for one in pair)):
        source.addTrack(PictureTrack())
        await connect(source, received)
        (receiver,) = received.getReceivers()
        seen = []
        for number, (sending, viewer) in enumerate(pairs):
            sending.addTrack(receiver.encoded_track())
            seen.append(Seen(viewer))
            await connect(sending, viewer)
            # The next one comes in the middle of a group of pictures.
            await asyncio.sleep(0.7 * (number + 1))
        await asyncio.sleep(SECONDS)
        # Of what came before anybody asked for it as it is.
        assert receiver.below.frames_decoded <= 2
        keys = source.getSenders()[0].below.statistics()[0].video.keyframes
        assert keys <= 2 + 2 * viewers
        return seen


def test_what_is_received_is_sent_on_undecoded_to_several() -> None:
    for one in run(forwarded(3), seed=6):
        assert one.numbers == sorted(one.numbers)
        assert len(one.numbers) > (SECONDS - 0.5) * 15
        assert one.longest_gap < 0.3


def test_a_viewer_that_loses_packets_gets_key_frames_of_the_publisher() -> None:
    (one,) = run(forwarded(1, loss=0.05), seed=6)
    assert one.numbers == sorted(one.numbers)
    assert len(one.numbers) > (SECONDS - 1) * 12


def test_sound_is_sent_on() -> None:
    async def story() -> int:
        net = Network(seed=6)
        hosts = [net.host(name) for name in ("publisher", "server", "viewer")]
        source, received, viewer = (host.connection() for host in hosts)
        sending = hosts[1].connection()
        async with closing(source, received, sending, viewer):
            source.addTrack(ToneTrack())
            await connect(source, received)
            sending.addTrack(received.getReceivers()[0].encoded_track())
            heard = Heard(viewer)
            await connect(sending, viewer)
            await asyncio.sleep(SECONDS)
            assert received.getReceivers()[0].below.frames_decoded <= 2
            return heard.samples

    assert run(story(), seed=6) > (SECONDS - 0.5) * 48000


def prefer(pc: RTCPeerConnection, name: str) -> None:
    """Prefer a format, and offer the others as well."""
    for one in pc.getTransceivers():
        codecs = one.sender.getCapabilities("video").codecs
        codecs.sort(key=lambda codec: codec.mimeType != name)
        one.setCodecPreferences(codecs)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("webm", "libvpx")])
def test_a_file_is_sent_as_it_is_whatever_format_was_preferred(
    tmp_path: Path, container: str, codec: str
) -> None:
    path = tmp_path / f"film.{container}"
    path.write_bytes(file_of(container, codec).getvalue())

    async def story() -> None:
        net = Network(seed=6)
        a, b = (net.host(name).connection() for name in "ab")
        async with closing(a, b):
            player = MediaPlayer(str(path), decode=False, loop=True)
            assert player.video is not None
            a.addTrack(player.video)
            prefer(a, "video/VP8" if codec == "libx264" else "video/H264")
            frames: list[Any] = []

            async def watch(event: RTCTrackEvent) -> None:
                frames.append(await event.track.recv())

            b.addEventListener("track", watch)
            await connect(a, b)
            await asyncio.sleep(1)
            assert (frames[0].width, frames[0].height) == (64, 48)
            (sent,) = a.getSenders()[0].below.statistics()
            assert sent.codec is not None
            expected = {"libx264": "video/H264", "libvpx": "video/VP8"}[codec]
            assert (sent.codec.mimeType, sent.encode_time) == (expected, 0)

    run(story(), seed=6)


async def opus_packets() -> AsyncIterator["Packet[Any]"]:
    """Encode a tone, as a program that speaks would have it ready."""
    encoder, number = OpusAudioEncoder(OpusSettings()), 0
    while True:
        for made in encoder.encode(frame_of(tone(960), pts=number * 960)):
            packet = Packet(made.payload)
            packet.pts, packet.time_base = made.timestamp, fractions.Fraction(1, 48000)
            yield packet
        number += 1
        await asyncio.sleep(0.02)


def test_packets_of_a_program_are_heard() -> None:
    async def story() -> int:
        net = Network(seed=6)
        a, b = (net.host(name).connection() for name in "ab")
        async with closing(a, b):
            a.addTrack(EncodedTrack("audio", opus_packets()))
            heard = Heard(b)
            await connect(a, b)
            await asyncio.sleep(SECONDS)
            return heard.samples

    assert run(story(), seed=6) > (SECONDS - 0.5) * 48000


def test_one_encoding_serves_several_connections() -> None:
    """Of which one has a worse line: the rate is what that one takes."""

    async def story() -> None:
        net = Network(seed=6)
        server = net.host("server")
        source = PictureTrack()
        relay = EncodingRelay(source)
        pairs = [(server.connection(), net.host(f"v{n}").connection()) for n in range(3)]
        async with closing(*(one for pair in pairs for one in pair)):
            seen = []
            for sending, viewer in pairs:
                sending.addTrack(relay.subscribe())
                seen.append(Seen(viewer))
                await connect(sending, viewer)
            await asyncio.sleep(SECONDS)
            assert relay.encodings == 1
            for one in seen:
                assert one.numbers == sorted(one.numbers)
                assert len(one.numbers) > (SECONDS - 1) * 15
        assert (relay.encodings, source.readyState) == (0, "live")
        await relay.close()

    run(story(), seed=6)
