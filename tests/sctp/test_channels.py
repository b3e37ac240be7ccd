"""Data channels over a path (RFC 8832, RFC 8831 §6)."""

import pytest

from peer.sctp import (
    Channel,
    ChannelCame,
    ChannelChanged,
    ChannelEvent,
    ChannelMessage,
    ChannelParameters,
    Channels,
    ChannelState,
    SctpConfig,
    SctpDrop,
)
from peer.sctp.channels import (
    MAX_NAMES,
    MAX_OPENED_BY_PEER,
    MAX_ORPHANS,
    MAX_UNANSWERED,
    OPENING_PATIENCE,
)
from peer.sctp.dcep import Open
from peer.sctp.events import IncomingReset
from peer.sctp.wire import DATA, RE_CONFIG
from tests.sctp.path import Conditions, Path

DCEP, STRING, BINARY = 50, 51, 53


class Call:
    """Channels at both ends of a path."""

    def __init__(
        self,
        conditions: Conditions | None = None,
        *,
        seed: object = 0,
        right: SctpConfig | None = None,
    ) -> None:
        self.path = Path(conditions, seed=seed, right=right)
        self.left, self.right = (Channels(end.association) for end in self.path.ends)
        self.left.set_role(is_server=False)
        self.right.set_role(is_server=True)
        self.events: dict[Channels, list[ChannelEvent]] = {self.left: [], self.right: []}
        # The path's own ear takes no event.
        for end, channels in zip(self.path.ends, (self.left, self.right), strict=True):
            end.listens = False
            end.after = lambda channels=channels: self._listen(channels)  # type: ignore[misc]

    def _listen(self, channels: Channels) -> None:
        while (event := channels.next_event(self.path.now)) is not None:
            self.events[channels].append(event)

    def connect(self) -> "Call":
        """Set the association up."""
        self.path.connect()
        self.path.run(limit=1.0)
        return self

    def create(self, label: str = "", **options: object) -> Channel:
        """Make a channel on the left."""
        return self.left.create(ChannelParameters(label, **options), self.path.now)  # type: ignore[arg-type]

    def came(self) -> list[Channel]:
        """Return the channels that the right was told of."""
        events = self.events[self.right]
        return [event.channel for event in events if isinstance(event, ChannelCame)]

    def messages(self, channels: Channels) -> list[str | bytes]:
        """Return the messages of all channels of a side."""
        events = self.events[channels]
        return [event.data for event in events if isinstance(event, ChannelMessage)]

    def messages_of(self, channels: Channels, channel: Channel) -> list[str | bytes]:
        """Return the messages of a channel of a side."""
        return [
            event.data
            for event in self.events[channels]
            if isinstance(event, ChannelMessage) and event.channel is channel
        ]

    def changes(self, channels: Channels, channel: Channel) -> list[str]:
        """Return the states that a channel was told to be in."""
        events = self.events[channels]
        return [
            event.state.value
            for event in events
            if isinstance(event, ChannelChanged) and event.channel is channel
        ]

    def raw(self, stream: int, protocol: int, data: bytes) -> None:
        """Send a message from the left past its channels."""
        self.path.send(data, stream=stream, protocol=protocol)


def test_a_channel_and_its_messages() -> None:
    call = Call()
    early = call.create("early", protocol="p", ordered=False, max_retransmits=3)
    assert (early.id, early.state) == (0, ChannelState.CONNECTING)
    call.connect()
    assert call.changes(call.left, early) == ["open"]
    (there,) = call.came()
    assert (there.id, there.parameters) == (0, early.parameters)
    assert call.changes(call.right, there) == ["open"]
    sent: list[str | bytes] = ["", b"", "ä", b"x" * 5000]
    for message in sent:
        call.left.send(early, message, call.path.now)
        call.right.send(there, message, call.path.now)
    call.path.run(limit=1.0)
    assert call.messages(call.left) == call.messages(call.right) == sent


def test_the_one_that_is_made_while_it_is_up_is_open_at_once() -> None:
    call = Call().connect()
    channel = call.create("late")
    assert channel.state is ChannelState.OPEN
    call.left.send(channel, "with the opening", call.path.now)
    call.path.run(limit=1.0)
    assert call.changes(call.left, channel) == []
    assert call.messages(call.right) == ["with the opening"]
    assert len(call.path.left.sent) == len(set(call.path.left.sent))


def test_numbers_are_the_lowest_that_are_free() -> None:
    call = Call().connect()
    call.create(negotiated=True, id=4)
    assert [call.create().id for _ in range(4)] == [0, 2, 6, 8]
    assert call.right.create(ChannelParameters(), call.path.now).id == 1
    with pytest.raises(ValueError, match="already"):
        call.create(negotiated=True, id=6)


