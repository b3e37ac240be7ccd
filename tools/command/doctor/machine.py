"""What this machine has: addresses, multicast DNS, an event loop that is on time, a clock."""

import asyncio
import email.utils
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from ipaddress import ip_address

from peer.ice import NetworkType
from peer.net import InterfaceAddress, Mdns, System, wall_time

from .report import Check, Status

TICK = 0.010
TICKS = 100
LATE = 0.050
"""Seconds; a loop that is later by so much disturbs sound."""
MDNS_ANSWER = 2.0
CLOCK_ANSWER = 5.0
CLOCK_OFF = 30.0
"""Seconds by which credentials that expire, and certificates, suffer."""
_INSIDE = (NetworkType.CONTAINER, NetworkType.VPN)


def interfaces(system: System) -> Check:
    """Tell which addresses there are, and which are sent from by default."""
    found = [each for each in system.addresses() if each.network is not NetworkType.LOOPBACK]
    default = {each.host for each in system.default_route_addresses(found)}
    evidence = tuple(_address(each, each.host in default) for each in found)
    values = {"addresses": [each.host for each in found], "default": sorted(default)}
    if not found:
        words = "this machine has no network; calls within it work"
        return Check("interfaces", Status.FAIL, words, values=values)
    if not default:
        words, advice = "no way leads out of this network", "A default route is missing."
        return Check("interfaces", Status.WARN, words, evidence, advice, values)
    if all(each.network in _INSIDE for each in found):
        words = "only addresses of containers or tunnels"
        advice = "Others reach these through a NAT, or not: use the host's network, or TURN."
        return Check("interfaces", Status.WARN, words, evidence, advice, values)
    return Check(
        "interfaces",
        Status.PASS,
        "one address" if len(found) == 1 else f"{len(found)} addresses",
        evidence,
        "",
        values,
    )


def _address(address: InterfaceAddress, default: bool) -> str:
    words = f"{address.interface} ({address.network.value}): {address.host}"
    return f"{words}, sent from by default" if default else words


def ipv6(system: System) -> Check:
    """Tell whether there is an IPv6 address that the internet may know."""
    hosts = [each.host for each in system.addresses() if ":" in each.host]
    usable = [host for host in hosts if ip_address(host.partition("%")[0]).is_global]
    values = {"addresses": usable}
    if usable:
        words = "there is a public address; a direct path to peers that have one is likely"
        return Check("IPv6", Status.PASS, words, tuple(usable), values=values)
    return Check("IPv6", Status.WARN, "no public address", values=values)


async def mdns(system: System) -> Check:
    """Ask the link for a name of our own: what hides addresses in browsers needs an answer."""
    loop = asyncio.get_running_loop()
    speaks, asks = Mdns(loop, system=system), Mdns(loop, system=system)
    hosts = [each.host for each in system.addresses() if each.network is not NetworkType.LOOPBACK]
    if not hosts:
        return Check("mDNS", Status.UNKNOWN, "there is no link to ask on")
    speaks.acquire()
    asks.acquire()
    try:
        found = await asks.resolve(speaks.publish(hosts[0]), within=MDNS_ANSWER)
    finally:
        asks.release()
        speaks.release()
    values = {"resolves": found is not None}
    if found is not None:
        return Check("mDNS", Status.PASS, "names of candidates resolve on this link", values=values)
    advice = (
        "Browsers in the same network hide their addresses behind such names; STUN and TURN help."
    )
    words = "a name of our own was not found over multicast"
    return Check("mDNS", Status.WARN, words, advice=advice, values=values)


async def loop_latency() -> Check:
    """Measure how late timers are."""
    loop = asyncio.get_running_loop()
    late = []
    for _ in range(TICKS):
        due = loop.time() + TICK
        await asyncio.sleep(TICK)
        late.append(max(0.0, loop.time() - due))
    return judge_latency(late)


def judge_latency(late: Sequence[float]) -> Check:
    """Judge how late some timers were, in seconds."""
    worst, middle = max(late), sorted(late)[len(late) // 2]
    words = f"timers are {middle * 1e3:.1f} ms late, at most {worst * 1e3:.1f} ms"
    values = {"median": middle, "worst": worst}
    if worst > LATE:
        advice = "The machine is busy, or has too few processors: sound will stutter."
        return Check("event loop", Status.WARN, words, advice=advice, values=values)
    return Check("event loop", Status.PASS, words, values=values)


async def clock(url: str) -> Check:
    """Compare the clock with the Date of an HTTP answer (RFC 9110 §6.6.1)."""
    begun = wall_time()
    try:
        told = await asyncio.to_thread(_date, url)
    except (OSError, ValueError, HTTPException) as error:
        return Check("clock", Status.UNKNOWN, f"{url} told no time: {error}")
    return judge_clock(url, told, (begun + wall_time()) / 2)


def _date(url: str) -> float:
    if not url.startswith(("http://", "https://")):
        raise ValueError("it is not an http or https URL")
    request = urllib.request.Request(url, method="HEAD")
    with urllib.request.urlopen(request, timeout=CLOCK_ANSWER) as answer:
        told = answer.headers.get("Date")
    if told is None:
        raise ValueError("the answer has no Date")
    return email.utils.parsedate_to_datetime(told).timestamp()


def judge_clock(url: str, told: float, ours: float) -> Check:
    """Judge our clock by another's, both in seconds since 1970."""
    off = ours - told
    values = {"offset": round(off, 1)}
    words = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} {url}"
    if abs(off) > CLOCK_OFF:
        advice = "Set the clock: credentials that expire and certificates are judged by it."
        return Check("clock", Status.FAIL, words, advice=advice, values=values)
    return Check("clock", Status.PASS, words, values=values)
