"""The dictionaries of RTP streams."""

from dataclasses import fields

import pytest

from peer.stats import (
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCRemoteInboundRtpStreamStats,
    RTCRemoteOutboundRtpStreamStats,
)

STREAM = {"ssrc", "kind", "transportId", "codecId"}


@pytest.mark.parametrize(
    ("cls", "members"),
    [
        (
            RTCInboundRtpStreamStats,
            (
                "packetsReceived packetsLost jitter trackIdentifier remoteId framesDecoded "
                "framesDropped nackCount framesReceived bytesReceived totalAudioEnergy "
                "totalSamplesDuration packetsDiscarded"
            ),
        ),
        (
            RTCOutboundRtpStreamStats,
            "packetsSent bytesSent remoteId framesEncoded nackCount framesSent",
        ),
        (
            RTCRemoteInboundRtpStreamStats,
            "packetsReceived packetsLost jitter localId roundTripTime",
        ),
        (RTCRemoteOutboundRtpStreamStats, "packetsSent bytesSent localId remoteTimestamp"),
    ],
)
def test_members_that_are_mandatory_to_implement(cls: type, members: str) -> None:
    """W3C webrtc-pc §8.6."""
    assert STREAM | set(members.split()) <= {one.name for one in fields(cls)}
