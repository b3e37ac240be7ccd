"""Whoever may write into the path, and a peer that has proved who it is, against DTLS and SRTP."""

import asyncio
import contextlib
import logging
import random
import struct

import pytest
from aiortc.rtp import RtpPacket
from OpenSSL import SSL

from peer.rtp import ReceiverReport, write_compound
from peer.transports.certificate import Certificate
from peer.transports.dtls import DtlsRole, DtlsTransport
from peer.transports.records import MAX_DATAGRAM, DtlsDrop
from peer.transports.srtp import MAX_PACKET, MAX_SSRCS
from tests.attacks.cost import DATAGRAM, MARGIN, STRANGERS_DATAGRAM, cpu
from tests.transports.test_dtls import ignore, run
from tests.transports.wire import Link, Pair, connected_pair, until

NOISE = random.Random(1)


def record(kind: int, body: bytes, *, epoch: int = 0, version: bytes = b"\xfe\xfd") -> bytes:
    """Make a record that nothing protects."""
    return bytes([kind]) + version + struct.pack("!HHLH", epoch, 0, 9, len(body)) + body


def fragment(kind: int, length: int, offset: int, size: int, content: bytes) -> bytes:
    """Make a fragment of a handshake message, true to its lengths or not."""
    three = (length.to_bytes(3, "big"), offset.to_bytes(3, "big"), size.to_bytes(3, "big"))
    return bytes([kind]) + three[0] + bytes(2) + three[1] + three[2] + content


FORGED = {
    "fatal-alert": record(21, b"\x02\x28"),
    "close-notify": record(21, b"\x01\x00"),
    "odd-alert": record(21, b"\x02"),
    "data": record(23, b"hello"),
    "unknown-type": record(24, bytes(20)),
    "dtls-1.3": b"\x2f" + bytes(40),
    "unknown-version": record(22, fragment(1, 0, 0, 0, b""), version=b"\x03\x03"),
    "noise": record(22, bytes(range(20))),
    "empty": record(22, b""),
    "change-cipher-spec": record(20, b"\x02"),
    "finished": record(22, fragment(20, 12, 0, 12, bytes(12))),
    "hello-request": record(22, fragment(0, 0, 0, 0, b"")),
    "beyond-its-message": record(22, fragment(11, 16, 8, 16, bytes(16))),
    "huge-message": record(22, fragment(11, 0xFFFFFF, 0, 16, bytes(16))),
    "huge-fragment": record(22, fragment(11, 100, 0, 100, bytes(16))),
    "later-epoch": record(22, bytes(20), epoch=2),
    "longer-than-it-is": record(22, bytes(40))[:-20],
    "long": b"\x16" + bytes(MAX_DATAGRAM),
}
MISDIRECTED = {
    DtlsRole.CLIENT: record(22, fragment(1, 2, 0, 2, bytes(2))),
    DtlsRole.SERVER: record(22, fragment(14, 0, 0, 0, b"")),
}
"""Messages that only the other role gets: ClientHello, ServerHelloDone."""


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
@pytest.mark.parametrize("name", [*FORGED, "misdirected"])
def test_a_forged_record_does_not_end_a_handshake(name: str, role: DtlsRole) -> None:
    """RFC 6347 §4.1.2.7: invalid records are discarded, before each flight as well."""

    async def scenario() -> None:
        pair = Pair(alert_grace=5.0)
        wire = pair.link.to_left
        genuine = wire.send
        forged = FORGED.get(name, MISDIRECTED[role])

        def send(*datagrams: bytes) -> None:
            # what goes to the left is overtaken by the stranger's record
            assert wire.receiver is not None
            wire.receiver.deliver(forged, 0.0)
            genuine(*datagrams)

        wire.send = send  # type: ignore[method-assign]
        other = DtlsRole.SERVER if role is DtlsRole.CLIENT else DtlsRole.CLIENT
        pair.connect(role, other)
        await pair.connected()
        assert pair.left.drops
        await pair.close()

    run(scenario)


def test_noise_does_not_end_a_handshake() -> None:
    async def scenario() -> None:
        pair = Pair()
        kinds = (20, 21, 22, 23)
        for _ in range(500):
            body = NOISE.randbytes(NOISE.randrange(40))
            epoch = NOISE.choice((0, 1, 2))
            pair.link.left.deliver(record(NOISE.choice(kinds), body, epoch=epoch), 0.0)
        pair.connect()
        await pair.connected()
        await pair.close()

    run(scenario)


def test_a_genuine_refusal_is_believed_when_nothing_follows() -> None:
    async def scenario() -> None:
        pair = Pair(alert_grace=0.05)
        pair.left.connect(DtlsRole.CLIENT, pair.certificates[1].fingerprints)
        await until(lambda: bool(pair.link.to_right.sent))
        pair.link.left.deliver(FORGED["fatal-alert"], 0.0)
        with pytest.raises(ConnectionError, match="refused the handshake with alert 40"):
            await pair.left.wait_connected()
        assert pair.left.drops == {DtlsDrop.UNPROTECTED_ALERT: 1}
        await pair.close()

    run(scenario)


