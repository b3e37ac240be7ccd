"""Temporal layers in whole calls, in virtual time (W3C webrtc-svc)."""

import asyncio

import pytest

from peer import (
    OperationError,
    RTCEncodedVideoFrame,
    RTCOutboundRtpStreamStats,
    RTCPeerConnection,
    RTCRtpScriptTransform,
    RTCRtpScriptTransformer,
)
from peer.testing import Network, PictureTrack, connect, run
from tests.testing.support import Seen, closing


async def told(connection: RTCPeerConnection) -> RTCOutboundRtpStreamStats:
    report = await connection.getStats()
    (sent,) = (one for one in report.values() if isinstance(one, RTCOutboundRtpStreamStats))
    return sent


@pytest.mark.parametrize(("mode", "layers"), [("L1T2", {0, 1}), ("L1T3", {0, 1, 2})])
def test_pictures_have_layers_and_all_are_seen(mode: str, layers: set[int]) -> None:
    async def story() -> None:
        net = Network(seed=4)
        async with closing(net.host("a").connection(), net.host("b").connection()) as (a, b):
            seen = Seen(b)
            encodings = [{"scalabilityMode": mode}]
            a.addTransceiver(PictureTrack(), {"sendEncodings": encodings})
            await connect(a, b)
            found: set[int | None] = set()

            async def look() -> None:
                async for frame in b.getReceivers()[0].encoded_frames():
                    assert isinstance(frame, RTCEncodedVideoFrame)
                    found.add(frame.getMetadata().temporalIndex)

            looking = asyncio.ensure_future(look())
            await asyncio.sleep(4)
            assert found == layers
            assert len(seen.numbers) > 3 * 15
            sent = await told(a)
            assert sent.scalabilityMode == mode
            # One to begin with, and one for who began to look on.
            assert (sent.keyFramesEncoded or 0) <= 2
            (sender,) = a.getSenders()
            parameters = sender.getParameters()
            assert parameters.encodings[0].scalabilityMode == mode
            parameters.encodings[0].scalabilityMode = None
            await sender.setParameters(parameters)
            await asyncio.sleep(1)
            assert (await told(a)).scalabilityMode == "L1T1"
            looking.cancel()

    run(story(), seed=4)


def test_what_no_picture_needs_can_be_dropped_on_the_way() -> None:
    """By a program of the sender's: no key frame comes of it, and the others are seen."""

    async def thin(transformer: RTCRtpScriptTransformer) -> None:
        async for frame in transformer.readable:
            assert isinstance(frame, RTCEncodedVideoFrame)
            if frame.getMetadata().temporalIndex != 1:
                transformer.writable.write(frame)

    async def story() -> None:
        net = Network(seed=4)
        async with closing(net.host("a").connection(), net.host("b").connection()) as (a, b):
            seen = Seen(b)
            encodings = [{"scalabilityMode": "L1T2"}]
            sender = a.addTransceiver(PictureTrack(), {"sendEncodings": encodings}).sender
            sender.transform = RTCRtpScriptTransform(thin)
            await connect(a, b)
            await asyncio.sleep(4)
            assert 20 < len(seen.numbers) < 40
            assert seen.numbers == sorted(seen.numbers)
            assert (await told(a)).keyFramesEncoded == 1

    run(story(), seed=4)


def test_modes_that_there_are_not() -> None:
    async def story() -> None:
        connection = RTCPeerConnection()
        for mode in ("L3T3", "", "L1T4"):
            with pytest.raises(OperationError):
                connection.addTransceiver("video", {"sendEncodings": [{"scalabilityMode": mode}]})
        sender = connection.addTransceiver("video").sender
        parameters = sender.getParameters()
        parameters.encodings[0].scalabilityMode = "L2T1"
        with pytest.raises(OperationError):
            sender.setParameters(parameters)
        assert sender.getParameters().encodings[0].scalabilityMode is None
        sound = connection.addTransceiver("audio", {"sendEncodings": [{"scalabilityMode": "L1T2"}]})
        assert sound.sender.getParameters().encodings[0].scalabilityMode is None
        await connection.close()

    run(story())
