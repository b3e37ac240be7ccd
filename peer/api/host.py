"""What senders, receivers and transceivers need of the connection they belong to."""

from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from peer.jsep import Outcome, State
from peer.stats import RTCStatsReport
from peer.transports import MediaShare

from .dtls_transport import RTCDtlsTransport


class Host(Protocol):
    """The connection, as its media sees it."""

    @property
    def event_loop(self) -> AbstractEventLoop | None:
        """The event loop it belongs to, None before it is used in one."""

    @property
    def share(self) -> MediaShare:
        """What its media may take of the process."""

    @property
    def state(self) -> State:
        """The state of offer/answer."""

    @property
    def closed(self) -> bool:
        """Tell whether the connection is closed."""

    def change(self, state: State) -> None:
        """Make a state the present one; "negotiationneeded" follows if it asks for that."""

    def carry_out(self, outcome: Outcome) -> None:
        """Make the state of an outcome the present one, and do what its plan says.

        Raises OperationError when a step fails; the others are done nevertheless.
        """

    def in_turn(self, change: Callable[[], object]) -> Awaitable[None]:
        """Make a change when the operations under way have ended, awaited or not; else at once."""

    def transport_of(self, number: int) -> RTCDtlsTransport | None:
        """Return what the section of a transceiver runs over, None before that is negotiated."""

    def queue_task(self, callback: Callable[[], object]) -> None:
        """Call in what the W3C calls a task, when there is an event loop."""

    def set_streams(self, number: int, streams: Sequence[str]) -> None:
        """Put the track of a sender into these streams."""

    async def getStats(self, selector: object = None) -> RTCStatsReport:
        """Return statistics of what belongs to the selector."""
