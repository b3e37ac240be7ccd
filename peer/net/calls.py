"""The username fragments by which one driver is called on shared ports."""

from typing import TypeVar

from .datagrams import DatagramSocket
from .shared_tcp import TcpShare
from .shared_udp import UdpShare
from .system import Listening

MAX_FRAGMENTS = 3
"""Fragments of one stream: the current one, the one before a restart, and one taken back."""

S = TypeVar("S", UdpShare, TcpShare)


class Calls:
    """Tells every share of a port which checks are for this driver."""

    def __init__(self) -> None:
        self._fragments: dict[str, list[str]] = {}
        self._shares: list[UdpShare | TcpShare] = []

    def call(self, stream: str, fragment: str) -> None:
        """Take the checks for a fragment of a stream, and for the few it had before."""
        known = self._fragments.setdefault(stream, [])
        if fragment in known:
            known.remove(fragment)
        known.append(fragment)
        del known[:-MAX_FRAGMENTS]
        self._tell()

    def call_no_more(self, stream: str) -> None:
        """Take no checks for a stream any more."""
        del self._fragments[stream]
        self._tell()

    def is_called(self, stream: str) -> bool:
        """Tell whether checks for a stream are taken."""
        return stream in self._fragments

    def add(self, share: S) -> S:
        """Take checks on another port; gives the share."""
        self._shares.append(share)
        share.call(self._all())
        return share

    def remove(self, share: DatagramSocket | Listening) -> None:
        """Take none on a port any more; ports that are not shared are ignored."""
        self._shares = [each for each in self._shares if each is not share]

    def _tell(self) -> None:
        fragments = self._all()
        for share in self._shares:
            share.call(fragments)

    def _all(self) -> set[str]:
        return {fragment for known in self._fragments.values() for fragment in known}
