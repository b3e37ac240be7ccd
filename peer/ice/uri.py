"""STUN and TURN URIs (RFC 7064, RFC 7065), with the W3C's and RFC 8835's reading of them."""

import enum
import re

from peer.records import dataclass

from .address import parse_ip
from .errors import InvalidParameterError
from .turn import TurnTransport

DEFAULT_PORT = 3478
DEFAULT_TLS_PORT = 5349

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_URI = re.compile(
    r"(?P<scheme>[A-Za-z]+):"
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/?#@]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?transport=(?P<transport>[A-Za-z]+))?"
)


class Scheme(enum.Enum):
    """The four schemes."""

    STUN = "stun"
    STUNS = "stuns"
    TURN = "turn"
    TURNS = "turns"


@dataclass(frozen=True, slots=True)
class ServerUri:
    """A parsed URI. `host` is a name or an IP literal without brackets."""

    scheme: Scheme
    host: str
    port: int
    transport: TurnTransport

    @property
    def relays(self) -> bool:
        """Tell whether it names a TURN server, which needs a username and a credential."""
        return self.scheme in (Scheme.TURN, Scheme.TURNS)


def parse_server_uri(text: str) -> ServerUri:
    """Parse a STUN or TURN URI (RFC 7064 §3.1, RFC 7065 §3.1).

    Without a port 3478 is meant, 5349 for the secure schemes. `turn` without a transport means
    UDP, `turns` TLS over TCP (RFC 8835 §3.4); `turns` over UDP is DTLS. Raises
    InvalidParameterError for anything else: paths, user names, a transport on a STUN URI.
    """
    match = _URI.fullmatch(text)
    if match is None:
        # What stands before an @ may be a password, and errors end up in logs.
        host = text.rpartition("@")[2]
        raise InvalidParameterError(f"{host!r} is no STUN or TURN URI")
    try:
        scheme = Scheme(match["scheme"].lower())
    except ValueError:
        raise InvalidParameterError(f"{text!r} has an unknown scheme") from None
    return ServerUri(
        scheme, _host(match, text), _port(match, scheme, text), _transport(match, scheme, text)
    )


def _host(match: re.Match[str], text: str) -> str:
    literal: str | None = match["ipv6"]
    if literal is not None:
        try:
            return str(parse_ip(literal))
        except ValueError:
            raise InvalidParameterError(f"{text!r} has a malformed address") from None
    host: str = match["host"]
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise InvalidParameterError(f"{text!r} has a malformed host name")
    return host


def _port(match: re.Match[str], scheme: Scheme, text: str) -> int:
    if match["port"] is None:
        secure = scheme in (Scheme.STUNS, Scheme.TURNS)
        return DEFAULT_TLS_PORT if secure else DEFAULT_PORT
    port = int(match["port"])
    if not 1 <= port <= 65535:
        raise InvalidParameterError(f"{text!r} has a port outside 1..65535")
    return port


def _transport(match: re.Match[str], scheme: Scheme, text: str) -> TurnTransport:
    asked = match["transport"]
    if asked is None:
        secure = scheme in (Scheme.STUNS, Scheme.TURNS)
        return TurnTransport.TLS if secure else TurnTransport.UDP
    known = {
        (Scheme.TURN, "udp"): TurnTransport.UDP,
        (Scheme.TURN, "tcp"): TurnTransport.TCP,
        (Scheme.TURNS, "tcp"): TurnTransport.TLS,
        (Scheme.TURNS, "udp"): TurnTransport.DTLS,
    }
    transport = known.get((scheme, asked.lower()))
    if transport is None:
        raise InvalidParameterError(f"{text!r} asks for a transport that {scheme.value} has not")
    return transport
