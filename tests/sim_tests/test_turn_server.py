"""The simulated TURN server (RFC 8656), spoken to by the project's codec."""

from dataclasses import replace

import pytest

from peer.ice.address import TransportAddress
from peer.ice.stun import (
    ADDITIONAL_ADDRESS_FAMILY,
    ADDRESS_ERROR_CODE,
    ALTERNATE_SERVER,
    DATA,
    EVEN_PORT,
    LIFETIME,
    PASSWORD_ALGORITHMS,
    REQUESTED_ADDRESS_FAMILY,
    REQUESTED_TRANSPORT,
    RESERVATION_TOKEN,
    UNKNOWN_ATTRIBUTES,
    XOR_MAPPED_ADDRESS,
    XOR_PEER_ADDRESS,
    XOR_RELAYED_ADDRESS,
    Method,
    parse,
)
from peer.testing.internet import SYMMETRIC, Inbox, Simulation, TurnServer
from tests.sim_tests.turn_client import Attributes, TurnClient

UDP: Attributes = [(REQUESTED_TRANSPORT, 17)]


class Scene:
    """Alice behind a symmetric NAT, a TURN server, and a public peer."""

    def __init__(self, *, sha256: bool = False, addresses: list[str] | None = None) -> None:
        self.sim = Simulation(seed=1)
        lan = self.sim.network("lan", "192.168.1.0/24")
        nat = replace(SYMMETRIC, timeout=86400.0)
        self.router = self.sim.router("router", inside=lan, nat=nat)
        self.alice = self.sim.host("alice", lan)
        host = self.sim.host("turn", self.sim.internet, addresses)
        self.server = TurnServer(host, sha256=sha256)
        self.client = self.new_client()
        self.peer_host = self.sim.host("peer", self.sim.internet)
        self.peer = Inbox(self.peer_host)

    def new_client(self) -> TurnClient:
        """Another client on Alice's host."""
        return TurnClient(self.sim, Inbox(self.alice), self.server)

    @property
    def data(self) -> list[bytes]:
        """What the client received in Data indications."""
        messages = [parse(text) for text in self.client.inbox.texts if text[0] < 4]
        return [m.get(DATA) or b"" for m in messages if m.method == Method.DATA]


@pytest.mark.parametrize("sha256", [False, True])
def test_allocation_after_a_challenge(sha256: bool) -> None:
    """RFC 8489 §9.2.4 and RFC 8656 §7.2."""
    scene = Scene(sha256=sha256)
    assert scene.client.code(Method.ALLOCATE, UDP) == 401
    assert scene.client.challenge is not None
    assert (scene.client.challenge.get(PASSWORD_ALGORITHMS) is not None) is sha256
    message = scene.client.ask(Method.ALLOCATE, [*UDP, (LIFETIME, 1200)])
    assert message is not None
    [allocation] = scene.server.allocations
    assert message.get(XOR_RELAYED_ADDRESS) == allocation.relayed_addresses[0]
    assert message.get(XOR_MAPPED_ADDRESS) == allocation.path.client
    assert allocation.path.client.host == scene.router.external_addresses[0]
    assert message.get(LIFETIME) == 1200
    assert [(e.method, e.code) for e in scene.server.exchanges] == [
        (Method.ALLOCATE, 401),
        (Method.ALLOCATE, 0),
    ]


def test_wrong_credentials() -> None:
    scene = Scene()
    scene.client.password = "wrong"
    assert [scene.client.code(Method.ALLOCATE, UDP) for _ in range(2)] == [401, 401]
    scene.client.username = "nobody"
    assert scene.client.code(Method.ALLOCATE, UDP) == 401
    assert scene.server.allocations == []


def test_server_without_credentials() -> None:
    sim = Simulation(seed=1)
    server = TurnServer(sim.host("turn", sim.internet), requires_credentials=False)
    client = TurnClient(sim, Inbox(sim.host("client", sim.internet)), server)
    assert client.code(Method.ALLOCATE, UDP) == 0


def test_stale_nonce() -> None:
    scene = Scene()
    scene.client.allocate()
    scene.server.auth.expire_nonces()
    assert scene.client.code(Method.REFRESH, []) == 438
    assert scene.client.code(Method.REFRESH, []) == 0
    scene.server.auth.nonce_lifetime = 30.0
    scene.server.auth.expire_nonces()
    assert scene.client.code(Method.REFRESH, []) == 438
    scene.sim.run_for(31.0)
    assert scene.client.code(Method.REFRESH, []) == 438


