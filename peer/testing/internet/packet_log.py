"""A tap that writes down what happens to packets."""

from collections.abc import Callable
from typing import NamedTuple

from .kernel import Tap
from .packet import DropReason, Endpoint, Packet


class Record(NamedTuple):
    """One line of a `PacketLog`: `what` is "sent", "delivered" or a drop reason's text."""

    time: float
    what: str
    place: str
    packet_id: int
    source: Endpoint
    destination: Endpoint
    size: int


class PacketLog(Tap):
    """Keeps a `Record` of everything that happens to packets, or to those of interest."""

    def __init__(self, is_of_interest: Callable[[Packet], bool] = lambda _: True) -> None:
        self.records: list[Record] = []
        self._is_of_interest = is_of_interest

    def sent(self, now: float, packet: Packet, place: str) -> None:
        """Write the packet down as sent."""
        self._note(now, "sent", packet, place)

    def delivered(self, now: float, packet: Packet, place: str) -> None:
        """Write the packet down as delivered."""
        self._note(now, "delivered", packet, place)

    def dropped(self, now: float, packet: Packet, reason: DropReason, place: str) -> None:
        """Write the packet down as dropped."""
        self._note(now, reason.value, packet, place)

    def count(self, what: str) -> int:
        """How many records say `what`."""
        return sum(record.what == what for record in self.records)

    def _note(self, now: float, what: str, packet: Packet, place: str) -> None:
        if self._is_of_interest(packet):
            record = Record(
                now, what, place, packet.id, packet.source, packet.destination, len(packet.payload)
            )
            self.records.append(record)
