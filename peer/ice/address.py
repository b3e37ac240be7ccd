"""Transport addresses (RFC 8445 §4): an IP address literal and a port."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from .errors import InvalidParameterError


class TransportAddress(NamedTuple):
    """An IP address literal and a port, comparable with a plain ``(host, port)`` tuple.

    ``host`` is in canonical text form without brackets or zone id; ``port`` is 0..65535.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@lru_cache(maxsize=4096)
def parse_ip(host: str) -> IPv4Address | IPv6Address:
    """Parse an IP address literal. Raises ValueError when `host` is not one or has a zone id."""
    if "%" in host:
        raise ValueError(f"{host!r} has a zone id")
    return ip_address(host)


def canonical(address: tuple[str, int]) -> TransportAddress:
    """Put an address into canonical form.

    Raises InvalidParameterError when the host is not an IP literal, or the port none.
    """
    host, port = address
    if not 0 <= port <= 65535:
        raise InvalidParameterError(f"port {port} is outside 0..65535")
    try:
        return TransportAddress(_canonical_host(host), port)
    except ValueError as error:
        raise InvalidParameterError(str(error)) from error


@lru_cache(maxsize=4096)
def _canonical_host(host: str) -> str:
    return str(parse_ip(host))


def is_ipv6(host: str) -> bool:
    """Tell the family of an IP address literal."""
    return ":" in host


def is_link_local(host: str) -> bool:
    """Tell whether `host` is an IPv6 link-local address (RFC 4291 §2.5.6)."""
    # Four digits before the first colon: fe8::1 is 0fe8::1.
    return host[:3].lower() in ("fe8", "fe9", "fea", "feb") and host.find(":") == 4


def usable_as_remote(address: TransportAddress) -> bool:
    """Tell whether anything can be sent to an address: a port, one host."""
    return address.port != 0 and _is_one_host(address.host)


def usable_as_mapped(address: TransportAddress, observer: str) -> bool:
    """Tell whether an address that a server or peer saw us at can be a candidate.

    Only who is on this machine itself sees a loopback address.
    """
    loopback = parse_ip(address.host).is_loopback and not parse_ip(observer).is_loopback
    return usable_as_remote(address) and not loopback


@lru_cache(maxsize=4096)
def _is_one_host(host: str) -> bool:
    ip = parse_ip(host)
    return not (ip.is_unspecified or ip.is_multicast or host == "255.255.255.255")


@lru_cache(maxsize=4096)
def usable_as_host(host: str, *, loopback: bool = False, mapped: bool = False) -> bool:
    """Tell whether RFC 8445 §5.1.1.1 lets `host` be a host candidate.

    Loopback addresses and IPv4-mapped IPv6 addresses count only when asked for.
    """
    ip = parse_ip(host)
    if ip.is_loopback:
        return loopback
    if ip.is_unspecified or ip.is_multicast:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return mapped
        return not ip.is_site_local and int(ip) >> 32 != 0
    return True
