"""Statistics: exact counters, and nothing about addresses that are to stay hidden."""

from collections import Counter
from dataclasses import dataclass

import pytest

from peer.ice import (
    CandidatePairStatistics,
    CandidateStatistics,
    CandidateType,
    DropReason,
    IceAgent,
    IceConfig,
    IceParameters,
    IceRole,
    IceState,
    PairState,
    Transmit,
    TransportAddress,
    TransportStatistics,
    stun,
)
from peer.ice.checklist import MAX_ANSWERED, MAX_RETIRED, Checklist
from peer.ice.pair import MAX_CHANGES, CandidatePair
from peer.ice.stats import _Names
from peer.ice.stream import MAX_REMEMBERED, Generation
from tests.ice.builders import (
    SOURCE,
    add_pairs,
    entropy,
    host_candidate,
    local_candidate,
    make_checklists,
    make_pair,
    put,
)
from tests.ice.wire import Wire

LEFT, RIGHT = TransportAddress("10.0.0.1", 5000), TransportAddress("10.0.0.2", 5000)
MEDIA = b"\x80media"


class Duo:
    """A controlling agent on the left, a controlled one on the right."""

    def __init__(
        self,
        *,
        config: IceConfig | None = None,
        loss: float = 0.0,
        roles: tuple[IceRole, IceRole] = (IceRole.CONTROLLING, IceRole.CONTROLLED),
    ) -> None:
        self.wire = Wire(loss=loss, seed=3)
        self.left, self.right = (
            IceAgent(config, role=role, entropy=entropy(seed)) for seed, role in enumerate(roles)
        )
        self.wire.add(self.left, "0", *LEFT)
        self.wire.add(self.right, "0", *RIGHT)

    def connect(self, duration: float = 1.0) -> None:
        self.wire.introduce(self.left, self.right)
        self.wire.run(duration)


def pair_of(agent: IceAgent) -> CandidatePairStatistics:
    (pair,) = agent.stats().pairs
    return pair


def transport_of(agent: IceAgent) -> TransportStatistics:
    (transport,) = agent.stats().transports
    return transport


def candidates_of(agent: IceAgent, *, remote: bool) -> list[CandidateStatistics]:
    return [each for each in agent.stats().candidates if each.remote is remote]


def test_before_anything_happened() -> None:
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=entropy())
    fragment = agent.add_stream("0", (1, 2)).username_fragment
    stats = agent.stats()
    assert stats.timestamp == 0.0
    assert stats.pairs == ()
    assert stats.candidates == ()
    assert stats.drops == {}
    assert [transport.component for transport in stats.transports] == [1, 2]
    assert stats.transports[0] == TransportStatistics(
        stream="0",
        component=1,
        ice_role=IceRole.CONTROLLED,
        ice_state=IceState.NEW,
        ice_local_username_fragment=fragment,
        selected_candidate_pair_id=None,
        selected_candidate_pair_changes=0,
        packets_sent=0,
        packets_received=0,
        bytes_sent=0,
        bytes_received=0,
    )


def test_counters_of_an_exchange() -> None:
    """Both check once and the left nominates: three requests and three responses cross."""
    duo = Duo()
    duo.connect(1.0)
    left, right = pair_of(duo.left), pair_of(duo.right)
    assert (left.requests_sent, left.responses_received) == (2, 2)
    assert (left.requests_received, left.responses_sent) == (1, 1)
    assert (right.requests_sent, right.responses_received) == (1, 1)
    assert (right.requests_received, right.responses_sent) == (2, 2)
    for pair in (left, right):
        assert pair.state is PairState.SUCCEEDED
        assert pair.nominated
        assert not pair.discarded
        assert pair.generated_by is None
        assert pair.consent_requests_sent == pair.retransmissions_sent == 0
        assert pair.current_round_trip_time == pytest.approx(0.02)
        assert pair.total_round_trip_time == pytest.approx(0.02 * pair.responses_received)


