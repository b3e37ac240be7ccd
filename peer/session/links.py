"""The transports of a connection, over one ICE session (RFC 8445 §6.1.2: the checklist set)."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from peer.api import RTCConfiguration, RTCDtlsTransport, ice_config, ice_servers
from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateRemoved,
    GatheringCompleted,
    GatheringFailed,
    IceRole,
    IceState,
    IceStatistics,
    PacingBudget,
    RoleChanged,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
)
from peer.jsep import CloseTransport, CreateTransport, Gather, Gathered, Source, TransportStep
from peer.net import DriverEvent, IceDriver, IceServer, NetConfig
from peer.records import replace
from peer.trace import DTLS
from peer.transports import Certificate, DtlsRole

from .endings import Endings
from .errors import GivenUpError
from .link import Link
from .tracing import Tracer

if TYPE_CHECKING:
    from .capture_file import CaptureFile

_budgets: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[float, PacingBudget]] = (
    WeakKeyDictionary()
)


class Handshake(NamedTuple):
    """What the trace has of a DTLS association."""

    transport: int
    component: int
    state: str
    role: DtlsRole
    failure: str


class Observer(Protocol):
    """Who is told what happens to the transports."""

    def gathering_begun(self) -> None:
        """Transports gather, and their candidates are to follow."""

    def candidate_gathered(self, link: Link, candidate: Candidate | None) -> None:
        """There is a local candidate, None at their end."""

    def gathering_failed(self, event: GatheringFailed) -> None:
        """A STUN or TURN server gave no candidate."""

    def transports_changed(self) -> None:
        """The state of an ICE or DTLS transport has changed."""

    def circuit_changed(self, ssrc: int, reason: str | None) -> None:
        """A stream should not be sent any more, or, without a reason, may be again."""

    def source_collided(self, mid: str, source: Source) -> None:
        """A source of a section is to have another SSRC: the peer sends by it as well."""


class Links:
    """All transports by the number the plan gives them, and the ICE agent below.

    A change of role before anything connected (a rollback) gives later transports a new agent.
    """

    def __init__(
        self,
        configuration: RTCConfiguration,
        certificate: Certificate,
        observer: Observer,
        tracer: Tracer,
    ) -> None:
        self.configuration = configuration
        self.certificate = certificate
        self._observer = observer
        self._tracer = tracer
        self._handshakes: list[Handshake] = []
        self._links: dict[int, Link] = {}
        self._unmade: set[int] = set()
        self._early: RTCDtlsTransport | None = None
        self._ungathered: list[int] = []
        self._drivers: list[IceDriver] = []
        self._endings = Endings()
        self._capture = _capture(configuration, tracer)
        self._closed = False

    def __getitem__(self, number: int) -> Link:
        """Return a transport; GivenUpError for one that failed."""
        if number in self._unmade or self._links[number].failed:
            raise GivenUpError(f"transport {number} has failed")
        return self._links[number]

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """What random bytes are drawn from: the machine's, or that of a simulated host."""
        return (self.configuration.network or NetConfig()).system.entropy

    @property
    def all(self) -> Mapping[int, Link]:
        """The transports there are, by number."""
        return self._links

    @property
    def gathered(self) -> dict[int, Gathered]:
        """The local candidates of each transport."""
        return {number: link.gathered for number, link in self._links.items()}

    def early(self) -> RTCDtlsTransport:
        """Give the first transport, which need not be negotiated: the first made is to be it."""
        if self._links:
            return next(iter(self._links.values())).dtls
        if self._early is None:
            self._early = RTCDtlsTransport(self.certificate)
        return self._early

    def statistics(self) -> tuple[IceStatistics, ...]:
        """Return the figures of the ICE agents."""
        return tuple(driver.stats() for driver in self._drivers)

    @property
    def ice_states(self) -> list[IceState]:
        """The state of every component; a transport that could not even be made is failed."""
        made = [state for link in self._links.values() for state in link.ice_states]
        return made + [IceState.FAILED] * len(self._unmade)

    @property
    def dtls_states(self) -> list[str]:
        """The state of every DTLS association, likewise."""
        made = [state for link in self._links.values() for state in link.dtls_states]
        return made + ["failed"] * len(self._unmade)

    def note_handshakes(self) -> None:
        """Have the states of the DTLS associations in the trace, when they are others."""
        now = [
            Handshake(
                link.number,
                component,
                "failed" if link.failed else dtls.state,
                dtls.role,
                dtls.failure,
            )
            for link in self._links.values()
            for component, dtls in enumerate(link.group.dtls, 1)
        ]
        before, self._handshakes = self._handshakes, now
        for one in now:
            if one not in before and one.state != "new":
                self._tracer.note(DTLS, one._asdict() | {"role": one.role.value})

    # Steps

    def carry_out(self, step: TransportStep) -> None:
        """Do what a plan says of transports; gathering waits for `gather`."""
        match step:
            case CreateTransport():
                self._create(step)
            case CloseTransport(number):
                self._close(number)
            case Gather(number):
                self._ungathered.append(number)
            case _:
                self[step.transport].carry_out(step)

    def give_up(self, step: TransportStep, reason: str) -> None:
        """Fail the transport of a step that failed; take it out when the step was to close it."""
        link = self._links.get(step.transport)
        if isinstance(step, CloseTransport):
            self._close(step.transport)
        elif link is None:
            self._unmade.add(step.transport)
            if self._early is not None:
                self._early.fail(reason)
                self._early = None
        else:
            self._fail(link, reason)

    @property
    def ungathered(self) -> bool:
        """Tell whether there are transports to gather for."""
        return bool(self._ungathered)

    def gather(self) -> None:
        """Gather for the transports that plans said so of, as far as they are still there."""
        numbers, self._ungathered = self._ungathered, []
        known = [self._links[number] for number in numbers if number in self._links]
        links = [link for link in known if not link.failed]
        by_driver: dict[IceDriver, list[Link]] = {}
        for link in links:
            by_driver.setdefault(link.driver, []).append(link)
            link.begin_gathering()
        for driver, gathering in by_driver.items():
            try:
                driver.gather(self.servers())
            except Exception as error:
                for link in gathering:
                    self._fail(link, f"gathering failed: {error}")
                self._observer.transports_changed()
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "gathering failed", "exception": error}
                )
        # Sockets that are there already may have given all candidates by now.
        self._observer.gathering_begun()
        for link in links:
            link.let_out()

    def _create(self, step: CreateTransport) -> None:
        link = Link(
            step,
            driver=self._driver(controlling=step.controlling),
            certificate=self.certificate,
            dtls=self._early or RTCDtlsTransport(self.certificate),
            handshake_timeout=self.configuration.handshakeTimeout,
            servers=self.servers,
            tell=self._observer.candidate_gathered,
            onlooker=self._capture,
        )
        link.group.on("statechange", self._observer.transports_changed)
        link.group.on("circuitbreaker", self._observer.circuit_changed)
        link.group.on("collision", self._observer.source_collided)
        self._links[step.transport] = link
        self._early = None

    def _fail(self, link: Link, reason: str) -> None:
        if not link.failed:
            link.fail(reason)
            self._endings.begin(link.shut())

    def _close(self, number: int) -> None:
        """Close a transport that nothing uses any more, in the background."""
        self._unmade.discard(number)
        link = self._links.pop(number, None)
        if link is not None:
            self._endings.begin(link.close())

    def end(self) -> None:
        """Show all as closed at once; candidates and pairs stay what they were."""
        self._closed = True
        for link in self._links.values():
            link.dtls.end()
        if self._early is not None:
            self._early.end()

    async def close_all(self) -> None:
        """Close everything; returns always and leaves nothing behind."""
        links = list(self._links.values())
        await asyncio.gather(*(link.group.close() for link in links))
        await self._endings.wait()
        await asyncio.gather(*(driver.close() for driver in self._drivers))
        for link in links:
            link.silence()
        if self._capture is not None:
            self._capture.close()
            self._capture = None
        # The connection may go without the garbage collector's help.
        del self._observer

    def servers(self) -> tuple[IceServer, ...]:
        """Return the STUN and TURN servers to ask."""
        return ice_servers(self.configuration)

    # Events

    def _take(self, agent: int, event: DriverEvent) -> None:
        self._tracer.ice_event(agent, event)
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

    def _driver(self, *, controlling: bool) -> IceDriver:
        net = self.configuration.network or NetConfig()
        role = IceRole.CONTROLLING if controlling else IceRole.CONTROLLED
        if not self._drivers or (self._drivers[-1].role is not role and not self._connected):
            number, trace = self._tracer.agent()
            self._drivers.append(
                IceDriver(
                    ice_config(self.configuration),
                    role=role,
                    on_event=partial(self._take, number),
                    net=net if self._capture is None else replace(net, tap=self._capture),
                    budget=_budget(net.pacing),
                    entropy=net.system.entropy,
                    trace=trace,
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


def _capture(configuration: RTCConfiguration, tracer: Tracer) -> "CaptureFile | None":
    """Open the file that packets go to, if one is asked for. Raises OSError."""
    if configuration.capture is None:
        return None
    from .capture_file import capture_file  # not before: few programs want one

    try:
        return capture_file(configuration.capture, whole=configuration.captureMedia)
    except OSError:
        # There is no connection then that could be closed, and its trace with it.
        tracer.close()
        raise


def _budget(interval: float) -> PacingBudget:
    """Return what all connections of a loop share that leave so long between transactions."""
    budgets = _budgets.setdefault(asyncio.get_running_loop(), {})
    return budgets.setdefault(interval, PacingBudget(interval))
