"""Whole calls between two connections in one process."""

import asyncio
from functools import partial

import pytest
from av import AudioFrame

from peer import (
    AudioStreamTrack,
    MediaStream,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtcpMuxPolicy,
)
from tests.api.calls import LIMIT, ColourTrack, luma, negotiate, two, until_connected, without
from tests.api.support import until


async def open_channel(
    ours: RTCPeerConnection, theirs: RTCPeerConnection
) -> tuple[RTCDataChannel, "asyncio.Queue[str | bytes]"]:
    """Make a channel that the other side echoes; gives it with what comes back."""
    received: asyncio.Queue[str | bytes] = asyncio.Queue()

    @theirs.on("datachannel")
    def echo(channel: RTCDataChannel) -> None:
        channel.on("message", channel.send)

    channel = ours.createDataChannel("echo")
    channel.on("message", received.put_nowait)
    return channel, received


async def check_echo(
    channel: RTCDataChannel, received: "asyncio.Queue[str | bytes]", message: str | bytes
) -> None:
    opened = asyncio.Event()
    channel.on("open", opened.set)
    async with asyncio.timeout(LIMIT):
        if channel.readyState != "open":
            await opened.wait()
        channel.send(message)
        assert await received.get() == message


async def received_luma(connection: RTCPeerConnection, mid: str) -> int:
    """Give the brightness of the next picture of a section."""
    (transceiver,) = [one for one in connection.getTransceivers() if one.mid == mid]
    async with asyncio.timeout(LIMIT):
        return luma(await transceiver.receiver.track.recv())


def test_audio_video_and_data_in_both_directions() -> None:
    async def main() -> None:
        async with two() as (ours, theirs):
            for connection, brightness in ((ours, 60), (theirs, 180)):
                stream = MediaStream()
                connection.addTrack(AudioStreamTrack(), stream)
                connection.addTrack(ColourTrack(brightness), stream)
            channel, received = await open_channel(ours, theirs)
            await negotiate(ours, theirs)
            await until_connected(ours, theirs)
            await check_echo(channel, received, "hello")
            for connection, brightness in ((ours, 180), (theirs, 60)):
                audio, video = connection.getReceivers()
                async with asyncio.timeout(LIMIT):
                    sound = await audio.track.recv()
                    assert isinstance(sound, AudioFrame)
                    assert sound.sample_rate == 48000
                    assert abs(luma(await video.track.recv()) - brightness) < 8
                assert audio.track.streams == video.track.streams
                # Everything is bundled: one transport.
                assert audio.transport is video.transport
                assert connection.sctp is not None
                assert connection.sctp.transport is audio.transport
                assert connection.iceConnectionState in ("connected", "completed")

    asyncio.run(main())


@pytest.mark.parametrize("policy", list(RTCBundlePolicy))
def test_a_peer_without_bundle_gets_a_transport_for_each_section_it_accepts(
    policy: RTCBundlePolicy,
) -> None:
    async def main() -> None:
        everything = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_COMPAT)
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=policy)
        async with two(configuration, everything) as (ours, theirs):
            ours.addTrack(AudioStreamTrack())
            ours.addTrack(ColourTrack(60))
            ours.addTrack(ColourTrack(180))
            channel, received = await open_channel(ours, theirs)
            await negotiate(ours, theirs, without("a=group", "a=bundle-only"))
            await until_connected(ours, theirs)
            live = [one for one in ours.getTransceivers() if not one.stopped]
            transports = {one.sender.transport for one in live}
            match policy:
                case RTCBundlePolicy.MAX_COMPAT:
                    # RFC 9429 §4.1.1: everything, each on its own.
                    assert len(live) == len(transports) == 3
                case RTCBundlePolicy.BALANCED:
                    # The first of each kind; the second video is stopped, cleanly.
                    assert [one.kind for one in live] == ["audio", "video"]
                    assert len(transports) == 2
                case RTCBundlePolicy.MAX_BUNDLE:
                    assert [one.kind for one in live] == ["audio"]
            if policy is not RTCBundlePolicy.MAX_BUNDLE:
                await check_echo(channel, received, "hello")
                assert abs(await received_luma(theirs, "1") - 60) < 8
            if policy is RTCBundlePolicy.MAX_COMPAT:
                assert abs(await received_luma(theirs, "2") - 180) < 8

    asyncio.run(main())


