"""Multicast DNS on this machine's loopback, on a port of the test's own."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from peer.net import Mdns, MdnsSettings, is_mdns_name
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
from peer.net.mdns import acquire_shared, may_resolve
from peer.net.multicast import GROUP

from .support import assert_nothing_left, eventually, run

NAME = "1b8bf1a4-6f43-4d3a-9c0e-1d2c3b4a5f60.local"
STRANGER = "00000000-6f43-4d3a-9c0e-1d2c3b4a5f60.local"


def _settings() -> MdnsSettings:
    """Loopback, on a port nobody else uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
    return MdnsSettings(port=port, interfaces=("127.0.0.1",))


def _open(settings: MdnsSettings) -> Mdns:
    mdns = Mdns(asyncio.get_running_loop(), settings)
    mdns.acquire()
    return mdns


class Station:
    """Another machine on the link: it hears everything, and says what the test wants."""

    def __init__(self, settings: MdnsSettings, sock: socket.socket) -> None:
        self.group = (GROUP, settings.port)
        self.socket = sock

    async def hear(self) -> tuple[Message, int, tuple[str, int]]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            data, source = await loop.sock_recvfrom(self.socket, 2048)
        return *parse(data), source

    def say(self, message: Message, ident: int = 0) -> None:
        self.socket.sendto(build(message, ident=ident), self.group)


@contextmanager
def _station(settings: MdnsSettings, *, port: int | None = None) -> Iterator[Station]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setblocking(False)
        loopback = socket.inet_aton("127.0.0.1")
        sock.bind(("", settings.port if port is None else port))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
        member = struct.pack("4s4s", socket.inet_aton(GROUP), loopback)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        yield Station(settings, sock)


@pytest.mark.parametrize(
    ("host", "is_name", "resolvable"),
    [
        (NAME, True, True),
        (NAME.upper(), True, True),
        ("printer.local", True, False),
        ("a." + NAME, True, False),
        ("192.0.2.1", False, False),
        ("local", False, False),
    ],
)
def test_which_names_are_resolved(host: str, is_name: bool, resolvable: bool) -> None:
    """mdns draft §3.2.1: names of UUID form only, with exactly one dot."""
    assert is_mdns_name(host) is is_name
    assert may_resolve(host) is resolvable


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_a_published_name_is_found(host: str) -> None:
    async def story() -> None:
        settings = _settings()
        one, other = _open(settings), _open(settings)
        name = one.publish(host)
        assert may_resolve(name)
        assert one.publish(host) == name
        assert await other.resolve(name) == host
        assert await one.resolve(name) == host
        for mdns in (one, other):
            mdns.release()
        await assert_nothing_left()

    run(story())


def test_both_families_are_asked_for_and_the_answer_may_come_straight() -> None:
    """RFC 6762 §5.4: QU at first; never ANY, which some do not answer."""

    async def story() -> None:
        settings = _settings()
        with _station(settings) as station:
            mdns = _open(settings)
            asking = asyncio.ensure_future(mdns.resolve(NAME))
            query, ident, source = await station.hear()
            assert (query.response, ident, source[1]) == (False, 0, settings.port)
            assert query.questions == (
                Question(NAME, TYPE_A, True),
                Question(NAME, TYPE_AAAA, True),
            )
            again, _, _ = await station.hear()
            assert [question.unicast for question in again.questions] == [False, False]
            station.say(Message(True, answers=(AddressRecord(NAME, "192.0.2.9"),)))
            assert await asking == "192.0.2.9"
            mdns.release()
        await assert_nothing_left()

    run(story())


def test_an_unknown_name_ends_in_time() -> None:
    async def story() -> None:
        mdns = _open(_settings())
        assert await mdns.resolve(STRANGER, within=0.05) is None
        mdns.release()
        await assert_nothing_left()

    run(story())


def test_a_name_of_several_addresses_is_ignored() -> None:
    """mdns draft §3.2.1."""

    async def story() -> None:
        settings = _settings()
        with _station(settings) as station:
            mdns = _open(settings)
            asking = asyncio.ensure_future(mdns.resolve(NAME))
            await station.hear()
            hosts = ("192.0.2.1", "192.0.2.2")
            station.say(Message(True, answers=tuple(AddressRecord(NAME, h) for h in hosts)))
            assert await asking is None
            mdns.release()

    run(story())


