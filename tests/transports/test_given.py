"""What a track gives that is encoded already."""

import fractions
import io

import av
import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import Packet, VideoFrame
from av.container import InputContainer

from peer.rtp import is_key_frame, parameter_sets
from peer.transports import (
    RTCEncodedAudioFrame,
    RTCEncodedAudioFrameMetadata,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
)
from peer.transports.given import (
    announced_size,
    decibels,
    format_of,
    given_frame,
    is_encoded,
    suits,
)
from tests.transports.media import OPUS, VP8
from tests.transports.test_encoded_media import picture, sound
from tests.transports.test_pictures import encoded


def file_of(container: str, codec: str) -> io.BytesIO:
    """Return a file with a few pictures."""
    written = io.BytesIO()
    with av.open(written, "w", format=container) as file:
        stream = file.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(3):
            frame = VideoFrame(64, 48, "yuv420p")
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    written.seek(0)
    return written


def opened(container: str, codec: str) -> InputContainer:
    """Open a file with a few pictures."""
    file = av.open(file_of(container, codec))
    assert isinstance(file, InputContainer)
    return file


def test_frames_of_a_peer() -> None:
    frame = given_frame(picture("delta", 3), 90000)
    assert frame is not None
    assert (frame.data, frame.timestamp, frame.is_key) == (b"\3", 9000, False)
    telling = RTCEncodedVideoFrameMetadata("video/vp8", 9000, rotation=270)
    turned = given_frame(RTCEncodedVideoFrame(b"x", telling, "key"), 90000)
    assert turned is not None
    assert (frame.rotation, turned.rotation) == (0, 270)
    metadata = RTCEncodedAudioFrameMetadata("audio/opus", 960, audioLevel=0.1)
    heard = given_frame(RTCEncodedAudioFrame(b"x", metadata), 48000)
    assert heard is not None
    assert (heard.timestamp, heard.audio_level) == (960, -20)
    assert given_frame(sound(), 48000) is not None
    assert [format_of(one) for one in (picture(), sound())] == ["video/vp8", "audio/opus"]


@pytest.mark.parametrize("name", ["libvpx", "libvpx-vp9", "libx264"])
def test_a_key_frame_tells_how_large_pictures_are(name: str) -> None:
    mime = {"libvpx": "VP8", "libvpx-vp9": "VP9", "libx264": "H264"}[name]
    codec = RTCRtpCodecParameters(f"video/{mime}", 90000, None, 96)
    assert announced_size(encoded(name, 64, 48), codec) == (64, 48)
    assert announced_size(b"\0\0\1\x67", codec) is None
    assert announced_size(b"", codec) is None


def test_pictures_of_files_have_their_parameter_sets() -> None:
    """In MP4 those stand beside the pictures (ISO/IEC 14496-15)."""
    with opened("mp4", "libx264") as file:
        packets = [packet for packet in file.demux(file.streams.video[0]) if packet.size]
        frames = [given_frame(packet, 90000) for packet in packets]
        assert {format_of(packet) for packet in packets} == {"video/h264"}
        first = frames[0]
        assert first is not None
        assert first.is_key
        units = parameter_sets("video/h264", first.data)
        assert {unit[0] & 0x1F for unit in units} >= {7, 8, 5}
        assert is_key_frame("video/H264", first.data)
        assert [frame.data for frame in frames[1:] if frame] == [bytes(p) for p in packets[1:]]


@pytest.mark.parametrize(("container", "codec", "name"), [("webm", "libvpx", "video/vp8")])
def test_formats_of_files(container: str, codec: str, name: str) -> None:
    with opened(container, codec) as file:
        packet = next(file.demux(file.streams.video[0]))
        assert format_of(packet) == name
        assert (suits(packet, VP8), suits(packet, OPUS)) == (True, False)


def test_what_a_program_has_made_itself() -> None:
    packet = Packet(b"x")
    assert (format_of(packet), suits(packet, OPUS), is_encoded(packet)) == (None, True, True)
    with pytest.raises(ValueError, match="no time"):
        given_frame(packet, 48000)
    packet.pts, packet.time_base = 20, fractions.Fraction(1, 1000)
    frame = given_frame(packet, 48000)
    assert frame is not None
    assert frame.timestamp == 960


def test_what_is_to_be_encoded() -> None:
    frame = VideoFrame(16, 16)
    assert (is_encoded(frame), format_of(frame), given_frame(frame, 90000)) == (False, None, None)


def test_levels() -> None:
    assert [decibels(level) for level in (1.0, 0.1, 1e-9, 0.0, 2.0)] == [0, -20, -127, -127, 0]
