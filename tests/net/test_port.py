"""What passes the agent by, and its counters."""

from typing import Any
from unittest.mock import Mock

import pytest

from peer.ice import Traffic, TransportAddress
from peer.net.component import MAX_EARLY, Component
from peer.net.outbox import Outbox
from peer.net.port import Port

LOCAL = TransportAddress("192.0.2.1", 5000)
REMOTE = ("192.0.2.2", 6000)


class Bench:
    """A port with an accepted remote address, and what came where."""

    def __init__(self, *, sent: Any = True) -> None:
        self.loop = Mock()
        self.loop.time.return_value = 7.0
        self.way = Mock()
        self.component = Component(self.way, Mock(), self.loop, "0", 1)
        self.side = Mock()
        self.port = Port(self.side, self.component)
        self.port.address = LOCAL
        self.port.socket = Mock()
        self.port.socket.send_now = Mock(side_effect=[sent])
        self.port.socket.outbox = Outbox(self.loop, self.port.socket)
        self.path = self.port.path(self.component, REMOTE)
        self.port.accepted[REMOTE] = self.path
        self.data: list[tuple[bytes, float]] = []
        self.component.set_sink(lambda data, now: self.data.append((data, now)))


@pytest.mark.parametrize("first", range(256))
def test_only_dtls_and_rtp_pass_the_agent_by(first: int) -> None:
    """RFC 7983 §7."""
    bench = Bench()
    bench.port.receive(bytes([first, 0]), REMOTE, 3.0)
    is_media = 20 <= first <= 63 or 128 <= first <= 191
    assert bool(bench.data) is is_media
    assert bench.side.receive.called is not is_media


def test_the_agent_judges_what_comes_from_elsewhere() -> None:
    """RFC 8445 §19.3."""
    bench = Bench()
    bench.port.receive(b"\x80", ("192.0.2.2", 6001), 3.0)
    bench.port.receive(b"", REMOTE, 3.0)
    assert bench.data == []
    assert bench.side.receive.call_count == 2


def test_counters_are_given_once() -> None:
    bench = Bench()
    assert bench.path.take() is None
    bench.port.receive(b"\x80abc", REMOTE, 3.0)
    bench.component.route = bench.path
    assert bench.component.send(b"\x80")
    bench.port.socket.outbox.flush()
    assert bench.path.take() == Traffic(1, 1, 7.0, 1, 4, 3.0)
    assert bench.path.take() is None


def test_what_the_socket_drops_counts_as_discarded() -> None:
    bench = Bench(sent=False)
    bench.component.route = bench.path
    assert not bench.component.send(b"\x80ab")
    assert bench.path.take() == Traffic(packets_discarded=1, bytes_discarded=3)


def test_a_socket_that_fails_is_told_of() -> None:
    error = OSError("no route")
    bench = Bench(sent=error)
    bench.component.route = bench.path
    assert not bench.component.send(b"\x80ab")
    bench.way.path_failed.assert_called_once_with(bench.path, error)


def test_without_a_direct_route_the_agent_sends() -> None:
    bench = Bench()
    bench.way.send_through_agent.return_value = True
    assert bench.component.send(b"\x80ab")
    bench.way.send_through_agent.assert_called_once_with("0", 1, b"\x80ab")


def test_early_data_is_kept_within_a_bound() -> None:
    bench = Bench()
    bench.component.set_sink(None)
    for number in range(MAX_EARLY + 10):
        bench.component.deliver(b"%d" % number, float(number))
    bench.component.set_sink(lambda data, now: bench.data.append((data, now)))
    assert bench.data[0] == (b"10", 10.0)
    assert len(bench.data) == MAX_EARLY