def test_other_user_of_the_same_client_address() -> None:
    """RFC 8656 §5: 441."""
    scene = Scene()
    assert scene.server.auth.users is not None
    scene.server.auth.users["other"] = "password"
    scene.client.allocate()
    scene.client.username = "other"
    assert scene.client.code(Method.REFRESH, []) == 441


def test_requests_without_allocation_get_437_and_a_second_allocate_too() -> None:
    scene = Scene()
    assert scene.client.code(Method.REFRESH, []) == 401
    assert scene.client.code(Method.REFRESH, []) == 437
    assert scene.client.permit(scene.peer.address) == 437
    first = bytes(12)
    assert scene.client.code(Method.ALLOCATE, UDP, first) == 0
    assert scene.client.code(Method.ALLOCATE, UDP, first) == 0, "retransmission"
    assert scene.client.code(Method.ALLOCATE, UDP) == 437


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ([], 400),
        ([(REQUESTED_TRANSPORT, 6)], 442),
        ([*UDP, (REQUESTED_ADDRESS_FAMILY, 9)], 440),
        ([*UDP, (REQUESTED_ADDRESS_FAMILY, 1), (ADDITIONAL_ADDRESS_FAMILY, 2)], 400),
        ([*UDP, (ADDITIONAL_ADDRESS_FAMILY, 1)], 400),
        ([*UDP, (RESERVATION_TOKEN, bytes(8))], 508),
    ],
)
def test_refused_allocations(attributes: Attributes, code: int) -> None:
    """RFC 8656 §7.2."""
    scene = Scene()
    scene.client.code(Method.ALLOCATE, UDP)
    assert scene.client.code(Method.ALLOCATE, attributes) == code


def test_unknown_attributes() -> None:
    """RFC 8489 §6.3.1."""
    from peer.ice.stun import Attribute

    unknown: Attribute[bytes] = Attribute(
        0x7ABC, "UNKNOWN", lambda value, _: value, lambda value, _: value
    )
    scene = Scene()
    scene.client.code(Method.ALLOCATE, UDP)
    message = scene.client.ask(Method.ALLOCATE, [*UDP, (unknown, b"")])
    assert message is not None
    assert message.get(UNKNOWN_ATTRIBUTES) == (0x7ABC,)


def test_ipv6_and_dual_allocations() -> None:
    scene = Scene()
    assert ":" in scene.client.allocate((REQUESTED_ADDRESS_FAMILY, 2)).host
    second = scene.new_client()
    second.allocate((ADDITIONAL_ADDRESS_FAMILY, 2))
    dual = scene.server.allocations[1]
    assert [":" in address.host for address in dual.relayed_addresses] == [False, True]
    assert second.code(Method.REFRESH, [(LIFETIME, 0), (REQUESTED_ADDRESS_FAMILY, 1)]) == 0
    assert [":" in address.host for address in dual.relayed_addresses] == [True]
    assert second.code(Method.REFRESH, [(REQUESTED_ADDRESS_FAMILY, 1)]) == 443
    assert second.permit(scene.peer.address) == 443


def test_dual_allocation_on_an_ipv4_server() -> None:
    scene = Scene(addresses=["61.0.0.1"])
    scene.client.code(Method.ALLOCATE, UDP)
    assert scene.client.code(Method.ALLOCATE, [*UDP, (REQUESTED_ADDRESS_FAMILY, 2)]) == 440
    message = scene.client.ask(Method.ALLOCATE, [*UDP, (ADDITIONAL_ADDRESS_FAMILY, 2)])
    assert message is not None
    assert [a.host for a in message.get_all(XOR_RELAYED_ADDRESS)] == ["61.0.0.1"]
    error = message.get(ADDRESS_ERROR_CODE)
    assert error is not None
    assert (error.family, error.code) == (2, 440)


def test_even_port() -> None:
    scene = Scene()
    for _ in range(3):
        assert scene.new_client().allocate((EVEN_PORT, False)).port % 2 == 0


def test_send_and_data_indications_need_a_permission() -> None:
    """RFC 8656 §9 and §11."""
    scene = Scene()
    relayed = scene.client.allocate()
    scene.client.indicate(b"no permission", scene.peer.address)
    scene.peer.send(b"no permission", relayed)
    scene.sim.run_for(1.0)
    assert scene.peer.letters == []
    assert scene.client.permit(scene.peer.address) == 0
    scene.client.indicate(b"out", scene.peer.address)
    scene.peer.send(b"in", relayed)
    other_port = Inbox(scene.peer_host)
    other_port.send(b"permissions are for addresses", relayed)
    scene.sim.run_for(1.0)
    assert (scene.peer.texts, scene.peer.sources) == ([b"out"], [relayed])
    assert scene.data == [b"in", b"permissions are for addresses"]


