"""Sending over one transport by its congestion control, in virtual time."""

import asyncio
import struct
from collections import Counter
from collections.abc import Sequence
from functools import partial

import pytest

from peer.ice import Candidate, CandidateType, TransportAddress, TransportProtocol
from peer.rtp import CongestionFeedback, StreamArrivalRecorder, TransportFeedback
from peer.rtp.congestion import Carried, Demand, LostPacket, Priority
from peer.testing import run
from peer.transports.leaving import LeavingPacket
from peer.transports.pacing import SHARE_TIME, PacedSending, network_of

ROUND_TRIP = 0.04


class Stream:
    """A stream whose packets are numbered or not, with padding to give."""

    def __init__(
        self,
        ssrc: int = 7,
        *,
        most: float = 1e6,
        numbered: bool = True,
        by_stream: bool = False,
        audio: bool = False,
    ) -> None:
        self.ssrc = ssrc
        self.is_reported_by_stream = by_stream
        self.is_audio = audio
        self.is_numbered = numbered
        self.most = most
        self.padded = 0
        self.waited: list[float] = []
        self.lost: list[LostPacket] = []

    def demand(self, now: float) -> Demand:
        """Return what it can use."""
        return Demand(30_000, self.most)

    def pad(self, size: int) -> Sequence[LeavingPacket]:
        """Return a packet of padding."""
        self.padded += 1
        return [self.packet()]

    def note_wait(self, seconds: float) -> None:
        """Note how long a packet has waited."""
        self.waited.append(round(seconds, 3))

    def repair(self, lost: Sequence[LostPacket], now: float) -> None:
        """Note what is lost."""
        self.lost += lost

    def packet(self, size: int = 1000, carries: Carried | None = None) -> LeavingPacket:
        """Make a packet; its number is at its beginning."""
        number_at = 0 if self.is_numbered else None
        return LeavingPacket(bytearray(size), size - 12, number_at, carries=carries)


class Wire:
    """What left, and when; with `answers` each packet is reported after a round trip."""

    def __init__(self, *, answers: bool = True) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.answers = answers
        self.is_down = False
        self.sending = PacedSending(self.take)

    def take(self, *packets: bytes) -> None:
        """Send."""
        if self.is_down:
            raise ConnectionError("not connected")
        loop = asyncio.get_running_loop()
        now = loop.time()
        for data in packets:
            number = int.from_bytes(data[:2], "big")
            self.sent.append((now, data))
            if self.answers:
                loop.call_later(ROUND_TRIP, self._answer, number, now)

    def _answer(self, number: int, sent: float) -> None:
        reference, ticks = divmod(int((sent + 1) * 4000), 256)
        feedback = TransportFeedback(1, 2, number, reference & 0xFFFFFF, 0, (ticks,))
        self.sending.take(feedback, asyncio.get_running_loop().time())


def now() -> float:
    return asyncio.get_running_loop().time()


def test_what_is_posted_leaves_numbered_and_at_the_rate() -> None:
    async def program() -> None:
        wire, stream = Wire(answers=False), Stream()
        wire.sending.enroll(stream)
        begin = now()
        wire.sending.post([stream.packet() for _ in range(20)], Priority.VIDEO, 7, begin)
        assert 1 <= len(wire.sent) < 5
        assert wire.sending.backlog() > 0.3
        await asyncio.sleep(2)
        numbers = [int.from_bytes(data[:2], "big") for _, data in wire.sent]
        assert numbers == list(range(1, len(numbers) + 1))
        assert wire.sending.backlog() == 0
        first_half = sum(len(data) for at, data in wire.sent if at < begin + 0.2)
        assert first_half * 8 < 900_000 * 0.2
        wire.sending.close()

    run(program())


def test_a_stream_hears_how_long_its_packets_have_waited() -> None:
    async def program() -> None:
        wire, stream, other = Wire(answers=False), Stream(), Stream(8)
        for one in (stream, other):
            wire.sending.enroll(one)
        begin = now()
        wire.sending.post([stream.packet() for _ in range(9)], Priority.VIDEO, 7, begin)
        await asyncio.sleep(1)
        assert stream.waited == [round(at - begin, 3) for at, _ in wire.sent[:9] if at > begin]
        assert 0 < stream.waited[0] < stream.waited[-1]
        assert other.waited == []
        wire.sending.post([stream.packet() for _ in range(9)], Priority.VIDEO, 7, now())
        wire.sending.withdraw(stream)
        assert wire.sending.backlog() == 0
        wire.sending.close()

    run(program())


