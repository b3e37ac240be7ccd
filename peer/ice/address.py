"""Transport addresses (RFC 8445 §4): an IP address literal and a port."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple


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
    """Parse an IP address literal. Raises ValueError when `host` is not one."""
    return ip_address(host)


def is_ipv6(host: str) -> bool:
    """Tell the family of an IP address literal."""
    return ":" in host


def is_link_local(host: str) -> bool:
    """Tell whether `host` is an IPv6 link-local address (RFC 4291 §2.5.6)."""
    return host[:4].lower() in ("fe80", "fe90", "fea0", "feb0")
