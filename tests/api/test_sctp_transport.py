"""RTCSctpTransport: states, limits, and the transport below."""

import math

from peer.events import Event
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
            assert seen.maxMessageSize == math.inf
            await ends.both.left.close()
            await until(lambda: ends.right.state == "closed")
            assert states == ["connected", "closed"]
            assert events == [Event("statechange")] * 2

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
            assert ends.left.transport == "left transport"
            ends.left.set_transport("other")
            assert ends.left.transport == "other"

    run(scenario)