def test_reports_raise_what_may_be_sent() -> None:
    async def program() -> None:
        wire, stream = Wire(), Stream(most=2e6)
        wire.sending.enroll(stream)
        before = wire.sending.bitrate
        for _ in range(100):
            wire.sending.share(7, now())
            wire.sending.post([stream.packet()] * 2, Priority.VIDEO, 7, now())
            await asyncio.sleep(0.02)
        assert stream.padded > 0
        after = wire.sending.bitrate
        assert before is None
        assert after is not None
        assert after > 1e6
        assert wire.sending.share(7, now()) == min(2e6, after)
        wire.sending.close()

    run(program())


def test_a_stream_hears_which_of_its_packets_are_lost() -> None:
    async def program() -> None:
        wire, streams = Wire(answers=False), [Stream(7), Stream(8)]
        for stream in streams:
            wire.sending.enroll(stream)
        carried = [Carried(7, 1), Carried(7, 2), Carried(8, 1), Carried(9, 1), None]
        packets = [streams[0].packet(carries=one) for one in carried]
        wire.sending.post(packets, Priority.AUDIO, 7, now())
        for packet, arrival in zip(packets, (None, 4, None, None, None), strict=True):
            assert packet.number is not None
            wire.sending.take(TransportFeedback(1, 2, packet.number, 0, 0, (arrival,)), now())
        assert streams[0].lost == [LostPacket(packets[0].number or 0, Carried(7, 1))]
        assert streams[1].lost == [LostPacket(packets[2].number or 0, Carried(8, 1))]
        wire.sending.close()

    run(program())


def test_reports_by_the_numbers_of_streams_are_as_good() -> None:
    """RFC 8888: two streams with numbers of their own, reported together."""

    async def program() -> None:
        wire, arrived = Wire(answers=False), StreamArrivalRecorder()
        streams = [Stream(ssrc, most=1e6, numbered=False, by_stream=True) for ssrc in (7, 8)]
        for stream in streams:
            wire.sending.enroll(stream)
        counts = Counter[int]()

        def packet(ssrc: int) -> LeavingPacket:
            counts[ssrc] += 1
            head = struct.pack("!BBHII", 0x80, 96, counts[ssrc], 0, ssrc)
            return LeavingPacket(bytearray(head + bytes(988)), 988)

        for stream in streams:
            stream.packet = partial(packet, stream.ssrc)  # type: ignore[method-assign]
        reported = 0
        for _ in range(150):
            for stream in streams:
                wire.sending.share(stream.ssrc, now())
                wire.sending.post([packet(stream.ssrc)], Priority.VIDEO, stream.ssrc, now())
            await asyncio.sleep(0.02)
            for at, data in wire.sent[reported:]:
                arrived.add(int.from_bytes(data[8:12], "big"), data[3] | data[2] << 8, 1000, at)
            reported = len(wire.sent)
            for message in arrived.feedback(9, int((now() + 100) * (1 << 32)), now()):
                wire.sending.take(message, now())
        assert streams[0].padded + streams[1].padded > 0
        assert wire.sending.bitrate is not None
        assert wire.sending.bitrate > 1e6
        wire.sending.withdraw(streams[0])
        wire.sending.withdraw(streams[1])
        before = wire.sending.bitrate
        wire.sending.take(CongestionFeedback(9, (), 0), now())
        assert wire.sending.bitrate == before
        wire.sending.close()

    run(program())


def test_what_one_stream_has_not_agreed_leaves_without_a_number() -> None:
    async def program() -> None:
        wire, stream = Wire(answers=False), Stream(numbered=False)
        wire.sending.enroll(stream)
        wire.sending.post([stream.packet()], Priority.AUDIO, 7, now())
        assert wire.sent[0][1][:2] == b"\0\0"
        wire.sending.note_limit(500_000, now())
        assert wire.sending.bitrate == 500_000
        wire.sending.close()

    run(program())


