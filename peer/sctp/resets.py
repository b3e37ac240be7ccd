"""Resetting streams (RFC 6525): each side its own, one request at a time.

A channel is closed by resetting its stream in both directions (RFC 8831 §6.7). We ask for our
direction with an Outgoing SSN Reset, which the peer may answer with "in progress" until it has all
that was sent before; it does the same, and we answer so. Other kinds of requests are answered, and
never made.
"""

import struct
from collections.abc import Iterable
from math import inf
from typing import Final, NamedTuple

from .rtt import RoundTrip
from .wire import (
    ADD_INCOMING,
    ADD_OUTGOING,
    INCOMING_RESET,
    LONG,
    MASK,
    OUTGOING_RESET,
    RE_CONFIG,
    RESET_RESPONSE,
    TSN_RESET,
    Parameter,
    unwrap,
    write_chunk,
    write_parameter,
)

MAX_STREAMS_OF_REQUEST = 128

NOTHING_TO_DO: Final = 0
PERFORMED: Final = 1
DENIED: Final = 2
BAD_SEQUENCE: Final = 5
IN_PROGRESS: Final = 6

_RESET = struct.Struct("!LLL")
_INCOMING = struct.Struct("!L")
_ADD = struct.Struct("!LHH")
_RESPONSE = struct.Struct("!LL")
_TOGETHER = (
    {OUTGOING_RESET, INCOMING_RESET},
    {ADD_OUTGOING, ADD_INCOMING},
    {RESET_RESPONSE, OUTGOING_RESET},
    {RESET_RESPONSE},
)


class Request(NamedTuple):
    """What the peer asks for.

    `last` is its last TSN before, `streams` are None for all, `more` how many are to be added.
    """

    kind: int
    number: int
    last: int
    streams: frozenset[int] | None
    more: int


def may_stand_together(parameters: list[Parameter]) -> bool:
    """Tell whether a RE-CONFIG chunk may have these (RFC 6525 §3.1)."""
    kinds = {parameter.kind for parameter in parameters}
    return len(parameters) == 1 or (len(parameters) == 2 and kinds in _TOGETHER)


def read_request(parameter: Parameter, number: int, tsn: int) -> Request | None:
    """Read a request; None when it is none. Numbers are unwrapped near the two given."""
    kind, body = parameter
    if kind == OUTGOING_RESET and len(body) >= _RESET.size:
        asked, _, last = _RESET.unpack_from(body)
        streams = _read_streams(body[_RESET.size :])
        return Request(kind, unwrap(asked, number), unwrap(last, tsn), streams, 0)
    if kind == INCOMING_RESET and len(body) >= _INCOMING.size:
        (asked,) = _INCOMING.unpack_from(body)
        return Request(kind, unwrap(asked, number), 0, _read_streams(body[_INCOMING.size :]), 0)
    if kind in (ADD_OUTGOING, ADD_INCOMING) and len(body) >= _ADD.size:
        asked, count, _ = _ADD.unpack_from(body)
        return Request(kind, unwrap(asked, number), 0, frozenset(), count)
    if kind == TSN_RESET and len(body) >= LONG.size:
        return Request(kind, unwrap(LONG.unpack_from(body)[0], number), 0, frozenset(), 0)
    return None


def _read_streams(body: bytes) -> frozenset[int] | None:
    count = len(body) // 2
    return frozenset(struct.unpack_from(f"!{count}H", body)) if count else None


class OutgoingResets:
    """Our own requests. `number` is that of the next."""

    def __init__(self, number: int, round_trip: RoundTrip) -> None:
        self._number = number
        self._round_trip = round_trip
        self._wanted: dict[int, None] = {}
        self._asked: tuple[int, ...] = ()
        self._request = b""
        self._errors = 0
        self.at = inf

    @property
    def pending(self) -> bool:
        """Tell whether a stream is to be reset, or is being reset."""
        return bool(self._wanted or self._asked)

    def want(self, streams: Iterable[int]) -> None:
        """Have streams reset as soon as they may be."""
        self._wanted.update(dict.fromkeys(streams))

    def restart(self, number: int) -> None:
        """Begin to count anew; what was asked for is asked for again."""
        self._number = number
        self._wanted = dict.fromkeys((*self._asked, *self._wanted))
        self._asked = ()
        self.at = inf

    def is_idle(self) -> bool:
        """Tell whether another request may be made."""
        return not self._asked and bool(self._wanted)

    def begin(self, ready: Iterable[int], answered: int, last: int, now: float) -> tuple[int, ...]:
        """Make a request for streams that are ready; returns those that it is for.

        `answered` is the peer's last request number, `last` our last TSN.
        """
        self._asked = tuple(ready)[:MAX_STREAMS_OF_REQUEST]
        if not self._asked:
            return ()
        for stream in self._asked:
            del self._wanted[stream]
        body = _RESET.pack(self._number & MASK, answered & MASK, last & MASK)
        body += struct.pack(f"!{len(self._asked)}H", *self._asked)
        self._request = write_chunk(RE_CONFIG, write_parameter(OUTGOING_RESET, body))
        self._errors = 0
        self.at = now
        return self._asked

    @property
    def wanted(self) -> tuple[int, ...]:
        """The streams that are to be reset, those first that have waited longest."""
        return tuple(self._wanted)

    def due(self, now: float) -> bytes:
        """Return the request if it is to be sent, again or for the first time."""
        if self.at > now:
            return b""
        self.at = now + self._round_trip.back_off(self._errors)
        self._errors += 1
        return self._request

    def hurry(self, now: float) -> None:
        """Ask again at once."""
        if self._asked:
            self.at = now

    def on_response(self, body: bytes, now: float) -> tuple[tuple[int, ...], bool] | None:
        """Take an answer; returns the streams and whether they are reset, None if not yet."""
        if len(body) < _RESPONSE.size or not self._asked:
            return None
        number, result = _RESPONSE.unpack_from(body)
        if unwrap(number, self._number) != self._number:
            return None
        if result == IN_PROGRESS:
            self._errors = 0
            self.at = now + self._round_trip.rto
            return None
        streams, self._asked = self._asked, ()
        self._number += 1
        self.at = inf
        return streams, result in (NOTHING_TO_DO, PERFORMED)


class IncomingResets:
    """The peer's requests. `number` is that of the last one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._result = NOTHING_TO_DO

    @property
    def in_progress(self) -> bool:
        """Tell whether the last one waits."""
        return self._result == IN_PROGRESS

    def judge(self, request: Request) -> int | None:
        """Return the result of a request that is not new, None for one that is (§5.2.1)."""
        if request.number == self.number + 1:
            return None
        if request.number == self.number:
            return None if self.in_progress else self._result
        return BAD_SEQUENCE

    def answer(self, request: Request, result: int) -> bytes:
        """Return the chunk that lets the peer know the result."""
        if result != BAD_SEQUENCE:
            self.number, self._result = request.number, result
        return _response(request.number, result)

    def finish(self) -> bytes:
        """Return the chunk that lets the peer know that what was in progress is done."""
        self._result = PERFORMED
        return _response(self.number, PERFORMED)


def _response(number: int, result: int) -> bytes:
    body = _RESPONSE.pack(number & MASK, result)
    return write_chunk(RE_CONFIG, write_parameter(RESET_RESPONSE, body))
