"""Data channel attributes: RFC 8841, and the a=sctpmap form of its drafts."""

from peer.records import dataclass
from sdp.errors import MalformedError
from sdp.tokens import is_token, parse_integer

DEFAULT_PORT = 5000
DEFAULT_MAX_MESSAGE_SIZE = 65536


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
    """SCTP attributes as written; a `max_message_size` of 0 means unlimited (RFC 8841 §6)."""

    port: int | None = None
    max_message_size: int | None = None
    sctpmap: Sctpmap | None = None


NO_SCTP = SctpAttributes()


def parse_sctp_port(value: str) -> int:
    """Parse the value of an a=sctp-port line. Raises MalformedError."""
    return parse_integer(value.strip(), maximum=65535)


def parse_max_message_size(value: str) -> int:
    """Parse the value of an a=max-message-size line. Raises MalformedError."""
    return parse_integer(value.strip(), maximum=2**64 - 1)


def parse_sctpmap(value: str) -> Sctpmap:
    """Parse the value of an a=sctpmap line; a fourth word is ignored. Raises MalformedError."""
    fields = value.split()
    if len(fields) < 2 or not is_token(fields[1]):
        raise MalformedError("a=sctpmap needs a port and a protocol")
    streams = parse_integer(fields[2], maximum=65535) if len(fields) > 2 else None
    return Sctpmap(parse_integer(fields[0], maximum=65535), fields[1], streams)
