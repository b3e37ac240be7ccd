"""The pictures of a receiver, in virtual time."""

import asyncio
import base64
import dataclasses
import fractions
import itertools
from collections.abc import Sequence

import pytest
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.testing import run
from peer.transports.decoding import MediaDrop
from peer.transports.encoded_media import RTCEncodedVideoFrame
from peer.transports.inbound import InboundPacket, InboundStream
from peer.transports.seeing import MAX_ENCODINGS, Seeing
from peer.transports.share import MediaShare
from peer.transports.track import UNREAD, RemoteTrack
from tests.rtp.payloads.test_h264 import IDR, PPS, SPS
from tests.rtp.test_queue_delay import stamp
from tests.transports.media import FEEDBACK, VP8

H264 = RTCRtpCodecParameters("video/H264", 90000, None, 98, FEEDBACK)

INTERVAL = 0.04
TICKS = 3600


class Film:
    """Packets of a VP8 stream, 25 pictures a second, two packets each."""

    def __init__(self, ssrc: int = 7, number: int = 65530, timestamp: int = 0xFFFFF000) -> None:
        self.ssrc = ssrc
        self._number = number
        self._timestamp = timestamp
        self._encoder = Vp8Encoder()
        self._pictures = 0

    def picture(self, *, key: bool = False) -> list[InboundPacket]:
        """Return the packets of the next picture."""
        frame = VideoFrame(64, 48, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._pictures * 3 % 250]) * plane.buffer_size)
        frame.pts, frame.time_base = self._pictures, fractions.Fraction(1, 25)
        self._pictures += 1
        payloads, _ = self._encoder.encode(frame, key)
        (payload,) = payloads
        # The second half continues the partition: no start bit (RFC 7741 §4.2).
        descriptor, data = payload[:4], payload[4:]
        half = len(data) // 2
        parts = [
            descriptor + data[:half],
            bytes((descriptor[0] & 0xEF,)) + payload[1:4] + data[half:],
        ]
        packets = [self._packet(part, last=part is parts[-1]) for part in parts]
        self._timestamp += TICKS
        return packets

    def _packet(self, payload: bytes, *, last: bool) -> InboundPacket:
        packet = InboundPacket(
            96, last, self._number & 0xFFFF, self._timestamp & 0xFFFFFFFF, self.ssrc, payload
        )
        self._number += 1
        return packet


class Asked:
    """What the peer was asked for, and when."""

    def __init__(self) -> None:
        self.again: list[tuple[float, list[int]]] = []
        self.keys: list[tuple[float, int]] = []

    def ask_again(self, stream: InboundStream, numbers: Sequence[int]) -> None:
        self.again.append((round(asyncio.get_running_loop().time(), 3), list(numbers)))

    def ask_for_key(self, stream: InboundStream, command: int | None) -> None:
        self.keys.append((round(asyncio.get_running_loop().time(), 3), stream.ssrc))


class Viewer:
    """A receiver's pictures, and whoever watches them."""

    def __init__(self, *, even: bool = False) -> None:
        self.asked = Asked()
        self.track = RemoteTrack("video")
        self.seeing = Seeing(self.track, MediaShare(), self.asked, even=even)
        self.seeing.start([VP8])
        self.seen: list[tuple[float, int]] = []
        self.shape = (0, 0)
        self._streams: dict[int, InboundStream] = {}
        self.watch()

    def watch(self) -> None:
        """Read the track from now on."""
        self._watching = asyncio.ensure_future(self._watch())

    def pause(self) -> None:
        """Do so no more."""
        self._watching.cancel()

    async def _watch(self) -> None:
        while True:
            frame = await self.track.recv()
            assert isinstance(frame, VideoFrame)
            assert frame.pts is not None
            self.shape = frame.width, frame.height
            self.seen.append((round(asyncio.get_running_loop().time(), 3), frame.pts))

    def receive(
        self,
        *packets: InboundPacket,
        rid: str | None = None,
        repaired: bool = False,
        recovered: bool = False,
    ) -> None:
        """Take packets now."""
        now = asyncio.get_running_loop().time()
        for packet in packets:
            stream = self._streams.setdefault(packet.ssrc, InboundStream(packet.ssrc, 90000, rid))
            self.seeing.receive(packet, stream, VP8, now, repaired=repaired, recovered=recovered)

    async def close(self) -> None:
        """End it; nothing is left."""
        await self.seeing.stop()
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1


