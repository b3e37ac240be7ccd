"""DTLS-SRTP over an ICE component."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, SRTPProtectionProfile
from aiortc.rtp import RtpPacket
from OpenSSL import SSL

from peer.ice import IceState
from peer.testing import run as run_virtually
from peer.transports.certificate import Certificate
from peer.transports.dtls import DtlsRole, DtlsTransport
from peer.transports.records import DtlsDrop
from tests.transports.wire import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    RSA_CERTIFICATE,
    Link,
    Pair,
    connected_pair,
    no_task_left,
    nothing,
    until,
)

Scenario = Callable[[], Coroutine[Any, Any, None]]


def run(scenario: Scenario) -> None:
    """Run a scenario on a loop of its own; it has to leave no task."""

    async def checked() -> None:
        async with no_task_left():
            await scenario()

    asyncio.run(checked())


def rtp(payload: bytes = b"media", number: int = 1) -> bytes:
    return RtpPacket(payload_type=96, sequence_number=number, ssrc=7, payload=payload).serialize()


def ignore(_data: bytes, _now: float) -> None:
    """Take nothing of it."""


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (DtlsRole.CLIENT, DtlsRole.SERVER, (DtlsRole.CLIENT, DtlsRole.SERVER)),
        (DtlsRole.SERVER, DtlsRole.CLIENT, (DtlsRole.SERVER, DtlsRole.CLIENT)),
        # the controlling agent, on the left, is the server
        (DtlsRole.AUTO, DtlsRole.AUTO, (DtlsRole.SERVER, DtlsRole.CLIENT)),
    ],
)
def test_media_and_data_flow_whatever_the_roles(
    left: DtlsRole, right: DtlsRole, expected: tuple[DtlsRole, DtlsRole]
) -> None:
    async def scenario() -> None:
        pair = Pair()
        got: list[tuple[str, bytes]] = []

        def on_data(data: bytes) -> None:
            got.append(("data", data))

        for side in (pair.left, pair.right):
            side.set_data_sink(on_data)
            side.set_media_sinks(
                lambda data, _: got.append(("rtp", data)),
                lambda data, _: got.append(("rtcp", data)),
            )
        pair.connect(left, right)
        await pair.connected()
        assert (pair.left.role, pair.right.role) == expected
        report = bytes([0x80, 201, 0, 1, 0, 0, 0, 7])
        for side in (pair.left, pair.right):
            side.send_data(b"hello")
            side.send_rtp(rtp())
            side.send_rtcp(report)
        await until(lambda: len(got) == 6)
        assert sorted(got) == 2 * [("data", b"hello")] + 2 * [("rtcp", report)] + 2 * [
            ("rtp", rtp())
        ]
        await pair.close()
        assert (pair.left.state, pair.right.state) == ("closed", "closed")

    run(scenario)


@pytest.mark.parametrize("left", [CERTIFICATE, RSA_CERTIFICATE], ids=["ecdsa", "rsa"])
@pytest.mark.parametrize("right", [OTHER_CERTIFICATE, RSA_CERTIFICATE], ids=["ecdsa", "rsa"])
def test_either_side_may_have_an_rsa_certificate(left: Certificate, right: Certificate) -> None:
    async def scenario() -> None:
        pair = Pair(left=left, right=right)
        pair.connect()
        await pair.connected()
        assert pair.left.protocol_version is not None
        assert pair.left.cipher == pair.right.cipher is not None
        assert pair.left.srtp_profile == pair.right.srtp_profile is not None
        assert pair.left.remote_certificate is not None
        await pair.close()

    run(scenario)


class WithoutSrtp(Certificate):
    """A certificate of a stack that knows data alone: no use_srtp in its hello."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        return SSL.Context(SSL.DTLS_METHOD)


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_a_peer_without_srtp_has_data(role: DtlsRole) -> None:
    async def scenario() -> None:
        pair = Pair(right=WithoutSrtp.generate())
        got: list[bytes] = []

        def on_data(data: bytes) -> None:
            got.append(data)

        pair.right.set_data_sink(on_data)
        pair.connect(role, DtlsRole.SERVER if role is DtlsRole.CLIENT else DtlsRole.CLIENT)
        await pair.connected()
        pair.left.send_rtp(rtp())
        pair.left.send_rtcp(rtp())
        pair.left.send_data(b"hello")
        await until(lambda: got == [b"hello"])
        assert pair.left.drops == {DtlsDrop.NO_KEYS: 2}
        assert pair.left.srtp_profile is None
        await pair.close()

    run(scenario)


