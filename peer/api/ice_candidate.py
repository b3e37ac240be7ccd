"""ICE candidates as applications hand them about (W3C RTCIceCandidate)."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, NamedTuple

from peer.transports import RTCIceCandidate as AiortcIceCandidate
from sdp import Candidate, SdpError, parse_candidate, serialize_candidate

from .errors import JsepTypeError
from .ice_component import ice_component
from .kinship import Kin
from .shown import shown

_FIELDS = tuple(field.name for field in fields(AiortcIceCandidate))
_MAX_INDEX = 65535


class CandidateInit(NamedTuple):
    """What addIceCandidate is told (W3C RTCIceCandidateInit)."""

    candidate: str | None = None
    sdpMid: str | None = None
    sdpMLineIndex: int | None = None
    usernameFragment: str | None = None


def read_init(value: Mapping[str, Any]) -> CandidateInit:
    """Read the JSON form as browsers do, whichever stack wrote it; unknown members are ignored.

    A mid may be a number, an index a text, and an empty username fragment is none. Raises
    JsepTypeError for other types.
    """
    mid = _name(value, "sdpMid")
    return CandidateInit(
        _text(value, "candidate") or "",
        mid,
        _index(value.get("sdpMLineIndex"), needed=not mid),
        _name(value, "usernameFragment") or None,
    )


def _index(value: object, *, needed: bool) -> int | None:
    """Convert as WebIDL does; beside a mid it means nothing, and what is no index is left out."""
    number = value
    if isinstance(value, str):
        number = int(value) if value.isascii() and value.isdigit() and len(value) <= 5 else None
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, int) and not isinstance(value, bool) and 0 <= number <= _MAX_INDEX:
        return number
    if value in (None, "") or (not needed and isinstance(value, int | float | str)):
        return None
    raise JsepTypeError(f"sdpMLineIndex is 0..{_MAX_INDEX}, not {value!r}")


def _name(value: Mapping[str, Any], name: str) -> str | None:
    number = value.get(name)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= _MAX_INDEX:
        return str(number)
    return _text(value, name)


def _text(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    if text is not None and not isinstance(text, str):
        raise JsepTypeError(f"{name} is a string, not {shown(text)}")
    return text


class RTCIceCandidate(AiortcIceCandidate, metaclass=Kin):
    """A candidate, from its fields as aiortc has it or from what a browser sends.

    `RTCIceCandidate({"candidate": ..., "sdpMid": ...})` takes the JSON form, as keywords too; one
    of sdpMid and sdpMLineIndex must be given then, else JsepTypeError is raised. A text that does
    not parse is kept; the fields are None then, as they are for the empty text that ends the
    candidates of a section. `component` equals 1 and "rtp", or 2 and "rtcp".

    It is aiortc's, and equal to one with the same fields, which is an instance too.
    """

    def __init__(
        self,
        component: int | Mapping[str, Any] | None = None,
        foundation: str | None = None,
        ip: str | None = None,
        port: int | None = None,
        priority: int | None = None,
        protocol: str | None = None,
        type: str | None = None,  # noqa: A002 - the W3C's name
        relatedAddress: str | None = None,
        relatedPort: int | None = None,
        sdpMid: str | None = None,
        sdpMLineIndex: int | None = None,
        tcpType: str | None = None,
        *,
        candidate: str | None = None,
        usernameFragment: str | None = None,
        relayProtocol: str | None = None,
        url: str | None = None,
    ) -> None:
        self.extensions: tuple[tuple[str, str], ...] = ()
        self.usernameFragment = usernameFragment
        self.relayProtocol = relayProtocol
        self.url = url
        self._given: tuple[Candidate | None, str] | None = None
        required: tuple[Any, ...] = component, foundation, ip, port, priority, protocol, type
        optional: tuple[Any, ...] = relatedAddress, relatedPort, sdpMid, sdpMLineIndex, tcpType
        if isinstance(component, Mapping):
            self.relayProtocol = _text(component, "relayProtocol")
            self.url = _text(component, "url")
            self._take(read_init(component))
        elif all(value is None for value in required):
            init = {"candidate": candidate, "sdpMid": sdpMid, "sdpMLineIndex": sdpMLineIndex}
            self._take(read_init({**init, "usernameFragment": usernameFragment}))
        elif not isinstance(component, int) or None in required or candidate is not None:
            raise JsepTypeError("a candidate is made of all its fields or of its text")
        else:
            super().__init__(ice_component(component), *required[1:], *optional)

    @property
    def candidate(self) -> str:
        """The text, with ``candidate:`` in front; "" for the end of candidates."""
        if self._given is not None:
            parsed, text = self._given
            if parsed is None or parsed == _record(self, self.extensions):
                return text
        return serialize_candidate(_record(self, self.extensions))

    @property
    def is_parsed(self) -> bool:
        """Tell whether there are fields; not for a text that is empty or malformed."""
        return self._given is None or self._given[0] is not None

    @property
    def address(self) -> str | None:
        """The IP address or name, None when the text did not parse."""
        return self.ip

    def toJSON(self) -> dict[str, str | int | None]:
        """Give what goes to the peer as JSON."""
        return {
            "candidate": self.candidate,
            "sdpMid": self.sdpMid,
            "sdpMLineIndex": self.sdpMLineIndex,
            "usernameFragment": self.usernameFragment,
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AiortcIceCandidate):
            return NotImplemented
        if any(getattr(self, name) != getattr(other, name) for name in _FIELDS):
            return False
        return self.is_parsed or self.candidate == getattr(other, "candidate", None)

    # It can be changed, as aiortc's.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def _take(self, init: CandidateInit) -> None:
        if init.sdpMid is None and init.sdpMLineIndex is None:
            raise JsepTypeError("a candidate needs sdpMid or sdpMLineIndex")
        text = init.candidate or ""
        parsed = _parse(text)
        self._given = (parsed, text)
        values = dict.fromkeys(_FIELDS) if parsed is None else _fields(parsed)
        values |= {"sdpMid": init.sdpMid, "sdpMLineIndex": init.sdpMLineIndex}
        super().__init__(**values)
        self.usernameFragment = init.usernameFragment
        if parsed is not None:
            self.extensions = parsed.extensions


def _parse(text: str) -> Candidate | None:
    try:
        return parse_candidate(text)
    except SdpError:
        return None


def _fields(record: Candidate) -> dict[str, Any]:
    return {
        "component": ice_component(record.component),
        "foundation": record.foundation,
        "ip": record.address,
        "port": record.port,
        "priority": record.priority,
        "protocol": record.transport,
        "type": record.type,
        "relatedAddress": record.related_address,
        "relatedPort": record.related_port,
        "tcpType": record.tcp_type,
    }


def from_sdp(
    record: Candidate,
    sdp_mid: str | None = None,
    sdp_mline_index: int | None = None,
    *,
    relay_protocol: str | None = None,
    url: str | None = None,
) -> RTCIceCandidate:
    """Give the API's form of a candidate of a description."""
    candidate = RTCIceCandidate(
        **_fields(record),
        sdpMid=sdp_mid,
        sdpMLineIndex=sdp_mline_index,
        usernameFragment=record.ufrag,
        relayProtocol=relay_protocol,
        url=url,
    )
    candidate.extensions = record.extensions
    return candidate


def candidate_from_sdp(sdp: str) -> RTCIceCandidate:
    """Parse a candidate, with or without ``candidate:`` in front; ValueError for any other text."""
    return from_sdp(parse_candidate(sdp))


def candidate_to_sdp(candidate: AiortcIceCandidate) -> str:
    """Write a candidate's fields, without ``candidate:`` in front and without extensions."""
    return serialize_candidate(_record(candidate, ())).removeprefix("candidate:")


def _record(candidate: AiortcIceCandidate, extensions: tuple[tuple[str, str], ...]) -> Candidate:
    if not isinstance(candidate.component, int):
        raise JsepTypeError(f"a component is a number, not {candidate.component!r}")
    return Candidate(
        candidate.foundation,
        int(candidate.component),
        candidate.protocol,
        candidate.priority,
        candidate.ip,
        candidate.port,
        candidate.type,
        candidate.relatedAddress,
        candidate.relatedPort,
        candidate.tcpType,
        extensions,
    )