def test_pictures_are_turned_as_their_packets_say() -> None:
    """3GPP TS 26.114 §7.4.5: what says nothing is as before, but a key frame is upright."""

    async def program() -> None:
        viewer, film = Viewer(), Film()
        sizes = []
        steps = [(3, False), (None, False), (0, False), (1, False), (0xF9, False), (None, True)]
        reading = viewer.seeing.read(None)
        await asyncio.sleep(0)
        for orientation, key in steps:
            first, last = film.picture(key=key)
            last.extensions.orientation = orientation
            viewer.receive(first, last)
            encoded = await anext(reading)
            assert isinstance(encoded, RTCEncodedVideoFrame)
            await asyncio.sleep(INTERVAL)
            sizes.append((encoded.getMetadata().rotation, viewer.shape))
        assert sizes == [
            (270, (48, 64)),
            (270, (48, 64)),
            (0, (64, 48)),
            (90, (48, 64)),
            (90, (48, 64)),
            (0, (64, 48)),
        ]
        await viewer.close()

    run(program())


def test_where_a_queue_has_grown_answers_are_waited_for_as_long_as_they_take() -> None:
    """The round trip was 50 ms when it was measured, and is 300."""

    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.seeing.set_round_trip(0.05)
        for index in range(26):
            queued = 0.25 if index >= 20 else 0.0
            packets = film.picture()
            for packet in packets:
                packet.extensions.abs_send_time = stamp(index * INTERVAL)
            await asyncio.sleep(index * INTERVAL + queued - asyncio.get_running_loop().time())
            if index == 10:
                # What error correction brings says nothing of when it was sent.
                packets[1].extensions.abs_send_time = 0
                viewer.receive(packets[0])
                viewer.receive(packets[1], recovered=True)
            else:
                viewer.receive(*(packets[1:] if index == 25 else packets))
        await asyncio.sleep(0.4)
        assert [at for at, _ in viewer.asked.again] == [1.25, 1.325, 1.56, 1.57, 1.59, 1.63]
        await viewer.close()

    run(program())


def test_a_picture_leaves_with_its_last_packet() -> None:
    async def program() -> None:
        viewer, film = Viewer(), Film()
        for _ in range(5):
            first, last = film.picture()
            viewer.receive(first)
            await asyncio.sleep(INTERVAL / 2)
            viewer.receive(last)
            await asyncio.sleep(INTERVAL / 2)
        assert [at for at, _ in viewer.seen] == [round(n * INTERVAL + 0.02, 3) for n in range(5)]
        assert [pts for _, pts in viewer.seen] == [n * TICKS for n in range(5)]
        assert (viewer.asked.again, viewer.asked.keys) == ([], [])
        await viewer.close()

    run(program())


def test_what_is_missing_is_asked_for_on_a_timer_and_nothing_is_shown_over_the_gap() -> None:
    """Also when nothing arrives any more; what comes in the end completes it all."""

    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.seeing.set_round_trip(0.04)
        pictures = [film.picture() for _ in range(3)]
        viewer.receive(*pictures[0])
        lost, last = pictures[1]
        viewer.receive(last, *pictures[2])
        await asyncio.sleep(0.12)
        assert [at for at, _ in viewer.asked.again] == [0.0, 0.01, 0.05, 0.06, 0.08, 0.1, 0.11]
        assert {numbers[0] for _, numbers in viewer.asked.again} == {lost.sequence_number}
        assert len(viewer.seen) == 1
        viewer.receive(lost, repaired=True)
        await asyncio.sleep(0.01)
        assert [pts for _, pts in viewer.seen] == [0, TICKS, 2 * TICKS]
        await viewer.close()

    run(program())


def test_what_does_not_come_ends_with_a_key_frame_that_was_asked_for() -> None:
    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.receive(*film.picture())
        film.picture()
        for _ in range(20):
            await asyncio.sleep(INTERVAL)
            viewer.receive(*film.picture())
        assert 1 <= len(viewer.asked.keys) <= 3
        steps = [round(b - a, 3) for (a, _), (b, _) in itertools.pairwise(viewer.asked.keys)]
        assert all(step >= 0.2 for step in steps)
        assert len(viewer.seen) == 1
        viewer.receive(*film.picture(key=True))
        await asyncio.sleep(0.01)
        assert len(viewer.seen) == 2
        assert viewer.seen[1][1] > 20 * TICKS
        await viewer.close()

    run(program())


