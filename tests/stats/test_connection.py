"""A call of two connections has every statistic that is mandatory to implement."""

import asyncio

import pytest

from peer import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCPeerConnection,
    RTCStatsReport,
    VideoStreamTrack,
)
from peer.api.errors import InvalidAccessError
from tests.api.calls import LIMIT, negotiate, two, until_connected

STREAM = ("ssrc", "kind", "transportId", "codecId")
RECEIVED = (*STREAM, "packetsReceived", "packetsLost", "jitter")
SENT = (*STREAM, "packetsSent", "bytesSent")
INBOUND = (*RECEIVED, "trackIdentifier", "remoteId", "nackCount", "bytesReceived")
OUTBOUND = (*SENT, "remoteId", "nackCount")
CANDIDATE = ("address", "port", "protocol", "candidateType")
MANDATORY: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("codec", None): ("payloadType", "mimeType", "clockRate"),
    ("inbound-rtp", "audio"): (
        *(*INBOUND, "packetsDiscarded"),
        *("totalAudioEnergy", "totalSamplesDuration"),
    ),
    ("inbound-rtp", "video"): (
        *(*INBOUND, "packetsDiscarded"),
        *("framesDecoded", "framesDropped", "framesReceived"),
    ),
    ("outbound-rtp", "audio"): OUTBOUND,
    ("outbound-rtp", "video"): (*OUTBOUND, "framesEncoded", "framesSent"),
    ("remote-inbound-rtp", "audio"): (*RECEIVED, "localId", "roundTripTime"),
    ("remote-inbound-rtp", "video"): (*RECEIVED, "localId", "roundTripTime"),
    ("remote-outbound-rtp", "audio"): (*SENT, "localId", "remoteTimestamp"),
    ("remote-outbound-rtp", "video"): (*SENT, "localId", "remoteTimestamp"),
    ("media-source", "audio"): (
        *("trackIdentifier", "kind"),
        *("totalAudioEnergy", "totalSamplesDuration"),
    ),
    ("media-source", "video"): ("trackIdentifier", "kind", "width", "height", "framesPerSecond"),
    ("peer-connection", None): ("dataChannelsOpened", "dataChannelsClosed"),
    ("data-channel", None): (
        *("label", "protocol", "dataChannelIdentifier", "state"),
        *("messagesSent", "bytesSent", "messagesReceived", "bytesReceived"),
    ),
    ("transport", None): (
        *("bytesSent", "bytesReceived", "selectedCandidatePairId"),
        *("localCertificateId", "remoteCertificateId"),
    ),
    ("candidate-pair", None): (
        *("transportId", "localCandidateId", "remoteCandidateId", "state", "nominated"),
        *("bytesSent", "bytesReceived", "totalRoundTripTime", "responsesReceived"),
        "currentRoundTripTime",
    ),
    ("local-candidate", None): CANDIDATE,
    ("remote-candidate", None): CANDIDATE,
    ("certificate", None): ("fingerprint", "fingerprintAlgorithm", "base64Certificate"),
}
"""W3C webrtc-pc §8.6, by type and kind; what depends on the network or codec is left out."""


def missing(report: RTCStatsReport) -> set[tuple[str, str | None, str]]:
    """Tell which members no object of a type has."""
    lacking = {(*key, member) for key, members in MANDATORY.items() for member in members}
    for stats in report.values():
        kind = getattr(stats, "kind", None)
        lacking -= {(stats.type, kind, member) for member in stats.toJSON()}
    return lacking


async def complete(connection: RTCPeerConnection) -> RTCStatsReport:
    """Wait until the peer has reported, and its reports were answered."""
    async with asyncio.timeout(LIMIT):
        while missing(report := await connection.getStats()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    return report


def test_everything_mandatory_is_there_and_resolves() -> None:
    async def main() -> None:
        async with two() as (ours, theirs):
            for connection in (ours, theirs):
                connection.addTrack(AudioStreamTrack())
                connection.addTrack(VideoStreamTrack())
            ours.createDataChannel("figures")
            await negotiate(ours, theirs)
            await until_connected(ours, theirs)
            for connection in (ours, theirs):
                report = await complete(connection)
                named = {name for stats in report.values() for name in stats.references()}
                assert named <= set(report)
                again = await connection.getStats()
                assert set(report) <= set(again)
                for sender in connection.getSenders():
                    assert set(await sender.getStats()) < set(again)
                for receiver in connection.getReceivers():
                    assert set(await receiver.getStats()) < set(again)

    asyncio.run(main())


def test_a_selector_belongs_to_one_sender_or_receiver() -> None:
    async def main() -> None:
        async with two() as (ours, _):
            track: MediaStreamTrack = AudioStreamTrack()
            with pytest.raises(InvalidAccessError):
                await ours.getStats(track)
            ours.addTrack(track)
            assert await ours.getStats(track) == {}

    asyncio.run(main())
