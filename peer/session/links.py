"""The transports of a connection, over one ICE session (RFC 8445 §6.1.2: the checklist set)."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import Protocol
from weakref import WeakKeyDictionary

from peer.api import RTCConfiguration, ice_config, ice_servers
from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateRemoved,
    GatheringCompleted,
    GatheringFailed,
    IceRole,
    IceStatistics,
    PacingBudget,
    RoleChanged,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
)
from peer.jsep import CreateTransport, Gathered
from peer.net import DriverEvent, IceDriver, IceServer
from peer.transports import Certificate

from .link import Link

_budgets: WeakKeyDictionary[asyncio.AbstractEventLoop, PacingBudget] = WeakKeyDictionary()


class Observer(Protocol):
    """Who is told what happens to the transports."""

    def candidate_gathered(self, link: Link, candidate: Candidate | None) -> None:
        """There is a local candidate, None at their end."""

    def gathering_failed(self, event: GatheringFailed) -> None:
        """A server gave nothing."""

    def transports_changed(self) -> None:
        """The state of an ICE or DTLS transport is another."""


class Links:
    """All transports by the number the plan gives them, and the ICE agent below.

    A change of role before anything connected (a rollback) gives later transports a new agent.
    """

    def __init__(
        self, configuration: RTCConfiguration, certificate: Certificate, observer: Observer
    ) -> None:
        self.configuration = configuration
        self.certificate = certificate
        self._observer = observer
        self._role = IceRole.CONTROLLING
        self._links: dict[int, Link] = {}
        self._drivers: list[IceDriver] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    def __getitem__(self, number: int) -> Link:
        return self._links[number]

    @property
    def all(self) -> Mapping[int, Link]:
        """The transports there are, by number."""
        return self._links

    @property
    def gathered(self) -> dict[int, Gathered]:
        """The local candidates of each transport."""
        return {number: link.gathered for number, link in self._links.items()}

    def statistics(self) -> tuple[IceStatistics, ...]:
        """Return the figures of the ICE agents."""
        return tuple(driver.stats() for driver in self._drivers)

    # Steps

    def set_role(self, *, controlling: bool) -> None:
        """Set the role that agents are made with."""
        self._role = IceRole.CONTROLLING if controlling else IceRole.CONTROLLED

    def create(self, step: CreateTransport) -> Link:
        """Make a transport."""
        link = Link(
            step.transport,
            step.mid,
            step.components,
            step.local,
            driver=self._driver(),
            certificate=self.certificate,
            handshake_timeout=self.configuration.handshakeTimeout,
            tell=self._observer.candidate_gathered,
        )
        link.group.on("statechange", self._observer.transports_changed)
        self._links[step.transport] = link
        return link

    def gather(self, numbers: Iterable[int]) -> None:
        """Gather for these transports, as far as they are still there."""
        links = [self._links[number] for number in numbers if number in self._links]
        for link in links:
            link.gather()
        for driver in {link.driver: None for link in links}:
            driver.gather(self.servers())

    def close(self, number: int) -> None:
        """Close a transport that nothing uses any more, in the background."""
        self._end(self._links.pop(number).close())

    def end(self) -> None:
        """Show all as closed at once; candidates and pairs stay what they were."""
        self._closed = True
        for link in self._links.values():
            link.dtls.end()

    async def close_all(self) -> None:
        """Close everything; returns always and leaves nothing behind."""
        links = list(self._links.values())
        await asyncio.gather(*(link.group.close() for link in links))
        await asyncio.gather(*self._ending, return_exceptions=True)
        await asyncio.gather(*(driver.close() for driver in self._drivers))
        for link in links:
            link.silence()
        # The connection may go without the garbage collector's help.
        del self._observer

    def servers(self) -> tuple[IceServer, ...]:
        """Return the STUN and TURN servers to ask."""
        return ice_servers(self.configuration)

    # Events

    def _take(self, event: DriverEvent) -> None:
        if self._closed:
            return
        match event:
            case RoleChanged(role):
                for every in self._links.values():
                    every.set_role(role)
            case GatheringFailed():
                self._observer.gathering_failed(event)
            case (
                CandidateGathered()
                | CandidateRemoved()
                | GatheringCompleted()
                | SelectedPairChanged()
                | SelectedPairLost()
                | StateChanged()
            ):
                link = self._links.get(int(event.stream))
                if link is not None:
                    link.take(event)
                    self._observer.transports_changed()
            case _:
                return

    def _driver(self) -> IceDriver:
        if not self._drivers or (self._drivers[-1].role is not self._role and not self._connected):
            self._drivers.append(
                IceDriver(
                    ice_config(self.configuration),
                    role=self._role,
                    on_event=self._take,
                    net=self.configuration.network,
                    budget=_budget(),
                    entropy=os.urandom,
                )
            )
        return self._drivers[-1]

    @property
    def _connected(self) -> bool:
        """Tell whether a transport has had a pair: its agent's role stays as it is then."""
        return any(
            link.ice[0].selected_pair is not None or link.remote is not None
            for link in self._links.values()
        )

    def _end(self, closing: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(closing)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _budget() -> PacingBudget:
    """Return what all connections of a loop share (RFC 8445 §14.2: 5 ms between transactions)."""
    return _budgets.setdefault(asyncio.get_running_loop(), PacingBudget())
