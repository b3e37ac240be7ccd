"""INIT and INIT ACK: what each side says of itself (RFC 9260 §3.3.2; RFC 8831 §6.1)."""

import struct

from peer.records import dataclass

from .wire import (
    CHUNK_HEADER,
    EXTENSIONS,
    FORWARD_TSN,
    FORWARD_TSN_SUPPORTED,
    HEADER,
    I_DATA,
    I_FORWARD_TSN,
    INIT,
    LONG,
    RE_CONFIG,
    STATE_COOKIE,
    UNRECOGNIZED,
    ZERO_CHECKSUM,
    Parameter,
    read_parameters,
    write_chunk,
    write_parameter,
    write_parameters,
)

MAX_TOKEN = 1024
"""Bytes of an INIT that a description carries."""
MIN_WINDOW = 1500

_BODY = struct.Struct("!LLHHL")
_OVER_DTLS = LONG.pack(1)
"""The error detection method of DTLS (RFC 9653 §4)."""
_KNOWN = {STATE_COOKIE, UNRECOGNIZED, ZERO_CHECKSUM, EXTENSIONS, FORWARD_TSN_SUPPORTED}
_HARMLESS = {5, 6, 9, 11, 12, 0x8000, 0x8002, 0x8003, 0x8004, 0xC001, 0xC004, 0xC006}
"""Addresses and authentication, which mean nothing over DTLS and are no reason for a report."""
_MAX_REPORTED = 8


@dataclass(frozen=True, slots=True)
class Initiation:
    """The contents of an INIT or INIT ACK; `tag` is what its sender wants to find in packets."""

    tag: int
    window: int
    outgoing: int
    incoming: int
    tsn: int
    limits: bool = True
    """Messages may be given up (RFC 3758)."""
    resets: bool = True
    """Streams may be reset (RFC 6525)."""
    interleaving: bool = False
    """Messages may be mixed (RFC 8260)."""
    interleaved_limits: bool = False
    """They may be given up then (RFC 8260 §2.3)."""
    zero_checksum: bool = False
    """Packets without a checksum are taken (RFC 9653)."""
    cookie: bytes = b""
    unrecognized: tuple[bytes, ...] = ()

    @property
    def acceptable(self) -> bool:
        """Tell whether an association may be had with it (RFC 9260 §3.3.2)."""
        streams = self.outgoing and self.incoming
        return bool(self.tag and streams and self.window >= MIN_WINDOW)

    def serialize(self, kind: int = INIT) -> bytes:
        """Return the chunk."""
        extensions = bytes((RE_CONFIG, FORWARD_TSN))
        if self.interleaving:
            extensions += bytes((I_DATA, I_FORWARD_TSN))
        parameters = [write_parameter(FORWARD_TSN_SUPPORTED)]
        if self.zero_checksum:
            parameters.append(write_parameter(ZERO_CHECKSUM, _OVER_DTLS))
        parameters.append(write_parameter(EXTENSIONS, extensions))
        if self.cookie:
            parameters.append(write_parameter(STATE_COOKIE, self.cookie))
        parameters += [write_parameter(UNRECOGNIZED, one) for one in self.unrecognized]
        head = _BODY.pack(self.tag, self.window, self.outgoing, self.incoming, self.tsn)
        return write_chunk(kind, head + write_parameters(*parameters))


def read_initiation(body: bytes) -> Initiation | None:
    """Read the body of an INIT or INIT ACK; None when it cannot be one."""
    if len(body) < _BODY.size:
        return None
    parameters = read_parameters(body[_BODY.size :])
    if parameters is None:
        return None
    said = {parameter.kind: parameter.value for parameter in parameters}
    extensions = said.get(EXTENSIONS, b"")
    limits = FORWARD_TSN_SUPPORTED in said or FORWARD_TSN in extensions
    tag, window, outgoing, incoming, tsn = _BODY.unpack_from(body)
    return Initiation(
        tag,
        window,
        outgoing,
        incoming,
        tsn,
        limits=limits,
        resets=RE_CONFIG in extensions,
        interleaving=I_DATA in extensions,
        interleaved_limits=I_FORWARD_TSN in extensions,
        zero_checksum=said.get(ZERO_CHECKSUM) == _OVER_DTLS,
        cookie=said.get(STATE_COOKIE, b""),
        unrecognized=_reported(parameters),
    )


def _reported(parameters: list[Parameter]) -> tuple[bytes, ...]:
    """Return what is unknown and to be reported, up to where reading has to stop (§3.2.1)."""
    found: list[bytes] = []
    for kind, value in parameters:
        if kind in _KNOWN or kind in _HARMLESS:
            continue
        if kind & 0x4000 and len(found) < _MAX_REPORTED:
            found.append(write_parameter(kind, value[:64]))
        if not kind & 0x8000:
            break
    return tuple(found)


def read_token(token: bytes) -> Initiation | None:
    """Read an INIT chunk that a description carries; None when it is not exactly one."""
    if not CHUNK_HEADER < len(token) <= MAX_TOKEN:
        return None
    kind, _, length = HEADER.unpack_from(token)
    if kind != INIT or not length <= len(token) <= length + (-length & 3):
        return None
    initiation = read_initiation(token[CHUNK_HEADER:length])
    return initiation if initiation is not None and initiation.acceptable else None
