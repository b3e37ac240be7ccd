"""Signalling between two connections of one program."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from peer import RTCPeerConnection, RTCPeerConnectionIceEvent, RTCSessionDescription

TIMEOUT = 60.0
"""Seconds that connecting may take."""


class ConnectError(ConnectionError):
    """Two connections did not get together."""


class Signalling:
    """Carries descriptions and candidates between two connections, for as long as they live.

    What either says reaches the other `delay` seconds later, in order.
    """

    def __init__(
        self, one: RTCPeerConnection, other: RTCPeerConnection, *, delay: float = 0.0
    ) -> None:
        self._one = one
        self._other = other
        self._towards = {one: _Wire(delay), other: _Wire(delay)}
        for each, peer in ((one, other), (other, one)):
            each.addEventListener("icecandidate", partial(self._trickle, peer))

    def _trickle(self, to: RTCPeerConnection, event: RTCPeerConnectionIceEvent) -> None:
        async def deliver() -> None:
            if to.signalingState != "closed":
                await to.addIceCandidate(event.candidate)

        self._towards[to].put(deliver)

    async def negotiate(self, offerer: RTCPeerConnection | None = None) -> None:
        """Make an offer, by default the first connection's, and an answer; set both."""
        offerer = offerer or self._one
        answerer = self._other if offerer is self._one else self._one
        await offerer.setLocalDescription()
        await self._describe(offerer, answerer)
        await answerer.setLocalDescription()
        await self._describe(answerer, offerer)

    async def _describe(self, sender: RTCPeerConnection, to: RTCPeerConnection) -> None:
        description: RTCSessionDescription = sender.localDescription
        await self._towards[to].put(lambda: to.setRemoteDescription(description))


async def connect(
    offerer: RTCPeerConnection,
    answerer: RTCPeerConnection,
    *,
    delay: float = 0.0,
    within: float = TIMEOUT,
) -> Signalling:
    """Negotiate what the offerer has, and wait until both are connected.

    Signalling takes `delay` seconds each way; candidates trickle over it later too. Raises
    ConnectError when a connection fails or the time is up.
    """
    signalling = Signalling(offerer, answerer, delay=delay)
    try:
        async with asyncio.timeout(within):
            await signalling.negotiate()
            await asyncio.gather(connected(offerer), connected(answerer))
    except TimeoutError:
        states = f"{offerer.connectionState} and {answerer.connectionState}"
        raise ConnectError(f"{states} after {within:g} s") from None
    return signalling


async def connected(connection: RTCPeerConnection) -> None:
    """Wait until a connection is connected; raises ConnectError when it fails or is closed."""
    changed = asyncio.Event()

    def note(_event: object) -> None:
        changed.set()

    connection.addEventListener("connectionstatechange", note)
    try:
        while connection.connectionState != "connected":
            if connection.connectionState in ("failed", "closed"):
                raise ConnectError(f"the connection is {connection.connectionState}")
            changed.clear()
            await changed.wait()
    finally:
        connection.removeEventListener("connectionstatechange", note)


class _Wire:
    """One direction: what is put in begins to be done after a while, in order."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Callable[[], Awaitable[None]], asyncio.Future[None]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    def put(self, deliver: Callable[[], Awaitable[None]]) -> Awaitable[None]:
        """Begin `deliver` in a while; what is returned ends when it does, and as it does."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((deliver, done))
        # Timers of one time come in any order: each does whatever is first.
        self._loop.call_later(self._delay, self._begin)
        return done

    def _begin(self) -> None:
        task = self._loop.create_task(self._run(*self._waiting.popleft()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _run(
        self, deliver: Callable[[], Awaitable[None]], done: asyncio.Future[None]
    ) -> None:
        try:
            await deliver()
        except Exception as error:
            if not done.done():
                done.set_exception(error)
        else:
            if not done.done():
                done.set_result(None)
