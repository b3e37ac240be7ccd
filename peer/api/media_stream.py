"""Groups of tracks that belong together (W3C MediaStream)."""

import uuid
from collections.abc import Iterable

from peer.transports import MediaStreamTrack
from sdp import is_scalar

from .errors import JsepTypeError
from .event_target import EventHandler, EventTarget
from .events import MediaStreamTrackEvent


class MediaStream(EventTarget):
    """Tracks in the order they were added; `id` names the stream in descriptions.

    "addtrack" and "removetrack" tell of what the peer changes, not of `addTrack` and
    `removeTrack`; the listeners of `on` get the track. Raises JsepTypeError for an id that is not
    one word.
    """

    onaddtrack = EventHandler[MediaStreamTrackEvent]()
    onremovetrack = EventHandler[MediaStreamTrackEvent]()

    def __init__(
        self,
        tracks: "MediaStream | Iterable[MediaStreamTrack]" = (),
        id: str | None = None,  # noqa: A002 - the W3C's name
    ) -> None:
        super().__init__()
        self._id = str(uuid.uuid4()) if id is None else _checked(id)
        self._tracks: dict[str, MediaStreamTrack] = {}
        for track in tracks.getTracks() if isinstance(tracks, MediaStream) else tracks:
            self.addTrack(track)

    @property
    def id(self) -> str:
        """The name of the stream."""
        return self._id

    @property
    def active(self) -> bool:
        """Tell whether a track has not ended."""
        return any(track.readyState == "live" for track in self._tracks.values())

    def getTracks(self) -> list[MediaStreamTrack]:
        """Return all tracks."""
        return list(self._tracks.values())

    def getAudioTracks(self) -> list[MediaStreamTrack]:
        """Return the audio tracks."""
        return [track for track in self._tracks.values() if track.kind == "audio"]

    def getVideoTracks(self) -> list[MediaStreamTrack]:
        """Return the video tracks."""
        return [track for track in self._tracks.values() if track.kind == "video"]

    def getTrackById(self, trackId: str) -> MediaStreamTrack | None:
        """Return the track with an id, None when there is none."""
        return self._tracks.get(trackId)

    def addTrack(self, track: MediaStreamTrack) -> None:
        """Add a track, unless it is there."""
        if not isinstance(track, MediaStreamTrack):
            raise JsepTypeError(f"{track!r} is no track")
        self._tracks.setdefault(track.id, track)

    def removeTrack(self, track: MediaStreamTrack) -> None:
        """Take a track out, if it is there."""
        if not isinstance(track, MediaStreamTrack):
            raise JsepTypeError(f"{track!r} is no track")
        self._tracks.pop(track.id, None)

    def add_remote(self, track: MediaStreamTrack) -> None:
        """Add a track of the peer's, and tell."""
        if track.id not in self._tracks:
            self.addTrack(track)
            self._tell("addtrack", track)

    def remove_remote(self, track: MediaStreamTrack) -> None:
        """Take out a track of the peer's, and tell."""
        if track.id in self._tracks:
            self.removeTrack(track)
            self._tell("removetrack", track)

    def _tell(self, name: str, track: MediaStreamTrack) -> None:
        self.dispatch(name, MediaStreamTrackEvent(track, type=name), track)


def stream_names(streams: Iterable[object]) -> list[str]:
    """Return the ids of streams; JsepTypeError when one is no MediaStream."""
    names = []
    for stream in streams:
        if not isinstance(stream, MediaStream):
            raise JsepTypeError(f"{stream!r} is no MediaStream")
        names.append(stream.id)
    return names


def _checked(name: object) -> str:
    """Return what descriptions can carry as one word; JsepTypeError for anything else."""
    if not isinstance(name, str) or name.split() != [name] or not is_scalar(name) or "\0" in name:
        raise JsepTypeError(f"{name!r} cannot name a stream")
    return name
