"""Statistics of the data channels, and of the connection that counts them."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

from .report import RTCStats
from .sources import StatsSources


@dataclass
class RTCPeerConnectionStats(RTCStats):
    """The connection (type "peer-connection")."""

    dataChannelsOpened: int
    dataChannelsClosed: int


@dataclass
class RTCDataChannelStats(RTCStats):
    """A data channel (type "data-channel"); the identifier is None until it has one."""

    label: str
    protocol: str
    state: str
    _: KW_ONLY
    dataChannelIdentifier: int | None = None
    messagesSent: int = 0
    bytesSent: int = 0
    messagesReceived: int = 0
    bytesReceived: int = 0


def peer_connection(sources: StatsSources) -> RTCPeerConnectionStats:
    """Return the statistics of the connection."""
    return RTCPeerConnectionStats(
        sources.timestamp, "peer-connection", "P", sources.channels_opened, sources.channels_closed
    )


def data_channels(sources: StatsSources) -> Iterator[RTCDataChannelStats]:
    """Yield the statistics of each channel."""
    for channel in sources.channels:
        yield RTCDataChannelStats(
            sources.timestamp,
            "data-channel",
            # Neither label nor number is its own: labels repeat, the number comes late.
            f"D{id(channel):x}",
            channel.label,
            channel.protocol,
            channel.readyState,
            dataChannelIdentifier=channel.id,
            messagesSent=channel.messages_sent,
            bytesSent=channel.bytes_sent,
            messagesReceived=channel.messages_received,
            bytesReceived=channel.bytes_received,
        )
