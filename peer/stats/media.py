"""Statistics of what is sent, before it is encoded (W3C media-source)."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

from peer.transports import MediaStreamTrack

from .report import RTCStats
from .sources import SenderSource, StatsSources


@dataclass
class RTCMediaSourceStats(RTCStats):
    """A track as its sender gets it (type "media-source")."""

    trackIdentifier: str
    kind: str


@dataclass
class RTCAudioSourceStats(RTCMediaSourceStats):
    """An audio track; `audioLevel` is 0..1."""

    _: KW_ONLY
    audioLevel: float | None = None
    totalAudioEnergy: float = 0.0
    totalSamplesDuration: float = 0.0


@dataclass
class RTCVideoSourceStats(RTCMediaSourceStats):
    """A video track."""

    _: KW_ONLY
    width: int | None = None
    height: int | None = None
    frames: int = 0
    framesPerSecond: float | None = None


def media_source_id(source: SenderSource) -> str | None:
    """Return the id of what a sender sends: another track gets another."""
    track = source.sender.track
    return None if track is None else f"S{source.transceiver}-{track.id}"


def media_sources(sources: StatsSources) -> Iterator[RTCMediaSourceStats]:
    """Yield the statistics of each track that is attached to a sender."""
    for source in sources.senders:
        name, track = media_source_id(source), source.sender.track
        if name is not None and track is not None:
            yield _media_source(sources, source, track, name)


def _media_source(
    sources: StatsSources, source: SenderSource, track: MediaStreamTrack, name: str
) -> RTCMediaSourceStats:
    figures = source.sender.source_statistics()
    head = (sources.timestamp, "media-source", name, track.id)
    if source.sender.kind == "audio":
        audio = RTCAudioSourceStats(*head, "audio")
        if figures is not None:
            audio.audioLevel = figures.audio.level
            audio.totalAudioEnergy = figures.audio.energy
            audio.totalSamplesDuration = figures.audio.duration
        return audio
    video = RTCVideoSourceStats(*head, "video")
    if figures is not None:
        video.width, video.height = figures.video.width, figures.video.height
        video.frames = figures.video.frames
        video.framesPerSecond = figures.video.frames_per_second
    return video
