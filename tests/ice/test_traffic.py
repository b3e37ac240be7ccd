"""Data that passed the agent by, and servers that become known late."""

from peer.ice import (
    BaseReleased,
    FreePolicy,
    GatheringCompleted,
    IceConfig,
    PathInvalidated,
    StunServer,
    Traffic,
    Transmit,
    TransportAddress,
)

from .builders import events, make_agent
from .test_stats import LEFT, RIGHT, Duo, pair_of, transport_of

LOCAL = ("10.0.0.1", 5000)
SERVER = StunServer(TransportAddress("203.0.113.1", 3478), "stun:203.0.113.1")


def test_data_past_the_agent_counts_like_any_other() -> None:
    duo = Duo()
    duo.connect(1.0)
    duo.left.send("0", 1, b"\x80", now=1.5)
    traffic = Traffic(2, 20, 2.5, 3, 30, 2.6, 1, 10)
    duo.left.note_traffic(local=LEFT, remote=RIGHT, traffic=traffic)
    pair = pair_of(duo.left)
    assert (pair.packets_sent, pair.bytes_sent) == (3, 21)
    assert (pair.packets_received, pair.bytes_received) == (3, 30)
    assert (pair.packets_discarded_on_send, pair.bytes_discarded_on_send) == (1, 10)
    assert pair.last_packet_sent_timestamp == 2.5
    assert pair.last_packet_received_timestamp == 2.6
    assert transport_of(duo.left).packets_received == 3


def test_an_old_report_does_not_set_times_back() -> None:
    duo = Duo()
    duo.connect(1.0)
    duo.left.note_traffic(local=LEFT, remote=RIGHT, traffic=Traffic(1, 1, 5.0, 1, 1, 6.0))
    duo.left.note_traffic(local=LEFT, remote=RIGHT, traffic=Traffic(1, 1, 4.0, 0, 0, None))
    pair = pair_of(duo.left)
    assert pair.last_packet_sent_timestamp == 5.0
    assert pair.last_packet_received_timestamp == 6.0


def test_traffic_of_an_unknown_socket_is_nobodys() -> None:
    duo = Duo()
    duo.connect(1.0)
    duo.left.note_traffic(local=("10.0.0.9", 1), remote=RIGHT, traffic=Traffic(1, 1))
    assert transport_of(duo.left).packets_sent == 0


def test_data_past_the_agent_makes_keepalives_unnecessary() -> None:
    """RFC 8445 §11: a keepalive is sent when nothing else was for Tr."""
    sent: list[Transmit] = []
    duo = Duo(config=IceConfig(consent=False))
    duo.connect(1.0)
    while duo.wire.now < 30.0:
        traffic = Traffic(1, 1, duo.wire.now)
        duo.left.note_traffic(local=LEFT, remote=RIGHT, traffic=traffic)
        timer = duo.left.get_timer()
        assert timer is not None
        if timer <= duo.wire.now:
            duo.left.handle_timer(now=duo.wire.now)
        sent += duo.left.transmits()
        duo.wire.now += 1.0
    assert sent == []


def test_a_server_found_late_serves_the_bases_there_are() -> None:
    agent = make_agent()
    agent.add_base("0", 1, LOCAL)
    agent.handle_timer(now=0.0)
    assert agent.transmits() == []
    agent.add_stun_server(SERVER)
    assert agent.get_timer() == 0.0
    agent.handle_timer(now=1.0)
    (transmit,) = agent.transmits()
    assert transmit.remote == SERVER.address


def test_a_server_found_after_the_end_of_bases_does_not_undo_the_end() -> None:
    agent = make_agent()
    agent.add_base("0", 1, LOCAL)
    agent.end_of_bases("0")
    agent.handle_timer(now=0.0)
    assert [type(event) for event in events(agent)][-1] is GatheringCompleted
    agent.add_stun_server(SERVER)
    agent.handle_timer(now=1.0)
    assert agent.transmits() == []


def test_a_restart_may_open_the_bases_again() -> None:
    """RFC 8445 §9: the new session gathers anew, from more servers perhaps."""
    agent = make_agent()
    agent.add_base("0", 1, LOCAL)
    agent.end_of_bases("0")
    agent.handle_timer(now=0.0)
    events(agent)
    agent.restart("0", more_bases=True)
    agent.handle_timer(now=1.0)
    agent.add_stun_server(SERVER)
    agent.handle_timer(now=2.0)
    (transmit,) = agent.transmits()
    assert transmit.remote == SERVER.address
    assert GatheringCompleted not in map(type, events(agent))


def test_a_base_given_back_takes_its_paths_along() -> None:
    """RFC 8445 §8.3.1: a driver that takes data past the agent must hear of it."""
    duo = Duo(config=IceConfig(free_policy=FreePolicy.FREE))
    duo.wire.add_base(duo.left, "0", "10.0.0.3")
    duo.connect(5.0)
    (released,) = [e for e in duo.wire.events[duo.left] if isinstance(e, BaseReleased)]
    gone = [e for e in duo.wire.events[duo.left] if isinstance(e, PathInvalidated)]
    assert [(e.local, e.remote) for e in gone] == [(released.local, RIGHT)]
