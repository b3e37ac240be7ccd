"""Encoded frames as programs hold them."""

from peer.transports import (
    RTCEncodedAudioFrame,
    RTCEncodedAudioFrameMetadata,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    linear_level,
)
from peer.transports.encoded_media import needs_another


def picture(kind: str = "key", number: int = 0) -> RTCEncodedVideoFrame:
    """Return a picture that has its number for data."""
    metadata = RTCEncodedVideoFrameMetadata("video/VP8", number * 3000, frameId=number)
    return RTCEncodedVideoFrame(bytes([number]), metadata, kind)


def sound(number: int = 0) -> RTCEncodedAudioFrame:
    """Return a packet of sound that has its number for data."""
    metadata = RTCEncodedAudioFrameMetadata("audio/opus", number * 960, sequenceNumber=number)
    return RTCEncodedAudioFrame(bytes([number]), metadata)


def test_metadata_is_a_copy() -> None:
    for frame in (picture(), sound()):
        frame.getMetadata().rtpTimestamp = 77
        assert frame.getMetadata().rtpTimestamp == 0
        assert "1 bytes" in repr(frame)


def test_only_pictures_need_others() -> None:
    assert [needs_another(one) for one in (picture("key"), picture("delta"), sound())] == [
        False,
        True,
        False,
    ]


def test_levels_are_linear() -> None:
    assert [linear_level(level) for level in (0, 20, 40, 127)] == [1.0, 0.1, 0.01, 0.0]
