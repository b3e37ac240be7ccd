"""Packets and what became of them, as tests write them."""

from peer.rtp.congestion.history import PacketResult


def result(
    number: int,
    sent: float,
    arrived: float | None,
    size: int = 1000,
    *,
    probe: int | None = None,
    besides: float = 0.0,
) -> PacketResult:
    """Make what became of a packet."""
    return PacketResult(number, size, sent, arrived, probe, besides)


def steady(
    count: int, interval: float, *, first: int = 0, delay: float = 0.02, size: int = 1000
) -> list[PacketResult]:
    """Make packets that were sent and arrive at an even pace."""
    return [
        result(number, number * interval, number * interval + delay, size)
        for number in range(first, first + count)
    ]