def test_answers_from_another_port_are_ignored() -> None:
    """RFC 6762 §6: responses come from port 5353, or they are forged."""

    async def story() -> None:
        settings = _settings()
        with _station(settings) as station, _station(settings, port=0) as forger:
            mdns = _open(settings)
            asking = asyncio.ensure_future(mdns.resolve(NAME))
            await station.hear()
            forger.say(Message(True, answers=(AddressRecord(NAME, "192.0.2.66"),)))
            await station.hear()
            station.say(Message(True, answers=(AddressRecord(NAME, "192.0.2.1"),)))
            assert await asking == "192.0.2.1"
            mdns.release()

    run(story())


def test_garbage_and_answers_nobody_asked_for() -> None:
    async def story() -> None:
        settings = _settings()
        with _station(settings) as station:
            mdns = _open(settings)
            asking = asyncio.ensure_future(mdns.resolve(NAME))
            await station.hear()
            station.socket.sendto(b"garbage", station.group)
            station.say(Message(True, answers=(AddressRecord(STRANGER, "192.0.2.66"),)))
            station.say(Message(True, answers=(AddressRecord(NAME, "192.0.2.66", ttl=0),)))
            station.say(Message(True, answers=(AddressRecord(NAME, "192.0.2.1"),)))
            assert await asking == "192.0.2.1"
            mdns.release()

    run(story())


def test_publishing_announces_and_withdrawing_takes_back() -> None:
    """RFC 6762 §8.3, §10.1."""

    async def story() -> None:
        settings = _settings()
        with _station(settings) as station:
            mdns = _open(settings)
            name = mdns.publish("192.0.2.7")
            announced, _, _ = await station.hear()
            assert announced.answers == (AddressRecord(name, "192.0.2.7", 120),)
            mdns.release()
            withdrawn, _, _ = await station.hear()
            assert withdrawn.answers == (AddressRecord(name, "192.0.2.7", 0),)
        await assert_nothing_left()

    run(story())


def test_questions_about_our_names() -> None:
    async def story() -> None:
        settings = _settings()
        with _station(settings) as station:
            mdns = _open(settings)
            for kind, answered in ((TYPE_AAAA, False), (TYPE_A, True), (TYPE_ANY, True)):
                name = mdns.publish(f"192.0.2.{kind}")
                station.say(Message(False, (Question(name, kind),)))
                message, _, _ = await station.hear()
                assert message.questions
                if answered:
                    message, _, _ = await station.hear()
                    assert message.answers == (AddressRecord(name, f"192.0.2.{kind}"),)
            mdns.release()

    run(story())


def test_simple_resolvers_are_answered_as_they_expect() -> None:
    """RFC 6762 §6.7: identifier and question come back, to the port that asked."""

    async def story() -> None:
        settings = _settings()
        with _station(settings, port=0) as resolver:
            mdns = _open(settings)
            name = mdns.publish("192.0.2.7")
            question = Question(name, TYPE_A)
            resolver.say(Message(False, (question,)), ident=4711)
            message, ident, _ = await resolver.hear()
            assert ident == 4711
            assert message.questions == (question,)
            assert message.answers == (AddressRecord(name, "192.0.2.7", ttl=10),)
            mdns.release()

    run(story())


def test_one_question_for_many_who_ask() -> None:
    async def story() -> None:
        settings = _settings()
        with _station(settings) as station:
            mdns = _open(settings)
            asking = [asyncio.ensure_future(mdns.resolve(NAME)) for _ in range(3)]
            await station.hear()
            asking.pop().cancel()
            station.say(Message(True, answers=(AddressRecord(NAME, "192.0.2.1"),)))
            assert await asyncio.gather(*asking) == ["192.0.2.1"] * 2
            mdns.release()
        await assert_nothing_left()

    run(story())


def test_sockets_live_as_long_as_somebody_needs_them() -> None:
    async def story() -> None:
        mdns = Mdns(asyncio.get_running_loop(), _settings())
        assert mdns._links == []
        mdns.acquire()
        mdns.acquire()
        asking = asyncio.ensure_future(mdns.resolve(NAME))
        await eventually(lambda: mdns._queries)
        mdns.release()
        assert len(mdns._links) == 1
        mdns.release()
        assert await asking is None
        await assert_nothing_left()

    run(story())


def test_all_connections_of_a_loop_share_one() -> None:
    async def story() -> None:
        one = acquire_shared()
        assert acquire_shared() is one
        one.release()
        one.release()
        other = acquire_shared()
        assert other is not one
        other.release()
        await assert_nothing_left()

    run(story())


def test_without_multicast_names_are_unknown() -> None:
    async def story() -> None:
        mdns = _open(MdnsSettings(interfaces=("192.0.2.1",)))
        assert mdns._links == []
        assert await mdns.resolve(NAME, within=0.01) is None
        mdns.release()

    run(story())
