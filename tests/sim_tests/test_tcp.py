"""Simulated TCP connections, alone and as the way to a TURN server."""

import pytest

from peer.ice.address import TransportAddress
from peer.ice.stun import (
    DATA,
    XOR_MAPPED_ADDRESS,
    Method,
    parse,
)
from peer.testing.internet import (
    BLOCK_UDP,
    IDEAL,
    SYMMETRIC,
    WEB_ONLY,
    CloseReason,
    Conditions,
    ConnectionState,
    DropReason,
    FirewallPolicy,
    Host,
    Inbox,
    Letter,
    Network,
    Protocol,
    SimConnection,
    Simulation,
    TurnFramer,
    TurnServer,
)
from tests.sim_tests.turn_client import TurnClient


class End:
    """One end of a connection with a memory."""

    def __init__(self, connection: SimConnection) -> None:
        self.connection = connection
        self.data = b""
        self.closed: list[CloseReason] = []
        self.connected = 0
        connection.on_data = self._receive
        connection.on_close = self.closed.append
        connection.on_connected = self._connect

    def _receive(self, data: bytes) -> None:
        self.data += data

    def _connect(self) -> None:
        self.connected += 1


class Scene:
    """A client, perhaps behind NAT and firewall, and a server that listens on port 443."""

    def __init__(
        self, conditions: Conditions = IDEAL, firewall: FirewallPolicy | None = None
    ) -> None:
        self.sim = Simulation(seed=1)
        self.lan: Network = self.sim.network("lan", "192.168.1.0/24")
        self.router = self.sim.router(
            "router", inside=self.lan, nat=SYMMETRIC, firewall=firewall, conditions=conditions
        )
        self.client: Host = self.sim.host("client", self.lan)
        self.server: Host = self.sim.host("server", self.sim.internet, ["61.0.0.1"])
        self.accepted: list[End] = []
        self.listener = self.server.listen(
            "61.0.0.1", 443, lambda connection: self.accepted.append(End(connection))
        )

    def connect(self, port: int = 443) -> End:
        """Begin to connect to the server."""
        return End(self.client.connect(self.client.addresses[0], ("61.0.0.1", port)))


def test_connect_talk_and_close_through_a_nat() -> None:
    scene = Scene()
    client = scene.connect()
    client.connection.send(b"before the handshake is over")
    assert scene.sim.run_until(lambda: client.connected == 1, timeout=1)
    assert scene.sim.now == 0.04, "one round trip"
    scene.sim.run()
    [server] = scene.accepted
    assert server.data == b"before the handshake is over"
    assert server.connection.remote.host == scene.router.external_addresses[0]
    server.connection.send(b"answer")
    server.connection.close()
    server.connection.close()
    scene.sim.run()
    assert (client.data, client.closed, server.closed) == (b"answer", [CloseReason.FINISHED], [])
    assert client.connection.state is server.connection.state is ConnectionState.CLOSED
    with pytest.raises(ValueError, match="closed"):
        client.connection.send(b"x")


@pytest.mark.parametrize("seed_loss", [0.1, 0.3])
def test_connections_are_reliable_and_in_order(seed_loss: float) -> None:
    rough = Conditions(delay=0.01, jitter=0.05, loss=seed_loss, duplication=0.1, reordering=0.2)
    scene = Scene(rough)
    client = scene.connect()
    there, back = bytes(range(256)) * 100, bytes(reversed(range(256))) * 100
    client.connection.send(there)
    scene.sim.run_until(lambda: bool(scene.accepted), timeout=60)
    [server] = scene.accepted
    server.connection.send(back)
    scene.sim.run()
    assert server.data == there
    assert client.data == back
    assert scene.sim.drops[DropReason.LOSS] > 0
    client.connection.close()
    scene.sim.run()
    assert server.closed == [CloseReason.FINISHED]
    assert client.closed == []


def test_refused() -> None:
    scene = Scene()
    client = scene.connect(port=444)
    scene.sim.run()
    assert (client.closed, client.connected) == ([CloseReason.REFUSED], 0)
    assert scene.sim.now == 0.04
    scene.listener.close()
    second = scene.connect()
    scene.sim.run()
    assert second.closed == [CloseReason.REFUSED]


def test_no_answer_times_out() -> None:
    scene = Scene()
    scene.server.interfaces[0].link.cut()
    client = scene.connect()
    scene.sim.run()
    assert client.closed == [CloseReason.TIMEOUT]
    assert scene.sim.now == 127.0, "seven tries, one second and doubling"


def test_reset() -> None:
    scene = Scene()
    client = scene.connect()
    scene.sim.run()
    scene.accepted[0].connection.abort()
    scene.sim.run()
    assert client.closed == [CloseReason.RESET]


def test_unsolicited_connection_does_not_pass_a_nat() -> None:
    scene = Scene()
    scene.client.listen(scene.client.addresses[0], 80, lambda _: None)
    outside = End(scene.server.connect("61.0.0.1", (scene.router.external_addresses[0], 80)))
    scene.sim.run()
    assert outside.closed == [CloseReason.TIMEOUT]
    assert scene.sim.drops == {DropReason.NAT_UNMAPPED: 7}


