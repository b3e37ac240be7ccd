"""What becomes of the pictures of a stream that is sent, and what keeps them from being better."""

from av import VideoFrame

from .encoded_media import MediaData
from .measure import VideoMeter
from .outbound import EncodedFrame
from .statistics import SentPictureFigures, VideoFigures

HUGE = 2.5
"""Times the bytes an encoder aims at that make a picture a huge one (W3C hugeFramesSent)."""
_REASONS = ("none", "bandwidth", "cpu", "other")
"""What may limit pictures (W3C RTCQualityLimitationReason): no encoder tells of the last two."""


class SentPictures:
    """Measures them; moments are in seconds, and never go back."""

    def __init__(self) -> None:
        self._meter = VideoMeter()
        self._reason = "none"
        self._since: float | None = None
        self._durations = dict.fromkeys(_REASONS, 0.0)
        self._sizes: tuple[tuple[int, int], tuple[int, int]] | None = None
        self._resolution_changes = self._huge = 0
        self._targeted = 0.0
        self._layers: int | None = None

    def note_limit(self, now: float, *, held_back: bool) -> None:
        """Note before each picture whether more could be sent than may be."""
        self._pass(now)
        self._reason = "bandwidth" if held_back else "none"

    def add(self, frame: EncodedFrame, source: MediaData, made: MediaData, now: float) -> None:
        """Note a frame that `made` was encoded to, which a picture of the track was shaped to."""
        self._meter.add(made, now, keyframe=frame.is_key, quantizer=frame.quantizer)
        if frame.target is not None:
            self._targeted += frame.target
            self._huge += len(frame.data) >= HUGE * frame.target
            temporal = 0 if frame.layer is None else frame.layer.temporal
            self._layers = max(self._layers or 1, temporal + 1)
        if isinstance(source, VideoFrame) and isinstance(made, VideoFrame):
            sizes = (source.width, source.height), (made.width, made.height)
            if self._sizes is not None and sizes[0] == self._sizes[0]:
                self._resolution_changes += sizes[1] != self._sizes[1]
            self._sizes = sizes

    def begin_anew(self) -> None:
        """Note that another encoder begins: its size is no change."""
        self._sizes = self._layers = None

    def counts(self, now: float) -> VideoFigures:
        """Return how many there were, and how large the latest one was."""
        return self._meter.figures(now)

    def figures(self, now: float) -> SentPictureFigures:
        """Return what there is to tell."""
        self._pass(now)
        return SentPictureFigures(
            limited_by=self._reason,
            limited=tuple(self._durations.items()),
            resolution_changes=self._resolution_changes,
            huge=self._huge,
            targeted=round(self._targeted),
            layers=self._layers,
        )

    def _pass(self, now: float) -> None:
        if self._since is not None:
            self._durations[self._reason] += now - self._since
        self._since = now
