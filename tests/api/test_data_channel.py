"""RTCDataChannel: before there is an association, while there is one, and when it ends."""

import asyncio
from typing import Any

import pytest

from peer.api.data_channel import RTCDataChannel
from peer.api.errors import (
    InvalidStateError,
    JsepTypeError,
    NotSupportedError,
    OperationError,
    RangeError,
)
from peer.api.events import Event, MessageEvent, RTCErrorEvent
from peer.api.options import RTCDataChannelInit
from peer.api.sctp_transport import MAX_BUFFERED
from peer.sctp import SctpConfig
from tests.api.channels import log, two_ends
from tests.transports.test_dtls import run
from tests.transports.wire import until


def test_a_channel_without_an_association() -> None:
    channel = RTCDataChannel("label")
    assert (channel.label, channel.protocol) == ("label", "")
    assert (channel.ordered, channel.negotiated, channel.id) == (True, False, None)
    assert (channel.maxPacketLifeTime, channel.maxRetransmits) == (None, None)
    assert (channel.priority, channel.binaryType) == ("low", "arraybuffer")
    assert (channel.bufferedAmount, channel.bufferedAmountLowThreshold) == (0, 0)
    assert channel.readyState == "connecting"
    assert channel.transport.state == "connecting"


def test_its_parameters() -> None:
    init = RTCDataChannelInit(False, None, 3, "proto", True, 5, "high")
    channel = RTCDataChannel("label", init)
    assert (channel.ordered, channel.maxRetransmits, channel.protocol) == (False, 3, "proto")
    assert (channel.negotiated, channel.id, channel.priority) == (True, 5, "high")
    assert RTCDataChannel("x", RTCDataChannelInit(maxPacketLifeTime=7)).maxPacketLifeTime == 7
    with pytest.raises(JsepTypeError):
        RTCDataChannel("x" * 65536)
    with pytest.raises(JsepTypeError):
        RTCDataChannel("x", RTCDataChannelInit(negotiated=True))


def test_the_binary_type() -> None:
    channel = RTCDataChannel("x")
    channel.binaryType = "arraybuffer"
    with pytest.raises(NotSupportedError):
        channel.binaryType = "blob"
    with pytest.raises(JsepTypeError):
        channel.binaryType = "bogus"


@pytest.mark.parametrize("value", [-1, 2**32])
def test_a_threshold_out_of_range(value: int) -> None:
    channel = RTCDataChannel("x")
    with pytest.raises(RangeError):
        channel.bufferedAmountLowThreshold = value
    with pytest.raises(ValueError, match="0\\.\\.4294967295"):
        channel.bufferedAmountLowThreshold = value


def test_nothing_is_sent_before_it_is_open() -> None:
    with pytest.raises(InvalidStateError):
        RTCDataChannel("x").send("early")


def test_closing_it_before_there_is_an_association() -> None:
    async def scenario() -> None:
        channel = RTCDataChannel("x")
        events = log(channel)
        channel.close()
        assert channel.readyState == "closing"
        assert events == []
        channel.close()
        await asyncio.sleep(0)
        assert events == [("close", "closed")]
        async with two_ends() as ends:
            channel.open_on(ends.both.left, ends.left)
            await asyncio.sleep(0)
            assert channel.readyState == "closed"
        assert events == [("close", "closed")]

    run(scenario)


def test_both_ends_open_and_events_come_in_order() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine = ends.open(label="chat", protocol="p", ordered=False, maxRetransmits=2)
            events = log(mine)
            assert mine.readyState == "connecting"
            await until(lambda: bool(ends.incoming) and mine.readyState == "open")
            theirs = ends.incoming[0]
            assert (theirs.label, theirs.protocol, theirs.ordered) == ("chat", "p", False)
            assert (theirs.maxRetransmits, theirs.maxPacketLifeTime) == (2, None)
            assert mine.id == theirs.id == 0
            assert not theirs.negotiated
            assert mine.transport is ends.left
            assert theirs.transport is ends.right
            assert events == [("open", "open")]
            assert ends.logs[0] == [("open", "open")]

    run(scenario)


def test_a_channel_made_before_the_association() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False) as ends:
            mine = ends.open(label="early")
            events = log(mine)
            ends.both.pair.connect()
            ends.both.connect()
            await until(lambda: mine.readyState == "open")
            mine.send("hello")
            await until(lambda: bool(ends.logs) and ("message", "open") in ends.logs[0])
            assert events == [("open", "open")]

    run(scenario)


