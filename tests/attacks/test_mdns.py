"""Multicast DNS: neighbours alone are answered, seldom, and with no more than they sent."""

import asyncio
import heapq
import itertools
import socket
from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import NetworkType
from peer.net import InterfaceAddress, Mdns, MdnsSettings
from peer.net.dns_message import (
    TYPE_A,
    TYPE_AAAA,
    TYPE_ANY,
    AddressRecord,
    Message,
    Question,
    build,
    parse,
)
from peer.net.mdns_responder import INTERVAL, Responder
from tests.net.support import run

PORT = 5353
NEIGHBOUR = ("192.0.2.9", PORT)
RESOLVER = ("192.0.2.9", 40000)


class Time:
    """The part of an event loop that a responder needs, in virtual time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Handle]] = []
        self._count = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(
        self, delay: float, callback: Callable[..., object], /, *args: object
    ) -> "Handle":
        handle = Handle(callback, args)
        heapq.heappush(self._due, (self.now + delay, next(self._count), handle))
        return handle

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, handle = heapq.heappop(self._due)
            if not handle.cancelled:
                handle.call(*handle.args)
        self.now = end


class Handle:
    def __init__(self, call: Callable[..., object], args: tuple[object, ...]) -> None:
        self.call, self.args, self.cancelled = call, args, False

    def cancel(self) -> None:
        self.cancelled = True


class Listening:
    """A link that keeps what is sent, with the time."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.sent: list[tuple[float, bytes, tuple[str, int] | None]] = []

    def send(self, data: bytes, remote: tuple[str, int] | None = None) -> None:
        self.sent.append((self._time.now, data, remote))

    def times(self, name: str) -> list[float]:
        """When an address of a name left."""
        return [
            at
            for at, data, _ in self.sent
            for record in parse(data)[0].answers
            if record.name == name and record.ttl
        ]


class Machine:
    """A responder with a name of ours on one link."""

    def __init__(self, host: str = "198.51.100.7") -> None:
        self.time = Time()
        self.link = Listening(self.time)
        self.responder = Responder(self.time, PORT)
        self.responder.links = [self.link]
        self.name: str = self.responder.publish(host)

    def ask(self, *questions: Question, source: tuple[str, int] = NEIGHBOUR, ident: int = 0) -> int:
        """Ask, and give the bytes that go to one host for it."""
        data = build(Message(False, questions), ident=ident)
        return self.take(data, source)

    def take(self, data: bytes, source: tuple[str, int]) -> int:
        before = len(self.link.sent)
        message, ident = parse(data)
        self.responder.answer(self.link, message, ident, source, len(data))
        return sum(len(each) for _, each, remote in self.link.sent[before:] if remote)


@pytest.mark.parametrize("unicast", [False, True])
@pytest.mark.parametrize("source", [NEIGHBOUR, RESOLVER])
def test_a_record_leaves_once_a_second_however_often_it_is_asked_for(
    unicast: bool, source: tuple[str, int]
) -> None:
    """RFC 6762 §6."""
    machine = Machine()
    for _ in range(1000):
        machine.ask(Question(machine.name, TYPE_A, unicast), source=source)
        machine.time.run(0.005)
    machine.time.run(3.0)
    times = machine.link.times(machine.name)
    assert 3 <= len(times) <= 7  # in the five seconds of questions, and what was put off
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= INTERVAL - 1e-9


def test_who_asks_first_is_answered_at_once() -> None:
    """Names are asked for as soon as they are signalled: no announcement stands in the way."""
    for unicast in (False, True):
        machine = Machine()
        machine.time.run(0.02)
        machine.ask(Question(machine.name, TYPE_A, unicast))
        assert machine.link.times(machine.name) == [0.02]


def test_who_asks_too_early_is_answered_later() -> None:
    machine = Machine()
    machine.ask(Question(machine.name, TYPE_A))
    machine.time.run(0.4)
    machine.ask(Question(machine.name, TYPE_A, True))
    machine.time.run(2.0)
    assert machine.link.times(machine.name) == [0.0, INTERVAL]


def test_a_name_nobody_asks_for_is_announced_once() -> None:
    """RFC 6762 §8.3, after the time of the probes that are left out."""
    machine = Machine()
    machine.time.run(10.0)
    assert machine.link.times(machine.name) == [0.75]


KINDS = st.sampled_from((TYPE_A, TYPE_AAAA, TYPE_ANY, 16))