def test_web_only_firewall_lets_443_pass() -> None:
    scene = Scene(firewall=WEB_ONLY)
    scene.server.listen("61.0.0.1", 3478, lambda _: None)
    web, other = scene.connect(), scene.connect(port=3478)
    scene.sim.run()
    assert (web.connected, other.connected) == (1, 0)
    assert other.closed == [CloseReason.TIMEOUT]


def test_ports_that_are_taken() -> None:
    scene = Scene()
    with pytest.raises(OSError, match="in use"):
        scene.server.listen("61.0.0.1", 443, lambda _: None)
    with pytest.raises(OSError, match="in use"):
        scene.server.connect("61.0.0.1", ("61.0.0.1", 443), port=443)
    with pytest.raises(OSError, match="no address"):
        scene.server.connect("61.0.0.9", ("61.0.0.1", 443))


def test_segments_have_a_size_limit() -> None:
    scene = Scene(Conditions(mtu=1300))
    client = scene.connect()
    client.connection.send(bytes(5000))
    scene.sim.run()
    assert len(scene.accepted[0].data) == 5000
    assert not scene.sim.drops


def test_framer_takes_one_byte_at_a_time() -> None:
    stun = b"\x00\x01\x00\x04" + bytes(16) + b"attr"
    connection = b"\x40\x00\x00\x05hello\0\0\0" + stun + b"\x40\x01\x00\x00" + stun
    framer = TurnFramer()
    messages = [m for i in range(len(connection)) for m in framer.feed(connection[i : i + 1])]
    assert messages == [b"\x40\x00\x00\x05hello\0\0\0", stun, b"\x40\x01\x00\x00", stun]
    assert TurnFramer().feed(connection) == messages


class StreamClient(TurnClient):
    """The TURN client over TCP."""

    def __init__(self, sim: Simulation, host: Host, server: TurnServer) -> None:
        super().__init__(sim, Inbox(host), server)
        self.connection = host.connect(host.addresses[0], server.address())
        framer = TurnFramer()

        def receive(data: bytes) -> None:
            for message in framer.feed(data):
                self.inbox.letters.append(Letter(sim.now, message, server.address()))

        self.connection.on_data = receive

    def send(self, data: bytes) -> None:
        """Send bytes on the connection."""
        self.connection.send(data)


def test_turn_over_tcp_where_udp_is_blocked() -> None:
    scene = Scene(firewall=BLOCK_UDP)
    server = TurnServer(scene.sim.host("turn", scene.sim.internet))
    peer = Inbox(scene.sim.host("peer", scene.sim.internet))
    client = StreamClient(scene.sim, scene.client, server)
    relayed = client.allocate()
    message = client.ask(Method.BINDING, [])
    assert message is not None
    assert message.get(XOR_MAPPED_ADDRESS) == server.allocations[0].path.client
    client.permit(peer.address)
    client.indicate(b"out", peer.address)
    peer.send(b"in", relayed)
    scene.sim.run_for(1.0)
    assert (peer.texts, peer.sources) == ([b"out"], [relayed])
    assert parse(client.inbox.texts[-1]).get(DATA) == b"in"
    assert client.bind(0x4000, peer.address) == 0
    peer.send(b"again", relayed)
    client.send(b"\x40\x00\x00\x02hi\0\0")
    scene.sim.run_for(1.0)
    assert client.inbox.texts[-1] == b"\x40\x00\x00\x05again\0\0\0", "padded on connections"
    assert peer.texts[-1] == b"hi"
    client.connection.close()
    scene.sim.run_for(1.0)
    assert server.allocations == [], "the allocation ends with its connection"


def test_turn_connections_are_reset() -> None:
    scene = Scene()
    server = TurnServer(scene.sim.host("turn", scene.sim.internet))
    client = StreamClient(scene.sim, scene.client, server)
    client.allocate()
    reasons: list[CloseReason] = []
    client.connection.on_close = reasons.append
    server.reset_connections()
    scene.sim.run_for(1.0)
    assert reasons == [CloseReason.RESET]
    assert server.allocations == []


def test_slow_answer_on_a_connection_that_is_gone() -> None:
    scene = Scene()
    server = TurnServer(scene.sim.host("turn", scene.sim.internet))
    server.faults.delay = 0.5
    client = StreamClient(scene.sim, scene.client, server)
    client.patience = 0.2
    assert client.ask(Method.BINDING, []) is None
    client.connection.close()
    scene.sim.run_for(2.0)
    assert client.inbox.texts == []
    assert server.count(Method.BINDING) == 1


def test_turn_server_of_one_protocol() -> None:
    scene = Scene()
    host = scene.sim.host("turn", scene.sim.internet)
    TurnServer(host, protocols=[Protocol.UDP])
    refused = End(scene.client.connect(scene.client.addresses[0], (host.addresses[0], 3478)))
    scene.sim.run()
    assert refused.closed == [CloseReason.REFUSED]
    assert isinstance(refused.connection.remote, TransportAddress)
