"""What programs import from aiortc is under the same names here, and does what they rely on."""

import asyncio
import importlib
import sys
from importlib.metadata import version

import aiortc
import pytest
from aiortc.codecs import h264 as aiortc_h264
from av import AudioFrame

import peer
from peer.api.errors import JsepTypeError
from tests.api.calls import negotiate, two
from tests.api.support import calling, run, state_is, within

UNUSED = {"RTCDataChannelParameters", "RTCSctpCapabilities"}
"""What only makes the transports that aiortc can have without a connection."""
MODULES = (
    "exceptions",
    "mediastreams",
    "rtcconfiguration",
    "rtcdatachannel",
    "rtcdtlstransport",
    "rtcicetransport",
    "rtcpeerconnection",
    "rtcrtpreceiver",
    "rtcrtpsender",
    "rtcrtptransceiver",
    "rtcsctptransport",
    "rtcsessiondescription",
    "stats",
)


def test_every_name_of_the_package() -> None:
    assert set(aiortc.__all__) - set(peer.__all__) == UNUSED


@pytest.mark.parametrize("name", MODULES)
def test_every_name_of_a_module(name: str) -> None:
    theirs, ours = (importlib.import_module(f"{one}.{name}") for one in ("aiortc", "peer"))
    named = {one for one in aiortc.__all__ if one in vars(theirs)} - UNUSED
    here = {one for one in named if vars(theirs)[one].__module__ == theirs.__name__}
    assert here
    assert here - set(ours.__all__) == set()
    assert all(getattr(ours, one) is getattr(peer, one) for one in here)
    assert getattr(peer, name) is ours


def test_the_parameters_of_rtp() -> None:
    from aiortc import rtcrtpparameters as theirs

    from peer import rtcrtpparameters as ours

    assert {one for one in aiortc.__all__ if one in vars(theirs)} - set(ours.__all__) == set()
    codec = ours.RTCRtpCodecParameters(
        mimeType="audio/opus", clockRate=48000, channels=2, payloadType=96
    )
    assert (codec.name, codec.payloadType) == ("opus", 96)


def test_names_that_are_no_classes() -> None:
    from peer.exceptions import InternalError
    from peer.mediastreams import VIDEO_TIME_BASE
    from peer.sdp import SessionDescription, candidate_from_sdp

    assert SessionDescription.parse("v=0\r\nm=audio 9 RTP/AVP 0\r\n").media[0].kind == "audio"
    assert peer.__version__ == version("aiopeer")
    assert InternalError is JsepTypeError
    assert VIDEO_TIME_BASE.denominator == 90000
    assert candidate_from_sdp is peer.candidate_from_sdp


def test_codecs_are_the_modules_that_encode() -> None:
    """Programs set bit rates there."""
    assert importlib.import_module("peer.codecs.h264") is aiortc_h264
    assert vars(peer.codecs)["h264"] is aiortc_h264
    assert {"peer.codecs.opus", "peer.codecs.vpx"} <= set(sys.modules)


def test_the_gatherer_shows_the_local_side() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            pc.createDataChannel("x")
            await pc.setLocalDescription()
            assert pc.sctp is not None
            ice = pc.sctp.transport.transport
            states = [ice.iceGatherer.state]
            ice.iceGatherer.on("statechange", lambda: states.append(ice.iceGatherer.state))
            await negotiate(pc, other)
            await pc.completeLocalDescription()
            assert states[-1] == "completed"
            assert ice.iceGatherer.getLocalCandidates() == ice.getLocalCandidates()
            assert ice.iceGatherer.getLocalParameters() == ice.getLocalParameters()
            (server,) = ice.iceGatherer.getDefaultIceServers()
            assert server == peer.RTCIceServer("stun:stun.l.google.com:19302")
            fingerprints = pc.sctp.transport.getLocalParameters().fingerprints
            description = pc.localDescription
            assert description is not None
            assert any(f"sha-256 {one.value}" in description.sdp for one in fingerprints)

    run(scenario)


def test_who_is_late_may_empty_the_queue_of_a_track() -> None:
    async def scenario() -> None:
        track = peer.RemoteStreamTrack("audio")
        first, second = AudioFrame(samples=160), AudioFrame(samples=160)
        track.deliver(first)
        queue: asyncio.Queue[AudioFrame] = vars(track)["_queue"]
        while not queue.empty():
            queue.get_nowait()
            queue.task_done()
        track.deliver(second)
        assert await track.recv() is second

    run(scenario)


class Camera(peer.VideoStreamTrack):
    """Fails when it is let go of."""

    def stop(self) -> None:
        if self.readyState == "live":
            super().stop()
            raise OSError("the camera is gone")


def test_closing_stops_what_was_sent() -> None:
    """As aiortc does, but not what waits to be sent; a track that fails at it harms nothing."""

    async def story() -> None:
        failed: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: failed.append(context["exception"])
        )
        camera, sound, late = Camera(), peer.AudioStreamTrack(), peer.AudioStreamTrack()
        async with calling() as call:
            for track in (camera, sound):
                call.offerer.addTrack(track)
            await call.negotiate()
            await state_is(call.offerer, "connected")
            call.offerer.addTrack(late)
            await within(call.offerer.close())
            states = [track.readyState for track in (camera, sound, late)]
            assert states == ["ended", "ended", "live"]
        assert [str(error) for error in failed] == ["the camera is gone"]

    run(story)
