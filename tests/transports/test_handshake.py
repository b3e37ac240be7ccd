"""DTLS handshakes that begin before there is a pair to send on: checks carry them."""

import asyncio
from collections.abc import Sequence

import pytest

from peer.ice import EmbeddingState, HandshakeStage, IceState
from peer.transports.dtls import EMBEDDED_MTU, MTU, DtlsRole
from peer.transports.ice import EmbeddedTaker
from peer.transports.records import DtlsDrop
from tests.transports.test_dtls import run
from tests.transports.wire import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    RSA_CERTIFICATE,
    Link,
    Pair,
    Wire,
    until,
)

# A record of DTLS 1.3 (RFC 9147 §4): unified header with a 16-bit number and a length, then an ACK.
UNIFIED = bytes([0x2E]) + bytes.fromhex("0001 0018") + bytes(24)
PLAIN_ACK = bytes.fromhex("1a fefd 0000 000000000005 0002 0000")


class Checks(Wire):
    """One direction that has no pair yet, where flights come in checks: `other` is the way back."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = EmbeddingState.CONFIRMED
        self.other: Checks | None = None
        self.taker: EmbeddedTaker | None = None
        self.stages: list[HandshakeStage] = []
        self.flights: list[Sequence[bytes]] = []

    def send_flight(self, datagrams: Sequence[bytes]) -> None:
        """Put the datagrams into checks; what answers them comes back in answers."""
        self.flights.append(datagrams)
        assert self.receiver is not None
        if self.receiver.usable:
            super().send_flight(datagrams)
            return
        loop = asyncio.get_running_loop()
        for datagram in datagrams:
            loop.call_soon(self._carry, datagram)

    def _carry(self, datagram: bytes) -> None:
        assert self.other is not None
        if self.other.taker is not None:
            answer = self.other.taker(datagram, asyncio.get_running_loop().time())
            if answer:
                self.other.send_flight(answer)

    def note_handshake(self, stage: HandshakeStage, datagram: bytes = b"") -> None:
        """Note how far the handshake is."""
        self.stages.append(stage)

    def set_taker(self, taker: EmbeddedTaker | None) -> None:
        """Note who takes what the other end sends."""
        self.taker = taker


class CheckedLink(Link):
    """A link without a pair, whose checks carry handshakes."""

    def __init__(self) -> None:
        super().__init__(connected=False)
        self.checks = Checks(), Checks()
        for end, there, back in zip(
            (self.left, self.right), self.checks, self.checks[::-1], strict=True
        ):
            end._path = there
            there.other = back
        self.checks[0].receiver, self.checks[1].receiver = self.right, self.left


async def settle() -> None:
    """Let everything happen that is due."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_a_handshake_is_done_before_there_is_a_pair() -> None:
    """Nobody is told before there is one, and nothing of DTLS's own clock runs."""

    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        pair.connect()
        await settle()
        assert (pair.left.state, pair.right.state) == ("new", "new")
        # Four flights and the round that each takes.
        assert [len(wire.flights) for wire in link.checks] == [2, 2]
        link.set_state(IceState.CONNECTED)
        await pair.connected()
        assert link.checks[0].stages[-1] is HandshakeStage.PROVEN
        assert link.checks[1].stages[-1] is HandshakeStage.FINISHED
        await pair.close()

    run(scenario)


def test_states_are_told_in_order() -> None:
    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        told: list[str] = []
        pair.left.on("statechange", lambda: told.append(pair.left.state))
        pair.connect()
        await settle()
        link.set_state(IceState.CONNECTED)
        await pair.connected()
        await pair.close()
        assert told == ["connecting", "connected", "closed"]

    run(scenario)


def test_the_first_packet_of_the_peer_ends_it() -> None:
    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        heard: list[bytes] = []
        pair.right.set_data_sink(heard.append)
        pair.connect()
        await settle()
        link.set_state(IceState.CONNECTED)
        await pair.connected()
        pair.left.send_data(b"hello")
        pair.left.send_data(b"again")
        await until(lambda: len(heard) == 2)
        assert link.checks[1].stages.count(HandshakeStage.OVER) == 1
        await pair.close()

    run(scenario)


