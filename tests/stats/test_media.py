"""media-source."""

from dataclasses import replace

from peer.stats import RTCAudioSourceStats, RTCVideoSourceStats, SenderSource
from peer.stats.media import media_source_id, media_sources
from tests.stats.figures import FakeSender, audio_sender, sender, sources
from tests.transports.media import PushedTrack


def test_what_an_audio_track_delivers() -> None:
    source = audio_sender()
    (stats,) = media_sources(sources(senders=(source,)))
    assert isinstance(stats, RTCAudioSourceStats)
    assert source.sender.track is not None
    assert (stats.type, stats.kind) == ("media-source", "audio")
    assert stats.trackIdentifier == source.sender.track.id
    assert (stats.audioLevel, stats.totalAudioEnergy, stats.totalSamplesDuration) == (0.5, 1.5, 6.0)


def test_what_a_video_track_delivers() -> None:
    (stats,) = media_sources(sources(senders=(sender(),)))
    assert isinstance(stats, RTCVideoSourceStats)
    assert (stats.width, stats.height, stats.frames, stats.framesPerSecond) == (640, 480, 40, 25.0)
    assert stats.kind == "video"


def test_a_sender_without_a_track_has_no_source() -> None:
    source = SenderSource(1, None, FakeSender(), None)
    assert list(media_sources(sources(senders=(source,)))) == []


def test_another_track_is_another_source() -> None:
    track = PushedTrack("video")
    first = SenderSource(1, None, FakeSender(track=track), None)
    assert media_source_id(first) == media_source_id(replace(first, mid="0"))
    assert media_source_id(first) != media_source_id(replace(first, transceiver=2))
    other = SenderSource(1, None, FakeSender(track=PushedTrack("video")), None)
    assert media_source_id(first) != media_source_id(other)
