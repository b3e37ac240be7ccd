"""State cookies: what is to be known of an INIT, kept by its sender (RFC 9260 §5.1.3)."""

import hmac
import struct

from peer.records import dataclass

from .initiation import Initiation

MAKER = b"aiopeer1"
"""The first bytes, as other implementations have them to be told by."""
LIFE = 60.0
"""Seconds that a cookie is taken."""

_MAC = 16
_BODY = struct.Struct("!dLLLLHHLBLL")
_FLAGS = ("limits", "resets", "interleaving", "interleaved_limits", "zero_checksum")


@dataclass(frozen=True, slots=True)
class Cookie:
    """Both sides as the INIT and its answer have them, and the tags of an association there was."""

    made_at: float
    local_tag: int
    local_tsn: int
    remote: Initiation
    tie_tags: tuple[int, int] = (0, 0)

    def seal(self, key: bytes) -> bytes:
        """Return the bytes, which only who has the key can make."""
        remote = self.remote
        flags = sum(getattr(remote, name) << bit for bit, name in enumerate(_FLAGS))
        sides = remote.window, remote.outgoing, remote.incoming, remote.tsn, flags
        tags = self.local_tag, self.local_tsn, remote.tag
        body = _BODY.pack(self.made_at, *tags, *sides, *self.tie_tags)
        return MAKER + _mac(key, body) + body


def open_cookie(data: bytes, key: bytes) -> Cookie | None:
    """Read a cookie of ours; None for anything else."""
    body = data[len(MAKER) + _MAC :]
    if len(body) != _BODY.size or not hmac.compare_digest(data, MAKER + _mac(key, body) + body):
        return None
    made_at, local_tag, local_tsn, tag, window, outgoing, incoming, tsn, flags, *ties = (
        _BODY.unpack(body)
    )
    limits, resets, interleaving, interleaved_limits, zero_checksum = (
        bool(flags >> bit & 1) for bit in range(len(_FLAGS))
    )
    remote = Initiation(
        tag,
        window,
        outgoing,
        incoming,
        tsn,
        limits,
        resets,
        interleaving,
        interleaved_limits,
        zero_checksum,
    )
    return Cookie(made_at, local_tag, local_tsn, remote, (ties[0], ties[1]))


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC]