def test_datagrams_have_room_in_a_check_until_the_handshake_is_done() -> None:
    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link, left=RSA_CERTIFICATE, right=RSA_CERTIFICATE)
        pair.connect()
        await settle()
        link.set_state(IceState.CONNECTED)
        await pair.connected()
        sizes = [len(each) for wire in link.checks for flight in wire.flights for each in flight]
        assert max(sizes) <= EMBEDDED_MTU < MTU
        pair.left.send_data(bytes(1100))
        assert len(link.checks[0].sent[-1]) > EMBEDDED_MTU
        await pair.close()

    run(scenario)


def test_a_stranger_is_refused_once_there_is_a_pair() -> None:
    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        pair.left.connect(DtlsRole.CLIENT, CERTIFICATE.fingerprints)
        pair.right.connect(DtlsRole.SERVER, CERTIFICATE.fingerprints)
        await settle()
        assert pair.left.state == "new"
        link.set_state(IceState.CONNECTED)
        await until(lambda: pair.left.state == "failed")
        assert "not the one of the fingerprint" in pair.left.failure
        assert link.checks[0].stages[-1] is HandshakeStage.OVER
        assert link.checks[0].taker is None
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("closed", [IceState.CLOSED, None])
def test_the_end_before_there_is_a_pair(closed: IceState | None) -> None:
    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        pair.connect()
        await settle()
        if closed is not None:
            link.set_state(closed)
            await until(lambda: pair.left.state == "closed")
        await pair.close()
        assert pair.left.state == "closed"
        assert pair.left.failure == ""
        assert link.checks[0].taker is None or closed is not None

    run(scenario)


@pytest.mark.parametrize("record", [UNIFIED, PLAIN_ACK], ids=["unified header", "ACK"])
@pytest.mark.parametrize("in_check", [True, False])
def test_records_of_dtls_1_3_harm_no_handshake(record: bytes, in_check: bool) -> None:
    """We speak 1.2: a peer that tries the other is heard when it says something of that."""

    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        pair.left.connect(DtlsRole.CLIENT, OTHER_CERTIFICATE.fingerprints)
        await settle()
        taker = link.checks[0].taker
        assert taker is not None
        if in_check:
            assert taker(record, 0.0) == ()
        else:
            link.left.deliver(record, 0.0)
        assert pair.left.drops[DtlsDrop.UNEXPECTED_RECORD] > 0
        # What is of no use is not acknowledged either.
        assert HandshakeStage.HEARD not in link.checks[0].stages
        pair.right.connect(DtlsRole.SERVER, CERTIFICATE.fingerprints)
        await settle()
        link.checks[0].send_flight(link.checks[0].flights[0])
        await settle()
        link.set_state(IceState.CONNECTED)
        await pair.connected()
        assert pair.left.protocol_version == "DTLSv1.2"
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("in_check", [True, False])
def test_a_datagram_that_is_longer_than_any_record_is_not_read(in_check: bool) -> None:
    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link)
        pair.left.connect(DtlsRole.CLIENT, OTHER_CERTIFICATE.fingerprints)
        await settle()
        taker = link.checks[0].taker
        assert taker is not None
        # As many records as fit, each of them one that a handshake may have.
        datagram = bytes.fromhex("16 fefd 0000 000000000001 0000") * 5000
        if in_check:
            assert taker(datagram, 0.0) == ()
        else:
            link.left.deliver(datagram, 0.0)
        assert pair.left.drops == {DtlsDrop.TOO_LONG: 1}
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("in_checks", [True, False])
def test_flights_whose_datagrams_overtake_each_other(in_checks: bool) -> None:
    """OpenSSL would drop the ChangeCipherSpec, and wait a second for the flight to come again."""

    async def scenario() -> None:
        link = CheckedLink()
        pair = Pair(link, left=RSA_CERTIFICATE, right=RSA_CERTIFICATE, timeout=0.9)
        for wire in link.checks:
            forwards = wire.send_flight
            wire.send_flight = lambda flight, send=forwards: send(flight[::-1])  # type: ignore[method-assign, misc]
        if not in_checks:
            link.set_state(IceState.CONNECTED)
        pair.connect()
        await settle()
        link.set_state(IceState.CONNECTED)
        await pair.connected()
        assert max(len(flight) for wire in link.checks for flight in wire.flights) > 1
        await pair.close()

    run(scenario)
