"""A scripted TURN server: it authenticates, answers by the book and misbehaves on demand."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from peer.ice import stun
from peer.ice.address import TransportAddress
from peer.ice.stun import Attribute, KeyAlgorithm, Message, MessageClass, Method
from peer.ice.turn import (
    Allocation,
    AllocationEvent,
    AllocationState,
    TurnConfig,
    TurnRequest,
    TurnServer,
)

ADDRESS = TransportAddress("203.0.113.1", 3478)
CLIENT = TransportAddress("192.0.2.15", 4000)
RELAYED = TransportAddress("203.0.113.1", 50000)
RELAYED6 = TransportAddress("2001:db8::1", 50000)
PEER = TransportAddress("198.51.100.7", 9)
PEER6 = TransportAddress("2001:db8:7::7", 9)
SERVER = TurnServer(ADDRESS, "turn:turn.example.org", "user", "secret")

Attributes = Sequence[tuple[Attribute[Any], Any]]


class Entropy:
    """Numbers for bytes, each different."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(size, "big")


class FakeServer:
    """Answers requests; `script` holds, per method, error answers to give first."""

    def __init__(self, **users: str) -> None:
        self.users = users or {"user": "secret"}
        self.realm = "example.org"
        self.nonce = "nonce-1"
        self.algorithms: tuple[stun.PasswordAlgorithm, ...] | None = None
        self.relayed: list[TransportAddress] = [RELAYED]
        self.lifetime: int | None = 600
        self.extra: list[tuple[Attribute[Any], Any]] = []
        self.script: dict[Method, deque[tuple[int, Attributes]]] = {}
        self.allocated = False
        self.requests: list[Message] = []

    def fail(self, method: Method, code: int, attributes: Attributes = (), times: int = 1) -> None:
        """Answer the next requests of a method with an error."""
        queue = self.script.setdefault(method, deque())
        queue.extend([(code, attributes)] * times)

    def answer(self, data: bytes) -> bytes:
        """The response to one request."""
        request = stun.parse(data)
        self.requests.append(request)
        name = self.user_of(request)
        if name is None:
            return self.challenge(request, 401)
        if request.get(stun.NONCE) != self.nonce:
            return self.challenge(request, 438)
        key = self.key(name)
        if not self.verifies(request, key):
            return self.challenge(request, 401)
        script = self.script.get(Method(request.method))
        if script:
            code, attributes = script.popleft()
            return self.error(request, code, attributes, key)
        return self.succeed(request, key)

    def user_of(self, request: Message) -> str | None:
        """The user a request claims to be from."""
        hashed = request.get(stun.USERHASH)
        for name in self.users:
            if hashed == stun.userhash(name, self.realm):
                return name
        name = request.get(stun.USERNAME) or ""
        return name if name in self.users else None

    def key(self, name: str) -> bytes:
        """The key shared with a user."""
        algorithm = KeyAlgorithm.MD5
        if self.algorithms is not None and (KeyAlgorithm.SHA256, b"") in self.algorithms:
            algorithm = KeyAlgorithm.SHA256
        return stun.long_term_key(name, self.realm, self.users[name], algorithm)

    def verifies(self, request: Message, key: bytes) -> bool:
        """Check a request as far as the script wants it."""
        if self.algorithms is None:
            return stun.verify_integrity(request, key)
        return stun.verify_integrity_sha256(request, key)

    def challenge(self, request: Message, code: int) -> bytes:
        """A 401 or 438 response."""
        attributes: list[tuple[Attribute[Any], Any]] = [
            (stun.REALM, self.realm),
            (stun.NONCE, self.nonce),
        ]
        if self.algorithms is not None:
            attributes.append((stun.PASSWORD_ALGORITHMS, self.algorithms))
        return self.error(request, code, attributes, None)

    def error(
        self, request: Message, code: int, attributes: Attributes = (), key: bytes | None = None
    ) -> bytes:
        """An error response."""
        return stun.build(
            request.method,
            MessageClass.ERROR,
            request.transaction_id,
            [(stun.ERROR_CODE, stun.ErrorCode(code, "scripted")), *attributes],
            key=key,
            sha256=self.algorithms is not None,
        )

    def succeed(self, request: Message, key: bytes | None) -> bytes:
        """The success response of RFC 8656, with `extra` attributes on Allocate."""
        attributes: list[tuple[Attribute[Any], Any]] = []
        if request.method == Method.ALLOCATE:
            attributes += [(stun.XOR_RELAYED_ADDRESS, address) for address in self.relayed]
            attributes += [(stun.XOR_MAPPED_ADDRESS, CLIENT), *self.extra]
            self.allocated = True
        if request.method in (Method.ALLOCATE, Method.REFRESH) and self.lifetime is not None:
            asked = request.get(stun.LIFETIME)
            attributes.append((stun.LIFETIME, 0 if asked == 0 else self.lifetime))
        return stun.build(
            request.method,
            MessageClass.SUCCESS,
            request.transaction_id,
            attributes,
            key=key,
            sha256=self.algorithms is not None,
        )


class Client:
    """An allocation wired to a fake server without delay; time is `now`."""

    def __init__(
        self, server: TurnServer = SERVER, fake: FakeServer | None = None, **options: Any
    ) -> None:
        self.entropy = Entropy()
        self.allocation = Allocation(server, entropy=self.entropy, **options)
        self.fake = fake or FakeServer()
        self.now = 1000.0
        self.sent: list[tuple[float, Message]] = []

    def request(self) -> TurnRequest:
        """The next request, which must be due."""
        request = self.allocation.start(self.now)
        assert request is not None
        self.sent.append((self.now, stun.parse(request.data)))
        return request

    def exchange(self) -> list[AllocationEvent]:
        """Send one request and take its answer."""
        return self.take(self.fake.answer(self.request().data))

    def take(self, data: bytes) -> list[AllocationEvent]:
        """Hand a response to the allocation."""
        return self.allocation.handle_response(stun.parse(data), self.now)

    def settle(self, limit: int = 60) -> list[AllocationEvent]:
        """Exchange until nothing is due now."""
        events: list[AllocationEvent] = []
        for _ in range(limit):
            time = self.allocation.next_time()
            if time is None or time > self.now:
                return events
            events += self.exchange()
        raise AssertionError("the allocation never comes to rest")

    def run_until(self, end: float) -> list[AllocationEvent]:
        """Let time pass, answering every request when it is due."""
        events = self.settle()
        while True:
            time = self.allocation.next_time()
            if time is None or time > end:
                self.now = end
                return events
            self.now = max(self.now, time)
            events += self.settle()

    def methods(self) -> list[Method]:
        """The methods of the requests sent so far; the list is emptied."""
        methods = [Method(message.method) for _, message in self.sent]
        self.sent.clear()
        return methods


def allocated(
    server: TurnServer = SERVER, fake: FakeServer | None = None, **options: Any
) -> Client:
    """A client whose allocation stands."""
    client = Client(server, fake, **options)
    client.settle()
    assert client.allocation.state is AllocationState.ALLOCATED
    client.sent.clear()
    return client


def permitted(peer: TransportAddress = PEER, config: TurnConfig | None = None) -> Client:
    """A client with a permission for `peer`."""
    client = allocated(config=config)
    assert client.allocation.want_permission(peer, client.now)
    client.settle()
    client.sent.clear()
    return client
