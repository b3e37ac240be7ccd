"""What Chromium told of the packets of a call, as it was recorded, to be told again.

A line is a packet that left (`s`: milliseconds, bytes, and the probe it was part of) or a report
that came (`r`: milliseconds, first number, reference time, and arrivals in quarters of a
millisecond, nothing for a packet that did not arrive).
"""

from collections.abc import Iterator
from pathlib import Path

from peer.rtp import TransportFeedback
from peer.rtp.congestion import CongestionController

from .packets import Packet

FOLDER = Path(__file__).parent / "recorded"


def replay(name: str, controller: CongestionController) -> Iterator[float]:
    """Send and report as recorded; yields the time in seconds after each report."""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="ascii").splitlines():
        kind, time, *rest = line.split(" ")
        now = float(time) / 1000
        if kind == "s":
            probe = int(rest[1]) if len(rest) > 1 else None
            for cluster in controller.probes():
                assert cluster.bitrate > 0
            controller.packets_sent([Packet(int(rest[0]))], now, probe=probe)
            continue
        arrivals = tuple(int(one) if one else None for one in rest[2].split(","))
        message = TransportFeedback(1, 2, int(rest[0]), int(rest[1]), 0, arrivals)
        controller.take(message, now)
        yield now
