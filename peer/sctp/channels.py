"""The data channels of an association: who has which number, opening and closing (RFC 8832)."""

from collections import deque
from typing import NamedTuple, TypeAlias

from peer.records import dataclass

from .association import Association
from .channel import MAX_ID, Channel, ChannelParameters, ChannelState
from .dcep import Ack, Open, parse_dcep
from .drops import SctpDrop
from .events import (
    AmountLow,
    Ended,
    Established,
    Event,
    IncomingReset,
    MessageRefused,
    OutgoingReset,
    Restarted,
)
from .message import DCEP, EMPTY_BINARY, EMPTY_STRING
from .ordering import Message
from .session import SctpState
from .successors import Successors

MAX_OPENED_BY_PEER = 1024
"""Channels at a time that the peer may have opened."""
MAX_NAMES = 1 << 20
"""Characters of the labels and protocols of all these channels together."""
MAX_UNANSWERED = 16
"""Channels of ours that are opened before the peer has answered, where it may not take more."""
OPENING_PATIENCE = 3.0
"""Seconds that a peer has to answer; then others are opened without."""
MAX_ORPHANS, MAX_ORPHAN_BYTES = 64, 65536
"""Messages kept for channels that are not there yet: both sides make a negotiated one."""
STRING, BINARY = 51, 53
_NOTHING = b"\0"
_NO_STREAM = "the peer has no stream for the channel"


class ChannelMessage(NamedTuple):
    """A message has come."""

    channel: Channel
    data: str | bytes


