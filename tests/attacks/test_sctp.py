"""An authenticated peer against the SCTP association."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aiortc.rtcsctptransport import (
    Chunk,
    DataChunk,
    ForwardTsnChunk,
    HeartbeatChunk,
    SackChunk,
)
from google_crc32c import value as crc32c

from peer.transports.association import (
    MAX_HELD,
    MAX_MESSAGE_SIZE,
    MAX_STREAMS,
    MAX_TSNS_AHEAD,
    WINDOW,
)
from peer.transports.chunks import MAX_BLOCKS, SctpDrop
from peer.transports.reassembly import Reassembly
from peer.transports.sctp import SctpTransport
from tests.attacks.cost import DATAGRAM, MARGIN, cpu
from tests.transports.associations import Associations, associated, collect
from tests.transports.test_dtls import run
from tests.transports.wire import nothing, until

LAST, FIRST, UNORDERED = 1, 2, 4
MTU = 1189


class Attacker:
    """Writes packets that the victim takes for the peer's, and counts what comes back."""

    def __init__(self, both: Associations) -> None:
        self.victim = both.right
        self.both = both
        self.answers: list[bytes] = []
        self.tsn = both.right._last_received_tsn or 0
        self.dearest = 0.0
        both.right.dtls.send_data = self._take  # type: ignore[method-assign]

    def _take(self, data: bytes) -> None:
        self.answers.append(data)

    def send(self, *chunks: Chunk) -> None:
        """Send one packet."""
        header = struct.pack("!HHL", 5000, 5000, self.victim._local_verification_tag)
        data = b"".join(map(bytes, chunks))
        checksum = struct.pack("<L", crc32c(header + bytes(4) + data))
        packet = header + checksum + data
        self.dearest = max(self.dearest, cpu(lambda: self.victim.receive(packet)))

    def data(
        self, stream: int, flags: int, body: bytes, *, step: int = 1, protocol: int = 53
    ) -> DataChunk:
        """Make the next DATA chunk."""
        self.tsn = (self.tsn + step) & 0xFFFFFFFF
        chunk = DataChunk(flags=flags)
        chunk.tsn, chunk.stream_id, chunk.protocol, chunk.user_data = (
            self.tsn,
            stream,
            protocol,
            body,
        )
        return chunk

    def acknowledge(self) -> None:
        """Acknowledge all that the victim has sent."""
        sack = SackChunk()
        sack.cumulative_tsn = (self.victim._local_tsn - 1) & 0xFFFFFFFF
        sack.advertised_rwnd = WINDOW
        self.send(sack)


@asynccontextmanager
async def attacked() -> AsyncIterator[Attacker]:
    """An association with a hostile peer that has opened one channel."""
    async with associated() as both:
        await both.channel()
        genuine = both.right.dtls.send_data
        attacker = Attacker(both)
        yield attacker
        both.right.dtls.send_data = genuine  # type: ignore[method-assign]
        # What is open by then was disturbed by nothing.
        assert attacker.dearest < DATAGRAM * MARGIN


def streams(victim: SctpTransport) -> Iterator[Reassembly]:
    yield from cast("dict[int, Reassembly]", victim._inbound_streams).values()


def held(victim: SctpTransport) -> tuple[int, int]:
    """Return the fragments and the bytes that are held."""
    known = list(streams(victim))
    return sum(one.held_fragments for one in known), sum(one.held_bytes for one in known)


def test_sacks_cost_what_is_outstanding_and_not_what_they_claim() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            victim = attacker.victim
            sack = SackChunk()
            sack.cumulative_tsn, sack.advertised_rwnd = victim._last_sacked_tsn, WINDOW
            sack.gaps = [(1, 65535)] * MAX_BLOCKS
            for _ in range(20):
                attacker.send(sack)
            attacker.send(*[sack] * 40)
            assert victim.drops == {SctpDrop.TOO_MANY_CHUNKS: 1}
            # nothing was sent that this could acknowledge
            sack.cumulative_tsn = (victim._local_tsn + 1000) & 0xFFFFFFFF
            attacker.send(sack)
            assert victim.drops[SctpDrop.NOTHING_SENT] == 1

    run(scenario)


def test_gap_blocks_are_heeded() -> None:
    """What is bounded goes on to work: a lost packet is sent again."""

    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got, lost = collect(theirs), 0
            wire = both.pair.link.to_right

            def lossy(data: bytes) -> bool:
                nonlocal lost
                lost += len(data) > 900
                return len(data) <= 900 or lost % 7 != 3

            wire.passes = lossy
            sent = [bytes([number]) * 1100 for number in range(120)]
            for message in sent:
                mine.send(message)
            await until(lambda: len(got) == len(sent))
            assert got == sent
            assert lost > len(sent)

    run(scenario)


