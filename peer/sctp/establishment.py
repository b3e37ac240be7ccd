"""Setting an association up (RFC 9260 §5): what both sides say, and the cookie in between."""

import enum
from collections.abc import Callable
from math import inf

from peer.records import dataclass, replace

from .config import SctpConfig
from .cookie import LIFE, MAKER, Cookie, open_cookie
from .initiation import Initiation
from .wire import INIT, INIT_ACK, MASK

INTERVAL, MAX_INTERVAL = 1.0, 3.0
"""Seconds until INIT or COOKIE ECHO is sent again; ICE and DTLS see to peers that are gone."""
MAX_STALE = 3
"""Times that a peer may call our cookie stale."""
INITS_PER_SECOND, INITS_AT_ONCE = 10.0, 20.0
"""INITs and cookies that are answered."""
_TSN_STEP = 1_000_000


_TAKES_MANY = (MAKER, b"dcSCTP00", b"KAME-BSD")
"""Ourselves, Chromium's and what Firefox and libdatachannel have."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides can, as each direction has it."""

    remote: Initiation
    outgoing: int
    incoming: int
    limits: bool
    resets: bool
    interleaving: bool
    zero_checksum: bool
    """The peer takes packets without a checksum, so we take its own too."""
    maker: bytes = b""

    @property
    def is_ours(self) -> bool:
        """Tell whether the peer is of our own make."""
        return self.maker == MAKER

    @property
    def takes_many(self) -> bool:
        """Tell whether nothing speaks against opening any number of channels at once.

        There are stacks with room for a few that they have not answered (Pion: 16): what opens
        others is dropped, and sent again a time-out later. Descriptions say nothing of the maker.
        """
        return not self.maker or self.maker in _TAKES_MANY


class Verdict(enum.Enum):
    """What a COOKIE ECHO means to an association there is (RFC 9260 §5.2.4)."""

    NEW = "new"
    RESTART = "restart"
    COLLISION = "collision"
    REPEATED = "repeated"
    STALE = "stale"
    DISCARD = "discard"


class Establishment:
    """The INIT of ours and what comes of it; `at` is when to send again."""

    def __init__(
        self,
        config: SctpConfig,
        entropy: Callable[[int], bytes],
        local: Initiation | None = None,
    ) -> None:
        self._config = config
        self._entropy = entropy
        self._key = entropy(32)
        self.local = self._initiation(int.from_bytes(entropy(4), "big"))
        if local is not None:
            self.local = replace(self.local, tag=local.tag, tsn=local.tsn)
        self.at = inf
        self.cookie = b""
        self._tries = 0
        self._stale = 0
        self._credit = INITS_AT_ONCE
        self._credited_at = -inf

    def _initiation(self, tsn: int) -> Initiation:
        config = self._config
        return Initiation(
            tag=int.from_bytes(self._entropy(4), "big") or 1,
            window=config.window,
            outgoing=config.streams,
            incoming=config.streams,
            tsn=tsn,
            interleaving=config.interleaving,
            interleaved_limits=config.interleaving,
            zero_checksum=config.zero_checksum,
        )

    def wait(self, now: float) -> None:
        """Have what was sent now sent again if nothing comes."""
        self._tries += 1
        self.at = now + min(INTERVAL * self._tries, MAX_INTERVAL)

    def rest(self) -> None:
        """Send nothing again."""
        self.at = inf
        self._tries = 0
        self.cookie = b""

    def begin_again(self) -> bool:
        """Begin with INIT after a stale cookie; False when that has been too often."""
        self._stale += 1
        self.rest()
        return self._stale <= MAX_STALE

    def may_answer(self, now: float) -> bool:
        """Tell whether another INIT or cookie is answered, so that a flood of them costs little."""
        gained = max(0.0, now - self._credited_at) * INITS_PER_SECOND
        self._credit = min(INITS_AT_ONCE, self._credit + gained)
        self._credited_at = max(self._credited_at, now)
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def answer(self, init: Initiation, now: float, next_tsn: int | None, peer_tag: int) -> bytes:
        """Return the INIT ACK; nothing else is kept of the INIT.

        With an association there is, `next_tsn` is its next TSN and `peer_tag` the peer's tag.
        """
        local, ties = self.local, (0, 0)
        if next_tsn is not None:
            local = self._initiation((next_tsn + _TSN_STEP) & MASK)
            ties = self.local.tag, peer_tag
        cookie = Cookie(now, local.tag, local.tsn, init, ties).seal(self._key)
        told = replace(
            local,
            zero_checksum=local.zero_checksum or init.zero_checksum,
            cookie=cookie,
            unrecognized=init.unrecognized,
        )
        return told.serialize(INIT_ACK)

    def init(self) -> bytes:
        """Return our INIT."""
        return self.local.serialize(INIT)

    def token(self) -> bytes:
        """Return our INIT for a description: whoever reads it there knows all parameters."""
        return replace(self.local, zero_checksum=True).serialize(INIT)

    def judge(
        self, data: bytes, tag: int, now: float, remote: Initiation | None
    ) -> tuple[Verdict, Cookie] | None:
        """Judge a COOKIE ECHO in a packet with a tag; None when the cookie is not ours.

        `remote` is the peer as the association there is knows it.
        """
        cookie = open_cookie(data, self._key)
        if cookie is None or tag != cookie.local_tag:
            return None
        ours = cookie.local_tag == self.local.tag
        theirs = remote is not None and cookie.remote.tag == remote.tag
        fresh = now - cookie.made_at <= LIFE
        if ours and theirs:
            return Verdict.REPEATED, cookie
        if not fresh:
            return Verdict.STALE, cookie
        if remote is None:
            return (Verdict.NEW if ours else Verdict.DISCARD), cookie
        if ours:
            return Verdict.COLLISION, cookie
        if not theirs and cookie.tie_tags == (self.local.tag, remote.tag):
            return Verdict.RESTART, cookie
        return Verdict.DISCARD, cookie

    def take_over(self, cookie: Cookie) -> None:
        """Go by what a cookie says that we are: an association that restarts."""
        self.local = replace(self.local, tag=cookie.local_tag, tsn=cookie.local_tsn)

    def agree(self, remote: Initiation) -> Agreement:
        """Return what both sides can."""
        local = self.local
        interleaving = local.interleaving and remote.interleaving
        limits = remote.interleaved_limits if interleaving else remote.limits
        return Agreement(
            remote=remote,
            outgoing=min(local.outgoing, remote.incoming),
            incoming=min(local.incoming, remote.outgoing),
            limits=limits,
            resets=remote.resets,
            interleaving=interleaving,
            zero_checksum=remote.zero_checksum,
            maker=remote.cookie[: len(MAKER)],
        )
