"""Multicast DNS for candidates (draft-ietf-mmusic-mdns-ice-candidates, RFC 6762)."""

import asyncio
import errno
import re
import socket
import struct
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from .dns_message import (
    TYPE_A,
    TYPE_AAAA,
    TYPE_ANY,
    AddressRecord,
    DnsError,
    Message,
    Question,
    build,
    parse,
)
from .interfaces import enumerate_addresses
from .udp import UdpSocket

GROUP = "224.0.0.251"
GROUP_IPV6 = "ff02::fb"
PORT = 5353
QUERY_TIMES = (0.0, 1.0)
"""Seconds after which a question is asked, and asked again (RFC 6762 §5.2)."""
TIMEOUT = 3.0
"""Seconds after which a name counts as unknown."""
MAX_INTERFACES = 16

_IP_MULTICAST_ALL = 49
"""Linux's number for the option, which the socket module does not name."""

_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.local", re.I)


def is_mdns_name(host: str) -> bool:
    """Tell whether a candidate's address is a name: it ends in ``.local``."""
    return host.lower().endswith(".local")


def may_resolve(host: str) -> bool:
    """Tell whether a name has the form browsers make: a UUID and one dot (draft §3.2.1)."""
    return _NAME.fullmatch(host) is not None


@dataclass(frozen=True, slots=True)
class MdnsSettings:
    """Where multicast DNS is spoken. `interfaces` are local IP addresses, None for all."""

    group: str = GROUP
    group_ipv6: str = GROUP_IPV6
    port: int = PORT
    interfaces: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Query:
    name: str
    answer: asyncio.Future[str | None]
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    waiting: int = 0


class Mdns:
    """Resolves and publishes names, over sockets that exist while somebody needs them.

    Every `acquire` needs one `release`; the last one closes the sockets.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, settings: MdnsSettings | None = None
    ) -> None:
        self._loop = loop
        self._settings = settings or MdnsSettings()
        self._users = 0
        self._links: list[_Link] = []
        self._queries: dict[str, _Query] = {}
        self._published: dict[str, str] = {}

    def acquire(self) -> None:
        """Open the sockets for the first user. Without multicast no name will be found."""
        self._users += 1
        if self._users == 1:
            self._links = _open_links(self._loop, self._settings, self._receive)

    def release(self) -> None:
        """Close the sockets after the last user; names that are still asked for are unknown."""
        self._users = max(0, self._users - 1)
        if self._users:
            return
        for query in list(self._queries.values()):
            self._finish(query, None)
        for name in list(self._published):
            self.withdraw(name)
        for link in self._links:
            link.close()
        self._links = []
        if _shared.get(self._loop) is self:
            del _shared[self._loop]

    async def resolve(self, name: str, *, within: float = TIMEOUT) -> str | None:
        """Give the address of a name, None when there is none in time or more than one."""
        name = name.lower()
        if name in self._published:
            return self._published[name]
        query = self._queries.get(name) or self._ask(name)
        query.waiting += 1
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(query.answer)
        except TimeoutError:
            return None
        finally:
            query.waiting -= 1
            if not query.waiting:
                self._finish(query, None)

    def publish(self, host: str) -> str:
        """Make up a name for one of our addresses, and announce it (draft §3.1.1)."""
        for name, known in self._published.items():
            if known == host:
                return name
        name = f"{uuid.uuid4()}.local"
        self._published[name] = host
        # No probing: nobody else makes up the same UUID (draft §3.1.1).
        self._send_all(build(Message(True, answers=(AddressRecord(name, host),))))
        return name

    def withdraw(self, name: str) -> None:
        """Take a published name back (RFC 6762 §10.1)."""
        host = self._published.pop(name, None)
        if host is not None:
            self._send_all(build(Message(True, answers=(AddressRecord(name, host, ttl=0),))))

    def _ask(self, name: str) -> _Query:
        query = self._queries[name] = _Query(name, self._loop.create_future())
        for delay in QUERY_TIMES:
            # RFC 6762 §5.4: an answer to the first question may come straight to us.
            questions = tuple(Question(name, kind, delay == 0.0) for kind in (TYPE_A, TYPE_AAAA))
            data = build(Message(False, questions))
            query.timers.append(self._loop.call_later(delay, self._send_all, data))
        return query

    def _finish(self, query: _Query, host: str | None) -> None:
        if self._queries.get(query.name) is query:
            del self._queries[query.name]
        for timer in query.timers:
            timer.cancel()
        if not query.answer.done():
            query.answer.set_result(host)

    def _send_all(self, data: bytes) -> None:
        for link in self._links:
            link.send(data)

    def _receive(self, link: "_Link", data: bytes, source: tuple[str, int]) -> None:
        try:
            message, ident = parse(data)
        except DnsError:
            return
        if not message.response:
            self._answer(link, message, ident, source)
        elif source[1] == self._settings.port:
            # RFC 6762 §6: responses from other ports are to be ignored.
            self._learn(message)

    def _learn(self, message: Message) -> None:
        for name in {record.name for record in message.answers}:
            query = self._queries.get(name)
            hosts = {each.host for each in message.answers if each.name == name and each.ttl}
            if query is not None and hosts:
                # Draft §3.2.1: a name of several addresses is ignored.
                self._finish(query, hosts.pop() if len(hosts) == 1 else None)

    def _answer(self, link: "_Link", message: Message, ident: int, source: tuple[str, int]) -> None:
        answers = tuple(
            AddressRecord(question.name, host)
            for question in message.questions
            if (host := self._published.get(question.name)) is not None
            and question.type in (TYPE_ANY, TYPE_AAAA if ":" in host else TYPE_A)
        )
        if not answers:
            return
        if source[1] != self._settings.port:
            # RFC 6762 §6.7: a simple resolver expects its question and identifier back.
            reply = Message(True, message.questions, answers)
            link.send(build(reply, ident=ident), source)
        else:
            unicast = all(question.unicast for question in message.questions)
            link.send(build(Message(True, answers=answers)), source if unicast else None)


class _Link:
    """One socket on one interface, a member of the group there."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bound: socket.socket,
        group: tuple[str, int],
        receive: Callable[["_Link", bytes, tuple[str, int]], None],
    ) -> None:
        self._group = group
        self._socket = UdpSocket(
            loop, bound, lambda data, source, _: receive(self, data, source), lambda: None
        )

    def send(self, data: bytes, remote: tuple[str, int] | None = None) -> None:
        """Send to the group, or to one host; where that does not work, nobody hears it."""
        try:
            self._socket.send(data, remote or self._group)
        except OSError:
            return

    def close(self) -> None:
        self._socket.close()


