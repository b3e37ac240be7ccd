"""What the first page, the start, and the pages about finding faults show."""

import array
import asyncio
import contextlib
import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any

import av
import pytest

import peer
from peer import MediaStreamError, MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from peer.testing import Network, Signalling, connect, replay
from tests.demos.film import shoot
from tests.documents.programs import TESTS, Section, shows
from tests.ice.builders import host_candidate
from tests.testing.support import Heard, closing

TESTS |= {
    ("docs/testing.md", "Ten lines"),
    ("docs/testing.md", "What happens during a call"),
    ("docs/voice.md", "Test it"),
}


class Received:
    """Counts the frames of all tracks of a connection, by kind."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.frames: Counter[str] = Counter()
        self._readers: list[asyncio.Future[None]] = []
        pc.on("track", lambda track: self._readers.append(asyncio.ensure_future(self._read(track))))

    async def _read(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                await track.recv()
                self.frames[track.kind] += 1


@shows("README.md", "A bot in twenty lines")
async def the_bot_shows_a_film_and_echoes(section: Section) -> None:
    shoot(Path("film.mp4"))
    network = Network(seed=8)
    browser, bot = network.host("browser"), network.host("bot")
    pc = browser.connection()
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    made: list[RTCPeerConnection] = []

    def connection() -> RTCPeerConnection:
        made.append(bot.connection())
        return made[0]

    answer = (await section.run(RTCPeerConnection=connection))["answer"]
    # The program imports the class; on this host it is made so.
    section.names["RTCPeerConnection"] = connection
    channel, received = pc.createDataChannel("chat"), Received(pc)
    echoed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    channel.on("open", lambda: channel.send("hello"))
    channel.on("message", echoed.set_result)
    for kind in ("audio", "video"):
        pc.addTransceiver(kind, direction="recvonly")
    await pc.setLocalDescription()
    await pc.completeLocalDescription()
    await answer(pc.localDescription.toJSON(), messages.put_nowait)
    async with closing(pc, *made), asyncio.timeout(20):
        while True:
            message = await messages.get()
            if "sdp" in message:
                await pc.setRemoteDescription(message)
                break
        while (candidate := (await messages.get())["candidate"]) is not None:
            await pc.addIceCandidate(candidate)
        assert await echoed == "hello"
        await asyncio.sleep(2)
    assert received.frames.keys() == {"audio", "video"}


class Agent:
    """Answers a second of sound with a tone, and is interrupted by the next one."""

    def __init__(self) -> None:
        self.turns = 0
        self.interrupted = 0
        self._loud = False

    def is_interrupted_by(self, samples: bytes) -> bool:
        """Notice when it becomes loud."""
        was, self._loud = self._loud, max(array.array("h", samples)) > 2000
        begins = self._loud and not was
        self.interrupted += begins
        return begins

    def hear(self, samples: bytes) -> list[bytes]:
        """Answer the first loud frame of a turn."""
        if not self._loud or self.turns == self.interrupted:
            return []
        self.turns += 1
        return [array.array("h", [8000] * 30 + [-8000] * 30).tobytes() * 400]


@shows("README.md", "A voice agent's ears and mouth")
@shows("docs/voice.md", "Ears and mouth")
async def the_agent_answers(section: Section) -> None:
    converse = (await section.run())["converse"]
    network, agent = Network(seed=8), Agent()
    caller, bot = network.host("caller").connection(), network.host("bot").connection()
    mouth, heard = peer.PcmTrack(sample_rate=16000), Heard(caller)
    caller.addTrack(mouth)
    converse(bot, agent)
    async with closing(caller, bot):
        await connect(caller, bot)
        for _ in range(2):
            mouth.write(array.array("h", [9000] * 20 + [-9000] * 20) * 80)
            await asyncio.sleep(1)
        assert agent.turns == agent.interrupted == 2
        assert heard.samples > 48000


@shows("docs/voice.md", "Barge-in")
async def what_was_said_is_known(section: Section) -> None:
    interrupt = (await section.run())["interrupt"]
    network = Network(seed=8)
    a, b = network.host("a").connection(), network.host("b").connection()
    voice = peer.PcmTrack(sample_rate=24000)
    a.addTrack(voice)
    async with closing(a, b):
        await connect(a, b)
        voice.write(bytes(2 * 24000 * 4))
        await asyncio.sleep(2)
        assert 4 <= len(interrupt(voice, "0123456789", 4.0)) <= 6
        assert voice.buffered == 0


@shows("README.md", "What is inside")
async def the_agent_of_ice_wants_to_send(section: Section) -> None:
    class Sockets(dict[object, Any]):
        sent: list[bytes] = []  # noqa: RUF012 - one for all sockets

        def __missing__(self, key: object) -> "Sockets":
            return self

        def sendto(self, data: bytes, remote: object) -> None:
            """Note what is sent."""
            self.sent.append(data)

    told: list[object] = []
    names = await section.run(candidate=host_candidate(), sockets=Sockets(), handle=told.append)
    assert names["timer"] is not None
    names["agent"].handle_timer(now=names["timer"])
    assert [type(event).__name__ for event in told] or names["agent"].next_event()


@shows("docs/start.md", "Two peers in one process", live=True)
async def hello(section: Section, capsys: pytest.CaptureFixture[str]) -> None:
    await (await section.run())["main"]()
    assert capsys.readouterr().out == "Hello, Bob? Hello, Alice\n"


@shows("docs/start.md", "Sound and pictures")
async def two_meet(section: Section) -> None:
    shoot(Path("film.mp4"))
    meet = (await section.run())["meet"]
    network = Network(seed=8)
    a, b = (network.host(name).connection() for name in "ab")
    async with closing(a, b):
        recorders = [await meet(pc, "film.mp4", f"{name}.mp4") for pc, name in ((a, "a"), (b, "b"))]
        await connect(a, b)
        await asyncio.sleep(3)
        for recorder in recorders:
            await recorder.stop()

    for name in "ab":
        with av.open(f"{name}.mp4") as recording:
            assert {stream.type for stream in recording.streams} == {"audio", "video"}
            assert sum(1 for _ in recording.decode(audio=0)) > 50


async def fail(network: Network) -> tuple[RTCPeerConnection, RTCPeerConnection, Signalling]:
    """Begin a call between two NATs that cannot be crossed."""
    network.stun_server()
    a, b = (network.host(name, nat="symmetric").connection() for name in "ab")
    a.createDataChannel("chat")
    signalling = Signalling(a, b)
    await signalling.negotiate()
    return a, b, signalling


@shows("docs/explain.md", "Ask the connection")
async def the_log_says_why(
    section: Section, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    a, b, _ = await fail(Network(seed=8))
    async with closing(a, b):
        await section.run(1, pc=a, logging=logging)
        await asyncio.sleep(60)
        assert a.connectionState == "failed"
        assert "NATs" in caplog.text
        await section.run(0)
        assert "NATs" in capsys.readouterr().out


@shows("docs/troubleshooting.md", "It does not connect")
async def it_is_explained(section: Section, capsys: pytest.CaptureFixture[str]) -> None:
    a, b, _ = await fail(Network(seed=8))
    async with closing(a, b):
        await asyncio.sleep(60)
        await section.run(pc=a)
        assert "NATs" in capsys.readouterr().out


@shows("docs/logging.md", "Each step")
async def each_step_is_logged(section: Section, caplog: pytest.LogCaptureFixture) -> None:
    logger, root = logging.getLogger("peer"), logging.getLogger()
    level, handlers = logger.level, list(root.handlers)
    try:
        await section.run()
        async with closing(Network(seed=8).host("a").connection()) as (pc,):
            await pc.createOffer()
    finally:
        logger.setLevel(level)
        root.handlers[:] = handlers
    assert "> createOffer" in caplog.text


CALL = Path("call")


async def call_with(section: Section) -> None:
    """Make a call whose one side is the connection of the section."""
    network = Network(seed=8)
    names = await section.run(
        RTCConfiguration=lambda **said: network.host("a").configuration(**said)
    )
    a, b = names["pc"], network.host("b").connection()
    a.createDataChannel("chat")
    async with closing(a, b):
        await connect(a, b)


@shows("docs/logging.md", "All of it, in a file")
async def all_of_it_is_in_the_file(section: Section) -> None:
    await call_with(section)
    assert b"setRemoteDescription" in CALL.with_suffix(".jsonl").read_bytes()


@shows("docs/logging.md", "Packets, for Wireshark")
async def packets_are_in_the_file(section: Section) -> None:
    await call_with(section)
    written = CALL.with_suffix(".pcapng").read_bytes()
    assert written.startswith(b"\x0a\x0d\x0d\x0a")
    assert b"CLIENT_RANDOM" in written


@shows("docs/logging.md", "What a file tells")
async def a_call_happens_again(section: Section) -> None:
    network = Network(seed=8)
    a, b = network.host("a").connection(trace="monday.jsonl"), network.host("b").connection()
    a.createDataChannel("chat")
    async with closing(a, b):
        await connect(a, b)

    (await section.run())["test_the_call_of_monday"](replay)


@shows("docs/networks.md", "Which addresses, and as what they are told")
async def addresses_are_chosen(section: Section) -> None:
    await section.run()


@shows("docs/networks.md", "One port for all connections")
async def a_port_is_shared(section: Section) -> None:
    configuration = (await section.run())["configuration"]
    assert isinstance(configuration, RTCConfiguration)
    async with closing(RTCPeerConnection(configuration)):
        pass


def contents(*path: str) -> bytes:
    return Path(*path).read_bytes()


@shows("docs/files.md", "Send files")
async def a_file_is_sent(section: Section, capsys: pytest.CaptureFixture[str]) -> None:
    shoot(Path("film.mp4"))
    os.mkdir("received")
    network = Network()
    a, b = network.host("a").connection(), network.host("b").connection()
    names = await section.run()
    names["take_files"](b, Path("received"))
    giving = asyncio.ensure_future(names["give_file"](a, Path("film.mp4")))
    await asyncio.sleep(0)
    await connect(a, b)
    await giving
    film = contents("film.mp4")
    assert contents("received", "film.mp4") == film
    assert f"{len(film)} of {len(film)}\n" in capsys.readouterr().out
