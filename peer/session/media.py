"""The transceivers of a connection: what a plan says of senders, receivers and tracks."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any
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
from peer.transports import MediaStreamTrack

from .links import Links


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
        self._streams: dict[str, MediaStream] = {}
        self._muted: list[RTCRtpReceiver] = []
        self._removed: list[tuple[MediaStream, RTCRtpReceiver]] = []
        self._added: list[tuple[MediaStream, RTCRtpReceiver]] = []
        self._new: list[RTCRtpTransceiver] = []
        self._ending: set[asyncio.Task[None]] = set()

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
    ) -> RTCRtpTransceiver:
        """Make the objects of a transceiver."""
        sender = RTCRtpSender(self._host, number, kind, track, list(encodings))
        receiver = RTCRtpReceiver(self._host, number, kind, self._announced_track(number))
        made = RTCRtpTransceiver(self._host, number, kind, sender, receiver)
        self._transceivers[number] = made
        return made

    def forget(self, number: int) -> None:
        """Take a transceiver out that is stopped for good."""
        stopped = self._transceivers.pop(number)
        stopped.mark_stopped()
        self._end(stopped.sender.below.stop())
        self._end(stopped.receiver.below.stop())

    # Steps

    def update_sender(self, number: int) -> None:
        """Start sending, or go on with what is agreed now."""
        sender = self._transceivers[number].sender
        agreed, parameters = self._host.state.wiring.senders.get(number), sender.agreed()
        if agreed is not None and parameters is not None:
            sender.below.send(self._links[agreed.transport].group, parameters)

    def stop_sender(self, number: int) -> None:
        """Send no more."""
        self._end(self._transceivers[number].sender.below.stop())

    def update_receiver(self, number: int) -> None:
        """Start receiving, or go on with what is agreed now."""
        receiver = self._transceivers[number].receiver
        agreed, parameters = self._host.state.wiring.receivers.get(number), receiver.agreed()
        if agreed is not None and parameters is not None:
            receiver.below.receive(self._links[agreed.transport].group, parameters)

    def stop_receiver(self, number: int) -> None:
        """Receive no more."""
        self._end(self._transceivers[number].receiver.below.stop())

    def add_track(self, number: int, streams: Sequence[str]) -> None:
        """Report a receiver's track as new."""
        self._transceivers[number].receiver.track.receptive = True
        self._new.append(self._transceivers[number])
        self.set_streams(number, streams)

    def set_streams(self, number: int, streams: Sequence[str]) -> None:
        """Put a receiver's track into these streams of the peer."""
        receiver = self._transceivers[number].receiver
        before = receiver.track.streams
        now = tuple(self._stream(name) for name in streams)
        self._removed += [(stream, receiver) for stream in before if stream not in now]
        self._added += [(stream, receiver) for stream in now if stream not in before]
        receiver.track.streams = now

    def remove_track(self, number: int) -> None:
        """Mute a receiver's track and take it out of its streams."""
        self.set_streams(number, ())
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
        """Be stopped for good, all of them: the connection is closed."""
        for transceiver in self._transceivers.values():
            transceiver.mark_stopped()

    async def close(self) -> None:
        """Stop everything, also the tracks that were sent; returns always and leaves no task."""
        for transceiver in self._transceivers.values():
            self._end(transceiver.sender.below.stop())
            self._end(transceiver.receiver.below.stop())
        await asyncio.gather(*self._ending, return_exceptions=True)
        for transceiver in self._transceivers.values():
            _end_track(transceiver.sender)

    def _announced_track(self, number: int) -> str | None:
        """Return the track id of the remote offer that made the transceiver, as browsers do."""
        state = self._host.state
        transceiver = state.transceiver(number)
        if state.remote is None or transceiver is None or transceiver.mid is None:
            return None
        section = state.remote.section(transceiver.mid)
        msids = () if section is None else section.media.msids
        return next((msid.track for msid in msids if msid.track), None)

    def _stream(self, name: str) -> MediaStream:
        return self._streams.setdefault(name, MediaStream(id=name))

    @staticmethod
    def _take(waiting: list[Any]) -> list[Any]:
        taken = list(waiting)
        waiting.clear()
        return taken

    def _end(self, stopping: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(stopping)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


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
