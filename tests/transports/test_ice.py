"""An ICE component as DTLS sees it."""

import asyncio

import pytest

from peer.ice import (
    Candidate,
    CandidateType,
    IceRole,
    IceState,
    TransportAddress,
    TransportProtocol,
)
from peer.transports.ice import QUEUE_CAPACITY, IceTransport
from tests.transports.wire import Link, Wire


def make() -> IceTransport:
    return IceTransport(Wire())


def test_datagrams_come_out_in_order() -> None:
    async def scenario() -> None:
        ice = make()
        ice.deliver(b"1", 5.0)
        ice.deliver(b"", 5.0)
        ice.deliver(b"2", 5.0)
        assert [await ice.receive(), await ice.receive()] == [(b"1", 5.0), (b"2", 5.0)]
        waiting = asyncio.create_task(ice.receive())
        await asyncio.sleep(0)
        ice.deliver(b"3", 5.0)
        ice.deliver(b"4", 5.0)
        assert [await waiting, await ice.receive()] == [(b"3", 5.0), (b"4", 5.0)]

    asyncio.run(scenario())


def test_a_receiver_that_gives_up_loses_nothing() -> None:
    async def scenario() -> None:
        ice = make()
        waiting = asyncio.create_task(ice.receive())
        await asyncio.sleep(0)
        ice.deliver(b"1", 5.0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await ice.receive() == (b"1", 5.0)

    asyncio.run(scenario())


def test_the_queue_is_bounded_and_losses_are_counted() -> None:
    ice = make()
    for number in range(QUEUE_CAPACITY + 3):
        ice.deliver(number.to_bytes(4, "big"), 5.0)
    assert ice.dropped == 3
    assert asyncio.run(ice.receive()) == (bytes(4), 5.0)


def test_media_does_not_queue_when_there_is_a_sink() -> None:
    async def scenario() -> None:
        ice = make()
        media: list[tuple[bytes, float]] = []
        ice.set_media_sink(lambda data, now: media.append((data, now)))
        for first in (20, 63, 127, 128, 191, 192):
            ice.deliver(bytes([first]), 5.0)
        assert media == [(b"\x80", 5.0), (b"\xbf", 5.0)]
        queued = [(await ice.receive())[0] for _ in range(4)]
        assert queued == [b"\x14", b"\x3f", b"\x7f", b"\xc0"]

    asyncio.run(scenario())


def test_closing_ends_receiving_and_sending() -> None:
    async def scenario() -> None:
        ice = make()
        waiting = asyncio.create_task(ice.receive())
        await asyncio.sleep(0)
        ice.set_state(IceState.CLOSED)
        with pytest.raises(ConnectionError):
            await waiting
        with pytest.raises(ConnectionError):
            ice.send(b"1")
        ice.deliver(b"1", 5.0)
        assert ice.dropped == 1
        with pytest.raises(ConnectionError):
            await ice.receive()
        with pytest.raises(ConnectionError):
            await ice.wait_usable()
        ice.set_state(IceState.CONNECTED)
        assert ice.state is IceState.CLOSED

    asyncio.run(scenario())


def test_sending_goes_to_the_path() -> None:
    link = Link()
    link.to_right.receiver = None
    link.left.send(b"1")
    assert link.to_right.sent == [b"1"]


@pytest.mark.parametrize("state", [IceState.CONNECTED, IceState.COMPLETED, IceState.DISCONNECTED])
def test_usable_states(state: IceState) -> None:
    async def scenario() -> None:
        ice = make()
        waiting = asyncio.create_task(ice.wait_usable())
        for passed in (IceState.CHECKING, IceState.FAILED):
            ice.set_state(passed)
            await asyncio.sleep(0)
            assert not waiting.done()
        ice.set_state(state)
        await waiting

    asyncio.run(scenario())


def test_changes_are_told_once() -> None:
    ice = make()
    told: list[str] = []
    for event in ("statechange", "gatheringstatechange", "selectedcandidatepairchange"):
        ice.on(event, lambda event=event: told.append(event))
    address = TransportAddress("192.0.2.1", 1000)
    candidate = Candidate("1", 1, TransportProtocol.UDP, 1, address, CandidateType.HOST)
    for _ in range(2):
        ice.set_state(IceState.CHECKING)
        ice.set_gathering_state("gathering")
        ice.set_selected_pair((candidate, candidate))
    assert told == ["statechange", "gatheringstatechange", "selectedcandidatepairchange"]
    assert ice.gathering_state == "gathering"
    assert ice.selected_pair == (candidate, candidate)


def test_role_and_component() -> None:
    ice = IceTransport(Wire(), component=2, role=IceRole.CONTROLLING)
    assert (ice.component, ice.role) == (2, "controlling")
    ice.set_role(IceRole.CONTROLLED)
    assert ice.role == "controlled"
