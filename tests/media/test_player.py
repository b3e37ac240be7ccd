"""Files played into a call, in virtual time."""

import asyncio
import contextlib
import fractions
import itertools
import random
from pathlib import Path

import av
import pytest
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, Packet, VideoFrame
from av.audio.stream import AudioStream

from peer.media import MediaPlayer
from peer.media.player import MAX_HELD
from peer.testing import run
from tests.media.tones import frame_of, tone

SECONDS = 2


@pytest.fixture(name="film", scope="module")
def make_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of pictures, 25 a second, and of sound."""
    path = tmp_path_factory.mktemp("player") / "film.mp4"
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("libx264", rate=25, options={"bf": "2", "g": "10"})
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        sound = file.add_stream("aac", rate=44100)
        for number in range(25 * SECONDS):
            frame = VideoFrame(160, 120, "yuv420p")
            frame.pts, frame.time_base = number, fractions.Fraction(1, 25)
            file.mux(pictures.encode(frame))
        for number in range(0, 44100 * SECONDS, 1470):
            piece = tone(1470, 44100, start=number)
            file.mux(sound.encode(frame_of(piece, rate=44100, pts=number)))
        file.mux(pictures.encode(None))
        file.mux(sound.encode(None))
    return path


async def times(player: MediaPlayer, kind: str, count: int) -> list[tuple[float, float]]:
    """Receive so many; returns the time of the loop and that of the frame."""
    loop, found = asyncio.get_running_loop(), []
    track = getattr(player, kind)
    for _ in range(count):
        item = await track.recv()
        found.append((round(loop.time(), 4), round(float(item.pts * item.time_base), 4)))
    return found


def test_pictures_come_when_it_is_time_for_them(film: Path) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film))
        found = await times(player, "video", 25 * SECONDS)
        for number, (clock, time) in enumerate(found):
            assert clock == pytest.approx(number / 25)
            assert time == pytest.approx(number / 25)
        assert player.video is not None
        with pytest.raises(MediaStreamError):
            await player.video.recv()
        assert player.video.readyState == "ended"

    run(program())


def test_sound_comes_in_20_ms_of_48_khz_stereo(film: Path) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film))
        assert player.audio is not None
        frame = await player.audio.recv()
        assert isinstance(frame, AudioFrame)
        assert (frame.sample_rate, frame.samples, frame.layout.name) == (48000, 960, "stereo")
        assert frame.format.name == "s16"
        found = await times(player, "audio", 50)
        assert found[-1][0] == pytest.approx(1.0)
        player.audio.stop()

    run(program())


def test_sound_and_pictures_share_one_clock(film: Path) -> None:
    """Whichever is received first."""

    async def program() -> None:
        player = MediaPlayer(str(film))
        await times(player, "audio", 10)
        both = await asyncio.gather(times(player, "audio", 30), times(player, "video", 20))
        for clock, time in [*both[0], *both[1][5:]]:
            assert clock == pytest.approx(time, abs=0.001)
        assert player.audio is not None
        assert player.video is not None
        player.audio.stop()
        player.video.stop()

    run(program())


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_time_goes_on_when_the_film_begins_anew(film: Path, kind: str) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film), loop=True)
        count = 250 if kind == "video" else 500
        found = [time for _, time in await times(player, kind, count)]
        steps = [b - a for a, b in itertools.pairwise(found)]
        assert min(steps) > 0
        assert max(steps) < 0.1
        assert found[-1] == pytest.approx(10, abs=0.5)
        getattr(player, kind).stop()

    run(program())


def test_packets_go_on_rising_in_their_order_of_decoding(film: Path) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film), loop=True, decode=False)
        assert player.audio is None
        assert player.video is not None
        packets = [await player.video.recv() for _ in range(120)]
        assert all(isinstance(packet, Packet) for packet in packets)
        order = [packet.dts for packet in packets if isinstance(packet, Packet)]
        assert order == sorted(order, key=lambda dts: dts or 0)
        player.video.stop()

    run(program())


def test_who_receives_nothing_holds_nobody_up(film: Path) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film), loop=True)
        assert player.video is not None
        await player.video.recv()
        found = await times(player, "audio", 1000)
        assert player.video.ahead <= MAX_HELD + 1 / 20
        assert found[-1][1] - found[0][1] == pytest.approx(999 * 0.02, abs=0.2)
        assert player.audio is not None
        player.audio.stop()
        player.video.stop()

    run(program())


def test_stopping_ends_whoever_waits_and_closes_the_file(film: Path) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film))
        assert player.video is not None
        await player.video.recv()
        waiting = asyncio.ensure_future(times(player, "video", 10))
        await asyncio.sleep(0.01)
        player.video.stop()
        with pytest.raises(MediaStreamError):
            await waiting
        player.video.stop()
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_a_player_that_was_never_used_can_be_stopped(film: Path) -> None:
    async def program() -> None:
        player = MediaPlayer(str(film))
        for track in (player.audio, player.video):
            assert track is not None
            track.stop()

    run(program())


def write_sound(path: Path, codec: str, samples: int, rate: int = 48000) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        file.mux(stream.encode(frame_of(tone(samples, rate), rate=rate, pts=0)))
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("samples", "frames"), [(240, 1), (960, 1), (961, 2)])
def test_the_end_of_the_sound_is_heard(tmp_path: Path, samples: int, frames: int) -> None:
    """Also what is shorter than a frame."""

    async def program() -> int:
        player = MediaPlayer(str(write_sound(tmp_path / "a.wav", "pcm_s16le", samples)))
        assert player.audio is not None
        count = 0
        with contextlib.suppress(MediaStreamError):
            while True:
                await player.audio.recv()
                count += 1
        return count

    assert run(program()) == frames


def test_what_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    """As players do: the film goes on behind it, and begins anew at its end."""
    path = write_sound(tmp_path / "a.mp3", "libmp3lame", 44100, 44100)
    whole = path.read_bytes()
    path.write_bytes(whole[:2000] + random.Random(2).randbytes(2000) + whole[2000:])

    async def program() -> None:
        player = MediaPlayer(str(path), loop=True)
        found = await times(player, "audio", 200)
        assert found[-1][1] - found[0][1] == pytest.approx(199 * 0.02, rel=0.1)
        assert player.audio is not None
        player.audio.stop()

    run(program())


def test_packets_of_a_loop_do_not_overlap(tmp_path: Path) -> None:
    """Opus begins before its time, and its last packet is longer than what is to be heard of it."""
    path = write_sound(tmp_path / "a.ogg", "libopus", 52800)

    async def program() -> None:
        player = MediaPlayer(str(path), loop=True, decode=False)
        found = await times(player, "audio", 170)
        steps = {
            round(later - earlier, 4) for (_, earlier), (_, later) in itertools.pairwise(found)
        }
        assert steps == {0.02}
        assert player.audio is not None
        player.audio.stop()

    run(program())


def test_a_film_without_an_end_cannot_be_looped(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    with av.open(str(path), "w", format="h264") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        file.mux(stream.encode(VideoFrame(64, 64, "yuv420p")))
        file.mux(stream.encode(None))

    async def program() -> None:
        with pytest.raises(ValueError, match="end"):
            MediaPlayer(str(path), loop=True)

    run(program())
