"""Who makes room for a new connection."""

from collections.abc import Iterable

from peer.ice import Limits, TcpType, TransportAddress, TransportProtocol
from peer.ice.base import Base
from peer.ice.connection import Connection
from peer.ice.framing import FrameSplitter
from peer.ice.strangers import gives_way

BASE = Base(
    "0",
    1,
    TransportAddress("192.0.2.1", 7000),
    transport=TransportProtocol.TCP,
    tcp_type=TcpType.PASSIVE,
)
LIMITS = Limits(connections=4, connections_per_source=2)


def connections(*hosts: str) -> list[Connection]:
    return [
        Connection(
            number, BASE, TransportAddress(host, 1024 + number), FrameSplitter(), requested=False
        )
        for number, host in enumerate(hosts)
    ]


def goes(open_: Iterable[Connection], host: str) -> int | None:
    found = gives_way(open_, TransportAddress(host, 9999), LIMITS)
    return None if found is None else found.handle


def test_nobody_while_there_is_room() -> None:
    assert goes(connections(), "a::1") is None
    assert goes(connections("10.0.0.1", "10.0.0.2", "10.0.0.3"), "10.0.0.1") is None


def test_the_oldest_of_a_source_that_has_its_share() -> None:
    assert goes(connections("10.0.0.9", "10.0.0.1", "10.0.0.1"), "10.0.0.1") == 1
    assert goes(connections("2001:db8::1", "2001:db8::2"), "2001:db8::3") == 0
    assert goes(connections("2001:db8::1", "2001:db8::2"), "2001:db8:0:1::3") is None


def test_else_the_oldest_of_the_source_with_the_most() -> None:
    full = connections("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.3")
    assert goes(full, "10.0.0.4") == 2
    even = connections("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5")
    assert goes(even, "10.0.0.4") == 0


def test_never_one_on_which_somebody_has_authenticated() -> None:
    open_ = connections("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
    open_[0].authenticated = True
    assert goes(open_, "10.0.0.1") == 1
    assert goes(open_[:4], "10.0.0.1") is None
