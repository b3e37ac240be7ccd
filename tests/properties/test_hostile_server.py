"""TURN servers that lie, and connections that say little for long.

RFC 8656 §20.1.2 and RFC 6544 §7.2: what a server or a stranger makes us hold or send is bounded.
"""

from collections.abc import Callable
from random import Random

import pytest

from peer.ice import (
    ConnectionReleased,
    DropReason,
    IceAgent,
    IceRole,
    NetworkType,
    RemoteParameters,
    TcpType,
    Transmit,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.ice.turn import TurnServer
from tests.properties.victims import STAGES, Reaction, Victim

SERVER = TransportAddress("203.0.113.1", 3478)
LOCAL = TransportAddress("192.0.2.1", 5000)
RELAYED = TransportAddress("203.0.113.1", 49152)
PEER = TransportAddress("198.51.100.7", 9)
KEY = stun.long_term_key("user", "realm", "password")

Reply = Callable[["LyingServer", stun.Message], bytes | None]


class LyingServer:
    """A TURN server of few words with one agent as its client, in time that it makes pass."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.agent = IceAgent(role=IceRole.CONTROLLING, entropy=Random(1).randbytes)
        self.requests: list[stun.Message] = []
        self.now = 0.0
        self.agent.add_turn_server(TurnServer(SERVER, "turn:liar", "user", "password"))
        self.agent.add_stream("0")
        self.agent.add_base("0", 1, LOCAL, network=NetworkType.WIRED)
        self.agent.set_remote_parameters("0", RemoteParameters("peer", "p" * 22))

    def run(self, duration: float) -> None:
        """Let time pass, and answer every request."""
        end = self.now + duration
        while (when := self.agent.get_timer()) is not None and when <= end:
            self.now = max(self.now, when)
            self.agent.handle_timer(now=self.now)
            self.answer()
        self.now = end

    def answer(self) -> None:
        """Answer what was sent."""
        while (event := self.agent.next_event()) is not None:
            assert event
        for transmit in self.agent.transmits():
            if transmit.remote == SERVER and stun.looks_like_stun(transmit.data):
                message = stun.parse(transmit.data)
                self.requests.append(message)
                self.send(self.reply(self, message))

    def send(self, data: bytes | None) -> None:
        """Let the agent receive something from the server."""
        if data is not None:
            self.agent.receive_datagram(data, local=LOCAL, source=SERVER, now=self.now)


def challenge(message: stun.Message, *, code: int = 401, nonce: str = "nonce") -> bytes:
    """Ask for credentials, as RFC 8489 §9.2.4 does it."""
    return stun.build(
        message.method,
        stun.MessageClass.ERROR,
        message.transaction_id,
        [
            (stun.ERROR_CODE, stun.ErrorCode(code, "")),
            (stun.REALM, "realm"),
            (stun.NONCE, nonce),
        ],
        fingerprint=False,
    )


def allocated(
    message: stun.Message,
    *,
    relayed: TransportAddress = RELAYED,
    lifetime: int = 600,
    key: bytes = KEY,
) -> bytes:
    """Agree to an Allocate or Refresh request."""
    return stun.build(
        message.method,
        stun.MessageClass.SUCCESS,
        message.transaction_id,
        [
            (stun.XOR_RELAYED_ADDRESS, relayed),
            (stun.XOR_MAPPED_ADDRESS, LOCAL),
            (stun.LIFETIME, lifetime),
        ],
        key=key,
        fingerprint=False,
    )


def signed(message: stun.Message) -> bool:
    """Whether a request carries credentials."""
    return message.has_integrity


def candidates(server: LyingServer) -> int:
    """How many relayed candidates the agent has."""
    stats = server.agent.stats()
    return sum(each.candidate_type.value == "relay" for each in stats.candidates)


def test_honest_server_is_believed() -> None:
    """Without this the tests below would show nothing."""
    server = LyingServer(lambda _, m: allocated(m) if signed(m) else challenge(m))
    server.run(5.0)
    assert candidates(server) == 1


def test_wrong_integrity_is_not_believed() -> None:
    """RFC 8489 §9.2.5: as if the response had not come."""
    server = LyingServer(lambda _, m: allocated(m, key=b"0" * 16) if signed(m) else challenge(m))
    server.run(60.0)
    assert candidates(server) == 0
    assert len(server.requests) <= 20


@pytest.mark.parametrize("lifetime", [0, 1, 2, 59, 0xFFFFFFFF])
def test_absurd_lifetimes(lifetime: int) -> None:
    """RFC 8656 §7.3: whatever the server says, it is not asked more than once per Ta."""
    server = LyingServer(
        lambda _, m: allocated(m, lifetime=lifetime) if signed(m) else challenge(m)
    )
    server.run(20.0)
    assert len(server.requests) <= 20.0 / 0.05 + 1
    server.agent.close()
    assert server.agent.get_timer() is None


def test_nonce_is_stale_for_ever() -> None:
    """RFC 8489 §9.2.5: a server that never likes its own nonces is given up."""
    server = LyingServer(
        lambda s, m: (
            challenge(m, code=438, nonce=f"nonce{len(s.requests)}") if signed(m) else challenge(m)
        )
    )
    server.run(60.0)
    assert len(server.requests) <= 20
    assert candidates(server) == 0


def test_redirection_without_end() -> None:
    """RFC 8656 §7.4: a redirection back to where we have been is not followed."""

    def redirect(_: LyingServer, message: stun.Message) -> bytes:
        return stun.build(
            message.method,
            stun.MessageClass.ERROR,
            message.transaction_id,
            [
                (stun.ERROR_CODE, stun.ErrorCode(300, "Try Alternate")),
                (stun.ALTERNATE_SERVER, SERVER),
            ],
            key=KEY if signed(message) else None,
            fingerprint=False,
        )

    server = LyingServer(redirect)
    server.run(60.0)
    assert len(server.requests) <= 20


@pytest.mark.parametrize(
    "relayed",
    [
        TransportAddress("0.0.0.0", 0),
        TransportAddress("127.0.0.1", 1),
        TransportAddress("224.0.0.1", 5),
        TransportAddress("255.255.255.255", 65535),
        TransportAddress("::", 1),
        LOCAL,
        SERVER,
    ],
    ids=str,
)
def test_impossible_relayed_addresses(relayed: TransportAddress) -> None:
    server = LyingServer(lambda _, m: allocated(m, relayed=relayed) if signed(m) else challenge(m))
    server.run(20.0)
    assert candidates(server) <= 1
    assert len(server.requests) <= 40


@pytest.mark.parametrize("stage", ["relayed", "restarted"])
def test_data_from_peers_without_permission(stage: str) -> None:
    """RFC 8656 §11.6: the client drops data from a peer it has no permission for."""
    victim = STAGES[stage]()
    server = victim.host.candidates[-1].url
    assert server is not None
    source = _turn_address(victim)
    before = victim.state()
    for number in range(200):
        peer = TransportAddress("203.0.113.9", 1024 + number)
        indication = stun.build(
            stun.Method.DATA,
            stun.MessageClass.INDICATION,
            victim.random.randbytes(12),
            [(stun.XOR_PEER_ADDRESS, peer), (stun.DATA, b"\x80data")],
            fingerprint=False,
        )
        assert victim.feed(indication, source) == Reaction((), (), 1)
        channel = (0x4000 + number + 50).to_bytes(2, "big") + b"\x00\x04data"
        assert victim.feed(channel, source) == Reaction((), (), 1)
    assert victim.state() == before


def _turn_address(victim: Victim) -> TransportAddress:
    requests = victim.host.log.server_requests()
    return next(each.remote for each in requests if each.read().method == stun.Method.ALLOCATE)


def test_messages_inside_of_messages() -> None:
    """A Data indication in a Data indication in …: unpacked once, then there is no relay."""
    victim = STAGES["relayed"]()
    source = _turn_address(victim)
    data = b"\x80data"
    for _ in range(20):
        data = stun.build(
            stun.Method.DATA,
            stun.MessageClass.INDICATION,
            victim.random.randbytes(12),
            [(stun.XOR_PEER_ADDRESS, source), (stun.DATA, data)],
            fingerprint=False,
        )
        assert victim.feed(data, source).drops == 1


# -- connections --------------------------------------------------------------------------------


def _listening() -> IceAgent:
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=Random(1).randbytes)
    agent.add_stream("0")
    agent.add_base("0", 1, LOCAL, transport=TransportProtocol.TCP, tcp_type=TcpType.PASSIVE)
    agent.set_remote_parameters("0", RemoteParameters("peer", "p" * 22))
    agent.handle_timer(now=0.0)
    return agent


def _released(agent: IceAgent) -> list[int]:
    found = []
    while (event := agent.next_event()) is not None:
        if isinstance(event, ConnectionReleased):
            found.append(event.handle)
    return found


def test_silent_connections_are_few_and_short() -> None:
    """RFC 6544 §7.2: who does not authenticate in time is closed, or when others come."""
    agent = _listening()
    handles = []
    for number in range(1000):
        remote = TransportAddress(f"203.0.113.{number % 200}", 1024 + number)
        handle = agent.connection_opened(None, local=LOCAL, remote=remote, now=0.0)
        assert handle is not None
        handles.append(handle)
    assert sorted(_released(agent)) == handles[:-64]
    handles = handles[-64:]
    drops = agent.stats().drops
    assert drops[DropReason.TOO_MANY_CONNECTIONS.value] == 1000 - 64
    for second in range(1, 10):
        for handle in handles:
            agent.receive_bytes(handle, b"\x01", now=float(second))
        agent.handle_timer(now=float(second))
    assert _released(agent) == []
    agent.handle_timer(now=10.0)
    assert _released(agent) == handles
    assert agent.stats().drops[DropReason.TCP_UNAUTHENTICATED.value] == 64
    remote = TransportAddress("203.0.113.10", 1)
    assert agent.connection_opened(None, local=LOCAL, remote=remote, now=10.0) is not None


def test_byte_by_byte_is_held_within_one_frame() -> None:
    agent = _listening()
    remote = TransportAddress("203.0.113.9", 1024)
    handle = agent.connection_opened(None, local=LOCAL, remote=remote, now=0.0)
    assert handle is not None
    for _ in range(3):
        for byte in b"\x04\x00" + bytes(1024):
            agent.receive_bytes(handle, bytes([byte]), now=1.0)
    assert agent.transmits() == []
    assert sum(agent.stats().drops.values()) == 3


def test_noise_on_connections() -> None:
    rng = Random(5)
    for _ in range(50):
        agent = _listening()
        remote = TransportAddress("203.0.113.9", 1024)
        handle = agent.connection_opened(None, local=LOCAL, remote=remote, now=0.0)
        assert handle is not None
        sent: list[Transmit] = []
        for _ in range(20):
            agent.receive_bytes(handle, rng.randbytes(rng.randrange(300)), now=0.0)
            sent += agent.transmits()
        assert sent == []
        agent.receive_bytes(handle + 7, b"data", now=0.0)
        assert agent.stats().drops[DropReason.UNKNOWN_CONNECTION.value] == 1