def test_nothing_overtakes_the_opening() -> None:
    """RFC 8832 §6: in order until the peer is known to have the channel."""
    call = Call().connect()
    lost = iter([False])
    call.path.left.passes = lambda _packet: next(lost, True)
    channel = call.create(ordered=False)
    call.left.send(channel, b"a", call.path.now)
    call.path.run(limit=0.001)
    call.left.send(channel, b"b", call.path.now)
    call.path.run(limit=3.0)
    assert len(call.came()) == 1
    assert call.messages(call.right) == [b"a", b"b"]
    assert not call.path.right.association.drops
    assert channel.delivery.ordered is False


@pytest.mark.parametrize("by_opener", [True, False])
@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_closing_ends_with_both_and_frees_the_number(by_opener: bool, loss: float) -> None:
    call = Call(seed=loss).connect()
    mine = call.create()
    call.path.run(limit=1.0)
    (theirs,) = call.came()
    call.path.conditions.loss = loss
    closer, one, other = (call.left, mine, theirs) if by_opener else (call.right, theirs, mine)
    closer.send(one, b"last" * 5000, call.path.now)
    closer.close(one)
    closer.close(one)
    call.path.run(lambda: mine.state is theirs.state is ChannelState.CLOSED)
    watcher = call.right if by_opener else call.left
    assert call.messages(watcher) == [b"last" * 5000]
    assert call.changes(watcher, other)[-2:] == ["closing", "closed"]
    assert call.changes(closer, one)[-1:] == ["closed"]
    call.path.run(limit=10.0)
    assert call.create().id == mine.id


def test_a_number_is_used_again_and_again() -> None:
    """Opening and closing under loss and reordering, by either side."""
    call = Call(Conditions(loss=0.2, jitter=0.03)).connect()
    for turn in range(100):
        channel = call.create(str(turn))
        call.left.send(channel, str(turn), call.path.now)
        call.path.run(lambda turn=turn: len(call.messages(call.right)) > turn)  # type: ignore[misc]
        there = call.came()[-1]
        assert there.parameters.label == str(turn)
        if turn % 2:
            call.left.close(channel)
        else:
            call.right.close(there)
        call.path.run(lambda channel=channel: channel.state is ChannelState.CLOSED)  # type: ignore[misc]
        assert channel.id == 0
    assert call.messages(call.right) == [str(turn) for turn in range(100)]
    assert not call.path.right.association.drops.keys() & {
        SctpDrop.CHANNEL_EXISTS,
        SctpDrop.WRONG_SEQUENCE,
        SctpDrop.CONTRADICTION,
    }


def test_many_are_closed_while_sending() -> None:
    call = Call(Conditions(loss=0.02)).connect()
    channels = [call.create(str(number)) for number in range(300)]
    for channel in channels:
        call.left.send(channel, b"x" * 2000, call.path.now)
    for channel in channels[:100]:
        call.left.close(channel)
    call.path.run(lambda: all(one.state is ChannelState.CLOSED for one in channels[:100]))
    call.path.run(lambda: len(call.messages(call.right)) == 300)
    assert all(one.state is ChannelState.OPEN for one in channels[100:])


def test_a_peer_that_cannot_reset() -> None:
    """RFC 6525 is never spoken to it: the channel is closed here."""
    call = Call().connect()
    session = call.path.left.association._session
    assert session.agreement is not None
    from peer.records import replace

    session.agreement = replace(session.agreement, resets=False)
    channel = call.create()
    call.left.close(channel)
    call.path.run(lambda: channel.state is ChannelState.CLOSED)
    assert all(packet[12] != RE_CONFIG for packet in call.path.left.sent)


def test_messages_for_a_channel_that_is_made_later_are_kept() -> None:
    call = Call().connect()
    call.raw(8, STRING, b"early")
    call.raw(9, BINARY, b"for nobody")
    call.path.run(limit=1.0)
    assert call.messages(call.right) == []
    call.right.create(ChannelParameters(negotiated=True, id=8), call.path.now)
    call.path.run(limit=1.0)
    assert call.messages(call.right) == ["early"]
    for _ in range(MAX_ORPHANS + 5):
        call.raw(9, BINARY, b"x")
    call.path.run(limit=1.0)
    assert call.path.right.association.drops == {SctpDrop.UNKNOWN_CHANNEL: 6}


