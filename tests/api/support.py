"""Two connections of this machine, and what lies between them."""

import asyncio
import contextlib
import gc
import os
import re
import socket
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from peer import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from peer.api.event_target import EventTarget
from peer.ice import IceConfig, NetworkType, Nomination, Timings
from peer.net import InterfaceAddress, NetConfig
from peer.session.session import TURNS_OF_A_TASK

BOUND = 15.0
"""Seconds after which a test gives up waiting; with the settings below nothing takes as long."""

LOOPBACK = NetConfig(
    addresses=lambda: [InterfaceAddress("lo", "127.0.0.1", 8, NetworkType.LOOPBACK)]
)
QUICK = RTCConfiguration(
    iceServers=[],
    handshakeTimeout=2 * BOUND,
    network=LOOPBACK,
    ice=IceConfig(
        allow_loopback=True,
        timings=Timings(
            ta=0.005,
            rto=0.03,
            rto_ceiling=0.03,
            requests=3,
            last_wait=2.0,
            patience=0.2,
            liveness_timeout=0.1,
        ),
        nomination=Nomination(direct=0.0, relayed=0.0, lossy=0.0),
    ),
)
"""Set-up waits a moment only; what is connected stays so on a machine that is busy."""

PLAIN_ICE = replace(QUICK.ice or IceConfig(), embed_handshake=False)
"""The same with all of DTLS in datagrams of its own, which a rule can tell apart."""

Rule = Callable[[str, bytes], bool]


def configured(**changes: Any) -> RTCConfiguration:
    """Change some of the settings of `QUICK`."""
    return replace(QUICK, **changes)


def make(**changes: Any) -> RTCPeerConnection:
    """Make a connection with the settings of `QUICK` and some others."""
    return RTCPeerConnection(configured(**changes))


async def until(target: EventTarget, event: str, condition: Callable[[], object]) -> None:
    """Wait until a condition holds that an event of `target` makes true."""
    happened = asyncio.Event()
    target.addEventListener(event, note := lambda _event: happened.set())
    try:
        async with asyncio.timeout(BOUND):
            while not condition():
                happened.clear()
                await happened.wait()
    finally:
        target.removeEventListener(event, note)


async def within(awaitable: Awaitable[Any], seconds: float = BOUND) -> Any:
    """Await something that must not take longer."""
    async with asyncio.timeout(seconds):
        return await awaitable


async def state_is(pc: RTCPeerConnection, state: str) -> None:
    """Wait for a connectionState."""
    await until(pc, "connectionstatechange", lambda: pc.connectionState == state)


async def turns() -> None:
    """Let the event loop do what the W3C's tasks do that are queued now."""
    for _ in range(TURNS_OF_A_TASK + 1):
        await asyncio.sleep(0)


def any_datagram(sender: str, data: bytes) -> bool:
    """Let everything pass."""
    return bool(sender and data)


class Middle:
    """Carries datagrams from one side to the other, as far as `rule(sender, datagram)` says.

    Each address that a description tells of is replaced by one in the middle.
    """

    def __init__(self) -> None:
        self.rule: Rule = any_datagram
        self._loop = asyncio.get_running_loop()
        self._fronts: dict[int, socket.socket] = {}
        self._owners: dict[int, str] = {}

    def front(self, port: int, owner: str) -> int:
        """Give the port that stands for a port of a side."""
        if port not in self._fronts:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.setblocking(False)
            opened.bind(("127.0.0.1", 0))
            self._fronts[port] = opened
            self._owners[port] = owner
            self._loop.add_reader(opened, self._forward, opened, port)
        return int(self._fronts[port].getsockname()[1])

    def rewrite(self, text: str, owner: str) -> str:
        """Put our addresses into a description or candidate of a side."""

        def replaced(found: re.Match[str]) -> str:
            return f"{found[1]}{self.front(int(found[2]), owner)}{found[3]}"

        text = re.sub(r"(candidate:\S+ \d udp \d+ 127\.0\.0\.1 )(\d+)( )", replaced, text)
        return re.sub(r"(m=\w+ )(\d{4,})( )", replaced, text)

    def _forward(self, front: socket.socket, port: int) -> None:
        data, source = front.recvfrom(4096)
        sender = self._owners.get(source[1])
        if sender is not None and self.rule(sender, data):
            self._fronts[source[1]].sendto(data, ("127.0.0.1", port))

    def close(self) -> None:
        """Close all sockets."""
        for front in self._fronts.values():
            self._loop.remove_reader(front)
            front.close()


