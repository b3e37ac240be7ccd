"""Incoming TCP connections on which nobody has authenticated yet (RFC 6544 §7.2).

Anybody may open them, so they are few, in all and from each source, and the newest may always
try: the oldest gives way. Each may send a few frames, which are checks or, from a peer that does
not wait for the answers to them, the beginning of DTLS.
"""

from collections import Counter
from collections.abc import Iterable

from .address import TransportAddress, is_ipv6, parse_ip
from .config import Limits
from .connection import Connection


def gives_way(
    connections: Iterable[Connection], remote: TransportAddress, limits: Limits
) -> Connection | None:
    """Find the connection that makes room for one from `remote`; None when there is room.

    `connections` are in the order they came in.
    """
    strangers = [each for each in connections if not each.authenticated]
    source = _source(remote)
    same = [each for each in strangers if _source(each.remote) == source]
    if len(same) >= limits.connections_per_source:
        return same[0]
    if len(strangers) < limits.connections:
        return None
    shares = Counter(_source(each.remote) for each in strangers)
    return max(strangers, key=lambda each: shares[_source(each.remote)])


def _source(remote: TransportAddress) -> str:
    """Give what one owner has: an IPv4 address, or the network of an IPv6 address (RFC 6177)."""
    if not is_ipv6(remote.host):
        return remote.host
    return f"{int(parse_ip(remote.host)) >> 64:x}"