def test_a_peer_without_rtcp_mux_gets_a_second_component() -> None:
    async def main() -> None:
        configuration = RTCConfiguration(iceServers=[], rtcpMuxPolicy=RTCRtcpMuxPolicy.NEGOTIATE)
        async with two(configuration, configuration) as (ours, theirs):
            ours.addTrack(ColourTrack(60))
            theirs.addTrack(ColourTrack(180))
            await negotiate(ours, theirs, without("a=rtcp-mux"))
            await until_connected(ours, theirs)
            assert abs(await received_luma(theirs, "0") - 60) < 8
            assert abs(await received_luma(ours, "0") - 180) < 8

    asyncio.run(main())


@pytest.mark.parametrize("by_answerer", [False, True])
def test_video_is_added_to_a_call_of_audio(by_answerer: bool) -> None:
    async def main() -> None:
        async with two() as (ours, theirs):
            ours.addTrack(AudioStreamTrack())
            theirs.addTrack(AudioStreamTrack())
            await negotiate(ours, theirs)
            await until_connected(ours, theirs)
            before = ours.getSenders()[0].transport
            first, second = (theirs, ours) if by_answerer else (ours, theirs)
            first.addTrack(ColourTrack(60))
            await negotiate(first, second)
            assert abs(await received_luma(second, "1") - 60) < 8
            assert ours.connectionState == theirs.connectionState == "connected"
            assert [one.transport for one in ours.getSenders()] == [before, before]

    asyncio.run(main())


@pytest.mark.parametrize("by_answerer", [False, True])
def test_a_restart_of_ice_loses_no_message(by_answerer: bool) -> None:
    async def main() -> None:
        async with two() as (ours, theirs):
            channel, received = await open_channel(ours, theirs)
            await negotiate(ours, theirs)
            await check_echo(channel, received, "before")
            first, second = (theirs, ours) if by_answerer else (ours, theirs)
            fragments = [fragment(one) for one in (ours, theirs)]
            first.restartIce()
            restart = asyncio.create_task(negotiate(first, second))
            sent = []
            for number in range(200):
                sent.append(f"message {number}")
                channel.send(sent[-1])
                await asyncio.sleep(0)
            await restart
            async with asyncio.timeout(LIMIT):
                assert [await received.get() for _ in sent] == sent
            assert all(
                fragment(one) != before
                for one, before in zip((ours, theirs), fragments, strict=True)
            )
            assert ours.connectionState == theirs.connectionState == "connected"

    asyncio.run(main())


def fragment(connection: RTCPeerConnection) -> str:
    assert connection.sctp is not None
    parameters = connection.sctp.transport.iceTransport.getLocalParameters()
    assert parameters is not None
    return parameters.usernameFragment


def test_a_restart_says_nothing_of_the_candidates_before_it() -> None:
    """RFC 8838 §13: the end of candidates is that of a generation."""

    async def main() -> None:
        async with two() as (ours, theirs):
            ours.createDataChannel("data")
            await negotiate(ours, theirs)
            await until_connected(ours, theirs)
            ours.onicecandidate = lambda _: None
            ours.restartIce()
            await ours.setLocalDescription()
            assert ours.localDescription is not None
            assert "candidate" not in ours.localDescription.sdp
            complete = await ours.completeLocalDescription()
            assert complete is not None
            assert "a=candidate" in complete.sdp
            assert "a=end-of-candidates" in complete.sdp

    asyncio.run(main())