def test_another_stream_takes_over_with_its_key_frame_on_the_same_line() -> None:
    async def program() -> None:
        viewer, film, other = Viewer(), Film(), Film(8, 10, 5)
        for _ in range(5):
            viewer.receive(*film.picture())
            await asyncio.sleep(INTERVAL)
        other.picture()
        viewer.receive(*other.picture())
        assert len(viewer.seen) == 5
        await asyncio.sleep(INTERVAL)
        assert viewer.asked.keys
        assert {ssrc for _, ssrc in viewer.asked.keys} == {8}
        for number in range(5):
            viewer.receive(*other.picture(key=number == 0))
            await asyncio.sleep(INTERVAL)
        times = [pts for _, pts in viewer.seen]
        assert len(times) == 10
        assert times == sorted(set(times))
        assert times[5] - times[4] <= 3 * TICKS
        await viewer.close()

    run(program())


def test_of_several_encodings_the_selected_one_is_shown_from_its_key_frame_on() -> None:
    async def program() -> None:
        viewer, high, low = Viewer(), Film(1), Film(2)
        for _ in range(3):
            viewer.receive(*high.picture(), rid="hi")
            viewer.receive(*low.picture(), rid="lo")
            await asyncio.sleep(INTERVAL)
        assert len(viewer.seen) == 3
        assert viewer.seeing.drops[MediaDrop.OTHER_ENCODING] == 3
        viewer.seeing.select("lo")
        await asyncio.sleep(0.3)
        assert viewer.asked.keys[0][1] == 2
        viewer.receive(*low.picture(key=True), rid="lo")
        viewer.receive(*low.picture(), rid="lo")
        await asyncio.sleep(0.01)
        times = [pts for _, pts in viewer.seen]
        assert len(times) == 5
        assert times == sorted(set(times))
        await viewer.close()

    run(program())


def test_at_an_even_pace_pictures_that_come_in_bursts_are_shown_one_by_one() -> None:
    async def program() -> None:
        viewer, film = Viewer(even=True), Film()
        for _ in range(25):
            viewer.receive(*film.picture(), *film.picture())
            await asyncio.sleep(2 * INTERVAL)
        late = viewer.seen[20:]
        steps = [round(b - a, 3) for (a, _), (b, _) in itertools.pairwise(late)]
        assert max(steps) <= 0.06
        await viewer.close()

    run(program())


def test_closing_in_the_middle_leaves_no_timer() -> None:
    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.receive(*film.picture())
        film.picture()
        viewer.receive(*film.picture())
        await viewer.close()
        asked = len(viewer.asked.again)
        await asyncio.sleep(5.0)
        assert len(viewer.asked.again) == asked

    run(program())


def test_an_encoding_that_is_not_shown_and_gives_no_picture_wakes_nobody() -> None:
    """No key frame is asked for in its name, so nothing is due."""

    async def program() -> None:
        viewer, high, low = Viewer(), Film(1), Film(2)
        looks = 0
        look = viewer.seeing._look

        def counted(now: float) -> None:
            nonlocal looks
            looks += 1
            look(now)

        viewer.seeing._look = counted  # type: ignore[method-assign]
        viewer.receive(*high.picture(), rid="hi")
        viewer.receive(*low.picture(), rid="lo")
        low.picture()
        for _ in range(100):
            viewer.receive(*high.picture(), rid="hi")
            viewer.receive(low.picture()[0], rid="lo")
            await asyncio.sleep(INTERVAL)
        assert looks < 100 * 10
        assert not viewer.asked.keys
        await viewer.close()

    run(program())


def test_encodings_beyond_the_bound_make_room_but_for_the_one_that_is_shown() -> None:
    async def program() -> None:
        viewer, shown = Viewer(), Film(1)
        viewer.receive(*shown.picture(), rid="shown")
        for n in range(3 * MAX_ENCODINGS):
            viewer.receive(*Film(100 + n).picture(), rid=f"r{n}")
            assert len(viewer.seeing._encodings) <= MAX_ENCODINGS
        viewer.receive(*shown.picture(), rid="shown")
        await asyncio.sleep(0.01)
        assert len(viewer.seen) == 2
        await viewer.close()

    run(program())


