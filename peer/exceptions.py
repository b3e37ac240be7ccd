"""Errors, where aiortc keeps them."""

from .api import InvalidAccessError, InvalidStateError, JsepTypeError, OperationError

InternalError = JsepTypeError
"""What aiortc raises for an unknown kind or direction."""

__all__ = [
    "InternalError",
    "InvalidAccessError",
    "InvalidStateError",
    "OperationError",
]
