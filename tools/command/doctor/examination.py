"""The course of an examination: which check asks whom, and from where."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from peer.ice import (
    InvalidParameterError,
    Scheme,
    ServerUri,
    TransportAddress,
    TurnTransport,
    parse_server_uri,
)
from peer.net import MACHINE, IceServer, ResolutionError, System, wall_time

from . import machine
from .behaviour import Prospect, prospects
from .judging import (
    StunResult,
    behaviour_of,
    can_relay,
    judge_lifetime,
    judge_nat,
    judge_relay,
    judge_stun,
)
from .line import judge_line, judge_sizes, measure
from .nat import asker, explore, lifetime
from .relays import Relay, try_relay
from .report import Check, Status
from .self_call import call_self, judge_self_call

NAME_ANSWER = 3.0
"""Seconds within which the name of a server is to resolve."""

Told = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Given:
    """What is examined. Nobody is asked but these servers, and `clock` (an HTTP URL).

    `lifetime` asks for the life of silent bindings as well, which takes three minutes.
    """

    servers: tuple[IceServer, ...] = ()
    system: System = MACHINE
    context: ssl.SSLContext | None = None
    lifetime: bool = False
    clock: str | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What came out: the checks, and how calls will connect, as far as that can be told."""

    checks: tuple[Check, ...]
    prospects: tuple[Prospect, ...]


@dataclass(frozen=True, slots=True)
class _Url:
    text: str
    uri: ServerUri
    server: IceServer
    addresses: tuple[TransportAddress, ...]

    @property
    def answers_binding(self) -> bool:
        """Tell whether a Binding request over UDP is answered there (RFC 8656 servers do)."""
        return self.uri.scheme in (Scheme.STUN, Scheme.TURN) and (
            not self.uri.relays or self.uri.transport is TurnTransport.UDP
        )


async def examine(given: Given, told: Told = lambda words: None) -> Examination:
    """Run all checks; `told` hears what is being done.

    Raises InvalidParameterError for URLs that are malformed or lack credentials.
    """
    parsed = [
        (text, parse_server_uri(text), server) for server in given.servers for text in server.urls
    ]
    for text, uri, server in parsed:
        if uri.relays and not (server.username and server.credential):
            raise InvalidParameterError(f"{text} needs a username and a credential")
    told("looking at this machine")
    checks = [machine.interfaces(given.system), machine.ipv6(given.system)]
    checks.append(await machine.loop_latency())
    told("calling this machine itself")
    checks.append(judge_self_call(await call_self(given.system)))
    told("asking for a name over multicast")
    asked = [machine.mdns(given.system)]
    if given.clock is not None:
        asked.append(machine.clock(given.clock))
    checks += await asyncio.gather(*asked)
    told("resolving names")
    named = await asyncio.gather(*(_resolved(given.system, *each) for each in parsed))
    checks += [each for each in named if isinstance(each, Check)]
    urls = [each for each in named if isinstance(each, _Url)]
    found = await _ask_servers(given, urls, told)
    return Examination((*checks, *found.checks), found.prospects)


async def _resolved(system: System, text: str, uri: ServerUri, server: IceServer) -> "_Url | Check":
    if uri.scheme is Scheme.STUNS:
        return Check(text, Status.UNKNOWN, "STUN over TLS is not supported")
    try:
        literal = TransportAddress(str(ip_address(uri.host)), uri.port)
        return _Url(text, uri, server, (literal,))
    except ValueError:
        pass
    try:
        addresses = await system.resolve(uri.host, uri.port, within=NAME_ANSWER)
    except ResolutionError as error:
        advice = "Check the spelling, and the name servers of this machine."
        return Check(text, Status.FAIL, "has a name that does not resolve", (str(error),), advice)
    return _Url(text, uri, server, tuple(addresses))


async def _ask_servers(given: Given, urls: list[_Url], told: Told) -> Examination:
    sources = _Sources(given.system)
    binding = _binding_servers(urls)
    ipv4 = tuple(each for each in binding if ":" not in each.host)
    if urls:
        told("asking " + ", ".join(url.text for url in urls))
    turns = [url for url in urls if url.uri.relays]
    seen, relays = await asyncio.gather(
        asyncio.gather(*(_stun(given.system, sources, *each) for each in binding.items())),
        asyncio.gather(*(_relay(given, url) for url in turns)),
    )
    checks = [judge_stun(each) for each in seen]
    checks += [
        judge_relay(relay, url.server.username, wall_time())
        for relay, url in zip(relays, turns, strict=True)
    ]
    nat = line = None
    source = sources.towards(ipv4[0]) if ipv4 else None
    if source is not None:
        told("finding out what the NAT does, and the line")
        nat, line = await asyncio.gather(
            explore(given.system, source, ipv4), measure(given.system, source, ipv4[0])
        )
    asked = source is not None
    checks.append(judge_nat(nat, asked))
    if line is not None and line.trips:
        checks += [judge_line(line), judge_sizes(line)]
    if given.lifetime:
        told("finding out how long a silent binding lives: three minutes")
        silent = None
        if source is not None and nat is not None:
            silent = await lifetime(given.system, source, nat.by[0])
        checks.append(judge_lifetime(silent))
    ours = behaviour_of(nat, asked)
    told_of = () if ours is None else prospects(ours, **_relaying(relays))
    return Examination(tuple(checks), tuple(told_of))


def _binding_servers(urls: list[_Url]) -> dict[TransportAddress, str]:
    """Give each address that answers Binding requests over UDP, with a URL of it."""
    found: dict[TransportAddress, str] = {}
    for url in urls:
        if url.answers_binding:
            for address in url.addresses:
                found.setdefault(address, url.text)
    return found


def _relaying(relays: list[Relay]) -> dict[str, bool]:
    return {
        "relay": can_relay(relays, over_tcp=False),
        "relay_tcp": can_relay(relays, over_tcp=True),
    }


class _Sources:
    """The addresses that servers are asked from."""

    def __init__(self, system: System) -> None:
        every = system.addresses()
        default = system.default_route_addresses(every)
        self._hosts = [each.bindable for each in (*default, *every)]

    def towards(self, server: TransportAddress) -> str | None:
        """Give one of the same family and reach: from a link no address leads to the internet."""
        wanted = ip_address(server.host)
        for host in self._hosts:
            ours = ip_address(host)
            if _reach(ours) == _reach(wanted):
                return host
        return None


def _reach(address: IPv4Address | IPv6Address) -> tuple[int, bool, bool]:
    return address.version, address.is_loopback, address.is_link_local


async def _stun(
    system: System, sources: _Sources, server: TransportAddress, url: str
) -> StunResult:
    host = sources.towards(server)
    if host is None:
        return StunResult(url, server, None, None)
    async with asker(system, host) as socket:
        return StunResult(url, server, host, await socket.ask(server))


async def _relay(given: Given, url: _Url) -> Relay:
    loopback = all(ip_address(each.host).is_loopback for each in url.addresses)
    server = IceServer((url.text,), url.server.username, url.server.credential)
    return await try_relay(given.system, server, loopback=loopback, context=given.context)
