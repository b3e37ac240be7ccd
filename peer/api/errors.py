"""What the API raises, under the W3C's names.

Exception
  DOMException                    name: the W3C error name
    InvalidStateError             not now: closed, or the wrong state
    InvalidAccessError            the content is not acceptable, or not for this object
    InvalidModificationError      something was changed that may not be changed
    InvalidCharacterError         a string has characters that mean nothing here
    NotFoundError                 there is no such thing here
    NotSupportedError             this implementation has no such thing
    OperationError                failed for another reason
      RTCError                    errorDetail says what failed
    SyntaxError                   a URL does not parse
    RangeError (ValueError)       a number is outside its range
    JsepTypeError (TypeError)     an argument of the wrong kind; its name is "TypeError"
"""

from peer.jsep import (
    DOMException,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    JsepTypeError,
    OperationError,
    RTCError,
)

__all__ = [
    "DOMException",
    "InvalidStateError",
    "InvalidAccessError",
    "InvalidModificationError",
    "InvalidCharacterError",
    "NotFoundError",
    "NotSupportedError",
    "OperationError",
    "RTCError",
    "SyntaxError",
    "SyntaxError_",
    "RangeError",
    "JsepTypeError",
]


class InvalidCharacterError(DOMException):
    """A string has characters that mean nothing."""

    name = "InvalidCharacterError"


class NotFoundError(DOMException):
    """There is nothing of that name."""

    name = "NotFoundError"


class NotSupportedError(DOMException):
    """The operation is not supported."""

    name = "NotSupportedError"


class SyntaxError(DOMException):  # noqa: A001 - tools read the name of the class
    """A string does not have the form it needs; no relation of Python's own SyntaxError."""

    name = "SyntaxError"


SyntaxError_ = SyntaxError
"""For modules that need Python's own as well."""


class RangeError(DOMException, ValueError):
    """A number is outside the range allowed."""

    name = "RangeError"