def test_every_datagram_of_the_handshake_fits_the_mtu() -> None:
    async def scenario() -> None:
        pair = Pair(left=RSA_CERTIFICATE, right=RSA_CERTIFICATE)
        pair.connect()
        await pair.connected()
        await pair.close()
        sent = pair.link.to_left.sent + pair.link.to_right.sent
        assert max(len(data) for data in sent) <= 1200

    run(scenario)


@pytest.mark.parametrize(
    "wrong",
    [
        [RTCDtlsFingerprint("sha-256", ":".join(["00"] * 32))],
        # RFC 8122 §5: the strongest hash decides, not whichever fits
        [
            *[one for one in OTHER_CERTIFICATE.fingerprints if one.algorithm == "sha-256"],
            RTCDtlsFingerprint("sha-512", ":".join(["00"] * 64)),
        ],
        [RTCDtlsFingerprint("sha-1", ":".join(["00"] * 20))],
    ],
    ids=["wrong", "strongest-wrong", "unknown-hash"],
)
@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_a_certificate_that_is_not_the_announced_one(
    wrong: list[RTCDtlsFingerprint], role: DtlsRole
) -> None:
    async def scenario() -> None:
        pair = Pair()
        other = DtlsRole.SERVER if role is DtlsRole.CLIENT else DtlsRole.CLIENT
        got: list[bytes] = []
        pair.left.set_media_sinks(lambda data, _: got.append(data), None)
        pair.left.connect(role, wrong)
        pair.right.connect(other, CERTIFICATE.fingerprints)
        with pytest.raises(ConnectionError, match="fingerprint"):
            await pair.left.wait_connected()
        assert pair.left.state == "failed"
        assert "fingerprint" in pair.left.failure
        # the peer is told, and is not left believing in a connection
        await until(lambda: pair.right.state in ("failed", "closed"))
        assert got == []
        await pair.close()

    run(scenario)


@pytest.mark.parametrize(
    "fingerprints",
    [[one] for one in OTHER_CERTIFICATE.fingerprints]
    + [
        # several of one hash: any of them; unknown hashes are skipped; case does not matter
        [
            RTCDtlsFingerprint("sha-256", ":".join(["00"] * 32)),
            RTCDtlsFingerprint("md5", ":".join(["00"] * 16)),
            *[
                RTCDtlsFingerprint("SHA-256", one.value.lower())
                for one in OTHER_CERTIFICATE.fingerprints
                if one.algorithm == "sha-256"
            ],
        ]
    ],
    ids=["sha-256", "sha-384", "sha-512", "several"],
)
def test_fingerprints_that_fit(fingerprints: list[RTCDtlsFingerprint]) -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.left.connect(DtlsRole.CLIENT, fingerprints)
        pair.right.connect(DtlsRole.SERVER, CERTIFICATE.fingerprints)
        await pair.connected()
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
@pytest.mark.parametrize("answers", range(3))
def test_a_peer_that_falls_silent_ends_in_failed(role: DtlsRole, answers: int) -> None:
    """Whatever the stage of the handshake, `failed` comes in bounded time."""

    async def scenario() -> None:
        pair = Pair(timeout=0.3)
        other = DtlsRole.SERVER if role is DtlsRole.CLIENT else DtlsRole.CLIENT
        left_over = answers

        def passes(_data: bytes) -> bool:
            nonlocal left_over
            left_over -= 1
            return left_over >= 0

        pair.link.lose(passes)
        states: list[str] = []
        pair.left.on("statechange", lambda: states.append(pair.left.state))
        pair.connect(role, other)
        with pytest.raises(ConnectionError, match="in time"):
            await pair.left.wait_connected()
        assert states == ["connecting", "failed"]
        await pair.close()
        assert states[2:] == ["closed"]

    run(scenario)


