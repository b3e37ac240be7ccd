"""Another implementation, and a call with it, whatever it is driven by."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from enum import Enum

from peer import RTCConfiguration, RTCPeerConnection


class Side(Enum):
    """Who offers."""

    OURS = "we offer"
    THEIRS = "they offer"


class Signalling(Enum):
    """How candidates go between the sides."""

    TRICKLED = "one by one"
    COMPLETE = "in descriptions"
    WITHHELD = "only theirs"


class Kind(Enum):
    """What a call has besides data."""

    AUDIO = "audio"
    VIDEO = "video"


class Talk(ABC):
    """One call with a party. Whatever does not happen in time raises."""

    ours: RTCPeerConnection

    @abstractmethod
    async def make_channel(self, maker: Side, label: str) -> None:
        """Have a side make a data channel."""

    @abstractmethod
    async def add(self, *kinds: Kind) -> None:
        """Have both sides send a track of each kind, once that is negotiated."""

    @abstractmethod
    async def negotiate(self, offerer: Side) -> None:
        """Exchange an offer and an answer."""

    @abstractmethod
    async def connected(self) -> None:
        """Wait until both sides are."""

    @abstractmethod
    async def echo(self, label: str, text: str) -> None:
        """Send a text over a channel, and wait until the party has sent it back."""

    @abstractmethod
    async def flows(self) -> None:
        """Wait until all tracks that were added arrive on the other side, both ways."""

    @abstractmethod
    async def restart(self, side: Side) -> None:
        """Have a side restart ICE, and negotiate it."""


class Party(ABC):
    """Another implementation. `lacks` says why scenarios are not asked of it, by their names.

    A name may be followed by who offers: "restart, they offer", or be just that.
    """

    name: str
    lacks: Mapping[str, str]

    def why_not(self, scenario: str, offerer: Side) -> str | None:
        """Say why a scenario is not asked for, None if it is."""
        names = (scenario, offerer.value, f"{scenario}, {offerer.value}")
        return next((self.lacks[each] for each in names if each in self.lacks), None)

    @abstractmethod
    def call(
        self, configuration: RTCConfiguration, signalling: Signalling
    ) -> AbstractAsyncContextManager[Talk]:
        """Begin a call, which is closed in the end.

        Where the party is missing it skips, as tests do.
        """

    async def close(self) -> None:  # noqa: B027 - most share nothing
        """End what calls share."""
