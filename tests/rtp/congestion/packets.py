"""Packets of which nothing counts but their size."""

from typing import NamedTuple

from peer.rtp.congestion import Carried


class Packet(NamedTuple):
    """A packet that leaves."""

    size: int
    carries: Carried | None = None
