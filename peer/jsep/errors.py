"""What the offer/answer engine refuses, under the names of the W3C interfaces.

Exception
  DOMException                    name: the W3C error name
    InvalidStateError             not now: wrong signaling state, or closed
    InvalidAccessError            the content of a description is not acceptable
    InvalidModificationError      something was changed that may not be changed
    OperationError                could not be applied for another reason
      RTCError                    errorDetail says what failed; the line, if it was the text
    JsepTypeError (TypeError)     an argument of the wrong kind, W3C's TypeError
"""

from typing import ClassVar


class DOMException(Exception):
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
    """A failure with a detail, by default that a description does not parse.

    `sdp_line_number` counts from 1; None when it was not the text of a description.
    """

    def __init__(
        self,
        message: str,
        sdp_line_number: int | None = None,
        error_detail: str = "sdp-syntax-error",
    ) -> None:
        super().__init__(message)
        self.sdp_line_number = sdp_line_number
        self.error_detail = error_detail

    @property
    def errorDetail(self) -> str:
        """The W3C RTCErrorDetailType."""
        return self.error_detail

    @property
    def sdpLineNumber(self) -> int | None:
        """The line, as W3C RTCError names it."""
        return self.sdp_line_number

    def __reduce__(self) -> tuple[type["RTCError"], tuple[str, int | None, str]]:
        return type(self), (str(self.args[0]), self.sdp_line_number, self.error_detail)


class JsepTypeError(DOMException, TypeError):
    """An argument has the wrong kind, or is missing."""

    name = "TypeError"
