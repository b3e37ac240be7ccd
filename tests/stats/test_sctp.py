"""sctp-transport."""

import asyncio

from peer import RTCPeerConnection
from peer.stats import RTCSctpTransportStats
from peer.stats.sctp import sctp_transports
from peer.testing import Conditions, Network, connect
from peer.testing import run as run_virtually
from tests.stats.figures import sources, transport
from tests.transports.associations import associated, packet_for
from tests.transports.test_dtls import run
from tests.transports.test_group import Groups

SIZE = 200_000


async def association_of(connection: RTCPeerConnection) -> RTCSctpTransportStats | None:
    """The object in a report, which names a transport that is there."""
    report = await connection.getStats()
    found = [one for one in report.values() if isinstance(one, RTCSctpTransportStats)]
    assert all(one.transportId in report for one in found)
    return found[0] if found else None


def test_there_is_none_without_data() -> None:
    async def scenario() -> None:
        assert list(sctp_transports(sources(transports=(transport(),)))) == []
        async with associated() as both:
            # It runs over none of these transports.
            made = sources(transports=(transport(),), association=both.left)
            assert list(sctp_transports(made)) == []

    run(scenario)


def test_reasons_and_bounds_are_named() -> None:
    async def scenario() -> None:
        groups = Groups()
        async with associated() as both:
            groups.left._dtls = [both.left.dtls]
            made = sources(transports=(transport(0, groups),), association=both.left)
            (stats,) = sctp_transports(made)
            assert (stats.type, stats.id, stats.transportId) == ("sctp-transport", "ST0", "T0")
            assert (stats.state, stats.drops) == ("connected", None)
            heartbeat = bytes.fromhex("0400 0008 0001 0004")
            both.left.receive(packet_for(both.left, *[heartbeat] * 100))
            (stats,) = sctp_transports(made)
            assert stats.drops == {"too-many-chunks": 99}

    run(scenario)


def test_what_waits_is_under_way_and_is_lost() -> None:
    """The figures of a call over a line of 100 kB/s with 50 ms one way, sum by sum."""

    async def scenario() -> None:
        network = Network(1, delay=0.04)
        line = Conditions(delay=0.005, rate=800_000, queue=0.1)
        one, other = (network.host(name, link=line).connection() for name in ("a", "b"))
        assert await association_of(one) is None
        channel = one.createDataChannel("bulk")
        await connect(one, other)
        before = await association_of(one)
        assert before is not None
        assert (before.state, before.mtu) == ("connected", 1188)
        assert before.receiverWindow == 5 << 20
        low = asyncio.Event()
        channel.on("bufferedamountlow", low.set)
        channel.send(bytes(SIZE))
        during = await association_of(one)
        assert during is not None
        assert during.queuedBytes == channel.bufferedAmount == SIZE
        await low.wait()
        under_way = await association_of(one)
        assert under_way is not None
        assert under_way.unackData > 0
        await asyncio.sleep(10)
        after = await association_of(one)
        assert after is not None
        assert (after.queuedBytes, after.unackData) == (0, 0)
        assert after.smoothedRoundTripTime is not None
        assert 0.1 <= after.smoothedRoundTripTime < 0.3
        # More than the queue holds was sent at once.
        assert after.congestionWindow >= 1188
        assert after.retransmittedBytes > 0
        received = await association_of(other)
        assert received is not None
        assert (received.heldBytes, received.retransmittedBytes) == (0, 0)
        await one.close()
        await other.close()

    run_virtually(scenario(), seed=1)
