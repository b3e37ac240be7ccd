"""A peer whose STUN messages are made by hand: to behave well, oddly or badly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from peer.ice import (
    Candidate,
    CandidateType,
    IceParameters,
    RemoteParameters,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.testing.internet import Endpoint, Host
from tests.sim.agent_host import AgentHost

PEER_REFLEXIVE_PRIORITY = (110 << 24) + (65535 << 8) + 255
HOST_PRIORITY = (126 << 24) + (65535 << 8) + 255

Attributes: TypeAlias = Sequence[tuple[stun.Attribute[Any], Any]]


@dataclass(frozen=True, slots=True)
class Received:
    """A STUN message or other datagram that reached the peer on a port."""

    time: float
    port: "Port"
    source: TransportAddress
    data: bytes
    message: stun.Message | None

    def read(self) -> stun.Message:
        """The STUN message. Raises AssertionError for data."""
        assert self.message is not None
        return self.message

    @property
    def is_request(self) -> bool:
        """Whether this is a STUN request."""
        return self.message is not None and self.message.message_class is stun.MessageClass.REQUEST

    def get(self, attribute: stun.Attribute[Any]) -> Any:
        """The value of an attribute."""
        return self.read().get(attribute)


class Port:
    """A socket of the peer, with its candidate."""

    def __init__(self, peer: "ScriptedPeer", address: str, port: int, preference: int) -> None:
        self.peer = peer
        self.preference = preference
        self.socket = peer.host.bind(address, port, self._receive)
        self.received: list[Received] = []

    @property
    def address(self) -> TransportAddress:
        """The local address."""
        return self.socket.address

    @property
    def requests(self) -> list[Received]:
        """The STUN requests that arrived."""
        return [each for each in self.received if each.is_request]

    @property
    def responses(self) -> list[Received]:
        """The STUN responses that arrived."""
        return [each for each in self.received if each.message and not each.is_request]

    def candidate(self, *, kind: CandidateType = CandidateType.HOST, foundation: str = "p") -> Any:
        """The candidate to signal; `preference` of the port tells ports apart."""
        types = {CandidateType.HOST: 126, CandidateType.SERVER_REFLEXIVE: 100}
        return Candidate(
            foundation=foundation,
            component=1,
            transport=TransportProtocol.UDP,
            priority=(types.get(kind, 0) << 24) + (self.preference << 8) + 255,
            address=self.address,
            type=kind,
        )

    def _receive(self, data: bytes, source: TransportAddress) -> None:
        message = stun.parse(data) if stun.looks_like_stun(data) else None
        received = Received(self.peer.host.kernel.now, self, source, data, message)
        self.received.append(received)
        self.peer.received.append(received)
        if received.is_request:
            self.peer.on_request(received)

    def check(
        self,
        to: TransportAddress,
        *extra: tuple[stun.Attribute[Any], Any],
        use_candidate: bool = False,
        controlling: bool | None = None,
        tie_breaker: int | None = None,
        priority: int = PEER_REFLEXIVE_PRIORITY,
        username: str | None = None,
        key: str | None = None,
        transaction_id: bytes | None = None,
        fingerprint: bool = True,
    ) -> bytes:
        """Send a check; returns its transaction id. Whatever is not given is as it should be."""
        peer = self.peer
        controls = peer.controlling if controlling is None else controlling
        role = stun.ICE_CONTROLLING if controls else stun.ICE_CONTROLLED
        attributes: list[tuple[stun.Attribute[Any], Any]] = [
            (stun.USERNAME, username or peer.username),
            (stun.PRIORITY, priority),
            (role, peer.tie_breaker if tie_breaker is None else tie_breaker),
            *extra,
        ]
        if use_candidate:
            attributes.append((stun.USE_CANDIDATE, True))
        tid = transaction_id or peer.random.randbytes(12)
        password = key or peer.agent_parameters.password
        data = stun.build(
            stun.Method.BINDING,
            stun.MessageClass.REQUEST,
            tid,
            attributes,
            key=password.encode(),
            fingerprint=fingerprint,
        )
        self.socket.send(data, to)
        return tid

    def answer(
        self,
        request: Received,
        *,
        mapped: Endpoint | None = None,
        key: str | None = None,
        to: Endpoint | None = None,
    ) -> None:
        """Answer a request with success, by default as one should."""
        address = TransportAddress(*(mapped or request.source))
        self._respond(
            request, stun.MessageClass.SUCCESS, [(stun.XOR_MAPPED_ADDRESS, address)], key, to
        )

    def refuse(self, request: Received, code: int, *, key: str | None = None) -> None:
        """Answer a request with an error, authenticated unless `key` is ""."""
        error = [(stun.ERROR_CODE, stun.ErrorCode(code, "scripted"))]
        self._respond(request, stun.MessageClass.ERROR, error, key, None)

    def _respond(
        self,
        request: Received,
        kind: stun.MessageClass,
        attributes: Attributes,
        key: str | None,
        to: Endpoint | None,
    ) -> None:
        password = self.peer.parameters.password if key is None else key
        tid = request.read().transaction_id
        data = stun.build(stun.Method.BINDING, kind, tid, attributes, key=password.encode() or None)
        self.socket.send(data, to or request.source)

    def send(self, data: bytes, to: Endpoint) -> None:
        """Send anything."""
        self.socket.send(data, to)


class ScriptedPeer:
    """The other end of a session with one agent, its behaviour in the hands of the test.

    It answers requests unless told otherwise: set `on_request` to `ignore`, or to a function.
    """

    def __init__(
        self, host: Host, *, controlling: bool = False, tie_breaker: int = 1, port: int = 5000
    ) -> None:
        self.host = host
        self.controlling = controlling
        self.tie_breaker = tie_breaker
        self.random = Random(f"{host.kernel.seed} {host.name} peer")
        self.parameters = IceParameters("peer", "scripted-peer-password")
        self.agent_parameters = IceParameters("", "")
        self.received: list[Received] = []
        self.on_request: Callable[[Received], object] = self.accept
        self.port = Port(self, host.addresses[0], port, 65535)
        self.ports = [self.port]

    def open(self, port: int, *, address: str | None = None) -> Port:
        """Open another port, of lower preference than the ones before."""
        opened = Port(self, address or self.host.addresses[0], port, 65535 - len(self.ports))
        self.ports.append(opened)
        return opened

    @property
    def username(self) -> str:
        """The USERNAME of our checks."""
        return f"{self.agent_parameters.username_fragment}:{self.parameters.username_fragment}"

    @property
    def remote(self) -> RemoteParameters:
        """What the agent is told about us."""
        return RemoteParameters(self.parameters.username_fragment, self.parameters.password)

    @property
    def requests(self) -> list[Received]:
        """The STUN requests that arrived on any port."""
        return [each for each in self.received if each.is_request]

    def accept(self, request: Received) -> None:
        """Answer a request as one should."""
        request.port.answer(request)

    def ignore(self, request: Received) -> None:
        """Do not answer a request."""

    def know(self, parameters: IceParameters) -> None:
        """Learn the agent's credentials."""
        self.agent_parameters = parameters

    def meet(
        self,
        agent: AgentHost,
        *candidates: Candidate,
        end: bool = False,
        silent: bool = False,
    ) -> None:
        """Exchange descriptions with an agent at once: it opens a stream and learns of us.

        Without `candidates` it is told those of all ports; with `silent` of none.
        """
        if not agent.passwords:
            self.know(agent.open())
        known = candidates or tuple(port.candidate() for port in self.ports)
        agent.meet(self.remote, () if silent else known, end=end)
