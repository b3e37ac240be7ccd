"""Setting an association up, whatever is lost, doubled or replayed (RFC 9260 §5)."""

import itertools

import pytest

from peer.sctp import Established, SctpConfig, SctpDrop, SctpState, read_token
from peer.sctp.events import Ended, Restarted
from peer.sctp.inbound import SACK_EVERY_OURS
from peer.sctp.message import Delivery
from peer.sctp.wire import (
    COOKIE_ACK,
    COOKIE_ECHO,
    ERROR,
    HEARTBEAT,
    INIT,
    INIT_ACK,
    MASK,
    SHUTDOWN,
    STALE_COOKIE,
    packet,
    write_chunk,
    write_parameter,
)
from tests.sctp.path import Conditions, End, Passes, Path, is_up


def kinds(end: End) -> list[int]:
    """Return the type of the first chunk of each packet that was sent."""
    return [data[12] for data in end.sent]


def losing(numbers: set[int]) -> Passes:
    """Lose packets by their number."""
    count = itertools.count()
    return lambda _packet: next(count) not in numbers


def start(path: Path, *ends: End) -> None:
    for end in ends or path.ends:
        end.association.start(path.now)


def tags(path: Path) -> tuple[int, int, int, int]:
    """Return what each end expects, and what it sends."""
    left, right = (end.association._session for end in path.ends)
    assert left.agreement is not None
    assert right.agreement is not None
    return (
        left.establishment.local.tag,
        right.agreement.remote.tag,
        right.establishment.local.tag,
        left.agreement.remote.tag,
    )


@pytest.mark.parametrize("left", [set(), {0}, {1}, {2}, {3}, {0, 1}, {0, 1, 2}])
@pytest.mark.parametrize("right", [set(), {0}, {1}, {2}, {0, 2}])
@pytest.mark.parametrize("both", [True, False])
def test_whatever_is_lost_both_are_up_with_one_pair_of_tags(
    left: set[int], right: set[int], both: bool
) -> None:
    path = Path(seed=(len(left), both))
    path.left.passes, path.right.passes = losing(left), losing(right)
    start(path, path.left)
    if both:
        start(path, path.right)
    else:
        # It waits for the peer to begin.
        path.right.association._session.state = SctpState.COOKIE_WAIT
        path.right.association._session.set_remote_port(5000)
    path.run(lambda: all(map(is_up, path.ends)), limit=20.0)
    ours, ours_there, theirs, theirs_there = tags(path)
    assert (ours, theirs) == (ours_there, theirs_there)
    assert all(len(end.told(Established)) == 1 for end in path.ends)
    path.send(b"works")
    path.send(b"too", end=path.right)
    path.run(lambda: bool(path.left.messages and path.right.messages))


@pytest.mark.parametrize("seed", range(40))
def test_packets_doubled_and_reordered(seed: int) -> None:
    path = Path(Conditions(jitter=0.2, duplication=0.5, loss=0.2), seed=seed)
    path.connect()
    for end in path.ends:
        path.send(b"x" * 5000, end=end)
    path.run(lambda: bool(path.left.messages and path.right.messages))
    ours, ours_there, theirs, theirs_there = tags(path)
    assert (ours, theirs) == (ours_there, theirs_there)


def test_init_is_sent_again_without_end() -> None:
    path = Path()
    times: list[float] = []

    def passes(_packet: bytes) -> bool:
        times.append(path.now)
        return False

    path.left.passes = passes
    start(path, path.left)
    path.run(limit=22.0)
    assert times == [0.0, 1.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0]


def test_data_rides_with_the_cookie() -> None:
    """RFC 9260 §5.1 C."""
    path = Path()
    start(path, path.left)
    path.right.association._session.state = SctpState.COOKIE_WAIT
    path.right.association._session.set_remote_port(5000)
    path.send(b"early")
    path.run(lambda: bool(path.right.messages))
    assert path.now == pytest.approx(0.075)
    assert kinds(path.left) == [INIT, COOKIE_ECHO]


def test_an_init_changes_nothing_that_is_there() -> None:
    """RFC 9260 §5.2.2."""
    path = Path().connect()
    before = tags(path)
    stranger = Path(seed="other").left.association.initiation
    path.right.association.receive(packet(5000, 5000, 0, stranger), path.now)
    path.run(limit=1.0)
    assert tags(path) == before
    assert INIT_ACK in kinds(path.right)
    path.send(b"on")
    path.run(lambda: bool(path.right.messages))


