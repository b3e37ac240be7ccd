"""Chunks of anything, in packets that are the peer's: nothing raises, and the books balance."""

import random

import pytest

from peer.sctp import SctpConfig, SctpState
from peer.sctp.inbound import Inbound
from peer.sctp.message import IN_FLIGHT, Delivery
from peer.sctp.reassembly import Reassembly
from peer.sctp.wire import MASK, packet, write_chunk
from tests.sctp.path import Path

KINDS = [0, 0, 0, 0, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 130, 130, 192, 192, 255]
RARE = {6, 7, 8, 14}
"""They end the association, or begin to."""


def near(chance: random.Random, tsn: int) -> bytes:
    """Write a TSN that is not far from another."""
    return ((tsn + chance.randrange(-3, 9)) & MASK).to_bytes(4, "big")


def chunk(chance: random.Random, tsn: int, sent: int, *, mixed: bool) -> bytes:
    """Make a chunk, of a kind that means something more often than not."""
    kind = chance.choice(KINDS)
    if kind in RARE and chance.random() < 0.98:
        kind = 0
    if mixed != (chance.random() < 0.002):
        kind = {0: 64, 192: 194}.get(kind, kind)
    number = chance.randrange(4).to_bytes(2, "big")
    body = chance.randbytes(chance.randrange(40))
    if kind == 0:
        body = near(chance, tsn) + number * 2 + b"\0\0\0\x35" + body
    elif kind == 64:
        body = near(chance, tsn) + number + b"\0\0" + bytes(2) + number + bytes(2) + number + body
    elif kind == 3:
        blocks = chance.randrange(4)
        pairs = b"".join(chance.randrange(20).to_bytes(2, "big") for _ in range(2 * blocks))
        window = chance.choice((0, 5000, 1 << 20)).to_bytes(4, "big")
        body = near(chance, sent) + window + blocks.to_bytes(2, "big") + bytes(2) + pairs
    elif kind in (192, 194):
        body = near(chance, tsn) + number * chance.randrange(5)
    elif kind == 130:
        kind_of = chance.choice((13, 14, 15, 16, 17, 18))
        inner = near(chance, tsn) + chance.randbytes(4) + near(chance, tsn) + number
        body = kind_of.to_bytes(2, "big") + (4 + len(inner)).to_bytes(2, "big") + inner
    # Fragments that are of no message end the association.
    flags = 3 | chance.choice((0, 4, 8)) if chance.random() < 0.998 else chance.randrange(16)
    return write_chunk(kind, body, flags)


def _check_runs(inbound: Inbound) -> None:
    """What was given up with all before it is not held: no rest of it comes any more."""
    reassembly = inbound.reassembly
    # What a reset holds back may be the rest.
    if isinstance(reassembly, Reassembly) and inbound._deferred is None:
        lasts = [run.last for run in reassembly._by_first.values()]
        assert min(lasts, default=inbound.received.cumulative) >= inbound.received.cumulative


def check(path: Path) -> None:
    """See whether what is counted is what there is."""
    session = path.right.association._session
    if session.state is SctpState.ENDED:
        return
    flight = session.outbound.flight
    under_way = [one for one in flight._sent[flight._head :] if one and one.state == IN_FLIGHT]
    assert flight.count == len(under_way)
    assert flight.congestion.flight == sum(one.size for one in under_way)
    assert session.outbound.queue.amount >= 0
    if session.inbound is not None:
        assert 0 <= session.inbound.held <= 2 * session.config.window
        _check_runs(session.inbound)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_the_books_balance_whatever_comes(seed: int, mixed: bool) -> None:
    chance = random.Random(seed)
    config = SctpConfig(interleaving=mixed)
    path = Path(seed=seed, left=config, right=config).connect()
    path.run(limit=1.0)
    victim = path.right.association
    session = victim._session
    path.right.passes = lambda _packet: False
    for _ in range(150):
        if victim.state is SctpState.ENDED:
            break
        if chance.random() < 0.5:
            limits = chance.choice((None, 0, 1)), chance.choice((None, 0.0, 0.3))
            delivery = Delivery(chance.random() < 0.5, *limits)
            data = bytes(chance.choice((1, 2000, 20000)))
            path.send(data, stream=chance.randrange(4), delivery=delivery, end=path.right)
        if chance.random() < 0.1:
            victim.reset((chance.randrange(4),))
        assert session.inbound is not None
        received = session.inbound.received.cumulative
        sent = session.outbound.flight.cumulative
        count = chance.randrange(1, 5)
        chunks = [chunk(chance, received, sent, mixed=mixed) for _ in range(count)]
        tag = session.establishment.local.tag
        victim.receive(packet(5000, 5000, tag, *chunks), path.now)
        # Time passes, and whatever is due comes of it.
        path.run(limit=chance.choice((0.0, 0.01, 0.5, 5.0)))
        check(path)
