"""RTCRtpReceiver: when its track is muted."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from peer import AudioStreamTrack, RangeError
from peer.api.rtp_receiver import RemoteStreamTrack
from tests.api.calls import LIMIT, ColourTrack, negotiate, two, until_connected
from tests.api.support import run


def test_a_track_that_is_not_to_be_received_stays_muted() -> None:
    async def scenario() -> None:
        track = RemoteStreamTrack("audio")
        heard: list[str] = []
        for name in ("mute", "unmute"):
            track.on(name, lambda name=name: heard.append(name))
        assert track.muted
        track.set_muted(False)
        track.receptive = False
        track.set_muted(True)
        # A late packet.
        track.set_muted(False)
        assert (track.muted, heard) == (True, ["unmute", "mute"])
        track.receptive = True
        track.set_muted(False)
        assert heard == ["unmute", "mute", "unmute"]

    run(scenario)


def test_directions_mute_and_unmute_once_each() -> None:
    async def scenario() -> None:
        async with two() as (ours, theirs):
            heard: list[str] = []
            changed = asyncio.Event()

            def note(name: str) -> None:
                heard.append(name)
                changed.set()

            async def unmuted(count: int) -> None:
                async with asyncio.timeout(LIMIT):
                    while heard.count("unmute") < count:
                        changed.clear()
                        await changed.wait()

            def on_track(track: Any) -> None:
                for name in ("mute", "unmute"):
                    track.on(name, lambda name=name: note(name))

            theirs.once("track", on_track)
            transceiver = ours.addTransceiver(ColourTrack(9))
            await negotiate(ours, theirs)
            await until_connected(ours, theirs)
            await unmuted(1)
            transceiver.direction = "inactive"
            await negotiate(ours, theirs)
            assert heard == ["unmute", "mute"]
            transceiver.direction = "sendonly"
            await negotiate(ours, theirs)
            await unmuted(2)
            assert heard == ["unmute", "mute", "unmute"]

    run(scenario)


def test_an_offer_mutes_before_it_is_answered() -> None:
    async def scenario() -> None:
        async with two() as (ours, theirs):
            transceiver = ours.addTransceiver("audio")
            await negotiate(ours, theirs)
            track: Any = theirs.getReceivers()[0].track
            # As packets do that come from now on.
            track.set_muted(False)
            transceiver.direction = "inactive"
            await ours.setLocalDescription()
            offer: Any = ours.localDescription
            muted: list[str] = []
            track.on("mute", lambda: muted.append(theirs.signalingState))
            await theirs.setRemoteDescription(offer)
            track.set_muted(False)
            assert (track.muted, muted) == (True, ["have-remote-offer"])
            await theirs.setRemoteDescription({"type": "rollback"})
            track.set_muted(False)
            assert not track.muted

    run(scenario)


def test_sources_say_when_they_were_heard() -> None:
    async def scenario() -> None:
        began = datetime.now(UTC)
        async with two() as (ours, theirs):
            ours.addTransceiver(AudioStreamTrack())
            await negotiate(ours, theirs)
            (receiver,) = theirs.getReceivers()
            heard = asyncio.Event()
            receiver.track.on("unmute", heard.set)
            async with asyncio.timeout(LIMIT):
                await heard.wait()
            (source,) = receiver.getSynchronizationSources()
            assert began < source.timestamp <= datetime.now(UTC)
            assert 0 <= source.source < 2**32
            assert 0 <= source.rtpTimestamp < 2**32
            assert receiver.getContributingSources() == []

    run(scenario)


def test_how_long_sound_is_held_back_is_a_choice_within_bounds() -> None:
    """webrtc-extensions §5.3: null or 0 to 4000 milliseconds."""

    async def scenario() -> None:
        async with two() as (pc, _):
            receiver = pc.addTransceiver("audio").receiver
            assert receiver.jitterBufferTarget is None
            receiver.jitterBufferTarget = 4000
            for odd in (-1, 4001):
                with pytest.raises(RangeError):
                    receiver.jitterBufferTarget = odd
            assert receiver.jitterBufferTarget == 4000
            receiver.jitterBufferTarget = None
            video = pc.addTransceiver("video").receiver
            video.jitterBufferTarget = 100
            assert video.jitterBufferTarget == 100

    run(scenario)