@pytest.mark.parametrize(
    ("stream", "protocol", "data", "drop"),
    [
        (50, DCEP, b"\x09", SctpDrop.MALFORMED_DCEP),
        (50, DCEP, b"\x02", SctpDrop.UNKNOWN_CHANNEL),
        (0, DCEP, Open().serialize(), SctpDrop.CHANNEL_EXISTS),
        (1, DCEP, Open().serialize(), SctpDrop.WRONG_PARITY),
        (0, STRING, b"\xff", SctpDrop.NOT_UTF8),
        (0, 99, b"x", SctpDrop.UNKNOWN_PROTOCOL),
    ],
)
def test_nonsense_of_the_peer_is_counted(
    stream: int, protocol: int, data: bytes, drop: SctpDrop
) -> None:
    call = Call().connect()
    call.create()
    call.path.run(limit=1.0)
    call.raw(stream, protocol, data)
    call.path.run(limit=1.0)
    assert call.path.right.association.drops == {drop: 1}
    assert call.came()[0].state is ChannelState.OPEN


def test_channels_that_the_peer_opens_are_bounded() -> None:
    call = Call().connect()
    for number in range(0, 2 * MAX_OPENED_BY_PEER + 20, 2):
        call.raw(number, DCEP, Open(label="x").serialize())
    call.path.run(limit=5.0)
    assert len(call.came()) == MAX_OPENED_BY_PEER
    assert call.path.right.association.drops == {SctpDrop.TOO_MANY_CHANNELS: 10}


def test_names_of_channels_that_the_peer_opens_are_bounded() -> None:
    """Also of those whose number is that of one which is closing here."""
    call = Call(right=SctpConfig(max_message_size=1 << 18)).connect()
    long = Open(label="l" * 65535, protocol="p" * 65535).serialize()
    most = MAX_NAMES // (2 * 65535)
    for number in range(0, 2 * most + 6, 2):
        call.raw(number, DCEP, long)
    call.path.run(limit=20.0)
    assert len(call.came()) == most
    drops = call.path.right.association.drops
    assert drops == {SctpDrop.TOO_MANY_CHANNELS: 3}
    # There is room for 16 characters more. The peer does not see that the channel closes.
    call.path.right.passes = lambda _packet: False
    closing = call.came()[0]
    call.right.close(closing)
    call.raw(0, DCEP, Open(label="l" * 17).serialize())
    call.path.run(limit=1.0)
    assert closing.state is ChannelState.CLOSING
    assert drops == {SctpDrop.TOO_MANY_CHANNELS: 4}
    call.path.right.passes = lambda _packet: True
    call.path.left.association.reset((0,))
    call.path.run(lambda: closing.state is ChannelState.CLOSED, limit=20.0)
    call.raw(2 * most + 10, DCEP, long)
    call.path.run(limit=20.0)
    assert len(call.came()) == most + 1


def test_a_peer_of_unknown_make_is_asked_for_few_channels_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it has not answered for is all it may have room for; each answer opens the next."""
    monkeypatch.setattr("peer.sctp.cookie.MAKER", b"somebody")
    call = Call()
    early = [call.create(f"early {number}") for number in range(2 * MAX_UNANSWERED)]
    call.connect()
    begun = call.path.now
    late = [call.create(f"late {number}") for number in range(2 * MAX_UNANSWERED)]
    states = [channel.state for channel in late]
    assert states == [ChannelState.OPEN] * MAX_UNANSWERED + [ChannelState.CONNECTING] * 16
    negotiated = call.create("negotiated", negotiated=True, id=1000)
    assert negotiated.state is ChannelState.OPEN
    given_up = late.pop()
    call.left.close(given_up)
    assert given_up.state is ChannelState.CLOSED
    call.path.run(lambda: all(one.state is ChannelState.OPEN for one in late), limit=1.0)
    assert call.path.now - begun == pytest.approx(2 * call.path.conditions.delay)
    call.path.run(limit=1.0)
    labels = [channel.parameters.label for channel in (*early, *late)]
    assert [channel.parameters.label for channel in call.came()] == labels
    assert call.left.get_timer() is None


def test_a_peer_that_answers_nothing_gets_them_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.sctp.cookie.MAKER", b"somebody")
    call = Call().connect()
    begun = call.path.now
    call.path.left.passes = lambda packet: packet[12] != DATA
    channels = [call.create(str(number)) for number in range(MAX_UNANSWERED + 1)]
    assert call.left.get_timer() == begun + OPENING_PATIENCE
    states = []
    for now in (begun, begun + OPENING_PATIENCE - 0.001, begun + OPENING_PATIENCE):
        call.left.handle_timer(now)
        states.append(channels[-1].state.value)
    assert states == ["connecting", "connecting", "open"]
    told = call.left.next_event(begun + OPENING_PATIENCE)
    assert told == ChannelChanged(channels[-1], ChannelState.OPEN)


@pytest.mark.parametrize("all_streams", [False, True])
def test_what_the_peer_resets_is_no_channel_that_waits_for_its_turn(
    all_streams: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.sctp.cookie.MAKER", b"somebody")
    call = Call().connect()
    begun = call.path.now
    call.path.left.passes = lambda packet: packet[12] != DATA
    *_, waiting = [call.create(str(number)) for number in range(MAX_UNANSWERED + 1)]
    assert waiting.id is not None
    reset = IncomingReset(None if all_streams else frozenset({waiting.id}))
    states = [waiting.state]
    call.left._take(reset, call.path.now)
    states.append(waiting.state)
    call.left.handle_timer(begun + OPENING_PATIENCE)
    states.append(waiting.state)
    assert [state.value for state in states] == ["connecting", "connecting", "open"]
    assert not waiting.incoming_reset


def test_peers_that_take_any_number_get_them_at_once() -> None:
    call = Call().connect()
    channels = [call.create(str(number)) for number in range(2 * MAX_UNANSWERED)]
    assert {channel.state for channel in channels} == {ChannelState.OPEN}


def test_limits_of_sixteen_bits() -> None:
    """What the W3C's API has no numbers for is cut."""
    call = Call().connect()
    call.raw(0, DCEP, Open(max_retransmits=70000).serialize())
    call.path.run(limit=1.0)
    assert call.came()[0].parameters.max_retransmits == 65535


