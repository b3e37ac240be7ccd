"""A stalled event loop says nothing about the network."""

import time

from peer.ice import EventLoopStalled, IceConfig, IceState, StateChanged, Timings

from .support import assert_nothing_left, connect, eventually, pair, run


def stall(duration: float) -> None:
    """Keep the loop from running, as a slow application does."""
    time.sleep(duration)


def test_consent_survives_a_stall_longer_than_its_expiry() -> None:
    """RFC 7675 §5.1 counts the peer's silence, not our own; what arrived counts first."""

    async def story() -> None:
        timings = Timings(
            consent_interval=0.1, consent_expiry=0.8, stall=0.2, disconnected_checks=50
        )
        one, other = pair(ice=IceConfig(allow_loopback=True, timings=timings))
        await connect(one, other)
        await one.reached(IceState.COMPLETED)
        await other.reached(IceState.COMPLETED)
        stall(1.5)
        before = [event.state for event in (*one.of(StateChanged), *other.of(StateChanged))]
        stalled = await one.event(EventLoopStalled)
        assert 1.0 < stalled.duration < 2.0
        requests = one.driver.stats().pairs[0].consent_requests_sent
        await eventually(lambda: one.driver.stats().pairs[0].consent_requests_sent > requests + 2)
        after = [event.state for event in (*one.of(StateChanged), *other.of(StateChanged))]
        assert after == before
        assert one.driver.send("0", 1, b"\x80still here")
        assert await other.received() == [b"\x80still here"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_what_arrived_during_a_stall_is_delivered_in_full() -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        for number in range(100):
            one.driver.send("0", 1, b"\x80%d" % number)
        stall(0.2)
        assert await other.received(100) == [b"\x80%d" % number for number in range(100)]
        await one.close()
        await other.close()

    run(story())
