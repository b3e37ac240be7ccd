"""What an encoder, or a track that is encoded already, is told of what can be sent."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from peer.rtp import BitrateLimit
from peer.transports import EncodedTrack, RTCRtpCodecParameters
from peer.transports.encoded import Encoded
from peer.transports.outlet import ROOM_TIME, Outlet
from peer.transports.steering import Steering
from tests.transports.media import OPUS, VP8, Recorder, now, send_parameters
from tests.transports.test_dtls import run


class Told:
    """An encoder that writes down what it is told."""

    def __init__(self) -> None:
        self.limits: list[int | None] = []

    async def encode(self, data: Any, *, keyframe: bool) -> Encoded:
        """Is not asked for."""
        raise NotImplementedError

    def limit(self, bitrate: int | None, now: float) -> None:
        """Note it."""
        self.limits.append(bitrate)

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Take no notice."""

    def leave_out(self, data: object) -> None:
        """Take no notice."""


async def _nothing() -> AsyncIterator[Any]:
    return
    yield


class Given(EncodedTrack):
    """A track that writes down what it hears."""

    def __init__(self) -> None:
        super().__init__("video", _nothing(), lambda: self.heard.append("key"))
        self.heard: list[object] = []

    def choose_format(self, codecs: Sequence[RTCRtpCodecParameters]) -> None:
        """Note it."""
        self.heard.append([codec.name for codec in codecs])

    def rest(self) -> None:
        """Note it."""
        self.heard.append("rest")

    def limit(self, bitrate: int | None) -> None:
        """Note that there was one."""
        self.heard.append("limit")


@pytest.mark.parametrize(("kind", "told"), [("audio", 6), ("video", 26)])
def test_sound_is_steered_ten_times_a_second_and_each_picture(kind: str, told: int) -> None:
    async def scenario() -> None:
        codec, outlet, encoder = OPUS if kind == "audio" else VP8, Outlet(kind), Told()
        outlet.open(Recorder().sending, send_parameters("0", 7, codecs=(codec,)), codec)
        steering, begin = Steering(outlet), now()
        for number in range(26):
            # A little more than 20 ms, lest rounding decide.
            steering.steer(encoder, begin + number * 0.0201, keyframe=False)
        assert len(encoder.limits) == told

    run(scenario)


def test_what_is_encoded_already_is_steered_as_sound_is_and_at_once_when_less_can_be_sent() -> None:
    async def scenario() -> None:
        transport, outlet, encoder = Recorder(), Outlet("video"), Told()
        outlet.open(transport.sending, send_parameters("0", 7, codecs=(VP8,)), VP8)
        steering, begin = Steering(outlet), now()

        def steer(step: float, *, keyframe: bool = False) -> int:
            """Steer so many times its interval later; returns how often that was told so far."""
            steering.steer(encoder, begin + step * ROOM_TIME, keyframe=keyframe, given=True)
            return len(encoder.limits)

        transport.sending.note_limit(500_000, begin)
        assert [steer(0.1 * step) for step in range(10)] == [1] * 10
        assert [steer(1.1), steer(1.2), steer(1.3, keyframe=True)] == [2, 2, 3]
        transport.sending.note_limit(400_000, begin)
        assert [steer(1.4), steer(1.5)] == [4, 4]
        assert (encoder.limits[-1] or 0) < (encoder.limits[0] or 0)
        transport.sending.note_limit(450_000, begin)
        assert [steer(1.6), steer(2.5)] == [4, 5]

    run(scenario)


def test_sound_is_steered_at_once_when_something_has_changed() -> None:
    async def scenario() -> None:
        outlet, encoder = Outlet("audio"), Told()
        outlet.open(Recorder().sending, send_parameters("0", 7, codecs=(OPUS,)), OPUS)
        steering, begin = Steering(outlet), now()
        steering.steer(encoder, begin, keyframe=False)
        steering.bounds.note(1, BitrateLimit(7, 20_000, 40), begin)
        steering.steer(encoder, begin + ROOM_TIME / 2, keyframe=False)
        assert encoder.limits == [None]
        steering.hurry()
        steering.steer(encoder, begin + ROOM_TIME / 2, keyframe=False)
        steering.steer(encoder, begin + ROOM_TIME, keyframe=False)
        assert encoder.limits == [None, 20_000]
        steering.steer(encoder, begin + 2 * ROOM_TIME, keyframe=False)
        assert encoder.limits == [None, 20_000, 20_000]

    run(scenario)


def test_a_track_that_is_encoded_hears_what_can_be_sent_until_another_takes_its_place() -> None:
    async def scenario() -> None:
        outlet, encoder = Outlet("video"), Told()
        outlet.open(Recorder().sending, send_parameters("0", 7, codecs=(VP8,)), VP8)
        steering, first, second = Steering(outlet), Given(), Given()
        steering.lead(outlet, first, (VP8,))
        steering.steer(encoder, now(), keyframe=False)
        steering.steer(encoder, now(), keyframe=True)
        assert first.heard == [["VP8"], "limit", "limit", "key"]
        steering.lead(outlet, second, (VP8,))
        assert first.heard[-1] == "rest"
        steering.lead(outlet, None, ())
        assert second.heard == [["VP8"], "rest"]

    run(scenario)
