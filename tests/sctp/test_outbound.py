"""What goes into packets, what is given up, and zero windows."""

import pytest

from peer.sctp import SctpConfig
from peer.sctp.message import Delivery
from peer.sctp.wire import DATA, FORWARD_TSN, HEADER, I_DATA, I_FORWARD_TSN, SACK
from tests.sctp.path import Conditions, End, Path


def chunks(packet: bytes) -> list[tuple[int, int, bytes]]:
    """Return type, flags and body of the chunks of a packet."""
    found = []
    at = 12
    while at < len(packet):
        kind, flags, length = HEADER.unpack_from(packet, at)
        found.append((kind, flags, packet[at + 4 : at + length]))
        at += length + -length % 4
    return found


def of(end: End, kind: int) -> list[bytes]:
    """Return the bodies of all chunks of a kind that an end has sent."""
    return [body for packet in end.sent for each, _, body in chunks(packet) if each == kind]


def test_small_messages_share_packets() -> None:
    path = Path().connect()
    begin = len(path.left.sent)
    for number in range(1000):
        path.send(bytes([number % 256]) * 100)
    path.run(lambda: len(path.right.messages) == 1000)
    assert len(path.left.sent) - begin == pytest.approx(103, abs=4)


@pytest.mark.parametrize(("mixed", "most"), [(False, 1160), (True, 1156)])
def test_long_ones_fill_packets(mixed: bool, most: int) -> None:
    config = SctpConfig(interleaving=mixed)
    path = Path(left=config, right=config).connect()
    path.run(limit=1.0)
    path.send(bytes(20000))
    path.run(lambda: len(path.right.messages) == 1)
    sizes = [len(body) - (16 if mixed else 12) for body in of(path.left, I_DATA if mixed else DATA)]
    assert sizes[:-1] == [most] * (20000 // most)
    assert max(map(len, path.left.sent)) == 1188


def test_a_packet_has_the_size_it_is_configured_for() -> None:
    small = SctpConfig(max_packet=576)
    path = Path(left=small, right=small).connect()
    path.send(bytes(20000))
    path.run(lambda: len(path.right.messages) == 1)
    assert max(map(len, path.left.sent)) == 576


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(
    "delivery", [Delivery(max_retransmits=0), Delivery(lifetime=0.0), Delivery(max_retransmits=1)]
)
def test_what_is_given_up_holds_up_nothing(mixed: bool, ordered: bool, delivery: Delivery) -> None:
    """RFC 3758 §3.5, RFC 8260 §2.3: what follows arrives a round trip later at most."""
    config = SctpConfig(interleaving=mixed)
    path = Path(left=config, right=config).connect()
    path.send(bytes(1000))
    path.run(limit=1.0)
    how = Delivery(ordered, delivery.max_retransmits, delivery.lifetime)
    victim = 5
    path.left.passes = lambda packet: b"victim" not in packet
    for number in range(12):
        body = b"victim" if number == victim else bytes([number])
        path.send((body * 1150)[:1150], stream=1, delivery=how)
    expired = delivery.lifetime == 0.0
    expected = 0 if expired else 11
    path.run(lambda: len(path.right.messages) == 1 + expected, limit=1.0)
    path.run(limit=1.0)
    got = [message.data[0] for message in path.right.messages[1:]]
    assert got == ([] if expired else [number for number in range(12) if number != victim])
    statistics = path.left.association.statistics()
    assert (statistics.unacknowledged, statistics.queued) == (0, 0)
    kind = I_FORWARD_TSN if mixed else FORWARD_TSN
    assert bool(of(path.left, kind)) is not expired


@pytest.mark.parametrize("delivery", [Delivery(max_retransmits=0), Delivery(lifetime=0.1)])
def test_a_peer_that_knows_no_forward_tsn_gets_all_that_was_begun(delivery: Delivery) -> None:
    """RFC 3758 §3.1: it would wait for ever for what is given up."""
    path = Path().connect()
    path.run(limit=1.0)
    path.left.association._session.outbound.limits = False
    lost = 0

    def passes(packet: bytes) -> bool:
        nonlocal lost
        lost += b"victim" in packet
        return b"victim" not in packet or lost > 2

    path.left.passes = passes
    path.send(b"victim", delivery=delivery)
    path.send(b"next")
    path.run(lambda: len(path.right.messages) == 2, limit=10.0)
    assert [message.data for message in path.right.messages] == [b"victim", b"next"]
    assert not of(path.left, FORWARD_TSN)


def test_what_is_given_up_on_many_streams_leaves_room_for_a_reset() -> None:
    path = Path().connect()
    path.run(limit=1.0)
    path.left.passes = lambda _packet: False
    for stream in range(400):
        path.send(b"victim", stream=stream, delivery=Delivery(max_retransmits=0))
    path.left.association.reset(range(1000, 1200))
    path.run(limit=2.0)
    path.left.passes = lambda _packet: True
    path.run(lambda: path.left.association.statistics().unacknowledged == 0)
    assert max(map(len, path.left.sent)) <= 1191


def test_a_message_half_of_which_was_sent_is_given_up_whole() -> None:
    """RFC 3758 §3.5 A3: a TSN stands for the rest, so that the peer drops its half."""
    path = Path(Conditions(delay=0.1)).connect()
    path.run(limit=1.0)
    path.send(bytes(60000), delivery=Delivery(lifetime=0.05))
    path.send(b"next")
    count = 0

    def passes(_packet: bytes) -> bool:
        nonlocal count
        count += 1
        return count != 2

    path.left.passes = passes
    path.run(lambda: bool(path.right.messages), limit=2.0)
    assert [message.data for message in path.right.messages] == [b"next"]
    assert path.right.association.statistics().held == 0
    assert path.left.association.statistics().abandoned == 1


def test_a_forward_tsn_that_is_lost_comes_again() -> None:
    path = Path().connect()
    path.run(limit=1.0)
    path.send(b"victim", delivery=Delivery(max_retransmits=0))
    path.send(b"x")
    lost = 0

    def passes(packet: bytes) -> bool:
        nonlocal lost
        kinds = [kind for kind, _, _ in chunks(packet)]
        if FORWARD_TSN in kinds and lost < 10:
            lost += 1
            return False
        return b"victim" not in packet or lost > 0

    path.left.passes = passes
    path.run(lambda: bool(path.right.messages))
    assert lost == 10
    assert [message.data for message in path.right.messages] == [b"x"]


def test_a_peer_without_room_is_asked_now_and_then() -> None:
    """RFC 9260 §6.1 A: one chunk while nothing is under way, and all at once when there is room."""
    path = Path().connect()
    path.run(limit=1.0)
    inbound = path.right.association._session.inbound
    assert inbound is not None
    window, inbound._window = inbound._window, -1
    inbound._reserve = 0
    path.right.association._session.state = path.right.association.state
    tag_before = len(path.left.sent)
    taken = path.right.association.receive

    def refuse(packet: bytes, now: float) -> None:
        if packet[12] == DATA:
            inbound.sack_now = True
        else:
            taken(packet, now)

    path.right.association.receive = refuse  # type: ignore[method-assign]
    for _ in range(5):
        path.send(bytes(1000))
    path.run(limit=60.0)
    asked = len(path.left.sent) - tag_before
    assert 15 < asked < 60
    path.right.association.receive = taken  # type: ignore[method-assign]
    inbound._window = window
    path.run(lambda: len(path.right.messages) == 5, limit=5.0)


def test_what_has_to_be_acknowledged_at_once_says_so() -> None:
    """RFC 9260 §6.1: the last chunk when nothing waits any more has the I bit."""
    path = Path().connect()
    path.send(bytes(200000), protocol=53)
    path.run(limit=2.0)
    begin = len(path.left.sent)
    for _ in range(9):
        path.send(bytes(1160))
    path.run(limit=1.0)
    flags = [
        flags
        for packet in path.left.sent[begin:]
        for kind, flags, _ in chunks(packet)
        if kind == DATA
    ]
    assert [bool(each & 8) for each in flags] == [False] * 8 + [True]


def test_an_acknowledgement_rides_in_front_of_data() -> None:
    path = Path().connect()
    path.run(limit=1.0)
    for _ in range(3):
        path.send(bytes(1000))
    path.run(limit=0.026)
    path.send(b"back", end=path.right)
    path.run(limit=0.02)
    kinds = [[kind for kind, _, _ in chunks(packet)] for packet in path.right.sent]
    assert [SACK, DATA] in kinds or [SACK] in kinds


def test_the_rate_of_a_long_path_is_made_use_of() -> None:
    """Ten megabytes at 50 ms: the search for the window doubles it each round trip."""
    path = Path().connect()
    for _ in range(200):
        path.send(bytes(50000))
    took = path.run(lambda: len(path.right.messages) == 200)
    assert took < 12 * 0.05
    assert path.left.association.statistics().timeouts == 0


def test_a_path_that_was_idle_is_filled_with_care() -> None:
    """RFC 9260 §7.2.1: half the window for each time-out without data, ten packets at least."""
    path = Path().connect()
    for _ in range(40):
        path.send(bytes(50000))
    path.run(lambda: len(path.right.messages) == 40)
    congestion = path.left.association._session.outbound.flight.congestion
    before = congestion.window
    assert before > 300 * congestion.packet
    path.run(limit=0.9)
    path.send(b"x", end=path.right)
    path.run(limit=0.1)
    assert congestion.window == before, "nothing was to be sent"
    path.send(b"x")
    path.run(limit=0.001)
    assert congestion.window == before // 4
    path.run(limit=60.0)
    path.send(b"x")
    path.run(limit=0.001)
    assert congestion.window == 10 * congestion.packet
