"""What a connection gives for its statistics."""

from datetime import datetime, timedelta
from typing import Protocol

from peer.ice import IceStatistics
from peer.records import dataclass
from peer.transports import (
    Certificate,
    InboundStatistics,
    MediaStreamTrack,
    OutboundStatistics,
    SctpTransport,
    SourceStatistics,
    TransportGroup,
)


class MediaSender(Protocol):
    """What is read of a `peer.transports.TrackSender`."""

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""

    @property
    def track(self) -> MediaStreamTrack | None:
        """The track being sent."""

    def statistics(self) -> list[OutboundStatistics]:
        """Return the figures of each stream."""

    def source_statistics(self) -> SourceStatistics | None:
        """Return the figures of the track, None when there is none."""


class MediaReceiver(Protocol):
    """What is read of a `peer.transports.RtpReceiver`."""

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""

    @property
    def track(self) -> MediaStreamTrack:
        """The track received."""

    def statistics(self) -> list[InboundStatistics]:
        """Return the figures of each stream."""


class Channel(Protocol):
    """What is read of a data channel; `id` is None until it has one."""

    @property
    def label(self) -> str:
        """The label."""

    @property
    def protocol(self) -> str:
        """The subprotocol."""

    @property
    def id(self) -> int | None:
        """The number of its SCTP stream."""

    @property
    def readyState(self) -> str:
        """The state."""

    @property
    def messages_sent(self) -> int:
        """Messages handed to SCTP."""

    @property
    def bytes_sent(self) -> int:
        """Their bytes."""

    @property
    def messages_received(self) -> int:
        """Messages that arrived."""

    @property
    def bytes_received(self) -> int:
        """Their bytes."""


@dataclass(frozen=True, slots=True)
class TransportSource:
    """A transport; its ICE stream is called by the decimal `number`."""

    number: int
    group: TransportGroup
    certificate: Certificate

    @property
    def id(self) -> str:
        """The id of its statistics."""
        return f"T{self.number}"


@dataclass(frozen=True, slots=True)
class SenderSource:
    """The sender of a transceiver; `transport` is the number of the transport it sends over."""

    transceiver: int
    mid: str | None
    sender: MediaSender
    transport: int | None


@dataclass(frozen=True, slots=True)
class ReceiverSource:
    """The receiver of a transceiver; `transport` is the number of the transport below."""

    transceiver: int
    mid: str | None
    receiver: MediaReceiver
    transport: int | None


@dataclass(frozen=True, slots=True)
class StatsSources:
    """A connection at one time: `timestamp`, which is `now` on the loop's clock, in seconds."""

    now: float
    timestamp: datetime
    ice: tuple[IceStatistics, ...] = ()
    transports: tuple[TransportSource, ...] = ()
    senders: tuple[SenderSource, ...] = ()
    receivers: tuple[ReceiverSource, ...] = ()
    association: SctpTransport | None = None
    channels: tuple[Channel, ...] = ()
    channels_opened: int = 0
    channels_closed: int = 0

    def moment(self, time: float) -> datetime:
        """Turn a time of the loop's clock into one of the calendar."""
        return self.timestamp + timedelta(seconds=time - self.now)

    def moment_or_none(self, time: float | None) -> datetime | None:
        """Do so when there is one."""
        return None if time is None else self.moment(time)

    def transport_id(self, number: int | None) -> str | None:
        """Return the id of a transport's statistics, None when it is none of these."""
        return next((one.id for one in self.transports if one.number == number), None)