def test_counters_of_consent() -> None:
    duo = Duo()
    duo.connect(1.0)
    requests: Counter[TransportAddress] = Counter()

    def count(transmit: Transmit) -> bool:
        requests[transmit.local] += transmit.data[:2] == b"\x00\x01"
        return True

    duo.wire.passes = count
    duo.wire.run(60)
    duo.wire.passes = lambda transmit: True
    duo.wire.run(0.1)
    left, right = pair_of(duo.left), pair_of(duo.right)
    assert left.consent_requests_sent == requests[LEFT]
    assert 10 <= requests[LEFT] <= 15
    assert (left.requests_sent, right.requests_sent) == (2, 1)
    assert left.responses_received == left.requests_sent + left.consent_requests_sent
    assert right.requests_received == right.responses_sent == left.responses_received
    average = left.total_round_trip_time / left.responses_received
    assert average == pytest.approx(0.02)


def test_retransmissions() -> None:
    """The first two transmissions of every check are lost: the third is answered."""
    duo = Duo()
    sent: Counter[bytes] = Counter()

    def lose(transmit: Transmit) -> bool:
        sent[transmit.data[8:20]] += transmit.data[:2] == b"\x00\x01"
        return sent[transmit.data[8:20]] > 2

    duo.wire.passes = lose
    duo.connect(4.0)
    left, right = pair_of(duo.left), pair_of(duo.right)
    requests = left.requests_sent + right.requests_sent
    assert left.retransmissions_sent + right.retransmissions_sent == 2 * requests
    assert sum(sent.values()) == 3 * requests
    assert right.requests_received == left.responses_received == left.requests_sent
    assert left.total_round_trip_time == pytest.approx(0.02 * left.responses_received)
    assert left.current_round_trip_time is None  # which transmission was answered is unknown


def test_counters_on_a_lossy_wire_agree_with_the_wire() -> None:
    duo = Duo(loss=0.3)
    requests: dict[TransportAddress, Counter[bytes]] = {LEFT: Counter(), RIGHT: Counter()}
    responses: Counter[TransportAddress] = Counter()

    def count(transmit: Transmit) -> bool:
        if transmit.data[:2] == b"\x00\x01":
            requests[transmit.local][transmit.data[8:20]] += 1
        else:
            responses[transmit.local] += 1
        return True

    duo.wire.passes = count
    duo.connect(100.0)
    for agent, address in ((duo.left, LEFT), (duo.right, RIGHT)):
        pair = pair_of(agent)
        ours = requests[address]
        assert pair.requests_sent + pair.consent_requests_sent == len(ours)
        assert pair.retransmissions_sent == sum(ours.values()) - len(ours)
        assert pair.requests_received == pair.responses_sent == responses[address]
        assert pair.total_round_trip_time == pytest.approx(0.02 * pair.responses_received)


def test_data() -> None:
    duo = Duo()
    duo.connect(1.0)
    duo.left.send("0", 1, MEDIA, now=1.5)
    duo.left.send("0", 1, MEDIA + MEDIA, now=2.5)
    duo.wire.now = 3.0
    duo.wire.run(0.5)
    left, right = pair_of(duo.left), pair_of(duo.right)
    assert (left.packets_sent, left.bytes_sent) == (2, 18)
    assert left.last_packet_sent_timestamp == 2.5
    assert left.last_packet_received_timestamp is None
    assert (right.packets_received, right.bytes_received) == (2, 18)
    assert right.last_packet_received_timestamp == pytest.approx(3.01)
    assert (right.packets_sent, right.packets_discarded_on_send) == (0, 0)
    transport = transport_of(duo.right)
    assert (transport.packets_received, transport.bytes_received) == (2, 18)
    assert transport.ice_state is IceState.COMPLETED
    assert transport.selected_candidate_pair_id == right.id


