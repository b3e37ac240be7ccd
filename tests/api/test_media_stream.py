"""Streams: their tracks, and who is told of changes."""

from typing import Any

import pytest
from aiortc import AudioStreamTrack, VideoStreamTrack

from peer.api.events import MediaStreamTrackEvent
from peer.api.media_stream import MediaStream

AUDIO, VIDEO = AudioStreamTrack(), VideoStreamTrack()


def test_tracks_are_kept_in_order_and_once() -> None:
    stream = MediaStream([VIDEO])
    stream.addTrack(AUDIO)
    stream.addTrack(VIDEO)
    assert stream.getTracks() == [VIDEO, AUDIO]
    assert stream.getAudioTracks() == [AUDIO]
    assert stream.getVideoTracks() == [VIDEO]
    assert stream.getTrackById(AUDIO.id) is AUDIO
    assert stream.getTrackById("other") is None
    stream.removeTrack(VIDEO)
    stream.removeTrack(VIDEO)
    assert stream.getTracks() == [AUDIO]


def test_ids() -> None:
    assert MediaStream(id="name").id == "name"
    assert MediaStream().id != MediaStream().id
    assert len(MediaStream().id) == 36


def test_a_stream_of_another_streams_tracks() -> None:
    first = MediaStream([AUDIO, VIDEO])
    second = MediaStream(first)
    assert second.getTracks() == [AUDIO, VIDEO]
    assert second.id != first.id
    second.removeTrack(AUDIO)
    assert first.getTracks() == [AUDIO, VIDEO]


def test_it_is_active_while_a_track_is_live() -> None:
    track, other = AudioStreamTrack(), AudioStreamTrack()
    stream = MediaStream([track, other])
    assert not MediaStream().active
    assert stream.active
    track.stop()
    assert stream.active
    other.stop()
    assert not stream.active


def test_only_changes_by_the_peer_are_told() -> None:
    stream = MediaStream()
    got: list[Any] = []
    for name in ("addtrack", "removetrack"):
        stream.on(name, lambda track, name=name: got.append((name, track)))
    stream.onaddtrack = got.append
    stream.onremovetrack = got.append
    stream.addTrack(AUDIO)
    stream.removeTrack(AUDIO)
    stream.remove_remote(AUDIO)
    assert got == []
    stream.add_remote(AUDIO)
    stream.add_remote(AUDIO)
    assert got == [("addtrack", AUDIO), MediaStreamTrackEvent(AUDIO, type="addtrack")]
    got.clear()
    stream.remove_remote(AUDIO)
    assert got == [("removetrack", AUDIO), MediaStreamTrackEvent(AUDIO, type="removetrack")]
    assert stream.getTracks() == []


def test_what_is_no_track_is_refused() -> None:
    stream = MediaStream()
    for change in (stream.addTrack, stream.removeTrack):
        with pytest.raises(TypeError):
            change("track")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "two words", "line\r\nend", "NUL\0", "half\ud800", 5])
def test_a_name_that_no_description_can_carry(name: Any) -> None:
    with pytest.raises(TypeError):
        MediaStream(id=name)
