"""The simulated STUN server, spoken to by the project's codec."""

from peer.ice.address import TransportAddress
from peer.ice.stun import (
    CHANGE_REQUEST,
    ERROR_CODE,
    MAPPED_ADDRESS,
    OTHER_ADDRESS,
    RESPONSE_PORT,
    XOR_MAPPED_ADDRESS,
    Message,
    MessageClass,
    Method,
    build,
    parse,
)
from peer.testing.internet import (
    PORT_RESTRICTED_CONE,
    RESTRICTED_CONE,
    Inbox,
    NatBehavior,
    Simulation,
    StunServer,
)


class Scene:
    """A host behind a NAT and a STUN server with two addresses of each family."""

    def __init__(self, nat: NatBehavior = RESTRICTED_CONE) -> None:
        self.sim = Simulation(seed=1)
        lan = self.sim.network("lan", "192.168.1.0/24", "2a00:0:1::/64")
        self.router = self.sim.router("router", inside=lan, nat=nat)
        self.host = self.sim.host("alice", lan)
        self.alice = Inbox(self.host)
        addresses = ["61.0.0.1", "61.0.0.2", "2a00::5:1", "2a00::5:2"]
        self.server = StunServer(self.sim.host("stun", self.sim.internet, addresses))

    def ask(
        self,
        inbox: Inbox,
        server: TransportAddress,
        change: int | None = None,
    ) -> tuple[Message, TransportAddress] | None:
        """One Binding request: the response and where it came from."""
        attributes = [] if change is None else [(CHANGE_REQUEST, change)]
        request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), attributes)
        seen = len(inbox.letters)
        inbox.send(request, server)
        self.sim.run_for(1.0)
        if len(inbox.letters) == seen:
            return None
        return parse(inbox.letters[-1].data), inbox.letters[-1].source


def test_binding_tells_the_reflexive_address() -> None:
    scene = Scene()
    answer = scene.ask(scene.alice, scene.server.address())
    assert answer is not None
    message, source = answer
    assert source == ("61.0.0.1", 3478)
    assert message.message_class is MessageClass.SUCCESS
    external = TransportAddress(scene.router.external_addresses[0], 1024)
    assert message.get(XOR_MAPPED_ADDRESS) == message.get(MAPPED_ADDRESS) == external
    assert scene.server.requests == {external: 1}


def test_binding_over_ipv6() -> None:
    scene = Scene()
    inbox = Inbox(scene.host, scene.host.addresses[1])
    answer = scene.ask(inbox, scene.server.address(family=6))
    assert answer is not None
    assert answer[0].get(XOR_MAPPED_ADDRESS) == inbox.address


def test_behaviour_discovery() -> None:
    """RFC 5780 §4.4: which changed origins get through a port-restricted filter."""
    scene = Scene(PORT_RESTRICTED_CONE)
    answer = scene.ask(scene.alice, scene.server.address())
    assert answer is not None
    assert answer[0].get(OTHER_ADDRESS) == ("61.0.0.2", 3479)
    for change in (2, 4, 6):
        assert scene.ask(scene.alice, scene.server.address(), change) is None
    scene.ask(scene.alice, TransportAddress("61.0.0.2", 3479))
    answer = scene.ask(scene.alice, scene.server.address(), 6)
    assert answer is not None
    assert answer[1] == ("61.0.0.2", 3479)


def test_single_address_offers_no_other() -> None:
    sim = Simulation(seed=1)
    server = StunServer(sim.host("stun", sim.internet))
    assert [address.port for address in server.addresses] == [3478, 3478]
    inbox = Inbox(sim.host("client", sim.internet))
    inbox.send(build(Method.BINDING, MessageClass.REQUEST, bytes(12), []), server.address())
    sim.run()
    assert parse(inbox.texts[0]).get(OTHER_ADDRESS) is None


def test_silent_slow_failing_and_forgetful_server() -> None:
    scene = Scene()
    faults, address = scene.server.faults, scene.server.address()
    faults.is_silent = True
    assert scene.ask(scene.alice, address) is None
    faults.heal()
    faults.lose_responses = 1
    assert scene.ask(scene.alice, address) is None
    faults.delay = 0.5
    sent = scene.sim.now
    assert scene.ask(scene.alice, address) is not None
    assert scene.alice.letters[-1].time == sent + 0.02 + 0.5 + 0.02
    faults.fail(Method.BINDING, 500, times=1)
    answer = scene.ask(scene.alice, address)
    assert answer is not None
    error = answer[0].get(ERROR_CODE)
    assert error is not None
    assert error.code == 500
    answer = scene.ask(scene.alice, address)
    assert answer is not None
    assert answer[0].get(ERROR_CODE) is None


def test_garbage_and_other_methods_are_ignored() -> None:
    scene = Scene()
    scene.alice.send(b"garbage", scene.server.address())
    indication = build(Method.BINDING, MessageClass.INDICATION, bytes(12), [])
    scene.alice.send(indication, scene.server.address())
    scene.sim.run()
    assert scene.alice.letters == []


def test_an_answer_goes_to_the_port_that_was_asked_for() -> None:
    """RFC 5780 §7.5."""
    scene = Scene()
    other = Inbox(scene.host)
    answer = scene.ask(other, scene.server.address())
    assert answer is not None
    mapped = answer[0].get(XOR_MAPPED_ADDRESS)
    assert mapped is not None
    request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), [(RESPONSE_PORT, mapped.port)])
    scene.alice.send(request, scene.server.address())
    scene.sim.run_for(1.0)
    assert (len(scene.alice.letters), len(other.letters)) == (0, 2)