def test_early_requests_count_with_their_retransmissions() -> None:
    """The right hears the same check three times before it knows whom it comes from."""
    duo = Duo()
    duo.wire.passes = lambda transmit: transmit.local == LEFT
    duo.wire.signal(duo.right, duo.left)
    duo.left.add_remote_candidate("0", host_candidate(*RIGHT))
    duo.wire.run(1.7)
    duo.wire.passes = lambda transmit: True
    assert duo.right.stats().pairs == ()
    assert pair_of(duo.left).retransmissions_sent == 2
    duo.wire.signal(duo.left, duo.right)
    duo.wire.run(0.005)
    right = pair_of(duo.right)
    assert (right.requests_received, right.responses_sent) == (3, 3)
    assert right.requests_sent == 1


def test_role_conflict_counts_as_an_exchange() -> None:
    duo = Duo(roles=(IceRole.CONTROLLING, IceRole.CONTROLLING))
    duo.connect(2.0)
    left, right = pair_of(duo.left), pair_of(duo.right)
    assert left.responses_received == left.requests_sent == right.requests_received
    assert right.responses_received == right.requests_sent == left.requests_received
    assert right.total_round_trip_time == pytest.approx(0.02 * right.responses_received)
    assert {transport_of(duo.left).ice_role, transport_of(duo.right).ice_role} == set(IceRole)


def test_valid_pair_of_a_mapped_address_shares_the_counters() -> None:
    duo = Duo()
    outside = TransportAddress("198.51.100.1", 6000)
    duo.wire.mapped[LEFT] = outside
    duo.connect(1.0)
    duo.left.send("0", 1, MEDIA)
    duo.wire.run(1.0)
    checked, valid = duo.left.stats().pairs
    assert valid.generated_by == checked.id
    assert (checked.nominated, valid.nominated) == (False, True)
    assert checked.requests_sent == valid.requests_sent == 2
    assert valid.requests_received == valid.responses_sent > 0
    assert valid.packets_sent == 1
    transport = transport_of(duo.left)
    assert transport.selected_candidate_pair_id == valid.id
    assert (transport.packets_sent, transport.bytes_sent) == (1, 6)
    (local,) = [each for each in duo.left.stats().candidates if each.id == valid.local_candidate_id]
    assert local.candidate_type is CandidateType.PEER_REFLEXIVE
    assert (local.address, local.port) == outside
    assert (local.related_address, local.related_port) == LEFT


def test_learned_remote_address_stays_hidden() -> None:
    duo = Duo()
    duo.wire.mapped[LEFT] = TransportAddress("198.51.100.1", 6000)
    duo.connect(1.0)
    learned = [
        each
        for each in candidates_of(duo.right, remote=True)
        if each.candidate_type is CandidateType.PEER_REFLEXIVE
    ]
    assert [(each.address, each.related_address) for each in learned] == [(None, None)]
    assert "198.51.100.1" not in str(duo.right.stats())


def test_explained_remote_address_is_shown_under_the_same_name() -> None:
    duo = Duo()
    duo.wire.signal(duo.left, duo.right)
    duo.wire.signal(duo.right, duo.left)
    duo.left.add_remote_candidate("0", host_candidate(*RIGHT))
    duo.wire.run(1.0)
    (before,) = candidates_of(duo.right, remote=True)
    assert (before.address, before.candidate_type) == (None, CandidateType.PEER_REFLEXIVE)
    duo.right.add_remote_candidate("0", host_candidate(*LEFT))
    (after,) = candidates_of(duo.right, remote=True)
    assert (after.address, after.candidate_type) == (LEFT.host, CandidateType.HOST)
    assert after.id == before.id
    assert pair_of(duo.right).remote_candidate_id == after.id


def test_signalled_peer_reflexive_candidate_is_shown() -> None:
    duo = Duo()
    duo.wire.signal(duo.right, duo.left)
    signalled = host_candidate("198.51.100.1", kind=CandidateType.PEER_REFLEXIVE)
    duo.left.add_remote_candidate("0", signalled)
    duo.wire.run(0.1)
    (remote,) = candidates_of(duo.left, remote=True)
    assert remote.candidate_type is CandidateType.PEER_REFLEXIVE
    assert remote.address == "198.51.100.1"


