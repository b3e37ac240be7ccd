"""What the application does with tracks and transceivers (W3C §5.1)."""

from collections.abc import Callable, Sequence
from functools import cached_property
from weakref import ref

from peer.api import (
    Host,
    InvalidAccessError,
    InvalidStateError,
    JsepTypeError,
    MediaStream,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCRtpTransceiverInit,
    initial_encodings,
    stream_names,
)
from peer.jsep import Encoding, add_transceiver, remove_track, set_direction, use_for_track
from peer.transports import MediaStreamTrack
from sdp import Direction

from .media import Media

KINDS = ("audio", "video")


class Transceivers:
    """Adds and alters transceivers, in offer/answer and among the objects."""

    def __init__(self, host: Host, media: Media, entropy: Callable[[int], bytes]) -> None:
        # The host owns this, which would keep it from going.
        self._find_host = ref(host)
        self._media = media
        self._entropy = entropy

    @property
    def _host(self) -> Host:
        host = self._find_host()
        assert host is not None, "what belongs to a host is gone with it"
        return host

    @cached_property
    def _default_stream(self) -> MediaStream:
        """The stream of the tracks that were added without one."""
        return MediaStream()

    def add_track(self, track: object, streams: Sequence[MediaStream]) -> RTCRtpSender:
        """Send a track (W3C addTrack).

        Tracks given no stream share one, as with aiortc: pages made for it play the stream.
        """
        self._check_open()
        kind = _kind(track)
        assert isinstance(track, MediaStreamTrack)
        self._check_unused(track)
        names = stream_names(streams or [self._default_stream])
        free = self._find_free(kind)
        if free is not None:
            free.sender.set_track(track)
            self._host.change(use_for_track(self._host.state, free.number, names))
            return free.sender
        state, number = add_transceiver(
            self._host.state,
            kind,
            entropy=self._entropy,
            streams=names,
            track_id=track.id,
            by_add_track=True,
        )
        made = self._media.create(number, kind, track)
        self._host.change(state)
        return made.sender

    def remove_track(self, sender: RTCRtpSender) -> None:
        """Send a track no more (W3C removeTrack)."""
        self._check_open()
        if not (isinstance(sender, RTCRtpSender) and sender.belongs_to(self._host)):
            raise InvalidAccessError("the sender is none of this connection")
        owner = next((one for one in self._media.transceivers if one.sender is sender), None)
        if owner is None or owner.direction == "stopped" or sender.track is None:
            return
        sender.set_track(None)
        self._host.change(remove_track(self._host.state, owner.number))

    def add_transceiver(self, track_or_kind: object, init: object) -> RTCRtpTransceiver:
        """Add a transceiver (W3C addTransceiver)."""
        self._check_open()
        track = None if isinstance(track_or_kind, str) else track_or_kind
        kind = track_or_kind if isinstance(track_or_kind, str) else _kind(track)
        if kind not in KINDS:
            raise JsepTypeError(f"{kind!r} is no kind of media")
        assert track is None or isinstance(track, MediaStreamTrack)
        wanted = RTCRtpTransceiverInit.from_value(init)
        encodings = initial_encodings(kind, wanted.sendEncodings)
        state, number = add_transceiver(
            self._host.state,
            kind,
            entropy=self._entropy,
            direction=Direction(wanted.direction),
            streams=stream_names(wanted.streams),
            track_id=None if track is None else track.id,
            encodings=[Encoding(one.rid, one.active) for one in encodings],
        )
        made = self._media.create(number, kind, track, encodings=encodings)
        self._host.change(state)
        return made

    def receive(self, *, audio: bool | None = None, video: bool | None = None) -> None:
        """Do what the legacy options of createOffer ask for (W3C §4.4.3.2)."""
        for kind, wanted in (("audio", audio), ("video", video)):
            if wanted is None:
                continue
            present = [
                one
                for one in self._media.transceivers
                if one.kind == kind and one.direction != "stopped"
            ]
            if not wanted:
                for one in present:
                    sends = Direction(one.direction).sends
                    direction = Direction.of(sends=sends, receives=False)
                    self._host.change(set_direction(self._host.state, one.number, direction))
            elif not any(Direction(one.direction).receives for one in present):
                self.add_transceiver(kind, {"direction": "recvonly"})

    def _find_free(self, kind: str) -> RTCRtpTransceiver | None:
        """Return a transceiver that has never sent and has nothing to send."""
        for one in self._media.transceivers:
            known = self._host.state.transceiver(one.number)
            usable = known is not None and not known.stopping and not one.sender.has_sent
            if usable and one.kind == kind and one.sender.track is None:
                return one
        return None

    def _check_unused(self, track: MediaStreamTrack) -> None:
        # W3C CollectSenders: those that stop are among them until that is negotiated.
        if any(one.sender.track is track for one in self._media.transceivers):
            raise InvalidAccessError("the track is being sent already")

    def _check_open(self) -> None:
        if self._host.closed:
            raise InvalidStateError("the connection is closed")


def _kind(track: object) -> str:
    if not isinstance(track, MediaStreamTrack) or track.kind not in KINDS:
        raise JsepTypeError(f"{track!r} is no track of audio or video")
    return track.kind
