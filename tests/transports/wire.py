"""Two ICE components joined in memory, with loss on demand, and what the tests wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from peer.ice import EmbeddingState, HandshakeStage, IceRole, IceState
from peer.transports.certificate import Certificate
from peer.transports.dtls import DtlsRole, DtlsTransport
from peer.transports.ice import EmbeddedTaker, IceTransport

CERTIFICATE = Certificate.generate()
OTHER_CERTIFICATE = Certificate.generate()
RSA_CERTIFICATE = Certificate.generate("rsa")

Filter = Callable[[bytes], bool]


def everything(_data: bytes) -> bool:
    """Let every datagram pass."""
    return True


def nothing(_data: bytes) -> bool:
    """Lose every datagram."""
    return False


class Wire:
    """One direction: what `passes` says goes to the other end, in the next round of the loop."""

    def __init__(self) -> None:
        self.passes: Filter = everything
        self.sent: list[bytes] = []
        self.receiver: IceTransport | None = None
        self.embedding = EmbeddingState.OFF

    def send_flight(self, datagrams: Sequence[bytes]) -> None:
        """Send the datagrams of a flight."""
        for datagram in datagrams:
            self.send(datagram)

    def note_handshake(self, stage: HandshakeStage, datagram: bytes = b"") -> None:
        """Embed nothing, whatever becomes of the handshake."""

    def set_taker(self, taker: EmbeddedTaker | None) -> None:
        """Embed nothing, so that nobody takes it."""

    def send(self, *datagrams: bytes) -> None:
        """Send datagrams, or lose them."""
        for data in datagrams:
            self.sent.append(data)
            if self.receiver is not None and self.passes(data):
                loop = asyncio.get_running_loop()
                loop.call_soon(self.receiver.deliver, data, loop.time())


class Link:
    """Two ICE transports, the left one controlling, and the wires between them."""

    def __init__(self, *, component: int = 1, connected: bool = True) -> None:
        self.to_right, self.to_left = Wire(), Wire()
        self.left = IceTransport(self.to_right, component=component, role=IceRole.CONTROLLING)
        self.right = IceTransport(self.to_left, component=component, role=IceRole.CONTROLLED)
        self.to_right.receiver, self.to_left.receiver = self.right, self.left
        if connected:
            self.set_state(IceState.CONNECTED)

    def set_state(self, state: IceState) -> None:
        """Put both ends into a state."""
        self.left.set_state(state)
        self.right.set_state(state)

    def lose(self, passes: Filter) -> None:
        """Let only this pass in both directions."""
        self.to_right.passes = self.to_left.passes = passes


class Pair:
    """Two DTLS transports over a link."""

    def __init__(
        self,
        link: Link | None = None,
        *,
        left: Certificate = CERTIFICATE,
        right: Certificate = OTHER_CERTIFICATE,
        timeout: float = 30.0,
        alert_grace: float = 0.1,
    ) -> None:
        self.link = link or Link()
        self.certificates = left, right
        self.left = DtlsTransport(
            self.link.left, left, handshake_timeout=timeout, alert_grace=alert_grace
        )
        self.right = DtlsTransport(
            self.link.right, right, handshake_timeout=timeout, alert_grace=alert_grace
        )

    def connect(self, left: DtlsRole = DtlsRole.CLIENT, right: DtlsRole = DtlsRole.SERVER) -> None:
        """Begin on both sides."""
        self.left.connect(left, self.certificates[1].fingerprints)
        self.right.connect(right, self.certificates[0].fingerprints)

    async def connected(self) -> None:
        """Wait until both sides are connected."""
        await asyncio.gather(self.left.wait_connected(), self.right.wait_connected())

    async def close(self) -> None:
        """Close both sides."""
        await asyncio.gather(self.left.close(), self.right.close())


async def receive(ice: IceTransport) -> tuple[bytes, float]:
    """Wait for the next datagram and its time; ConnectionError once closed."""
    got: asyncio.Future[tuple[bytes, float]] = asyncio.get_running_loop().create_future()

    def take(data: bytes, now: float) -> None:
        ice.drop_sink(take)
        got.set_result((data, now))

    def end() -> None:
        got.set_exception(ConnectionError("the ICE transport is closed"))

    ice.set_sink(take, end)
    try:
        return await got
    finally:
        ice.drop_sink(take)


async def until(condition: Callable[[], bool], *, limit: float = 20.0) -> None:
    """Run the loop until something holds; TimeoutError when it does not."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - what it looks at tells nobody of its changes
            await asyncio.sleep(0.001)


@asynccontextmanager
async def no_task_left() -> AsyncIterator[None]:
    """Fail when a task is left that was not there before."""
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() - before == set()


@asynccontextmanager
async def connected_pair(link: Link | None = None) -> AsyncIterator[Pair]:
    """A pair that is connected, and closed at the end."""
    pair = Pair(link)
    pair.connect()
    await pair.connected()
    try:
        yield pair
    finally:
        await pair.close()