@given(
    st.lists(st.tuples(st.booleans(), KINDS, st.booleans()), min_size=1, max_size=64),
    st.sampled_from((NEIGHBOUR, RESOLVER)),
    st.sampled_from(("198.51.100.7", "2001:db8::7")),
)
def test_an_answer_to_one_host_is_at_most_twice_its_question(
    asked: list[tuple[bool, int, bool]], source: tuple[str, int], host: str
) -> None:
    machine = Machine(host)
    questions = tuple(
        Question(machine.name if ours else "printer.local", kind, unicast)
        for ours, kind, unicast in asked
    )
    data = build(Message(False, questions), ident=7 if source is RESOLVER else 0)
    assert machine.take(data, source) <= 2 * len(data)


@pytest.mark.parametrize("host", ["198.51.100.7", "2001:db8::7"])
def test_a_plain_question_is_within_the_bound(host: str) -> None:
    for source in (NEIGHBOUR, RESOLVER):
        machine = Machine(host)
        kind = TYPE_AAAA if ":" in host else TYPE_A
        assert machine.ask(Question(machine.name, kind, True), source=source, ident=7) > 0


def test_many_questions_for_one_name_are_one() -> None:
    machine = Machine()
    size = machine.ask(*[Question(machine.name, TYPE_ANY)] * 60, source=RESOLVER, ident=7)
    (_, data, _) = machine.link.sent[0]
    assert len(parse(data)[0].answers) == 1
    assert size == len(data) < 500


def test_names_that_cannot_be_written_do_no_harm() -> None:
    machine = Machine()
    plain = build(Message(False, (Question(machine.name, TYPE_A),)), ident=7)
    odd = plain[:4] + b"\x00\x02" + plain[6:] + b"\x03a.\xff\x00" + b"\x00\x01\x00\x01"
    assert machine.take(odd, RESOLVER) > 0


async def ask_over_sockets(prefix: int, asker: str) -> Message | None:
    """Ask for a name of a machine whose link has this prefix; None: no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
    address = InterfaceAddress("lo", "127.0.0.1", prefix, NetworkType.LOOPBACK)
    loop = asyncio.get_running_loop()
    with patch("peer.net.multicast.enumerate_addresses", lambda: [address]):
        mdns = Mdns(loop, MdnsSettings(port=port, interfaces=("127.0.0.1",)))
        mdns.acquire()
    name = mdns.publish("192.0.2.7")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        one.bind((asker, 0))
        for kind in (TYPE_A, TYPE_ANY):
            data = build(Message(False, (Question(name, kind, True),)), ident=7)
            await loop.sock_sendto(one, data, ("127.0.0.1", port))
        try:
            async with asyncio.timeout(0.3 if prefix > 24 else 5.0):
                return parse(await loop.sock_recv(one, 2048))[0]
        except TimeoutError:
            return None
        finally:
            mdns.release()


def test_who_is_off_the_link_is_not_answered() -> None:
    """RFC 6762 §5.5, §11: 127.0.1.9 is no neighbour of 127.0.0.1/30."""

    async def story() -> None:
        assert await ask_over_sockets(30, "127.0.1.9") is None
        answered = await ask_over_sockets(8, "127.0.1.9")
        assert answered is not None
        assert [record.host for record in answered.answers] == ["192.0.2.7"]

    run(story())


def test_who_is_off_the_link_is_not_believed() -> None:
    """RFC 6762 §11."""

    async def story() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("", 0))
            port: int = probe.getsockname()[1]
        loop = asyncio.get_running_loop()
        address = InterfaceAddress("lo", "127.0.0.1", 30, NetworkType.LOOPBACK)
        with patch("peer.net.multicast.enumerate_addresses", lambda: [address]):
            mdns = Mdns(loop, MdnsSettings(port=port, interfaces=("127.0.0.1",)))
            mdns.acquire()
        name = "1b8bf1a4-6f43-4d3a-9c0e-1d2c3b4a5f60.local"
        asking = asyncio.ensure_future(mdns.resolve(name, within=0.3))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            forger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            forger.bind(("127.0.1.9", port))
            forged = build(Message(True, answers=(AddressRecord(name, "192.0.2.66"),)))
            for _ in range(10):
                await asyncio.sleep(0.01)
                forger.sendto(forged, ("127.0.0.1", port))
            assert await asking is None
        mdns.release()

    run(story())
