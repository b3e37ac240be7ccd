"""Media streams and sources: a=msid (RFC 8830), a=ssrc and a=ssrc-group (RFC 5576)."""

from peer.records import dataclass
from sdp.attribute import Attribute
from sdp.errors import MalformedError
from sdp.tokens import is_token, parse_integer

_MAX_SSRC = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Msid:
    """A stream id, ``-`` for none, and the track id that browsers append."""

    stream: str
    track: str | None = None

    def __str__(self) -> str:
        return self.stream if self.track is None else f"{self.stream} {self.track}"


@dataclass(frozen=True, slots=True)
class MsidSemantic:
    """An a=msid-semantic line of browsers, without meaning today."""

    semantic: str
    identifiers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.semantic, *self.identifiers))


@dataclass(frozen=True, slots=True)
class Ssrc:
    """A synchronization source with its attributes in the order written."""

    ssrc: int
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> str | None:
        """Return the value of the first source attribute called `name`."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute.value
        return None

    @property
    def cname(self) -> str | None:
        """Canonical name, as in RTCP SDES."""
        return self.attribute("cname")

    @property
    def msid(self) -> Msid | None:
        """Stream and track of the source, as older browsers signal it."""
        value = self.attribute("msid")
        try:
            return None if value is None else parse_msid(value)
        except MalformedError:
            return None


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """Sources that belong together, such as ``FID`` for media and its retransmission."""

    semantics: str
    ssrcs: tuple[int, ...]

    def __str__(self) -> str:
        return " ".join((self.semantics, *map(str, self.ssrcs)))


def parse_msid(value: str) -> Msid:
    """Parse the value of an a=msid line; a third word is ignored. Raises MalformedError."""
    fields = value.split()
    if not fields:
        raise MalformedError("a=msid is empty")
    return Msid(fields[0], fields[1] if len(fields) > 1 else None)


def parse_msid_semantic(value: str) -> MsidSemantic:
    """Parse the value of an a=msid-semantic line. Raises MalformedError."""
    fields = value.split()
    if not fields:
        raise MalformedError("a=msid-semantic is empty")
    return MsidSemantic(fields[0], tuple(fields[1:]))


def parse_ssrc(value: str) -> tuple[int, Attribute]:
    """Parse the value of an a=ssrc line. Raises MalformedError."""
    ssrc, _, attribute = value.partition(" ")
    name, colon, text = attribute.strip().partition(":")
    if not is_token(name):
        raise MalformedError("a=ssrc needs a number and an attribute")
    return parse_integer(ssrc, maximum=_MAX_SSRC), Attribute(name, text if colon else None)


def parse_ssrc_group(value: str) -> SsrcGroup:
    """Parse the value of an a=ssrc-group line. Raises MalformedError."""
    fields = value.split()
    if not fields or not is_token(fields[0]):
        raise MalformedError("a=ssrc-group needs semantics")
    return SsrcGroup(
        fields[0], tuple(parse_integer(field, maximum=_MAX_SSRC) for field in fields[1:])
    )
