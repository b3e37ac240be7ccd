"""Two agents with signalling between them: offers, answers, trickled candidates."""

from collections.abc import Callable, Iterable

from peer.ice import (
    Candidate,
    CandidateGathered,
    Event,
    GatheringCompleted,
    IceParameters,
    IceState,
    RemoteParameters,
)
from peer.ice.turn import TurnServer
from peer.testing.internet import Endpoint

from .agent_host import AgentHost

_REACHED = (IceState.CONNECTED, IceState.COMPLETED)


class Call:
    """Signalling that loses nothing and keeps the order, `delay` seconds each way.

    With `trickle` descriptions go out at once and candidates follow one by one; without, each
    side waits until it has gathered. `answer_delay` is the extra time the answerer takes to
    tell the offerer about itself, while it works already.
    """

    def __init__(
        self,
        offerer: AgentHost,
        answerer: AgentHost,
        *,
        delay: float = 0.0,
        answer_delay: float = 0.0,
        trickle: bool = True,
        streams: Iterable[str] = ("0",),
        components: Iterable[int] = (1,),
        stun: Iterable[Endpoint] = (),
        turn: Iterable[TurnServer] = (),
    ) -> None:
        self.offerer = offerer
        self.answerer = answerer
        self.delay = delay
        self.answer_delay = answer_delay
        self.trickle = trickle
        self.streams = tuple(streams)
        self.components = tuple(components)
        self.stun = tuple(stun)
        self.turn = tuple(turn)
        self.is_open = False
        self._held: dict[str, list[Candidate]] = {}
        self._gathered: set[str] = set()
        self._described: dict[tuple[AgentHost, str], IceParameters] = {}
        self._answers: set[tuple[AgentHost, str]] = set()
        self._unanswered: set[str] = set(self.streams)
        self._waiting: list[tuple[AgentHost, str]] = []
        self._introduced: set[tuple[AgentHost, str]] = set()
        for host in (offerer, answerer):
            host.listeners.append(self._listener(host))

    def start(self) -> "Call":
        """Send the offer."""
        self._open(self.offerer)
        for stream in self.streams:
            self._describe(self.offerer, stream)
        self.offerer.pump()
        return self

    def run(self, timeout: float = 60.0) -> float:
        """Run until both sides are connected on everything; returns the time."""
        sim = self.offerer.sim
        assert sim.run_until(self.is_connected, timeout), (
            self.offerer.events,
            self.answerer.events,
        )
        return sim.now

    def is_connected(self) -> bool:
        """Whether every component of both sides is connected or completed."""
        return self.is_open and all(
            host.state(stream, component) in _REACHED
            for host in (self.offerer, self.answerer)
            for stream in self.streams
            for component in self.components
        )

    def restart(self, by: AgentHost, stream: str = "0") -> None:
        """Send a new offer with new credentials for one stream, from either side.

        While another offer for the stream waits for its answer, this one waits as well.
        """
        if stream in self._unanswered:
            self._waiting.append((by, stream))
            return
        self._unanswered.add(stream)
        parameters = by.agent.restart(stream)
        by.passwords[parameters.username_fragment] = parameters.password
        self._described[by, stream] = parameters
        self._answers.discard((by, stream))
        self._describe(by, stream)
        by.pump()

    def other(self, host: AgentHost) -> AgentHost:
        """The other side."""
        return self.answerer if host is self.offerer else self.offerer

    # -- descriptions -------------------------------------------------------------------------

    def _open(self, host: AgentHost) -> None:
        for stream in self.streams:
            is_first = stream == self.streams[0]
            parameters = host.open(
                stream,
                self.components,
                stun=self.stun if is_first else (),
                turn=self.turn if is_first else (),
            )
            self._described[host, stream] = parameters

    def _describe(self, host: AgentHost, stream: str) -> None:
        """Signal credentials, at once or together with all candidates."""
        parameters = self._described[host, stream]
        self._introduced.add((host, stream))
        if self.trickle:
            self._signal(host, lambda: self._take(self.other(host), stream, parameters))
        elif parameters.username_fragment in self._gathered:
            self._describe_all(host, stream)

    def _describe_all(self, host: AgentHost, stream: str) -> None:
        other, parameters = self.other(host), self._described[host, stream]
        candidates = self._held.pop(parameters.username_fragment, [])
        self._signal(host, lambda: self._take_all(other, stream, parameters, candidates))

    def _take(self, host: AgentHost, stream: str, parameters: IceParameters) -> None:
        """Take a description; an offer is answered, with a restart if it is not the first."""
        if not self.is_open:
            self.is_open = True
            self._open(host)
        peer = self.other(host)
        is_offer = (peer, stream) not in self._answers
        if is_offer:
            self._answers.add((host, stream))
            if (host, stream) in self._introduced:
                fresh = host.agent.restart(stream)
                host.passwords[fresh.username_fragment] = fresh.password
                self._described[host, stream] = fresh
        remote = RemoteParameters(
            parameters.username_fragment,
            parameters.password,
            lite=peer.config.lite,
            pacing=None if peer.config.lite else peer.config.timings.pace,
            renomination=peer.config.renomination,
        )
        host.learn(remote, stream)
        if is_offer:
            self._describe(host, stream)
        else:
            self._unanswered.discard(stream)
            waiting, self._waiting = self._waiting, []
            for by, other_stream in waiting:
                self.restart(by, other_stream)
        host.pump()

    def _take_all(
        self, host: AgentHost, stream: str, parameters: IceParameters, candidates: list[Candidate]
    ) -> None:
        self._take(host, stream, parameters)
        for candidate in candidates:
            host.agent.add_remote_candidate(stream, candidate)
        host.agent.end_of_remote_candidates(stream)
        host.pump()

    # -- candidates ---------------------------------------------------------------------------

    def _listener(self, host: AgentHost) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            if isinstance(event, CandidateGathered):
                self._candidate(host, event)
            elif isinstance(event, GatheringCompleted):
                self._completed(host, event)

        return listen

    def _candidate(self, host: AgentHost, event: CandidateGathered) -> None:
        other = self.other(host)
        if not self.trickle:
            self._held.setdefault(event.username_fragment, []).append(event.candidate)
            return

        def deliver() -> None:
            other.agent.add_remote_candidate(
                event.stream, event.candidate, username_fragment=event.username_fragment
            )
            other.pump()

        self._signal(host, deliver)

    def _completed(self, host: AgentHost, event: GatheringCompleted) -> None:
        other, stream = self.other(host), event.stream
        fragment = event.username_fragment
        if self.trickle:

            def deliver() -> None:
                other.agent.end_of_remote_candidates(stream, username_fragment=fragment)
                other.pump()

            self._signal(host, deliver)
            return
        self._gathered.add(fragment)
        is_current = self._described[host, stream].username_fragment == fragment
        if is_current and (host, stream) in self._introduced:
            self._describe_all(host, stream)

    def _signal(self, host: AgentHost, deliver: Callable[[], None]) -> None:
        extra = self.answer_delay if host is self.answerer else 0.0

        def arrive() -> None:
            if self.other(host).closed_at is None:
                deliver()

        host.sim.call_later(self.delay + extra, arrive)