def test_a_restart_that_is_rolled_back_changes_nothing() -> None:
    async def main() -> None:
        async with two() as (ours, theirs):
            channel, received = await open_channel(ours, theirs)
            await negotiate(ours, theirs)
            await check_echo(channel, received, "before")
            before = fragment(ours)
            ours.restartIce()
            await ours.setLocalDescription()
            assert fragment(ours) != before
            await ours.setLocalDescription({"type": "rollback"})
            assert fragment(ours) == before
            assert ours.localDescription is not None
            assert "a=candidate" in ours.localDescription.sdp
            await check_echo(channel, received, "after")
            assert ours.connectionState == theirs.connectionState == "connected"
            # The request to restart outlives the rollback (W3C restartIce).
            await negotiate(ours, theirs)
            assert fragment(ours) != before
            await check_echo(channel, received, "at last")

    asyncio.run(main())


def is_completed(connection: RTCPeerConnection) -> bool:
    return connection.iceConnectionState == "completed"


def test_descriptions_and_transports_are_shown_as_they_are() -> None:
    """W3C webrtc-pc §4.4.2 and §5.6."""

    async def main() -> None:
        async with two() as (ours, theirs):
            ours.createDataChannel("data")
            await ours.setLocalDescription()
            assert ours.pendingLocalDescription == ours.localDescription
            assert ours.currentLocalDescription is None
            await theirs.setRemoteDescription(ours.localDescription)
            assert theirs.pendingRemoteDescription == theirs.remoteDescription
            await theirs.setLocalDescription()
            await ours.setRemoteDescription(theirs.localDescription)
            assert ours.currentRemoteDescription == ours.remoteDescription
            assert ours.currentLocalDescription == ours.localDescription
            assert [ours.pendingLocalDescription, ours.pendingRemoteDescription] == [None, None]
            await until_connected(ours, theirs)
            assert ours.sctp is not None
            assert theirs.sctp is not None
            mine, other = (one.transport.iceTransport for one in (ours.sctp, theirs.sctp))
            # DTLS may be done before ICE has settled on a pair.
            for one in (ours, theirs):
                await until(one, "iceconnectionstatechange", partial(is_completed, one))
            pair, mirrored = mine.getSelectedCandidatePair(), other.getSelectedCandidatePair()
            assert pair is not None
            assert mirrored is not None
            assert (pair.local.ip, pair.local.port) == (mirrored.remote.ip, mirrored.remote.port)
            assert mine.getRemoteParameters() == other.getLocalParameters()
            assert mine.getLocalCandidates() == other.getRemoteCandidates() != []
            assert (mine.role, other.role) == ("controlling", "controlled")
            assert mine.gatheringState == "complete"
            assert len(ours.sctp.transport.getRemoteCertificates()) == 1

    asyncio.run(main())


def test_offers_that_cross_are_settled_by_rollback() -> None:
    """W3C §10.7, perfect negotiation: the polite side gives way."""

    async def main() -> None:
        async with two() as (polite, impolite):
            polite.addTrack(ColourTrack(60))
            impolite.addTrack(ColourTrack(180))
            await polite.setLocalDescription()
            await impolite.setLocalDescription()
            await polite.setRemoteDescription(await impolite.completeLocalDescription())
            await polite.setLocalDescription()
            await impolite.setRemoteDescription(await polite.completeLocalDescription())
            await until_connected(polite, impolite)
            # RFC 9429 §5.10: a transceiver made by addTrack takes up the section offered.
            assert [one.mid for one in polite.getTransceivers()] == ["0"]
            assert abs(await received_luma(polite, "0") - 180) < 8
            assert abs(await received_luma(impolite, "0") - 60) < 8

    asyncio.run(main())


def test_a_connection_that_the_peer_closes_is_closed() -> None:
    async def main() -> None:
        async with two() as (ours, theirs):
            channel, received = await open_channel(ours, theirs)
            await negotiate(ours, theirs)
            await check_echo(channel, received, "hello")
            closed = asyncio.Event()

            @theirs.on("connectionstatechange")
            def note() -> None:
                if theirs.connectionState == "closed":
                    closed.set()

            await ours.close()
            async with asyncio.timeout(LIMIT):
                await closed.wait()
            assert channel.readyState == "closed"
            assert theirs.signalingState == "closed"

    asyncio.run(main())