def test_a_negotiated_channel_opens_after_its_maker_has_it() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine = ends.open(negotiated=True, id=7)
            assert mine.readyState == "connecting"
            events = log(mine)
            theirs = RTCDataChannel("chat", RTCDataChannelInit(negotiated=True, id=7))
            got: list[object] = []
            theirs.on("message", got.append)
            theirs.open_on(ends.both.right, ends.right)
            await asyncio.sleep(0)
            assert events == [("open", "open")]
            mine.send("x")
            await until(lambda: got == ["x"])
            assert ends.incoming == []

    run(scenario)


def test_messages_arrive_once_in_both_forms() -> None:
    sent: list[Any] = ["", b"", "x", b"x", "\N{EURO SIGN}" * 9, bytearray(b"ab"), memoryview(b"cd")]
    expected = [*sent[:5], b"ab", b"cd"]

    async def scenario() -> None:
        async with two_ends() as ends:
            mine, theirs = await ends.opened()
            bare: list[object] = []
            events: list[MessageEvent] = []
            theirs.on("message", bare.append)
            theirs.onmessage = events.append
            for message in sent:
                mine.send(message)
            await until(lambda: len(bare) == len(sent))
            assert bare == expected
            assert [type(message) for message in bare] == [type(message) for message in expected]
            assert [event.data for event in events] == expected
            assert mine.messages_sent == theirs.messages_received == len(sent)
            assert mine.bytes_sent == theirs.bytes_received == 1 + 1 + 27 + 2 + 2
            assert mine.bufferedAmount == 0

    run(scenario)


def test_surrogates_that_stand_alone_are_replaced() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine, theirs = await ends.opened()
            got: list[object] = []
            theirs.on("message", got.append)
            mine.send("a\ud800b")
            await until(lambda: got == ["a\ufffdb"])

    run(scenario)


def test_messages_that_are_refused() -> None:
    async def scenario() -> None:
        async with two_ends(limit=1000) as ends:
            mine, _ = await ends.opened()
            for message in (None, 1, ["x"]):
                with pytest.raises(JsepTypeError):
                    mine.send(message)  # type: ignore[arg-type]
            for too_long in (b"x" * 1001, "\N{EURO SIGN}" * 334):
                with pytest.raises(JsepTypeError):
                    mine.send(too_long)
            mine.send(b"x" * 1000)
            assert mine.messages_sent == 1

    run(scenario)


def test_no_more_waits_than_there_is_room_for() -> None:
    async def scenario() -> None:
        async with two_ends(limit=0) as ends:
            assert ends.left.maxMessageSize == MAX_BUFFERED
            mine, _ = await ends.opened()
            mine.send(bytes(MAX_BUFFERED - 1))
            mine.send(b"x")
            with pytest.raises(OperationError):
                mine.send(b"x")
            assert mine.bufferedAmount == MAX_BUFFERED

    run(scenario)


def test_the_low_threshold() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine = ends.open()
            mine.bufferedAmountLowThreshold = 10
            events: list[Event] = []
            mine.onbufferedamountlow = events.append
            await until(lambda: mine.readyState == "open")
            mine.send(b"x" * 11)
            await until(lambda: mine.bufferedAmount == 0)
            mine.bufferedAmountLowThreshold = 20
            mine.send(b"x" * 20)
            await until(lambda: mine.bufferedAmount == 0)
            assert events == [Event("bufferedamountlow")]
            assert mine.bufferedAmountLowThreshold == 20

    run(scenario)


def test_messages_that_overtake_the_opening_are_kept() -> None:
    """RFC 8832 §6: the peer may send before its acknowledgement arrives."""

    async def scenario() -> None:
        async with two_ends() as ends:
            mine = ends.open(negotiated=True, id=1)
            below = mine._below
            assert below is not None
            got: list[object] = []
            mine.on("open", lambda: got.append("open"))
            mine.on("message", got.append)
            below.emit("message", "first")
            below.emit("message", "second")
            assert got == []
            await asyncio.sleep(0)
            below.emit("message", "third")
            assert got == ["open", "first", "second", "third"]

    run(scenario)