@pytest.mark.parametrize("size", [1, 40, 1100, 1900])
@pytest.mark.parametrize("flags", [0, UNORDERED])
def test_an_endless_message_is_held_up_to_a_bound(size: int, flags: int) -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            victim, begun = attacker.victim, FIRST
            per_packet = max(1, min(60, MTU // (16 + size + 3)))
            for _ in range(6000 if size == 1 else 500):
                chunks = []
                for _ in range(per_packet):
                    chunks.append(attacker.data(0, flags | begun, bytes(size)))
                    begun = 0
                attacker.send(*chunks)
                fragments, count = held(victim)
                assert fragments <= MAX_HELD
                assert count <= MAX_MESSAGE_SIZE
                if victim.state == "closed" or victim.drops[SctpDrop.NO_ROOM]:
                    break
            if size * MAX_HELD > MAX_MESSAGE_SIZE:
                # the association is aborted, and the peer is told
                assert victim.drops[SctpDrop.MESSAGE_TOO_LONG] == 1
                assert victim.state == "closed"
                assert attacker.answers[-1][12] == 6
            else:
                assert victim.drops[SctpDrop.NO_ROOM]

    run(scenario)


def test_messages_begun_on_all_streams_are_held_up_to_the_window() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            for number in range(3000):
                attacker.send(attacker.data(number % MAX_STREAMS, FIRST, bytes(1900)))
            assert WINDOW - 4000 < held(attacker.victim)[1] <= WINDOW
            assert attacker.victim.drops[SctpDrop.NO_ROOM]

    run(scenario)


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


@pytest.mark.parametrize("stream", [0, MAX_STREAMS])
def test_holes_are_few_and_acknowledged_within_the_mtu(stream: int) -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            whole = FIRST | LAST | UNORDERED
            for _ in range(3000):
                attacker.send(attacker.data(stream, whole, b"x", step=2))
            assert len(attacker.victim._sack_misordered) == MAX_TSNS_AHEAD // 2
            assert attacker.victim.drops[SctpDrop.TOO_FAR_AHEAD] == 3000 - MAX_TSNS_AHEAD // 2
            assert max(map(len, attacker.answers)) <= MTU

    run(scenario)


def test_duplicates_are_acknowledged_within_the_mtu() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            chunk = attacker.data(0, FIRST | LAST, b"x")
            for _ in range(20):
                attacker.send(*[chunk] * 60)
            assert max(map(len, attacker.answers)) <= MTU
            assert len(attacker.answers) <= 21

    run(scenario)


def test_giving_up_on_many_streams_costs_little() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            victim = attacker.victim
            for number in range(1, 200):
                chunk = ForwardTsnChunk()
                chunk.cumulative_tsn = attacker.tsn + number
                first = number * MAX_BLOCKS
                chunk.streams = [((first + each) % 65536, 7) for each in range(MAX_BLOCKS)]
                attacker.send(chunk)
            attacker.send(*[chunk] * 60)
            assert len(victim._inbound_streams) == MAX_STREAMS
            assert victim.drops == {SctpDrop.TOO_MANY_CHUNKS: 1}

    run(scenario)


def test_channels_are_bounded() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            victim, label = attacker.victim, bytes(100)
            message = struct.pack("!BBHLHH", 3, 0, 0, 0, len(label), 0) + label
            for number in range(2, 3000):
                attacker.send(attacker.data(number, FIRST | LAST, message, protocol=50))
            assert len(victim._data_channels) == MAX_STREAMS - 1
            assert victim.drops == {SctpDrop.NO_SUCH_STREAM: 3000 - MAX_STREAMS}
            assert victim.maxChannels == MAX_STREAMS

    run(scenario)


def test_many_channels_in_a_packet_cost_little() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            message = struct.pack("!BBHLHH", 3, 0, 0, 0, 0, 0)
            for first in range(2, 1000, 40):
                numbers = range(first, min(first + 40, 1000))
                attacker.send(
                    *(
                        attacker.data(number, FIRST | LAST, message, protocol=50)
                        for number in numbers
                    )
                )
                attacker.acknowledge()
            assert len(attacker.victim._data_channels) == 999

    run(scenario)


def test_what_is_asked_for_is_answered_once_a_packet() -> None:
    async def scenario() -> None:
        async with attacked() as attacker:
            beat = HeartbeatChunk()
            beat.params = [(1, b"x")]
            attacker.send(*[beat] * 40)
            assert attacker.answers == []
            attacker.send(beat)
            assert len(attacker.answers) == 1

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
            assert both.left._rto <= 3.0
            assert both.left._srtt is not None
            assert 0 <= both.left._srtt < 1.0
            monkeypatch.undo()

    run(scenario)


@pytest.mark.parametrize("days", [1, -1])
@pytest.mark.parametrize("passed", [9.0, 11.0])
def test_a_message_lives_as_long_as_it_is_to_whatever_the_wall_clock_says(
    days: int, passed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, _ = await both.channel(max_packet_life_time=10_000, ordered=False)
            await until(lambda: not both.left._sent_queue)
            both.pair.link.lose(nothing)
            mine.send(b"lost")
            await until(lambda: len(both.left._sent_queue) == 1)
            (chunk,) = both.left._sent_queue
            wall, now = time.time() + days * 86400, asyncio.get_running_loop().time() + passed
            with monkeypatch.context() as clocks:
                clocks.setattr(time, "time", lambda: wall)
                clocks.setattr("peer.transports.association._now", lambda: now)
                assert both.left._maybe_abandon(chunk) is (passed > 10.0)

    run(scenario)


def test_an_association_is_set_up_while_the_wall_clock_jumps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        genuine, calls = time.time, iter(range(10**9))
        # each look at the clock is a day later, then a day earlier
        monkeypatch.setattr(time, "time", lambda: genuine() + 86400 * (next(calls) % 2))
        async with associated() as both:
            assert both.left.state == both.right.state == "connected"
        monkeypatch.undo()

    run(scenario)
