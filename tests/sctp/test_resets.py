"""Resetting streams (RFC 6525), between two associations and piece by piece."""

import struct

import pytest

from peer.sctp import SctpDrop, SctpState
from peer.sctp.events import IncomingReset, OutgoingReset
from peer.sctp.resets import (
    BAD_SEQUENCE,
    DENIED,
    IN_PROGRESS,
    NOTHING_TO_DO,
    PERFORMED,
    may_stand_together,
)
from peer.sctp.wire import (
    ADD_INCOMING,
    ADD_OUTGOING,
    BEGIN,
    DATA,
    END,
    INCOMING_RESET,
    MASK,
    OUTGOING_RESET,
    RE_CONFIG,
    RESET_RESPONSE,
    TSN_RESET,
    Parameter,
    packet,
    write_chunk,
    write_parameter,
)
from tests.sctp.path import Conditions, Path
from tests.sctp.test_outbound import of


class Peer:
    """Writes RE-CONFIG chunks that the right end takes for the left's."""

    def __init__(self) -> None:
        self.path = Path().connect()
        self.path.send(b"used", end=self.path.right)
        self.path.run(limit=1.0)
        self.victim = self.path.right.association
        self.number = self.victim._session.incoming_resets.number
        inbound = self.victim._session.inbound
        assert inbound is not None
        self.tsn = inbound.received.cumulative

    def ask(self, kind: int, body: bytes) -> int | None:
        """Make a request; returns the result of the answer."""
        tag = self.victim._session.establishment.local.tag
        chunk = write_chunk(RE_CONFIG, write_parameter(kind, body))
        self.victim.receive(packet(5000, 5000, tag, chunk), self.path.now)
        begin = len(self.path.right.sent)
        self.path.run(limit=0.001)
        answers = [
            body
            for sent in self.path.right.sent[begin:]
            for body in [sent[sent.find(b"\0\x10\0\x0c") + 8 :]]
            if b"\0\x10\0\x0c" in sent
        ]
        return struct.unpack_from("!L", answers[-1])[0] if answers else None

    def outgoing(self, number: int, last: int, *streams: int) -> int | None:
        """Ask for the reset of the peer's direction."""
        numbers = struct.pack("!LLL", number & MASK, 0, last & MASK)
        return self.ask(OUTGOING_RESET, numbers + struct.pack(f"!{len(streams)}H", *streams))


def test_both_directions() -> None:
    path = Path().connect()
    for end in path.ends:
        path.send(b"x" * 30000, stream=4, end=end)
        end.association.reset((4, 6))
    path.run(limit=2.0)
    for end in path.ends:
        assert [event.data for event in end.messages] == [b"x" * 30000]
        assert end.told(IncomingReset) == [
            IncomingReset(frozenset({6})),
            IncomingReset(frozenset({4})),
        ]
        assert end.told(OutgoingReset) == [OutgoingReset((6,), True), OutgoingReset((4,), True)]
    path.send(b"again", stream=4)
    path.run(lambda: len(path.right.messages) == 2)


@pytest.mark.parametrize("seed", range(10))
def test_under_loss_with_messages_before_and_after(seed: int) -> None:
    path = Path(Conditions(loss=0.3, jitter=0.02), seed=seed).connect()
    for turn in range(5):
        for number in range(4):
            path.send(bytes([turn, number]) * 2000, stream=1)
        path.left.association.reset((1,))
    path.run(lambda: len(path.right.messages) == 20)
    sent = [bytes([turn, number]) * 2000 for turn in range(5) for number in range(4)]
    assert [message.data for message in path.right.messages] == sent
    path.run(limit=20.0)
    resets = path.left.told(OutgoingReset)
    assert resets
    assert set(resets) == {OutgoingReset((1,), True)}


def test_many_streams_take_several_requests() -> None:
    path = Path().connect()
    path.left.association.reset(range(300))
    path.run(limit=2.0)
    asked = [event for event in path.left.told(OutgoingReset) if isinstance(event, OutgoingReset)]
    assert [len(event.streams) for event in asked] == [128, 128, 44]


def test_a_request_is_performed_once_and_answered_each_time() -> None:
    """RFC 6525 §5.2.1."""
    peer = Peer()
    assert peer.outgoing(peer.number + 1, peer.tsn, 3) == PERFORMED
    assert peer.outgoing(peer.number + 1, peer.tsn, 3) == PERFORMED
    assert peer.path.right.told(IncomingReset) == [IncomingReset(frozenset({3}))]
    assert peer.outgoing(peer.number + 3, peer.tsn, 3) == BAD_SEQUENCE
    assert peer.outgoing(peer.number, peer.tsn, 3) == BAD_SEQUENCE
    # No streams are all streams (§5.2.2 E3).
    assert peer.outgoing(peer.number + 2, peer.tsn) == PERFORMED
    assert peer.path.right.told(IncomingReset)[-1] == IncomingReset(None)


