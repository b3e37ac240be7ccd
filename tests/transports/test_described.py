"""What received frames say of themselves."""

import asyncio
from datetime import UTC, datetime, timedelta

from peer.net import wall_time
from peer.rtp import CaptureTime, HeaderExtensions, SenderReport
from peer.testing import run
from peer.transports import RTCEncodedVideoFrame
from peer.transports.described import described_sound
from peer.transports.frame_times import FrameTimes
from peer.transports.inbound import InboundPacket, InboundStream
from tests.transports.media import OPUS, VP8, now
from tests.transports.test_seeing import INTERVAL, Film, Viewer

SECOND = 1 << 32


def test_every_member_of_a_picture() -> None:
    """W3C webrtc-encoded-transform §6.2."""

    async def program() -> None:
        viewer, film = Viewer(), Film(timestamp=9000)
        frames = viewer.seeing.read(None)
        stream = InboundStream(7, 90000, None)
        stream.note_report(SenderReport(7, 100 * SECOND, 9000, 1, 1), 0.0, 0.0)
        stream.note_report(SenderReport(7, 101 * SECOND, 99000, 1, 1), 1.0, 0.0)
        await asyncio.sleep(1)
        sent = [film.picture(), film.picture()]
        captured = CaptureTime(100 * SECOND, SECOND // 2)
        for packet in (one for picture in sent for one in picture):
            packet.csrcs, packet.extensions.capture_time = (5,), captured
            captured = CaptureTime(captured.ntp_time, None)
            stream.count(packet, VP8, now())
            viewer.seeing.receive(packet, stream, VP8, now())
        read = [await anext(frames) for _ in sent]
        found = [frame for frame in read if isinstance(frame, RTCEncodedVideoFrame)]
        first, second = (frame.getMetadata() for frame in found)
        begin = datetime.fromtimestamp(wall_time(), UTC)
        assert [first.mimeType, first.payloadType, first.synchronizationSource] == [
            "video/VP8",
            96,
            7,
        ]
        assert (first.contributingSources, first.rtpTimestamp) == ((5,), 9000)
        assert first.receiveTime == begin
        assert first.senderCaptureTimeOffset == 0.5
        assert first.captureTime is not None
        # Half a second before the sender's clock said so: the offset leads to who captured it.
        assert abs(first.captureTime - (begin - timedelta(seconds=1.5))) < timedelta(seconds=0.01)
        assert (first.frameId, first.dependencies) == (1, ())
        assert (second.frameId, second.dependencies) == (2, (1,))
        assert (first.width, first.height, second.width, second.height) == (64, 48, 64, 48)
        assert (first.temporalIndex, first.spatialIndex, first.timestamp) == (None, None, 0)
        assert second.timestamp == INTERVAL * 1_000_000
        assert [frame.type for frame in found] == ["key", "delta"]
        viewer.track.stop()
        await viewer.close()

    run(program())


def test_every_member_of_sound() -> None:
    """W3C webrtc-encoded-transform §6.4; a copy tells nothing of the packet it was in."""
    packet = InboundPacket(111, 0, 10, 960, 7, b"x", csrcs=(5,), extensions=HeaderExtensions())
    frame = described_sound(b"x", packet, OPUS, FrameTimes(960, received=0.0), level=20)
    found = frame.getMetadata()
    assert (found.mimeType, found.payloadType, found.rtpTimestamp) == ("audio/opus", 111, 960)
    assert (found.synchronizationSource, found.contributingSources) == (7, (5,))
    assert (found.sequenceNumber, found.audioLevel) == (10, 0.1)
    assert found.receiveTime == datetime.fromtimestamp(0, UTC)
    copy = described_sound(b"x", packet, OPUS, FrameTimes(0), level=20).getMetadata()
    assert (copy.rtpTimestamp, copy.sequenceNumber, copy.audioLevel) == (0, None, None)
