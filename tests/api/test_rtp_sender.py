"""RTCRtpSender: parameters are read, altered and set within one turn of the loop."""

import asyncio
from dataclasses import asdict

import pytest

from peer import AudioStreamTrack, RTCPeerConnection, VideoStreamTrack
from peer.api.errors import (
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    JsepTypeError,
    OperationError,
    RangeError,
)
from peer.api.rtp_sender import RTCRtpSender
from tests.api.calls import negotiate, two
from tests.api.support import run, turns


def make(kind: str = "video") -> RTCRtpSender:
    return RTCPeerConnection().addTransceiver(kind).sender


def test_every_reading_has_a_transaction_of_its_own() -> None:
    async def scenario() -> None:
        sender = make()
        first, second = sender.getParameters(), sender.getParameters()
        assert first.transactionId != second.transactionId
        with pytest.raises(InvalidModificationError):
            sender.setParameters(first)
        sender.setParameters(second)

    run(scenario)


def test_what_was_read_counts_once_and_in_its_turn() -> None:
    async def scenario() -> None:
        sender = make()
        parameters = sender.getParameters()
        await sender.setParameters(parameters)
        with pytest.raises(InvalidStateError):
            sender.setParameters(parameters)
        parameters = sender.getParameters()
        # A task of the W3C's has more than one turn: another may begin and set them.
        await asyncio.create_task(sender.setParameters(parameters))
        parameters = sender.getParameters()
        await turns()
        with pytest.raises(InvalidStateError):
            sender.setParameters(parameters)

    run(scenario)


def test_members_of_the_encodings_can_be_set() -> None:
    async def scenario() -> None:
        sender = make()
        parameters = asdict(sender.getParameters())
        parameters["encodings"][0] |= {"active": False, "maxBitrate": 10000, "maxFramerate": 5}
        await sender.setParameters(parameters)
        (now,) = sender.getParameters().encodings
        assert (now.active, now.maxBitrate, now.maxFramerate) == (False, 10000, 5)

    run(scenario)


def test_altering_what_was_read_alters_nothing() -> None:
    async def scenario() -> None:
        sender = make()
        sender.getParameters().encodings[0].active = False
        assert sender.getParameters().encodings[0].active

    run(scenario)


def test_nothing_else_can_be_changed() -> None:
    async def scenario() -> None:
        async with two() as (ours, theirs):
            sender = ours.addTransceiver("video").sender
            await negotiate(ours, theirs)
            refused = InvalidModificationError
            parameters = sender.getParameters()
            parameters.codecs.pop()
            with pytest.raises(refused):
                sender.setParameters(parameters)
            parameters = sender.getParameters()
            parameters.encodings.append(parameters.encodings[0])
            with pytest.raises(refused):
                sender.setParameters(parameters)
            parameters = sender.getParameters()
            parameters.rtcp.cname = "other"
            with pytest.raises(refused):
                sender.setParameters(parameters)
            parameters = sender.getParameters()
            parameters.encodings[0].rid = "x"
            with pytest.raises(refused):
                sender.setParameters(parameters)

    run(scenario)


def test_numbers_out_of_range_and_members_that_are_missing() -> None:
    async def scenario() -> None:
        sender = make()
        parameters = sender.getParameters()
        parameters.encodings[0].scaleResolutionDownBy = 0.5
        with pytest.raises(RangeError):
            sender.setParameters(parameters)
        for name in ("transactionId", "encodings", "codecs", "headerExtensions", "rtcp"):
            given = asdict(sender.getParameters())
            del given[name]
            with pytest.raises(JsepTypeError):
                sender.setParameters(given)
        audio = make("audio")
        parameters = audio.getParameters()
        # Audio has no size: what it is set to does not matter (W3C setParameters).
        parameters.encodings[0].scaleResolutionDownBy = 0.5
        await audio.setParameters(parameters)
        assert audio.getParameters().encodings[0].scaleResolutionDownBy is None

    run(scenario)


def test_a_stopped_sender_is_left_alone() -> None:
    async def scenario() -> None:
        transceiver = RTCPeerConnection().addTransceiver("audio")
        parameters = transceiver.sender.getParameters()
        _ = transceiver.stop()
        with pytest.raises(InvalidStateError):
            transceiver.sender.setParameters(parameters)

    run(scenario)


def test_parameters_can_be_read_without_a_loop() -> None:
    sender = make()
    sender.setParameters(sender.getParameters())


def test_a_track_is_replaced_in_its_turn() -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            first, second = AudioStreamTrack(), AudioStreamTrack()
            sender = pc.addTrack(first)
            pc.onicecandidate = repr  # Candidates are not waited for then.
            await sender.replaceTrack(second)
            # W3C §5.2: it is an operation of the chain, awaited or not.
            offering = asyncio.ensure_future(pc.setLocalDescription())
            await asyncio.sleep(0)
            forgotten = sender.replaceTrack(None)
            del forgotten
            replaced = sender.replaceTrack(first)
            assert sender.track is second
            await replaced
            assert offering.done()
            assert sender.track is first

    run(scenario)


