"""Errors, where aiortc keeps them."""

from .api import InvalidAccessError, InvalidStateError, JsepTypeError, OperationError
from .stand_in import stand_in

InternalError = JsepTypeError
"""What aiortc raises for an unknown kind or direction."""

__all__ = [
    "InternalError",
    "InvalidAccessError",
    "InvalidStateError",
    "OperationError",
]

stand_in(__name__)
