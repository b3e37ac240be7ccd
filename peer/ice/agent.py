"""The ICE agent (RFC 8445): a state machine without clock, sockets or randomness."""

from collections.abc import Iterable
from dataclasses import replace

from . import carrying, gathering, inbound, relaying, schedule, sharing, stats, tcp
from .address import TransportAddress, canonical
from .base import Base
from .candidate import Candidate, TcpType, TransportProtocol
from .candidates import add_remote, end_remote
from .conclusion import update
from .config import IceConfig, NetworkType, StunServer
from .embedding import EmbeddingState, HandshakeStage
from .errors import DropReason, InvalidParameterError, InvalidStateError
from .events import (
    Event,
    IceParameters,
    IceRole,
    IceState,
    RemoteParameters,
    Transmit,
)
from .pacer import Budget, PacingBudget
from .session import Embedded, Entropy, Session, nobody
from .stats import IceStatistics
from .stream import Stream
from .streams import (
    agree_on_pacing,
    cancel_restart,
    drop_base,
    find_bases,
    make_stream,
    restart_stream,
    set_remote,
    stop_component,
    take_base,
)
from .trace import Notes, Recorder, Sink
from .traffic import Traffic
from .turn import TurnServer


class IceAgent:
    """One ICE session: all data streams of a peer connection.

    Three kinds of input drive it: the application's calls, the network (`receive_datagram`
    and the methods of connections) and the clock (`handle_timer`). After every input the driver
    does the same three things: send `transmits()`, hand out `next_event()` until it is None, and
    arm one timer for `get_timer()`.

    `now` is in seconds on any monotonic clock; going back counts as not moving. `entropy` gives
    that many random bytes of cryptographic quality. Agents of one process share a `budget`.
    `embedded` takes DTLS datagrams out of checks (see `peer.ice.carrying`); without it none carry
    any.
    `trace` is given a record of everything that happens (see `peer.ice.trace`), or, when it is
    `Notes`, of decisions and drops.
    """

    def __init__(
        self,
        config: IceConfig | None = None,
        *,
        role: IceRole,
        entropy: Entropy,
        budget: Budget | None = None,
        embedded: Embedded | None = None,
        trace: Sink | None = None,
    ) -> None:
        config = config or IceConfig()
        if embedded is None:
            config, embedded = replace(config, embed_handshake=False), nobody
        if trace is None or isinstance(trace, Notes):
            self._session = Session(
                config, role=role, entropy=entropy, budget=budget, embedded=embedded
            )
            if trace is not None:
                trace.attach(self._session)
            return
        recorder = Recorder(trace, config, role)
        self._session = Session(
            config,
            role=role,
            entropy=recorder.entropy(entropy),
            budget=recorder.budget(budget or PacingBudget()),
            embedded=recorder.embedded(embedded),
        )
        recorder.attach(self, self._session)

    # Application

    def add_stream(
        self,
        stream_id: str,
        components: Iterable[int] = (1,),
        *,
        parameters: IceParameters | None = None,
    ) -> IceParameters:
        """Add a data stream; returns the credentials to signal (RFC 8445 §5.3).

        Component 1 is RTP, 2 RTCP. Streams are checked in the order they were added. With
        `parameters` these credentials are used, because a description has them already; streams
        may share them. Raises InvalidParameterError for a known id, components outside 1..256
        or credentials of wrong length.
        """
        session = self._open()
        return make_stream(session, stream_id, tuple(sorted(set(components))), parameters)

    def remove_stream(self, stream_id: str) -> None:
        """Take a stream out: its bases are released, its checks end."""
        session = self._open()
        schedule.announce_bases(session)
        stream = self._stream(stream_id)
        for component in list(stream.components):
            stop_component(session, stream, component)
        session.checklists.remove(stream.current.checklist)
        del session.streams[stream_id]
        agree_on_pacing(session)

    def remove_component(self, stream_id: str, component: int) -> None:
        """Take one component out of a stream, because the answer multiplexes RTCP."""
        session = self._open()
        schedule.announce_bases(session)
        stream = self._stream(stream_id)
        if component not in stream.components or len(stream.components) == 1:
            raise InvalidParameterError(f"stream {stream_id!r} cannot lose {component}")
        stop_component(session, stream, component)

    def add_base(
        self,
        stream_id: str,
        component: int,
        address: tuple[str, int],
        *,
        network: NetworkType = NetworkType.UNKNOWN,
        transport: TransportProtocol = TransportProtocol.UDP,
        tcp_type: TcpType | None = None,
        loopback: bool = False,
        shared: bool = False,
        external: Iterable[tuple[str, int]] = (),
    ) -> bool:
        """Tell about a socket bound to `address`; its candidates follow as events.

        Bases added without another input in between are ranked together (RFC 8421). Returns
        False for an address that may not be a candidate (RFC 8445 §5.1.1.1). A TCP base needs a
        `tcp_type`: a passive one listens on `address`, an active one connects from its host.
        With `loopback` a loopback address may, whatever `IceConfig.allow_loopback` says. Streams
        may have a base each on the same `shared` socket. `external` addresses are those of NATs
        that lead to it for good: server-reflexive candidates that no server is asked for.
        """
        session = self._open()
        stream = self._stream(stream_id)
        if component not in stream.components:
            raise InvalidParameterError(f"stream {stream_id!r} has no component {component}")
        if (transport is TransportProtocol.TCP) is (tcp_type is None):
            raise InvalidParameterError("tcp_type belongs to TCP bases, and only to them")
        base = Base(
            stream_id,
            component,
            canonical(address),
            network=network,
            transport=transport,
            tcp_type=tcp_type,
            shared=shared,
            external=tuple(map(canonical, external)),
        )
        return take_base(session, stream, base, loopback=loopback)

    def remove_base(
        self,
        address: tuple[str, int],
        *,
        transport: TransportProtocol = TransportProtocol.UDP,
    ) -> None:
        """Tell that a socket or its interface is gone. Unknown addresses are ignored.

        For TCP all bases on `address` go, active and passive ones.
        """
        session = self._open()
        schedule.announce_bases(session)
        for base in find_bases(session, canonical(address), transport):
            relaying.forget(session, base)
            drop_base(session, session.streams[base.stream], base, "the interface is gone")

    def add_stun_server(self, server: StunServer) -> None:
        """Use a STUN server for the bases of its family.

        Bases of a stream whose `end_of_bases` was told before are left out.
        """
        session = self._open()
        session.stun_servers.append(server)
        for base in session.open_bases():
            gathering.gather(session, base, [server])

    def add_turn_server(self, server: TurnServer) -> None:
        """Use a TURN server for the bases of its family.

        Bases of a stream whose `end_of_bases` was told before are left out.
        """
        session = self._open()
        session.turn_servers.append(server)
        for base in session.open_bases():
            relaying.gather(session, base, [server])

    def update_turn_credentials(self, url: str, username: str, credential: str) -> None:
        """Use other credentials with the TURN server of this URL from its next request on.

        Raises ValueError when RFC 8489 does not allow them.
        """
        session = self._open()
        relaying.update_credentials(session, url, username, credential)

    def end_of_bases(self, stream_id: str) -> None:
        """Tell that all bases and servers are known: gathering ends when they are done."""
        session = self._open()
        self._stream(stream_id).bases_ended = True
        schedule.announce_bases(session)

    def base_unavailable(self, stream_id: str, component: int, host: str) -> None:
        """Tell that a base asked for with `BaseRequested` does not come."""
        self._open()
        self._stream(stream_id).base_settled(component, host)

    def set_remote_parameters(self, stream_id: str, parameters: RemoteParameters) -> None:
        """Set the peer's credentials for the current generation (RFC 8839 §5.4).

        When they change without `restart` of ours, a generation begins with our own as they are:
        another endpoint answers, or one that restarts alone. The peer's candidates have to be told
        again then; data goes on over the old pair as in a restart. Raises InvalidParameterError
        when their lengths are out of range.
        """
        session = self._open()
        schedule.announce_bases(session)
        set_remote(session, self._stream(stream_id), parameters)

    def add_remote_candidate(
        self, stream_id: str, candidate: Candidate, *, username_fragment: str | None = None
    ) -> None:
        """Add a candidate of the peer's (RFC 8838 §11).

        `username_fragment` says which generation it belongs to, None the current one. It may come
        before the credentials and after the end; a stale, duplicate or excess one is only counted.
        """
        session = self._open()
        schedule.announce_bases(session)
        add_remote(session, self._stream(stream_id), candidate, username_fragment)

    def end_of_remote_candidates(
        self, stream_id: str, *, username_fragment: str | None = None
    ) -> None:
        """Tell that the peer has no more candidates for a generation (RFC 8838 §14)."""
        session = self._open()
        stream = self._stream(stream_id)
        end_remote(session, stream, username_fragment)
        update(session, stream)

    def restart(
        self,
        stream_id: str,
        *,
        parameters: IceParameters | None = None,
        more_bases: bool = False,
    ) -> IceParameters:
        """Restart ICE for a stream: new credentials, new candidates (RFC 8445 §9).

        Data goes on over the old pair until the new session has selected one. `parameters` as
        in `add_stream`; InvalidParameterError when they are not both new. With `more_bases`
        bases and servers may be added until `end_of_bases` is told again.
        """
        session = self._open()
        schedule.announce_bases(session)
        stream = self._stream(stream_id)
        local = restart_stream(session, stream, parameters)
        stream.bases_ended = stream.bases_ended and not more_bases
        relaying.restart(session, stream)
        return local

    def cancel_restart(self, stream_id: str, parameters: IceParameters) -> bool:
        """Go back to the credentials before `restart`; see `streams.cancel_restart`.

        When it returns False, what the peer has signalled must be told again.
        """
        session = self._open()
        return cancel_restart(session, self._stream(stream_id), parameters)

    def send(
        self, stream_id: str, component: int, data: bytes, *, now: float | None = None
    ) -> bool:
        """Send application data on the component's pair; False when there is none.

        `now` None stands for the time of the last input. Drivers may bypass this for a pair
        whose `SelectedPairChanged.direct` is True.
        """
        session = self._require_open()
        if now is not None:
            schedule.advance(self._session, now)
        pair = self._stream(stream_id).sending.get(component)
        if pair is None or not session.send(pair.local.base, pair.remote.address, data):
            session.drop(DropReason.NO_PATH)
            if pair is not None:
                pair.stats.packets_discarded_on_send += 1
                pair.stats.bytes_discarded_on_send += len(data)
            return False
        pair.stats.packets_sent += 1
        pair.stats.bytes_sent += len(data)
        pair.stats.last_packet_sent = session.now
        return True

    def send_flight(
        self,
        stream_id: str,
        component: int,
        datagrams: Iterable[bytes],
        *,
        now: float | None = None,
    ) -> None:
        """Send a flight of a DTLS handshake, which takes the place of the one before.

        It goes over the component's pair at once, or as soon as there is one, and in checks and
        their answers until the peer has it, where both sides embed. `now` as in `send`.
        """
        session = self._require_open()
        if now is not None:
            schedule.advance(self._session, now)
        session.timer_known = False
        carrying.set_flight(session, self._stream(stream_id), component, tuple(datagrams))

    def note_handshake(
        self, stream_id: str, component: int, stage: HandshakeStage, *, datagram: bytes = b""
    ) -> None:
        """Tell how far a component's DTLS handshake is, or of a `datagram` that came for it."""
        session = self._require_open()
        session.timer_known = False
        carrying.note_stage(session, self._stream(stream_id), component, stage, datagram)

    def close(self) -> list[Transmit]:
        """End the session at once: no timer, no transmit and no event follows.

        Returns what to send as a farewell, once and without waiting for an answer: requests
        that delete the TURN allocations (RFC 8656 §8). A second call returns nothing.
        """
        session = self._session
        if session.closed:
            return []
        session.transmits.clear()
        relaying.say_farewell(session)
        session.close()
        return self.transmits()

    # Network

    def receive_datagram(
        self, data: bytes, *, local: tuple[str, int], source: tuple[str, int], now: float
    ) -> None:
        """Take a datagram that arrived at `now` on the socket bound to `local`."""
        session = self._session
        if session.closed:
            return
        schedule.advance(session, now)
        schedule.announce_bases(session)
        remote = TransportAddress(*source)
        base = sharing.find_base(session, TransportAddress(*local), remote, data)
        if base is not None and inbound.receive(session, base, remote, data):
            schedule.run(session, timeouts=False)

    def note_traffic(
        self, *, local: tuple[str, int], remote: tuple[str, int], traffic: Traffic
    ) -> None:
        """Count data that the driver sent or took past the agent since it last told.

        To be told before `handle_timer`, because keepalives depend on it, and before `stats`.
        """
        session = self._session
        known = TransportAddress(*remote)
        base = sharing.base_towards(session, TransportAddress(*local), known)
        if base is not None and not session.closed:
            inbound.note_traffic(session, base, known, traffic)

    def transmit_failed(
        self, *, local: tuple[str, int], remote: tuple[str, int], now: float, reason: str
    ) -> None:
        """Tell that sending from `local` to `remote` failed for good, as with no route there.

        What waits for an answer from there fails at once (RFC 8445 §7.2.5.2.2, RFC 8489 §6.2.1).
        """
        session = self._session
        bases = session.bases.get(TransportAddress(*local), [])
        if not session.closed and bases:
            schedule.advance(session, now)
            schedule.fail_transactions(session, bases, TransportAddress(*remote), reason)
            schedule.run(session, timeouts=False)

    def connection_opened(
        self,
        handle: int | None,
        *,
        local: tuple[str, int],
        remote: tuple[str, int],
        now: float,
    ) -> int | None:
        """Tell that a requested TCP or TLS connection is open, or an incoming one came.

        For an incoming connection `handle` is None and `local` the passive base it came to.
        Returns the handle to use from now on, None when the connection is to be closed.
        """
        session = self._session
        if session.closed:
            return None
        schedule.advance(session, now)
        schedule.announce_bases(session)
        known = tcp.opened(session, handle, TransportAddress(*local), TransportAddress(*remote))
        schedule.run(session, timeouts=False)
        return known

    def receive_bytes(self, handle: int, data: bytes, *, now: float) -> None:
        """Take bytes that arrived on a connection, in order, cut anywhere."""
        session = self._session
        if not session.closed:
            schedule.advance(self._session, now)
            if tcp.received(session, handle, data):
                schedule.run(session, timeouts=False)

    def connection_closed(self, handle: int, *, now: float, reason: str = "closed") -> None:
        """Tell that a connection was closed or could not be opened."""
        session = self._session
        if not session.closed:
            schedule.advance(self._session, now)
            tcp.closed(session, handle, reason)
            schedule.run(session, timeouts=False)

    # Clock

    def handle_timer(self, *, now: float) -> None:
        """Do what is due. Calling early changes nothing, calling late makes no burst."""
        session = self._session
        if session.closed:
            return
        schedule.notice_stall(session, now)
        session.now = max(session.now, now)
        session.urgent = False
        schedule.run(session, timeouts=True)

    # Outputs

    def transmits(self) -> list[Transmit]:
        """Give what is to be sent now, in order, each once."""
        session = self._session
        transmits, session.transmits = session.transmits, []
        return transmits

    def next_event(self) -> Event | None:
        """Give the next event, None when there is none."""
        session = self._session
        if session.new_bases and not session.closed:
            schedule.announce_bases(session)
        return session.events.popleft() if session.events else None

    def get_timer(self) -> float | None:
        """Give the time at which `handle_timer` is to be called, None for never."""
        return None if self._session.closed else schedule.timer(self._session)

    # Read-only

    @property
    def role(self) -> IceRole:
        """Our role; it may change with a role conflict (RFC 8445 §7.3.1.1)."""
        return self._session.role

    def state(self, stream_id: str, component: int) -> IceState:
        """Give the state of a component's transport."""
        if self._session.closed:
            return IceState.CLOSED
        states = self._stream(stream_id).states
        if component not in states:
            raise InvalidParameterError(f"stream {stream_id!r} has no component {component}")
        return states[component]

    def embedding(self, stream_id: str, component: int) -> EmbeddingState:
        """Give how far the embedding of a component's DTLS handshake is."""
        return self._stream(stream_id).embeddings[component].state

    def stats(self) -> IceStatistics:
        """Take statistics of everything there is and was, also after `close`."""
        return stats.collect(self._session)

    def _open(self) -> Session:
        """Give the session to a call of the application's: what it changes is due at once."""
        session = self._require_open()
        session.urgent = True
        return session

    def _require_open(self) -> Session:
        if self._session.closed:
            raise InvalidStateError("the agent is closed")
        return self._session

    def _stream(self, stream_id: str) -> Stream:
        stream = self._session.streams.get(stream_id)
        if stream is None:
            raise InvalidParameterError(f"no stream {stream_id!r}")
        return stream