def test_losses_count_where_nothing_else_is_told() -> None:
    async def program() -> None:
        wire, stream = Wire(answers=False), Stream(numbered=False)
        wire.sending.enroll(stream)
        wire.sending.note_loss(30, 100, 0.1, now())
        assert wire.sending.bitrate == 300_000 * 0.85

    run(program())


def test_streams_share_and_repair_has_a_budget() -> None:
    async def program() -> None:
        wire = Wire(answers=False)
        first, second = Stream(7), Stream(8)
        wire.sending.enroll(first)
        wire.sending.enroll(second)
        assert wire.sending.share(7, now()) == wire.sending.share(8, now()) == 150_000
        taken = sum(wire.sending.may_repeat(1000, now()) for _ in range(100))
        assert taken == int(300_000 * 0.15 / 8000)
        wire.sending.withdraw(second)
        wire.sending.withdraw(Stream(7))
        assert wire.sending.share(7, now()) == 300_000
        assert wire.sending.share(8, now()) == 0

    run(program())


def test_a_share_follows_what_the_stream_itself_can_use_at_once_and_others_soon() -> None:
    async def program() -> None:
        wire, first, second = Wire(answers=False), Stream(7), Stream(8)
        for stream in (first, second):
            wire.sending.enroll(stream)
        assert wire.sending.share(7, now()) == 150_000
        first.most = 50_000
        assert wire.sending.share(7, now()) == 50_000
        assert wire.sending.share(8, now()) == 250_000
        first.most = 1e6
        await asyncio.sleep(SHARE_TIME)
        assert wire.sending.share(8, now()) == 150_000
        wire.sending.close()

    run(program())


def test_a_transport_that_is_gone_takes_nothing_and_keeps_nothing() -> None:
    async def program() -> None:
        wire, stream = Wire(answers=False), Stream()
        wire.sending.enroll(stream)
        wire.sending.post([stream.packet()] * 9, Priority.VIDEO, 7, now())
        wire.is_down = True
        await asyncio.sleep(1)
        assert wire.sending.backlog() == 0
        with pytest.raises(ConnectionError):
            wire.sending.post([stream.packet()], Priority.VIDEO, 7, now())
        wire.is_down = False
        wire.sending.close()
        wire.sending.close()

    run(program())


def test_another_path_begins_with_another_estimate() -> None:
    async def program() -> None:
        wire, stream = Wire(), Stream(most=2e6)
        wire.sending.enroll(stream)
        for _ in range(100):
            wire.sending.share(7, now())
            wire.sending.post([stream.packet()] * 2, Priority.VIDEO, 7, now())
            await asyncio.sleep(0.02)
        wire.sending.change_path(now())
        assert wire.sending.share(7, now()) == 300_000
        wire.sending.close()

    run(program())


def candidate(host: str, kind: CandidateType = CandidateType.HOST, port: int = 5) -> Candidate:
    return Candidate("1", 1, TransportProtocol.UDP, 1, TransportAddress(host, port), kind)


def test_a_network_is_told_by_addresses_and_relays() -> None:
    pair = candidate("10.0.0.1"), candidate("192.0.2.7")
    assert network_of(None) is None
    same = candidate("10.0.0.1", CandidateType.PEER_REFLEXIVE, 9), candidate("192.0.2.7", port=6)
    assert network_of(same) == network_of(pair)
    for other in (
        (candidate("10.0.0.2"), pair[1]),
        (pair[0], candidate("192.0.2.8")),
        (candidate("10.0.0.1", CandidateType.RELAYED), pair[1]),
    ):
        assert network_of(other) != network_of(pair)


def test_sound_has_what_it_is_before_pictures_and_a_part_for_copies() -> None:
    async def program() -> None:
        wire = Wire(answers=False)
        wire.sending.enroll(Stream(7, audio=True))
        before = wire.sending.room_for_audio(60_000)
        wire.sending.note_loss(0, 100, 0.1, now())
        target = wire.sending.bitrate
        assert target is not None
        alone = wire.sending.room_for_audio(60_000)
        wire.sending.enroll(Stream(8))
        parts = [wire.sending.room_for_audio(plain) for plain in (60_000, 128_000, 1e6)]
        wire.sending.enroll(Stream(9, audio=True))
        shared = wire.sending.room_for_audio(1e6)
        assert (before, alone) == (None, target)
        assert parts == [target / 4, 128_000, target]
        assert shared == target / 2
        wire.sending.close()

    run(program())
