"""DTLS handshakes on a link that loses flights."""

from collections.abc import Callable

from tests.transports.test_dtls import run
from tests.transports.wire import Pair


def losing_first() -> tuple[Callable[[bytes], bool], list[bytes]]:
    """Give what loses the first datagram, and what it lost."""
    lost: list[bytes] = []

    def passes(data: bytes) -> bool:
        if not lost:
            lost.append(data)
            return False
        return True

    return passes, lost


def test_a_lost_flight_is_sent_again() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.link.to_left.passes, lost = losing_first()
        pair.connect()
        await pair.connected()
        assert len(lost) == 1
        await pair.close()

    run(scenario)


def test_a_lost_hello_is_sent_again_before_openssl_does() -> None:
    async def scenario() -> None:
        # RFC 6347 §4.2.4.1 has OpenSSL wait for a second, longer than there is here.
        pair = Pair(timeout=0.9)
        pair.link.to_right.passes, lost = losing_first()
        pair.connect()
        await pair.connected()
        assert pair.link.to_right.sent[:2] == lost * 2
        await pair.close()

    run(scenario)


def test_a_hello_that_is_answered_is_sent_once() -> None:
    async def scenario() -> None:
        pair = Pair()
        pair.connect()
        await pair.connected()
        assert len(set(pair.link.to_right.sent)) == len(pair.link.to_right.sent)
        await pair.close()

    run(scenario)