def test_permissions_last_300_seconds_whatever_is_sent() -> None:
    scene = Scene()
    relayed = scene.client.allocate()
    scene.client.patience = 0.1
    scene.client.permit(scene.peer.address)
    start = scene.sim.now
    scene.sim.run(until=start + 290.0)
    scene.client.indicate(b"alive", scene.peer.address)
    scene.sim.run(until=start + 301.0)
    scene.peer.send(b"late", relayed)
    scene.client.indicate(b"late", scene.peer.address)
    assert scene.peer.texts == [b"alive"]
    assert scene.data == []


def test_channels() -> None:
    """RFC 8656 §12."""
    scene = Scene()
    relayed = scene.client.allocate()
    other = TransportAddress("61.9.9.9", 1)
    assert scene.client.bind(0x3FFF, scene.peer.address) == 400
    assert scene.client.bind(0x5000, scene.peer.address) == 400
    assert scene.client.code(Method.CHANNEL_BIND, [(XOR_PEER_ADDRESS, other)]) == 400
    assert scene.client.bind(0x4000, scene.peer.address) == 0
    assert scene.client.bind(0x4000, scene.peer.address) == 0, "refresh"
    assert scene.client.bind(0x4001, scene.peer.address) == 400, "peer has another channel"
    assert scene.client.bind(0x4000, other) == 400, "channel has another peer"
    for text in (b"\x40\x00\x00\x02hi", b"\x40\x00\x00\x02hi padding", b"\x40\x00\x00\x00"):
        scene.client.send(text)
    for text in (b"\x40\x00\x00\x09short", b"\x40\x00", b"\x40\x07\x00\x01x"):
        scene.client.send(text)
    scene.peer.send(b"abc", relayed)
    scene.sim.run_for(1.0)
    assert scene.peer.texts == [b"hi", b"hi", b""]
    assert scene.client.inbox.texts[-1] == b"\x40\x00\x00\x03abc"


def test_channel_refreshes_the_permission_and_expires_after_600_seconds() -> None:
    scene = Scene()
    relayed = scene.client.allocate((LIFETIME, 3600))
    scene.client.bind(0x4000, scene.peer.address)
    scene.sim.run_for(299.0)
    scene.client.permit(scene.peer.address)
    scene.sim.run_for(200.0)
    scene.peer.send(b"abc", relayed)
    scene.sim.run_for(101.0)
    scene.client.permit(scene.peer.address)
    seen = len(scene.client.inbox.letters)
    scene.peer.send(b"def", relayed)
    scene.sim.run_for(1.0)
    assert scene.data == [b"def"], "the channel is gone"
    assert len(scene.client.inbox.letters) == seen + 1


def test_lifetime_expiry_refresh_and_deletion() -> None:
    """RFC 8656 §8: lifetimes below 600 s are not granted, nor beyond the maximum."""
    scene = Scene()
    relayed = scene.client.allocate((LIFETIME, 10))
    scene.sim.run_for(550.0)
    message = scene.client.ask(Method.REFRESH, [(LIFETIME, 99999)])
    assert message is not None
    assert message.get(LIFETIME) == 3600
    scene.sim.run_for(3601.0)
    assert scene.server.allocations == []
    scene.client.inbox = Inbox(scene.alice)
    assert scene.client.code(Method.ALLOCATE, UDP) == 438, "nonces belong to an address"
    assert scene.client.code(Method.ALLOCATE, UDP) == 0
    assert scene.client.code(Method.REFRESH, [(LIFETIME, 0)]) == 0
    assert scene.server.allocations == []
    assert scene.client.code(Method.REFRESH, [(LIFETIME, 0)]) == 437
    scene.peer.send(b"x", relayed)
    scene.sim.run_for(1.0)


@pytest.mark.parametrize("code", [300, 400, 403, 437, 440, 441, 442, 486, 508, 500, 438, 401])
def test_injected_errors(code: int) -> None:
    scene = Scene()
    scene.server.faults.fail(Method.ALLOCATE, code, times=2)
    codes = [scene.client.code(Method.ALLOCATE, UDP) for _ in range(4)]
    assert codes == [401, code, code, 0]


