"""Frames of sound of any shape, cut to packets of one shape."""

import array

import pytest
from av import AudioFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.media import Chunk, Shaper
from tests.media.tones import crossings, frame_of, tone


def positions(chunks: list[Chunk]) -> list[int]:
    return [chunk.position for chunk in chunks]


@pytest.mark.parametrize("length", [1, 7, 160, 336, 960, 4801])
def test_any_length_is_cut_to_packets(length: int) -> None:
    shaper, samples = Shaper(48000, 1, 960), tone(9600 * 2)
    chunks: list[Chunk] = []
    for at in range(0, len(samples), length):
        chunks += shaper.add(frame_of(samples[at : at + length], pts=at))
    assert positions(chunks) == list(range(0, 19200 - 959, 960))
    assert b"".join(chunk.pcm for chunk in chunks) == samples[: 960 * len(chunks)].tobytes()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format", ["s16", "fltp"])
def test_any_shape_sounds_the_same(rate: int, channels: int, format: str) -> None:  # noqa: A002
    shaper = Shaper(48000, 1, 960)
    chunks: list[Chunk] = []
    for number in range(50):
        mono = tone(rate // 50, rate, start=number * (rate // 50))
        samples = array.array("h", [s for s in mono for _ in range(channels)])
        chunks += shaper.add(
            frame_of(
                samples, rate=rate, channels=channels, format=format, pts=number * (rate // 50)
            )
        )
    assert len(chunks) == pytest.approx(50, abs=1)
    pcm = b"".join(chunk.pcm for chunk in chunks)
    assert crossings(pcm) == pytest.approx(440 * len(chunks) / 50, abs=4)


@pytest.mark.parametrize("format", ["s16", "s16p", "fltp"])
def test_a_frame_without_samples_is_nothing(format: str) -> None:  # noqa: A002
    """Resamplers give them; FFmpeg takes none."""
    shaper = Shaper(48000, 1, 960)
    empty = AudioFrame(format=format, layout="mono", samples=0)
    empty.sample_rate = 16000
    assert positions(
        [
            chunk
            for number in range(5)
            for frame in (empty, frame_of(tone(960), pts=960 * number))
            for chunk in shaper.add(frame)
        ]
    ) == list(range(0, 4800, 960))


@pytest.mark.parametrize(("samples", "chunks"), [(1, 1), (960, 1), (961, 2), (4799, 5)])
def test_what_is_left_over_in_the_end_is_filled_up(samples: int, chunks: int) -> None:
    shaper, sound = Shaper(48000, 1, 960), tone(samples)
    made = [*shaper.add(frame_of(sound)), *shaper.finish()]
    assert positions(made) == [960 * number for number in range(chunks)]
    pcm = b"".join(chunk.pcm for chunk in made)
    assert pcm == sound.tobytes() + bytes(len(pcm) - 2 * samples)
    assert list(Shaper(48000, 1, 960).finish()) == []


def test_what_a_filter_holds_is_heard_in_the_end() -> None:
    shaper = Shaper(48000, 1, 960)
    made = [*shaper.add(frame_of(tone(441, 44100), rate=44100)), *shaper.finish()]
    assert crossings(made[0].pcm[: 2 * 480]) == pytest.approx(4, abs=1)
    assert any(made[0].pcm[2 * 450 : 2 * 480])


def test_the_shape_may_change_on_the_way() -> None:
    shaper = Shaper(48000, 1, 960)
    chunks: list[Chunk] = []
    for rate, channels in ((48000, 1), (16000, 1), (44100, 2), (48000, 2), (8000, 1)):
        for _ in range(10):
            chunks += shaper.add(
                frame_of(tone(rate // 50 * channels), rate=rate, channels=channels)
            )
    assert positions(chunks) == list(range(0, 960 * len(chunks), 960))
    assert len(chunks) == pytest.approx(50, abs=1)


def test_a_gap_in_time_is_a_gap_in_positions() -> None:
    """What had begun is filled with silence up to a packet."""
    shaper = Shaper(48000, 1, 960)
    chunks = [*shaper.add(frame_of(tone(1000), pts=0))]
    chunks += shaper.add(frame_of(tone(960), pts=48000))
    assert positions(chunks) == [0, 960, 48000]
    assert chunks[1].pcm == tone(1000)[960:].tobytes() + bytes(2 * 920)


@pytest.mark.parametrize("pts", [960 - 400, 960 + 400, 0, 48000 * 60])
def test_little_gaps_and_clocks_that_start_anew_leave_none(pts: int) -> None:
    shaper = Shaper(48000, 1, 960)
    chunks = [*shaper.add(frame_of(tone(960), pts=0)), *shaper.add(frame_of(tone(960), pts=pts))]
    assert positions(chunks) == [0, 960]


def test_a_frame_is_left_as_it_was() -> None:
    """Whoever relays a frame to several gives each the same."""
    frame = frame_of(tone(882), rate=44100, pts=441)
    before = bytes(frame.planes[0])
    list(Shaper(48000, 1, 960).add(frame))
    assert (frame.pts, frame.sample_rate, bytes(frame.planes[0])) == (441, 44100, before)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([8000, 16000, 44100, 48000]),
            st.integers(1, 2),
            st.integers(1, 3000),
            st.none() | st.integers(-100_000, 2_000_000),
        ),
        max_size=12,
    )
)
def test_positions_only_rise(frames: list[tuple[int, int, int, int | None]]) -> None:
    shaper, after = Shaper(48000, 2, 960), 0
    for rate, channels, samples, pts in frames:
        frame = frame_of(
            array.array("h", bytes(2 * samples * channels)), rate=rate, channels=channels
        )
        frame.pts = pts
        for chunk in shaper.add(frame):
            assert chunk.position >= after
            assert len(chunk.pcm) == 2 * 2 * 960
            after = chunk.position + 960
