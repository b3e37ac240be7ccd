"""What a line loses, delays and lets pass."""

from typing import Any

import pytest

from peer.ice import TransportAddress
from peer.ice.stun import SOFTWARE, MessageClass, Method, build, parse
from peer.testing import Conditions, Network, run
from tools.command.doctor.line import (
    REQUESTS,
    SIZES,
    Line,
    filling,
    judge_line,
    judge_sizes,
    measure,
)
from tools.command.doctor.report import Status

SERVER = TransportAddress("60.0.0.10", 3478)


@pytest.mark.parametrize("size", [*SIZES, 400])
def test_a_request_fills_a_packet(size: int) -> None:
    attributes: list[tuple[Any, Any]] = [(SOFTWARE, text) for text in filling(size)]
    request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), attributes)
    assert len(request) + 28 == size
    assert parse(request).method is Method.BINDING


def measured(**conditions: Any) -> Line:
    async def story() -> Line:
        network = Network(seed=4)
        network.stun_server()
        host = network.host("alice", nat="port-restricted", link=Conditions(**conditions))
        return await measure(host.system, host.addresses[0], SERVER)

    return run(story())


def test_a_good_line() -> None:
    line = measured()
    assert (line.sent, len(line.trips), line.passed) == (REQUESTS, REQUESTS, frozenset(SIZES))
    assert judge_line(line).status is judge_sizes(line).status is Status.PASS


def test_a_line_that_loses() -> None:
    line = measured(loss=0.1)
    assert 0.08 < line.loss < 0.35
    check = judge_line(line)
    assert (check.status, check.words) == (Status.WARN, "loses packets")
    assert check.values["loss"] == round(line.loss, 3)
    # Large ones are sent thrice.
    assert line.passed == set(SIZES)


def test_a_line_whose_packets_come_unevenly() -> None:
    line = measured(delay=0.02, jitter=0.1)
    assert line.loss == 0
    check = judge_line(line)
    assert (check.status, check.words) == (Status.WARN, "packets come unevenly")


@pytest.mark.parametrize(
    ("mtu", "passed", "status", "words"),
    [
        (1500, SIZES, Status.PASS, "large packets pass"),
        (1492, SIZES[:2], Status.PASS, "large packets pass"),
        (1250, SIZES[:1], Status.FAIL, "packets of 1280 bytes vanish, and smaller ones pass"),
        (600, (), Status.FAIL, "packets of 1228 bytes vanish, and smaller ones pass"),
    ],
)
def test_sizes_that_vanish(mtu: int, passed: tuple[int, ...], status: Status, words: str) -> None:
    line = measured(mtu=mtu)
    assert line.passed == set(passed)
    check = judge_sizes(line)
    assert (check.status, check.words) == (status, words)
    assert len(check.evidence) == len(SIZES)


def test_a_server_that_ignores_filled_requests_tells_nothing_of_sizes() -> None:
    line = measured(mtu=200)
    assert not line.is_told
    assert len(line.trips) == REQUESTS
    check = judge_sizes(line)
    assert check.status is Status.UNKNOWN
    assert check.words.startswith("cannot be told")


def test_nobody_answers() -> None:
    async def story() -> Line:
        network = Network()
        host = network.host("alice")
        return await measure(host.system, host.addresses[0], SERVER)

    line = run(story())
    assert (line.trips, line.passed, line.loss) == ((), frozenset(), 1.0)