def test_address_behind_a_name_stays_hidden() -> None:
    duo = Duo()
    duo.wire.signal(duo.right, duo.left)
    duo.left.add_remote_candidate("0", host_candidate("10.9.8.7", hidden=True))
    duo.wire.run(1.0)
    (remote,) = candidates_of(duo.left, remote=True)
    assert remote.address is None
    assert remote.candidate_type is CandidateType.HOST
    assert "10.9.8.7" not in str(duo.left.stats())


def test_candidates() -> None:
    duo = Duo()
    duo.connect(1.0)
    (local,) = candidates_of(duo.left, remote=False)
    (remote,) = candidates_of(duo.left, remote=True)
    assert (local.address, local.port) == LEFT
    assert (remote.address, remote.port) == RIGHT
    assert local.priority == remote.priority == 2130706431
    assert local.username_fragment == transport_of(duo.left).ice_local_username_fragment
    assert remote.username_fragment == transport_of(duo.right).ice_local_username_fragment
    assert pair_of(duo.left).local_candidate_id == local.id
    assert pair_of(duo.left).remote_candidate_id == remote.id
    assert local.id != candidates_of(duo.right, remote=True)[0].id


def test_life_of_a_pair() -> None:
    duo = Duo()
    duo.wire.signal(duo.right, duo.left)
    duo.left.add_remote_candidate("0", host_candidate())
    duo.left.end_of_bases("0")
    duo.left.end_of_remote_candidates("0")
    duo.wire.run(60.0)
    pair = pair_of(duo.left)
    assert pair.changes == (
        (0.0, PairState.FROZEN, ""),
        (0.0, PairState.WAITING, ""),
        (0.0, PairState.IN_PROGRESS, ""),
        (39.5, PairState.FAILED, "no response"),
    )
    assert (pair.state, pair.reason) == (PairState.FAILED, "no response")
    assert (pair.requests_sent, pair.retransmissions_sent) == (1, 6)


def test_removed_base() -> None:
    duo = Duo()
    duo.wire.add_base(duo.left, "0", "10.0.0.3")
    duo.connect(1.0)
    duo.left.send("0", 1, MEDIA)
    duo.left.remove_base(LEFT)
    duo.wire.run(0.01)
    stats = duo.left.stats()
    gone = [each.address for each in stats.candidates if each.removed]
    assert gone == [LEFT.host]
    (pair,) = [each for each in stats.pairs if each.packets_sent]
    assert pair.discarded
    assert pair.reason == pair.changes[-1].reason == "the interface is gone"
    assert stats.transports[0].packets_sent == 1


def test_candidates_paired_again_make_another_pair() -> None:
    @dataclass
    class Clock:
        now: float

    names = _Names(Generation("0", IceParameters("ufrag", "p" * 22)))
    local, remote = local_candidate(), host_candidate()
    first, again = (CandidatePair("0", local, remote, clock=Clock(now)) for now in (1.0, 2.0))
    assert names.pair(first) == names.pair(first) != names.pair(again)


def test_selected_pair_changes() -> None:
    duo = Duo()
    duo.connect(1.0)
    assert transport_of(duo.left).selected_candidate_pair_changes == 1
    duo.wire.passes = lambda transmit: False
    duo.wire.run(60.0)
    transport = transport_of(duo.left)
    assert transport.ice_state is IceState.FAILED
    assert transport.selected_candidate_pair_id is None
    assert transport.selected_candidate_pair_changes == 2
    assert pair_of(duo.left).reason == "consent expired"


