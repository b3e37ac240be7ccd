"""Multicast DNS for candidates (draft-ietf-mmusic-mdns-ice-candidates, RFC 6762)."""

import asyncio
import re
from dataclasses import field

from peer.records import dataclass

from .dns_message import (
    TYPE_A,
    TYPE_AAAA,
    DnsError,
    Message,
    Question,
    build,
    parse,
)
from .mdns_responder import Responder
from .multicast import Link, MdnsSettings
from .system import MACHINE, System

QUERY_TIMES = (0.0, 1.0)
"""Seconds after which a question is asked, and asked again (RFC 6762 §5.2)."""
TIMEOUT = 3.0
"""Seconds after which a name counts as unknown."""

_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.local", re.I)


def is_mdns_name(host: str) -> bool:
    """Tell whether a candidate's address is a name: it ends in ``.local``."""
    return host.lower().endswith(".local")


def may_resolve(host: str) -> bool:
    """Tell whether a name has the form browsers make: a UUID and one dot (draft §3.2.1)."""
    return _NAME.fullmatch(host) is not None


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
        self,
        loop: asyncio.AbstractEventLoop,
        settings: MdnsSettings | None = None,
        system: System = MACHINE,
    ) -> None:
        self._loop = loop
        self._system = system
        self._settings = settings or MdnsSettings()
        self._users = 0
        self._links: list[Link] = []
        self._responder = Responder(loop, self._settings.port)
        self._queries: dict[str, _Query] = {}

    def acquire(self) -> None:
        """Open the sockets for the first user. Without multicast no name will be found."""
        self._users += 1
        if self._users == 1:
            self._links = self._system.mdns_links(self._settings, self._receive)
            self._responder.links = self._links

    def release(self) -> None:
        """Close the sockets after the last user; names that are still asked for are unknown."""
        self._users = max(0, self._users - 1)
        if self._users:
            return
        for query in list(self._queries.values()):
            self._finish(query, None)
        self._responder.withdraw_all()
        for link in self._links:
            link.close()
        self._links = []
        self._responder.links = ()
        for key in [key for key, known in _shared.items() if known is self]:
            del _shared[key]

    async def resolve(self, name: str, *, within: float = TIMEOUT) -> str | None:
        """Give the address of a name, None when there is none in time or more than one."""
        name = name.lower()
        ours = self._responder.host_of(name)
        if ours is not None:
            return ours
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
        """Make up a name for one of our addresses (draft §3.1.1)."""
        return self._responder.publish(host)

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

    def _receive(self, link: Link, data: bytes, source: tuple[str, int]) -> None:
        try:
            message, ident = parse(data)
        except DnsError:
            return
        if not message.response:
            self._responder.answer(link, message, ident, source, len(data))
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


_shared: dict[tuple[asyncio.AbstractEventLoop, System], Mdns] = {}


def acquire_shared(system: System = MACHINE) -> Mdns:
    """Acquire the one `Mdns` of the running loop and a system, which all connections share."""
    loop = asyncio.get_running_loop()
    known = _shared.get((loop, system))
    if known is None:
        known = _shared[loop, system] = Mdns(loop, system=system)
    known.acquire()
    return known
