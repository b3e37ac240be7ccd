"""When a frame of a received track was captured, and when it came.

It is told by what every frame carries for its program (`Frame.opaque`), so it stays with a frame
through relays, and is copied with it when it is scaled or resampled.
"""

from datetime import UTC, datetime

from av.frame import Frame

from peer.rtp import NTP_BITS, CaptureTime, ClockLine, ClockMapping

_SECOND = 1 << 32


class FrameTimes:
    """The times of a frame, by the names of the W3C's VideoFrameCallbackMetadata.

    `rtpTimestamp` counts in the codec's clock (RFC 3550 §5.1). They are found when they are asked
    for, by what was known of the clocks when the frame came out.
    """

    __slots__ = (
        "_line",
        "_mapping",
        "_origin",
        "_received",
        "_told",
        "rtpTimestamp",
    )

    def __init__(
        self,
        rtp_timestamp: int,
        *,
        received: float | None = None,
        told: CaptureTime | None = None,
        line: ClockLine | None = None,
        mapping: ClockMapping | None = None,
        origin: float = 0.0,
    ) -> None:
        self.rtpTimestamp = rtp_timestamp
        self._received = received
        self._told = told
        self._line = line
        self._mapping = mapping
        self._origin = origin

    def __repr__(self) -> str:
        return (
            f"FrameTimes(rtpTimestamp={self.rtpTimestamp}, receiveTime={self.receiveTime}, "
            f"senderCaptureTime={self.senderCaptureTime}, captureTime={self.captureTime})"
        )

    @property
    def has_capture(self) -> bool:
        """Tell whether the sender told when it was captured."""
        return self._told is not None or self._line is not None

    @property
    def ntp_time(self) -> int | None:
        """The same as `senderCaptureTime` as an NTP time of 64 bits."""
        told = self._told
        if told is not None:
            # The offset leads from the sender's clock to the one of who captured.
            return (told.ntp_time - (told.offset or 0)) % (1 << NTP_BITS)
        return None if self._line is None else self._line.capture_time(self.rtpTimestamp)

    @property
    def senderCaptureTimeOffset(self) -> float | None:
        """Seconds from the sender's clock to that of who captured it; None when it did not tell."""
        told = self._told
        return None if told is None or told.offset is None else told.offset / _SECOND

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
        captured = self.ntp_time
        return None if captured is None else captured / _SECOND

    @property
    def captureTime(self) -> datetime | None:
        """When it was captured by our clock, in UTC; None before two reports of the sender.

        It is as exact as half the difference between how long both directions take.
        """
        captured, mapping = self.ntp_time, self._mapping
        if captured is None or mapping is None:
            return None
        return self._date(mapping.local(captured))

    def _date(self, moment: float | None) -> datetime | None:
        return None if moment is None else datetime.fromtimestamp(self._origin + moment, UTC)


def frame_times(frame: Frame) -> FrameTimes | None:
    """Return the times of a frame that a track of a peer gave; None for any other frame."""
    times = frame.opaque
    return times if isinstance(times, FrameTimes) else None
