"""Errors carry the line and the reason."""

import copy
import pickle

from sdp import SdpError


def test_error_tells_line_and_reason() -> None:
    error = SdpError(7, "no such thing")
    assert isinstance(error, ValueError)
    assert (error.line_number, error.reason) == (7, "no such thing")
    assert str(error) == "line 7: no such thing"


def test_error_survives_copy_and_pickle() -> None:
    error = SdpError(7, "no such thing")
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (other.line_number, other.reason) == (7, "no such thing")
