"""SCTP over DTLS: the association of the data channels (RFC 8841, RFC 8831)."""

import asyncio
import contextlib
import math
import os
from collections import Counter, deque
from collections.abc import Callable

from peer.ice import Candidate, CandidateType, IceState
from peer.sctp import (
    MAX_PACKET,
    MIN_PACKET,
    Association,
    Channel,
    ChannelAmountLow,
    ChannelCame,
    ChannelChanged,
    ChannelEvent,
    ChannelMessage,
    Channels,
    ChannelState,
    Ended,
    Established,
    Initiation,
    SctpConfig,
    SctpDrop,
    SctpState,
    SctpStatistics,
    read_token,
)

from .datachannel import DataChannel, channel_parameters
from .dtls import DtlsRole, DtlsTransport
from .emitter import Emitter
from .stock import stock

ESTABLISHMENT_TIMEOUT = 30.0
"""Seconds from the connected DTLS transport until a peer that does not answer is given up."""
MAX_MESSAGE_SIZE = 262144
"""Bytes of one message that is received, as a=max-message-size announces."""
MAX_EARLY = 32
"""Packets kept that come before the association begins: an INIT among them saves a second."""
EVENTS_AT_A_TIME = 1000
"""Events handed out in one iteration of the loop; a flood of tiny messages lets others run."""
MAX_PAUSES = 100
"""Channels of the peer in a row that are made known one in a turn of the loop: what comes meanwhile
waits beside the receive window."""

Way = tuple[tuple[str, bool], ...]

_USER_DATA = "USERDATA_MAX_LENGTH"
_HEADERS = 28


