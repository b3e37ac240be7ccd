"""One transport of a connection: an ICE stream with its candidates, and DTLS over it."""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from peer.api import RTCDtlsTransport, from_ice, to_ice
from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateRemoved,
    EmbeddingProfile,
    GatheringCompleted,
    IceParameters,
    IceRole,
    IceState,
    RemoteParameters,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
)
from peer.jsep import (
    AddRemoteCandidates,
    CancelIceRestart,
    CreateTransport,
    DropRtcpComponent,
    DtlsParameters,
    EndOfRemoteCandidates,
    Gathered,
    IceCredentials,
    LinkStep,
    RemoteIce,
    RestartIce,
    RetagTransport,
    SetRemoteIce,
    StartDtls,
)
from peer.net import IceDriver, IceServer
from peer.transports import (
    Certificate,
    DtlsRole,
    IceTransport,
    Onlooker,
    RTCDtlsFingerprint,
    TransportGroup,
)
from sdp import Candidate as SdpCandidate

RENOMINATION = "renomination"
RFC_8445 = "ice2"
"""The ICE option of those that nominate once (RFC 8445 §10)."""
EMBEDDING = {"sped": EmbeddingProfile.DRAFT, "googspedv1": EmbeddingProfile.GOOG}
"""The ICE options that tell of DTLS in checks, the draft's and Chromium's, the better one first."""
FORMER_EMBEDDING = {"goog-sped-v1": EmbeddingProfile.GOOG}
"""What Chromium 149 to 154 call it: answered, and never offered, since its hyphens are against
RFC 8839 §5.6, and there is software that refuses a description for them."""

Tell = Callable[["Link", Candidate | None], object]
"""Is told of a local candidate, None at their end."""

LinkEvent: TypeAlias = (
    CandidateGathered
    | CandidateRemoved
    | GatheringCompleted
    | SelectedPairChanged
    | SelectedPairLost
    | StateChanged
)
"""What the ICE agent tells of one stream."""


