"""What an encoder, or a track that is encoded already, is told of what can be sent."""

import math
from collections.abc import Sequence

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import BitrateRequests

from .encoded import MediaEncoder
from .encoded_track import EncodedTrack
from .outlet import ROOM_TIME, Outlet


class Steering:
    """Steers what a sender sends by the room there is.

    Pictures to be encoded are steered one by one; sound, and what is encoded already, ten times a
    second, and as soon as anything has changed or less can be sent: 50 packets a second in each of
    many calls would pay for it. `bounds` are those of the peer.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.bounds = BitrateRequests()
        self._outlet = outlet
        self._track: EncodedTrack | None = None
        self._due = -math.inf
        self._target = 0.0
        """What the transport could send when that was told last."""

    def hurry(self) -> None:
        """Something has changed: the next frame is steered whatever it is."""
        self._due = -math.inf

    def lead(
        self, sender: object, track: EncodedTrack | None, formats: Sequence[RTCRtpCodecParameters]
    ) -> None:
        """Tell a track that is encoded already what can be sent, and the one before that none is.

        The formats are in the order in which the sender wants them.
        """
        before, self._track = self._track, track
        if track is not None:
            track.begin(sender, formats)
        if before is not None and before is not track:
            before.end(sender)

    def steer(
        self, encoder: MediaEncoder, now: float, *, keyframe: bool, given: bool = False
    ) -> None:
        """Say what can be sent, and whether a picture is to need no other, where it is time.

        `given` is what is encoded already.
        """
        outlet = self._outlet
        if now < self._due and not keyframe:
            if outlet.is_audio or (given and outlet.target >= self._target):
                return
        self._due, self._target = now + ROOM_TIME, outlet.target
        outlet.bound = self.bounds.bitrate(now)
        bitrate = outlet.bitrate(now)
        encoder.limit(bitrate, now)
        encoder.note_loss(outlet.loss.fraction, outlet.room(now))
        if self._track is not None:
            self._track.steer(bitrate, keyframe=keyframe)
