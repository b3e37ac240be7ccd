"""Sound and pictures of one sender kept together (RFC 3550 §6.4.1): which of two tracks waits."""

from typing import Protocol

from peer.records import dataclass
from peer.rtp import Flow, LipSync


@dataclass(frozen=True, slots=True)
class SentFlow:
    """The flow of a track's latest stream, and the canonical name (CNAME) of its sender."""

    cname: str
    flow: Flow


class SynchronizedTrack(Protocol):
    """What can be held back for the sake of another track."""

    def flow(self) -> SentFlow | None:
        """Return its flow; None when it is not known, or frames leave at once."""

    def set_sync_delay(self, seconds: float) -> None:
        """Hold its frames back by so much more."""


class Synchronization:
    """Two tracks of one stream of the peer's; frames that leave at once are not held back."""

    def __init__(self, audio: SynchronizedTrack, video: SynchronizedTrack) -> None:
        self._audio = audio
        self._video = video
        self._sync = LipSync()

    def update(self, now: float) -> None:
        """Look whether one of them is to wait: after each report of their senders."""
        audio, video = self._audio.flow(), self._video.flow()
        if audio is None or video is None or audio.cname != video.cname:
            changed = self._sync.update(None, None, now)
        else:
            changed = self._sync.update(audio.flow, video.flow, now)
        if changed:
            self._audio.set_sync_delay(self._sync.audio_delay)
            self._video.set_sync_delay(self._sync.video_delay)
