"""A UDP socket that many share: whom each datagram is for, and what that costs."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any
from unittest.mock import Mock

import pytest

from peer.ice.stun import USERNAME, MessageClass, Method, build
from peer.net.claims import MAX_ADDRESSES
from peer.net.shared_udp import LIFETIME, MAX_TRANSACTIONS, SharedUdp, UdpShare
from peer.net.strangers import Stranger, Strangers
from peer.net.udp import Receiver
from tests.work import calls

X, Y = ("192.0.2.1", 5000), ("192.0.2.2", 6000)
MEDIA = b"\x80" + bytes(50)
TID = bytes(12)


def message(
    kind: MessageClass = MessageClass.REQUEST, username: str | None = None, tid: bytes = TID
) -> bytes:
    attributes: list[Any] = [] if username is None else [(USERNAME, username)]
    return build(Method.BINDING, kind, tid, attributes)


class Bench:
    """A shared socket without a network."""

    def __init__(self) -> None:
        self.now = 0.0
        self.strangers: Strangers = Counter()
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.ended = Mock()
        self.shared = SharedUdp(self, self._open, self.strangers, self.ended)
        self.got: dict[str, list[bytes]] = {}
        self.done: list[str] = []
        self.refused: list[tuple[str, tuple[str, int]]] = []

    def time(self) -> float:
        return self.now

    def _open(self, receive: Receiver, done: Callable[[], object]) -> Mock:
        self.receive, self.batch_read = receive, done
        socket = Mock(address=("192.0.2.9", 40000))
        socket.send = self._send
        self.socket = socket
        return socket

    def _send(self, data: bytes, remote: tuple[str, int]) -> bool:
        self.sent.append((data, remote))
        return True

    def share(self, name: str) -> UdpShare:
        """A share that is called by its name."""
        self.got[name] = []
        share = self.shared.share(
            lambda data, source, now: self.got[name].append(data),
            partial(self.done.append, name),
            lambda source, now: self.refused.append((name, source)),
        )
        share.call({name})
        return share

    def arrive(self, data: bytes, source: tuple[str, int] = X) -> dict[str, list[bytes]]:
        """Take a datagram; gives what each share got."""
        for got in self.got.values():
            got.clear()
        self.receive(data, source, self.now)
        return {name: list(got) for name, got in self.got.items() if got}

    def prove(self, share: UdpShare, source: tuple[str, int] = X) -> None:
        """Ask a source, and have it answer."""
        tid = Random(repr(source)).randbytes(12)
        share.send(message(username="theirs:ours", tid=tid), source)
        self.arrive(message(MessageClass.SUCCESS, tid=tid), source)


def test_a_check_goes_to_who_is_called() -> None:
    bench = Bench()
    bench.share("a"), bench.share("b")
    check = message(username="b:remote")
    assert bench.arrive(check) == {"b": [check]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (message(username="nobody:remote"), Stranger.UNKNOWN_FRAGMENT),
        (message(), Stranger.NO_FRAGMENT),
        (message(username="a"), Stranger.NO_FRAGMENT),
        (message(MessageClass.SUCCESS), Stranger.UNKNOWN_TRANSACTION),
        (message(MessageClass.ERROR), Stranger.UNKNOWN_TRANSACTION),
        (message(MessageClass.INDICATION), Stranger.UNKNOWN_SOURCE),
        (MEDIA, Stranger.UNKNOWN_SOURCE),
        (b"", Stranger.UNKNOWN_SOURCE),
        (b"\x00", Stranger.UNKNOWN_SOURCE),
    ],
)
def test_strangers_are_counted_and_get_no_answer(data: bytes, reason: Stranger) -> None:
    bench = Bench()
    bench.share("a")
    assert bench.arrive(data) == {}
    assert bench.strangers == {reason: 1}
    assert bench.sent == []


def test_data_goes_to_who_has_its_peer_there() -> None:
    bench = Bench()
    a, b = bench.share("a"), bench.share("b")
    a.claim(X)
    b.claim(Y)
    assert bench.arrive(MEDIA, X) == {"a": [MEDIA]}
    assert bench.arrive(MEDIA, Y) == {"b": [MEDIA]}
    indication = message(MessageClass.INDICATION)
    assert bench.arrive(indication, Y) == {"b": [indication]}
    b.release(Y)
    assert bench.arrive(MEDIA, Y) == {}


def test_responses_go_to_who_has_asked() -> None:
    """All of them ask the same STUN server."""
    bench = Bench()
    shares = [bench.share(name) for name in "abc"]
    for number, share in enumerate(shares):
        share.send(message(tid=bytes([number] * 12)), X)
    for number, name in reversed(list(enumerate("abc"))):
        response = message(MessageClass.SUCCESS, tid=bytes([number] * 12))
        assert bench.arrive(response, X) == {name: [response]}
        assert bench.arrive(response, X) == {}


def test_a_response_from_elsewhere_is_for_the_agent_to_judge() -> None:
    """RFC 8445 §7.2.5.2.1: the check fails. It proves nothing, and a right one may follow."""
    bench = Bench()
    share = bench.share("a")
    share.send(message(username="theirs:a"), X)
    response = message(MessageClass.SUCCESS)
    assert bench.arrive(response, Y) == {"a": [response]}
    assert bench.arrive(MEDIA, Y) == {}
    assert bench.arrive(response, X) == {"a": [response]}
    assert bench.arrive(MEDIA, X) == {"a": [MEDIA]}


def test_a_peer_where_another_connection_has_one_is_refused() -> None:
    bench = Bench()
    a, b = bench.share("a"), bench.share("b")
    bench.prove(a)
    assert bench.arrive(message(username="b:remote")) == {}
    assert bench.refused == [("b", X)]
    assert bench.strangers == {Stranger.ADDRESS_TAKEN: 1}
    b.claim(X)
    assert bench.arrive(MEDIA) == {"a": [MEDIA]}
    a.close()
    b.claim(X)
    assert bench.arrive(MEDIA) == {"b": [MEDIA]}


def test_a_closed_share_leaves_the_others_alone() -> None:
    bench = Bench()
    a, b = bench.share("a"), bench.share("b")
    for share, source in ((a, X), (b, Y)):
        bench.prove(share, source)
    a.send(message(username="theirs:a", tid=b"a" * 12), X)
    a.close()
    a.close()
    assert not a.send(MEDIA, X)
    assert a.read(10) == 0
    assert bench.arrive(message(username="a:remote"), X) == {}
    assert bench.arrive(message(MessageClass.SUCCESS, tid=b"a" * 12), X) == {}
    assert bench.arrive(MEDIA, X) == {}
    assert bench.arrive(MEDIA, Y) == {"b": [MEDIA]}
    assert not bench.socket.close.called
    b.close()
    assert bench.socket.close.call_count == bench.ended.call_count == 1
    assert not bench.shared.fragments
    assert not bench.shared.requests
    assert not len(bench.shared.claims)


def test_only_those_who_got_something_are_told_that_a_batch_is_over() -> None:
    bench = Bench()
    a, _, c = bench.share("a"), bench.share("b"), bench.share("c")
    a.claim(X)
    c.claim(Y)
    for source in (X, Y, X):
        bench.arrive(MEDIA, source)
    bench.batch_read()
    bench.batch_read()
    assert bench.done == ["a", "c"]


def test_who_reads_for_all_has_the_others_told() -> None:
    """One reads before it judges a silence, and goes on by itself; the rest have to answer."""
    bench = Bench()
    a, _, _ = bench.share("a"), bench.share("b"), bench.share("c")

    def read(limit: int) -> int:
        for name in "ab":
            bench.receive(message(username=f"{name}:theirs"), X, bench.now)
        return 2

    bench.socket.read = read
    assert a.read(8) == 2
    assert bench.done == ["b"]
    bench.batch_read()
    assert bench.done == ["b"]


def test_what_is_remembered_of_one_share_is_bounded() -> None:
    bench = Bench()
    share = bench.share("a")
    for number in range(MAX_TRANSACTIONS + 50):
        share.send(message(tid=number.to_bytes(12, "big")), X)
    assert len(bench.shared.requests) == MAX_TRANSACTIONS
    bench.now = LIFETIME
    share.send(message(tid=b"last........"), X)
    assert len(bench.shared.requests) == 1
    for port in range(MAX_ADDRESSES + 1):
        share.claim(("192.0.2.3", port))
    assert bench.strangers == {Stranger.TOO_MANY_ADDRESSES: 1}


@pytest.mark.slow
def test_a_datagram_costs_the_same_among_ten_thousand() -> None:
    """Data, checks, responses and what is for nobody; and coming and going."""

    def work(count: int) -> list[int]:
        bench = Bench()
        shares = [bench.share(f"s{number}") for number in range(count)]
        for number, share in enumerate(shares):
            bench.prove(share, ("192.0.2.1", number))
        source = ("192.0.2.1", count // 2)
        name = f"s{count // 2}"
        share = shares[count // 2]
        check, unknown = message(username=f"{name}:x"), message(username="nobody:x")
        request, response = message(username="x:y"), message(MessageClass.SUCCESS)

        def ask() -> None:
            share.send(request, source)
            bench.receive(response, source, 0.0)

        return [
            calls(lambda: bench.receive(MEDIA, source, 0.0)),
            calls(lambda: bench.receive(check, source, 0.0)),
            calls(lambda: bench.receive(MEDIA, ("192.0.2.2", 1), 0.0)),
            calls(lambda: bench.receive(unknown, source, 0.0)),
            calls(ask),
            calls(lambda: bench.share("new").close()),
            calls(share.close),
        ]

    assert work(10_000) == work(10)
