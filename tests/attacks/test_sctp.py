"""An authenticated peer against the SCTP association."""

import asyncio
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from peer.sctp import SctpConfig, SctpDrop, SctpState
from peer.sctp.config import WINDOW
from peer.sctp.dcep import Open
from peer.sctp.inbound import MAX_HELD
from peer.sctp.packets import MAX_CHUNKS
from peer.sctp.received import MAX_AHEAD, MAX_GAPS
from peer.sctp.wire import (
    ABORT,
    BEGIN,
    DATA,
    END,
    FORWARD_TSN,
    HEARTBEAT,
    I_DATA,
    I_FORWARD_TSN,
    MASK,
    RE_CONFIG,
    SACK,
    UNORDERED,
    packet,
    write_chunk,
    write_parameter,
)
from peer.transports.datachannel import DataChannel
from peer.transports.sctp import MAX_MESSAGE_SIZE, MAX_PAUSES
from tests.attacks.cost import DATAGRAM, MARGIN, cpu
from tests.sctp.path import Path
from tests.transports.associations import associated, collect, packet_for
from tests.transports.test_dtls import run
from tests.transports.wire import until

MTU = 1191


class Attacker:
    """Writes packets that the victim takes for the peer's, and counts what comes back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.victim = path.right.association
        self.session = self.victim._session
        self.answers: list[bytes] = []
        self.received = self.sent = 0
        assert self.session.inbound is not None
        self.inbound = self.session.inbound
        self.tsn = self.inbound.received.cumulative
        self.dearest = 0.0

    def send(self, *chunks: bytes) -> None:
        """Send one packet, and let the victim answer."""
        tag = self.session.establishment.local.tag
        data = packet(5000, 5000, tag, *chunks)
        self.path.now += 0.0001
        now = self.path.now
        self.dearest = max(self.dearest, cpu(lambda: self.victim.receive(data, now)))
        self.sent += len(data)
        answers = self.victim.transmits(now)
        self.answers += answers
        self.received += sum(map(len, answers))
        while self.victim.next_event() is not None:
            pass

    def data(
        self, stream: int, flags: int, body: bytes, *, step: int = 1, number: int = 0
    ) -> bytes:
        """Make the next DATA chunk."""
        self.tsn += step
        head = struct.pack("!LHHL", self.tsn & MASK, stream, number, 53)
        return write_chunk(DATA, head + body, flags)

    def i_data(self, stream: int, flags: int, body: bytes, *, number: int = 0) -> bytes:
        """Make the next I-DATA chunk, the first of its message."""
        self.tsn += 1
        head = struct.pack("!LHHLL", self.tsn & MASK, stream, 0, number, 53)
        return write_chunk(I_DATA, head + body, flags)


@contextmanager
def attacked(config: SctpConfig | None = None, *, interleaving: bool = False) -> Iterator[Attacker]:
    """A victim with a hostile peer; each of its packets costs little."""
    config = config or SctpConfig(max_message_size=MAX_MESSAGE_SIZE, interleaving=interleaving)
    path = Path(left=SctpConfig(interleaving=interleaving), right=config).connect()
    path.run(limit=1.0)
    attacker = Attacker(path)
    yield attacker
    assert attacker.dearest < DATAGRAM * MARGIN


def sack(cumulative: int, blocks: list[tuple[int, int]], window: int = WINDOW) -> bytes:
    """Write a SACK."""
    pairs = b"".join(struct.pack("!HH", *block) for block in blocks)
    head = struct.pack("!LLHH", cumulative & MASK, window, len(blocks), 0)
    return write_chunk(SACK, head + pairs)


def test_sacks_cost_what_is_outstanding_and_not_what_they_claim() -> None:
    with attacked() as attacker:
        flight = attacker.session.outbound.flight
        for _ in range(20):
            attacker.send(sack(flight.cumulative, [(1, 65535)] * 280))
        assert attacker.victim.drops == {SctpDrop.NOTHING_SENT: 20}
        attacker.send(*[sack(flight.cumulative, [(1, 65535)])] * 98)
        assert attacker.victim.drops[SctpDrop.TOO_MANY_CHUNKS] == 97
        # nothing was sent that this could acknowledge
        attacker.send(sack(flight.next_tsn + 1000, []))
        assert attacker.victim.drops[SctpDrop.NOTHING_SENT] == 22


def test_gap_blocks_that_change_all_the_time_cost_what_is_outstanding() -> None:
    with attacked() as attacker:
        victim, flight = attacker.victim, attacker.session.outbound.flight
        victim.send(0, 53, bytes(1 << 20), attacker.path.now)
        victim.transmits(attacker.path.now)
        assert flight.outstanding == 11
        for number in range(2000):
            attacker.send(sack(flight.cumulative, [(2 + number % 9, 2 + number % 9)]))
        assert flight.outstanding < 6000


@pytest.mark.parametrize("size", [1, 40, 1100, 1900])
@pytest.mark.parametrize("flags", [0, UNORDERED])
def test_an_endless_message_is_held_up_to_a_bound(size: int, flags: int) -> None:
    with attacked() as attacker:
        begun = BEGIN
        per_packet = max(1, min(60, MTU // (16 + size + 3)))
        for _ in range(2000):
            chunks = []
            for _ in range(per_packet):
                chunks.append(attacker.data(0, flags | begun, bytes(size)))
                begun = 0
            attacker.send(*chunks)
            assert attacker.inbound.held <= MAX_MESSAGE_SIZE
            assert attacker.inbound.reassembly.count <= 2 * MAX_HELD
            if attacker.victim.state is SctpState.ENDED:
                break
        drops = attacker.victim.drops
        assert drops[SctpDrop.MESSAGE_TOO_LONG] == (size > 8)
        # fragments of a byte are nobody's way to send: that is told, and the end
        assert (attacker.victim.state is SctpState.ENDED) == (size <= 8)
        assert (attacker.answers[-1][12] == ABORT) == (size <= 8)


def test_messages_begun_out_of_order_are_held_up_to_the_window() -> None:
    with attacked() as attacker:
        attacker.tsn += 1
        for number in range(1, 6000):
            whole = BEGIN | END
            attacker.send(attacker.data(number, whole, bytes(1100), number=9))
        assert WINDOW - 4000 < attacker.inbound.held <= WINDOW
        assert attacker.victim.drops[SctpDrop.NO_ROOM]


def test_small_messages_that_wait_are_few() -> None:
    with attacked() as attacker:
        attacker.tsn += 1
        for _ in range(400):
            attacker.send(
                *(attacker.data(n, BEGIN | END, b"x", number=7) for n in range(60)),
            )
        assert attacker.inbound.reassembly.count <= MAX_HELD
        assert attacker.victim.drops


@pytest.mark.parametrize("stream", [0, 65535])
def test_holes_are_few_and_acknowledged_within_the_mtu(stream: int) -> None:
    with attacked() as attacker:
        for _ in range(9000):
            attacker.send(attacker.data(stream, BEGIN | END | UNORDERED, b"x", step=2))
        assert attacker.inbound.received.gaps == MAX_GAPS
        assert max(map(len, attacker.answers)) <= MTU
        assert attacker.received <= 5 * attacker.sent


def test_a_tsn_far_ahead_is_not_taken() -> None:
    with attacked() as attacker:
        attacker.send(attacker.data(0, BEGIN | END, b"x", step=MAX_AHEAD + 1))
        assert attacker.victim.drops == {SctpDrop.TOO_FAR_AHEAD: 1}
        assert attacker.inbound.received.gaps == 0


def test_duplicates_are_acknowledged_within_the_mtu() -> None:
    with attacked() as attacker:
        chunk = attacker.data(0, BEGIN | END, b"x")
        for _ in range(20):
            attacker.send(*[chunk] * 60)
        assert max(map(len, attacker.answers)) <= 200
        assert len(attacker.answers) <= 21


def test_giving_up_on_many_streams_costs_little() -> None:
    with attacked() as attacker:
        for stream in range(0, 65535, 60):
            attacker.send(
                *(
                    attacker.data(n, BEGIN | END, b"x")
                    for n in range(stream, min(stream + 60, 65535))
                ),
            )
        for number in range(1, 200):
            pairs = [((number * 280 + each) % 65536, 7) for each in range(280)]
            body = struct.pack("!L", attacker.tsn + number & MASK)
            body += b"".join(struct.pack("!HH", *pair) for pair in pairs)
            attacker.send(write_chunk(FORWARD_TSN, body))
        attacker.send(*[write_chunk(FORWARD_TSN, body)] * 10)
        assert attacker.victim.drops[SctpDrop.TOO_MANY_CHUNKS] == 9


def test_giving_up_far_ahead_costs_little() -> None:
    with attacked() as attacker:
        for number in range(200):
            attacker.tsn += 60000
            attacker.send(
                write_chunk(FORWARD_TSN, struct.pack("!L", attacker.tsn & MASK)),
                *(attacker.data(0, BEGIN, b"x", step=2) for _ in range(40)),
            )
            assert number or attacker.inbound.reassembly.count == 40
        assert attacker.inbound.reassembly.count <= 40


def _fill_with(attacker: Attacker, kind: str) -> None:
    """Have the victim hold thousands of what can go on with nothing that has come."""
    for first in range(0, MAX_HELD // 2, 40):
        numbers = range(1000 + first, 1000 + first + 40)
        if kind == "messages":
            chunks = [attacker.data(0, BEGIN | END, b"x", number=number) for number in numbers]
        elif kind == "fragments":
            chunks = [attacker.data(0, 0, b"x", step=2) for _ in numbers]
        else:
            loose = UNORDERED if kind == "unordered" else 0
            chunks = [attacker.i_data(0, BEGIN | loose, b"x", number=number) for number in numbers]
        attacker.send(*chunks)


@pytest.mark.parametrize("kind", ["messages", "fragments", "ordered", "unordered"])
def test_giving_up_one_at_a_time_does_not_look_at_all_that_waits(kind: str) -> None:
    """RFC 3758 §3.6: what such a packet costs are the messages that it gives up."""
    mixed = kind.endswith("ordered")
    with attacked(interleaving=mixed) as attacker:
        _fill_with(attacker, kind)
        inbound = attacker.inbound
        held = inbound.held
        assert held >= MAX_HELD // 2 - 40
        point = inbound.received.cumulative
        begin = time.thread_time()
        for number in range(200):
            if mixed:
                named = struct.pack("!HHL", 0, kind == "unordered", number)
                forward = write_chunk(I_FORWARD_TSN, struct.pack("!L", point + 1 & MASK) + named)
            else:
                named = struct.pack("!HH", 0, number)
                forward = write_chunk(FORWARD_TSN, struct.pack("!L", point + 1 & MASK) + named)
            attacker.send(forward)
            point = inbound.received.cumulative
        assert (time.thread_time() - begin) / 200 < 30e-6 * MARGIN
        assert inbound.held >= held - 201


def test_many_chunks_of_a_packet_are_not_looked_at() -> None:
    with attacked() as attacker:
        attacker.send(*[write_chunk(0xC7)] * 1000)
        assert attacker.victim.drops[SctpDrop.TOO_MANY_CHUNKS] == 1000 - MAX_CHUNKS


def test_what_is_asked_for_is_answered_once_a_packet() -> None:
    with attacked() as attacker:
        beat = write_chunk(HEARTBEAT, write_parameter(1, b"x"))
        attacker.send(*[beat] * 40)
        assert len(attacker.answers) == 1
        assert len(attacker.answers[0]) == 12 + 12


def test_resets_are_answered_in_little() -> None:
    with attacked() as attacker:
        number = attacker.session.incoming_resets.number
        for each in range(300):
            streams = struct.pack("!500H", *range(500))
            body = struct.pack("!LLL", number + 1 + each & MASK, 0, attacker.tsn + 9 & MASK)
            request = write_parameter(13, body + streams)
            attacker.send(*[write_chunk(RE_CONFIG, request)] * 3)
        assert attacker.victim.drops[SctpDrop.TOO_MANY_CHUNKS] == 300
        assert attacker.received < attacker.sent


def test_inits_are_answered_at_a_bounded_rate() -> None:
    with attacked() as attacker:
        init = Path(seed="other").left.association.initiation
        begin, now = len(attacker.answers), attacker.path.now
        for _ in range(500):
            attacker.victim.receive(packet(5000, 5000, 0, init), now)
            attacker.answers += attacker.victim.transmits(now)
        assert len(attacker.answers) - begin <= 20
        assert attacker.victim.drops[SctpDrop.TOO_MANY_INITS] >= 480
        assert attacker.victim.state is SctpState.ESTABLISHED


def test_each_fragment_costs_little() -> None:
    """Whatever their order: eight megabytes as they come, and backwards."""
    with attacked(SctpConfig(max_message_size=0)) as attacker:
        count = 4000
        for backwards in (False, True):
            base = attacker.tsn
            begin = time.thread_time()
            for index in range(count):
                place = count - index if backwards else index + 1
                attacker.tsn = base + place - 1
                flags = (BEGIN if place == 1 else 0) | (END if place == count else 0)
                attacker.send(attacker.data(0, flags | UNORDERED, bytes(1100)))
            assert time.thread_time() - begin < 0.1 * MARGIN * 4
            attacker.tsn = base + count
            assert attacker.inbound.held == 0


def test_a_message_as_long_as_announced_arrives() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            for _ in range(3):
                mine.send(bytes(MAX_MESSAGE_SIZE))
            await until(lambda: len(got) == 3)
            assert {len(one) for one in got} == {MAX_MESSAGE_SIZE}

    run(scenario)


def test_a_channel_with_a_message_that_is_too_long_is_closed() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            other, _ = await both.channel("other")
            both.left.set_max_message_size(0)
            mine.send(bytes(MAX_MESSAGE_SIZE + 1))
            await until(lambda: mine.readyState == theirs.readyState == "closed")
            assert both.right.drops[SctpDrop.MESSAGE_TOO_LONG] == 1
            assert other.readyState == "open"

    run(scenario)


@pytest.mark.parametrize("days", [-1, 1, 4000])
def test_a_wall_clock_that_jumps_disturbs_nothing(
    days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            genuine = time.time
            for number in range(20):
                if number == 5:
                    monkeypatch.setattr(time, "time", lambda: genuine() + days * 86400)
                mine.send(bytes([number]) * 3000)
                await until(lambda number=number: len(got) > number)  # type: ignore[misc]
            statistics = both.left.statistics()
            assert statistics.round_trip is not None
            assert 0 <= statistics.round_trip < 1.0
            monkeypatch.undo()

    run(scenario)


def test_a_flood_of_tiny_messages_lets_others_run() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            turns = 0
            for _ in range(10000):
                mine.send(b"x")
            while len(got) < 10000:
                await asyncio.sleep(0)
                turns += 1
            assert turns > 10

    run(scenario)


def test_what_is_sent_behind_many_channels_does_not_pile_up() -> None:
    """One is made known after the other; messages that wait for that are in no window."""

    async def scenario() -> None:
        async with associated() as both:
            heard: list[str | bytes] = []

            def listen(channel: DataChannel) -> None:
                channel.on("message", heard.append)

            both.right.on("datachannel", listen)
            inbound = both.right._association._session.inbound
            assert inbound is not None
            tsn, count = inbound.received.cumulative, 4 * MAX_PAUSES
            for stream in range(51, 51 + 2 * count, 2):
                chunks = []
                for number, (kind, body) in enumerate(((50, Open().serialize()), (51, b"x"))):
                    tsn += 1
                    head = struct.pack("!LHHLL", tsn & MASK, stream, 0, number, kind)
                    chunks.append(write_chunk(I_DATA, head + body, BEGIN | END))
                both.right.receive(packet_for(both.right, *chunks))
            turns = 0
            while len(heard) < count:
                await asyncio.sleep(0)
                turns += 1
                assert turns < 2 * MAX_PAUSES

    run(scenario)