class Link:
    """What one `CreateTransport` of a plan makes, and all later steps about it change.

    `mid` names the section its candidates belong to. Local candidates of a generation are kept
    back until `let_out`: an application hears of them after its description is set.
    """

    def __init__(
        self,
        step: CreateTransport,
        *,
        driver: IceDriver,
        certificate: Certificate,
        dtls: RTCDtlsTransport,
        handshake_timeout: float,
        servers: Callable[[], tuple[IceServer, ...]],
        tell: Tell,
        onlooker: Onlooker | None = None,
    ) -> None:
        self.number = step.transport
        self.mid = step.mid
        self.driver = driver
        self._servers = servers
        self._tell = tell
        self.local = step.local
        self.failed = False
        self._shut = False
        self.remote: RemoteIce | None = None
        self.gathering_state = "new"
        self._candidates: list[SdpCandidate] = []
        self._before: list[SdpCandidate] = []
        self._held: list[CandidateGathered | GatheringCompleted] = []
        self._remote_candidates: list[SdpCandidate] = []
        self._selected: dict[int, SdpCandidate] = {}
        self._held_back = True
        numbers = range(1, step.components + 1)
        driver.add_stream(self.stream, numbers, parameters=_parameters(step.local))
        self.ice = [self._make_component(component) for component in numbers]
        self.group = TransportGroup(
            self.ice, certificate, handshake_timeout=handshake_timeout, onlooker=onlooker
        )
        self.dtls = dtls
        dtls.begin(self.group, self)

    @property
    def stream(self) -> str:
        """The name of the ICE stream."""
        return str(self.number)

    @property
    def gathered(self) -> Gathered:
        """The local candidates so far, as descriptions show them."""
        # After a restart the state is that of the generation before until gathering begins.
        complete = self.gathering_state == "complete" and not self._held_back
        selected = tuple(self._selected.values())
        return Gathered(tuple(self._candidates), complete=complete, selected=selected)

    @property
    def local_candidates(self) -> tuple[SdpCandidate, ...]:
        """The local candidates of the present generation."""
        return tuple(self._candidates)

    @property
    def remote_candidates(self) -> tuple[SdpCandidate, ...]:
        """The remote candidates of the present generation."""
        return tuple(self._remote_candidates)

    @property
    def ice_states(self) -> list[IceState]:
        """The state of each component."""
        return [component.state for component in self.ice]

    @property
    def dtls_states(self) -> list[str]:
        """The state of the DTLS association on each component."""
        if self.failed:
            return ["failed"]
        return [transport.state for transport in self.group.dtls]

    # Steps

    def carry_out(self, step: LinkStep) -> None:
        """Do what a plan says of this transport."""
        match step:
            case RetagTransport(mid=mid):
                self.mid = mid
            case DropRtcpComponent():
                self._drop_rtcp_component()
            case RestartIce(local=local):
                self._restart(local)
            case CancelIceRestart(local=local):
                self._cancel_restart(local)
            case SetRemoteIce(remote=remote):
                self._set_remote(remote)
            case AddRemoteCandidates(candidates=candidates):
                for candidate in candidates:
                    self._add_remote_candidate(candidate)
            case EndOfRemoteCandidates():
                self.driver.end_of_remote_candidates(self.stream)
            case StartDtls(dtls=dtls):
                self._start_dtls(dtls)
            case _:
                assert_never(step)

    def begin_gathering(self) -> None:
        """Show that candidates are gathered; `let_out` is to follow."""
        self._set_gathering_state("gathering")

    def let_out(self) -> None:
        """Let the application hear of candidates from now on."""
        self._held_back = False
        held, self._held = self._held, []
        for event in held:
            self.take(event)

    def _restart(self, local: IceCredentials) -> None:
        self._before = list(self._candidates)
        self._renew(local)
        self.driver.restart(self.stream, self._servers(), parameters=_parameters(local))

    def _cancel_restart(self, local: IceCredentials) -> None:
        self._renew(local)
        self._candidates = self._before
        self._held_back = False
        self._set_gathering_state("complete")
        going_on = self.driver.cancel_restart(self.stream, _parameters(local))
        if self.remote is None or going_on:
            return
        known, self._remote_candidates = self._remote_candidates, []
        self._set_remote(self.remote)
        for candidate in known:
            self._add_remote_candidate(candidate)

    def _drop_rtcp_component(self) -> None:
        self.group.drop_rtcp_component()
        second = self.ice.pop()
        self.driver.remove_component(self.stream, second.component)
        self._selected.pop(second.component, None)
        for known in (self._candidates, self._before, self._remote_candidates):
            known[:] = [one for one in known if one.component != second.component]
        second.set_state(IceState.CLOSED)

    def _set_remote(self, remote: RemoteIce) -> None:
        if self.remote is None or self.remote.credentials != remote.credentials:
            self._remote_candidates.clear()
        self.remote = remote
        parameters = RemoteParameters(
            remote.credentials.ufrag,
            remote.credentials.pwd,
            lite=remote.lite,
            pacing=None if remote.pacing is None else remote.pacing / 1000,
            renomination=RENOMINATION in remote.options,
            embedding=_embedding(remote),
            nominates_once=RFC_8445 in remote.options,
        )
        self.driver.set_remote_parameters(self.stream, parameters)

    def _add_remote_candidate(self, candidate: SdpCandidate) -> None:
        """Pair a candidate of the peer; one of a kind unknown here is kept for show alone."""
        self._remote_candidates.append(candidate)
        known = to_ice(candidate)
        if known is not None:
            self.driver.add_remote_candidate(self.stream, known)

    def _start_dtls(self, parameters: DtlsParameters) -> None:
        fingerprints = [
            RTCDtlsFingerprint(algorithm=one.algorithm, value=one.value)
            for one in parameters.fingerprints
        ]
        role = DtlsRole(parameters.role.value)
        self.group.connect(role, fingerprints, association=parameters.association)

    def fail(self, reason: str) -> None:
        """Show ICE and DTLS as failed, for good; `shut` is to follow."""
        self.failed = True
        for component in self.ice:
            component.set_state(IceState.FAILED)
        # No candidate comes any more.
        self._set_gathering_state("complete")
        self.dtls.fail(reason)

    async def shut(self) -> None:
        """End DTLS and ICE, and leave the states as they are; calling again changes nothing."""
        await self.group.close()
        if not self._shut:
            self._shut = True
            self.driver.remove_stream(self.stream)

    async def close(self) -> None:
        """End DTLS and ICE; returns always."""
        await self.shut()
        self.silence()

    def silence(self) -> None:
        """Close the ICE transports: nothing carries their datagrams any more."""
        for component in self.ice:
            component.set_state(IceState.CLOSED)
        self._tell, self._servers = _tell_nobody, tuple

    # Events of the driver

    def take(self, event: LinkEvent) -> None:
        """Take an event of the stream; one about a component that was dropped says nothing."""
        if self.failed or _component_of(event) > len(self.ice):
            return
        match event:
            case CandidateGathered() | GatheringCompleted():
                self._take_candidate(event)
            case CandidateRemoved(candidate=candidate):
                gone = from_ice(candidate, self.local.ufrag)
                if gone in self._candidates:
                    self._candidates.remove(gone)
            case SelectedPairChanged(component=number, local=local, remote=remote, state=state):
                self._selected.pop(number, None)
                if not local.hidden:
                    self._selected[number] = from_ice(local, self.local.ufrag)
                self.ice[number - 1].select((local, remote), state)
            case SelectedPairLost(component=number):
                self._selected.pop(number, None)
                self.ice[number - 1].lose_selected_pair()
            case StateChanged(component=number, state=state):
                self.ice[number - 1].set_state(state)
            case _:
                assert_never(event)

    def set_role(self, role: IceRole) -> None:
        """Note the ICE role."""
        for component in self.ice:
            component.set_role(role)

    def _make_component(self, number: int) -> IceTransport:
        component = self.driver.component(self.stream, number)
        ice = IceTransport(component, component=number, role=self.driver.role)
        component.set_sink(ice.deliver)
        return ice

    def _renew(self, local: IceCredentials) -> None:
        self.local = local
        self._candidates.clear()
        self._held.clear()
        self._selected.clear()
        self._held_back = True

    def _take_candidate(self, event: CandidateGathered | GatheringCompleted) -> None:
        if event.username_fragment != self.local.ufrag:
            return
        if self._held_back:
            self._held.append(event)
            return
        if isinstance(event, GatheringCompleted):
            self._set_gathering_state("complete")
            self._tell(self, None)
            return
        candidate = from_ice(event.candidate, event.username_fragment)
        if candidate not in self._candidates:
            self._candidates.append(candidate)
            self._tell(self, event.candidate)

    def _set_gathering_state(self, state: str) -> None:
        self.gathering_state = state
        for component in self.ice:
            component.set_gathering_state(state)


def _component_of(event: LinkEvent) -> int:
    """Return the component an event is about; the end of gathering counts as about the first."""
    match event:
        case CandidateGathered(candidate=candidate) | CandidateRemoved(candidate=candidate):
            return candidate.component
        case GatheringCompleted():
            return 1
        case _:
            return event.component


def _tell_nobody(_link: Link, _candidate: Candidate | None) -> None:
    """Drop the candidate: the connection is closed."""


def _embedding(remote: RemoteIce) -> EmbeddingProfile | None:
    known = EMBEDDING | FORMER_EMBEDDING
    return next((known[each] for each in known if each in remote.options), None)


def _parameters(credentials: IceCredentials) -> IceParameters:
    return IceParameters(credentials.ufrag, credentials.pwd)
