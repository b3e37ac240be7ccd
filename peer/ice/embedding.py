"""DTLS handshakes inside connectivity checks (draft-hancke-webrtc-sped), as a state machine.

An `Embedding` is about one component and one DTLS association. What it holds: our last *flight*,
until the peer has it, and the checksums of what came of the peer's. Every authenticated request
and success response carries the checksums (the *acknowledgement*) and, in turn, one datagram of
the flight; an empty one says that there is none. It begins TENTATIVE: the peer's first message
that carries neither ends it, and the handshake goes over the selected pair as ever. After the
handshake it is PENDING until the peer needs nothing more, which the two profiles tell from
different signs, and COMPLETE for good then.

What is due, and on which pairs, is in `carrying`.
"""

import enum
import itertools
import zlib
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

MAX_BODY = 1168
"""Bytes of attributes in front of MESSAGE-INTEGRITY; a message has 1220 with what follows."""
MAX_ACKNOWLEDGED = 4
MAX_UNPROVEN = 14_600
"""Bytes of flights sent without a word from the peer: ten packets, as a TCP begins (RFC 6928)."""
MIN_DATAGRAM = 13
"""Bytes of a DTLS record's header (RFC 6347 §4.1)."""

FIRST_INTERVAL = 0.25
"""Seconds until a flight is sent again as long as no round trip is known."""
MIN_INTERVAL = 0.05
MAX_INTERVAL = 3.0
PATIENT_REPEATS = 6
"""Repetitions at one interval; from then on it doubles."""
MAX_REPEATS = 20
"""Repetitions of a flight; after them only checks that are due anyway carry it."""

_ATTRIBUTE_HEADER = 4


class EmbeddingProfile(enum.Enum):
    """How the end is told: as the draft says, or as libwebrtc's first form does."""

    DRAFT = "draft"
    GOOG = "goog"


class EmbeddingState(enum.Enum):
    """How far an embedding is; nothing is embedded when it is OFF or COMPLETE."""

    OFF = "off"
    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    PENDING = "pending"
    COMPLETE = "complete"


class HandshakeStage(enum.Enum):
    """What a DTLS association tells of its handshake."""

    BEGUN = "begun"
    """Another association begins in the place of one before."""
    HEARD = "heard"
    """A datagram of the peer's came by itself."""
    FINISHED = "finished"
    """It is done here; our last flight may still be on its way."""
    PROVEN = "proven"
    """It is done here, and the peer has all of it."""
    OVER = "over"
    """The peer uses the association, or there is none any more."""


_ACTIVE = (EmbeddingState.TENTATIVE, EmbeddingState.CONFIRMED, EmbeddingState.PENDING)


class Load(NamedTuple):
    """What a message carries: checksums, None where there is no room for any, and a datagram."""

    acknowledged: tuple[int, ...] | None = None
    datagram: bytes | None = None


class Heard(NamedTuple):
    """What an authenticated message of the peer's carried; None is an attribute it has not.

    `answered` is the checksum of what our request had, if this is the response to it.
    """

    acknowledged: tuple[int, ...] | None
    datagram: bytes | None
    answered: int | None = None


