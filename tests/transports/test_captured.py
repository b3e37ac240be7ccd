"""A DTLS transport that shows what it protects: everything once, in order, the keys first."""

import asyncio
from collections.abc import Callable

import pytest

from peer.transports.captured import CapturedDtlsTransport
from peer.transports.dtls import DtlsRole
from tests.transports.wire import CERTIFICATE, Link, Pair, nothing

RTP = bytes.fromhex("80600001 00000000 00000007") + b"voice"
RTCP = bytes.fromhex("80c80006") + bytes(24)


class Onlooker:
    """Keeps what it is shown."""

    def __init__(self, sent: Callable[[], int]) -> None:
        self.sent = sent
        self.secrets: list[tuple[bytes, bytes, int]] = []
        self.shown: list[tuple[str, bytes, bool]] = []
        self.datagrams: list[tuple[bytes, int, bool]] = []

    def keys(self, client_random: bytes, master_secret: bytes) -> None:
        self.secrets.append((client_random, master_secret, self.sent()))

    def records(self, datagram: bytes, association: int, *, leaves: bool) -> None:
        self.datagrams.append((datagram, association, leaves))

    def data(self, message: bytes, *, leaves: bool) -> None:
        self.shown.append(("data", message, leaves))

    def media(self, packet: bytes, association: int, *, control: bool, leaves: bool) -> None:
        self.shown.append(("rtcp" if control else "rtp", packet, leaves))


async def story(role: DtlsRole) -> tuple[Onlooker, Pair]:
    """A pair whose left side is looked at; each sends one of each kind."""
    link = Link()
    pair = Pair(link)
    onlooker = Onlooker(lambda: len(link.to_right.sent))
    pair.left = CapturedDtlsTransport(link.left, CERTIFICATE, onlooker=onlooker)
    got = asyncio.Queue[bytes]()
    for side in (pair.left, pair.right):
        side.set_data_sink(got.put_nowait)
        side.set_media_sinks(*2 * (lambda data, _now: got.put_nowait(data),))
    other = DtlsRole.SERVER if role is DtlsRole.CLIENT else DtlsRole.CLIENT
    pair.connect(role, other)
    await pair.connected()
    for side in (pair.left, pair.right):
        side.send_messages((b"one", b"two"))
        side.send_rtp(RTP)
        side.send_rtcp(RTCP)
    for _ in range(8):
        await got.get()
    await pair.close()
    return onlooker, pair


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_everything_is_shown_once(role: DtlsRole) -> None:
    onlooker, _ = asyncio.run(story(role))
    wanted = [("data", b"one"), ("data", b"two"), ("rtp", RTP), ("rtcp", RTCP)]
    for leaves in (True, False):
        assert [each[:2] for each in onlooker.shown if each[2] is leaves] == wanted


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_keys_are_told_once_before_anything_under_them_leaves(role: DtlsRole) -> None:
    onlooker, pair = asyncio.run(story(role))
    ((client_random, secret, before),) = onlooker.secrets
    assert (len(client_random), len(secret)) == (32, 48)
    under = [bytes((22, 254, 253, 0, 1)) in data for data in pair.link.to_right.sent]
    assert True not in under[:before]
    assert True in under


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_all_datagrams_of_dtls_are_shown_in_order_and_no_others(role: DtlsRole) -> None:
    onlooker, pair = asyncio.run(story(role))
    for leaves, wire in ((True, pair.link.to_right), (False, pair.link.to_left)):
        shown = [data for data, _, left in onlooker.datagrams if left is leaves]
        passed = [data for data in wire.sent if 20 <= data[0] <= 63]
        # The last word is not waited for.
        assert shown[: len(passed) - 1] == passed[: len(shown)][: len(passed) - 1]
        assert len(passed) - len(shown) in (0, 1)
    assert len({number for _, number, _ in onlooker.datagrams}) == 1


def test_what_cannot_be_sent_is_not_shown() -> None:
    async def scenario() -> None:
        link = Link()
        link.lose(nothing)
        onlooker = Onlooker(lambda: 0)
        transport = CapturedDtlsTransport(link.left, CERTIFICATE, onlooker=onlooker)
        with pytest.raises(ConnectionError):
            transport.send_messages((b"one",))
        with pytest.raises(ConnectionError):
            transport.send_rtp(RTP)
        assert onlooker.shown == []
        assert onlooker.secrets == []
        await transport.close()

    asyncio.run(scenario())
