"""Files are told apart by how they begin."""

import pytest

from peer.trace import DumpError, read_trace
from tests.trace.support import CALL, CALL_INTERNALS, EXAMPLE


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (CALL, "RTCStats dump"),
        (EXAMPLE, "RTCStats dump"),
        (CALL_INTERNALS, "webrtc-internals"),
        (b' \r\n{"PeerConnections": {}}', "webrtc-internals"),
    ],
)
def test_what_it_is(data: bytes, kind: str) -> None:
    assert read_trace(data).format == kind


@pytest.mark.parametrize("data", [b"", b"x", b"\x89PNG", b"{}"])
def test_anything_else(data: bytes) -> None:
    with pytest.raises(DumpError):
        read_trace(data)
