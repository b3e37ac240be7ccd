"""The transceivers of a connection: what a plan says of senders, receivers and tracks."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, assert_never
from weakref import ref

from peer.api import (
    Host,
    MediaStream,
    RTCRtpEncodingParameters,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCTrackEvent,
)
from peer.jsep import (
    AddRemoteTrack,
    CreateTransceiver,
    MediaStep,
    RemoveRemoteTrack,
    SetReceiver,
    SetRemoteStreams,
    SetSender,
    StopReceiver,
    StopSender,
    StopTransceiver,
)
from peer.transports import MediaStreamTrack, Synchronization

from .endings import Endings
from .errors import GivenUpError
from .links import Links

KINDS = ("audio", "video")


class Media:
    """All transceivers in the order they were made, and the streams of the peer.

    What an application is to hear of a plan is collected, and told by `tell` when the plan is
    carried out (W3C "set a session description").
    """

    def __init__(self, host: Host, links: Links) -> None:
        # The host owns this, which would keep it from going.
        self._find_host = ref(host)
        self._links = links
        self._transceivers: dict[int, RTCRtpTransceiver] = {}
        self._given_up: set[int] = set()
        self._streams: dict[str, MediaStream] = {}
        self._synchronized: dict[tuple[int, int], Synchronization] = {}
        """What keeps two receivers together, by the numbers of their transceivers."""
        self._muted: list[RTCRtpReceiver] = []
        self._removed: list[tuple[MediaStream, RTCRtpReceiver]] = []
        self._added: list[tuple[MediaStream, RTCRtpReceiver]] = []
        self._new: list[RTCRtpTransceiver] = []
        self._endings = Endings()

    def __getitem__(self, number: int) -> RTCRtpTransceiver:
        return self._transceivers[number]

    @property
    def _host(self) -> Host:
        host = self._find_host()
        assert host is not None, "what belongs to a host is gone with it"
        return host

    @property
    def transceivers(self) -> list[RTCRtpTransceiver]:
        """All that are not stopped for good."""
        return list(self._transceivers.values())

    def create(
        self,
        number: int,
        kind: str,
        track: MediaStreamTrack | None = None,
        *,
        encodings: Sequence[RTCRtpEncodingParameters] = (),
        remote_track_id: str | None = None,
    ) -> RTCRtpTransceiver:
        """Make the objects of a transceiver; the receiver's track goes by the name given."""
        sender = RTCRtpSender(self._host, number, kind, track, list(encodings))
        receiver = RTCRtpReceiver(self._host, number, kind, remote_track_id)
        made = RTCRtpTransceiver(self._host, number, kind, sender, receiver)
        self._transceivers[number] = made
        return made

    # Steps

    def carry_out(self, step: MediaStep) -> None:
        """Do what a plan says of a transceiver."""
        number = step.transceiver
        if number in self._given_up and not isinstance(step, StopTransceiver):
            raise GivenUpError(f"transceiver {number} has failed")
        match step:
            case CreateTransceiver(kind=kind, track_id=track_id):
                self.create(number, kind, remote_track_id=track_id)
            case StopTransceiver():
                self._stop(number)
            case SetSender(parameters=sending):
                group = self._links[sending.transport].group
                self._transceivers[number].sender.apply(group, sending)
            case StopSender():
                self._endings.begin(self._transceivers[number].sender.withdraw())
            case SetReceiver(parameters=receiving):
                group = self._links[receiving.transport].group
                self._transceivers[number].receiver.apply(group, receiving)
            case StopReceiver():
                self._endings.begin(self._transceivers[number].receiver.withdraw())
            case AddRemoteTrack(streams=streams):
                self._add_track(number, streams)
            case SetRemoteStreams(streams=streams):
                self._set_streams(number, streams)
            case RemoveRemoteTrack():
                self._remove_track(number)
            case _:
                assert_never(step)

    def give_up(self, step: MediaStep) -> None:
        """Stop the media of a step that failed: nothing is sent, and the track received ends."""
        number = step.transceiver
        if isinstance(step, StopTransceiver):
            self._stop(number)
        elif number not in self._given_up:
            self._given_up.add(number)
            if number in self._transceivers:
                self._end_media(self._transceivers[number])
                self._transceivers[number].receiver.track.stop()

    def _stop(self, number: int) -> None:
        """Take a transceiver out that is stopped for good."""
        self._given_up.discard(number)
        stopped = self._transceivers.pop(number, None)
        if stopped is not None:
            stopped.mark_stopped()
            stopped.receiver.below.synchronize(None)
            self._synchronize()
            self._end_media(stopped)

    def _end_media(self, transceiver: RTCRtpTransceiver) -> None:
        self._endings.begin(transceiver.sender.withdraw())
        self._endings.begin(transceiver.receiver.withdraw())

    def _add_track(self, number: int, streams: Sequence[str]) -> None:
        self._transceivers[number].receiver.track.receptive = True
        self._new.append(self._transceivers[number])
        self._set_streams(number, streams)

    def _set_streams(self, number: int, streams: Sequence[str]) -> None:
        receiver = self._transceivers[number].receiver
        before = receiver.track.streams
        now = tuple(self._stream(name) for name in streams)
        self._removed += [(stream, receiver) for stream in before if stream not in now]
        self._added += [(stream, receiver) for stream in now if stream not in before]
        receiver.track.streams = now
        self._synchronize()

    def _synchronize(self) -> None:
        """Keep the first sound and the first pictures of each of the peer's streams together."""
        pairs: dict[int, Synchronization] = {}
        for stream in self._streams.values():
            first: dict[str, int] = {}
            for number, one in self._transceivers.items():
                if number not in pairs and stream in one.receiver.track.streams:
                    first.setdefault(one.kind, number)
            if len(first) == len(KINDS):
                audio, video = (first[kind] for kind in KINDS)
                known = self._synchronized.get((audio, video))
                pairs[audio] = pairs[video] = known or Synchronization(
                    self._transceivers[audio].receiver.below,
                    self._transceivers[video].receiver.below,
                )
                self._synchronized[audio, video] = pairs[audio]
        self._synchronized = {
            numbers: one for numbers, one in self._synchronized.items() if one in pairs.values()
        }
        for number, one in self._transceivers.items():
            one.receiver.below.synchronize(pairs.get(number))

    def _remove_track(self, number: int) -> None:
        self._set_streams(number, ())
        receiver = self._transceivers[number].receiver
        receiver.track.receptive = False
        self._muted.append(receiver)

    def tell(self) -> Iterator[RTCTrackEvent]:
        """Mute tracks, change streams, and yield the events of new tracks, in the W3C's order."""
        for receiver in self._take(self._muted):
            receiver.track.set_muted(True)
        for stream, receiver in self._take(self._removed):
            stream.remove_remote(receiver.track)
        for stream, receiver in self._take(self._added):
            stream.add_remote(receiver.track)
        for transceiver in self._take(self._new):
            track = transceiver.receiver.track
            yield RTCTrackEvent(
                receiver=transceiver.receiver,
                track=track,
                streams=track.streams,
                transceiver=transceiver,
            )

    def transport_number(self, number: int) -> int | None:
        """Return the number of the transport a transceiver's section runs over."""
        state = self._host.state
        transceiver = state.transceiver(number)
        return None if transceiver is None else state.wiring.sections.get(transceiver.mid or "")

    def end(self) -> None:
        """Mark every transceiver as stopped: the connection is closed."""
        for transceiver in self._transceivers.values():
            transceiver.mark_stopped()

    async def close(self) -> None:
        """Stop everything, also the tracks that were sent; returns always and leaves no task."""
        self._synchronized.clear()
        for transceiver in self._transceivers.values():
            transceiver.receiver.below.synchronize(None)
            self._end_media(transceiver)
        await self._endings.wait()
        for transceiver in self._transceivers.values():
            _end_track(transceiver.sender)

    def _stream(self, name: str) -> MediaStream:
        return self._streams.setdefault(name, MediaStream(id=name))

    @staticmethod
    def _take(waiting: list[Any]) -> list[Any]:
        taken = list(waiting)
        waiting.clear()
        return taken


def _end_track(sender: RTCRtpSender) -> None:
    """Stop what was sent, as aiortc does: its programs let go of cameras and files then."""
    if sender.track is None or not sender.has_sent:
        return
    try:
        sender.track.stop()
    except Exception as error:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a track failed to stop", "exception": error}
        )