def test_the_handshake_waits_for_ice() -> None:
    async def scenario() -> None:
        pair = Pair(Link(connected=False))
        pair.connect()
        pair.link.set_state(IceState.CHECKING)
        pair.link.set_state(IceState.FAILED)
        for _ in range(20):
            await asyncio.sleep(0)
        assert (pair.left.state, pair.link.to_right.sent) == ("new", [])
        # a restart found a way
        pair.link.set_state(IceState.CHECKING)
        pair.link.set_state(IceState.CONNECTED)
        await pair.connected()
        await pair.close()

    run(scenario)


def test_a_client_hello_before_the_answer_is_kept() -> None:
    """RFC 8842 §5.2: the offerer holds it until it knows the fingerprint."""

    async def scenario() -> None:
        pair = Pair()
        pair.left.connect(DtlsRole.CLIENT, OTHER_CERTIFICATE.fingerprints)
        await until(lambda: bool(pair.link.to_right.sent))
        assert pair.right.state == "new"
        pair.right.connect(DtlsRole.SERVER, CERTIFICATE.fingerprints)
        await pair.connected()
        assert len(pair.link.to_right.sent) == len(set(pair.link.to_right.sent))
        await pair.close()

    run(scenario)


def test_closing_tells_the_peer() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.connect()
        await pair.connected()
        await pair.left.close()
        await until(lambda: pair.right.state == "closed")
        with pytest.raises(ConnectionError):
            pair.right.send_data(b"late")
        with pytest.raises(ConnectionError):
            pair.right.send_rtp(rtp())
        await pair.right.close()

    run(scenario)


def test_closing_silently_does_not() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            count = len(pair.link.to_right.sent)
            await pair.left.close(silently=True)
            assert len(pair.link.to_right.sent) == count
            assert pair.right.state == "connected"

    run(scenario)


def test_a_closed_ice_transport_closes_the_association() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.connect()
        await pair.connected()
        pair.link.set_state(IceState.CLOSED)
        await until(lambda: pair.left.state == pair.right.state == "closed")
        await pair.close()

    run(scenario)


def test_ice_closed_before_the_handshake() -> None:
    async def scenario() -> None:
        pair = Pair(Link(connected=False))
        pair.connect()
        pair.link.set_state(IceState.CLOSED)
        with pytest.raises(ConnectionError):
            await pair.left.wait_connected()
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("started", [False, True])
def test_closing_twice_and_early(started: bool) -> None:
    async def scenario() -> None:
        pair = Pair(Link(connected=False))
        if started:
            pair.connect()
        await pair.close()
        await pair.close()
        assert pair.left.state == "closed"
        with pytest.raises(RuntimeError):
            pair.left.connect(DtlsRole.CLIENT, OTHER_CERTIFICATE.fingerprints)

    run(scenario)


def test_closing_in_the_middle_of_the_handshake() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.link.lose(nothing)
        pair.connect()
        await until(lambda: pair.left.state == "connecting")
        await pair.close()
        assert pair.left.state == "closed"

    run(scenario)


def test_closing_from_a_data_handler() -> None:
    async def scenario() -> None:
        pair = Pair()
        closing: list[asyncio.Task[None]] = []

        def on_data(_data: bytes) -> None:
            closing.append(asyncio.create_task(pair.right.close()))

        pair.right.set_data_sink(on_data)
        pair.connect()
        await pair.connected()
        pair.left.send_data(b"enough")
        await until(lambda: pair.left.state == "closed")
        await pair.close()

    run(scenario)


