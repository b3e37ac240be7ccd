import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import (
    BaseReleased,
    CandidateGathered,
    DropReason,
    EventLoopStalled,
    GatheringCompleted,
    IceAgent,
    IceConfig,
    IceError,
    IceRole,
    IceState,
    InvalidParameterError,
    InvalidStateError,
    NetworkType,
    RemoteParameters,
    StunServer,
    TcpType,
    Transmit,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.ice.session import random_text

from .builders import REMOTE, SOURCE, binding_request, entropy, events, host_candidate, make_agent

LOCAL = ("10.0.0.1", 5000)
SERVER = StunServer(TransportAddress("203.0.113.1", 3478), "stun:203.0.113.1")
UNKNOWN = ("10.9.9.9", 5000)

Call = Callable[[IceAgent], object]

CALLS: dict[str, Call] = {
    "add_stream": lambda agent: agent.add_stream("1"),
    "remove_stream": lambda agent: agent.remove_stream("0"),
    "remove_component": lambda agent: agent.remove_component("0", 1),
    "add_base": lambda agent: agent.add_base("0", 1, UNKNOWN),
    "remove_base": lambda agent: agent.remove_base(LOCAL),
    "add_stun_server": lambda agent: agent.add_stun_server(SERVER),
    "end_of_bases": lambda agent: agent.end_of_bases("0"),
    "set_remote_parameters": lambda agent: agent.set_remote_parameters("0", REMOTE),
    "add_remote_candidate": lambda agent: agent.add_remote_candidate("0", host_candidate()),
    "end_of_remote_candidates": lambda agent: agent.end_of_remote_candidates("0"),
    "restart": lambda agent: agent.restart("0"),
    "send": lambda agent: agent.send("0", 1, b"data"),
}

MISUSES: dict[str, Call] = {
    "stream known": lambda agent: agent.add_stream("0"),
    "no components": lambda agent: agent.add_stream("1", ()),
    "component 0": lambda agent: agent.add_stream("1", (0, 1)),
    "component 257": lambda agent: agent.add_stream("1", (1, 257)),
    "last component": lambda agent: agent.remove_component("0", 1),
    "component not there": lambda agent: agent.remove_component("0", 2),
    "base of no component": lambda agent: agent.add_base("0", 2, UNKNOWN),
    "base with a name": lambda agent: agent.add_base("0", 1, ("localhost", 1)),
    "base with a zone": lambda agent: agent.add_base("0", 1, ("fe80::1%1", 1)),
    "base with no port": lambda agent: agent.add_base("0", 1, ("10.0.0.1", 65536)),
    "base in use": lambda agent: agent.add_base("0", 1, LOCAL),
    "tcp without type": lambda agent: agent.add_base(
        "0", 1, UNKNOWN, transport=TransportProtocol.TCP
    ),
    "type without tcp": lambda agent: agent.add_base("0", 1, UNKNOWN, tcp_type=TcpType.ACTIVE),
    "short fragment": lambda agent: agent.set_remote_parameters(
        "0", RemoteParameters("abc", "p" * 22)
    ),
    "long fragment": lambda agent: agent.set_remote_parameters(
        "0", RemoteParameters("a" * 257, "p" * 22)
    ),
    "short password": lambda agent: agent.set_remote_parameters(
        "0", RemoteParameters("abcd", "p" * 21)
    ),
    "long password": lambda agent: agent.set_remote_parameters(
        "0", RemoteParameters("abcd", "p" * 257)
    ),
    "state of no stream": lambda agent: agent.state("1", 1),
    "state of no component": lambda agent: agent.state("0", 2),
    "remove_stream": lambda agent: agent.remove_stream("1"),
    "add_base": lambda agent: agent.add_base("1", 1, UNKNOWN),
    "end_of_bases": lambda agent: agent.end_of_bases("1"),
    "set_remote_parameters": lambda agent: agent.set_remote_parameters("1", REMOTE),
    "add_remote_candidate": lambda agent: agent.add_remote_candidate("1", host_candidate()),
    "end_of_remote_candidates": lambda agent: agent.end_of_remote_candidates("1"),
    "restart": lambda agent: agent.restart("1"),
    "send": lambda agent: agent.send("1", 1, b"data"),
}


def busy_agent(*, candidates: int = 3) -> IceAgent:
    """An agent at time 0 with a base, a STUN server and checks to send."""
    agent = make_agent()
    agent.add_stun_server(SERVER)
    agent.add_base("0", 1, LOCAL)
    agent.set_remote_parameters("0", REMOTE)
    for i in range(candidates):
        agent.add_remote_candidate("0", host_candidate(port=9000 + i, foundation=str(i)))
    return agent


def started(candidates: int = 3) -> IceAgent:
    """The same after its first transaction, with nothing left to collect."""
    agent = busy_agent(candidates=candidates)
    agent.handle_timer(now=0.0)
    assert len(agent.transmits()) == 1
    events(agent)
    return agent


def drops(agent: IceAgent) -> dict[object, int]:
    return dict(agent._session.drops.items())


def to_server(transmits: list[Transmit]) -> list[Transmit]:
    return [transmit for transmit in transmits if transmit.remote == SERVER.address]


class TestMisuse:
    @pytest.mark.parametrize("name", MISUSES)
    def test_wrong_argument(self, name: str) -> None:
        agent = make_agent()
        agent.add_base("0", 1, LOCAL)
        with pytest.raises(InvalidParameterError):
            MISUSES[name](agent)

    @pytest.mark.parametrize("name", CALLS)
    def test_closed(self, name: str) -> None:
        agent = busy_agent()
        agent.close()
        with pytest.raises(InvalidStateError):
            CALLS[name](agent)

    def test_new_credentials_without_restart(self) -> None:
        """RFC 8839 §4.4.1.1.1: they are a restart, of the peer's side alone."""
        agent = make_agent()
        agent.set_remote_parameters("0", REMOTE)
        agent.set_remote_parameters("0", REMOTE)
        agent.set_remote_parameters("0", RemoteParameters("other", "p" * 22))
        with pytest.raises(InvalidParameterError):
            agent.set_remote_parameters("0", RemoteParameters("other", "p" * 21))
        agent.restart("0")
        agent.set_remote_parameters("0", RemoteParameters("third", "p" * 22))

    def test_what_is_raised_has_one_base(self) -> None:
        assert issubclass(InvalidStateError, IceError)
        assert issubclass(InvalidParameterError, IceError)
        assert issubclass(InvalidParameterError, ValueError)

    def test_an_address_that_may_be_no_candidate_is_no_misuse(self) -> None:
        """RFC 8445 §5.1.1.1: loopback addresses are left out."""
        agent = make_agent()
        assert agent.add_base("0", 1, ("127.0.0.1", 5000)) is False
        assert agent.add_base("0", 1, ("10.0.0.1", 5000)) is True
        (event,) = events(agent)
        assert isinstance(event, CandidateGathered)
        assert event.candidate.address == LOCAL

    def test_a_loopback_address_that_is_asked_for_is_a_candidate(self) -> None:
        agent = make_agent()
        assert agent.add_base("0", 1, ("127.0.0.1", 5000), loopback=True) is True
        assert agent.add_base("0", 1, ("0.0.0.0", 5001), loopback=True) is False
        (event,) = events(agent)
        assert isinstance(event, CandidateGathered)
        assert event.candidate.address == ("127.0.0.1", 5000)


class TestCredentials:
    def test_size(self) -> None:
        """RFC 8445 §5.3: at least 24 and 128 bits; RFC 8839 §5.4: ice-chars and lengths."""
        asked: list[int] = []

        def counting(size: int) -> bytes:
            asked.append(size)
            return Random(len(asked)).randbytes(size)

        agent = IceAgent(role=IceRole.CONTROLLING, entropy=counting)
        assert asked == [8]
        parameters = agent.add_stream("0")
        assert asked[1] >= 3
        assert asked[2] >= 16
        assert re.fullmatch(r"[A-Za-z0-9+/]{4,32}", parameters.username_fragment)
        assert re.fullmatch(r"[A-Za-z0-9+/]{22,256}", parameters.password)

    @given(st.binary(min_size=3, max_size=18), st.data())
    def test_no_entropy_is_lost(self, data: bytes, draw: st.DataObject) -> None:
        """Each bit of it changes the text."""
        bit = draw.draw(st.integers(0, 8 * len(data) - 1))
        other = (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")
        assert random_text(lambda _: data, len(data)) != random_text(lambda _: other, len(data))

    @pytest.mark.parametrize(("size", "length"), [(3, 4), (16, 22), (6, 8), (18, 24)])
    def test_length(self, size: int, length: int) -> None:
        assert len(random_text(entropy(), size)) == length

    @pytest.mark.parametrize(
        "config", [IceConfig(ufrag_bytes=3, password_bytes=16), IceConfig(ufrag_bytes=24)]
    )
    def test_configured(self, config: IceConfig) -> None:
        parameters = IceAgent(config, role=IceRole.CONTROLLED, entropy=entropy()).add_stream("0")
        assert len(parameters.username_fragment) >= 4
        assert len(parameters.password) >= 22

    def test_a_restart_changes_both(self) -> None:
        """RFC 8445 §9."""
        agent = make_agent()
        first, second = agent.add_stream("1"), agent.restart("1")
        assert first.username_fragment != second.username_fragment
        assert first.password != second.password

    def test_streams_differ(self) -> None:
        agent = make_agent()
        assert agent.add_stream("1") != agent.add_stream("2")


class TestClosing:
    def test_nothing_follows(self) -> None:
        agent = busy_agent()
        agent.handle_timer(now=0.0)
        agent.handle_timer(now=0.05)
        assert agent.close() == []
        assert agent.get_timer() is None
        assert agent.transmits() == []
        assert agent.next_event() is None

    def test_not_even_when_something_arrives(self) -> None:
        agent = started()
        agent.close()
        agent.receive_datagram(binding_request(), local=LOCAL, source=SOURCE, now=1.0)
        agent.handle_timer(now=100.0)
        agent.connection_closed(1, now=100.0)
        agent.receive_bytes(1, b"data", now=100.0)
        assert agent.connection_opened(None, local=LOCAL, remote=SOURCE, now=100.0) is None
        assert (agent.get_timer(), agent.transmits(), agent.next_event()) == (None, [], None)

    def test_twice(self) -> None:
        agent = started()
        agent.close()
        assert agent.close() == []

    def test_bases_not_yet_announced(self) -> None:
        agent = make_agent()
        agent.add_base("0", 1, LOCAL)
        agent.close()
        assert agent.next_event() is None

    def test_state(self) -> None:
        agent = make_agent()
        assert agent.state("0", 1) is IceState.NEW
        agent.close()
        assert agent.state("0", 1) is IceState.CLOSED


class TestClock:
    def test_new_agent_has_no_timer(self) -> None:
        agent = make_agent()
        agent.handle_timer(now=1.0)
        assert agent.get_timer() is None

    def test_early_changes_nothing(self) -> None:
        agent = started()
        at = agent.get_timer()
        assert at == pytest.approx(0.05)
        for now in (0.0, 0.01, 0.0499):
            agent.handle_timer(now=now)
            assert agent.transmits() == []
            assert agent.next_event() is None
            assert agent.get_timer() == at
        agent.handle_timer(now=0.05)
        assert len(agent.transmits()) == 1

    def test_going_back_is_standing_still(self) -> None:
        agent = started()
        agent.handle_timer(now=0.05)
        assert len(agent.transmits()) == 1
        at = agent.get_timer()
        agent.handle_timer(now=-1000.0)
        agent.receive_datagram(b"\x80data", local=LOCAL, source=SOURCE, now=0.0)
        assert agent.transmits() == []
        assert agent.get_timer() == at
        agent.handle_timer(now=0.1)
        assert len(agent.transmits()) == 1

    def test_late_makes_no_burst(self) -> None:
        """One new transaction, and one retransmission of each old one."""
        agent = started(candidates=10)
        agent.handle_timer(now=20.0)
        assert len(agent.transmits()) == 2
        agent.handle_timer(now=20.0)
        assert agent.transmits() == []
        (stall,) = [event for event in events(agent) if isinstance(event, EventLoopStalled)]
        assert stall.duration == pytest.approx(20.0 - 0.05)

    def test_punctual_is_no_stall(self) -> None:
        agent = started()
        for _ in range(200):
            at = agent.get_timer()
            if at is None:
                break
            agent.handle_timer(now=at + 0.5)
            agent.transmits()
        assert not [event for event in events(agent) if isinstance(event, EventLoopStalled)]

    def test_time_asked_for_is_never_past_twice(self) -> None:
        """No busy loop: handling what is due moves the timer."""
        agent, last = started(), 0.0
        for _ in range(200):
            at = agent.get_timer()
            if at is None:
                return
            assert at > last
            agent.handle_timer(now=at)
            agent.transmits()
            last = at

    def test_each_transmit_and_event_once(self) -> None:
        agent = busy_agent()
        agent.handle_timer(now=0.0)
        assert len(agent.transmits()) == 1
        assert agent.transmits() == []
        assert len(events(agent)) > 0
        assert events(agent) == []


class TestDropped:
    def test_unknown_local_address(self) -> None:
        agent = started()
        request = binding_request()
        agent.receive_datagram(request, local=("10.0.0.9", 5000), source=SOURCE, now=0.01)
        agent.receive_datagram(request, local=("10.0.0.1", 5001), source=SOURCE, now=0.01)
        assert drops(agent) == {DropReason.UNKNOWN_LOCAL_ADDRESS: 2}
        assert agent.transmits() == []

    def test_data_of_strangers(self) -> None:
        """RFC 8445 §12.2: only from addresses that passed an authenticated check."""
        agent = started()
        for data in (b"\x80rtp", b"\x16dtls", b"\x00not stun"):
            agent.receive_datagram(data, local=LOCAL, source=SOURCE, now=0.01)
        assert drops(agent) == {DropReason.UNVALIDATED_SOURCE: 3}
        assert events(agent) == []

    @pytest.mark.parametrize("byte", [4, 15, 16, 80, 127, 192, 255])
    def test_first_bytes_nobody_uses(self, byte: int) -> None:
        """RFC 7983 §7, RFC 9443 §3: no ZRTP, no QUIC here."""
        agent = started()
        agent.receive_datagram(bytes([byte]) * 30, local=LOCAL, source=SOURCE, now=0.01)
        assert drops(agent) == {DropReason.RESERVED_FIRST_BYTE: 1}

    def test_responses_nobody_asked_for(self) -> None:
        agent = started()
        response = stun.build(stun.Method.BINDING, stun.MessageClass.SUCCESS, bytes(12))
        agent.receive_datagram(response, local=LOCAL, source=SOURCE, now=0.01)
        assert drops(agent) == {DropReason.UNKNOWN_TRANSACTION: 1}

    @settings(max_examples=100)
    @given(
        st.binary(max_size=80)
        | st.binary(max_size=60).map(lambda tail: b"\0\1\0\x28\x21\x12\xa4\x42" + tail)
    )
    def test_any_bytes(self, data: bytes) -> None:
        agent = started()
        agent.receive_datagram(data, local=LOCAL, source=SOURCE, now=0.01)
        assert sum(drops(agent).values()) == 1

    def test_nothing_to_send_on(self) -> None:
        """RFC 7675 §5.1: no application data without consent."""
        agent = started()
        assert agent.send("0", 1, b"data") is False
        assert agent.transmits() == []
        assert drops(agent) == {DropReason.NO_PATH: 1}


class TestRemoving:
    def test_a_base_that_was_never_there(self) -> None:
        agent = started()
        agent.remove_base(UNKNOWN)
        assert events(agent) == []

    def test_a_base_however_it_is_written(self) -> None:
        agent = make_agent()
        agent.add_base("0", 1, ("2001:DB8::1", 5000))
        agent.remove_base(("2001:db8:0::1", 5000))
        assert BaseReleased("0", 1, TransportAddress("2001:db8::1", 5000)) in events(agent)

    def test_a_base_sends_nothing_any_more(self) -> None:
        """Neither checks nor requests to servers are retransmitted from a closed socket."""
        agent = started()
        agent.remove_base(LOCAL)
        agent.end_of_bases("0")
        agent.transmits()
        while (at := agent.get_timer()) is not None:
            agent.handle_timer(now=at)
            assert agent.transmits() == []
        assert any(isinstance(event, GatheringCompleted) for event in events(agent))

    def test_a_stream_right_after_its_base(self) -> None:
        agent = make_agent()
        agent.add_base("0", 1, LOCAL, network=NetworkType.WIFI)
        agent.remove_stream("0")
        assert BaseReleased("0", 1, TransportAddress(*LOCAL)) in events(agent)
        agent.handle_timer(now=0.0)
        assert agent.get_timer() is None

    def test_a_stream_in_the_middle_of_its_checks(self) -> None:
        agent = started()
        agent.add_stream("1")
        agent.remove_stream("0")
        agent.transmits()
        while (at := agent.get_timer()) is not None:
            agent.handle_timer(now=at)
            assert agent.transmits() == []
        agent.add_stream("0")

    def test_a_component_right_after_its_base(self) -> None:
        """RFC 5761 §5.1.1: RTCP turns out to be multiplexed."""
        agent = make_agent()
        agent.add_stream("1", (1, 2))
        agent.add_base("1", 1, LOCAL)
        agent.add_base("1", 2, UNKNOWN)
        agent.remove_component("1", 2)
        found = events(agent)
        assert BaseReleased("1", 2, TransportAddress(*UNKNOWN)) in found
        agent.add_base("1", 1, UNKNOWN)
        (again,) = events(agent)
        assert isinstance(again, CandidateGathered)
        assert again.candidate.component == 1
        with pytest.raises(InvalidParameterError):
            agent.state("1", 2)


def test_checks_and_servers_take_turns() -> None:
    """RFC 8445 §14.2: gathering and checks share one pace."""
    agent, found = busy_agent(), []
    for _ in range(4):
        at = agent.get_timer()
        assert at is not None
        agent.handle_timer(now=at)
        found += [(round(at, 3), len(to_server([each]))) for each in agent.transmits()]
    assert [at for at, _ in found] == [0.0, 0.05, 0.1, 0.15]
    assert sum(server for _, server in found) == 1
