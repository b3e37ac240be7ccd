"""Restriction identifiers (RFC 8851) and simulcast (RFC 8853)."""

import enum
import string

from peer.records import dataclass
from sdp.errors import MalformedError
from sdp.tokens import parse_integer

_RID_CHARS = frozenset(string.ascii_letters + string.digits + "-_")
# RFC 8851 §5
_RESTRICTIONS = frozenset(
    {
        "max-width",
        "max-height",
        "max-fps",
        "max-fs",
        "max-br",
        "max-pps",
        "max-bpp",
        "depend",
    }
)


class RidDirection(enum.Enum):
    """Direction of a restriction identifier or of a simulcast list."""

    SEND = "send"
    RECV = "recv"

    def reverse(self) -> "RidDirection":
        """Return the same direction seen from the other side."""
        return RidDirection.RECV if self is RidDirection.SEND else RidDirection.SEND


@dataclass(frozen=True, slots=True)
class Rid:
    """One a=rid line: an identifier, the payload types it is limited to, its restrictions."""

    id: str
    direction: RidDirection
    payload_types: tuple[int, ...] = ()
    restrictions: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        items = []
        if self.payload_types:
            items.append("pt=" + ",".join(map(str, self.payload_types)))
        items += [name if value is None else f"{name}={value}" for name, value in self.restrictions]
        text = f"{self.id} {self.direction.value}"
        return f"{text} {';'.join(items)}" if items else text


@dataclass(frozen=True, slots=True)
class SimulcastRid:
    """A stream of a simulcast list, initially paused when written with ``~``."""

    rid: str
    paused: bool = False

    def __str__(self) -> str:
        return f"~{self.rid}" if self.paused else self.rid


@dataclass(frozen=True, slots=True)
class Simulcast:
    """An a=simulcast line: for each direction the streams, each a tuple of alternatives."""

    send: tuple[tuple[SimulcastRid, ...], ...] = ()
    recv: tuple[tuple[SimulcastRid, ...], ...] = ()

    def __str__(self) -> str:
        parts = []
        for direction, streams in (("send", self.send), ("recv", self.recv)):
            if streams:
                lists = ";".join(",".join(map(str, alternatives)) for alternatives in streams)
                parts.append(f"{direction} {lists}")
        return " ".join(parts)

    def reverse(self) -> "Simulcast":
        """Return the same streams seen from the other side (RFC 8853 §5.3.2)."""
        return Simulcast(send=self.recv, recv=self.send)


def is_rid(text: str) -> bool:
    """Tell whether `text` is a legal restriction identifier (RFC 8851 §10)."""
    return bool(text) and _RID_CHARS.issuperset(text)


def parse_rid(value: str) -> Rid:
    """Parse the value of an a=rid line. Raises MalformedError, also for an unknown restriction."""
    fields = value.split(None, 2)
    if len(fields) < 2 or not is_rid(fields[0]) or fields[1] not in _DIRECTIONS:
        raise MalformedError("a=rid needs an identifier and a direction")
    payload_types: tuple[int, ...] = ()
    restrictions: list[tuple[str, str | None]] = []
    for item in fields[2].split(";") if len(fields) == 3 else ():
        name, equals, text = item.strip().partition("=")
        if name == "pt":
            payload_types = tuple(
                parse_integer(part.strip(), maximum=127) for part in text.split(",")
            )
        elif name in _RESTRICTIONS:
            restrictions.append((name, text if equals else None))
        elif name:
            raise MalformedError(f"a=rid with the unknown restriction {name[:32]!r}")
    return Rid(fields[0], _DIRECTIONS[fields[1]], payload_types, tuple(restrictions))


def parse_simulcast(value: str) -> Simulcast:
    """Parse the value of an a=simulcast line. Raises MalformedError.

    The ``rid=`` in front of a list, from early drafts, is skipped.
    """
    fields = value.split()
    lists = dict(zip(fields[::2], fields[1::2], strict=False))
    if (
        len(fields) not in (2, 4)
        or len(lists) * 2 != len(fields)
        or not lists.keys() <= _DIRECTIONS.keys()
    ):
        raise MalformedError("a=simulcast needs one list for send, recv or both")
    return Simulcast(_parse_streams(lists.get("send")), _parse_streams(lists.get("recv")))


def _parse_streams(text: str | None) -> tuple[tuple[SimulcastRid, ...], ...]:
    if text is None:
        return ()
    return tuple(
        tuple(_parse_stream(item) for item in alternatives.split(","))
        for alternatives in text.removeprefix("rid=").split(";")
    )


def _parse_stream(text: str) -> SimulcastRid:
    rid = text.removeprefix("~")
    if not is_rid(rid):
        raise MalformedError("a=simulcast with an illegal rid")
    return SimulcastRid(rid, paused=rid != text)


_DIRECTIONS = {direction.value: direction for direction in RidDirection}
