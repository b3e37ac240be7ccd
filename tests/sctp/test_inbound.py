"""When what came is acknowledged (RFC 9260 §6.2)."""

import pytest

from peer.sctp import SctpState
from peer.sctp.wire import (
    BEGIN,
    DATA,
    DATA_HEAD,
    END,
    IMMEDIATE,
    MASK,
    SHUTDOWN,
    SHUTDOWN_ACK,
    SHUTDOWN_COMPLETE,
    packet,
    write_chunk,
)
from tests.sctp.path import Path


class Sender:
    """Gives DATA chunks to the right end, and looks at its SACKs."""

    def __init__(self, *, ours: bool = False) -> None:
        self.path = Path().connect()
        self.path.run(limit=1.0)
        self.receiver = self.path.right.association
        inbound = self.receiver._session.inbound
        assert inbound is not None
        inbound.every = 8 if ours else 2
        self.tsn = inbound.received.cumulative
        # The first one of all is acknowledged at once.
        self.now = self.path.now
        self.give(1)
        assert self.acknowledgements() == 1

    def give(self, step: int, flags: int = 0) -> None:
        """Let a packet with one chunk arrive."""
        self.tsn += step
        flags |= BEGIN | END | 4
        chunk = DATA_HEAD.pack(DATA, flags, 17, self.tsn & MASK, 0, 0, 53) + b"x\0\0\0"
        tag = self.receiver._session.establishment.local.tag
        self.receiver.receive(packet(5000, 5000, tag, chunk), self.now)

    def acknowledgements(self) -> int:
        """Count the SACKs that are sent now."""
        return sum(data[12] == 3 for data in self.receiver.transmits(self.now))


def test_the_second_packet_is_not_waited_for_long() -> None:
    sender = Sender()
    sender.give(1)
    assert sender.acknowledgements() == 0
    timer = sender.receiver.get_timer()
    assert timer is not None
    assert timer - sender.now == pytest.approx(0.1)
    sender.now = timer
    sender.receiver.handle_timer(timer)
    assert sender.acknowledgements() == 1
    assert sender.receiver.get_timer() != timer


@pytest.mark.parametrize(("ours", "expected"), [(False, 16), (True, 4)])
def test_a_batch_is_acknowledged_as_if_it_had_come_one_by_one(ours: bool, expected: int) -> None:
    """A sender of at most four packets a SACK is not starved."""
    sender = Sender(ours=ours)
    for _ in range(32):
        sender.give(1)
    assert sender.acknowledgements() == expected


@pytest.mark.parametrize(("step", "flags"), [(2, 0), (0, 0), (1, IMMEDIATE)])
def test_what_is_told_at_once(step: int, flags: int) -> None:
    sender = Sender()
    sender.give(step, flags)
    assert sender.acknowledgements() == 1


def test_a_gap_is_told_with_each_packet_to_who_counts_them() -> None:
    sender = Sender()
    sender.give(2)
    for _ in range(3):
        sender.give(1)
    assert sender.acknowledgements() == 4


def test_a_shutdown_of_the_peer_is_answered_when_all_has_arrived() -> None:
    """RFC 9260 §9.2."""
    path = Path().connect()
    path.run(limit=1.0)
    path.send(bytes(30000), end=path.right)
    path.run(limit=0.001)
    session = path.right.association._session
    tag = session.establishment.local.tag
    cumulative = (session.outbound.flight.cumulative & MASK).to_bytes(4, "big")
    path.right.association.receive(
        packet(5000, 5000, tag, write_chunk(SHUTDOWN, cumulative)), path.now
    )
    path.run(lambda: bool(path.left.messages), limit=5.0)
    path.left.passes = lambda _packet: True
    path.run(lambda: any(data[12] == SHUTDOWN_ACK for data in path.right.sent), limit=5.0)
    assert session.state in (SctpState.SHUTDOWN_ACK_SENT, SctpState.ENDED)
    # The peer, which has not begun to shut down after all, knows nothing of it.
    path.run(limit=1.0)
    assert path.left.association.drops
    path.right.association.receive(
        packet(5000, 5000, tag, write_chunk(SHUTDOWN_COMPLETE)), path.now
    )
    assert session.state is SctpState.ENDED
