"""What a NAT does, found out by asking servers from sockets it has not seen (RFC 5780 §4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from peer.ice import TransportAddress
from peer.net import System

from .asking import CHANGE_HOST_AND_PORT, CHANGE_PORT, Answer, Asker
from .behaviour import ANY, Dependence, judge_filtering, judge_mapping

SILENCES = (15, 30, 45, 60, 90, 120, 180)
"""Seconds of silence after which it is looked whether a binding is still there."""


@dataclass(frozen=True, slots=True)
class Nat:
    """What was found out on the way from one local address.

    `mapped` is what the first server saw, `local` what it was sent from. `hairpin` tells whether we
    hear ourselves through the NAT; None: not asked, as there is none. `by` names the servers that
    were compared, one where it offers RFC 5780.
    """

    local: TransportAddress
    mapped: TransportAddress
    mapping: frozenset[Dependence]
    filtering: frozenset[Dependence]
    hairpin: bool | None
    by: tuple[TransportAddress, ...]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """For how long a binding lives: it was there after `alive` seconds, and gone after `gone`.

    `exact`: it was asked for by another socket (RFC 5780 §4.6). Else a binding that is renewed with
    the port it had before looks alive.
    """

    alive: int | None
    gone: int | None
    exact: bool


@asynccontextmanager
async def asker(system: System, host: str) -> AsyncIterator[Asker]:
    """Open a socket that no NAT has seen, and close it after."""
    opened = Asker(system, host)
    try:
        yield opened
    finally:
        opened.close()
        await opened.wait_closed()


async def explore(system: System, host: str, servers: tuple[TransportAddress, ...]) -> Nat | None:
    """Find out how the NAT between a local address and these servers behaves.

    None when no server answers.
    """
    async with asker(system, host) as socket:
        answers = await asyncio.gather(*(socket.ask(server) for server in servers))
        known = [
            (server, answer, answer.mapped)
            for server, answer in zip(servers, answers, strict=True)
            if answer is not None and answer.mapped is not None
        ]
        if not known:
            return None
        server, answer, mapped = next((each for each in known if each[1].other), known[0])
        other = _usable_other(server, answer)
        if other is not None:
            mapping = await _mapping(socket, server, mapped, other)
            by = [server]
        else:
            others = [each for each in known if each[0].host != server.host]
            mapping = judge_mapping(mapped, others[0][2] if others else None, None)
            by = [server, *(each[0] for each in others[:1])]
        hairpin = None if mapped == socket.local else await _hears_itself(socket, mapped)
    filtering = ANY if other is None else await _filtering(system, host, server)
    return Nat(socket.local, mapped, mapping, filtering, hairpin, tuple(by))


def _usable_other(server: TransportAddress, answer: Answer) -> TransportAddress | None:
    """Give the server's other address, if both parts of it are others (RFC 5780 §7.4)."""
    other = answer.other
    differs = other is not None and other.host != server.host and other.port != server.port
    return other if differs else None


async def _mapping(
    socket: Asker, server: TransportAddress, mapped: TransportAddress, other: TransportAddress
) -> frozenset[Dependence]:
    seen = []
    for port in (server.port, other.port):
        answer = await socket.ask(TransportAddress(other.host, port))
        seen.append(None if answer is None else answer.mapped)
    return judge_mapping(mapped, *seen)


async def _filtering(system: System, host: str, server: TransportAddress) -> frozenset[Dependence]:
    async with asker(system, host) as socket:
        if await socket.ask(server) is None:
            return ANY
        changes = (CHANGE_HOST_AND_PORT, CHANGE_PORT)
        answers = await asyncio.gather(*(socket.ask(server, change=each) for each in changes))
    if any(answer is not None and answer.code is not None for answer in answers):
        return ANY
    anywhere, port = (answer is not None for answer in answers)
    return judge_filtering(from_anywhere=anywhere, from_other_port=port)


async def _hears_itself(socket: Asker, mapped: TransportAddress) -> bool:
    """Send to our own mapped address (RFC 5780 §3.4); the question comes back, or nothing."""
    return await socket.ask(mapped) is not None


async def lifetime(system: System, host: str, server: TransportAddress) -> Lifetime | None:
    """Find out how long a binding lives in silence: three minutes, all silences side by side.

    None when the server does not answer.
    """
    async with asker(system, host) as first, asker(system, host) as second:
        known = await first.ask(server)
        if known is None or known.mapped is None:
            return None
        exact = await second.ask(server, answer_at=(first, known.mapped.port)) is not None
    ask = _is_alive if exact else _is_the_same
    alive = await asyncio.gather(*(ask(system, host, server, each) for each in SILENCES))
    gone = next(
        (silence for silence, there in zip(SILENCES, alive, strict=True) if not there), None
    )
    before = [silence for silence in SILENCES if gone is None or silence < gone]
    return Lifetime(before[-1] if before else None, gone, exact)


async def _is_alive(system: System, host: str, server: TransportAddress, silence: int) -> bool:
    async with asker(system, host) as silent, asker(system, host) as asks:
        known = await silent.ask(server)
        if known is None or known.mapped is None:
            return False
        await asyncio.sleep(silence)
        return await asks.ask(server, answer_at=(silent, known.mapped.port)) is not None


async def _is_the_same(system: System, host: str, server: TransportAddress, silence: int) -> bool:
    async with asker(system, host) as silent:
        before = await silent.ask(server)
        await asyncio.sleep(silence)
        after = await silent.ask(server)
        return before is not None and after is not None and before.mapped == after.mapped
