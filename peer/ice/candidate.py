"""Candidates (RFC 8445 §5.1, RFC 6544 §4.1) and their foundations (RFC 8445 §5.1.1.3)."""

import enum

from peer.records import dataclass

from .address import TransportAddress
from .config import NetworkType
from .priority import (
    TCP_PENALTY,
    TYPE_PREFERENCE_HOST,
    TYPE_PREFERENCE_PEER_REFLEXIVE,
    TYPE_PREFERENCE_RELAYED,
    TYPE_PREFERENCE_SERVER_REFLEXIVE,
)


class CandidateType(enum.Enum):
    """How a candidate was found (RFC 8445 §5.1.1); values as in SDP (RFC 8839 §5.1)."""

    # Enum hashes the name in Python code, and tables have the kinds of candidates as their keys.
    __hash__ = object.__hash__

    HOST = "host"
    SERVER_REFLEXIVE = "srflx"
    PEER_REFLEXIVE = "prflx"
    RELAYED = "relay"


class TransportProtocol(enum.Enum):
    """The transport protocol of a candidate."""

    __hash__ = object.__hash__

    UDP = "udp"
    TCP = "tcp"


class TcpType(enum.Enum):
    """Who opens the connection (RFC 6544 §4.1)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    SIMULTANEOUS_OPEN = "so"


DISCARD_PORT = 9
"""The port an active TCP candidate carries (RFC 6544 §4.1)."""

_TYPE_PREFERENCE = {
    CandidateType.HOST: TYPE_PREFERENCE_HOST,
    CandidateType.PEER_REFLEXIVE: TYPE_PREFERENCE_PEER_REFLEXIVE,
    CandidateType.SERVER_REFLEXIVE: TYPE_PREFERENCE_SERVER_REFLEXIVE,
    CandidateType.RELAYED: TYPE_PREFERENCE_RELAYED,
}


def type_preference(kind: CandidateType, transport: TransportProtocol) -> int:
    """Give the type preference, 0..126 (RFC 8445 §5.1.2.2; lower for TCP, RFC 6544 §4.2)."""
    preference = _TYPE_PREFERENCE[kind]
    return max(0, preference - TCP_PENALTY) if transport is TransportProtocol.TCP else preference


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate as it is signalled.

    `priority` is 1..2^31-1, of the peer 0..2^32-1, and `component` 1..256. `related_address` is the
    base of a reflexive and the mapped address of a relayed candidate. Of the optional fields `url`,
    `relay_protocol` and `network` are known for local candidates only. `hidden` marks one whose
    address must not show: a remote one that came as an mDNS name, a local one that is not
    signalled.
    """

    foundation: str
    component: int
    transport: TransportProtocol
    priority: int
    address: TransportAddress
    type: CandidateType
    related_address: TransportAddress | None = None
    tcp_type: TcpType | None = None
    url: str | None = None
    relay_protocol: str | None = None
    network: NetworkType | None = None
    hidden: bool = False


class Foundations:
    """Gives out foundations: equal exactly for candidates of equal kind (RFC 8445 §5.1.1.3).

    One instance serves a whole agent, because foundations are compared across data streams.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[CandidateType, str, str, TransportProtocol], str] = {}

    def find(
        self, kind: CandidateType, base_host: str, server: str, transport: TransportProtocol
    ) -> str:
        """Give the foundation for a type, base IP, server IP ("" for none) and protocol."""
        key = (kind, base_host, server, transport)
        return self._known.setdefault(key, str(len(self._known) + 1))
