"""Carries out plans on a world of names and numbers, and refuses steps that make no sense there."""

from dataclasses import dataclass, field, replace
from typing import assert_never

from peer.jsep import (
    AddRemoteCandidates,
    AddRemoteTrack,
    CancelIceRestart,
    CloseTransport,
    CreateTransceiver,
    CreateTransport,
    DataStep,
    DropRtcpComponent,
    DtlsParameters,
    EndOfRemoteCandidates,
    Gather,
    IceCredentials,
    LinkStep,
    MediaStep,
    Plan,
    RemoteIce,
    RemoveRemoteTrack,
    RestartIce,
    RetagTransport,
    SetReceiver,
    SetRemoteIce,
    SetRemoteStreams,
    SetSender,
    StartDtls,
    StartSctp,
    State,
    Step,
    StopReceiver,
    StopSctp,
    StopSender,
    StopTransceiver,
    TransportStep,
    UpdateSctp,
)


@dataclass
class Pipe:
    """A transport as the steps made it."""

    mid: str
    components: int
    local: IceCredentials
    controlling: bool
    remote: RemoteIce | None = None
    dtls: DtlsParameters | None = None
    candidates: set[object] = field(default_factory=set)
    ended: bool = False
    gathered: IceCredentials | None = None

    def run(self, step: LinkStep) -> None:
        match step:
            case RetagTransport(_, mid):
                assert self.mid != mid
                self.mid = mid
            case DropRtcpComponent():
                assert self.components == 2
                self.components = 1
            case RestartIce(_, local):
                assert self.local != local
                self.local = local
            case CancelIceRestart(_, local):
                assert self.local != local
                self.local = self.gathered = local
            case SetRemoteIce(_, remote):
                if self.remote is None or self.remote.credentials != remote.credentials:
                    self.candidates, self.ended = set(), False
                self.remote = remote
            case AddRemoteCandidates(_, candidates):
                assert self.remote is not None
                assert not self.candidates.intersection(candidates)
                self.candidates.update(candidates)
            case EndOfRemoteCandidates():
                assert not self.ended
                self.ended = True
            case StartDtls(_, dtls):
                assert self.remote is not None
                self.dtls = dtls
            case _:
                assert_never(step)


@dataclass
class Machine:
    """What a connection holds; `run` takes the plans in order."""

    transceivers: set[int] = field(default_factory=set)
    pipes: dict[int, Pipe] = field(default_factory=dict)
    senders: dict[int, object] = field(default_factory=dict)
    receivers: dict[int, object] = field(default_factory=dict)
    tracks: dict[int, tuple[str, ...]] = field(default_factory=dict)
    data: object = None

    def run(self, plan: Plan) -> None:
        for step in plan:
            self._carry_out(step)

    def _carry_out(self, step: Step) -> None:
        if isinstance(step, TransportStep):
            self._transport(step)
        elif isinstance(step, MediaStep):
            self._media(step)
        elif isinstance(step, DataStep):
            self._data(step)
        else:
            assert_never(step)

    def _transport(self, step: TransportStep) -> None:
        match step:
            case CreateTransport(number, mid, components, local, controlling):
                assert number not in self.pipes
                self.pipes[number] = Pipe(mid, components, local, controlling)
            case CloseTransport(number):
                users = (*self.senders.values(), *self.receivers.values(), self.data)
                assert number not in [getattr(user, "transport", None) for user in users]
                del self.pipes[number]
            case Gather(number):
                assert self.pipes[number].gathered != self.pipes[number].local
                self.pipes[number].gathered = self.pipes[number].local
            case _:
                self.pipes[step.transport].run(step)

    def _media(self, step: MediaStep) -> None:
        match step:
            case CreateTransceiver(number):
                assert number not in self.transceivers
                self.transceivers.add(number)
            case StopTransceiver(number):
                assert number not in self.senders
                assert number not in self.receivers
                assert number not in self.tracks
                self.transceivers.remove(number)
            case SetSender(number, send):
                assert number in self.transceivers
                assert send.transport in self.pipes
                assert self.senders.get(number) != send
                self.senders[number] = send
            case StopSender(number):
                del self.senders[number]
            case SetReceiver(number, receive):
                assert number in self.transceivers
                assert receive.transport in self.pipes
                assert self.receivers.get(number) != receive
                self.receivers[number] = receive
            case StopReceiver(number):
                del self.receivers[number]
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
                assert_never(step)

    def _data(self, step: DataStep) -> None:
        match step:
            case StartSctp(data):
                assert self.data is None
                assert data.transport in self.pipes
                self.data = data
            case UpdateSctp(data):
                assert self.data is not None
                assert data.transport in self.pipes
                self.data = data
            case StopSctp():
                assert self.data is not None
                self.data = None
            case _:
                assert_never(step)

    def check(self, state: State) -> None:
        """The world must be as the state says it is."""
        wiring = state.wiring
        assert self.senders == dict(wiring.senders)
        assert self.receivers == dict(wiring.receivers)
        assert self.data == wiring.data
        assert self.transceivers == set(state.by_id())
        assert self.pipes.keys() == wiring.transports.keys()
        for number, transport in wiring.transports.items():
            pipe = self.pipes[number]
            assert pipe.controlling is wiring.controlling
            assert (pipe.mid, pipe.components) == (transport.mid, transport.components)
            assert (pipe.local, pipe.remote) == (transport.local, transport.remote)
            assert (pipe.dtls is None) is (transport.dtls is None)
            if pipe.dtls is not None and transport.dtls is not None:
                # The role may be signalled anew while the association goes on.
                assert replace(pipe.dtls, role=transport.dtls.role) == transport.dtls
            assert pipe.candidates == set(transport.remote_candidates)
            assert pipe.ended is transport.end_of_remote_candidates
            assert pipe.gathered == transport.local