def test_channels_the_peer_has_no_stream_for() -> None:
    call = Call(right=SctpConfig(streams=4))
    channels = [call.create() for _ in range(3)]
    call.connect()
    assert [one.state.value for one in channels] == ["open", "open", "closed"]
    assert [one.id for one in channels] == [0, 2, None]
    assert call.create().state is ChannelState.CLOSED
    assert call.left.limit == 4


def test_little_waits() -> None:
    call = Call().connect()
    channel = call.create()
    call.left.set_low(channel, 1000)
    call.left.send(channel, bytes(40000), call.path.now)
    call.left.send(channel, "", call.path.now)
    assert call.left.amount(channel) == 40000
    call.path.run(limit=2.0)
    assert call.left.amount(channel) == 0
    told = [event for event in call.events[call.left] if type(event).__name__ == "ChannelAmountLow"]
    assert len(told) == 1


def test_the_end_of_the_association_is_that_of_its_channels() -> None:
    call = Call()
    waiting = call.create()
    call.left.close(waiting)
    assert waiting.state is ChannelState.CLOSED
    call.connect()
    channel = call.create()
    call.path.left.association.abort("", call.path.now)
    call.path.run(limit=1.0)
    assert call.changes(call.left, channel) == ["closed"]


def test_a_number_that_is_free_is_found_again_whatever_closes_after_it() -> None:
    call = Call().connect()
    first = call.create()
    call.create()
    agreed = ChannelParameters(negotiated=True, id=65534)
    last = call.left.create(agreed, call.path.now)
    call.right.create(agreed, call.path.now)
    assert first.id == 0
    for channel in (first, last):
        call.left.close(channel)
        call.path.run(limit=1.0)
        assert channel.state is ChannelState.CLOSED
    assert [call.create().id for _ in range(2)] == [0, 4]


@pytest.mark.parametrize("asked", [True, False])
def test_a_channel_that_is_closing_closes_when_the_peer_has_lost_its_state(asked: bool) -> None:
    """RFC 9260 §5.2.4 A: a peer that knows nothing of the channel does not end its direction.

    With `asked` ours was ended before, else what waits on it is sent first.
    """
    call = Call().connect()
    closing, open_still = call.create(), call.create()
    call.path.run(limit=1.0)
    # Its association answers, and nobody hears that the channel is to be closed.
    call.path.right.after = lambda: None
    call.path.right.passes = lambda _packet: asked
    call.left.send(closing, bytes(30000), call.path.now)
    call.left.close(closing)
    call.path.run(limit=2.0)
    assert closing.state is ChannelState.CLOSING
    assert closing.outgoing_reset is asked
    fresh = Path(seed="fresh").right
    call.path.right = fresh
    fresh.association.start(call.path.now)
    call.path.run(lambda: closing.state is ChannelState.CLOSED)
    assert open_still.state is ChannelState.OPEN
    assert call.create().id == closing.id
