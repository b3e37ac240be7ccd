from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateType,
    DropReason,
    FreePolicy,
    GatherPolicy,
    IceConfig,
    IceRole,
    Limits,
    NetworkType,
    RemoteParameters,
    TcpType,
    TransportAddress,
    TransportProtocol,
)
from peer.ice.base import Base
from peer.ice.candidates import add_remote, announce_reflexive, flush_pairs, take_waiting
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairState
from peer.ice.priority import pair_priority
from peer.ice.requests import process
from peer.ice.schedule import announce_bases
from peer.ice.session import Session
from peer.ice.stream import EarlyCheck, Stream
from peer.ice.streams import restart_stream, set_remote

from .builders import (
    REMOTE,
    SOURCE,
    add_bases,
    host_candidate,
    make_session,
    make_stream,
    put,
)

SERVER = "203.0.113.1"
CHECK_PRIORITY = 1862270975


def gathered(session: Session) -> list[Candidate]:
    return [event.candidate for event in session.events if isinstance(event, CandidateGathered)]


def reflect(
    session: Session, stream: Stream, base: Base, host: str, port: int, server: str = SERVER
) -> None:
    announce_reflexive(session, stream, base, TransportAddress(host, port), server, "stun:x")


def pairs(session: Session, stream: Stream) -> list[CandidatePair]:
    flush_pairs(session)
    return stream.current.checklist.pairs


def receive_check(session: Session, stream: Stream, base: Base, source: TransportAddress) -> None:
    check = EarlyCheck(base, source, REMOTE.username_fragment, CHECK_PRIORITY, False, None)
    process(session, stream, stream.current, check)


class TestLocal:
    def test_host_candidate(self) -> None:
        """RFC 8445 §5.1.1.1, §5.1.2.1: a single address has local preference 65535."""
        session = make_session()
        add_bases(session, make_stream(session), "10.0.0.1")
        (candidate,) = gathered(session)
        assert candidate.type is CandidateType.HOST
        assert candidate.address == ("10.0.0.1", 5000)
        assert candidate.priority == 2130706431
        assert candidate.related_address is None

    def test_each_component_has_preferences_of_its_own(self) -> None:
        session = make_session()
        stream = make_stream(session, components=(1, 2))
        add_bases(session, stream, "10.0.0.1", component=1)
        add_bases(session, stream, "10.0.0.1", component=2)
        assert [each.priority for each in gathered(session)] == [2130706431, 2130706430]

    def test_reflexive_candidate(self) -> None:
        """RFC 8445 §5.1.1.2: its base is the host candidate, shown as related address."""
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        reflect(session, stream, base, "198.51.100.1", 7000)
        _, candidate = gathered(session)
        assert candidate.type is CandidateType.SERVER_REFLEXIVE
        assert candidate.priority == 1694498815
        assert candidate.related_address == base.address

    @pytest.mark.parametrize("again", ["10.0.0.1", "198.51.100.1"])
    def test_redundant(self, again: str) -> None:
        """RFC 8445 §5.1.3, RFC 8838 §9: same address and same base."""
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        reflect(session, stream, base, "198.51.100.1", 5000)
        reflect(session, stream, base, again, 5000, server="203.0.113.2")
        assert len(gathered(session)) == 2

    def test_same_address_with_another_base_is_not_redundant(self) -> None:
        """RFC 8445 §5.1.3."""
        session = make_session()
        stream = make_stream(session)
        for base in add_bases(session, stream, "10.0.0.1", "10.0.0.2"):
            reflect(session, stream, base, "198.51.100.1", 5000)
        assert len(gathered(session)) == 4

    @pytest.mark.parametrize(("ipv4", "ipv6", "order"), [(2, 6, "66664646"), (6, 2, "64644444")])
    def test_families_by_priority(self, ipv4: int, ipv6: int, order: str) -> None:
        """RFC 8421 §4: the order is in the priorities."""
        hosts = [f"10.0.0.{i}" for i in range(ipv4)] + [f"2001:db8::{i + 1}" for i in range(ipv6)]
        session = make_session()
        add_bases(session, make_stream(session), *hosts)
        found = sorted(gathered(session), key=lambda each: -each.priority)
        assert "".join("6" if ":" in each.address.host else "4" for each in found) == order
        assert found[0].priority == 2130706431

    def test_foundations(self) -> None:
        """RFC 8445 §5.1.1.3: type, base address and server; neither port nor component."""
        session = make_session()
        stream = make_stream(session, components=(1, 2))
        for component in (1, 2):
            for base in add_bases(session, stream, "10.0.0.1", "10.0.0.2", component=component):
                for server in (SERVER, "203.0.113.2"):
                    port = 7000 + base.address.port + len(session.events)
                    reflect(session, stream, base, "198.51.100.1", port, server)
        found = gathered(session)
        assert len(found) == 12
        assert len({each.foundation for each in found}) == 6
        for component in (1, 2):
            own = {each.foundation for each in found if each.component == component}
            assert len(own) == 6

    def test_relay_policy_shows_nothing_else(self) -> None:
        session = make_session(IceConfig(gather_policy=GatherPolicy.RELAY))
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        reflect(session, stream, base, "198.51.100.1", 7000)
        assert gathered(session) == []

    @pytest.mark.parametrize("policy", FreePolicy)
    def test_what_comes_after_the_end(self, policy: FreePolicy) -> None:
        """RFC 8838 §13: it is conveyed and paired only by who keeps spares."""
        session = make_session(IceConfig(free_policy=policy))
        stream = make_stream(session)
        add_remote(session, stream, host_candidate(), None)
        stream.current.local_ended = True
        add_bases(session, stream, "10.0.0.1")
        kept = 1 if policy is FreePolicy.KEEP else 0
        assert (len(gathered(session)), len(pairs(session, stream))) == (kept, kept)


