"""Where checks may go on a peer's word: to no service of this machine or of its network.

Whoever writes the peer's candidates makes us send to the addresses in them, from inside our
network and before anybody has authenticated (RFC 8445 §19.5.1, RFC 8826 §3.3). So an address
that can be no peer's is refused, and so is a port of system services: as browsers do, 80 and 443
are left, on public addresses only. Addresses of this machine or this link alone are paired with
bases that are such addresses.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from .address import TransportAddress, parse_ip

FIRST_UNPRIVILEGED_PORT = 1024
WEB_PORTS = frozenset({80, 443})
"""What a peer behind a strict firewall may use (libwebrtc's exception)."""

_UNASSIGNABLE = (IPv4Network("0.0.0.0/8"), IPv4Network("240.0.0.0/4"))
_PRIVATE: tuple[IPv4Network | IPv6Network, ...] = (
    *(IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("127.0.0.0/8"),
    IPv6Network("fc00::/7"),
    IPv6Network("fe80::/10"),
    IPv6Network("fec0::/10"),
    IPv6Network("::1/128"),
)
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""What stands for an IPv4 address in its last bits (RFC 6052 §2.1, RFC 8215)."""
_COMPATIBLE = IPv6Network("::/96")


def may_be_told(address: TransportAddress, *, listens: bool = True) -> bool:
    """Tell whether a peer may name an address, one that something can be sent to.

    Not `listens` a candidate whose port means nothing: it opens connections and takes none.
    """
    if not _may_be_told(address.host):
        return False
    if address.port >= FIRST_UNPRIVILEGED_PORT or not listens:
        return True
    return address.port in WEB_PORTS and not _is_private(address.host)


def in_scope(base: str, remote: str) -> bool:
    """Tell whether an address is where a base's address is: this machine, this link, or beyond."""
    scope = _scope(remote)
    return scope is None or scope == _scope(base)


def may_redirect(server: str, host: str, *, authenticated: bool) -> bool:
    """Tell whether a server may send us on to an address (RFC 8489 §10).

    Never into this machine or link from outside; on the word of somebody who may be anybody, not
    from a public address into a private network either.
    """
    if not _may_be_told(host) or not in_scope(server, host):
        return False
    return authenticated or _is_private(server) or not _is_private(host)


@lru_cache(maxsize=4096)
def _may_be_told(host: str) -> bool:
    ip = parse_ip(host)
    if isinstance(ip, IPv6Address):
        inner = _inner(ip)
        if inner is None:
            return True
        return _may_be_told(str(inner)) and _scope(str(inner)) is None and not inner.is_multicast
    return not any(ip in network for network in _UNASSIGNABLE)


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 address stands for, None when it does not."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    last = IPv4Address(int(ip) & 0xFFFFFFFF)
    if any(ip in network for network in _TRANSLATED):
        return last
    return last if ip in _COMPATIBLE and not ip.is_loopback else None


@lru_cache(maxsize=4096)
def _is_private(host: str) -> bool:
    ip = parse_ip(host)
    if isinstance(ip, IPv6Address) and (inner := _inner(ip)) is not None:
        ip = inner
    return any(ip in network for network in _PRIVATE)


@lru_cache(maxsize=4096)
def _scope(host: str) -> str | None:
    ip = parse_ip(host)
    if ip.is_loopback:
        return "machine"
    return "link" if ip.is_link_local else None