@dataclass(frozen=True, slots=True)
class ChannelCame:
    """The peer has opened a channel; that it is open is told next."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """A channel is in another state; `reason` tells of a closing that nobody asked for."""

    channel: Channel
    state: ChannelState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChannelAmountLow:
    """What waits to be sent on a channel has fallen to its threshold."""

    channel: Channel


ChannelEvent: TypeAlias = (
    ChannelMessage | ChannelCame | ChannelChanged | ChannelAmountLow | Established | Ended
)


class Channels:
    """The channels over an association, which it feeds with messages and takes events from.

    The driver gives packets and the time to the association, and takes events here.
    """

    def __init__(self, association: Association) -> None:
        self._association = association
        self._drops = association.drops
        self._by_id: dict[int, Channel] = {}
        # Those that are to be opened.
        self._waiting: list[Channel] = []
        # Those whose turn it is when the peer has answered about others, and these others with
        # the time at which each was opened.
        self._deferred: deque[Channel] = deque()
        self._unanswered: dict[int, float] = {}
        self._blocked: set[int] = set()
        # The lowest number of ours that may be free, once it is known which are ours.
        self._lowest: int | None = None
        self._came = 0
        self._names = 0
        self._successors = Successors()
        self._orphans: deque[Message] = deque()
        self._orphan_bytes = 0
        self._events: deque[ChannelEvent] = deque()

    @property
    def limit(self) -> int | None:
        """How many channels there may be, None before the peer is known."""
        streams = self._association.streams
        return None if streams is None else min(streams)

    # Calls

    def create(self, parameters: ChannelParameters, now: float) -> Channel:
        """Make a channel; ValueError for an id in use.

        When the association is up already the channel is open at once, or closed when the peer has
        no stream for it, and no event tells of that; or it waits its turn.
        """
        channel = Channel(parameters)
        if channel.id is not None:
            if channel.id in self._by_id or channel.id in self._blocked:
                raise ValueError(f"there is a channel with the id {channel.id} already")
            self._by_id[channel.id] = channel
        self._waiting.append(channel)
        self._number()
        if self._is_up:
            self._waiting.remove(channel)
            self._open_or_defer(channel, now)
        return channel

    def set_role(self, *, is_server: bool) -> None:
        """Note whether we are the DTLS server, whose channels have odd numbers (RFC 8832 §6)."""
        if self._lowest is None:
            self._lowest = 1 if is_server else 0
            self._number()

    def send(self, channel: Channel, data: str | bytes, now: float) -> None:
        """Queue a message on an open channel."""
        assert channel.id is not None, "an open channel has a number"
        if isinstance(data, str):
            protocol, body = (STRING, data.encode()) if data else (EMPTY_STRING, _NOTHING)
        else:
            protocol, body = (BINARY, data) if data else (EMPTY_BINARY, _NOTHING)
        self._association.send(channel.id, protocol, body, now, channel.delivery)

    def amount(self, channel: Channel) -> int:
        """Return the bytes that wait to be sent on a channel."""
        return 0 if channel.id is None else self._association.amount(channel.id)

    def set_low(self, channel: Channel, amount: int) -> None:
        """Say at which amount it is told that little waits."""
        channel.low = amount
        if channel.id is not None:
            self._association.set_threshold(channel.id, amount)

    def close(self, channel: Channel) -> None:
        """Close a channel once what was sent has gone out."""
        if channel.state in (ChannelState.CLOSING, ChannelState.CLOSED):
            return
        if channel.state is ChannelState.CONNECTING or not self._is_up:
            self._close(channel)
        else:
            channel.state = ChannelState.CLOSING
            self._reset(channel)

    # The clock

    def get_timer(self) -> float | None:
        """Return when a channel that waits for answers about others is opened all the same."""
        if not self._deferred or not self._unanswered:
            return None
        return next(iter(self._unanswered.values())) + OPENING_PATIENCE

    def handle_timer(self, now: float) -> None:
        """Open those whose turn it is."""
        while self._deferred and self._has_room(now):
            channel = self._deferred.popleft()
            self._open(channel, now)
            self._tell_opened(channel)

    # Events

    @property
    def has_events(self) -> bool:
        """Tell whether there may be an event."""
        return bool(self._events) or self._association.has_events

    def next_event(self, now: float) -> ChannelEvent | None:
        """Return the next event, None when there is none."""
        while not self._events:
            event = self._association.next_event()
            if event is None:
                return None
            self._take(event, now)
            self.handle_timer(now)
        return self._events.popleft()

    def _take(self, event: Event, now: float) -> None:
        match event:
            case Message():
                self._receive(event, now)
            case AmountLow(stream):
                if (channel := self._by_id.get(stream)) is not None:
                    self._events.append(ChannelAmountLow(channel))
            case Established():
                self._events.append(event)
                self._open_all(now)
            case IncomingReset(streams):
                self._take_incoming_reset(streams, now)
            case OutgoingReset(streams, done):
                self._take_outgoing_reset(streams, now, done=done)
            case MessageRefused(stream):
                if (channel := self._opened(stream)) is not None:
                    self._begin_closing(channel, "a message was longer than allowed")
            case Restarted():
                self._begin_again(now)
            case Ended():
                self._end(event)

    # Opening

    @property
    def _is_up(self) -> bool:
        state = self._association.state
        return state is SctpState.ESTABLISHED or state is SctpState.SHUTDOWN_RECEIVED

    def _number(self) -> None:
        """Give channels their numbers, the lowest that are free."""
        for channel in self._waiting:
            number = self._lowest
            if channel.id is not None or number is None:
                continue
            while number in self._by_id or number in self._blocked:
                number += 2
            if number <= MAX_ID:
                channel.id = number
                self._by_id[number] = channel
                self._lowest = number + 2

    def _open_all(self, now: float) -> None:
        """Open what has waited for the association."""
        self._number()
        waiting, self._waiting = self._waiting, []
        for channel in waiting:
            self._open_or_defer(channel, now)
            if channel.state is not ChannelState.CONNECTING:
                self._tell_opened(channel)

    def _tell_opened(self, channel: Channel) -> None:
        reason = "" if channel.state is ChannelState.OPEN else _NO_STREAM
        self._events.append(ChannelChanged(channel, channel.state, reason))

    def _open_or_defer(self, channel: Channel, now: float) -> None:
        announced = channel.id is not None and not channel.parameters.negotiated
        if announced and (self._deferred or not self._has_room(now)):
            self._deferred.append(channel)
        else:
            self._open(channel, now)

    def _has_room(self, now: float) -> bool:
        """Tell whether the peer can be expected to take one more that it has not answered for."""
        if self._association.takes_many:
            return True
        unanswered = self._unanswered
        while unanswered and next(iter(unanswered.values())) + OPENING_PATIENCE <= now:
            del unanswered[next(iter(unanswered))]
        return len(unanswered) < MAX_UNANSWERED

    def _open(self, channel: Channel, now: float) -> None:
        """Open a channel if the peer has a stream for it (W3C §6.1.1.2)."""
        if channel.id is None or channel.id >= (self.limit or 0):
            self._forget(channel)
            channel.id = None
            channel.state = ChannelState.CLOSED
            return
        self._prepare(channel)
        if not channel.parameters.negotiated:
            message = channel.parameters.opening()
            self._association.send(channel.id, DCEP, message, now)
            self._unanswered[channel.id] = now
        channel.state = ChannelState.OPEN
        self._adopt_orphans(channel.id, now)

    def _prepare(self, channel: Channel) -> None:
        assert channel.id is not None
        self._association.set_threshold(channel.id, channel.low)
        self._association.set_weight(channel.id, channel.parameters.weight)

    def _accept(self, number: int, message: Open, now: float) -> None:
        """Take a channel that the peer opens (RFC 8832 §6)."""
        there = self._by_id.get(number)
        if there is not None and there.state is ChannelState.CLOSING:
            fits = self._has_names_left(message)
            self._successors.put(number, message if fits else None)
            if not fits:
                self._drops[SctpDrop.TOO_MANY_CHANNELS] += 1
            return
        if there is not None or number > MAX_ID or number in self._blocked:
            self._drops[SctpDrop.CHANNEL_EXISTS] += 1
            return
        if self._is_ours(number):
            self._drops[SctpDrop.WRONG_PARITY] += 1
        if self._came >= MAX_OPENED_BY_PEER or not self._has_names_left(message):
            self._drops[SctpDrop.TOO_MANY_CHANNELS] += 1
            self._association.reset((number,))
            return
        parameters = ChannelParameters(
            message.label,
            message.protocol,
            message.ordered,
            _short(message.max_retransmits),
            _short(message.max_packet_life_time),
            message.priority or ChannelParameters().weight,
        )
        channel = Channel(parameters)
        channel.id = number
        channel.become_known()
        channel.came = True
        self._came += 1
        self._names += message.names
        self._by_id[number] = channel
        self._prepare(channel)
        self._association.send(number, DCEP, Ack().serialize(), now)
        self._events.append(ChannelCame(channel))
        self._change(channel, ChannelState.OPEN)
        self._adopt_orphans(number, now)

    def _has_names_left(self, message: Open) -> bool:
        return self._names + self._successors.names + message.names <= MAX_NAMES

    # Messages

    def _receive(self, message: Message, now: float) -> None:
        stream, protocol, data = message
        successor = self._successors.get(stream)
        if successor is not None:
            # It is for the channel that is to be, and not for the one that is closing.
            if successor.message is not None:
                self._keep(message)
            else:
                self._drops[SctpDrop.UNKNOWN_CHANNEL] += 1
            return
        channel = self._by_id.get(stream)
        if channel is not None:
            channel.become_known()
            self._unanswered.pop(stream, None)
        if protocol == DCEP:
            self._receive_dcep(stream, channel, data, now)
        elif channel is None or channel.state is ChannelState.CONNECTING:
            self._keep(message)
        elif protocol == STRING:
            try:
                self._events.append(ChannelMessage(channel, data.decode()))
            except UnicodeDecodeError:
                self._drops[SctpDrop.NOT_UTF8] += 1
        elif protocol == BINARY:
            self._events.append(ChannelMessage(channel, data))
        elif protocol == EMPTY_STRING:
            self._events.append(ChannelMessage(channel, ""))
        elif protocol == EMPTY_BINARY:
            self._events.append(ChannelMessage(channel, b""))
        else:
            self._drops[SctpDrop.UNKNOWN_PROTOCOL] += 1

    def _receive_dcep(self, stream: int, channel: Channel | None, data: bytes, now: float) -> None:
        message = parse_dcep(data)
        if isinstance(message, Open):
            self._accept(stream, message, now)
        elif message is None:
            self._drops[SctpDrop.MALFORMED_DCEP] += 1
            if channel is None:
                self._association.reset((stream,))
        elif channel is None:
            self._drops[SctpDrop.UNKNOWN_CHANNEL] += 1

    def _keep(self, message: Message) -> None:
        """Keep a message for a channel that may be made yet, the latest few."""
        self._orphans.append(message)
        self._orphan_bytes += len(message.data)
        while len(self._orphans) > MAX_ORPHANS or self._orphan_bytes > MAX_ORPHAN_BYTES:
            self._orphan_bytes -= len(self._orphans.popleft().data)
            self._drops[SctpDrop.UNKNOWN_CHANNEL] += 1

    def _adopt_orphans(self, number: int, now: float) -> None:
        if not self._orphans:
            return
        orphans, self._orphans = self._orphans, deque()
        self._orphan_bytes = 0
        for message in orphans:
            if message.stream == number:
                self._receive(message, now)
            else:
                self._keep(message)

    # Closing

    def _opened(self, number: int) -> Channel | None:
        """Return a channel; of one that waits for its turn the peer can say nothing."""
        channel = self._by_id.get(number)
        return None if channel is None or channel.state is ChannelState.CONNECTING else channel

    def _reset(self, channel: Channel) -> None:
        assert channel.id is not None
        self._association.reset((channel.id,))

    def _begin_closing(self, channel: Channel, reason: str = "") -> None:
        """Close a channel that nobody closed here; what waits on it is dropped."""
        if channel.state in (ChannelState.CLOSING, ChannelState.CLOSED) or channel.id is None:
            return
        self._change(channel, ChannelState.CLOSING, reason)
        self._association.discard(channel.id)
        self._reset(channel)

    def _take_incoming_reset(self, streams: frozenset[int] | None, now: float) -> None:
        numbers = list(self._by_id) if streams is None else streams
        for number in numbers:
            channel, successor = self._opened(number), self._successors.get(number)
            if successor is not None and channel is not None and channel.incoming_reset:
                successor.ended = True
            elif channel is not None:
                channel.incoming_reset = True
                self._begin_closing(channel)
                self._close_if_done(channel, now)

    def _take_outgoing_reset(self, streams: tuple[int, ...], now: float, *, done: bool) -> None:
        for number in streams:
            channel = self._opened(number)
            if channel is None:
                continue
            channel.outgoing_reset = True
            if not done:
                # What the peer makes of the stream is unknown.
                self._blocked.add(number)
                channel.incoming_reset = True
            self._begin_closing(channel)
            self._close_if_done(channel, now)

    def _begin_again(self, now: float) -> None:
        """Go on with a peer that has lost its state: it will end no stream of the time before."""
        self._successors.clear()
        closing = [one for one in self._by_id.values() if one.state is ChannelState.CLOSING]
        for channel in closing:
            channel.incoming_reset = True
            self._close_if_done(channel, now)

    def _close_if_done(self, channel: Channel, now: float) -> None:
        number = channel.id
        if number is None or not (channel.incoming_reset and channel.outgoing_reset):
            return
        self._close(channel)
        successor = self._successors.take(number)
        if successor is None:
            return
        if successor.message is None:
            self._association.reset((number,))
        else:
            self._accept(number, successor.message, now)
        if successor.ended:
            self._take_incoming_reset(frozenset((number,)), now)

    def _close(self, channel: Channel, reason: str = "") -> None:
        self._forget(channel)
        self._change(channel, ChannelState.CLOSED, reason)

    def _forget(self, channel: Channel) -> None:
        number = channel.id
        if number is not None and self._by_id.get(number) is channel:
            del self._by_id[number]
            self._unanswered.pop(number, None)
            if channel.came:
                self._came -= 1
                self._names -= len(channel.parameters.label) + len(channel.parameters.protocol)
            if self._lowest is not None and self._is_ours(number):
                self._lowest = min(number, self._lowest)
        for line in (self._waiting, self._deferred):
            if channel in line:
                line.remove(channel)

    def _is_ours(self, number: int) -> bool:
        """Tell whether a number is of those that we give (RFC 8832 §6)."""
        return self._lowest is not None and number % 2 == self._lowest % 2

    def _change(self, channel: Channel, state: ChannelState, reason: str = "") -> None:
        channel.state = state
        self._events.append(ChannelChanged(channel, state, reason))

    def _end(self, event: Ended) -> None:
        for channel in list(dict.fromkeys((*self._by_id.values(), *self._waiting))):
            self._close(channel, event.reason)
        self._orphans.clear()
        self._events.append(event)


def _short(limit: int | None) -> int | None:
    """Return a limit as the W3C's API has it, in 16 bits."""
    return None if limit is None else min(limit, 65535)