HOSTS = st.sampled_from(
    [f"10.0.0.{i}" for i in range(1, 6)] + [f"2001:db8::{i}" for i in range(1, 6)]
)
BATCH = st.tuples(
    st.lists(HOSTS, min_size=1, max_size=5), st.integers(1, 2), st.sampled_from(list(NetworkType))
)


@settings(max_examples=60)
@given(st.lists(BATCH, max_size=6), st.integers(0, 3))
def test_priorities_are_unique(
    batches: list[tuple[list[str], int, NetworkType]], servers: int
) -> None:
    """RFC 8445 §5.1.2.1: unique within a data stream, 1..2^31-1."""
    session = make_session()
    stream = make_stream(session, components=(1, 2))
    for hosts, component, network in batches:
        for base in add_bases(session, stream, *hosts, component=component, network=network):
            for i in range(servers):
                mapped = "198.51.100.1" if not base.ipv6 else "2001:db8:9::1"
                reflect(session, stream, base, mapped, 10 * base.address.port % 50000 + i)
    priorities = [each.priority for each in gathered(session)]
    assert len(set(priorities)) == len(priorities)
    assert all(1 <= priority < 2**31 for priority in priorities)


class TestPairing:
    def test_family_by_family(self) -> None:
        """RFC 8445 §6.1.2.2: 2 IPv4 and 1 IPv6 with one of each make 3 pairs."""
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "10.0.0.1", "10.0.0.2", "2001:db8::1")
        for host in ("192.0.2.1", "2001:db8::2"):
            add_remote(session, stream, host_candidate(host), None)
        assert len(pairs(session, stream)) == 3

    def test_link_local_only_among_themselves(self) -> None:
        """RFC 8445 §6.1.2.2."""
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "fe80::1", "2001:db8::1")
        for host in ("fe80::2", "2001:db8::2"):
            add_remote(session, stream, host_candidate(host), None)
        found = [
            (each.local.base.link_local, each.remote.address.host)
            for each in pairs(session, stream)
        ]
        assert sorted(found) == [(False, "2001:db8::2"), (True, "fe80::2")]

    def test_whichever_side_comes_first(self) -> None:
        """RFC 8838 §10 and §11."""
        session = make_session()
        stream = make_stream(session)
        add_remote(session, stream, host_candidate("192.0.2.1"), None)
        add_bases(session, stream, "10.0.0.1")
        add_remote(session, stream, host_candidate("192.0.2.2"), None)
        assert len(pairs(session, stream)) == 2

    def test_a_reflexive_candidate_is_replaced_by_its_base(self) -> None:
        """RFC 8445 §6.1.2.4: the pair would be redundant with the one of the host candidate."""
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        reflect(session, stream, base, "198.51.100.1", 7000)
        add_remote(session, stream, host_candidate(), None)
        reflect(session, stream, base, "198.51.100.1", 7001)
        (pair,) = pairs(session, stream)
        assert pair.local.candidate.type is CandidateType.HOST

    def test_passive_candidates_wait_for_connections(self) -> None:
        """RFC 6544 §6.2: pairs with a passive local candidate are not checked by us."""
        session = make_session()
        stream = make_stream(session)
        for kind in TcpType:
            address = TransportAddress("10.0.0.1", 5000 + len(stream.bases))
            stream.bases.append(
                Base("0", 1, address, transport=TransportProtocol.TCP, tcp_type=kind)
            )
        session.new_bases += stream.bases
        announce_bases(session)
        for i, kind in enumerate(TcpType):
            add_remote(session, stream, host_candidate(port=6000 + i, tcp_type=kind), None)
        found = {
            (each.local.base.tcp_type, each.remote.tcp_type) for each in pairs(session, stream)
        }
        assert found == {
            (TcpType.ACTIVE, TcpType.PASSIVE),
            (TcpType.SIMULTANEOUS_OPEN, TcpType.SIMULTANEOUS_OPEN),
        }

    def test_bounded(self) -> None:
        """RFC 8445 §6.1.2.5: of 30 times 30 the best hundred."""
        session = make_session(IceConfig(limits=Limits(pairs=100)))
        stream = make_stream(session)
        add_bases(session, stream, *(f"10.0.0.{i}" for i in range(30)))
        for i in range(30):
            candidate = host_candidate(f"192.0.2.{i}", priority=2130706431 - 256 * i)
            add_remote(session, stream, candidate, None)
        found = [each.priority for each in pairs(session, stream)]
        step = range(2130706431, 2130706431 - 256 * 30, -256)
        best = sorted((pair_priority(g, d) for g in step for d in step), reverse=True)
        assert found == best[:100]


