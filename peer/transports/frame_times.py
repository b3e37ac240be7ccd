"""When a frame of a received track was captured, and when it came.

It is told by what every frame carries for its program (`Frame.opaque`), so it stays with a frame
through relays, and is copied with it when it is scaled or resampled.
"""

from datetime import UTC, datetime

from av.frame import Frame

_SECOND = 1 << 32


class FrameTimes:
    """The times of a frame, by the names of the W3C's VideoFrameCallbackMetadata.

    `rtpTimestamp` counts in the codec's clock (RFC 3550 §5.1).
    """

    __slots__ = (
        "_captured",
        "_ntp_time",
        "_origin",
        "_received",
        "rtpTimestamp",
        "senderCaptureTimeOffset",
    )

    def __init__(
        self,
        rtp_timestamp: int,
        *,
        received: float | None = None,
        ntp_time: int | None = None,
        captured: float | None = None,
        origin: float = 0.0,
        offset: float | None = None,
    ) -> None:
        self.rtpTimestamp = rtp_timestamp
        self._received = received
        self._ntp_time = ntp_time
        self._captured = captured
        self._origin = origin
        self.senderCaptureTimeOffset = offset
        """Seconds from the sender's clock to that of who captured it; None when it did not tell."""

    def __repr__(self) -> str:
        return (
            f"FrameTimes(rtpTimestamp={self.rtpTimestamp}, receiveTime={self.receiveTime}, "
            f"senderCaptureTime={self.senderCaptureTime}, captureTime={self.captureTime})"
        )

    @property
    def ntp_time(self) -> int | None:
        """The same as `senderCaptureTime` as an NTP time of 64 bits."""
        return self._ntp_time

    @property
    def receiveTime(self) -> datetime | None:
        """When its first packet came, in UTC; None when it was made up for lost ones."""
        return self._date(self._received)

    @property
    def senderCaptureTime(self) -> float | None:
        """When it was captured, in seconds of the sender's clock; None before it told.

        The origin may be any: only differences between frames of one sender mean anything, those
        of different tracks too (RFC 3550 §6.4.1).
        """
        return None if self._ntp_time is None else self._ntp_time / _SECOND

    @property
    def captureTime(self) -> datetime | None:
        """When it was captured by our clock, in UTC; None before two reports of the sender.

        It is as exact as half the difference between how long both directions take.
        """
        return self._date(self._captured)

    def _date(self, moment: float | None) -> datetime | None:
        return None if moment is None else datetime.fromtimestamp(self._origin + moment, UTC)


def frame_times(frame: Frame) -> FrameTimes | None:
    """Return the times of a frame that a track of a peer gave; None for any other frame."""
    times = frame.opaque
    return times if isinstance(times, FrameTimes) else None