@pytest.mark.parametrize("step", [0, 1])
def test_a_request_waits_for_what_was_sent_before(step: int) -> None:
    """RFC 6525 §5.2.2 E2; older dcSCTP asks again under a new number."""
    peer = Peer()
    assert peer.outgoing(peer.number + 1, peer.tsn + 1, 0) == IN_PROGRESS
    assert peer.outgoing(peer.number + 1 + step, peer.tsn + 1, 0) == IN_PROGRESS
    assert peer.path.right.told(IncomingReset) == []
    peer.path.send(b"the last")
    peer.path.run(limit=1.0)
    assert peer.path.right.told(IncomingReset) == [IncomingReset(frozenset({0}))]
    assert peer.outgoing(peer.number + 1 + step, peer.tsn + 1, 0) == PERFORMED
    assert len(peer.path.right.told(IncomingReset)) == 1


def test_what_waits_for_a_reset_and_contradicts_itself_ends_the_association() -> None:
    peer = Peer()
    assert peer.outgoing(peer.number + 1, peer.tsn + 1, 1) == IN_PROGRESS
    tag = peer.victim._session.establishment.local.tag
    for ahead, stream, flags in ((2, 1, BEGIN), (3, 1, BEGIN), (1, 0, BEGIN | END)):
        body = struct.pack("!LHHL", peer.tsn + ahead & MASK, stream, 0, 53) + b"data"
        chunk = write_chunk(DATA, body, flags)
        peer.victim.receive(packet(5000, 5000, tag, chunk), peer.path.now)
    assert peer.victim.state is SctpState.ENDED
    assert peer.victim.drops[SctpDrop.CONTRADICTION] == 1


def test_a_flood_of_requests_is_answered_in_packets_of_the_usual_size() -> None:
    peer = Peer()
    tag = peer.victim._session.establishment.local.tag
    for _ in range(200):
        body = struct.pack("!LLLH", peer.number + 7 & MASK, 0, peer.tsn & MASK, 3)
        chunk = write_chunk(RE_CONFIG, write_parameter(OUTGOING_RESET, body))
        peer.victim.receive(packet(5000, 5000, tag, chunk), peer.path.now)
    packets = peer.victim.transmits(peer.path.now)
    assert max(map(len, packets)) <= 1191
    assert sum(map(len, packets)) < 3000
    assert peer.victim.drops[SctpDrop.TOO_MANY_ANSWERS] > 0


def test_other_requests_are_answered() -> None:
    peer = Peer()
    number = peer.number
    one = struct.pack("!L", number + 1 & MASK)
    assert peer.ask(INCOMING_RESET, one + struct.pack("!H", 9)) == NOTHING_TO_DO
    two = struct.pack("!L", number + 2 & MASK)
    assert peer.ask(INCOMING_RESET, two + struct.pack("!H", 0)) == PERFORMED
    assert peer.ask(TSN_RESET, struct.pack("!L", number + 3 & MASK)) == DENIED
    four = struct.pack("!LHH", number + 4 & MASK, 9, 0)
    assert peer.ask(ADD_INCOMING, four) == DENIED
    # All streams that there can be are there already.
    assert peer.ask(ADD_OUTGOING, struct.pack("!LHH", number + 5 & MASK, 9, 0)) == DENIED


def test_streams_are_added_while_there_are_any() -> None:
    """RFC 6525 §5.2.5: Firefox and Janus ask for them."""
    peer = Peer()
    inbound = peer.victim._session.inbound
    assert inbound is not None
    inbound._streams = 300
    asked = struct.pack("!LHH", peer.number + 1 & MASK, 100, 0)
    assert peer.ask(ADD_OUTGOING, asked) == PERFORMED
    assert peer.ask(ADD_OUTGOING, asked) == PERFORMED
    assert inbound._streams == 400


def test_an_answer_that_is_lost_is_asked_for_again() -> None:
    path = Path().connect()
    path.run(limit=1.0)
    lost = 0

    def passes(packet: bytes) -> bool:
        nonlocal lost
        lost += packet[12] == 3 and b"\x82" in packet[28:29]
        return lost > 3 or not (packet[12] == 3 and packet[28:29] == b"\x82")

    path.right.passes = passes
    path.left.association.reset((0,))
    path.run(lambda: bool(path.left.told(OutgoingReset)))
    assert lost > 3
    requests = of(path.left, RE_CONFIG)
    assert len(requests) >= 4
    assert len(set(requests)) == 1
    assert len(path.right.told(IncomingReset)) == 1


def test_what_may_stand_together() -> None:
    """RFC 6525 §3.1."""

    def may(*kinds: int) -> bool:
        return may_stand_together([Parameter(kind, b"") for kind in kinds])

    assert may(TSN_RESET)
    assert may(OUTGOING_RESET, INCOMING_RESET)
    assert may(ADD_OUTGOING, ADD_INCOMING)
    assert may(RESET_RESPONSE, OUTGOING_RESET)
    assert may(RESET_RESPONSE, RESET_RESPONSE)
    assert not may(OUTGOING_RESET, ADD_OUTGOING)
    assert not may(TSN_RESET, RESET_RESPONSE)
    assert not may(RESET_RESPONSE, RESET_RESPONSE, OUTGOING_RESET)
