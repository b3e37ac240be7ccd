"""The times of what is sent."""

from fractions import Fraction

import pytest
from av import Packet, VideoFrame

from peer.transports.encoded import timestamp_of


def test_times_are_counted_by_the_codecs_clock() -> None:
    packet, frame = Packet(b"x"), VideoFrame(16, 16)
    for data in (packet, frame):
        with pytest.raises(ValueError, match="no time"):
            timestamp_of(data, 90000)
        data.pts, data.time_base = 100, Fraction(1, 1000)
        assert timestamp_of(data, 90000) == 9000
