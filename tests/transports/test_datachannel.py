"""Data channels, in memory."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.exceptions import InvalidStateError

from peer.sctp import WEIGHTS, SctpConfig
from peer.sctp.dcep import Open
from peer.sctp.message import RELIABLE
from peer.transports.datachannel import DataChannel
from peer.transports.dtls import DtlsRole
from peer.transports.sctp import MAX_MESSAGE_SIZE, SctpTransport
from tests.transports.associations import Associations, associated, collect, send_raw
from tests.transports.test_dtls import run
from tests.transports.wire import Link, Pair, nothing, until


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


def test_a_coroutine_that_is_told_of_a_channel_misses_nothing() -> None:
    """The peer need not wait with its messages for an answer to its OPEN (RFC 8832 §6)."""

    async def scenario() -> None:
        async with associated() as both:
            heard: list[str | bytes] = []

            async def listen(channel: DataChannel) -> None:
                channel.on("open", lambda: heard.append("it is open"))
                channel.on("message", heard.append)

            both.right.on("datachannel", listen)
            send_raw(both.left, 51, 50, Open(label="early").serialize())
            for text in ("one", "two"):
                send_raw(both.left, 51, 51, text.encode())
            await until(lambda: len(heard) == 3)
            assert heard == ["it is open", "one", "two"]

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


def test_anything_that_holds_bytes_can_be_sent() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            mine.send(bytearray(b"one"))
            mine.send(memoryview(b"two"))
            await until(lambda: got == [b"one", b"two"])
            mine.close()
            with pytest.raises(InvalidStateError):
                mine.send("late")

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
            mine.send(bytes(MAX_MESSAGE_SIZE))
            await until(lambda: got == [bytes(MAX_MESSAGE_SIZE)])

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


def test_channels_the_peer_has_no_stream_for_are_closed() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair, right=SctpConfig(streams=4))
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


Refused = Callable[[SctpTransport], object]


@pytest.mark.parametrize(
    "create",
    [
        lambda sctp: sctp.create_channel("x" * 65536),
        lambda sctp: sctp.create_channel("", protocol="\N{EURO SIGN}" * 21846),
        lambda sctp: sctp.create_channel("", max_retransmits=1, max_packet_life_time=1),
        lambda sctp: sctp.create_channel("", max_retransmits=65536),
        lambda sctp: sctp.create_channel("", max_packet_life_time=-1),
        lambda sctp: sctp.create_channel("", priority="urgent"),
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


@pytest.mark.parametrize(("priority", "weight"), WEIGHTS.items())
def test_a_priority_counts_on_both_sides(priority: str, weight: int) -> None:
    """RFC 8831 §6.4, RFC 8832 §5.1."""

    async def scenario() -> None:
        async with associated() as both:
            await both.channel(priority=priority)
            for side in (both.left, both.right):
                queue = side._association._session.outbound.queue
                assert queue.stream(0).weight == weight

    run(scenario)


def test_an_id_without_negotiation_is_ignored() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, _ = await both.channel(id=44)
            assert mine.id == 0

    run(scenario)


def test_a_channel_of_the_other_parity_is_taken() -> None:
    """RFC 8832 §6 gives the peer the other half of the ids; one that errs is let be."""

    async def scenario() -> None:
        async with associated() as both:
            send_raw(both.left, 51, 50, Open(label="odd").serialize())
            await until(lambda: len(both.incoming) == 1)
            assert (both.incoming[0].id, both.incoming[0].label) == (51, "odd")

    run(scenario)


@pytest.mark.parametrize("ordered", [True, False])
def test_a_channel_opens_before_it_is_acknowledged(ordered: bool) -> None:
    """W3C §6.1.1.2; until then everything goes in order (RFC 8832 §6)."""

    async def scenario() -> None:
        async with associated() as both:
            sent: list[bool] = []
            association = both.left._association
            send = association.send

            def note(*arguments: Any) -> None:
                delivery = arguments[4] if len(arguments) > 4 else RELIABLE
                sent.append(delivery.ordered)
                send(*arguments)

            association.send = note  # type: ignore[assignment, method-assign]
            deliver = both.pair.link.to_left.passes
            both.pair.link.to_left.passes = nothing
            channel = both.left.create_channel("early", ordered=ordered)
            await until(lambda: bool(both.incoming))
            assert both.incoming[0].ordered == channel.ordered == ordered
            assert channel.readyState == "open"
            received = collect(both.incoming[0])
            channel.send("early")
            await until(lambda: received == ["early"])
            both.pair.link.to_left.passes = deliver
            both.incoming[0].send("known")
            heard = collect(channel)
            await until(lambda: heard == ["known"])
            channel.send("late")
            await until(lambda: received == ["early", "late"])
            # The message that opens the channel, and the two others.
            assert sent == [True, True, ordered]

    run(scenario)
