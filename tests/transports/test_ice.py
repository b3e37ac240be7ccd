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
from peer.transports.ice import QUEUE_BYTES, QUEUE_CAPACITY, IceTransport
from tests.transports.wire import Link, Wire, receive


def make() -> IceTransport:
    return IceTransport(Wire())


def test_datagrams_come_out_in_order() -> None:
    async def scenario() -> None:
        ice = make()
        ice.deliver(b"1", 5.0)
        ice.deliver(b"", 5.0)
        ice.deliver(b"2", 5.0)
        assert [await receive(ice), await receive(ice)] == [(b"1", 5.0), (b"2", 5.0)]
        waiting = asyncio.create_task(receive(ice))
        await asyncio.sleep(0)
        ice.deliver(b"3", 5.0)
        ice.deliver(b"4", 5.0)
        assert [await waiting, await receive(ice)] == [(b"3", 5.0), (b"4", 5.0)]

    asyncio.run(scenario())


def test_the_queue_is_bounded_and_losses_are_counted() -> None:
    ice = make()
    for number in range(QUEUE_CAPACITY + 3):
        ice.deliver(number.to_bytes(4, "big"), 5.0)
    assert ice.dropped == 3
    assert asyncio.run(receive(ice)) == (bytes(4), 5.0)


def test_the_queue_is_bounded_in_bytes() -> None:
    async def scenario() -> None:
        ice = make()
        for _ in range(QUEUE_BYTES // 60000 + 3):
            ice.deliver(bytes(60000), 5.0)
        assert ice.dropped == 3
        await receive(ice)
        ice.deliver(bytes(60000), 5.0)
        assert ice.dropped == 3
        ice.set_sink(lambda *_: None, lambda: None)
        ice.drop_sink(ice._sink)  # type: ignore[arg-type]
        ice.deliver(bytes(QUEUE_BYTES), 6.0)
        assert ice.dropped == 3

    asyncio.run(scenario())


def test_a_sink_takes_what_waited_and_what_comes() -> None:
    async def scenario() -> None:
        ice = make()
        got: list[tuple[bytes, float]] = []
        other: list[tuple[bytes, float]] = []

        def sink(data: bytes, now: float) -> None:
            got.append((data, now))

        ice.deliver(b"1", 5.0)
        ice.set_sink(sink, lambda: got.append((b"", 0.0)))
        ice.deliver(b"2", 6.0)
        assert got == [(b"1", 5.0), (b"2", 6.0)]
        ice.drop_sink(lambda data, now: other.append((data, now)))
        ice.deliver(b"3", 7.0)
        ice.drop_sink(sink)
        ice.deliver(b"4", 8.0)
        assert got[2:] == [(b"3", 7.0)]
        assert await receive(ice) == (b"4", 8.0)

    asyncio.run(scenario())


def test_a_sink_that_goes_leaves_the_rest_waiting() -> None:
    async def scenario() -> None:
        ice = make()
        got: list[bytes] = []

        def sink(data: bytes, _now: float) -> None:
            got.append(data)
            ice.drop_sink(sink)

        ice.deliver(b"1", 5.0)
        ice.deliver(b"2", 5.0)
        ice.set_sink(sink, lambda: None)
        assert got == [b"1"]
        assert await receive(ice) == (b"2", 5.0)

    asyncio.run(scenario())


def test_a_sink_is_told_of_the_end_once() -> None:
    ends: list[int] = []
    before, after = make(), make()
    before.set_state(IceState.CLOSED)
    before.set_sink(lambda _data, _now: None, lambda: ends.append(1))
    assert ends == [1]
    after.set_sink(lambda _data, _now: None, lambda: ends.append(2))
    after.set_state(IceState.CLOSED)
    after.set_state(IceState.CLOSED)
    assert ends == [1, 2]


def test_closing_ends_receiving_and_sending() -> None:
    async def scenario() -> None:
        ice = make()
        waiting = asyncio.create_task(receive(ice))
        await asyncio.sleep(0)
        ice.set_state(IceState.CLOSED)
        with pytest.raises(ConnectionError):
            await waiting
        with pytest.raises(ConnectionError):
            ice.send(b"1")
        ice.deliver(b"1", 5.0)
        assert ice.dropped == 1
        with pytest.raises(ConnectionError):
            await receive(ice)
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
        ice.select((candidate, candidate), IceState.CHECKING)
    assert told == ["statechange", "gatheringstatechange", "selectedcandidatepairchange"]
    assert ice.gathering_state == "gathering"
    assert ice.selected_pair == (candidate, candidate)


def test_all_has_changed_before_the_first_event() -> None:
    """W3C webrtc-pc §5.6."""
    ice = make()
    told: list[tuple[str, IceState, bool]] = []
    for event in ("selectedcandidatepairchange", "statechange"):
        ice.on(
            event,
            lambda event=event: told.append((event, ice.state, ice.selected_pair is not None)),
        )
    address = TransportAddress("192.0.2.1", 1000)
    candidate = Candidate("1", 1, TransportProtocol.UDP, 1, address, CandidateType.HOST)
    ice.select((candidate, candidate), IceState.CONNECTED)
    ice.lose_selected_pair()
    ice.set_state(IceState.CLOSED)
    ice.select((candidate, candidate), IceState.CONNECTED)
    assert told == [
        ("selectedcandidatepairchange", IceState.CONNECTED, True),
        ("statechange", IceState.CONNECTED, True),
        ("selectedcandidatepairchange", IceState.CONNECTED, False),
        ("statechange", IceState.CLOSED, False),
    ]


def test_role_and_component() -> None:
    ice = IceTransport(Wire(), component=2, role=IceRole.CONTROLLING)
    assert (ice.component, ice.role) == (2, "controlling")
    ice.set_role(IceRole.CONTROLLED)
    assert ice.role == "controlled"