class TestRemote:
    @pytest.mark.parametrize(
        "candidate",
        [
            host_candidate("host.example"),
            host_candidate("fe80::1%eth0"),
            host_candidate(port=65536),
            host_candidate(component=2),
            host_candidate(priority=-1),
            host_candidate(priority=2**32),
        ],
    )
    def test_unusable(self, candidate: Candidate) -> None:
        """RFC 8445 §5.1.2.1, §5.1.1.1: counted and dropped, never raised."""
        session = make_session()
        stream = make_stream(session)
        add_remote(session, stream, candidate, None)
        assert session.drops == {DropReason.CANDIDATE_UNUSABLE: 1}
        assert stream.current.remote_candidates == {}

    @pytest.mark.parametrize("priority", [0, 1, 2**31 - 1, 2**31, 2**32 - 1])
    def test_any_priority_of_32_bits(self, priority: int) -> None:
        """Media servers write such, and browsers read any unsigned number."""
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "10.0.0.1")
        add_remote(session, stream, host_candidate(priority=priority), None)
        assert len(pairs(session, stream)) == 1

    def test_duplicate(self) -> None:
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "2001:db8::1")
        add_remote(session, stream, host_candidate("2001:db8::2"), None)
        add_remote(session, stream, host_candidate("2001:DB8:0::2"), None)
        assert session.drops == {DropReason.CANDIDATE_DUPLICATE: 1}
        assert len(pairs(session, stream)) == 1

    def test_capped(self) -> None:
        """RFC 8445 §19.5.1: what a peer signals is bounded."""
        session = make_session(IceConfig(limits=Limits(remote_candidates=64)))
        stream = make_stream(session)
        for i in range(10_000):
            add_remote(session, stream, host_candidate(port=1024 + i), None)
        assert len(stream.current.remote_candidates) == 64
        assert session.drops == {DropReason.TOO_MANY_CANDIDATES: 10_000 - 64}

    def test_after_the_end(self) -> None:
        """RFC 8838 §14 has it ignored; whoever sends one means it."""
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "10.0.0.1")
        stream.current.remote_ended = True
        add_remote(session, stream, host_candidate(), None)
        assert len(pairs(session, stream)) == 1
        assert not session.drops
        assert stream.current.remote_ended

    @pytest.mark.parametrize("fragment", [None, "peer"])
    def test_before_the_description(self, fragment: str | None) -> None:
        """RFC 8838 §3, §11: kept until the generation they belong to is known."""
        session = make_session()
        stream = make_stream(session, remote=None)
        add_bases(session, stream, "10.0.0.1")
        add_remote(session, stream, host_candidate(), fragment)
        assert pairs(session, stream) == []
        set_remote(session, stream, REMOTE)
        take_waiting(session, stream)
        assert len(pairs(session, stream)) == 1
        assert not session.drops

    def test_of_a_generation_to_come(self) -> None:
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "10.0.0.1")
        add_remote(session, stream, host_candidate(), "next")
        assert pairs(session, stream) == []
        take_waiting(session, stream)
        assert stream.current.waiting_candidates == [("next", host_candidate())]

    def test_waiting_ones_are_capped(self) -> None:
        session = make_session(IceConfig(limits=Limits(early_candidates=5)))
        stream = make_stream(session, remote=None)
        for i in range(8):
            add_remote(session, stream, host_candidate(port=1 + i), None)
        assert len(stream.current.waiting_candidates) == 5
        assert session.drops == {DropReason.CANDIDATE_UNKNOWN_GENERATION: 3}

    def test_of_an_old_generation(self) -> None:
        """RFC 8838 §9: a late candidate from before the restart is dropped."""
        session = make_session()
        stream = make_stream(session)
        add_bases(session, stream, "10.0.0.1")
        restart_stream(session, stream)
        set_remote(session, stream, RemoteParameters("fresh", "q" * 22))
        add_remote(session, stream, host_candidate(), "peer")
        assert session.drops == {DropReason.CANDIDATE_STALE_GENERATION: 1}
        assert pairs(session, stream) == []
        add_remote(session, stream, host_candidate(), "fresh")
        assert len(pairs(session, stream)) == 1


