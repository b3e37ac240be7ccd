"""Application data that passed the agent by: the driver counted it."""

from peer.records import dataclass

from .pair import PairStatistics


@dataclass(frozen=True, slots=True)
class Traffic:
    """Data on one path since the last report; the times are of the last packet, None for none.

    Discarded is what the socket had no room for.
    """

    packets_sent: int = 0
    bytes_sent: int = 0
    last_sent: float | None = None
    packets_received: int = 0
    bytes_received: int = 0
    last_received: float | None = None
    packets_discarded: int = 0
    bytes_discarded: int = 0


def add(stats: PairStatistics, traffic: Traffic) -> None:
    """Add to the counters of a path."""
    stats.packets_sent += traffic.packets_sent
    stats.bytes_sent += traffic.bytes_sent
    stats.packets_received += traffic.packets_received
    stats.bytes_received += traffic.bytes_received
    stats.packets_discarded_on_send += traffic.packets_discarded
    stats.bytes_discarded_on_send += traffic.bytes_discarded
    if traffic.last_sent is not None:
        stats.last_packet_sent = max(stats.last_packet_sent or 0.0, traffic.last_sent)
    if traffic.last_received is not None:
        stats.last_packet_received = max(stats.last_packet_received or 0.0, traffic.last_received)