def _open_links(
    loop: asyncio.AbstractEventLoop,
    settings: MdnsSettings,
    receive: Callable[[_Link, bytes, tuple[str, int]], None],
) -> list[_Link]:
    links = []
    for host, index in _interfaces(settings)[:MAX_INTERFACES]:
        group = settings.group_ipv6 if ":" in host else settings.group
        try:
            bound = _bind(group, settings.port, host, index)
        except OSError:
            continue
        links.append(_Link(loop, bound, (group, settings.port), receive))
    return links


def _interfaces(settings: MdnsSettings) -> list[tuple[str, int]]:
    """Give one address of each family for every interface, with its index."""
    known = enumerate_addresses()
    if settings.interfaces is not None:
        scopes = {address.host: address.scope for address in known}
        return [(host, scopes.get(host, 0)) for host in settings.interfaces]
    chosen: dict[tuple[str, int], tuple[str, int]] = {}
    for address in known:
        literal = ip_address(address.host)
        # An IPv6 group is joined by the interface's index, which link-local addresses carry.
        if not literal.is_loopback and (literal.version == 4 or address.scope):
            chosen.setdefault((address.interface, literal.version), (address.host, address.scope))
    return list(chosen.values())


def _bind(group: str, port: int, host: str, index: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _reuse_port(bound)
        if family == socket.AF_INET:
            bound.bind(("", port))
            _join_ipv4(bound, group, host)
        else:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(("::", port, 0, index))
            _join_ipv6(bound, group, index)
    except OSError:
        bound.close()
        raise
    return bound


def _reuse_port(bound: socket.socket) -> None:
    option: int | None = getattr(socket, "SO_REUSEPORT", None)
    if option is not None:
        try:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        except OSError as error:
            if error.errno != errno.ENOPROTOOPT:
                raise


def _join_ipv4(bound: socket.socket, group: str, host: str) -> None:
    member = socket.inet_aton(group) + socket.inet_aton(host)
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
    # RFC 6762 §11: hosts off the link must not be believed, so the TTL is at its greatest.
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    if sys.platform == "linux":
        # Else every socket of the machine hears what any of them has joined.
        bound.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)


def _join_ipv6(bound: socket.socket, group: str, index: int) -> None:
    member = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)


_shared: dict[asyncio.AbstractEventLoop, Mdns] = {}


def acquire_shared() -> Mdns:
    """Acquire the one `Mdns` of the running loop, which all connections share."""
    loop = asyncio.get_running_loop()
    known = _shared.get(loop)
    if known is None:
        known = _shared[loop] = Mdns(loop)
    known.acquire()
    return known