class TestLearned:
    """RFC 8445 §7.3.1.3 and §7.3.1.4, RFC 8838 §11."""

    def test_from_a_check(self) -> None:
        session = make_session()
        stream = make_stream(session)
        (base, _) = add_bases(session, stream, "10.0.0.1", "10.0.0.2")
        receive_check(session, stream, base, SOURCE)
        (pair,) = pairs(session, stream)
        assert pair.local.base is base
        assert pair.remote.type is CandidateType.PEER_REFLEXIVE
        assert pair.remote.priority == CHECK_PRIORITY
        assert pair.remote.component == 1
        assert pair.state is PairState.WAITING
        assert list(stream.current.checklist.triggered) == [pair]

    def test_not_paired_with_what_comes_later(self) -> None:
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        receive_check(session, stream, base, SOURCE)
        add_bases(session, stream, "10.0.0.2")
        assert len(pairs(session, stream)) == 1

    def test_known_candidates_are_not_learned_again(self) -> None:
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        add_remote(session, stream, host_candidate(), None)
        flush_pairs(session)
        receive_check(session, stream, base, SOURCE)
        (pair,) = pairs(session, stream)
        assert pair.remote.type is CandidateType.HOST
        assert not stream.current.learned

    def test_explained_by_signalling(self) -> None:
        """Afterwards there is one candidate and one pair, as if it had been signalled first:
        with the signalled type, foundation and priority, and the state it has reached."""
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        receive_check(session, stream, base, SOURCE)
        (pair,) = pairs(session, stream)
        put(pair, PairState.IN_PROGRESS)
        signalled = host_candidate(
            foundation="77", priority=1694498815, kind=CandidateType.SERVER_REFLEXIVE
        )
        add_remote(session, stream, signalled, None)
        assert pairs(session, stream) == [pair]
        assert pair.remote == signalled
        assert pair.foundation == (pair.local.candidate.foundation, "77")
        assert pair.state is PairState.IN_PROGRESS
        assert pair.priority == pair_priority(2130706431, 1694498815)
        assert list(stream.current.remote_candidates.values()) == [signalled]

    def test_explaining_sorts_again(self) -> None:
        session = make_session(role=IceRole.CONTROLLED)
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        receive_check(session, stream, base, SOURCE)
        add_remote(session, stream, host_candidate("192.0.2.1", priority=1694498815), None)
        assert pairs(session, stream)[0].remote.address == SOURCE
        add_remote(session, stream, host_candidate(priority=1000), None)
        found = pairs(session, stream)
        assert [each.remote.priority for each in found] == [1694498815, 1000]

    def test_explained_ones_pair_with_every_base(self) -> None:
        session = make_session()
        stream = make_stream(session)
        (base, _) = add_bases(session, stream, "10.0.0.1", "10.0.0.2")
        receive_check(session, stream, base, SOURCE)
        add_remote(session, stream, host_candidate(), None)
        assert len(pairs(session, stream)) == 2

    def test_foundations_differ_from_all_others(self) -> None:
        """RFC 8445 §7.3.1.3, also when one of them has been explained meanwhile."""
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        sources = [TransportAddress("192.0.2.99", port) for port in (9001, 9002, 9003)]
        receive_check(session, stream, base, sources[0])
        receive_check(session, stream, base, sources[1])
        add_remote(session, stream, host_candidate(port=9001, foundation="1"), None)
        receive_check(session, stream, base, sources[2])
        remotes = stream.current.remote_candidates.values()
        assert len({each.foundation for each in remotes}) == 3

    def test_capped(self) -> None:
        """RFC 8445 §19.5.1: also an authenticated peer cannot grow our lists without end."""
        session = make_session(IceConfig(limits=Limits(peer_reflexive=32)))
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        for i in range(100):
            receive_check(session, stream, base, TransportAddress("192.0.2.99", 1024 + i))
        assert len(stream.current.remote_candidates) == 32
        assert len(pairs(session, stream)) == 32
        assert session.drops == {DropReason.TOO_MANY_PEER_REFLEXIVE: 68}

    def test_hidden_ones_keep_their_secret(self) -> None:
        """An address learned first and named by mDNS later is hidden from then on."""
        session = make_session()
        stream = make_stream(session)
        (base,) = add_bases(session, stream, "10.0.0.1")
        receive_check(session, stream, base, SOURCE)
        add_remote(session, stream, replace(host_candidate(), hidden=True), None)
        (pair,) = pairs(session, stream)
        assert pair.remote.hidden
