"""Session descriptions as applications hand them about (W3C RTCSessionDescription)."""

from collections.abc import Mapping
from typing import ClassVar, Self

from peer.transports import RTCSessionDescription as AiortcSessionDescription
from sdp import redact

from .errors import JsepTypeError
from .kinship import Kin
from .shown import shown

TYPES = ("offer", "pranswer", "answer", "rollback")


class RTCSessionDescription(AiortcSessionDescription, metaclass=Kin):
    """A description and its type; `sdp` is "" for a rollback.

    It is aiortc's, and equal to one with the same content, which is an instance too. Raises
    ValueError for an unknown type.
    """

    def __init__(self, sdp: str = "", type: str | None = None) -> None:  # noqa: A002
        if type is None:
            raise JsepTypeError("a description needs a type")
        super().__init__(sdp, type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AiortcSessionDescription):
            return NotImplemented
        return (self.sdp, self.type) == (other.sdp, other.type)

    # It can be changed, as aiortc's.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        text = redact(self.sdp) if isinstance(self.sdp, str) else None
        return f"RTCSessionDescription(sdp={text!r}, type={self.type!r})"

    def toJSON(self) -> dict[str, str]:
        """Give what goes to the peer as JSON."""
        return {"type": self.type, "sdp": self.sdp}

    @classmethod
    def from_value(cls, value: object) -> Self:
        """Take a description, an object with its attributes, or its JSON form.

        Raises JsepTypeError for anything else.
        """
        if isinstance(value, Mapping):
            kind, sdp = value.get("type"), value.get("sdp", "")
        else:
            kind, sdp = getattr(value, "type", None), getattr(value, "sdp", None)
        if kind not in TYPES or not isinstance(sdp, str):
            raise JsepTypeError(f"{shown(value)} is no session description")
        return cls(sdp, kind)
