"""From the URLs of STUN and TURN servers to servers the agent can use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Protocol

from peer.ice import (
    InvalidParameterError,
    Scheme,
    ServerUri,
    StunServer,
    TransportAddress,
    TurnServer,
    parse_server_uri,
)
from peer.records import dataclass

from .config import IceServer
from .resolver import ResolutionError

Server = StunServer | TurnServer
MAX_ADDRESSES = 4
"""Addresses of one family that a server's name is taken to have."""


class Resolve(Protocol):
    """Finds the addresses of a name, or raises ResolutionError."""

    def __call__(
        self, host: str, port: int, *, within: float
    ) -> Awaitable[list[TransportAddress]]: ...


@dataclass(frozen=True, slots=True)
class NamedServer:
    """One URL of an `IceServer`, parsed."""

    url: str
    uri: ServerUri
    given: IceServer

    def at(self, address: TransportAddress, *others: TransportAddress) -> Server:
        """Give the server at addresses of one family that its name resolved to."""
        if not self.uri.relays:
            return StunServer(address, self.url, others)
        given = self.given
        return TurnServer(
            address,
            self.url,
            given.username,
            given.credential,
            self.uri.transport,
            given.relay_family,
            others,
        )


def parse_servers(servers: Iterable[IceServer]) -> list[NamedServer]:
    """Parse all URLs, so that a mistake in one is told before anything is done.

    Raises InvalidParameterError for malformed URLs and for TURN without credentials.
    """
    return [named for server in servers for named in _parse(server)]


def _parse(server: IceServer) -> Iterator[NamedServer]:
    for url in server.urls:
        uri = parse_server_uri(url)
        if uri.relays and not (server.username and server.credential):
            raise InvalidParameterError(f"{url} needs a username and a credential")
        named = NamedServer(url, uri, server)
        try:
            named.at(TransportAddress("0.0.0.0", uri.port))
        except ValueError as error:
            raise InvalidParameterError(str(error)) from error
        yield named


class Servers:
    """The servers of one driver, each resolved once and in the background.

    `use` takes a server that can be used, `fail` a URL with the reason why not, and `idle` is
    called when nothing is being resolved any more.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        use: Callable[[Server], None],
        fail: Callable[[str, str], None],
        idle: Callable[[], None],
        resolve: Resolve,
        within: float,
    ) -> None:
        self._loop = loop
        self._use = use
        self._fail = fail
        self._idle = idle
        self._resolve_name = resolve
        self._within = within
        self._known: dict[str, NamedServer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def resolving(self) -> bool:
        """Tell whether a name is being resolved."""
        return bool(self._tasks)

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The resolutions under way."""
        return set(self._tasks)

    def add(self, servers: Iterable[NamedServer]) -> list[NamedServer]:
        """Use more servers; returns those known before, under other credentials perhaps."""
        known = []
        for server in servers:
            if server.url in self._known:
                known.append(server)
                continue
            self._known[server.url] = server
            self._begin(server)
        return known

    def _begin(self, server: NamedServer) -> None:
        if server.uri.scheme is Scheme.STUNS:
            del self._known[server.url]
            self._fail(server.url, "STUN over TLS is not supported")
            return
        try:
            literal = ip_address(server.uri.host)
        except ValueError:
            task = self._loop.create_task(self._resolve(server))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        else:
            self._use(server.at(TransportAddress(str(literal), server.uri.port)))

    async def _resolve(self, server: NamedServer) -> None:
        try:
            addresses = await self._resolve_name(
                server.uri.host, server.uri.port, within=self._within
            )
        except ResolutionError as error:
            self._known.pop(server.url, None)
            self._fail(server.url, str(error))
        else:
            for is_ipv6 in dict.fromkeys(":" in each.host for each in addresses):
                family = [each for each in addresses if (":" in each.host) is is_ipv6]
                self._use(server.at(*family[:MAX_ADDRESSES]))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks and not task.cancelled():
            self._idle()

    def close(self) -> None:
        """Stop resolving."""
        for task in self._tasks:
            task.cancel()
