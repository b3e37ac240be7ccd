"""The error tree: W3C names, and who is whose parent."""

import pickle

import pytest

from peer.jsep import (
    DOMException,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    JsepTypeError,
    OperationError,
    RTCError,
)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (InvalidStateError("x"), "InvalidStateError"),
        (InvalidAccessError("x"), "InvalidAccessError"),
        (InvalidModificationError("x"), "InvalidModificationError"),
        (OperationError("x"), "OperationError"),
        (RTCError("x", 7), "OperationError"),
        (JsepTypeError("x"), "TypeError"),
    ],
)
def test_names(error: DOMException, name: str) -> None:
    assert error.name == name
    assert isinstance(error, DOMException)
    assert str(error) == "x"


def test_a_syntax_error_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(RTCError("line 7: odd", 7)))
    assert isinstance(copy, RTCError)
    assert (str(copy), copy.sdp_line_number, copy.error_detail) == (
        "line 7: odd",
        7,
        "sdp-syntax-error",
    )


def test_a_failure_below_has_a_detail_and_no_line() -> None:
    error = pickle.loads(pickle.dumps(RTCError("gone", error_detail="sctp-failure")))
    assert (error.errorDetail, error.sdpLineNumber) == ("sctp-failure", None)
    assert RTCError("odd", 7).errorDetail == "sdp-syntax-error"
    assert RTCError("odd", 7).sdpLineNumber == 7
