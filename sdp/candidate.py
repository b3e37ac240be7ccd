"""The candidate attribute (RFC 8839 §5.1, RFC 6544 §4.5)."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from sdp.errors import MalformedError, SdpError
from sdp.tokens import is_ice_chars, is_scalar, parse_integer

_TYPES = frozenset({"host", "srflx", "prflx", "relay"})
_TRANSPORTS = frozenset({"udp", "tcp"})
_TCP_TYPES = frozenset({"active", "passive", "so"})
_COMPONENTS = range(1, 257)
_MAX_FOUNDATION_LENGTH = 32
_MAX_PRIORITY = 2**31 - 1
_MAX_LENGTH = 2048
_MAX_ADDRESS_LENGTH = 255


class Candidate(NamedTuple):
    """A candidate as signalled, `transport` and `type` in lower case.

    `address` is an IP literal without brackets, or a name; `extensions` are in the order written.
    Peers write any 32-bit number for `priority`, though RFC 8839 §5.1 has 1 to 2^31 - 1.
    """

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None = None
    related_port: int | None = None
    tcp_type: str | None = None
    extensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return serialize_candidate(self)

    def extension(self, name: str) -> str | None:
        """Return the value of the first extension called `name`."""
        for key, value in self.extensions:
            if key == name:
                return value
        return None

    @property
    def ufrag(self) -> str | None:
        """Username fragment carried as an extension, as browsers do in events."""
        return self.extension("ufrag")

    @property
    def is_mdns(self) -> bool:
        """Tell whether the address is a multicast DNS name."""
        return self.address.lower().endswith(".local")

    @property
    def skip_reason(self) -> str | None:
        """Say why a receiver must ignore this candidate, None when it may be used (§5.1)."""
        if self.component not in _COMPONENTS:
            return f"component {self.component} is out of range"
        if self.transport not in _TRANSPORTS:
            return f"unknown transport {self.transport[:32]}"
        if self.type not in _TYPES:
            return f"unknown candidate type {self.type[:32]}"
        if self.transport == "tcp" and self.tcp_type not in _TCP_TYPES:
            return "TCP candidate without a known tcptype"
        if len(self.address) > _MAX_ADDRESS_LENGTH:
            return "address is too long"
        if not self.is_mdns and not _is_ip_literal(self.address):
            return "address is neither an IP literal nor a .local name"
        return None


def parse_candidate(text: str) -> Candidate:
    """Parse a candidate attribute, with or without ``a=`` and ``candidate:`` in front.

    Raises SdpError (line 1) when the grammar is broken. Unknown transports, types, components and
    host names parse; see `Candidate.skip_reason`.
    """
    value = text.strip().removeprefix("a=").removeprefix("candidate:")
    try:
        return parse_candidate_value(value)
    except MalformedError as error:
        raise SdpError(1, str(error)) from None


def _take_silently(reason: str) -> None:
    """Note nothing."""


def parse_candidate_value(
    value: str, tolerate: Callable[[str], None] = _take_silently
) -> Candidate:
    """Parse what follows ``a=candidate:``. Raises MalformedError.

    `tolerate` is told of what is odd and harms nothing.
    """
    if len(value) > _MAX_LENGTH:
        raise MalformedError("candidate too long")
    if "\0" in value:
        raise MalformedError("candidate contains NUL")
    if not is_scalar(value):
        raise MalformedError("candidate contains half of a character")
    fields = value.split()
    if len(fields) < 8 or fields[6].lower() != "typ":
        raise MalformedError("candidate needs eight fields, the seventh being 'typ'")
    foundation, component, transport, priority, address, port, _, kind = fields[:8]
    transport = transport.lower()
    related_address, related_port, tcp_type, extensions = _parse_extensions(fields, tolerate)
    if transport == "tcp" and tcp_type is None:
        # As Chromium reads it; from times when libwebrtc wrote none, with port 0 where it connects.
        tcp_type = "active" if port in ("0", "9") else "passive"
        tolerate(f"TCP candidate without tcptype is taken for {tcp_type}")
    candidate = Candidate(
        foundation,
        parse_integer(component, maximum=2**32 - 1),
        transport,
        parse_integer(priority, maximum=2**32 - 1),
        _without_brackets(address, tolerate),
        parse_integer(port, maximum=65535),
        kind.lower(),
        related_address,
        related_port,
        tcp_type,
        extensions,
    )
    if len(foundation) > _MAX_FOUNDATION_LENGTH or not is_ice_chars(foundation):
        tolerate("candidate foundation is not 1 to 32 ice-char")
    if not 1 <= candidate.priority <= _MAX_PRIORITY:
        tolerate("candidate priority is not 1 to 2^31 - 1")
    return candidate


def serialize_candidate(candidate: Candidate) -> str:
    """Return the attribute's value with its ``candidate:`` prefix, as W3C interfaces carry it."""
    text = (
        f"candidate:{candidate.foundation} {candidate.component} {candidate.transport} "
        f"{candidate.priority} {candidate.address} {candidate.port} typ {candidate.type}"
    )
    if candidate.related_address is not None:
        text += f" raddr {candidate.related_address}"
    if candidate.related_port is not None:
        text += f" rport {candidate.related_port}"
    if candidate.tcp_type is not None:
        text += f" tcptype {candidate.tcp_type}"
    for name, value in candidate.extensions:
        text += f" {name} {value}"
    return text


def _parse_extensions(
    fields: list[str], tolerate: Callable[[str], None]
) -> tuple[str | None, int | None, str | None, tuple[tuple[str, str], ...]]:
    related_address = related_port = tcp_type = None
    extensions = []
    # A name without a value at the end is ignored.
    for name, value in zip(fields[8::2], fields[9::2], strict=False):
        if name == "raddr":
            related_address = _without_brackets(value, tolerate)
        elif name == "rport":
            related_port = _related_port(value, tolerate)
        elif name == "tcptype":
            tcp_type = value.lower()
        else:
            extensions.append((name, value))
    return related_address, related_port, tcp_type, tuple(extensions)


def _related_port(value: str, tolerate: Callable[[str], None]) -> int | None:
    """Nothing is ever sent to a related address; it is shown in statistics."""
    try:
        return parse_integer(value, maximum=65535)
    except MalformedError:
        tolerate("candidate with an rport that is no port")
        return None


def _without_brackets(address: str, tolerate: Callable[[str], None]) -> str:
    if address.startswith("[") and address.endswith("]"):
        tolerate("candidate address in brackets")
        return address[1:-1]
    return address


@lru_cache(maxsize=1024)
def _is_ip_literal(address: str) -> bool:
    # A zone has a meaning on the peer's machine only.
    if "%" in address:
        return False
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