def test_a_peer_that_has_lost_its_state_begins_again() -> None:
    """RFC 9260 §5.2.4 A: streams begin at zero, what was not sent whole is sent again."""
    path = Path().connect()
    for _ in range(3):
        path.send(b"before")
    path.run(lambda: len(path.right.messages) == 3)
    path.left.passes = lambda _packet: False
    path.send(bytes(60000))
    path.run(limit=0.5)
    path.left.passes = lambda _packet: True
    fresh = Path(seed="fresh").right
    path.right = fresh
    start(path, fresh)
    path.run(lambda: len(path.right.messages) == 1, limit=20.0)
    assert path.right.messages[0].data == bytes(60000)
    assert len(path.left.told(Restarted)) == 1
    path.send(b"back", end=path.right)
    path.run(lambda: len(path.left.messages) == 1)


@pytest.mark.parametrize(("age", "taken"), [(59.0, True), (61.0, False)])
def test_a_cookie_is_taken_for_a_minute(age: float, taken: bool) -> None:
    """RFC 9260 §5.1.3, §5.2.6."""
    path = Path()
    start(path, path.left)
    path.right.association._session.state = SctpState.COOKIE_WAIT
    path.right.association._session.set_remote_port(5000)
    path.left.passes = losing({1})
    path.run(limit=0.06)
    assert path.left.association.state is SctpState.COOKIE_ECHOED
    echo = path.left.sent[1]
    path.right.association.receive(echo, path.now + age)
    answer = path.right.association.transmits(path.now + age)[0]
    assert answer[12] == (COOKIE_ACK if taken else ERROR)
    assert (SctpDrop.STALE_COOKIE in path.right.association.drops) != taken


def test_a_stale_cookie_leads_to_another_and_not_for_ever() -> None:
    path = Path()
    start(path, path.left)
    path.right.association._session.state = SctpState.COOKIE_WAIT
    path.right.association._session.set_remote_port(5000)
    path.left.passes = lambda data: data[12] != COOKIE_ECHO
    association = path.left.association
    error = write_chunk(ERROR, write_parameter(STALE_COOKIE, bytes(4)))
    for count in range(1, 5):
        path.run(lambda: association.state is SctpState.COOKIE_ECHOED)
        tag = association._session.establishment.local.tag
        association.receive(packet(5000, 5000, tag, error), path.now)
        ended = association.state is SctpState.ENDED
        assert ended == (count == 4)


def test_other_errors_never_end_the_setup() -> None:
    path = Path()
    start(path)
    path.run(limit=0.06)
    session = path.left.association._session
    error = write_chunk(ERROR, write_parameter(8, bytes(4)))
    tag = session.establishment.local.tag
    path.left.association.receive(packet(5000, 5000, tag, error), path.now)
    path.run(lambda: all(map(is_up, path.ends)))


@pytest.mark.parametrize("mine", [False, True])
@pytest.mark.parametrize("theirs", [False, True])
def test_checksums_are_left_out_towards_who_takes_it(mine: bool, theirs: bool) -> None:
    """RFC 9653 §5.2: never in packets with INIT or COOKIE ECHO."""
    left, right = SctpConfig(zero_checksum=mine), SctpConfig(zero_checksum=theirs)
    path = Path(left=left, right=right).connect()
    for end in path.ends:
        path.send(bytes(50000), end=end)
    path.run(lambda: bool(path.left.messages and path.right.messages))
    for end in path.ends:
        assert end.association.statistics().zero_checksum == (mine or theirs)
        for data in end.sent:
            if data[12] in (INIT, INIT_ACK, COOKIE_ECHO):
                assert data[8:12] != bytes(4)
            elif data[12] != COOKIE_ACK:
                assert (data[8:12] == bytes(4)) == (mine or theirs)
        assert not end.association.drops


def test_a_missing_checksum_that_was_not_agreed_on_is_wrong() -> None:
    path = Path().connect()
    tag = path.left.association._session.establishment.local.tag
    good = packet(5000, 5000, tag, write_chunk(HEARTBEAT, write_parameter(1, b"x")))
    path.left.association.receive(good[:8] + bytes(4) + good[12:], path.now)
    assert path.left.association.drops == {SctpDrop.BAD_CHECKSUM: 1}


