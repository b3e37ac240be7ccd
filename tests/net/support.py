"""Drivers on this machine's loopback, signalling to each other, and ways to wait for them."""

import asyncio
import gc
import importlib
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from peer.ice import (
    CandidateGathered,
    GatheringCompleted,
    IceConfig,
    IceParameters,
    IceRole,
    IceState,
    NetworkType,
    RemoteParameters,
    SelectedPairChanged,
    StateChanged,
)
from peer.net import DriverEvent, IceDriver, IceServer, InterfaceAddress, NetConfig

BOUND = 20.0
"""Seconds after which a test that waits has failed."""
STREAM = "0"


def loopback(*hosts: str) -> Callable[[], list[InterfaceAddress]]:
    """The addresses of a machine that has these and no other."""
    addresses = [InterfaceAddress("lo", host, 8, NetworkType.LOOPBACK) for host in hosts]
    return lambda: list(addresses)


def net(*hosts: str, **settings: Any) -> NetConfig:
    return NetConfig(addresses=loopback(*(hosts or ("127.0.0.1",))), **settings)


class Side:
    """A driver with a record of its events and its data."""

    def __init__(
        self,
        role: IceRole,
        *,
        ice: IceConfig | None = None,
        config: NetConfig | None = None,
        components: Iterable[int] = (1,),
        streams: Sequence[str] = (STREAM,),
    ) -> None:
        ice = ice or IceConfig(allow_loopback=True)
        self.driver = IceDriver(ice, role=role, on_event=self._event, net=config or net())
        self.events: list[DriverEvent] = []
        self.data: list[bytes] = []
        self.arrivals: list[float] = []
        self.parameters: dict[str, IceParameters] = {}
        self.peer: Side | None = None
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        for stream in streams:
            self.parameters[stream] = self.driver.add_stream(stream, components)
            for component in components:
                self.driver.set_sink(stream, component, self._take)

    def _take(self, data: bytes, now: float) -> None:
        self.data.append(data)
        self.arrivals.append(now)
        self._notice()

    def _event(self, event: DriverEvent) -> None:
        self.events.append(event)
        if self.peer is not None:
            self.signal(event, self.peer)
        self._notice()

    def signal(self, event: DriverEvent, peer: "Side") -> None:
        if isinstance(event, CandidateGathered):
            peer.driver.add_remote_candidate(event.stream, event.candidate)
        elif isinstance(event, GatheringCompleted):
            peer.driver.end_of_remote_candidates(event.stream)

    def meet(self, peer: "Side") -> None:
        """Tell our credentials to the peer, and everything we gather."""
        self.peer = peer
        for stream, ours in self.parameters.items():
            remote = RemoteParameters(ours.username_fragment, ours.password)
            peer.driver.set_remote_parameters(stream, remote)
        for event in self.events:
            self.signal(event, peer)

    def _notice(self) -> None:
        for condition, future in list(self._waiting):
            if condition() and not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at after every event and datagram."""
        if condition():
            return
        future = asyncio.get_running_loop().create_future()
        entry = (condition, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(BOUND):
                await future
        finally:
            self._waiting.remove(entry)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def event(self, kind: type[Any], count: int = 1) -> Any:
        """Wait for this many events of a kind; gives the last one."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[-1]

    async def nominated(self) -> SelectedPairChanged:
        def pairs() -> list[SelectedPairChanged]:
            return [event for event in self.of(SelectedPairChanged) if event.nominated]

        await self.until(lambda: bool(pairs()))
        return pairs()[-1]

    async def reached(self, state: IceState) -> None:
        await self.until(lambda: state in [event.state for event in self.of(StateChanged)])

    async def received(self, count: int = 1) -> list[bytes]:
        await self.until(lambda: len(self.data) >= count)
        return self.data

    async def close(self) -> None:
        async with asyncio.timeout(BOUND):
            await self.driver.close()


def reset(address: tuple[str, int]) -> None:
    """Connect, and reset the connection before anybody can look at it."""
    with socket.create_connection(address) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def connect(one: Side, other: Side, *, servers: Iterable[IceServer] = ()) -> None:
    """Gather, signal and wait until both sides have a nominated pair."""
    servers = tuple(servers)
    for side, peer in ((one, other), (other, one)):
        side.driver.gather(servers)
        side.meet(peer)
    await one.nominated()
    await other.nominated()


def pair(
    one: NetConfig | None = None,
    other: NetConfig | None = None,
    *,
    ice: IceConfig | None = None,
    components: Iterable[int] = (1,),
    streams: Sequence[str] = (STREAM,),
) -> tuple[Side, Side]:
    components = tuple(components)
    return (
        Side(IceRole.CONTROLLING, config=one, ice=ice, components=components, streams=streams),
        Side(IceRole.CONTROLLED, config=other, ice=ice, components=components, streams=streams),
    )


async def eventually(condition: Callable[[], object]) -> None:
    """Wait for what nothing tells about."""
    async with asyncio.timeout(BOUND):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def readers() -> list[Any]:
    """What the running loop reads from, apart from its own wake-up pipe; uvloop does not tell."""
    loop: Any = asyncio.get_running_loop()
    if not hasattr(loop, "_selector"):
        return []
    own = loop._ssock
    return [key for key in loop._selector.get_map().values() if key.fileobj != own.fileno()]


def timers() -> list[Any]:
    """The timers of the running loop that were not cancelled; waits with a bound have one."""
    loop: Any = asyncio.get_running_loop()
    if not hasattr(loop, "_selector"):
        return []
    return [timer for timer in loop._scheduled if not timer.cancelled()]


def tasks() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def assert_nothing_left() -> None:
    """What is closed has left no reader, task, timer or unclosed socket in the loop."""
    # Transports close their sockets in a callback of their own.
    await asyncio.sleep(0)
    assert readers() == []
    assert tasks() == []
    assert timers() == []
    gc.collect()


def run(coroutine: Any) -> None:
    """Run a test on the stock event loop."""
    asyncio.run(coroutine)


def run_on_uvloop(coroutine: Any) -> None:
    """Run a test on uvloop, where it is installed."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        coroutine.close()
        pytest.skip("uvloop is not installed")
    uvloop.run(coroutine)


LOOPS = (run, run_on_uvloop)
