"""A UDP socket as the driver sees it: one of this machine, or of a simulated host."""

from collections.abc import Sequence
from typing import Protocol

from .faults import Faults
from .outbox import Destination


class Post(Protocol):
    """Sends datagrams of media, by the end of the loop's iteration at the latest."""

    def post_all(self, datagrams: Sequence[bytes], to: Destination) -> bool:
        """Send datagrams soon; False when one was dropped at once.

        What is dropped later is told to `to` alone.
        """

    def flush(self) -> None:
        """Send what is held back."""


class DatagramSocket(Protocol):
    """A UDP socket bound to one local address, which calls back with what arrives."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it is bound."""

    @property
    def faults(self) -> Faults:
        """What the system has refused to send so far."""

    @property
    def outbox(self) -> Post:
        """Sends what may wait for others that leave with it."""

    def another_outbox(self) -> Post:
        """Give one to somebody who shares the socket, and has runs of datagrams of their own."""

    def send(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Send at once, after what `outbox` holds back; False when it was dropped.

        Raises OSError when the way to `remote` is closed: no route, no such source address.
        """

    def read(self, limit: int) -> int:
        """Read what has arrived, at most `limit` datagrams; returns how many there were."""

    def close(self) -> None:
        """Stop reading and close the socket, at once. Calling it again does nothing."""

    async def wait_closed(self) -> None:
        """Wait until nothing of a closed socket is left in the loop."""
