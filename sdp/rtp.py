"""RTP payload formats and header extensions of a media section (RFC 8866 §6.6, RFC 8285)."""

from functools import lru_cache
from typing import NamedTuple

from peer.records import dataclass
from sdp.direction import Direction
from sdp.errors import MalformedError
from sdp.fmtp import Parameters, get_parameter, serialize_parameters
from sdp.tokens import is_token, parse_integer

_MAX_ENCODING_LENGTH = 128
_MAX_EXTMAP_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Feedback:
    """One a=rtcp-fb value: ``Feedback("nack", "pli")`` (RFC 4585 §4.2)."""

    type: str
    parameter: str | None = None

    def __str__(self) -> str:
        return self.type if self.parameter is None else f"{self.type} {self.parameter}"


@dataclass(frozen=True, slots=True)
class Codec:
    """A payload format: what a=rtpmap, a=fmtp and a=rtcp-fb say of one payload type.

    `parameters` holds (name, value) pairs of a=fmtp in their order; value is None for a bare word.
    """

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: Parameters = ()
    feedback: tuple[Feedback, ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the value of the format parameter `name`, in any case, or None."""
        return get_parameter(self.parameters, name)

    @property
    def fmtp(self) -> str:
        """Format parameters as one line, empty when there are none."""
        return serialize_parameters(self.parameters)

    @property
    def rtpmap(self) -> str:
        """Encoding as a=rtpmap writes it after the payload type."""
        suffix = f"/{self.channels}" if self.channels != 1 else ""
        return f"{self.name}/{self.clock_rate}{suffix}"


@dataclass(frozen=True, slots=True)
class Extmap:
    """A header extension mapping; `direction` None means that of the stream (RFC 8285 §5)."""

    id: int
    uri: str
    direction: Direction | None = None
    attributes: str | None = None

    def __str__(self) -> str:
        text = str(self.id) if self.direction is None else f"{self.id}/{self.direction.value}"
        text = f"{text} {self.uri}"
        return text if self.attributes is None else f"{text} {self.attributes}"


# RFC 3551 §6: payload types that mean something without a=rtpmap.
STATIC_CODECS = {
    payload_type: Codec(payload_type, name, clock_rate, channels)
    for payload_type, name, clock_rate, channels in (
        (0, "PCMU", 8000, 1),
        (3, "GSM", 8000, 1),
        (4, "G723", 8000, 1),
        (5, "DVI4", 8000, 1),
        (6, "DVI4", 16000, 1),
        (7, "LPC", 8000, 1),
        (8, "PCMA", 8000, 1),
        (9, "G722", 8000, 1),
        (10, "L16", 44100, 2),
        (11, "L16", 44100, 1),
        (12, "QCELP", 8000, 1),
        (13, "CN", 8000, 1),
        (14, "MPA", 90000, 1),
        (15, "G728", 8000, 1),
        (16, "DVI4", 11025, 1),
        (17, "DVI4", 22050, 1),
        (18, "G729", 8000, 1),
        (25, "CelB", 90000, 1),
        (26, "JPEG", 90000, 1),
        (28, "nv", 90000, 1),
        (31, "H261", 90000, 1),
        (32, "MPV", 90000, 1),
        (33, "MP2T", 90000, 1),
        (34, "H263", 90000, 1),
    )
}
CONGESTION_FEEDBACK = Feedback("ack", "ccfb")
"""Reports of when packets arrived, in the format of RFC 8888."""
_DIRECTIONS = {direction.value: direction for direction in Direction}
# Most lines of a browser's offer are these; records are immutable, so one of each is enough.
_COMMON_FEEDBACK = {
    str(feedback): feedback
    for feedback in (
        Feedback("goog-remb"),
        Feedback("transport-cc"),
        Feedback("ccm", "fir"),
        Feedback("nack"),
        Feedback("nack", "pli"),
    )
}


class Encoding(NamedTuple):
    """What a=rtpmap says of a payload type; `oddity` is what was let pass in it."""

    name: str
    clock_rate: int
    channels: int
    oddity: str = ""


# Peers send the same few mappings over and over. Too long a value is an error, hence not cached.
@lru_cache(maxsize=512)
def parse_encoding(value: str) -> Encoding:
    """Parse ``<name>/<clock rate>[/<channels>]`` of an a=rtpmap line. Raises MalformedError.

    A number of channels that is none counts as left out.
    """
    if len(value) > _MAX_ENCODING_LENGTH:
        raise MalformedError("a=rtpmap is too long")
    name, *numbers = value.strip().split("/")
    if not is_token(name) or not numbers:
        raise MalformedError("a=rtpmap needs a name and a clock rate")
    clock_rate = parse_integer(numbers[0], minimum=1, maximum=2**32 - 1)
    if len(numbers) == 1:
        return Encoding(name, clock_rate, 1)
    try:
        return Encoding(
            name, clock_rate, parse_integer("/".join(numbers[1:]), minimum=1, maximum=255)
        )
    except MalformedError:
        return Encoding(name, clock_rate, 1, "a=rtpmap with a malformed number of channels")


def parse_feedback(value: str) -> Feedback:
    """Parse what follows the payload type of an a=rtcp-fb line. Raises MalformedError."""
    common = _COMMON_FEEDBACK.get(value)
    if common is not None:
        return common
    fields = value.split(None, 1)
    if not fields or not is_token(fields[0]):
        raise MalformedError("a=rtcp-fb needs a type")
    return Feedback(fields[0], fields[1].rstrip() if len(fields) == 2 else None)


@lru_cache(maxsize=512)
def parse_extmap(value: str) -> Extmap:
    """Parse the value of an a=extmap line. Raises MalformedError.

    Identifiers 4096 to 4351 of offers pass (RFC 8285 §7): a receiver remaps or drops them.
    """
    fields = value.split(None, 2)
    if len(fields) < 2 or len(value) > _MAX_EXTMAP_LENGTH:
        raise MalformedError("a=extmap needs an identifier and a URI")
    identifier, slash, direction = fields[0].partition("/")
    if slash and direction not in _DIRECTIONS:
        raise MalformedError("a=extmap with an unknown direction")
    number = parse_integer(identifier, minimum=1, maximum=4351)
    if 255 < number < 4096:
        raise MalformedError("a=extmap identifier out of range")
    return Extmap(
        number,
        fields[1],
        _DIRECTIONS[direction] if slash else None,
        fields[2].rstrip() if len(fields) == 3 else None,
    )
