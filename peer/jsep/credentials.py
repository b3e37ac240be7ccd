"""Values made from entropy: ICE credentials, identifiers, SSRCs."""

import base64
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

Entropy: TypeAlias = Callable[[int], bytes]
"""Returns as many random bytes as asked for."""


class IceCredentials(NamedTuple):
    """Username fragment and password of one side of one ICE generation (RFC 8839 §5.4)."""

    ufrag: str
    pwd: str

    def __repr__(self) -> str:
        return f"IceCredentials(ufrag={self.ufrag!r})"


def make_credentials(entropy: Entropy) -> IceCredentials:
    """Make 48 bits of username fragment and 192 bits of password, all ice-char."""
    return IceCredentials(
        base64.b64encode(entropy(6)).decode(), base64.b64encode(entropy(24)).decode()
    )


def make_identifier(entropy: Entropy) -> str:
    """Make an identifier for a stream, a track or a CNAME (RFC 7022 §4.2)."""
    return base64.urlsafe_b64encode(entropy(12)).decode()


def make_ssrc(entropy: Entropy) -> int:
    """Make a synchronization source other than 0 (RFC 3550 §8)."""
    return int.from_bytes(entropy(4), "big") or 1


def make_session_id(entropy: Entropy) -> int:
    """Make the session id of the origin line, below 2^63 - 1 (RFC 9429 §5.2.1)."""
    return int.from_bytes(entropy(8), "big") % (2**63 - 1)
