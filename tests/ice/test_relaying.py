"""Asking TURN servers from the bases of a stream (RFC 8445 §5.1.1.2)."""

from dataclasses import replace

import pytest

from peer.ice import (
    BaseReleased,
    BaseRequested,
    CandidateGathered,
    CandidateType,
    ConnectionReleased,
    ConnectionRequested,
    ConnectionTransport,
    GatheringCompleted,
    GatheringFailed,
    IceAgent,
    IceRole,
    InvalidParameterError,
    TransportAddress,
    TurnServer,
    TurnTransport,
)
from peer.ice.relay import server_name
from peer.ice.stun import Method, parse

from .builders import entropy, events
from .turn.server import RELAYED, FakeServer

LOCAL = TransportAddress("192.0.2.1", 5000)
SERVER = TurnServer(
    TransportAddress("203.0.113.1", 3478), "turn:turn.example.org", "user", "secret"
)


class Scene:
    """An agent with a base and a TURN server that answers at once."""

    def __init__(self, server: TurnServer = SERVER, *, ends: bool = True) -> None:
        self.agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
        self.server = FakeServer()
        self.now = 0.0
        self.agent.add_stream("0")
        self.agent.add_turn_server(server)
        self.agent.add_base("0", 1, LOCAL)
        if ends:
            self.agent.end_of_bases("0")
        self.alive = SERVER.address
        self.moves_to: TransportAddress | None = None

    def run(self, duration: float) -> None:
        """Let the server answer for a while."""
        end = self.now + duration
        while (timer := self.agent.get_timer()) is not None and timer <= end:
            self.now = max(self.now, timer)
            self.agent.handle_timer(now=self.now)
            for transmit in self.agent.transmits():
                if transmit.remote == self.alive:
                    self.agent.receive_datagram(
                        self.server.answer(transmit.data),
                        local=transmit.local,
                        source=transmit.remote,
                        now=self.now,
                    )
                    if parse(transmit.data).method is Method.REFRESH and self.moves_to is not None:
                        self.alive = self.moves_to
        self.now = end


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("turns:turn.example.org", "turn.example.org"),
        ("turns:turn.example.org:443?transport=tcp", "turn.example.org"),
        ("turn:203.0.113.1:3478", "203.0.113.1"),
        ("turns:[2001:db8::1]:443", "2001:db8::1"),
        ("turns:[2001:db8::1]", "2001:db8::1"),
        ("turns:", None),
        ("turns:[]", None),
    ],
)
def test_the_name_a_certificate_must_carry(url: str, name: str | None) -> None:
    """RFC 8489 §6.2.3, RFC 7065 §3.1."""
    assert server_name(url) == name


def test_a_transport_we_do_not_speak_is_reported() -> None:
    scene = Scene(replace(SERVER, transport=TurnTransport.DTLS))
    scene.run(1.0)
    told = events(scene.agent)
    (failed,) = [event for event in told if isinstance(event, GatheringFailed)]
    assert failed.reason == "TURN over DTLS is not supported"
    assert sum(isinstance(event, GatheringCompleted) for event in told) == 1


@pytest.mark.parametrize(
    ("transport", "asked"),
    [
        (TurnTransport.TCP, ConnectionTransport.TCP),
        (TurnTransport.TLS, ConnectionTransport.TLS),
    ],
)
def test_a_connection_that_cannot_be_opened_ends_the_wait(
    transport: TurnTransport, asked: ConnectionTransport
) -> None:
    scene = Scene(replace(SERVER, transport=transport))
    scene.run(0.2)
    (request,) = [event for event in events(scene.agent) if isinstance(event, ConnectionRequested)]
    assert (request.transport, request.local) == (asked, (LOCAL.host, 0))
    assert request.server_name == "turn.example.org"
    scene.agent.connection_closed(request.handle, now=scene.now, reason="refused")
    told = events(scene.agent)
    assert sum(isinstance(event, GatheringFailed) for event in told) == 1
    assert sum(isinstance(event, GatheringCompleted) for event in told) == 1
    assert not any(isinstance(event, ConnectionReleased) for event in told)


def test_an_interface_that_vanishes_takes_the_question_along() -> None:
    scene = Scene(replace(SERVER, transport=TurnTransport.TCP))
    scene.run(0.2)
    (request,) = [event for event in events(scene.agent) if isinstance(event, ConnectionRequested)]
    scene.agent.remove_base(LOCAL)
    scene.run(1.0)
    told = events(scene.agent)
    assert ConnectionReleased(request.handle) in told
    assert sum(isinstance(event, BaseReleased) for event in told) == 1
    assert sum(isinstance(event, GatheringCompleted) for event in told) == 1


class TestRefusedPort:
    """RFC 8656 §7.4: 437 asks for another local port."""

    def refused(self) -> tuple[Scene, BaseRequested]:
        """A scene in which the server has refused the port."""
        scene = Scene()
        scene.server.fail(Method.ALLOCATE, 437)
        scene.run(1.0)
        told = events(scene.agent)
        (request,) = [event for event in told if isinstance(event, BaseRequested)]
        assert not any(isinstance(event, GatheringCompleted) for event in told)
        return scene, request

    def test_the_new_one_is_used(self) -> None:
        scene, request = self.refused()
        scene.agent.add_base(request.stream, request.component, (request.host, 5001))
        scene.run(1.0)
        told = events(scene.agent)
        gathered = [event for event in told if isinstance(event, CandidateGathered)]
        assert gathered[-1].candidate.address == RELAYED
        assert isinstance(told[-1], GatheringCompleted)

    @pytest.mark.parametrize("other", [("0", 2, LOCAL.host), ("0", 1, "192.0.2.2")])
    def test_another_one_is_not_it(self, other: tuple[str, int, str]) -> None:
        scene, _ = self.refused()
        scene.agent.base_unavailable(*other)
        scene.run(1.0)
        assert events(scene.agent) == []

    def test_none_can_be_had(self) -> None:
        scene, request = self.refused()
        scene.agent.base_unavailable(request.stream, request.component, request.host)
        scene.run(1.0)
        (event,) = events(scene.agent)
        assert isinstance(event, GatheringCompleted)

    def test_the_stream_is_gone_meanwhile(self) -> None:
        scene, request = self.refused()
        scene.agent.remove_stream(request.stream)
        with pytest.raises(InvalidParameterError):
            scene.agent.base_unavailable(request.stream, request.component, request.host)
        scene.run(20.0)
        assert not any(isinstance(event, GatheringCompleted) for event in events(scene.agent))


def test_after_a_success_every_address_of_a_server_is_asked_again() -> None:
    """A server moves from one address to the other, and back when the allocation is lost."""
    other = TransportAddress("203.0.113.2", 3478)
    scene = Scene(replace(SERVER, others=(other,)), ends=False)

    def relays() -> list[TransportAddress]:
        gathered = [each for each in events(scene.agent) if isinstance(each, CandidateGathered)]
        types = [each for each in gathered if each.candidate.type is CandidateType.RELAYED]
        return [each.candidate.address for each in types]

    scene.alive = other
    scene.run(30.0)
    assert relays() == [RELAYED]
    scene.server.fail(Method.REFRESH, 437)
    scene.moves_to = SERVER.address
    scene.run(3600.0)
    assert relays() == [RELAYED]
