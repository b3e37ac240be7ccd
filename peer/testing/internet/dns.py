"""Names in the simulation, with DNS64 for networks that have IPv6 alone (RFC 6147)."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from peer.ice.address import is_ipv6

WELL_KNOWN_PREFIX = "64:ff9b::/96"
"""The prefix of RFC 6052 §2.1."""


def embed_ipv4(prefix: str, address: str) -> str:
    """The IPv6 address that stands for an IPv4 one behind a /96 prefix (RFC 6052 §2.2)."""
    return str(IPv6Network(prefix)[int(IPv4Address(address))])


def extract_ipv4(prefix: str, address: str) -> str | None:
    """The IPv4 address that an IPv6 one stands for; None when it is not in the prefix."""
    parsed = IPv6Address(address)
    return str(IPv4Address(int(parsed) & 0xFFFFFFFF)) if parsed in IPv6Network(prefix) else None


class Dns:
    """Names and their addresses, the same for everyone except for what DNS64 adds."""

    def __init__(self) -> None:
        # By this name hosts find out about DNS64 (RFC 7050 §3).
        self._records = {"ipv4only.arpa": ["192.0.0.170", "192.0.0.171"]}

    def add(self, name: str, *addresses: str) -> None:
        """Let `name` have `addresses` from now on, and no others."""
        self._records[name.lower()] = list(addresses)

    def resolve(self, name: str, *, dns64: str | None = None) -> list[str]:
        """All addresses of `name`, IPv6 first; empty for an unknown name.

        `dns64` is the prefix of the asking network's NAT64: names without IPv6 addresses then
        get some, made of the IPv4 ones (RFC 6147 §5.1.7).
        """
        addresses = self._records.get(name.lower(), [])
        ipv4 = [address for address in addresses if not is_ipv6(address)]
        ipv6 = [address for address in addresses if is_ipv6(address)]
        if not ipv6 and dns64 is not None:
            ipv6 = [embed_ipv4(dns64, address) for address in ipv4]
        return ipv6 + ipv4
