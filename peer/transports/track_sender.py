"""Sending one track in as many encodings as are agreed on (RFC 8853)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from aiortc.mediastreams import MediaStreamTrack

from .encoded_track import EncodedTrack
from .parameters import RtpSendParameters
from .passage import Passage
from .sender import RtpSender, SendTransport
from .share import MediaShare
from .statistics import OutboundStatistics, SourceStatistics
from .track_fan import TrackFan


class TrackSender:
    """Sends a track, or none: an `RtpSender` for each encoding, over one reading of the track.

    What is encoded already cannot be had in several sizes: it is sent as the first encoding.
    """

    def __init__(
        self, kind: str, track: MediaStreamTrack | None = None, *, share: MediaShare | None = None
    ) -> None:
        self.allows_key_frame: Callable[[str | None], bool] = lambda _: True
        """Asked when the peer wants a key frame of an encoding."""
        self._kind = kind
        self._track = track
        self._share = share
        self._fan: TrackFan | None = None
        self._passage: Passage | None = None
        self._layers: dict[str | None, RtpSender] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self._kind

    @property
    def track(self) -> MediaStreamTrack | None:
        """The track being sent."""
        return self._track

    @property
    def layers(self) -> Mapping[str | None, RtpSender]:
        """What sends each encoding, by its name."""
        return self._layers

    def send(
        self, transport: SendTransport, parameters: Mapping[str | None, RtpSendParameters]
    ) -> None:
        """Start, or go on with other encodings or parameters or over another transport.

        Encodings go by their name, the only one may have none. ValueError when none of the codecs
        can be encoded.
        """
        for name in [name for name in self._layers if name not in parameters]:
            self._end(self._layers.pop(name))
        for name in parameters:
            if name not in self._layers:
                self._layers[name] = self._make(name)
        self._distribute()
        for name, each in parameters.items():
            self._layers[name].send(transport, each)

    def replace_track(self, track: MediaStreamTrack | None) -> None:
        """Send another track from now on, or none; TypeError for one of another kind.

        The track before is not stopped.
        """
        if track is not None and track.kind != self._kind:
            raise TypeError(f"a track of {track.kind} cannot replace one of {self._kind}")
        if track is not self._track:
            self._track, self._fan = track, None
            self._distribute()

    def set_passage(self, passage: Passage | None) -> None:
        """Have frames go through a program from now on, before they are made packets of."""
        self._passage = passage
        for layer in self._layers.values():
            layer.set_passage(passage)

    @property
    def can_send_tones(self) -> bool:
        """Tell whether tones of keys can be sent now."""
        return any(layer.can_send_tones for layer in self._layers.values())

    def send_tone(self, key: str, seconds: float) -> None:
        """Send the tone of a key (`TONES`) in place of sound, where that is possible."""
        for layer in self._layers.values():
            layer.send_tone(key, seconds)

    def make_key_frame(self, name: str | None = None) -> Awaitable[object]:
        """Have the next picture of an encoding need no other, of all without a name.

        It may be awaited, until they were made.
        """
        wanted = [layer for one, layer in self._layers.items() if name in (None, one)]
        return asyncio.gather(*(layer.make_key_frame() for layer in wanted))

    async def stop(self) -> None:
        """Send no more and say so (RTCP BYE); the track lives on.

        It returns always and leaves no task behind. Calling again changes nothing.
        """
        for layer in self._layers.values():
            self._end(layer)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def statistics(self) -> list[OutboundStatistics]:
        """Return the figures of each stream that was ever to be sent."""
        found = [layer.statistics() for layer in self._layers.values()]
        return [one for one in found if one is not None]

    def source_statistics(self) -> SourceStatistics | None:
        """Return what the track delivered since it was given; None without a track."""
        layers = list(self._layers.values())
        return layers[0].source_statistics() if layers else None

    def _make(self, name: str | None) -> RtpSender:
        layer = RtpSender(self._kind, share=self._share)
        layer.keys.allows = partial(self._allows, name)
        layer.set_passage(self._passage)
        return layer

    def _allows(self, name: str | None) -> bool:
        return self.allows_key_frame(name)

    def _end(self, layer: RtpSender) -> None:
        task = asyncio.get_running_loop().create_task(layer.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _distribute(self) -> None:
        """Give each encoding the track, or one with its frames."""
        track, layers = self._track, list(self._layers.values())
        if track is None or isinstance(track, EncodedTrack) or len(layers) < 2:
            for index, layer in enumerate(layers):
                layer.replace_track(None if index else track)
            self._fan = None
            return
        if self._fan is None:
            self._fan = TrackFan(track)
            for layer in layers:
                layer.replace_track(None)
        for layer in layers:
            if layer.track is None:
                layer.replace_track(self._fan.tap())
