"""Tracks and streams of the peer: what a description changes, and in what order it is told."""

from typing import Any

from peer import AudioStreamTrack, MediaStream, RTCPeerConnection, VideoStreamTrack
from tests.api.calls import negotiate, two
from tests.api.support import QUICK, run

MICROPHONE, CAMERA = "microphone", "camera"


class Heard:
    """What a connection tells of remote tracks and streams, in order."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.events: list[tuple[Any, ...]] = []
        pc.addEventListener("signalingstatechange", self._signaling)
        pc.addEventListener("track", self._track)
        self._pc = pc
        self._streams: set[MediaStream] = set()

    def _signaling(self, _event: Any) -> None:
        self.events.append(("signaling", self._pc.signalingState))

    def _track(self, event: Any) -> None:
        self.events.append(("track", event.track.id, [one.id for one in event.streams]))
        for stream in set(event.streams) - self._streams:
            self._streams.add(stream)
            stream.addEventListener("addtrack", self._change(stream))
            stream.addEventListener("removetrack", self._change(stream))

    def _change(self, stream: MediaStream) -> Any:
        return lambda event: self.events.append((event.type, stream.id, event.track.id))

    def take(self) -> list[tuple[Any, ...]]:
        """What was told since the last time."""
        told, self.events = self.events, []
        return told


def named(track: Any, name: str) -> Any:
    track._id = name
    return track


def test_streams_change_before_tracks_are_told_of() -> None:
    """W3C "set a session description": mute, removetrack, addtrack, and then the tracks."""

    async def scenario() -> None:
        async with two(QUICK, QUICK) as (ours, theirs):
            heard = Heard(ours)
            first, second = MediaStream(id="first"), MediaStream(id="second")
            audio = theirs.addTrack(named(AudioStreamTrack(), MICROPHONE), first)
            await negotiate(theirs, ours)
            assert heard.take() == [
                ("signaling", "have-remote-offer"),
                ("track", MICROPHONE, ["first"]),
                ("signaling", "stable"),
            ]
            audio.setStreams(second)
            theirs.addTrack(named(VideoStreamTrack(), CAMERA), first, second)
            await negotiate(theirs, ours)
            assert heard.take() == [
                ("signaling", "have-remote-offer"),
                ("removetrack", "first", MICROPHONE),
                ("addtrack", "first", CAMERA),
                ("track", MICROPHONE, ["second"]),
                ("track", CAMERA, ["first", "second"]),
                ("signaling", "stable"),
            ]
            microphone = ours.getReceivers()[0].track
            microphone.set_muted(False)
            microphone.on("mute", lambda: heard.events.append(("mute", MICROPHONE)))
            theirs.removeTrack(audio)
            await negotiate(theirs, ours)
            assert heard.take() == [
                ("signaling", "have-remote-offer"),
                ("mute", MICROPHONE),
                ("removetrack", "second", MICROPHONE),
                ("signaling", "stable"),
            ]

    run(scenario)


def test_the_first_sound_and_pictures_of_a_stream_are_kept_together() -> None:
    async def scenario() -> None:
        async with two(QUICK, QUICK) as (ours, theirs):
            stream, other = MediaStream(id="stream"), MediaStream(id="other")
            kinds = (AudioStreamTrack, VideoStreamTrack, VideoStreamTrack)
            senders = [theirs.addTrack(kind(), stream) for kind in kinds]
            await negotiate(theirs, ours)

            def together() -> list[Any]:
                return [one.receiver.below._synchronization for one in ours.getTransceivers()]

            audio, video, second = before = together()
            assert audio is video
            assert audio is not None
            assert second is None
            senders[1].setStreams(other)
            await negotiate(theirs, ours)
            audio, video, second = together()
            assert audio is second
            assert audio is not None
            assert video is None
            senders[1].setStreams(stream)
            await negotiate(theirs, ours)
            assert [one is None for one in together()] == [one is None for one in before]
        assert together() == [None, None, None]

    run(scenario)