class Call:
    """A connection that offers a data channel and one that answers, over a middle."""

    def __init__(self, offerer: RTCConfiguration, answerer: RTCConfiguration) -> None:
        self.middle = Middle()
        self.offerer = RTCPeerConnection(offerer)
        self.answerer = RTCPeerConnection(answerer)
        self.channel = self.offerer.createDataChannel("call")
        self.sides = {"offerer": self.offerer, "answerer": self.answerer}
        self.withheld: str | None = None
        """How lines begin that neither side is to see in the other's description."""

    def show(self, side: str) -> RTCSessionDescription:
        """Give a side's local description as the other is to see it."""
        description = self.sides[side].localDescription
        assert description is not None
        text = self.middle.rewrite(description.sdp, side)
        if self.withheld is not None:
            lines = text.splitlines(keepends=True)
            text = "".join(line for line in lines if not line.startswith(self.withheld))
        return RTCSessionDescription(text, description.type)

    async def offer(self) -> None:
        """Bring the offer to the answerer."""
        await self.offerer.setLocalDescription()
        await self.answerer.setRemoteDescription(self.show("offerer"))

    async def negotiate(self) -> None:
        """Exchange complete descriptions."""
        await self.offer()
        await self.answerer.setLocalDescription()
        await self.offerer.setRemoteDescription(self.show("answerer"))

    async def opened(self) -> None:
        """Wait until the channel is open at the offerer."""
        await until(self.channel, "open", lambda: self.channel.readyState == "open")

    async def close(self) -> None:
        """Close both sides and the middle."""
        await within(asyncio.gather(*(pc.close() for pc in self.sides.values())))
        self.middle.close()


@asynccontextmanager
async def calling(
    offerer: RTCConfiguration = QUICK, answerer: RTCConfiguration = QUICK
) -> AsyncIterator[Call]:
    """Make a call that is closed in the end."""
    call = Call(offerer, answerer)
    try:
        yield call
    finally:
        await call.close()


def timers() -> list[asyncio.TimerHandle]:
    """List the timers of the running loop."""
    scheduled = getattr(asyncio.get_running_loop(), "_scheduled", [])
    return [timer for timer in scheduled if not timer.cancelled()]


def sockets() -> set[str]:
    """Name the open sockets of this process."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        # The descriptor of the listing itself is gone by now.
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/fd/{name}"))
    return {name for name in found if name.startswith("socket:")}


def threads() -> set[threading.Thread]:
    """List the threads that somebody is to end.

    The loop ends those of its default executor; those of lookups end with the system's answer,
    which nobody can hasten.
    """
    return {
        one
        for one in threading.enumerate()
        if not one.name.startswith(("asyncio_", "aiopeer lookup"))
    }


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """What is done inside leaves no task, timer, socket or thread, at the moment it has ended."""
    open_before, before = sockets(), threads()
    yield
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    assert timers() == []
    assert sockets() - open_before == set()
    assert threads() - before == set()


def run_each(stories: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
    """Run tests side by side, which mostly wait; an error says which test it is from."""

    async def named(name: str, story: Callable[[], Awaitable[None]]) -> None:
        try:
            await story()
        except BaseException as error:
            error.add_note(f"in {name}")
            raise

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for name, story in stories.items():
                group.create_task(named(name, story))

    run(together)


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run a test on a loop of its own, where it may leave nothing behind."""
    unhandled: list[dict[str, Any]] = []

    async def checked() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: unhandled.append(context)
        )
        async with nothing_left():
            await story()

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        asyncio.run(checked())
        gc.collect()
    assert unhandled == []