class Embedding:
    """The embedding of one component's handshake.

    Of the flight the next one to be carried is first, and none has carried the first `fresh` ones
    yet. `spent` are the bytes carried since the peer last answered; `repeat_at` is when the flight
    is due again on the pair in use, None while there is none or nothing waits. `since` is the
    generation that was current when the handshake began.
    """

    __slots__ = (
        "acknowledged",
        "flight",
        "fresh",
        "profile",
        "repeat_at",
        "repeats",
        "since",
        "spent",
        "state",
    )

    def __init__(self, *, enabled: bool, since: object = None) -> None:
        self.since = since
        self.profile = EmbeddingProfile.DRAFT
        self.state = EmbeddingState.TENTATIVE if enabled else EmbeddingState.OFF
        self.flight: deque[bytes] = deque()
        self.fresh = 0
        self.acknowledged: deque[int] = deque(maxlen=MAX_ACKNOWLEDGED)
        self.spent = 0
        self.repeats = 0
        self.repeat_at: float | None = None

    @property
    def active(self) -> bool:
        """Tell whether messages carry anything."""
        return self.state in _ACTIVE

    @property
    def is_confirmed(self) -> bool:
        """Tell whether the peer's checks have shown that it embeds as well."""
        return self.state in (EmbeddingState.CONFIRMED, EmbeddingState.PENDING)

    def meet(self, profile: EmbeddingProfile | None) -> None:
        """Take what the peer's description says; what its checks have shown counts more."""
        if profile is not None:
            self.profile = profile
        elif self.state is EmbeddingState.TENTATIVE:
            self.state = EmbeddingState.OFF

    def replace(self, flight: Iterable[bytes]) -> None:
        """Carry this flight from now on, and no longer the one before."""
        self.flight = deque(() if self.state is EmbeddingState.COMPLETE else flight)
        self.fresh = len(self.flight)
        self.repeats = 0
        self.repeat_at = None

    def note(self, datagram: bytes) -> bool:
        """Acknowledge a datagram of the peer's from now on; False when it came before."""
        checksum = zlib.crc32(datagram)
        if checksum in self.acknowledged:
            return False
        if self.active:
            self.acknowledged.append(checksum)
        return True

    def load(self, room: int) -> Load:
        """Give what the next message is to carry in so many bytes."""
        if not self.active:
            return Load()
        acknowledged = tuple(self.acknowledged)
        if _ATTRIBUTE_HEADER + 4 * len(acknowledged) > room:
            acknowledged = ()
        room -= _ATTRIBUTE_HEADER + 4 * len(acknowledged)
        if room < 0:
            return Load()
        return Load(acknowledged, self._next_datagram(room))

    def _next_datagram(self, room: int) -> bytes | None:
        if self.flight:
            datagram = self.flight[0]
            size = _ATTRIBUTE_HEADER + (len(datagram) + 3 & ~3)
            if size <= room and self.spent + size <= MAX_UNPROVEN:
                self.flight.rotate(-1)
                self.fresh = max(0, self.fresh - 1)
                self.spent += size
                return datagram
        nothing = self.state is EmbeddingState.CONFIRMED and room >= _ATTRIBUTE_HEADER
        return b"" if nothing else None

    def hear(self, heard: Heard) -> bytes | None:
        """Take what an authenticated message carried; gives a datagram that DTLS has not had."""
        if not self.active:
            return None
        draft = self.profile is EmbeddingProfile.DRAFT
        silent = heard.acknowledged is None and heard.datagram is None
        if self.state is EmbeddingState.TENTATIVE:
            self.state = EmbeddingState.OFF if silent else EmbeddingState.CONFIRMED
        elif silent and self.state is EmbeddingState.PENDING:
            self.complete()
        if silent:
            return None
        self._prune(heard, draft=draft)
        closing = heard.datagram is None
        if closing and draft and self.state is EmbeddingState.PENDING:
            self.complete()
        datagram = heard.datagram or b""
        fresh = is_embeddable(datagram) and self.note(datagram)
        return datagram if fresh else None

    def _prune(self, heard: Heard, *, draft: bool) -> None:
        """Drop from the flight what has arrived."""
        arrived = set(heard.acknowledged or ())
        # libwebrtc's first form has no such rule, and answers what it did not take.
        if draft and heard.answered is not None and heard.acknowledged is not None:
            arrived.add(heard.answered)
        if arrived:
            left = [zlib.crc32(each) not in arrived for each in self.flight]
            self.fresh = sum(left[: self.fresh])
            self.flight = deque(itertools.compress(self.flight, left))

    def settle(self) -> None:
        """Draw the last conclusion from a message: nobody waits for anything (goog)."""
        done = self.state is EmbeddingState.PENDING and not self.flight
        if done and self.profile is EmbeddingProfile.GOOG:
            self.complete()

    def finish(self, *, proven: bool) -> None:
        """Take note that the handshake is done here; `proven` says that the peer has all of it."""
        if self.state in (EmbeddingState.TENTATIVE, EmbeddingState.CONFIRMED):
            self.state = EmbeddingState.PENDING
            if proven and self.profile is EmbeddingProfile.DRAFT:
                self.replace(())

    def complete(self) -> None:
        """Carry nothing any more."""
        if self.state is not EmbeddingState.OFF:
            self.state = EmbeddingState.COMPLETE
        self.replace(())
        self.acknowledged.clear()

    def schedule(self, now: float, round_trip: float | None) -> None:
        """Say when the flight is due again, after it was sent just now."""
        if not self.flight or not self.active or self.repeats == MAX_REPEATS:
            self.repeat_at = None
            return
        interval = FIRST_INTERVAL if round_trip is None else max(MIN_INTERVAL, 1.25 * round_trip)
        interval *= 2 ** max(0, self.repeats - PATIENT_REPEATS)
        self.repeat_at = now + min(interval, MAX_INTERVAL)


def is_embeddable(datagram: bytes) -> bool:
    """Tell whether a datagram may be DTLS (RFC 7983 §7)."""
    return len(datagram) >= MIN_DATAGRAM and 20 <= datagram[0] <= 63
