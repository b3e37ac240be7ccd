"""The SCTP association over DTLS, in memory."""

import asyncio
import os
import random
import struct

import pytest

from peer.ice import Candidate, CandidateType, IceState, TransportAddress, TransportProtocol
from peer.sctp import SctpDrop
from peer.sctp.dcep import Open
from peer.sctp.wire import BEGIN, COOKIE_ACK, END, I_DATA, MASK, packet, write_chunk
from peer.transports.datachannel import DataChannel
from peer.transports.dtls import DtlsRole
from peer.transports.sctp import SctpTransport, make_initiation
from tests.transports.associations import (
    Associations,
    associated,
    collect,
    packet_for,
    send_raw,
)
from tests.transports.test_dtls import run
from tests.transports.wire import CERTIFICATE, Link, Pair, nothing, until


def test_closing_waits_for_no_turn_to_make_channels_known() -> None:
    async def scenario() -> None:
        async with associated() as both:
            states: list[str] = []
            both.right.on("statechange", lambda: states.append(both.right.state))
            inbound = both.right._association._session.inbound
            assert inbound is not None
            chunks = []
            for place, stream in enumerate((51, 53, 55), inbound.received.cumulative + 1):
                head = struct.pack("!LHHLL", place & MASK, stream, 0, 0, 50)
                chunks.append(write_chunk(I_DATA, head + Open().serialize(), BEGIN | END))
            both.right.receive(packet_for(both.right, *chunks))
            assert len(both.incoming) == 1
            await both.right.close()
            assert states == ["closed"]
            assert [one.readyState for one in both.incoming] == ["closed"] * len(both.incoming)

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
            assert both.left._timer is both.right._timer is None

    run(scenario)


def test_a_dtls_transport_that_fails_ends_it_too() -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair)
        both.left.connect(5000)
        pair.left.connect(DtlsRole.CLIENT, CERTIFICATE.fingerprints)
        pair.right.connect(DtlsRole.SERVER, CERTIFICATE.fingerprints)
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


