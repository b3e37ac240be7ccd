"""Data channel attributes: RFC 8841, and the a=sctpmap form of its drafts."""

import base64
import binascii

from peer.records import dataclass
from sdp.errors import MalformedError
from sdp.tokens import is_token, parse_integer

DEFAULT_PORT = 5000
DEFAULT_MAX_MESSAGE_SIZE = 65536
MAX_INIT = 1024
"""Bytes of an INIT chunk that a description carries."""


@dataclass(frozen=True, slots=True)
class Sctpmap:
    """An a=sctpmap line: the format of the m= line is the SCTP port."""

    port: int
    protocol: str
    streams: int | None = None

    def __str__(self) -> str:
        text = f"{self.port} {self.protocol}"
        return text if self.streams is None else f"{text} {self.streams}"


@dataclass(frozen=True, slots=True)
class SctpAttributes:
    """SCTP attributes as written; a `max_message_size` of 0 means unlimited (RFC 8841 §6).

    `init` is the INIT chunk of a=sctp-init (draft-hancke-tsvwg-snap).
    """

    port: int | None = None
    max_message_size: int | None = None
    sctpmap: Sctpmap | None = None
    init: bytes | None = None


NO_SCTP = SctpAttributes()


def parse_sctp_port(value: str) -> int:
    """Parse the value of an a=sctp-port line. Raises MalformedError."""
    return parse_integer(value.strip(), maximum=65535)


def parse_max_message_size(value: str) -> int:
    """Parse the value of an a=max-message-size line. Raises MalformedError."""
    return parse_integer(value.strip(), maximum=2**64 - 1)


def parse_sctp_init(value: str) -> bytes:
    """Parse the value of an a=sctp-init line. Raises MalformedError."""
    if len(value) > 2 * MAX_INIT:
        raise MalformedError("a=sctp-init is too long")
    try:
        init = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("a=sctp-init is no base64") from None
    if not 0 < len(init) <= MAX_INIT:
        raise MalformedError(f"a=sctp-init has 1..{MAX_INIT} bytes")
    return init


def write_sctp_init(init: bytes) -> str:
    """Write the value of an a=sctp-init line."""
    return base64.b64encode(init).decode()


def parse_sctpmap(value: str) -> Sctpmap:
    """Parse the value of an a=sctpmap line; a fourth word is ignored. Raises MalformedError."""
    fields = value.split()
    if len(fields) < 2 or not is_token(fields[1]):
        raise MalformedError("a=sctpmap needs a port and a protocol")
    streams = parse_integer(fields[2], maximum=65535) if len(fields) > 2 else None
    return Sctpmap(parse_integer(fields[0], maximum=65535), fields[1], streams)