def test_what_is_no_dtls_and_no_srtp_is_counted() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            pair.right.set_media_sinks(ignore, ignore)
            for data in (b"\x10zrtp", bytes([128, 96]) + bytes(30), b"\x17\xfe\xfd" + bytes(40)):
                pair.link.to_right.send(data)
            await until(lambda: pair.right.drops[DtlsDrop.NOT_DTLS_NOR_SRTP] == 1)
            assert pair.right.drops[DtlsDrop.SRTP_REFUSED] == 1
            assert pair.right.state == "connected"

    run(scenario)


def test_media_that_comes_before_the_last_flight_waits_for_it() -> None:
    """With the times at which it came: the peer is told of them, and may measure the line."""

    async def program() -> None:
        pair, held = Pair(), list[bytes]()
        got: list[tuple[bytes, float]] = []
        pair.left.set_media_sinks(lambda data, now: got.append((data, now)), ignore)

        def passes(data: bytes) -> bool:
            if not held and b"\x14\xfe\xfd" in data:
                # A ChangeCipherSpec (RFC 5246 §7.1).
                held.append(data)
            return data not in held

        pair.link.to_left.passes = passes
        pair.connect()
        await pair.right.wait_connected()
        loop = asyncio.get_running_loop()
        times = []
        for number in range(3):
            times.append(loop.time())
            pair.right.send_rtp(rtp(number=number))
            await asyncio.sleep(0.1)
        assert (pair.left.state, got) == ("connecting", [])
        pair.link.left.deliver(held[0], loop.time())
        await pair.connected()
        await asyncio.sleep(0.1)
        assert got == [(rtp(number=number), at) for number, at in enumerate(times)]
        assert pair.left.drops.total() == 0
        await pair.close()

    run_virtually(program())


def test_packets_before_the_keys_and_without_a_listener_are_counted() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.link.to_right.send(rtp())
        pair.connect()
        await pair.connected()
        pair.left.send_rtp(rtp())
        pair.left.send_data(b"hello")
        await until(lambda: pair.right.drops[DtlsDrop.NOBODY_LISTENS] == 2)
        assert pair.right.drops[DtlsDrop.SRTP_REFUSED] == 1
        await pair.close()

    run(scenario)


def test_forged_datagrams_do_not_disturb_an_association() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            got: list[bytes] = []

            def on_data(data: bytes) -> None:
                got.append(data)

            pair.right.set_data_sink(on_data)
            chance = random.Random(1)
            forged = [chance.randbytes(chance.randrange(1, 80)) for _ in range(500)]
            # a fatal alert, a hello and application data in the clear
            forged += [
                b"\x15\xfe\xfd" + bytes(7) + b"\x09\x00\x02\x02\x28",
                b"\x16\xfe\xfd" + bytes(7) + b"\x09\x00\x0c\x01" + bytes(11),
                b"\x17\xfe\xfd" + bytes(7) + b"\x09\x00\x02hi",
            ]
            for data in forged:
                pair.link.to_right.send(data)
            pair.left.send_data(b"still here")
            await until(lambda: got == [b"still here"])
            assert pair.right.state == "connected"

    run(scenario)


def test_counters_count_datagrams_and_bytes() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            pair.left.send_rtp(rtp())
            sent = pair.link.to_right.sent
            assert pair.left.counters.packets_sent == len(sent)
            assert pair.left.counters.bytes_sent == sum(map(len, sent))
            await until(lambda: pair.right.counters.packets_received == len(sent))
            assert pair.right.counters.bytes_received == sum(map(len, sent))

    run(scenario)


def test_connecting_takes_place_once() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            with pytest.raises(RuntimeError):
                pair.left.connect(DtlsRole.CLIENT, OTHER_CERTIFICATE.fingerprints)

    run(scenario)


def test_what_is_known_before_the_handshake() -> None:
    async def scenario() -> None:
        link = Link()
        transport = DtlsTransport(link.left, CERTIFICATE)
        assert transport.role is DtlsRole.AUTO
        assert transport.ice is link.left
        assert (transport.cipher, transport.srtp_profile) == (None, None)
        assert (transport.protocol_version, transport.remote_certificate) == (None, None)
        await transport.close()

    run(scenario)
