"""The sound of a receiver, in virtual time."""

import asyncio

from av import AudioFrame

from peer.media import Moment, OpusAudioEncoder, OpusSettings
from peer.testing import run
from peer.transports.frame_times import FrameTimes
from peer.transports.hearing import Hearing
from peer.transports.inbound import InboundPacket, InboundStream
from peer.transports.track import UNREAD, RemoteTrack
from tests.media.tones import frame_of, tone
from tests.transports.media import OPUS

FRAME = 960


def packets(count: int) -> list[InboundPacket]:
    encoder = OpusAudioEncoder(OpusSettings())
    encoded = [
        p for n in range(count) for p in encoder.encode(frame_of(tone(FRAME), pts=n * FRAME))
    ]
    return [
        InboundPacket(111, 0, number, packet.timestamp, 7, packet.payload)
        for number, packet in enumerate(encoded)
    ]


async def hear(hearing: Hearing, arrivals: list[tuple[float, InboundPacket]]) -> None:
    loop = asyncio.get_running_loop()
    for at, packet in arrivals:
        await asyncio.sleep(at - loop.time())
        hearing.receive(packet, loop.time())


def make(*, even: bool) -> tuple[Hearing, RemoteTrack]:
    track = RemoteTrack("audio")
    stream = InboundStream(7, 48000, None)

    def times_of(moment: Moment, now: float, comes_out: bool) -> FrameTimes:
        return stream.times(moment.timestamp, (), moment.arrival, now)

    hearing = Hearing(track, times_of, lambda ssrc, numbers: None, even=even)
    hearing.set_codecs([OPUS])
    return hearing, track


async def times(track: RemoteTrack, count: int) -> list[float]:
    found = []
    for _ in range(count):
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        found.append(round(asyncio.get_running_loop().time(), 4))
    return found


def test_frames_leave_at_once_and_leave_no_timer() -> None:
    async def program() -> None:
        hearing, track = make(even=False)
        reading = asyncio.ensure_future(times(track, 10))
        sent = packets(10)
        await hear(hearing, [(0.5 + n * 0.03, packet) for n, packet in enumerate(sent)])
        assert await reading == [round(0.5 + n * 0.03, 4) for n in range(10)]
        assert hearing.frames_decoded == 10
        assert hearing.figures().samples == 10 * FRAME
        hearing.close()

    run(program())


def test_frames_leave_at_an_even_pace_on_a_timer() -> None:
    """What comes in pairs leaves 20 ms apart, and the end is heard without a packet after it."""

    async def program() -> None:
        hearing, track = make(even=True)
        reading = asyncio.ensure_future(times(track, 40))
        sent = packets(40)
        await hear(hearing, [(0.5 + n // 2 * 0.04, packet) for n, packet in enumerate(sent)])
        hearing.end(7)
        found = await reading
        late = [at - 0.5 - n * 0.02 for n, at in enumerate(found)]
        assert max(late[20:]) - min(late[20:]) < 0.0101
        assert max(late) < 0.1
        hearing.close()

    run(program())


def test_a_floor_makes_the_pace_even_and_the_sound_late() -> None:
    async def program() -> None:
        hearing, track = make(even=False)
        hearing.set_floor(0.2, even=False)
        reading = asyncio.ensure_future(times(track, 50))
        await hear(hearing, [(n * 0.02, packet) for n, packet in enumerate(packets(60))])
        found = await reading
        assert found[-1] - 49 * 0.02 > 0.15
        hearing.set_floor(None, even=False)
        hearing.close()

    run(program())


def test_after_closing_nothing_is_left() -> None:
    async def program() -> None:
        hearing, _ = make(even=True)
        await hear(hearing, [(0.0, packet) for packet in packets(3)])
        hearing.close()
        hearing.close()
        hearing.set_floor(0.1, even=True)
        await asyncio.sleep(1.0)
        assert hearing.frames_decoded == 0
        sound = hearing.sound()
        assert sound is not None
        assert sound.clock_rate == 48000

    run(program())


def test_before_anything_was_heard_there_are_no_figures() -> None:
    async def program() -> None:
        hearing, _ = make(even=False)
        assert hearing.sound() is None
        hearing.end(7)
        hearing.close()

    run(program())


def test_without_a_reader_nothing_is_decoded_and_time_goes_on() -> None:
    async def program() -> None:
        hearing, track = make(even=False)
        seconds = 2 * UNREAD
        sent = packets(round(seconds / 0.02))
        listening = asyncio.ensure_future(times(track, 10))
        await hear(hearing, [(n * 0.02, packet) for n, packet in enumerate(sent[:-1])])
        assert len(await listening) == 10
        assert hearing.frames_decoded <= (UNREAD + 0.3) / 0.02
        reading = asyncio.ensure_future(track.recv())
        await hear(hearing, [(seconds, sent[-1])])
        frame = await reading
        assert frame.pts == (len(sent) - 1) * FRAME
        hearing.close()

    run(program())
