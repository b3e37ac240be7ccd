"""What a driver tells its application."""

from collections.abc import Callable

from peer.ice import Event
from peer.records import dataclass


@dataclass(frozen=True, slots=True)
class InterfacesChanged:
    """The machine's addresses changed: sockets were opened and closed accordingly.

    The peer learns of new ones from checks, and from candidates if these are signalled.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]


DriverEvent = Event | InterfacesChanged
Listener = Callable[[DriverEvent], object]


def ignore(_event: DriverEvent) -> None:
    """Hear nothing: a session that is closed refers to nobody above."""
