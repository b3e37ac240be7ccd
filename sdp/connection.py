"""Addresses of a description: connection data (RFC 8866 §5.7) and a=rtcp (RFC 3605 §2.1)."""

from peer.records import dataclass
from sdp.errors import MalformedError
from sdp.tokens import is_token, parse_integer


@dataclass(frozen=True, slots=True)
class Connection:
    """Connection data; `address` may be a name, and may carry a multicast TTL or count suffix."""

    address: str
    addrtype: str = "IP4"
    nettype: str = "IN"

    def __str__(self) -> str:
        return f"{self.nettype} {self.addrtype} {self.address}"


UNSPECIFIED = Connection("0.0.0.0")


@dataclass(frozen=True, slots=True)
class RtcpAddress:
    """Where RTCP goes; the address is that of the media when `connection` is None."""

    port: int
    connection: Connection | None = None

    def __str__(self) -> str:
        return str(self.port) if self.connection is None else f"{self.port} {self.connection}"


def parse_connection(value: str) -> Connection:
    """Parse the value of a ``c=`` line. Raises MalformedError."""
    fields = value.split()
    if len(fields) != 3:
        raise MalformedError("connection data needs a network type, an address type and an address")
    nettype, addrtype, address = fields
    if not (is_token(nettype) and is_token(addrtype)):
        raise MalformedError("network type or address type is not a token")
    return Connection(address, addrtype.upper(), nettype.upper())


def parse_rtcp_address(value: str) -> RtcpAddress:
    """Parse the value of an ``a=rtcp`` line. Raises MalformedError."""
    port, _, rest = value.strip().partition(" ")
    return RtcpAddress(parse_integer(port, maximum=65535), parse_connection(rest) if rest else None)
