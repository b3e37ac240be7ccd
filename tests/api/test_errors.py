"""Errors carry the W3C's names, in `name` and in the names of their classes."""

import builtins
import pickle

import pytest

from peer.api import errors


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (errors.InvalidStateError("x"), "InvalidStateError"),
        (errors.InvalidAccessError("x"), "InvalidAccessError"),
        (errors.InvalidModificationError("x"), "InvalidModificationError"),
        (errors.NotSupportedError("x"), "NotSupportedError"),
        (errors.OperationError("x"), "OperationError"),
        (errors.RTCError("x", 1), "OperationError"),
        (errors.SyntaxError_("x"), "SyntaxError"),
        (errors.RangeError("x"), "RangeError"),
        (errors.JsepTypeError("x"), "TypeError"),
    ],
)
def test_the_name_is_that_of_a_class_of_the_error(error: errors.DOMException, name: str) -> None:
    assert error.name == name
    assert name in [cls.__name__ for cls in type(error).__mro__]
    assert isinstance(error, errors.DOMException)
    assert type(pickle.loads(pickle.dumps(error))) is type(error)


def test_which_are_errors_of_python_too() -> None:
    assert issubclass(errors.JsepTypeError, TypeError)
    assert issubclass(errors.RangeError, ValueError)
    assert not issubclass(errors.SyntaxError_, builtins.SyntaxError)


def test_the_errors_of_descriptions_are_the_same() -> None:
    from peer import jsep

    assert errors.OperationError is jsep.OperationError
    assert errors.InvalidStateError is jsep.InvalidStateError