class SctpTransport(Emitter):
    """One association. It runs once: `connect`, then `close`.

    It emits "statechange" and "datachannel" with each channel the peer makes; `state` is "new",
    "connecting", "connected" or "closed".
    """

    def __init__(
        self,
        dtls: DtlsTransport,
        *,
        port: int = 5000,
        timeout: float = ESTABLISHMENT_TIMEOUT,
        config: SctpConfig | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        initiation: bytes | None = None,
    ) -> None:
        super().__init__()
        self._dtls = dtls
        self._timeout = timeout
        self.port = port
        local = None if initiation is None else read_token(initiation)
        self._association = Association(config or _config(port), entropy=entropy, local=local)
        self._channels = Channels(self._association)
        self._handing_out = False
        self._is_pausing = False
        self._pauses = 0
        self._remote_port = 0
        self._remote: Initiation | None = None
        self._max_message_size = 65536
        self._early: deque[bytes] = deque(maxlen=MAX_EARLY)
        self._soon: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._way: Way | None = None
        self._was_lost = False
        self._watch(dtls)

    @property
    def dtls(self) -> DtlsTransport:
        """The DTLS transport below."""
        return self._dtls

    @property
    def state(self) -> str:
        """One of "new", "connecting", "connected" and "closed"."""
        return _STATES[self._association.state]

    @property
    def drops(self) -> Counter[SctpDrop]:
        """What the peer sent and was of no use."""
        return self._association.drops

    @property
    def is_server(self) -> bool:
        """Tell whether our channels have odd ids: those of the DTLS server (RFC 8832 §6)."""
        return self._dtls.role is DtlsRole.SERVER

    @property
    def maxChannels(self) -> int | None:
        """The number of channels there may be at a time, None until it is connected."""
        return self._channels.limit

    @property
    def max_message_size(self) -> float:
        """The bytes a message may have, infinity for no limit."""
        return self._max_message_size or math.inf

    def set_max_message_size(self, size: int) -> None:
        """Note the peer's a=max-message-size; 0 means that there is no limit (RFC 8841 §6)."""
        self._max_message_size = size

    def statistics(self) -> SctpStatistics:
        """Return the figures of the association."""
        return self._association.statistics()

    def connect(
        self, remote_port: int, max_message_size: int = 65536, remote_init: bytes | None = None
    ) -> None:
        """Begin: wait for DTLS, then set the association up. Raises RuntimeError if repeated.

        With the peer's INIT from its description, which has ours, it is up when DTLS is.
        """
        if self._remote_port or self.state != "new":
            raise RuntimeError("an SCTP transport connects once")
        self.set_max_message_size(max_message_size)
        self._remote_port = remote_port
        self._remote = None if remote_init is None else read_token(remote_init)
        self._number_channels()
        self._dtls.set_data_sink(self.receive)
        self._follow_dtls()

    def set_transport(self, dtls: DtlsTransport) -> None:
        """Go on over another DTLS transport; the association stays what it is, closed included."""
        before = self._dtls
        if dtls is before or self.state == "closed":
            return
        self._dtls = dtls
        before.drop_data_sink(self.receive)
        self._unwatch(before)
        self._watch(dtls)
        if self._remote_port:
            dtls.set_data_sink(self.receive)
            self._follow_dtls()

    def create_channel(
        self,
        label: str,
        *,
        protocol: str = "",
        ordered: bool = True,
        max_packet_life_time: int | None = None,
        max_retransmits: int | None = None,
        negotiated: bool = False,
        id: int | None = None,  # noqa: A002 - the W3C's name
        priority: str = "low",
    ) -> DataChannel:
        """Make a channel; it opens when the association is there.

        Raises TypeError for parameters W3C createDataChannel refuses, ValueError for an id in
        use, ConnectionError when the association is closed.
        """
        parameters = channel_parameters(
            label,
            protocol=protocol,
            ordered=ordered,
            max_packet_life_time=max_packet_life_time,
            max_retransmits=max_retransmits,
            negotiated=negotiated,
            id=id,
            priority=priority,
        )
        if self.state == "closed":
            raise ConnectionError("the SCTP transport is closed")
        channel = DataChannel(self, self._channels.create(parameters, self._now()))
        self._schedule()
        return channel

    async def flush(self) -> None:
        """Send what waits, as far as the peer and the network take it now."""
        self._send()

    async def close(self) -> None:
        """Abort the association and close its channels; the DTLS transport stays.

        It returns always and leaves no task behind. Calling again changes nothing.
        """
        self._dtls.drop_data_sink(self.receive)
        self._association.abort("", self._now())
        self._send()
        self._hand_out(self._now())

    # What channels ask for

    def send(self, channel: Channel, data: str | bytes) -> None:
        """Queue a message; what is queued in one iteration of the loop leaves together."""
        self._channels.send(channel, data, self._now())
        self._schedule()

    def close_channel(self, channel: Channel) -> None:
        """Close a channel once what was sent has gone out."""
        self._channels.close(channel)
        self._hand_out(self._now())
        self._schedule()

    def amount(self, channel: Channel) -> int:
        """Return the bytes that wait to be sent on a channel."""
        return self._channels.amount(channel)

    def set_low(self, channel: Channel, amount: int) -> None:
        """Say at which amount "bufferedamountlow" is emitted."""
        self._channels.set_low(channel, amount)

    # What comes from below

    def receive(self, data: bytes) -> None:
        """Take a packet from DTLS; what it gives rise to leaves with the loop's next iteration."""
        if self._association.state is SctpState.CLOSED:
            self._early.append(data)
            return
        now = self._now()
        self._association.receive(data, now)
        self._hand_out(now)
        self._schedule()

    def _watch(self, dtls: DtlsTransport) -> None:
        dtls.on("statechange", self._follow_dtls)
        dtls.ice.on("statechange", self._follow_ice)
        dtls.ice.on("selectedcandidatepairchange", self._follow_ice)

    def _unwatch(self, dtls: DtlsTransport) -> None:
        for source, event, listener in (
            (dtls, "statechange", self._follow_dtls),
            (dtls.ice, "statechange", self._follow_ice),
            (dtls.ice, "selectedcandidatepairchange", self._follow_ice),
        ):
            # What is closed has let go of all that listen.
            if listener in source.listeners(event):
                source.remove_listener(event, listener)

    def _follow_ice(self) -> None:
        """Learn the path anew when it is another, and try again at once when it is back."""
        ice, before = self._dtls.ice, self._way
        if ice.selected_pair is not None:
            self._way = _way(ice.selected_pair)
            if before is not None and before != self._way:
                self._association.path_changed(self._now())
        was_lost, self._was_lost = self._was_lost, ice.state is IceState.DISCONNECTED
        if was_lost and not self._was_lost:
            self._association.path_restored(self._now())
            self._schedule()

    def _follow_dtls(self) -> None:
        state = self._dtls.state
        if state in ("closed", "failed") and self.state != "closed":
            self._association.lose()
            self._arm()
            self._hand_out(self._now())
        elif state == "connected" and self._remote_port and self.state == "new":
            self._begin()

    def _begin(self) -> None:
        self._number_channels()
        if self._remote is not None:
            self._association.establish(self._remote, self._now(), self._remote_port)
            self._hand_out(self._now())
        else:
            self._association.start(self._now(), self._remote_port)
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._timeout, self._give_up)
            self.emit("statechange")
        while self._early:
            self.receive(self._early.popleft())
        self._send()

    def _give_up(self) -> None:
        self._association.abort("the peer did not answer", self._now())
        self._send()
        self._hand_out(self._now())

    def _number_channels(self) -> None:
        """Give channels their numbers, once it is known who has which (RFC 8832 §6)."""
        if self._dtls.role is not DtlsRole.AUTO:
            self._channels.set_role(is_server=self.is_server)

    # What goes out

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _schedule(self) -> None:
        """Send what there is to send, once for all that this iteration of the loop brings."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        self._soon = None
        self._association.handle_timer(self._now())
        self._channels.handle_timer(self._now())
        self._send()
        self._hand_out(self._now())

    def _send(self) -> None:
        packets = self._association.transmits(self._now())
        if packets:
            # Lost packets: SCTP sends them again, or the state of DTLS ends it all.
            with contextlib.suppress(ConnectionError):
                self._dtls.send_messages(packets)
        self._arm()

    def _arm(self) -> None:
        """Have one timer at most, and let it be early rather than move it at each packet."""
        times = self._association.get_timer(), self._channels.get_timer()
        at = min((time for time in times if time is not None), default=None)
        if at is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return
        loop = asyncio.get_running_loop()
        if at <= loop.time():
            self._schedule()
        elif self._timer is None or at < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._work()

    # Events

    def _hand_out(self, now: float) -> None:
        """Emit what has happened, a bounded part of it at a time."""
        if self._handing_out:
            return
        if not self._channels.has_events:
            self._pauses = 0
            return
        if self._is_pausing and self._may_pause:
            return
        self._handing_out = True
        try:
            for _ in range(EVENTS_AT_A_TIME):
                event = self._channels.next_event(now)
                if event is None:
                    self._pauses = 0
                    return
                self._emit_event(event)
                if isinstance(event, ChannelCame) and self._may_pause:
                    self._pause()
                    break
            else:
                self._schedule()
        finally:
            self._handing_out = False

    @property
    def _may_pause(self) -> bool:
        return self._pauses < MAX_PAUSES and self.state != "closed"

    def _pause(self) -> None:
        """Let coroutines that were told of a channel begin to listen before it says more."""
        self._is_pausing = True
        self._pauses += 1
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._is_pausing = False
        self._hand_out(self._now())

    def _emit_event(self, event: ChannelEvent) -> None:
        match event:
            case ChannelMessage(channel, data):
                _held(channel).emit("message", data)
            case ChannelCame(channel):
                self.emit("datachannel", DataChannel(self, channel))
            case ChannelAmountLow(channel):
                _held(channel).emit("bufferedamountlow")
            case ChannelChanged():
                self._emit_change(event)
            case Established():
                self._stop_waiting()
                self.emit("statechange")
            case Ended():
                self._stop_waiting()
                self._unwatch(self._dtls)
                self.emit("statechange")
                self.remove_all_listeners()

    def _emit_change(self, event: ChannelChanged) -> None:
        channel = _held(event.channel)
        match event.state:
            case ChannelState.OPEN:
                channel.emit("open")
            case ChannelState.CLOSING:
                channel.emit("closing")
            case ChannelState.CLOSED:
                if event.reason and self.state != "closed":
                    channel.emit("closing")
                channel.emit("close")
                channel.remove_all_listeners()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


_STATES = {
    SctpState.CLOSED: "new",
    SctpState.COOKIE_WAIT: "connecting",
    SctpState.COOKIE_ECHOED: "connecting",
    SctpState.ESTABLISHED: "connected",
    SctpState.SHUTDOWN_RECEIVED: "connected",
    SctpState.SHUTDOWN_ACK_SENT: "connected",
    SctpState.ENDED: "closed",
}


def make_initiation(entropy: Callable[[int], bytes]) -> bytes:
    """Return an INIT chunk for a description, and for the association that it speaks of."""
    return Association(_config(), entropy=entropy).initiation


def _config(port: int = 5000) -> SctpConfig:
    """Return the settings of an association: a large message does not hold up small ones."""
    return SctpConfig(
        port,
        max_packet=_packet_size(),
        max_message_size=MAX_MESSAGE_SIZE,
        interleaving=True,
    )


def _way(pair: tuple[Candidate, Candidate]) -> Way:
    """Return what makes a path another one: interfaces and relays, and not a mere port."""
    return tuple((one.address.host, one.type is CandidateType.RELAYED) for one in pair)


def _held(channel: Channel) -> DataChannel:
    """Return what stands for a channel here."""
    holder = channel.holder
    assert isinstance(holder, DataChannel), "channels are made together with their holders"
    return holder


def _packet_size() -> int:
    """Return the bytes of a packet; programs for aiortc set how much user data it has."""
    most: int = getattr(stock("rtcsctptransport"), _USER_DATA)
    return max(MIN_PACKET, min(MAX_PACKET, most + _HEADERS))