def test_every_bit_counts() -> None:
    path = Path().connect()
    path.run(limit=1.0)
    tag = path.left.association._session.establishment.local.tag
    good = packet(5000, 5000, tag, write_chunk(HEARTBEAT, write_parameter(1, b"x")))
    for bit in range(8 * len(good)):
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        path.left.association.receive(bytes(changed), path.now)
        assert path.left.association.transmits(path.now) == []
    assert sum(path.left.association.drops.values()) == 8 * len(good)


def test_initiations_in_descriptions_spare_the_handshake() -> None:
    """SNAP: what was sent early is there after the way of one packet."""
    path = Path()
    tokens = [end.association.initiation for end in path.ends]
    for end, token in zip(path.ends, reversed(tokens), strict=True):
        remote = read_token(token)
        assert remote is not None
        end.association.establish(remote, 0.0)
        path.send(b"x" * 3000, end=end)
    path.run(lambda: bool(path.left.messages and path.right.messages))
    assert path.now == pytest.approx(0.025)
    assert path.left.association.statistics().zero_checksum
    path.run(limit=0.03)
    for end in path.ends:
        inbound = end.association._session.inbound
        assert inbound is not None
        # Each has asked the other, which is of the same make, how far it is.
        assert inbound.every == SACK_EVERY_OURS
        assert end.association.statistics().round_trip == pytest.approx(0.05)


def test_a_peer_that_took_no_part_in_that_is_met_by_the_handshake() -> None:
    path = Path()
    remote = read_token(Path(seed="ghost").right.association.initiation)
    assert remote is not None
    path.left.association.establish(remote, 0.0)
    start(path, path.right)
    path.send(b"queued")
    path.run(limit=3.0)
    assert is_up(path.left)
    assert not path.left.told(Ended)


def test_values_that_cannot_be_end_the_setup() -> None:
    """RFC 9260 §3.3.3."""
    path = Path()
    start(path, path.left)
    path.run(limit=0.01)
    session = path.left.association._session
    bad = Path(seed="bad", right=SctpConfig()).right.association._session.establishment
    init = bytearray(bad.answer(bad.local, 0.0, None, 0))
    init[8:12] = bytes(4)
    tag = session.establishment.local.tag
    path.left.association.receive(packet(5000, 5000, tag, bytes(init)), path.now)
    path.run(limit=0.1)
    assert path.left.association.state is SctpState.ENDED


def test_what_went_with_a_cookie_that_was_lost_waits_for_the_next() -> None:
    """Also what may not be sent again: nothing is due before the association is up."""
    path = Path()
    start(path, path.left)
    path.right.association._session.state = SctpState.COOKIE_WAIT
    path.right.association._session.set_remote_port(5000)
    path.left.passes = losing({1, 2})
    path.send(b"given up", delivery=Delivery(max_retransmits=0))
    path.send(b"sent again")
    path.run(lambda: bool(path.right.messages))
    assert [message.data for message in path.right.messages] == [b"sent again"]


def test_a_shutdown_ends_what_is_sent_and_does_not_wait_for_what_is_new() -> None:
    """RFC 9260 §9.2: a program that goes on sending would keep the peer for ever."""
    path = Path().connect()
    path.run(limit=1.0)
    right = path.right.association
    path.send(b"before" * 1000, end=path.right)
    tag = right._session.establishment.local.tag
    shutdown = write_chunk(
        SHUTDOWN, (right._session.outbound.flight.cumulative & MASK).to_bytes(4, "big")
    )
    right.receive(packet(5000, 5000, tag, shutdown), path.now)
    for _ in range(20):
        path.send(b"after", end=path.right)
        path.run(limit=0.01)
    assert [message.data for message in path.left.messages] == [b"before" * 1000]
    assert right.state is SctpState.SHUTDOWN_ACK_SENT


def test_a_shutdown_that_the_peer_does_not_complete_ends_all_the_same() -> None:
    """RFC 9260 §9.2."""
    path = Path().connect()
    path.run(limit=1.0)
    path.right.passes = lambda _packet: False
    begin = len(path.right.sent)
    tag = path.right.association._session.establishment.local.tag
    tsn = path.right.association._session.outbound.flight.cumulative & MASK
    shutdown = write_chunk(SHUTDOWN, tsn.to_bytes(4, "big"))
    path.right.association.receive(packet(5000, 5000, tag, shutdown), path.now)
    path.run(lambda: path.right.association.state is SctpState.ENDED, limit=20.0)
    assert len(path.right.sent) - begin == 10
    assert path.right.association.get_timer() is None
