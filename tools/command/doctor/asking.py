"""A UDP socket that asks STUN servers (RFC 8489 §6.2.1, with fewer repetitions)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peer.ice import TransportAddress
from peer.ice.stun import (
    CHANGE_REQUEST,
    ERROR_CODE,
    MAPPED_ADDRESS,
    OTHER_ADDRESS,
    RESPONSE_PORT,
    SOFTWARE,
    XOR_MAPPED_ADDRESS,
    Attribute,
    Message,
    MessageClass,
    Method,
    StunError,
    build,
    parse,
)
from peer.net import System

SENT_AT = (0.0, 0.5, 1.5)
"""Seconds after which a question is sent: a lost packet is not to look like a filter."""
GIVEN_UP = 3.0
"""Seconds after which there is no answer."""
CHANGE_HOST_AND_PORT, CHANGE_PORT = 6, 2
"""Values of CHANGE-REQUEST (RFC 5780 §7.2)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an answer, or the question itself (`mapped` None, as in errors)."""

    source: TransportAddress
    round_trip: float
    mapped: TransportAddress | None = None
    other: TransportAddress | None = None
    code: int | None = None


class Asker:
    """A socket on one local address; raises OSError when it cannot be had."""

    def __init__(self, system: System, host: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._system = system
        self._waiting: dict[bytes, asyncio.Future[tuple[Message, TransportAddress]]] = {}
        self._socket = system.open_udp(
            host, ports=(0,), tos=0, receive=self._receive, done=lambda: None
        )
        self.local = TransportAddress(host, self._socket.address[1])

    async def ask(
        self,
        server: TransportAddress,
        *,
        change: int = 0,
        filling: Sequence[str] = (),
        answer_at: "tuple[Asker, int] | None" = None,
    ) -> Answer | None:
        """Ask for a binding; None when nothing came in time.

        `change` asks for the answer to come from elsewhere, `answer_at` for it to go to another
        port of our NAT (RFC 5780 §7.5), where that socket hears it. With `filling`, texts that a
        server passes over, the question is a large one.
        """
        attributes: list[tuple[Attribute[Any], Any]] = [(SOFTWARE, text) for text in filling]
        if change:
            attributes.append((CHANGE_REQUEST, change))
        if answer_at is not None:
            attributes.append((RESPONSE_PORT, answer_at[1]))
        transaction = self._system.entropy(12)
        request = build(Method.BINDING, MessageClass.REQUEST, transaction, attributes)
        hears = self if answer_at is None else answer_at[0]
        answer = hears.expect(transaction)
        begun = self._loop.time()
        timers = [self._loop.call_later(delay, self.send, request, server) for delay in SENT_AT]
        try:
            async with asyncio.timeout(GIVEN_UP):
                message, source = await answer
        except TimeoutError:
            return None
        finally:
            hears.forget(transaction)
            for timer in timers:
                timer.cancel()
        return _answer(message, source, self._loop.time() - begun)

    def expect(self, transaction: bytes) -> asyncio.Future[tuple[Message, TransportAddress]]:
        """Give what will be the first message of a transaction that arrives here."""
        return self._waiting.setdefault(transaction, self._loop.create_future())

    def forget(self, transaction: bytes) -> None:
        """Wait for it no more."""
        del self._waiting[transaction]

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left in the loop."""
        await self._socket.wait_closed()

    def send(self, request: bytes, server: TransportAddress) -> None:
        """Send a question, whose answer `expect` gives."""
        try:
            self._socket.send(request, server)
        except OSError:
            # No route is no answer.
            return

    def _receive(self, data: bytes, source: tuple[str, int], now: float) -> None:
        del now
        try:
            message = parse(data)
        except StunError:
            return
        waiting = self._waiting.get(message.transaction_id)
        if waiting is not None and not waiting.done():
            waiting.set_result((message, TransportAddress(*source[:2])))


def _answer(message: Message, source: TransportAddress, round_trip: float) -> Answer:
    mapped = message.get_valid(XOR_MAPPED_ADDRESS) or message.get_valid(MAPPED_ADDRESS)
    error = message.get_valid(ERROR_CODE)
    other = message.get_valid(OTHER_ADDRESS)
    return Answer(source, round_trip, mapped, other, None if error is None else error.code)
