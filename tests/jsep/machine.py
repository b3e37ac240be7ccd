"""Carries out plans on a world of names and numbers, and refuses steps that make no sense there."""

from dataclasses import dataclass, field, replace

from peer.jsep import (
    AddRemoteCandidates,
    AddRemoteTrack,
    CancelIceRestart,
    CloseTransport,
    CreateTransceiver,
    CreateTransport,
    DtlsParameters,
    EndOfRemoteCandidates,
    Gather,
    IceCredentials,
    MoveSection,
    Plan,
    RemoteIce,
    RemoveRemoteTrack,
    RemoveSection,
    RestartIce,
    RetagTransport,
    SetComponents,
    SetIceRole,
    SetRemoteIce,
    SetRemoteStreams,
    StartDtls,
    StartReceiver,
    StartSctp,
    StartSender,
    State,
    Step,
    StopReceiver,
    StopSctp,
    StopSender,
    StopTransceiver,
    UpdateReceiver,
    UpdateSctp,
    UpdateSender,
)


@dataclass
class Pipe:
    """A transport as the steps made it."""

    mid: str
    components: int
    local: IceCredentials
    remote: RemoteIce | None = None
    dtls: DtlsParameters | None = None
    candidates: set[object] = field(default_factory=set)
    ended: bool = False
    gathered: IceCredentials | None = None


@dataclass
class Machine:
    """What a connection holds; `run` takes the plans in order."""

    transceivers: set[int] = field(default_factory=set)
    pipes: dict[int, Pipe] = field(default_factory=dict)
    sections: dict[str, int] = field(default_factory=dict)
    senders: dict[int, object] = field(default_factory=dict)
    receivers: dict[int, object] = field(default_factory=dict)
    tracks: dict[int, tuple[str, ...]] = field(default_factory=dict)
    data: object = None
    controlling: bool | None = None

    def run(self, plan: Plan) -> None:
        for step in plan:
            if not (self._transport(step) or self._ice(step) or self._media(step)):
                self._transceiver(step)

    def _transport(self, step: Step) -> bool:
        match step:
            case CreateTransport(number, mid, components, local):
                assert number not in self.pipes
                self.pipes[number] = Pipe(mid, components, local)
            case CloseTransport(number):
                assert number not in self.sections.values()
                del self.pipes[number]
            case RetagTransport(number, mid):
                self.pipes[number].mid = mid
            case SetComponents(number, components):
                assert self.pipes[number].components != components
                self.pipes[number].components = components
            case MoveSection(mid, number):
                assert number in self.pipes
                self.sections[mid] = number
            case RemoveSection(mid):
                del self.sections[mid]
            case _:
                return False
        return True

    def _ice(self, step: Step) -> bool:
        match step:
            case SetIceRole(controlling):
                self.controlling = controlling
            case RestartIce(number, local) | CancelIceRestart(number, local):
                assert self.pipes[number].local != local
                self.pipes[number].local = local
                if isinstance(step, CancelIceRestart):
                    self.pipes[number].gathered = local
            case SetRemoteIce(number, remote):
                pipe = self.pipes[number]
                if pipe.remote is None or pipe.remote.credentials != remote.credentials:
                    pipe.candidates, pipe.ended = set(), False
                pipe.remote = remote
            case AddRemoteCandidates(number, candidates):
                assert self.pipes[number].remote is not None
                assert not self.pipes[number].candidates.intersection(candidates)
                self.pipes[number].candidates.update(candidates)
            case EndOfRemoteCandidates(number):
                assert not self.pipes[number].ended
                self.pipes[number].ended = True
            case StartDtls(number, dtls):
                assert self.pipes[number].remote is not None
                self.pipes[number].dtls = dtls
            case Gather(number):
                assert self.pipes[number].gathered != self.pipes[number].local
                self.pipes[number].gathered = self.pipes[number].local
            case _:
                return False
        return True

    def _media(self, step: Step) -> bool:
        match step:
            case StartSender(number, parameters):
                assert number not in self.senders
                assert parameters.transport in self.pipes
                self.senders[number] = parameters
            case UpdateSender(number, parameters):
                assert self.senders[number] != parameters
                self.senders[number] = parameters
            case StopSender(number):
                del self.senders[number]
            case StartReceiver(number, receive):
                assert number not in self.receivers
                assert receive.transport in self.pipes
                self.receivers[number] = receive
            case UpdateReceiver(number, receive):
                assert self.receivers[number] != receive
                self.receivers[number] = receive
            case StopReceiver(number):
                del self.receivers[number]
            case StartSctp(data):
                assert self.data is None
                self.data = data
            case UpdateSctp(data):
                assert self.data is not None
                self.data = data
            case StopSctp():
                assert self.data is not None
                self.data = None
            case _:
                return False
        return True

    def _transceiver(self, step: Step) -> None:
        match step:
            case CreateTransceiver(number, _):
                assert number not in self.transceivers
                self.transceivers.add(number)
            case StopTransceiver(number):
                assert number not in self.senders
                assert number not in self.receivers
                assert number not in self.tracks
                self.transceivers.remove(number)
            case AddRemoteTrack(number, streams):
                assert number in self.transceivers
                assert not set(self.tracks.get(number, ())).issuperset(streams or ("new",))
                self.tracks[number] = streams
            case SetRemoteStreams(number, streams):
                assert self.tracks[number] != streams
                assert set(self.tracks[number]).issuperset(streams)
                self.tracks[number] = streams
            case RemoveRemoteTrack(number):
                del self.tracks[number]
            case _:
                raise AssertionError(step)

    def check(self, state: State) -> None:
        """The world must be as the state says it is."""
        wiring = state.wiring
        assert wiring.controlling in (None, self.controlling)
        assert self.sections == dict(wiring.sections)
        assert self.senders == dict(wiring.senders)
        assert self.receivers == dict(wiring.receivers)
        assert self.data == wiring.data
        assert self.transceivers == set(state.by_id())
        assert self.pipes.keys() == wiring.transports.keys()
        for number, transport in wiring.transports.items():
            pipe = self.pipes[number]
            assert (pipe.mid, pipe.components) == (transport.mid, transport.components)
            assert (pipe.local, pipe.remote) == (transport.local, transport.remote)
            assert (pipe.dtls is None) is (transport.dtls is None)
            if pipe.dtls is not None and transport.dtls is not None:
                # The role may be signalled anew while the association goes on.
                assert replace(pipe.dtls, role=transport.dtls.role) == transport.dtls
            assert pipe.candidates == set(transport.remote_candidates)
            assert pipe.ended is transport.end_of_remote_candidates
            assert pipe.gathered == transport.local