def test_injected_errors_forever_and_in_a_row() -> None:
    scene = Scene()
    scene.client.allocate()
    scene.server.faults.fail(Method.REFRESH, 500, times=1)
    scene.server.faults.fail(Method.REFRESH, 437)
    assert [scene.client.code(Method.REFRESH, []) for _ in range(4)] == [500, 437, 437, 437]
    assert scene.client.permit(scene.peer.address) == 0
    scene.server.faults.heal()
    assert scene.client.code(Method.REFRESH, []) == 0
    assert scene.server.count(Method.REFRESH, 437) == 3


def test_alternate_server() -> None:
    scene = Scene()
    scene.server.alternate_server = TransportAddress("61.0.0.99", 3478)
    scene.client.code(Method.ALLOCATE, UDP)
    message = scene.client.ask(Method.ALLOCATE, UDP)
    assert message is not None
    assert message.get(ALTERNATE_SERVER) == ("61.0.0.99", 3478)


def test_quota_and_capacity() -> None:
    scene = Scene()
    scene.server.relay.quota = 1
    scene.client.allocate()
    second = scene.new_client()
    second.code(Method.ALLOCATE, UDP)
    assert second.code(Method.ALLOCATE, UDP) == 486
    scene.server.relay.quota, scene.server.relay.capacity = None, 1
    assert second.code(Method.ALLOCATE, UDP) == 508
    scene.client.code(Method.REFRESH, [(LIFETIME, 0)])
    assert second.code(Method.ALLOCATE, UDP) == 0


def test_forbidden_peers() -> None:
    scene = Scene()
    scene.client.allocate()
    scene.server.relay.forbidden_peers.add(scene.peer.address.host)
    assert scene.client.permit(TransportAddress("61.9.9.9", 1), scene.peer.address) == 403
    assert scene.client.bind(0x4000, scene.peer.address) == 403
    assert scene.client.permit() == 400
    assert scene.server.allocations[0].permissions == {}


def test_forgotten_allocations() -> None:
    scene = Scene()
    relayed = scene.client.allocate()
    scene.server.forget_allocations()
    assert scene.client.code(Method.REFRESH, []) == 437
    scene.peer.send(b"x", relayed)
    scene.client.indicate(b"x", scene.peer.address)
    assert scene.peer.texts == scene.data == []


def test_silent_server_relays_nothing() -> None:
    scene = Scene()
    relayed = scene.client.allocate()
    scene.client.permit(scene.peer.address)
    scene.server.faults.is_silent = True
    assert scene.client.code(Method.REFRESH, []) is None
    scene.client.indicate(b"x", scene.peer.address)
    scene.peer.send(b"x", relayed)
    scene.sim.run_for(1.0)
    assert scene.peer.texts == scene.data == []
    scene.server.faults.heal()
    scene.client.indicate(b"y", scene.peer.address)
    assert scene.peer.texts == [b"y"]


def test_slow_server_and_lost_responses() -> None:
    scene = Scene()
    scene.client.allocate()
    scene.server.faults.delay = 0.7
    sent = scene.sim.now
    assert scene.client.code(Method.REFRESH, []) == 0
    assert scene.client.inbox.letters[-1].time == pytest.approx(sent + 0.74, abs=1e-9)
    scene.server.faults.heal()
    scene.server.faults.lose_responses = 1
    assert scene.client.code(Method.REFRESH, [(LIFETIME, 0)]) is None
    assert scene.server.exchanges[-1].code is None
    assert scene.client.code(Method.REFRESH, [(LIFETIME, 0)]) == 437, "the work was done"


def test_binding_needs_no_credentials() -> None:
    scene = Scene()
    message = scene.client.ask(Method.BINDING, [])
    assert message is not None
    mapped = message.get(XOR_MAPPED_ADDRESS)
    assert mapped is not None
    assert mapped.host == scene.router.external_addresses[0]


def test_two_clients_of_one_server_reach_each_other_by_their_relays() -> None:
    scene = Scene()
    second = scene.new_client()
    first_relay, second_relay = scene.client.allocate(), second.allocate()
    assert scene.client.permit(second_relay) == second.permit(first_relay) == 0
    second.indicate(b"hello", first_relay)
    assert scene.data == [b"hello"]
    message = parse(scene.client.inbox.texts[-1])
    assert message.get(XOR_PEER_ADDRESS) == second_relay


def test_garbage_is_ignored() -> None:
    scene = Scene()
    for data in (b"", b"garbage", b"\x00\x01", b"\x41"):
        scene.client.send(data)
    scene.sim.run_for(1.0)
    assert scene.client.inbox.letters == []
