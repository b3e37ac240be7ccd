"""A TURN server for simulated hosts (RFC 8656): the front door, and what testers command."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from peer.ice.address import TransportAddress, is_ipv6
from peer.ice.stun import (
    ALTERNATE_SERVER,
    ERROR_CODE,
    KNOWN_REQUIRED,
    UNKNOWN_ATTRIBUTES,
    XOR_MAPPED_ADDRESS,
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    StunError,
    build,
    parse,
)

from .client_path import ClientPath
from .host import Host
from .packet import Protocol
from .server_faults import Faults
from .tcp import ConnectionState, SimConnection
from .turn_allocation import Allocation
from .turn_auth import Credential, LongTermAuth, Refusal
from .turn_framer import TurnFramer
from .turn_relay import Answer, TurnRelay

_REASONS = {
    300: "Try Alternate",
    400: "Bad Request",
    401: "Unauthenticated",
    403: "Forbidden",
    420: "Unknown Attribute",
    437: "Allocation Mismatch",
    438: "Stale Nonce",
    440: "Address Family not Supported",
    441: "Wrong Credentials",
    442: "Unsupported Transport Protocol",
    443: "Peer Address Family Mismatch",
    486: "Allocation Quota Reached",
    500: "Server Error",
    508: "Insufficient Capacity",
}


class Exchange(NamedTuple):
    """One request and its answer: `code` is 0 for success, None when there was no answer."""

    time: float
    client: TransportAddress
    method: int
    code: int | None


class TurnServer:
    """A TURN server on all addresses of a host; relayed addresses are on the same host.

    It answers Binding requests as well. Settings may be changed during a run: `faults`, `auth`
    (users, nonce lifetime), and in `relay` quotas, lifetimes, families and forbidden peers.
    """

    def __init__(
        self,
        host: Host,
        *,
        port: int = 3478,
        realm: str = "sim.example",
        users: dict[str, str] | None = None,
        requires_credentials: bool = True,
        sha256: bool = False,
        protocols: Iterable[Protocol] = (Protocol.UDP, Protocol.TCP),
    ) -> None:
        """Open the server; `users` are {"user": "password"} unless given."""
        self.host = host
        self.port = port
        self.faults = Faults()
        accounts = {"user": "password"} if users is None else dict(users)
        self.auth = LongTermAuth(
            host.kernel, realm, accounts if requires_credentials else None, sha256=sha256
        )
        self.relay = TurnRelay(host, lambda: self.faults.is_silent)
        self.alternate_server: TransportAddress | None = None
        """When set, Allocate requests are answered with 300 and this address."""
        self.exchanges: list[Exchange] = []
        self._connections: dict[ClientPath, SimConnection] = {}
        self.protocols = frozenset(protocols)
        for local in self.addresses:
            if Protocol.UDP in self.protocols:
                self._open_udp(local)
            if Protocol.TCP in self.protocols:
                host.listen(local.host, local.port, self._accept)

    # -- what testers look at and command -----------------------------------------------------

    @property
    def addresses(self) -> list[TransportAddress]:
        """Where requests go: each address of the host."""
        return [TransportAddress(address, self.port) for address in self.host.addresses]

    def address(self, family: int = 4) -> TransportAddress:
        """The first address of a family. Raises StopIteration when there is none."""
        return next(a for a in self.addresses if is_ipv6(a.host) is (family == 6))

    @property
    def allocations(self) -> list[Allocation]:
        """The allocations that are alive."""
        return self.relay.alive()

    def count(self, method: Method, code: int | None = 0) -> int:
        """How many requests of `method` were answered with `code`, 0 being success."""
        return sum(e.method == method and e.code == code for e in self.exchanges)

    def forget_allocations(self) -> None:
        """Lose all allocations, as after a restart; nobody is told."""
        self.relay.forget()

    def reset_connections(self) -> None:
        """Reset all TCP connections; their allocations end."""
        for path, connection in list(self._connections.items()):
            connection.abort()
            self._lose(path)

    # -- requests and indications -------------------------------------------------------------

    def _open_udp(self, local: TransportAddress) -> None:
        def receive(data: bytes, source: TransportAddress) -> None:
            path = ClientPath(
                Protocol.UDP, source, local, lambda message: socket.send(message, source)
            )
            self.receive(data, path)

        socket = self.host.bind(local.host, local.port, receive)

    def _accept(self, connection: SimConnection) -> None:
        framer = TurnFramer()

        def transmit(data: bytes) -> None:
            if connection.state is ConnectionState.OPEN:
                connection.send(data)

        path = ClientPath(Protocol.TCP, connection.remote, connection.local, transmit)
        self._connections[path] = connection

        def receive(data: bytes) -> None:
            for message in framer.feed(data):
                self.receive(message, path)

        connection.on_data = receive
        connection.on_close = lambda _: self._lose(path)

    def _lose(self, path: ClientPath) -> None:
        del self._connections[path]
        self.relay.drop(path)

    def receive(self, data: bytes, path: ClientPath) -> None:
        """Take one STUN message or ChannelData from a client."""
        if self.faults.is_silent:
            return
        if data and 0x40 <= data[0] <= 0x4F:
            self.relay.receive_channel_data(data, path)
            return
        try:
            message = parse(data)
            if message.message_class is MessageClass.REQUEST:
                self._answer(message, path)
            elif (message.method, message.message_class) == (
                Method.SEND,
                MessageClass.INDICATION,
            ):
                self.relay.receive_send_indication(message, path)
        except StunError:
            return

    def _answer(self, message: Message, path: ClientPath) -> None:
        credential = self._authenticate(message, path)
        if isinstance(credential, Refusal):
            attributes = self.auth.challenge(path) if credential.is_challenge else []
            answer = Answer(credential.code, attributes)
            self._respond(message, path, answer, Credential("", None))
        else:
            self._respond(message, path, self._judge(message, path, credential), credential)

    def _authenticate(self, message: Message, path: ClientPath) -> Credential | Refusal:
        if message.method == Method.BINDING:
            return Credential("", None)
        return self.auth.check(message, path)

    def _judge(self, message: Message, path: ClientPath, credential: Credential) -> Answer:
        code = self.faults.next_error(message.method)
        if code is not None:
            challenge = self.auth.challenge(path) if code in (401, 438) else []
            return Answer(code, [*challenge, *self._alternate(code)])
        unknown = message.unknown_required(KNOWN_REQUIRED)
        if unknown:
            return Answer(420, [(UNKNOWN_ATTRIBUTES, unknown)])
        if message.method == Method.BINDING:
            return Answer(0, [(XOR_MAPPED_ADDRESS, path.client)])
        if message.method == Method.ALLOCATE and self.alternate_server is not None:
            return Answer(300, self._alternate(300))
        return self.relay.handle(message, path, credential)

    def _alternate(self, code: int) -> list[tuple[Attribute[Any], Any]]:
        if code != 300 or self.alternate_server is None:
            return []
        return [(ALTERNATE_SERVER, self.alternate_server)]

    def _respond(
        self, message: Message, path: ClientPath, answer: Answer, credential: Credential
    ) -> None:
        attributes: Iterable[tuple[Attribute[Any], Any]] = answer.attributes
        kind = MessageClass.SUCCESS
        if answer.code:
            kind = MessageClass.ERROR
            error = ErrorCode(answer.code, _REASONS.get(answer.code, "Injected"))
            attributes = [(ERROR_CODE, error), *answer.attributes]
        response = build(
            message.method,
            kind,
            message.transaction_id,
            list(attributes),
            key=None if answer.code in (401, 438) else credential.key,
            sha256=credential.sha256,
        )
        lost = self.faults.loses_response()
        now = self.host.kernel.now
        code = None if lost else answer.code
        self.exchanges.append(Exchange(now, path.client, message.method, code))
        if not lost:
            self.host.kernel.call_later(self.faults.delay, lambda: path.send(response))
