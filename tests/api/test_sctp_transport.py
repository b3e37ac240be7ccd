"""RTCSctpTransport: states, limits, and the transport below."""

from typing import Any

from peer.api.events import Event
from peer.api.sctp_transport import MAX_BUFFERED, RTCSctpTransport
from tests.api.channels import two_ends
from tests.transports.test_dtls import run
from tests.transports.wire import until


def test_states_and_limits() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False) as ends:
            seen = ends.left
            states: list[str] = []
            events: list[Event] = []
            seen.on("statechange", lambda: states.append(seen.state))
            seen.onstatechange = events.append
            assert (seen.state, seen.maxChannels, seen.port) == ("connecting", None, 5000)
            ends.both.pair.connect()
            ends.both.connect(70000)
            await ends.both.connected()
            assert (seen.maxChannels, seen.maxMessageSize) == (65535, 70000)
            ends.both.left.set_max_message_size(0)
            assert seen.maxMessageSize == MAX_BUFFERED
            await ends.both.left.close()
            await until(lambda: ends.right.state == "closed")
            assert states == ["connected", "closed"]
            assert events == [Event("statechange")] * 2

    run(scenario)


def test_programs_of_aiortc_send_what_waits_before_they_close() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            mine, theirs = await ends.opened()
            got: list[object] = []
            theirs.on("message", got.append)
            mine.send("last words")
            await vars(type(mine.transport))["_data_channel_flush"](mine.transport)
            await vars(type(mine.transport))["_transmit"](mine.transport)
            await until(lambda: got == ["last words"])
            assert mine.bufferedAmount == 0
        never: Any = RTCSctpTransport(None)
        await never._data_channel_flush()

    run(scenario)


def test_an_association_that_never_was() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False) as ends:
            events: list[Event] = []
            ends.left.onstatechange = events.append
            await ends.both.left.close()
            assert ends.left.state == "closed"
            assert events == [Event("statechange")]

    run(scenario)


def test_the_transport_below_can_be_another() -> None:
    async def scenario() -> None:
        async with two_ends(connected=False) as ends:
            seen: list[Any] = [ends.left.transport]
            ends.left.set_transport("other")
            seen.append(ends.left.transport)
            assert seen == ["left transport", "other"]

    run(scenario)


def test_what_is_offered_has_begun_nothing() -> None:
    transport: Any = "transport"
    seen = RTCSctpTransport(transport)
    assert seen.transport is transport
    assert (seen.state, seen.port) == ("connecting", 5000)
    # RFC 8841 §6.1: so much is taken by a peer that does not say.
    assert (seen.maxMessageSize, seen.maxChannels) == (65536, None)


def test_only_who_listens_as_with_aiortc_hears_of_the_end_of_the_connection() -> None:
    async def scenario() -> None:
        async with two_ends() as ends:
            events: list[Event] = []
            states: list[str] = []
            ends.left.onstatechange = events.append
            ends.left.on("statechange", lambda: states.append(ends.left.state))
            ends.left.end()
            ends.left.end()
            assert states == ["closed"]
            assert ends.left.state == "closed"
            await ends.both.left.close()
            assert events == []

    run(scenario)