class Renegotiator:
    """OpenSSL alone as the peer of a transport."""

    def __init__(self, role: DtlsRole) -> None:
        certificate = Certificate.generate()
        self.link = Link()
        self.transport = DtlsTransport(self.link.left, Certificate.generate())
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        self.association = SSL.Connection(context, None)
        certificate.identify(self.association)
        self.association.set_ciphertext_mtu(1200)
        if role is DtlsRole.CLIENT:
            self.association.set_accept_state()
        else:
            self.association.set_connect_state()
        self.transport.connect(role, certificate.fingerprints)

    async def shake_hands(self, rounds: int) -> None:
        """Go on with the handshake until it is done."""
        for _ in range(rounds):
            done = True
            try:
                self.association.do_handshake()
            except SSL.WantReadError:
                done = False
            self.send()
            if done and self.transport.state == "connected":
                return
            await asyncio.sleep(0.005)
            while self.link.to_right.sent:
                self.association.bio_write(self.link.to_right.sent.pop(0))

    def send(self) -> None:
        """Give the transport what OpenSSL wrote."""
        try:
            data = self.association.bio_read(1 << 16)
        except SSL.WantReadError:
            return
        self.link.left.deliver(data, 0.0)


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_nobody_renegotiates(role: DtlsRole) -> None:
    async def scenario() -> None:
        peer = Renegotiator(role)
        await peer.shake_hands(1000)
        assert peer.transport.state == "connected"
        before = peer.transport.counters.packets_sent
        peer.association.renegotiate()
        with contextlib.suppress(SSL.Error):
            await peer.shake_hands(10)
        # one alert that says so (RFC 5246 §7.2.2), and no flight
        assert peer.transport.counters.packets_sent - before <= 1
        assert peer.transport.state == "connected"
        await peer.transport.close(silently=True)

    run(scenario)


def strangers_datagrams() -> dict[str, bytes]:
    """Datagrams that look like media or DTLS, of all sizes."""
    made = {}
    for size in (2, 12, 200, 1400, MAX_PACKET, MAX_PACKET + 1, 16000, 60000):
        made[f"rtp-{size}"] = b"\x80\x60" + NOISE.randbytes(size - 2)
        made[f"rtcp-{size}"] = b"\x80\xc8" + NOISE.randbytes(size - 2)
        body = NOISE.randbytes(max(0, size - 13))
        made[f"data-{size}"] = record(23, body, epoch=1)
        made[f"plain-{size}"] = record(22, body)
    made["empty-records"] = record(23, b"", epoch=1) * 100
    made["many-empty-records"] = record(23, b"", epoch=1) * 4600
    return made


@pytest.mark.parametrize(("name", "datagram"), strangers_datagrams().items())
def test_a_strangers_datagram_costs_little(
    name: str, datagram: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            pair.left.send_rtp(RtpPacket(payload_type=96, ssrc=7, payload=b"x").serialize())
            await until(lambda: pair.right.drops[DtlsDrop.NOBODY_LISTENS] == 1)
            sent = len(pair.link.to_left.sent)
            cost = cpu(lambda: pair.link.right.deliver(datagram, 0.0), 200)
            assert cost < STRANGERS_DATAGRAM * MARGIN, name
            assert sum(pair.right.drops.values()) >= 1
            assert len(pair.link.to_left.sent) == sent
            assert pair.right.state == "connected"

    with caplog.at_level(logging.DEBUG):
        run(scenario)
    assert [one for one in caplog.records if one.exc_info or one.levelno > logging.DEBUG] == []


def test_a_packet_too_long_to_protect_is_counted() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            pair.left.send_rtp(b"\x80\x60" + bytes(1500))
            pair.left.send_rtcp(b"\x80\xc8" + bytes(1500))
            assert pair.left.drops == {DtlsDrop.TOO_LONG: 2}

    run(scenario)


def media(ssrc: int, number: int = 1) -> bytes:
    return RtpPacket(payload_type=96, sequence_number=number, ssrc=ssrc, payload=b"x").serialize()


def test_streams_of_libsrtp_are_bounded() -> None:
    """Else each SSRC makes every later packet dearer: libsrtp looks for them one by one."""

    async def scenario() -> None:
        async with connected_pair() as pair:
            pair.right.set_media_sinks(ignore, ignore)
            pair.left.send_rtp(media(1))
            for ssrc in range(2, 2000):
                pair.left.send_rtp(media(ssrc))
                pair.left.send_rtcp(write_compound(ReceiverReport(ssrc + 10000)))
            await asyncio.sleep(0)
            srtp = pair.right._srtp
            assert srtp is not None
            assert len(srtp._ssrcs) == MAX_SSRCS
            wire = pair.link.to_right.sent
            cost = cpu(lambda: pair.link.right.deliver(wire[-2], 0.0), 100)
            assert cost < DATAGRAM

    run(scenario)


def test_a_stream_in_use_outlives_a_flood_of_others() -> None:
    """Its rollover counter is kept (RFC 3711 §3.3.1), so that it can be read on after a wrap."""

    async def scenario() -> None:
        async with connected_pair() as pair:
            got: list[bytes] = []
            pair.right.set_media_sinks(lambda data, _: got.append(data), None)
            others = iter(range(100, 10**6))
            for number in range(0, 1 << 17, 1 << 12):
                pair.left.send_rtp(media(1, number & 0xFFFF))
                for _ in range(MAX_SSRCS - 2):
                    pair.left.send_rtp(media(next(others)))
            await asyncio.sleep(0)
            assert sum(data[8:12] == bytes([0, 0, 0, 1]) for data in got) == 32
            assert pair.right.drops == {}

    run(scenario)


def test_announced_streams_have_a_place_each() -> None:
    async def scenario() -> None:
        async with connected_pair() as pair:
            pair.right.set_media_sinks(ignore, ignore)
            pair.right.announce_ssrcs(50)
            for ssrc in range(1000):
                pair.left.send_rtp(media(ssrc))
            await asyncio.sleep(0)
            assert pair.right._srtp is not None
            assert len(pair.right._srtp._ssrcs) == MAX_SSRCS + 50

    run(scenario)
