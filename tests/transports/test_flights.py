"""DTLS handshakes on a link that loses flights."""

import asyncio
from collections.abc import Callable
from typing import cast
from unittest.mock import patch

import pytest
from OpenSSL import SSL

from peer.testing import run as run_virtual
from peer.transports.flights import Flights
from tests.transports.test_dtls import run
from tests.transports.wire import Pair, until


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


class Association:
    """What OpenSSL says of a flight: when it is due, if it is."""

    def __init__(self, *due: float | None) -> None:
        self.due = list(due)
        self.repeated = 0

    def DTLSv1_get_timeout(self) -> float | None:  # noqa: N802 - pyOpenSSL's name
        return self.due[0]

    def DTLSv1_handle_timeout(self) -> bool:  # noqa: N802 - pyOpenSSL's name
        self.repeated += 1
        del self.due[0]
        return True


@pytest.mark.parametrize("repeats", range(3))
def test_a_flight_is_repeated_until_openssl_knows_of_none(repeats: int) -> None:
    async def scenario() -> None:
        association = Association(*[0.0] * repeats, None)
        sent: list[int] = []
        flights = Flights(
            cast("SSL.Connection", association), lambda: sent.append(association.repeated)
        )
        flights.begin()
        flights.watch()
        for _ in range(10):
            await asyncio.sleep(0)
        assert sent == list(range(1, repeats + 1))
        assert association.due == [None]

    run(scenario)


def test_a_loop_that_outruns_the_clock_of_the_machine_waits_for_openssl() -> None:
    async def scenario() -> list[float]:
        association = Association(0.9999, None)
        times: list[float] = []
        flights = Flights(
            cast("SSL.Connection", association),
            lambda: times.append(asyncio.get_running_loop().time()),
        )
        # Nothing is repeated as long as there is no way to send it.
        flights.watch()
        await asyncio.sleep(10)
        flights.begin()
        await asyncio.sleep(10)
        return times

    with patch("peer.testing.loop.time.sleep") as waited:
        assert run_virtual(scenario()) == [11.0]
    waited.assert_called_once_with(0.9999)


def test_a_loop_of_the_machine_is_not_held_up_by_a_flight_that_is_early() -> None:
    async def scenario() -> None:
        answers = [0.05, 0.05, 0.02, 0.0, None]
        association = Association(None, None)
        sent: list[int] = []
        flights = Flights(
            cast("SSL.Connection", association), lambda: sent.append(association.repeated)
        )
        with (
            patch.object(association, "DTLSv1_get_timeout", lambda: answers.pop(0)),
            patch("time.sleep") as slept,
        ):
            flights.begin()
            flights.watch()
            await until(lambda: bool(sent))
        slept.assert_not_called()
        assert (sent, answers) == ([1], [])
        flights.stop()

    run(scenario)


def test_nothing_is_repeated_once_stopped() -> None:
    async def scenario() -> None:
        association = Association(0.0)
        sent: list[str] = []
        flights = Flights(cast("SSL.Connection", association), lambda: sent.append("flight"))
        flights.repeat_hello(lambda: sent.append("hello"))
        flights.begin()
        flights.watch()
        flights.stop()
        flights.stop()
        for _ in range(10):
            await asyncio.sleep(0)
        assert (sent, association.repeated) == ([], 0)

    run(scenario)


def test_a_flight_that_checks_carry_is_left_to_them_for_a_while() -> None:
    async def scenario() -> list[float]:
        association = Association(1.0, 2.0, None)
        times: list[float] = []
        flights = Flights(
            cast("SSL.Connection", association),
            lambda: times.append(asyncio.get_running_loop().time()),
        )
        flights.begin(carried=True)
        await asyncio.sleep(20)
        return times

    with patch("peer.testing.loop.time.sleep"):
        assert run_virtual(scenario()) == [4.0, 8.0]
