"""Measuring media: exact levels, energies, counts and rates."""

import math
from array import array

import pytest
from av import AudioFrame, VideoFrame
from av.packet import Packet

from peer.transports.measure import (
    MAX_MEASURED,
    MAX_RATE,
    AudioMeter,
    Loudness,
    SourceMeter,
    VideoMeter,
    measure,
)
from peer.transports.statistics import AudioFigures, VideoFigures

HALF = 16384


def audio(*channels: list[int], rate: int = 48000, planar: bool = False) -> AudioFrame:
    """A frame with these samples in its channels."""
    layout = "stereo" if len(channels) == 2 else "mono"
    frame = AudioFrame(format="s16p" if planar else "s16", layout=layout, samples=len(channels[0]))
    frame.sample_rate = rate
    if planar:
        planes = [array("h", channel) for channel in channels]
    else:
        planes = [array("h", [one for each in zip(*channels, strict=True) for one in each])]
    for plane, samples in zip(frame.planes, planes, strict=True):
        plane.update(samples.tobytes().ljust(plane.buffer_size, b"\0"))
    return frame


def level_of(frame: AudioFrame) -> float:
    loudness = measure(frame)
    assert loudness is not None
    assert loudness.level is not None
    return loudness.level


def test_a_constant_is_as_loud_as_it_is_high() -> None:
    assert measure(audio([HALF, -HALF] * 480)) == Loudness(0.5, 960, 0.02)


def test_the_level_is_the_root_mean_square() -> None:
    tone = [round(HALF * math.sin(2 * math.pi * n / 96)) for n in range(960)]
    assert level_of(audio(tone)) == pytest.approx(0.5 / math.sqrt(2), rel=1e-4)


@pytest.mark.parametrize("quiet", [0, 1])
def test_of_several_channels_the_loudest_counts(quiet: int) -> None:
    """webrtc-stats, totalAudioEnergy: "the highest energy of any channel"."""
    channels = [[HALF] * 960, [HALF] * 960]
    channels[quiet] = [100] * 960
    assert level_of(audio(*channels)) == 0.5


def test_full_scale_is_the_most() -> None:
    assert level_of(audio([-32768] * 960)) == 1.0


def test_padding_behind_the_samples_is_not_heard() -> None:
    frame = audio([HALF] * 100)
    assert frame.planes[0].buffer_size >= 200
    assert level_of(frame) == 0.5


def test_a_planar_frame_is_measured_by_its_first_channel() -> None:
    assert level_of(audio([HALF] * 960, [0] * 960, planar=True)) == 0.5


@pytest.mark.parametrize("samples", [MAX_MEASURED + 1, 48000, 48001])
def test_long_frames_are_measured_by_every_nth_sample(samples: int) -> None:
    loudness = measure(audio([HALF] * samples))
    assert loudness == Loudness(0.5, samples, samples / 48000)


def test_what_is_not_16_bits_has_no_level() -> None:
    frame = AudioFrame(format="flt", layout="mono", samples=480)
    frame.sample_rate = 48000
    assert measure(frame) == Loudness(None, 480, 0.01)


def test_a_frame_without_a_rate_takes_no_time() -> None:
    assert measure(audio([HALF] * 10, rate=0)) == Loudness(0.5, 10, 0.0)


def test_what_is_no_audio_is_not_measured() -> None:
    assert measure(VideoFrame(width=16, height=16)) is None
    assert measure(Packet(b"x")) is None


def test_energy_is_the_squared_level_over_time() -> None:
    meter = AudioMeter()
    assert meter.figures() == AudioFigures()
    meter.add(Loudness(0.5, 960, 0.25))
    meter.add(Loudness(None, 960, 0.25))
    meter.add(Loudness(0.25, 960, 0.5))
    assert meter.figures() == AudioFigures(0.25, 0.0625 + 0.03125, 1.0, 2880)


def test_pictures() -> None:
    meter = VideoMeter()
    assert meter.figures(5.0) == VideoFigures()
    meter.add(VideoFrame(width=64, height=48), 1.0, keyframe=True)
    meter.add(VideoFrame(width=32, height=16), 1.25, quantizer=30)
    meter.add(Packet(b"x"), 1.5, quantizer=12)
    assert meter.figures(1.5) == VideoFigures(3, 1, 32, 16, None, 42)
    # the picture at 1.0 is a second ago, and counts no more
    assert meter.figures(2.0).frames_per_second == 2.0
    assert meter.figures(9.0).frames_per_second == 0.0


def test_the_rate_remembers_a_bounded_number() -> None:
    meter = VideoMeter()
    for number in range(3 * MAX_RATE):
        meter.add(Packet(b"x"), number / 1500)
    figures = meter.figures(3 * MAX_RATE / 1500)
    assert (figures.frames, figures.frames_per_second) == (3 * MAX_RATE, MAX_RATE)


def test_a_source_is_heard_or_seen() -> None:
    meter = SourceMeter()
    tone, picture = audio([HALF] * 960), VideoFrame(width=64, height=48)
    meter.add(tone, measure(tone), 1.0)
    meter.add(picture, measure(picture), 1.0)
    figures = meter.figures(1.5)
    assert figures.audio == AudioFigures(0.5, 0.005, 0.02, 960)
    assert figures.video == VideoFigures(1, 0, 64, 48, None)
