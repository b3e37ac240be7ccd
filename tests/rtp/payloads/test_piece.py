"""What holds for the payloads of every video codec."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.payloads.av1 import Av1Depayloader
from peer.rtp.payloads.h264 import H264Depayloader
from peer.rtp.payloads.h265 import H265Depayloader
from peer.rtp.payloads.piece import Depayloader, PayloadDrop, Piece, is_too_large
from peer.rtp.payloads.vp8 import Vp8Depayloader
from peer.rtp.payloads.vp9 import Vp9Depayloader

CODECS = [Av1Depayloader, H264Depayloader, H265Depayloader, Vp8Depayloader, Vp9Depayloader]


@pytest.mark.parametrize("codec", CODECS)
@given(payloads=st.lists(st.binary(min_size=1, max_size=60), max_size=6))
def test_any_bytes_are_read_or_refused(
    codec: Callable[[], Depayloader], payloads: list[bytes]
) -> None:
    depayloader = codec()
    pieces = []
    for payload in payloads:
        found = depayloader.read(payload)
        if isinstance(found, Piece):
            assert not (found.begins and found.continues)
            pieces.append(found)
        else:
            assert isinstance(found, PayloadDrop)
    assert isinstance(depayloader.assemble(pieces), bytes)


def test_the_largest_pictures() -> None:
    assert not is_too_large(16384, 2048)
    assert is_too_large(16385, 1)
    assert is_too_large(1, 16385)
    assert is_too_large(8192, 4097)