def test_a_peer_that_sends_and_never_opens() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False) as ends:
            mine = ends.open(negotiated=True, id=1)
            events = log(mine)
            below = mine._below
            assert below is not None
            for _ in range(16):
                below.emit("message", bytes(MAX_BUFFERED // 16))
            assert events == []
            below.emit("message", "x")
            assert events == [("error", "closed"), ("close", "closed")]
            assert below.readyState == "closed"

    run(scenario)


@pytest.mark.parametrize("by_opener", [True, False])
def test_closing(by_opener: bool) -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine, theirs = await ends.opened()
            events = {mine: log(mine), theirs: log(theirs)}
            closer, other = (mine, theirs) if by_opener else (theirs, mine)
            closer.send("last")
            closer.close()
            assert closer.readyState == "closing"
            with pytest.raises(InvalidStateError):
                closer.send("too late")
            await until(lambda: mine.readyState == theirs.readyState == "closed")
            assert events[closer] == [("close", "closed")]
            assert events[other] == [
                ("message", "open"),
                ("closing", "closing"),
                ("close", "closed"),
            ]
            closer.close()
            assert closer.readyState == "closed"
            assert mine.id == 0

    run(scenario)


def test_closing_at_once_says_closing_first() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False) as ends:
            mine = ends.open()
            events = log(mine)
            mine.close()
            assert mine.readyState == "closing"
            assert events == []
            await asyncio.sleep(0)
            assert events == [("close", "closed")]

    run(scenario)


def test_an_association_that_is_aborted_is_an_error() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            _, theirs = await ends.opened()
            events = log(theirs)
            errors: list[RTCErrorEvent] = []
            bare: list[RTCErrorEvent] = []
            theirs.onerror = errors.append
            theirs.on("error", bare.append)
            await ends.both.left.close()
            await until(lambda: theirs.readyState == "closed")
            assert events == [("error", "closed"), ("close", "closed")]
            assert bare == errors
            assert [event.error.errorDetail for event in errors] == ["sctp-failure"]
            assert errors[0].error.sdpLineNumber is None

    run(scenario)


def test_a_goodbye_of_the_transport_below_ends_it_as_an_abort_does() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            _, theirs = await ends.opened()
            events = log(theirs)
            await ends.both.pair.left.close()
            await until(lambda: theirs.readyState == "closed")
            assert events == [("error", "closed"), ("close", "closed")]

    run(scenario)


def test_the_connection_can_end_it() -> None:
    channel = RTCDataChannel("x")
    events = log(channel)
    channel.fail()
    channel.fail("again")
    assert events == [("close", "closed")]
    other = RTCDataChannel("x")
    errors: list[RTCErrorEvent] = []
    other.onerror = errors.append
    events = log(other)
    other.fail("lost")
    assert events == [("error", "closed"), ("close", "closed")]
    assert str(errors[0].error) == "lost"


def test_the_end_of_the_connection_closes_it_at_once_and_tells_once() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine, _ = await ends.opened()
            events = log(mine)
            mine.end()
            assert (mine.readyState, events) == ("closed", [])
            with pytest.raises(InvalidStateError):
                mine.send("late")
            await ends.both.left.close()
            assert events == [("close", "closed")]

    run(scenario)


def test_an_id_in_use_and_a_closed_association() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            await ends.opened()
            taken = ends.open(negotiated=True, id=0)
            events = log(taken)
            await asyncio.sleep(0)
            assert events == [("error", "closed"), ("close", "closed")]
            await ends.both.left.close()
            late = ends.open()
            events = log(late)
            await asyncio.sleep(0)
            assert events == [("error", "closed"), ("close", "closed")]

    run(scenario)


def test_a_channel_the_peer_has_no_stream_for() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False, right=SctpConfig(streams=4)) as ends:
            early = [ends.open() for _ in range(3)]
            logs = [log(channel) for channel in early]
            errors: list[RTCErrorEvent] = []
            early[2].onerror = errors.append
            ends.both.pair.connect()
            ends.both.connect()
            await until(lambda: [c.readyState for c in early] == ["open", "open", "closed"])
            assert logs[2] == [("error", "closed"), ("close", "closed")]
            assert errors[0].error.errorDetail == "data-channel-failure"
            late = ends.open()
            events = log(late)
            await asyncio.sleep(0)
            assert events == [("error", "closed"), ("close", "closed")]

    run(scenario)
