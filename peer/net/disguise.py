"""What of our addresses the peer is told (RFC 8828, draft-ietf-mmusic-mdns-ice-candidates)."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

from peer.ice import Candidate, CandidateType, TransportAddress

from .interfaces import AddressPolicy

_DISCARD_PORT = 9


def disguise(
    candidate: Candidate, policy: AddressPolicy, name_of: Callable[[str], str] | None
) -> Candidate | None:
    """Give a local candidate as it may be signalled, None when it may not be at all.

    `name_of` gives the ``.local`` name of a host address, None leaves host addresses as they are.
    """
    hidden = name_of is not None or policy is AddressPolicy.DEFAULT_ROUTE_PUBLIC
    if not hidden:
        return candidate
    if candidate.type is CandidateType.HOST:
        if ip_address(candidate.address.host).is_global and name_of is None:
            return candidate
        return None if name_of is None else _named(candidate, name_of)
    # Draft §3.1.2.2: the related address would tell what the name hides.
    unspecified = "::" if ":" in candidate.address.host else "0.0.0.0"
    return replace(candidate, related_address=TransportAddress(unspecified, _DISCARD_PORT))


def _named(candidate: Candidate, name_of: Callable[[str], str]) -> Candidate:
    name = name_of(candidate.address.host)
    return replace(candidate, address=TransportAddress(name, candidate.address.port))
