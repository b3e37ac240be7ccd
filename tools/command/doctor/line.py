"""The line to a server: what it loses, how evenly answers come, which sizes pass."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from peer.ice import TransportAddress
from peer.ice.stun import MessageClass, Method, build
from peer.net import System

from .asking import GIVEN_UP, Asker
from .nat import asker
from .report import Check, Status

REQUESTS = 100
PACE = 0.020
"""Seconds between two of them, as between packets of sound."""
SIZES = (1228, 1280, 1500)
"""Bytes of IPv4 packets: the largest that we send, what every link of IPv6 carries, an Ethernet."""
SMALL = 576
"""Bytes of a packet that passes everywhere: whether the server answers requests that are filled."""
LOSSY, UNEVEN = 0.02, 0.030
"""The share of lost requests that is told, and the spread of round trips in seconds."""
_IP_UDP, _HEADER, _FINGERPRINT, _ATTRIBUTE = 28, 20, 8, 4
_FILLING = 120
"""Bytes of a SOFTWARE attribute that fills a request; all but the first are passed over."""


@dataclass(frozen=True, slots=True)
class Line:
    """What came of the requests: round trips of those that were answered, and sizes that passed."""

    server: TransportAddress
    sent: int
    trips: tuple[float, ...]
    passed: frozenset[int]
    is_told: bool
    """Whether the server answers filled requests at all, so that sizes can be told by it."""

    @property
    def loss(self) -> float:
        """The share that had no answer."""
        return 1 - len(self.trips) / self.sent

    @property
    def spread(self) -> float:
        """By how much longer than the median nineteen of twenty round trips take."""
        ordered = sorted(self.trips)
        return ordered[len(ordered) * 19 // 20] - ordered[len(ordered) // 2]


async def measure(system: System, host: str, server: TransportAddress) -> Line:
    """Send requests to a server that answers, at an even pace, and large ones."""
    async with asker(system, host) as socket:
        trips, passed = await asyncio.gather(_trips(socket, system, server), _sizes(socket, server))
    return Line(server, REQUESTS, trips, passed - {SMALL}, SMALL in passed)


async def _trips(socket: Asker, system: System, server: TransportAddress) -> tuple[float, ...]:
    loop = asyncio.get_running_loop()
    trips: list[float] = []
    waiting = {}

    def note(begun: float, answer: "asyncio.Future[Any]") -> None:
        if not answer.cancelled():
            trips.append(loop.time() - begun)

    for _ in range(REQUESTS):
        transaction, begun = system.entropy(12), loop.time()
        waiting[transaction] = answer = socket.expect(transaction)
        answer.add_done_callback(partial(note, begun))
        socket.send(build(Method.BINDING, MessageClass.REQUEST, transaction), server)
        await asyncio.sleep(PACE)
    await asyncio.wait(waiting.values(), timeout=GIVEN_UP)
    for transaction, answer in waiting.items():
        answer.cancel()
        socket.forget(transaction)
    return tuple(trips)


async def _sizes(socket: Asker, server: TransportAddress) -> frozenset[int]:
    sizes = SMALL, *SIZES
    answers = await asyncio.gather(*(socket.ask(server, filling=filling(size)) for size in sizes))
    return frozenset(size for size, answer in zip(sizes, answers, strict=True) if answer)


def filling(size: int) -> tuple[str, ...]:
    """Give the SOFTWARE attributes that make a request a packet of IPv4 of that size."""
    room = size - _IP_UDP - _HEADER - _FINGERPRINT
    whole, rest = divmod(room, _ATTRIBUTE + _FILLING)
    texts = ["." * _FILLING] * whole
    if rest >= _ATTRIBUTE:
        texts.append("." * (rest - _ATTRIBUTE))
    return tuple(texts)


def judge_line(line: Line) -> Check:
    """Judge losses and delays; there were answers."""
    lost = f"{line.loss:.0%} of {line.sent} packets were lost"
    median = sorted(line.trips)[len(line.trips) // 2]
    values = {
        "loss": round(line.loss, 3),
        "round_trip": round(median, 4),
        "spread": round(line.spread, 4),
    }
    evidence = (
        lost,
        f"round trip {median * 1e3:.0f} ms, one in twenty {line.spread * 1e3:.0f} ms longer",
    )
    if line.loss > LOSSY:
        advice = "Pictures freeze, sound is repaired: try another network, or a cable."
        return Check("line", Status.WARN, "loses packets", evidence, advice, values)
    if line.spread > UNEVEN:
        advice = "Something else fills it, or it is a radio: sound is held back by that much."
        return Check("line", Status.WARN, "packets come unevenly", evidence, advice, values)
    return Check("line", Status.PASS, "fast and even", evidence, values=values)


def judge_sizes(line: Line) -> Check:
    """Judge which sizes pass: those up to 1280 bytes have to."""
    values = {"passed": sorted(line.passed)}
    evidence = tuple(
        f"{size} bytes: {'answered' if size in line.passed else 'no answer'}" for size in SIZES
    )
    if not (line.is_told or line.passed):
        words = "cannot be told: the server answers no requests that are filled up"
        return Check("packet sizes", Status.UNKNOWN, words, evidence, "Name another.", values)
    missing = [size for size in SIZES[:2] if size not in line.passed]
    if missing:
        words = f"packets of {missing[0]} bytes vanish, and smaller ones pass"
        advice = (
            "A tunnel or link has a smaller MTU, and does not say so: handshakes get stuck. Or the "
            "server ignores large requests: another one tells."
        )
        return Check("packet sizes", Status.FAIL, words, evidence, advice, values)
    return Check("packet sizes", Status.PASS, "large packets pass", evidence, values=values)