@pytest.mark.parametrize(
    ("stream_id", "pp_id", "data", "drop"),
    [
        (50, 50, b"\x09", SctpDrop.MALFORMED_DCEP),
        (50, 50, b"\x02", SctpDrop.UNKNOWN_CHANNEL),
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
            send_raw(both.left, stream_id, pp_id, data)
            await until(lambda: both.right.drops[drop] == 1)
            assert theirs.readyState == "open"
            assert both.right.state == "connected"

    run(scenario)


@pytest.mark.parametrize("data", [b"short", bytes(40)])
def test_packets_that_are_none_change_nothing(data: bytes) -> None:
    async def scenario() -> None:
        async with associated() as both:
            both.right.receive(data)
            assert both.right.state == "connected"

    run(scenario)


def test_an_init_in_company_is_malformed() -> None:
    async def scenario() -> None:
        async with associated() as both:
            init = both.left._association.initiation
            both.right.receive(packet(5000, 5000, 0, init, write_chunk(COOKIE_ACK)))
            assert both.right.drops[SctpDrop.MALFORMED] == 1

    run(scenario)


def test_an_init_that_comes_again_does_not_disturb() -> None:
    """RFC 9260 §5.2.2."""

    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            both.right.receive(packet(5000, 5000, 0, both.left._association.initiation))
            mine.send("fine")
            await until(lambda: got == ["fine"])
            assert both.right.state == both.left.state == "connected"

    run(scenario)


def test_what_is_closed_stays_closed() -> None:
    async def scenario() -> None:
        pair, other = Pair(), Pair()
        both = Associations(pair)
        states: list[str] = []
        both.left.on("statechange", lambda: states.append(both.left.state))
        both.connect()
        await pair.close()
        await until(lambda: both.left.state == both.right.state == "closed")
        both.left.set_transport(other.left)
        await both.left.close()
        await both.right.close()
        assert states == ["closed"]
        with pytest.raises(RuntimeError):
            both.left.connect(5000)
        await other.close()

    run(scenario)


def test_connecting_takes_place_once() -> None:
    async def scenario() -> None:
        async with associated() as both:
            with pytest.raises(RuntimeError):
                both.left.connect(5000)

    run(scenario)


@pytest.mark.parametrize("seed", range(5))
def test_chunks_of_anything_raise_nothing(seed: int) -> None:
    async def scenario() -> None:
        reported: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: reported.append(context)
        )
        chance = random.Random(seed)
        async with associated() as both:
            await both.channel()
            kinds = [0, 0, 1, 2, 3, 4, 5, 9, 10, 11, 64, 130, 130, 192, 194, 255]
            for _ in range(150):
                kind, flags = chance.choice(kinds), chance.randrange(256)
                chunk = write_chunk(kind, chance.randbytes(chance.randrange(40)), flags)
                if kind == 1:
                    both.right.receive(packet(5000, 5000, 0, chunk))
                else:
                    both.right.receive(packet_for(both.right, chunk))
        assert reported == []

    run(scenario)


@pytest.mark.parametrize("kind", [0, 3, 5, 10, 11, 130, 192])
def test_chunks_before_their_time_raise_nothing(kind: int) -> None:
    async def scenario() -> None:
        pair = Pair()
        both = Associations(pair)
        pair.connect()
        both.left.connect(5000)
        await until(lambda: both.left.state == "connecting")
        both.left.receive(packet_for(both.left, write_chunk(kind, bytes(40), 3)))
        await both.left.close()
        await both.right.close()
        await pair.close()

    run(scenario)


def test_with_both_inits_told_before_it_is_up_when_dtls_is() -> None:
    """draft-hancke-tsvwg-snap."""

    async def scenario() -> None:
        pair = Pair()
        inits = [make_initiation(os.urandom) for _ in range(2)]
        left = SctpTransport(pair.left, initiation=inits[0])
        right = SctpTransport(pair.right, initiation=inits[1])
        states: list[str] = []
        left.on("statechange", lambda: states.append(left.state))
        channel = left.create_channel("early")
        pair.connect()
        left.connect(5000, remote_init=inits[1])
        right.connect(5000, remote_init=inits[0])
        came: asyncio.Queue[DataChannel] = asyncio.Queue()
        right.on("datachannel", came.put_nowait)
        await pair.left.wait_connected()
        assert (left.state, states) == ("connected", ["connected"])
        assert channel.readyState == "open"
        assert (await came.get()).label == "early"
        for end in (left, right):
            await end.close()
        await pair.close()

    run(scenario)


def test_an_init_that_is_none_leaves_the_handshake() -> None:
    async def scenario() -> None:
        pair = Pair()
        ours = SctpTransport(pair.left, initiation=make_initiation(os.urandom))
        other = SctpTransport(pair.right)
        pair.connect()
        ours.connect(5000, remote_init=b"nonsense")
        other.connect(5000)
        await until(lambda: ours.state == other.state == "connected")
        for end in (ours, other):
            await end.close()
        await pair.close()

    run(scenario)


def candidate(host: str, port: int) -> Candidate:
    address = TransportAddress(host, port)
    return Candidate("1", 1, TransportProtocol.UDP, 1, address, CandidateType.HOST)


def test_another_path_is_learnt_anew() -> None:
    """RFC 8261 §6.1: another interface is another path, another port is not."""

    async def scenario() -> None:
        async with associated() as both:
            congestion = both.left._association._session.outbound.flight.congestion
            begun = congestion.window
            near, far = candidate("192.0.2.1", 5000), candidate("192.0.2.9", 5000)
            both.pair.link.left.select((near, far), IceState.CONNECTED)
            congestion.window = 99 * begun
            both.pair.link.left.select((near, candidate("192.0.2.9", 6000)), IceState.CONNECTED)
            assert congestion.window == 99 * begun
            both.pair.link.left.select((candidate("198.51.100.1", 1), far), IceState.CONNECTED)
            assert congestion.window == begun

    run(scenario)


def test_a_path_that_is_back_is_made_use_of_at_once() -> None:
    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            both.pair.link.to_right.passes = nothing
            mine.send("lost")
            outbound = both.left._association._session.outbound
            await until(lambda: outbound.timeouts == 2)
            both.pair.link.set_state(IceState.DISCONNECTED)
            both.pair.link.to_right.passes = lambda _data: True
            waiting = outbound._t3 - asyncio.get_running_loop().time()
            assert waiting > 0.5
            both.pair.link.set_state(IceState.CONNECTED)
            await until(lambda: got == ["lost"], limit=waiting / 2)


def test_programs_for_aiortc_set_the_size_of_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a path with a small MTU; never more than fits into a tunnel."""

    async def scenario() -> None:
        for most, packet_size in ((1100, 1128), (1200, 1191), (100, 576)):
            monkeypatch.setattr("aiortc.rtcsctptransport.USERDATA_MAX_LENGTH", most)
            assert SctpTransport(Pair().left).statistics().packet == packet_size

    run(scenario)


def test_packets_fit_into_tunnels_of_1280_bytes() -> None:
    """Also over IPv6 and a channel of a TURN server; full ones, of a message of many packets."""

    async def scenario() -> None:
        async with associated() as both:
            mine, theirs = await both.channel()
            got = collect(theirs)
            mine.send(bytes(100_000))
            await until(lambda: bool(got))
            ipv6, udp, turn_channel = 40, 8, 4
            largest = max(map(len, both.pair.link.to_right.sent))
            assert 1270 < largest + ipv6 + udp + turn_channel <= 1280

    run(scenario)
