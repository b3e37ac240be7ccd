"""What the offer/answer engine refuses, under the names of the W3C interfaces.

Exception
  DOMException                    name: the W3C error name
    InvalidStateError             not now: wrong signaling state, or closed
    InvalidAccessError            the content of a description is not acceptable
    InvalidModificationError      something was changed that may not be changed
    OperationError                could not be applied for another reason
      RTCError                    error_detail, sdp_line_number: the text does not parse
    JsepTypeError (TypeError)     an argument of the wrong kind, W3C's TypeError
"""

from typing import ClassVar


class DOMException(Exception):  # noqa: N818 - W3C's name
    """Base of all refusals; `name` is the W3C error name."""

    name: ClassVar[str] = "Error"


class InvalidStateError(DOMException):
    """The operation is not allowed in the present signaling state."""

    name = "InvalidStateError"


class InvalidAccessError(DOMException):
    """The description is well-formed, but its content is not acceptable."""

    name = "InvalidAccessError"


class InvalidModificationError(DOMException):
    """The description or the setting was changed in a way that is not allowed."""

    name = "InvalidModificationError"


class OperationError(DOMException):
    """The operation failed for a reason without a name of its own."""

    name = "OperationError"


class RTCError(OperationError):
    """The text of a description does not parse; lines count from 1."""

    error_detail: ClassVar[str] = "sdp-syntax-error"

    def __init__(self, message: str, sdp_line_number: int) -> None:
        super().__init__(message)
        self.sdp_line_number = sdp_line_number

    def __reduce__(self) -> tuple[type["RTCError"], tuple[str, int]]:
        return type(self), (str(self.args[0]), self.sdp_line_number)


class JsepTypeError(DOMException, TypeError):
    """An argument has the wrong kind, or is missing."""

    name = "TypeError"
