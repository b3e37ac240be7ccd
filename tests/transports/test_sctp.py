"""Data channels over SCTP over DTLS, in memory."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiortc.rtcsctptransport import InitChunk, serialize_packet

from peer.transports.datachannel import DataChannel
from peer.transports.dtls import DtlsRole
from peer.transports.sctp import SctpDrop, SctpTransport
from tests.transports.test_dtls import run
from tests.transports.wire import CERTIFICATE, Link, Pair, nothing, until


class Associations:
    """Two SCTP transports over a pair of DTLS transports."""

    def __init__(self, pair: Pair, *, timeout: float = 30.0) -> None:
        self.pair = pair
        self.left = SctpTransport(pair.left, timeout=timeout)
        self.right = SctpTransport(pair.right, timeout=timeout)
        self.incoming: list[DataChannel] = []
        self.right.on("datachannel", self.incoming.append)

    def connect(self, limit: int = 262144) -> None:
        """Begin on both sides."""
        self.left.connect(5000, limit)
        self.right.connect(5000, limit)

    async def connected(self) -> None:
        """Wait for both."""
        await until(lambda: self.left.state == self.right.state == "connected")

    async def channel(
        self, label: str = "chat", **options: object
    ) -> tuple[DataChannel, DataChannel]:
        """Open a channel from the left; return both ends."""
        count = len(self.incoming)
        mine = self.left.create_channel(label, **options)  # type: ignore[arg-type]
        await until(lambda: mine.readyState == "open" and len(self.incoming) > count)
        return mine, self.incoming[-1]


@asynccontextmanager
async def associated(
    left: DtlsRole = DtlsRole.CLIENT, right: DtlsRole = DtlsRole.SERVER
) -> AsyncIterator[Associations]:
    """Two associations that are connected, and closed at the end."""
    pair = Pair()
    both = Associations(pair)
    pair.connect(left, right)
    both.connect()
    await both.connected()
    try:
        yield both
    finally:
        await both.left.close()
        await both.right.close()
        await pair.close()


def collect(channel: DataChannel) -> list[str | bytes]:
    got: list[str | bytes] = []
    channel.on("message", got.append)
    return got


@pytest.mark.parametrize("ordered", [True, False])
def test_messages_of_all_sizes_arrive_whole(ordered: bool) -> None:
    sent: list[str | bytes] = ["", b"", "x", b"x", "\N{EURO SIGN}" * 700]
    sent += [bytes([n % 256 for n in range(size)]) for size in (1199, 1200, 16384, 65536, 262144)]

    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel(ordered=ordered)
            there, back = collect(theirs), collect(mine)
            for message in sent:
                mine.send(message)
                theirs.send(message)
            await until(lambda: len(there) == len(back) == len(sent))
            if ordered:
                assert there == back == sent
            else:
                assert (
                    sorted(map(repr, there)) == sorted(map(repr, back)) == sorted(map(repr, sent))
                )
            assert mine.bufferedAmount == theirs.bufferedAmount == 0

    run(scenario)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ordered": False},
        {"max_retransmits": 0},
        {"max_packet_life_time": 500, "ordered": False},
        {"protocol": "proto\N{SNOWMAN}"},
    ],
)
def test_options_reach_the_peer(options: dict[str, object]) -> None:
    async def scenario() -> None:
        async with associated() as both:
            for channel in await both.channel(
                "l\N{LATIN SMALL LETTER A WITH DIAERESIS}bel", **options
            ):
                assert channel.label == "l\N{LATIN SMALL LETTER A WITH DIAERESIS}bel"
                assert channel.ordered == options.get("ordered", True)
                assert channel.maxRetransmits == options.get("max_retransmits")
                assert channel.maxPacketLifeTime == options.get("max_packet_life_time")
                assert channel.protocol == options.get("protocol", "")
                assert not channel.negotiated

    run(scenario)


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_stream_ids_go_by_the_dtls_role(role: DtlsRole) -> None:
    """RFC 8832 §6: the DTLS client takes even ids, the server odd ones."""

    async def scenario() -> None:
        other = DtlsRole.SERVER if role is DtlsRole.CLIENT else DtlsRole.CLIENT
        async with associated(role, other) as both:
            first = 0 if role is DtlsRole.CLIENT else 1
            for number in (first, first + 2):
                mine, theirs = await both.channel()
                assert mine.id == theirs.id == number
            back = both.right.create_channel("back")
            await until(lambda: back.readyState == "open")
            assert back.id == 1 - first

    run(scenario)


def test_negotiated_channels_open_without_a_word() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine = both.left.create_channel("a", negotiated=True, id=7)
            theirs = both.right.create_channel("b", negotiated=True, id=7)
            assert mine.readyState == theirs.readyState == "open"
            got = collect(theirs)
            mine.send("hi")
            await until(lambda: got == ["hi"])
            assert both.incoming == []
            with pytest.raises(ValueError, match="already"):
                both.left.create_channel("c", negotiated=True, id=7)

    run(scenario)


def test_channels_made_before_the_association_open_with_it() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair)
        early = both.left.create_channel("early")
        agreed = both.left.create_channel("agreed", negotiated=True, id=8)
        opened: list[str] = []
        early.on("open", lambda: opened.append("early"))
        agreed.on("open", lambda: opened.append("agreed"))
        assert (early.readyState, agreed.readyState, early.id) == ("connecting", "connecting", None)
        pair.connect()
        both.connect()
        await until(lambda: len(opened) == 2)
        assert early.id == 0
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("by_opener", [True, False])
def test_closing_a_channel_closes_it_on_both_sides(by_opener: bool) -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            here, there = (mine, theirs) if by_opener else (theirs, mine)
            events: list[str] = []
            for name, channel in (("here", here), ("there", there)):
                for event in ("closing", "close"):
                    channel.on(event, lambda name=name, event=event: events.append(name + event))
            got = collect(there)
            here.send("last")
            here.close()
            here.close()
            assert here.readyState == "closing"
            await until(lambda: here.readyState == there.readyState == "closed")
            # what was sent before is not lost, and only the other side is told that it begins
            assert got == ["last"]
            assert sorted(events) == ["hereclose", "thereclose", "thereclosing"]
            # the stream is free again
            again, _ = await both.channel()
            assert again.id == mine.id

    run(scenario)


def test_closing_the_association_closes_channels_on_both_sides() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            states: list[str] = []
            both.left.on("statechange", lambda: states.append(both.left.state))
            await both.left.close()
            assert states == ["closed"]
            assert mine.readyState == "closed"
            await until(lambda: theirs.readyState == "closed" and both.right.state == "closed")
            await both.left.close()
            with pytest.raises(ConnectionError):
                both.left.create_channel("late")

    run(scenario)


@pytest.mark.parametrize("started", [False, True])
def test_closing_early_closes_channels_that_never_opened(started: bool) -> None:
    async def scenario() -> None:
        pair = Pair(Link(connected=False))
        both = Associations(pair)
        channels = [
            both.left.create_channel("one"),
            both.left.create_channel("two", negotiated=True, id=1),
        ]
        if started:
            pair.connect()
            both.connect()
        await both.left.close()
        await both.right.close()
        assert [channel.readyState for channel in channels] == ["closed", "closed"]
        await pair.close()

    run(scenario)


def test_states_are_told() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair)
        states: list[str] = []
        both.left.on("statechange", lambda: states.append(both.left.state))
        assert both.left.state == "new"
        pair.connect()
        both.connect()
        await both.connected()
        await both.right.close()
        await until(lambda: both.left.state == "closed")
        assert states == ["connecting", "connected", "closed"]
        await both.left.close()
        await pair.close()

    run(scenario)


def test_a_peer_without_sctp_is_given_up() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair, timeout=0.2)
        channel = both.left.create_channel("hello?")
        pair.connect()
        both.left.connect(5000)
        await until(lambda: both.left.state == "closed")
        assert channel.readyState == "closed"
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


def test_a_peer_that_falls_silent_during_the_setup_is_given_up() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.connect()
        await pair.connected()
        both = Associations(pair, timeout=0.2)
        pair.link.to_left.passes = nothing
        both.connect()
        await until(lambda: both.left.state == both.right.state == "closed")
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


def test_a_lost_dtls_transport_ends_the_association() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            await both.pair.left.close()
            await until(lambda: both.left.state == both.right.state == "closed")
            assert mine.readyState == theirs.readyState == "closed"

    run(scenario)


def test_a_dtls_transport_that_fails_ends_it_too() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair)
        both.left.connect(5000)
        pair.left.connect(DtlsRole.CLIENT, CERTIFICATE.getFingerprints())
        pair.right.connect(DtlsRole.SERVER, CERTIFICATE.getFingerprints())
        await until(lambda: both.left.state == "closed")
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


def test_an_association_moves_to_another_transport() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            other = Pair()
            other.connect()
            await other.connected()
            both.left.set_transport(other.left)
            both.right.set_transport(other.right)
            both.right.set_transport(other.right)
            assert both.left.dtls is other.left
            await both.pair.close()
            got = collect(theirs)
            mine.send("still here")
            await until(lambda: got == ["still here"])
            await both.left.close()
            await until(lambda: both.right.state == "closed")
            await other.close()

    run(scenario)


def test_a_transport_may_change_before_it_connects() -> None:
    async def scenario() -> None:
        stale, pair = Pair(Link(connected=False)), Pair()
        both = Associations(stale)
        both.connect()
        both.left.set_transport(pair.left)
        both.right.set_transport(pair.right)
        await stale.close()
        pair.connect()
        await both.connected()
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


def test_more_than_the_peer_takes_is_refused() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            both.left.set_max_message_size(100)
            assert both.left.max_message_size == 100
            with pytest.raises(ValueError, match="100"):
                mine.send(bytes(101))
            assert mine.bufferedAmount == 0
            both.left.set_max_message_size(0)
            assert both.left.max_message_size == math.inf
            got = collect(theirs)
            mine.send(bytes(300000))
            await until(lambda: got == [bytes(300000)])

    run(scenario)


def test_a_lossy_path_loses_no_message() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            count = 0

            def passes(_data: bytes) -> bool:
                nonlocal count
                count += 1
                return count % 11 != 0

            both.pair.link.to_right.passes = passes
            for number in range(30):
                mine.send(bytes([number]) * 3000)
            await until(lambda: len(got) == 30)
            assert got == [bytes([number]) * 3000 for number in range(30)]
            both.pair.link.to_right.passes = lambda _data: True

    run(scenario)


def test_a_handler_that_raises_breaks_nothing() -> None:
    async def scenario() -> None:
        reported: list[BaseException] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
        async with associated() as both:
            mine, theirs = await both.channel()

            def refuse(_message: object) -> None:
                raise LookupError("a bug of the application")

            theirs.on("message", refuse)
            got = collect(theirs)
            mine.send("one")
            mine.send("two")
            await until(lambda: len(reported) == 2)
            assert all(isinstance(error, LookupError) for error in reported)
            assert both.right.drops == {}
            assert got == ["one", "two"]
            assert both.right.state == "connected"

    run(scenario)


@pytest.mark.parametrize(
    ("stream_id", "pp_id", "data", "drop"),
    [
        (50, 50, b"\x09", SctpDrop.MALFORMED_DCEP),
        (50, 50, b"\x02", SctpDrop.UNKNOWN_CHANNEL),
        (50, 51, b"text", SctpDrop.UNKNOWN_CHANNEL),
        (0, 51, b"\xff", SctpDrop.NOT_UTF8),
        (0, 50, b"\x03" + bytes(11), SctpDrop.CHANNEL_EXISTS),
    ],
)
def test_nonsense_of_the_peer_is_counted(
    stream_id: int, pp_id: int, data: bytes, drop: SctpDrop
) -> None:
    async def scenario() -> None:
        async with associated() as both:
            _, theirs = await both.channel()
            await both.left._send(stream_id, pp_id, data)
            await until(lambda: both.right.drops[drop] == 1)
            assert theirs.readyState == "open"
            assert both.right.state == "connected"

    run(scenario)


@pytest.mark.parametrize("packet", [b"short", bytes(40)])
def test_packets_that_are_none_change_nothing(packet: bytes) -> None:
    async def scenario() -> None:
        async with associated() as both:
            await both.right.receive(packet)
            assert both.right.state == "connected"

    run(scenario)


def test_an_init_in_company_is_malformed() -> None:
    async def scenario() -> None:
        async with associated() as both:
            init = InitChunk()
            init.initiate_tag = 1
            init.advertised_rwnd = init.outbound_streams = init.inbound_streams = 1
            init.initial_tsn = 1

            class Two(InitChunk):
                def __bytes__(self) -> bytes:
                    return bytes(init) + bytes(init)

            await both.right.receive(serialize_packet(5000, 5000, 0, Two()))
            assert both.right.drops[SctpDrop.MALFORMED] == 1

    run(scenario)


def test_an_init_that_comes_again_does_not_disturb() -> None:
    """RFC 9260 §5.2.2."""

    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            init = InitChunk()
            init.initiate_tag = both.left._local_verification_tag
            init.advertised_rwnd, init.outbound_streams, init.inbound_streams = 131072, 65535, 65535
            init.initial_tsn = both.left._local_tsn - 100 & 0xFFFFFFFF
            await both.right.receive(serialize_packet(5000, 5000, 0, init))
            assert both.right.drops[SctpDrop.DUPLICATE_INIT] == 1
            mine.send("fine")
            await until(lambda: got == ["fine"])

    run(scenario)


def test_channels_the_peer_has_no_stream_for_are_closed() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair)
        both.right._inbound_streams_max = 4
        early = [both.left.create_channel(str(number)) for number in range(3)]
        pair.connect()
        both.connect()
        await both.connected()
        await until(lambda: [c.readyState for c in early] == ["open", "open", "closed"])
        assert both.left.create_channel("one more").readyState == "closed"
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


def test_connecting_takes_place_once() -> None:
    async def scenario() -> None:
        async with associated() as both:
            with pytest.raises(RuntimeError):
                both.left.connect(5000)

    run(scenario)


Refused = Callable[[SctpTransport], object]


@pytest.mark.parametrize(
    "create",
    [
        lambda sctp: sctp.create_channel("x" * 65536),
        lambda sctp: sctp.create_channel("", protocol="\N{EURO SIGN}" * 21846),
        lambda sctp: sctp.create_channel("", max_retransmits=1, max_packet_life_time=1),
        lambda sctp: sctp.create_channel("", max_retransmits=65536),
        lambda sctp: sctp.create_channel("", max_packet_life_time=-1),
        lambda sctp: sctp.create_channel("", negotiated=True),
        lambda sctp: sctp.create_channel("", negotiated=True, id=65535),
    ],
)
def test_parameters_that_are_refused(create: Refused) -> None:
    async def scenario() -> None:
        both = Associations(Pair(Link(connected=False)))
        with pytest.raises(TypeError):
            create(both.left)
        await both.left.close()
        await both.right.close()

    run(scenario)


def test_an_id_without_negotiation_is_ignored() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, _ = await both.channel(id=44)
            assert mine.id == 0

    run(scenario)
