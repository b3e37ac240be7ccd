"""Priorities of candidates and pairs (RFC 8445 §5.1.2, §6.1.2.3; RFC 8421; RFC 6544 §4.2)."""

from collections.abc import Sequence

from .address import is_ipv6
from .config import NetworkType

TYPE_PREFERENCE_HOST = 126
TYPE_PREFERENCE_PEER_REFLEXIVE = 110
TYPE_PREFERENCE_SERVER_REFLEXIVE = 100
TYPE_PREFERENCE_RELAYED = 0
TCP_PENALTY = 36
"""UDP is preferred over TCP (RFC 6544 §4.2): subtracted from the type preference for TCP."""

MAX_LOCAL_PREFERENCE = 65535
MAX_REMOTE_PRIORITY = 0xFFFFFFFF
"""Peers signal any 32-bit number as a priority, 0 too; ours are 1..2^31-1 (RFC 8445 §5.1.2)."""

_TCP_DIRECTION = {"active": 6, "passive": 4, "so": 2}
_TCP_DIRECTION_REFLEXIVE = {"so": 6, "active": 4, "passive": 2}

_INTERLEAVED = (
    NetworkType.WIRED,
    NetworkType.WIFI,
    NetworkType.UNKNOWN,
    NetworkType.LOOPBACK,
)
_LAST_RESORT = (NetworkType.CELLULAR, NetworkType.VPN, NetworkType.CONTAINER)


def candidate_priority(type_preference: int, local_preference: int, component: int) -> int:
    """Compute the priority of a candidate, 1..2^31-1 (RFC 8445 §5.1.2.1)."""
    return (type_preference << 24) + (local_preference << 8) + (256 - component)


def peer_reflexive_priority(local_preference: int, component: int, *, tcp: bool = False) -> int:
    """Compute the PRIORITY attribute of a check (RFC 8445 §7.1.1)."""
    preference = TYPE_PREFERENCE_PEER_REFLEXIVE - (TCP_PENALTY if tcp else 0)
    return candidate_priority(preference, local_preference, component)


def pair_priority(controlling: int, controlled: int) -> int:
    """Compute a pair's 64-bit priority from both candidates' priorities (RFC 8445 §6.1.2.3)."""
    if controlling > controlled:
        return (controlled << 32) + (controlling << 1) + 1
    return (controlling << 32) + (controlled << 1)


def tcp_local_preference(tcp_type: str, other_preference: int, *, reflexive: bool = False) -> int:
    """Compute the local preference of a TCP candidate (RFC 6544 §4.2).

    `other_preference` is 0..8191; `tcp_type` is active, passive or so.
    """
    table = _TCP_DIRECTION_REFLEXIVE if reflexive else _TCP_DIRECTION
    return (table[tcp_type] << 13) + other_preference


def preference_order(addresses: Sequence[tuple[str, NetworkType]]) -> list[int]:
    """Order addresses by preference, best first; returns indices into `addresses`.

    Wired, wireless and unknown networks intermingle the families as RFC 8421 §4 says: IPv6 gets
    a head start of (N4 + N6) / N4 addresses, then the families alternate. Expensive or
    unreliable networks (cellular, VPN, container bridges) come last, not intermingled
    (RFC 8421 §5).
    """
    by_network: dict[NetworkType, list[int]] = {}
    for i, (_, network) in enumerate(addresses):
        by_network.setdefault(network, []).append(i)
    good = [i for network in _INTERLEAVED for i in by_network.get(network, ())]
    order = _interleave(addresses, good)
    for network in _LAST_RESORT:
        if network in by_network:
            order += _interleave(addresses, by_network[network])
    return order


def _interleave(addresses: Sequence[tuple[str, NetworkType]], chosen: list[int]) -> list[int]:
    ipv6 = [i for i in chosen if is_ipv6(addresses[i][0])]
    ipv4 = [i for i in chosen if not is_ipv6(addresses[i][0])]
    if not ipv4 or not ipv6:
        return ipv6 + ipv4
    head_start = (len(ipv4) + len(ipv6)) // len(ipv4)
    order = ipv6[:head_start]
    rest = ipv6[head_start:]
    for i in range(max(len(ipv4), len(rest))):
        order += ipv4[i : i + 1] + rest[i : i + 1]
    return order