def test_restart_keeps_the_old_pair_and_counts_on_it() -> None:
    duo = Duo()
    duo.connect(1.0)
    before = pair_of(duo.right)
    duo.wire.passes = lambda transmit: transmit.data == MEDIA
    duo.wire.restart(duo.left, duo.right)
    duo.left.send("0", 1, MEDIA)
    duo.wire.run(0.1)
    old, new = duo.right.stats().pairs
    assert (old.id, old.packets_received) == (before.id, 1)
    assert (new.packets_received, new.nominated) == (0, False)
    duo.wire.passes = lambda transmit: True
    duo.wire.run(5.0)
    duo.left.send("0", 1, MEDIA)
    duo.wire.run(0.1)
    old, new = duo.right.stats().pairs
    assert (old.packets_received, new.packets_received) == (1, 1)
    assert new.nominated
    transport = transport_of(duo.right)
    assert transport.selected_candidate_pair_id == new.id
    assert transport.packets_received == 2
    assert transport.selected_candidate_pair_changes == 2


def test_ended_generations_are_bounded_but_their_traffic_stays() -> None:
    duo = Duo()
    duo.connect(1.0)
    duo.left.send("0", 1, MEDIA)
    for _ in range(MAX_REMEMBERED + 50):
        duo.left.restart("0")
        duo.wire.run(0.0)
    duo.wire.restart(duo.left, duo.right)
    duo.wire.run(5.0)
    for _ in range(MAX_REMEMBERED + 50):
        duo.wire.restart(duo.left, duo.right)
    stats = duo.left.stats()
    assert len(stats.candidates) <= 2 * MAX_REMEMBERED
    assert not any(pair.packets_sent for pair in stats.pairs)
    assert stats.transports[0].packets_sent == 1


def test_drops_and_close() -> None:
    duo = Duo()
    duo.connect(1.0)
    for _ in range(3):
        duo.left.receive_datagram(MEDIA, local=LEFT, source=SOURCE, now=1.0)
    assert duo.left.stats().drops == {DropReason.UNVALIDATED_SOURCE.value: 3}
    before = duo.left.stats().pairs
    duo.left.close()
    assert transport_of(duo.left).ice_state is IceState.CLOSED
    assert duo.left.stats().pairs == before


def test_unauthenticated_requests_are_drops_and_count_on_no_pair() -> None:
    duo = Duo()
    duo.connect(1.0)
    before = pair_of(duo.left).requests_received
    forged = stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, bytes(12))
    duo.left.receive_datagram(forged, local=LEFT, source=RIGHT, now=1.0)
    assert pair_of(duo.left).requests_received == before
    assert duo.left.stats().drops == {DropReason.REQUEST_WITHOUT_CREDENTIALS.value: 1}


class TestBounds:
    def test_changes(self) -> None:
        pair = make_pair()
        for state in (PairState.WAITING, PairState.IN_PROGRESS) * 100:
            put(pair, state)
        assert len(pair.changes) == MAX_CHANGES

    def test_retired_pairs_without_data_go_first(self) -> None:
        checklists = make_checklists("0")
        (checklist,) = checklists.lists
        pairs = [make_pair() for _ in range(MAX_RETIRED + 10)]
        pairs[0].stats.packets_sent = 1
        for pair in pairs:
            add_pairs(checklists, pair)
            checklists.discard(checklist, pair, "for a test")
        assert len(checklist.retired) == MAX_RETIRED
        assert pairs[0] in checklist.retired
        assert pairs[1] not in checklist.retired

    def test_requests_before_their_pairs(self) -> None:
        checklist = Checklist("0")
        base = make_pair().local.base
        for port in range(1, MAX_ANSWERED + 2):
            checklist.count_answered(base, TransportAddress("192.0.2.99", port))
        checklist.count_answered(base, TransportAddress("192.0.2.99", 1))
        counted = []
        for port in (1, MAX_ANSWERED, MAX_ANSWERED + 1):
            pair = make_pair()
            pair.local.base = base
            pair.remote = host_candidate("192.0.2.99", port)
            checklist.insert(pair)
            counted.append(pair.stats.requests_received)
        assert counted == [2, 1, 0]