def test_removing_a_track_does_not_wait_for_a_replacement() -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            first, second = AudioStreamTrack(), AudioStreamTrack()
            sender = pc.addTrack(first)
            offering = asyncio.ensure_future(pc.createOffer())
            await asyncio.sleep(0)
            replaced = sender.replaceTrack(second)
            pc.removeTrack(sender)
            tracks = [sender.track]
            await replaced
            tracks.append(sender.track)
            assert tracks == [None, second]
            await offering

    run(scenario)


@pytest.mark.parametrize("closing", [False, True])
def test_a_replacement_that_comes_too_late_is_refused(closing: bool) -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            sender = pc.addTransceiver("audio").sender
            offering = asyncio.ensure_future(pc.createOffer())
            await asyncio.sleep(0)
            replaced = sender.replaceTrack(AudioStreamTrack())
            forgotten = sender.replaceTrack(AudioStreamTrack())
            ended = pc.close() if closing else pc.getTransceivers()[0].stop()
            with pytest.raises(InvalidStateError):
                await replaced
            del forgotten
            await ended
            await asyncio.wait([offering])
            assert (offering.exception() is not None) is closing
            assert sender.track is None

    run(scenario)


VP8 = {"mimeType": "video/VP8", "clockRate": 90000}
H264 = {
    "mimeType": "video/h264",
    "clockRate": 90000,
    "sdpFmtpLine": "packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1",
}
NONE = {"mimeType": "video/none", "clockRate": 90000}


def test_an_encoding_names_its_codec() -> None:
    """W3C §5.2: setParameters chooses among what was agreed on, without negotiation."""

    async def scenario() -> None:
        async with two() as (pc, other):
            sender = pc.addTransceiver("video", {"sendEncodings": [{"codec": H264}]}).sender
            other.addTransceiver("video")
            await negotiate(pc, other)
            sent = sender.below.layers[None].parameters
            assert sent is not None
            assert sent.codecs[0].mimeType == "video/H264"
            parameters = sender.getParameters()
            parameters.encodings[0].codec = VP8
            await sender.setParameters(parameters)
            sent = sender.below.layers[None].parameters
            assert sent is not None
            assert sent.codecs[0].mimeType == "video/VP8"
            assert sender.getParameters().encodings[0].codec == VP8
            parameters = sender.getParameters()
            parameters.encodings[0].codec = NONE
            with pytest.raises(InvalidModificationError):
                sender.setParameters(parameters)
            # What is not agreed on any more is not chosen any more (W3C §4.4.1.5).
            pc.getTransceivers()[0].setCodecPreferences([H264])
            await negotiate(pc, other)
            assert sender.getParameters().encodings[0].codec is None

    run(scenario)


def test_codecs_that_encodings_cannot_have() -> None:
    pc = RTCPeerConnection()
    with pytest.raises(OperationError):
        pc.addTransceiver("video", {"sendEncodings": [{"codec": NONE}]})
    several = [{"rid": "a", "codec": VP8}, {"rid": "b", "codec": H264}]
    with pytest.raises(OperationError):
        pc.addTransceiver("video", {"sendEncodings": several})
    with pytest.raises(JsepTypeError):
        pc.addTransceiver("video", {"sendEncodings": [{"codec": "VP8"}]})
    assert pc.getTransceivers() == []


def test_what_stops_keeps_its_track_until_that_is_negotiated() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            track = AudioStreamTrack()
            sender = pc.addTrack(track)
            await negotiate(pc, other)
            await pc.getTransceivers()[0].stop()
            # W3C addTrack: the sender is there still; removeTrack and setStreams do nothing.
            with pytest.raises(InvalidAccessError):
                pc.addTrack(track)
            pc.removeTrack(sender)
            sender.setStreams()
            await negotiate(pc, other)
            assert pc.getSenders() == []
            pc.removeTrack(sender)
            sender.setStreams()
            pc.addTrack(track)

    run(scenario)


def test_what_is_to_stay_when_there_is_not_enough_for_both() -> None:
    async def scenario() -> None:
        async with two() as (one, other):
            sender = one.addTrack(VideoStreamTrack())
            assert sender.getParameters().degradationPreference is None
            parameters = sender.getParameters()
            parameters.degradationPreference = "maintain-resolution"
            await sender.setParameters(parameters)
            assert sender.getParameters().degradationPreference == "maintain-resolution"
            await negotiate(one, other)
            (layer,) = sender.below.layers.values()
            assert layer.parameters is not None
            assert layer.parameters.degradation_preference == "maintain-resolution"
            parameters = sender.getParameters()
            parameters.degradationPreference = "maintain-everything"
            with pytest.raises(JsepTypeError, match="maintain-everything"):
                sender.setParameters(parameters)

    run(scenario)


def test_priorities_are_taken_and_given_to_what_sends() -> None:
    async def scenario() -> None:
        async with two() as (ours, theirs):
            encoding = {"priority": "high", "networkPriority": "medium"}
            sender = ours.addTransceiver("video", {"sendEncodings": [encoding]}).sender
            await negotiate(ours, theirs)
            for priority, worth in (("high", 4.0), ("very-low", 0.5)):
                parameters = sender.getParameters()
                parameters.encodings[0].priority = priority
                await sender.setParameters(parameters)
                (told,) = sender.getParameters().encodings
                assert (told.priority, told.networkPriority) == (priority, "medium")
                (layer,) = sender.below.layers.values()
                assert layer.parameters is not None
                assert layer.parameters.priority == worth

    run(scenario)