def test_time_goes_on_while_another_encoding_is_waited_for_and_while_it_is_stopped() -> None:
    async def program() -> None:
        viewer, high, low = Viewer(), Film(1), Film(2, timestamp=77)
        viewer.receive(*high.picture(), rid="hi")
        viewer.receive(*low.picture(), rid="lo")
        await asyncio.sleep(0.5)
        viewer.seeing.select("lo")
        await asyncio.sleep(0.5)
        viewer.receive(*low.picture(key=True), rid="lo")
        await asyncio.sleep(1.0)
        await viewer.seeing.stop()
        viewer.seeing.start([VP8])
        await asyncio.sleep(1.0)
        viewer.receive(*low.picture(key=True), rid="lo")
        await asyncio.sleep(0.01)
        assert viewer.seen == [(0.0, 0), (1.0, 90000), (3.0, 270000)]
        await viewer.close()

    run(program())


def test_a_decoder_lives_until_it_is_stopped() -> None:
    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.receive(*film.picture())
        await asyncio.sleep(0.01)
        share = viewer.seeing._share
        assert share.held == 64 * 48 * 3 // 2 * 5
        await viewer.seeing.stop()
        assert share.held == 0
        await viewer.close()

    run(program())


def test_what_was_learned_of_a_codec_outlives_an_answer_that_keeps_it() -> None:
    """A sender may send its parameter sets once (RFC 6184 §8.4)."""

    def packet(number: int, unit: bytes) -> InboundPacket:
        return InboundPacket(98, unit == IDR, number, number // 3 * TICKS, 7, unit)

    async def program() -> None:
        viewer = Viewer()
        stream = InboundStream(7, 90000, None)
        encoding = viewer.seeing._encoding(stream)
        for number, unit in enumerate((SPS, PPS, IDR)):
            viewer.seeing.receive(packet(number, unit), stream, H264, 0.0)
        viewer.seeing.start([dataclasses.replace(H264)])
        viewer.seeing.receive(packet(3, IDR), stream, dataclasses.replace(H264), 0.0)
        assert encoding.buffer.statistics.dropped == 0
        assert encoding.buffer.statistics.emitted == 2
        await viewer.close()

    run(program())


def test_parameter_sets_of_the_description_are_used() -> None:
    """RFC 6184 §8.1: a camera may send them there alone."""
    sets = ",".join(base64.b64encode(unit).decode() for unit in (SPS, PPS))
    described = dataclasses.replace(H264, parameters={"sprop-parameter-sets": sets})

    async def program() -> None:
        viewer = Viewer()
        stream = InboundStream(7, 90000, None)
        viewer.seeing.receive(InboundPacket(98, 1, 0, 0, 7, IDR), stream, described, 0.0)
        assert viewer.seeing._encoding(stream).buffer.statistics.emitted == 1
        await viewer.close()

    run(program())


def test_a_floor_holds_pictures_back_and_taking_it_away_lets_all_of_them_go() -> None:
    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.seeing.set_floor(0.3, even=False)
        for _ in range(20):
            viewer.receive(*film.picture())
            await asyncio.sleep(INTERVAL)
        assert all(at - n * INTERVAL >= 0.28 for n, (at, _) in enumerate(viewer.seen))
        assert 10 <= len(viewer.seen) <= 13
        viewer.seeing.set_floor(None, even=False)
        await asyncio.sleep(0.01)
        assert len(viewer.seen) == 20
        viewer.receive(*film.picture())
        await asyncio.sleep(0.01)
        assert len(viewer.seen) == 21
        await viewer.close()

    run(program())


def test_without_a_reader_nothing_is_decoded_and_one_who_comes_back_gets_a_key_frame() -> None:
    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.receive(*film.picture())
        await asyncio.sleep(0.01)
        viewer.pause()
        for _ in range(int(2 * UNREAD / INTERVAL)):
            viewer.receive(*film.picture())
            await asyncio.sleep(INTERVAL)
        assert viewer.seeing.frames_decoded <= UNREAD / INTERVAL + 2
        assert viewer.seeing.drops[MediaDrop.NO_READER] > UNREAD / INTERVAL - 2
        assert viewer.asked.keys == []
        viewer.watch()
        await asyncio.sleep(INTERVAL)
        viewer.receive(*film.picture())
        assert len(viewer.asked.keys) == 1
        assert len(viewer.seen) == 1
        viewer.receive(*film.picture(key=True))
        viewer.receive(*film.picture())
        await asyncio.sleep(0.01)
        assert len(viewer.seen) == 3
        assert viewer.seen[1][1] == pytest.approx(90000 * viewer.seen[1][0], abs=TICKS * 2)
        await viewer.close()

    run(program())
