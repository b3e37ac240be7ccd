"""What the page about encoded media shows."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import av
import pytest

from peer.media import find_video_codec, registry
from peer.testing import Network, PictureTrack, ToneTrack, connect
from peer.transports import MediaConfig
from tests.documents.programs import Section, shows
from tests.testing.support import Heard, Seen, closing
from tests.transports.test_given import file_of

PAGE = "docs/encoded.md"


@shows(PAGE, "Out: record, or look on")
async def frames_come_out_encoded(section: Section, capsys: pytest.CaptureFixture[str]) -> None:
    network = Network(seed=8)
    a, b = (network.host(name).connection() for name in "ab")
    async with closing(a, b):
        a.addTrack(PictureTrack())
        await connect(a, b)
        reading = asyncio.ensure_future(section.run(receiver=b.getReceivers()[0]))
        await asyncio.sleep(3)
        reading.cancel()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 20
    assert lines[0].startswith("key ")
    assert "video/VP8" in lines[0]


class Camera:
    """Has pictures that are encoded already."""

    def __init__(self) -> None:
        self.requests = 0

    async def packets(self) -> AsyncIterator[Any]:
        """Give them, ten a second."""
        with av.open(file_of("webm", "libvpx"), "r") as film:
            for packet in film.demux(video=0):
                if packet.size:
                    yield packet
                    await asyncio.sleep(0.1)

    def force_key_frame(self) -> None:
        """Count who asks."""
        self.requests += 1


@shows(PAGE, "In: what is encoded already")
async def packets_are_sent_as_they_are(section: Section) -> None:
    network, camera = Network(seed=8), Camera()
    a, b = (network.host(name).connection() for name in "ab")
    async with closing(a, b):
        await section.run(pc=a, camera=camera)
        frames: list[Any] = []

        async def watch(track: Any) -> None:
            frames.append(await track.recv())

        b.on("track", watch)
        await connect(a, b)
        await asyncio.sleep(1)
        assert (frames[0].width, frames[0].height) == (64, 48)


@shows(PAGE, "On: a relay in three lines")
async def viewers_see_the_publisher(section: Section) -> None:
    network = Network(seed=8)
    hosts = [network.host(name) for name in ("publisher", "server", "viewer")]
    source, publisher, viewer = (host.connection() for host in hosts)
    sending = hosts[1].connection()
    async with closing(source, publisher, sending, viewer):
        await section.run(publisher=publisher, viewers=[sending])
        source.addTrack(ToneTrack())
        await connect(source, publisher)
        heard = Heard(viewer)
        await connect(sending, viewer)
        await asyncio.sleep(2)
        assert heard.samples > 48000


@shows(PAGE, "One encoding for many")
async def a_track_is_encoded_once(section: Section) -> None:
    network = Network(seed=8)
    a, b = (network.host(name).connection() for name in "ab")

    class Player:
        """Stands for the player of a camera."""

        def __init__(self, *arguments: object, **options: object) -> None:
            self.video = PictureTrack()

    names = await section.run(MediaPlayer=Player, pc=a)
    async with closing(a, b):
        seen = Seen(b)
        await connect(a, b)
        await asyncio.sleep(2)
        await names["relay"].close()
    assert len(seen.numbers) > 20


def sealed(data: bytes) -> bytes:
    """Alter all of a frame of VP8 but what must stay clear; twice is not at all."""
    clear = 3 if data[0] & 1 else 10
    return data[:clear] + bytes(octet ^ 0x55 for octet in data[clear:])


@shows(PAGE, "In between: end-to-end encryption")
async def frames_are_sealed(section: Section) -> None:
    network = Network(seed=8)
    a, b = (network.host(name).connection() for name in "ab")
    async with closing(a, b):
        names = await section.run(sealed=sealed, sender=a.addTrack(PictureTrack()))
        seen = Seen(b)

        def unseal(track: object) -> None:
            transform = names["RTCRtpScriptTransform"](names["encrypt"])
            b.getReceivers()[0].transform = transform

        b.on("track", unseal)
        await connect(a, b)
        await asyncio.sleep(2)
        assert len(seen.numbers) > 20


@shows(PAGE, "Several sizes: simulcast")
async def both_sizes_come(section: Section) -> None:
    network = Network(seed=8)
    a = network.host("a").connection()
    b = network.host("b").connection(media=MediaConfig(receive_simulcast=True))
    async with closing(a, b):
        await section.run(pc=a, camera=PictureTrack())
        await connect(a, b)
        await asyncio.sleep(2)
        assert list(b.getReceivers()[0].encodings) == ["l", "h"]


@shows(PAGE, "An encoder of your own")
async def it_takes_the_place_of_ours(section: Section, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 50 lines at most; FFmpeg's libvpx stands for the hardware."""
    assert len(section.blocks[0].splitlines()) <= 50
    monkeypatch.setattr(registry, "_VIDEO_CODECS", dict(registry._VIDEO_CODECS))
    program = await section.run()
    program["use"]("video/VP8", "libvpx", deadline="realtime", **{"lag-in-frames": "0"})
    made: list[object] = []
    encoder = program["HardwareEncoder"]

    class Noted(encoder):  # type: ignore[misc, valid-type]
        def __init__(self, *args: object) -> None:
            super().__init__(*args)
            made.append(self)

    program["HardwareEncoder"] = Noted
    assert find_video_codec("video/VP8") is not None
    network = Network(seed=8)
    a, b = (network.host(name).connection() for name in "ab")
    async with closing(a, b):
        a.addTrack(PictureTrack())
        seen = Seen(b)
        await connect(a, b)
        await asyncio.sleep(3)
        b.getReceivers()[0].send_key_frame_request()
        await asyncio.sleep(1)
        assert seen.numbers == sorted(seen.numbers)
        assert len(seen.numbers) > 2 * 15
        (sent,) = a.getSenders()[0].below.statistics()
        assert sent.video.keyframes == 2
    assert len(made) == 1


@shows("docs/robots.md", "Commands that are never old")
async def a_robot_drives_and_stops(section: Section) -> None:
    network = Network(seed=8)
    operator, robot = (network.host(name).connection() for name in ("operator", "robot"))
    names, did = await section.run(), asyncio.Queue[Any]()
    names["be_robot"](robot, did.put_nowait, lambda: did.put_nowait("stop"))
    sender = names["be_operator"](operator)
    async with closing(operator, robot):
        sender.set({"forward": 1})
        await connect(operator, robot)
        assert await did.get() == {"forward": 1}
        sender.release()
        while (command := await did.get()) != "stop":
            assert command == {"forward": 1}
