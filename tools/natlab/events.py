"""What happens to the networks of a call, by name; each event happens to the host `a` or `b`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from peer.testing.internet import SYMMETRIC, Conditions

from .host import Host
from .lab import Place
from .plan import PUBLIC, Site, Topology, Uplink, home, phone
from .router import SiteRouter

Action = Callable[["Scene"], Awaitable[None]]
SHORT, LONG = 2.0, 8.0
"""Seconds that an outage or a sleep lasts."""
LINE = Conditions(delay=0.02)
"""Every line of the events has this delay, as lines have."""
WIFI, CELLULAR, CABLE = "wlan0", "rmnet0", "eth0"


@dataclass(frozen=True, slots=True)
class Scene:
    """The place, and whom it happens to."""

    place: Place
    host: Host

    @property
    def uplinks(self) -> tuple[Uplink, ...]:
        """The uplinks of the host as they were planned."""
        return self.place.topology.sides[self.place.hosts.index(self.host)]

    @property
    def router(self) -> SiteRouter:
        """The router of the host's first uplink."""
        site = self.uplinks[0].site
        assert site is not None
        return self.place.router(site)


@dataclass(frozen=True, slots=True)
class LabEvent:
    """An event: where it happens, what it does, and how long nothing can flow because of it."""

    name: str
    topology: Topology
    action: Action
    inevitable: float = 0.0
    """Seconds in which there is no path at all; they are part of the outage."""
    quiet: float = 3.0
    """Seconds after the event that are watched; data may go on for a while over the old path."""

    @property
    def sides(self) -> tuple[int, ...]:
        """Whom it can happen to: not to a host that is on the internet itself, as servers are."""
        sides = enumerate(self.topology.sides)
        return tuple(side for side, uplinks in sides if uplinks[0].site is not None)


AT_HOME = Topology("at home", home(line=LINE), home(line=LINE))
ON_THE_MOVE = Topology("on the move", phone(line=LINE), phone(line=LINE))
RELAYED = Topology("relayed", home(SYMMETRIC, line=LINE), home(SYMMETRIC, line=LINE))
TO_A_SERVER = Topology("to a server", home(SYMMETRIC, line=LINE), PUBLIC)
BOTH_FAMILIES = Topology("both families", home(ipv6=True, line=LINE), home(ipv6=True, line=LINE))


async def _down(scene: Scene) -> None:
    scene.host.first().down()


async def _silent(scene: Scene) -> None:
    scene.host.first().silence()


async def _gone(scene: Scene) -> None:
    scene.host.unplug(scene.host.first().name)


async def _switched(scene: Scene) -> None:
    """The uplink goes, and another one comes."""
    scene.host.unplug(scene.host.first().name)
    scene.place.plug(scene.host, Uplink(_elsewhere(), "usb0"))


async def _cable(scene: Scene) -> None:
    """A better uplink comes, and the other ones stay."""
    scene.place.plug(scene.host, Uplink(_elsewhere(), "usb0"))


async def _readdressed(scene: Scene) -> None:
    scene.host.first().readdress()


async def _moved(scene: Scene) -> None:
    """The host wakes up in another network."""
    scene.host.sleep()
    scene.host.unplug(scene.host.first().name)
    scene.place.plug(scene.host, Uplink(_elsewhere(), CABLE))
    await asyncio.sleep(SHORT)
    scene.host.wake()


async def _back(scene: Scene) -> None:
    """Wi-Fi goes, and is back when the call has left it."""
    uplink = scene.host.first()
    uplink.down()
    await asyncio.sleep(LONG)
    uplink.up()


async def _silent_and_back(scene: Scene) -> None:
    uplink = scene.host.first()
    uplink.silence()
    await asyncio.sleep(LONG)
    uplink.resume()


def _outage(seconds: float, *, up: bool = True, down: bool = True) -> Action:
    async def action(scene: Scene) -> None:
        scene.router.cut(up=up, down=down)
        await asyncio.sleep(seconds)
        scene.router.restore()

    return action


def _sleep(seconds: float) -> Action:
    async def action(scene: Scene) -> None:
        scene.host.sleep()
        await asyncio.sleep(seconds)
        scene.host.wake()

    return action


def _flap(seconds: float) -> Action:
    async def action(scene: Scene) -> None:
        uplink = scene.host.first()
        uplink.down()
        await asyncio.sleep(seconds)
        uplink.up()

    return action


async def _rebound(scene: Scene) -> None:
    scene.router.rebind()


async def _renumbered(scene: Scene) -> None:
    scene.router.renumber()


async def _rebooted(scene: Scene) -> None:
    """The router is off for a moment, and remembers nothing."""
    scene.router.cut()
    await asyncio.sleep(SHORT)
    scene.router.renumber()
    scene.router.restore()


async def _udp_blocked(scene: Scene) -> None:
    scene.router.block_udp()


async def _server_restarted(scene: Scene) -> None:
    server = scene.place.lab.server
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)


async def _server_gone(scene: Scene) -> None:
    """The server is needed no more, and is missed by nobody; it is back at the end."""
    server = scene.place.lab.server
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(SHORT)
    await asyncio.to_thread(server.start)


def _line(conditions: Conditions, seconds: float | None = None) -> Action:
    async def action(scene: Scene) -> None:
        scene.router.change(conditions)
        if seconds is not None:
            await asyncio.sleep(seconds)
            scene.router.change(LINE)

    return action


async def _ipv6_gone(scene: Scene) -> None:
    scene.host.first().drop_family(6)


def _elsewhere() -> Site:
    """A network that nobody is in yet."""
    return Site(ipv4="192.168.7.0/24", line=LINE)


EVENTS = {
    event.name: event
    for event in (
        LabEvent("NAT rebinds", AT_HOME, _rebound),
        LabEvent("NAT rebinds, towards a server", TO_A_SERVER, _rebound),
        LabEvent("NAT rebinds, relayed", RELAYED, _rebound),
        LabEvent("NAT has another address", AT_HOME, _renumbered),
        LabEvent("router restarts", AT_HOME, _rebooted, SHORT, SHORT + 3),
        LabEvent("uplink goes down, another is there", ON_THE_MOVE, _down),
        LabEvent("uplink falls silent, another is there", ON_THE_MOVE, _silent),
        LabEvent("uplink is taken away, another is there", ON_THE_MOVE, _gone),
        LabEvent("uplink is switched for another", AT_HOME, _switched),
        LabEvent("uplink is switched, towards a server", TO_A_SERVER, _switched),
        LabEvent("a second uplink comes", AT_HOME, _cable),
        LabEvent("address changes", AT_HOME, _readdressed),
        LabEvent("address changes, relayed", RELAYED, _readdressed),
        LabEvent("Wi-Fi goes and comes back", ON_THE_MOVE, _back, quiet=LONG + 6),
        LabEvent("Wi-Fi is silent and comes back", ON_THE_MOVE, _silent_and_back, quiet=LONG + 6),
        LabEvent("interface down for a moment", AT_HOME, _flap(1.0), 1.0),
        LabEvent("outage, short", AT_HOME, _outage(SHORT), SHORT, SHORT + 3),
        LabEvent("outage, long", AT_HOME, _outage(LONG), LONG, LONG + 3),
        LabEvent("outage of the way up", AT_HOME, _outage(SHORT, down=False), SHORT, SHORT + 3),
        LabEvent("outage of the way down", AT_HOME, _outage(SHORT, up=False), SHORT, SHORT + 3),
        LabEvent("outage, relayed", RELAYED, _outage(SHORT), SHORT, SHORT + 3),
        LabEvent("sleep, short", AT_HOME, _sleep(SHORT), SHORT, SHORT + 3),
        LabEvent("sleep, long", AT_HOME, _sleep(LONG), LONG, LONG + 3),
        LabEvent("sleep, and awake in another network", AT_HOME, _moved, SHORT, SHORT + 3),
        LabEvent("UDP is blocked", AT_HOME, _udp_blocked),
        LabEvent("TURN server restarts", RELAYED, _server_restarted),
        LabEvent("TURN server goes, not needed", AT_HOME, _server_gone),
        LabEvent("30 % loss for a while", AT_HOME, _line(replace(LINE, loss=0.3), SHORT)),
        LabEvent("delay grows to a quarter second", AT_HOME, _line(replace(LINE, delay=0.25))),
        LabEvent("line narrows", AT_HOME, _line(replace(LINE, rate=128_000, queue=0.2))),
        LabEvent("IPv6 is lost", BOTH_FAMILIES, _ipv6_gone),
    )
}

REPRESENTATIVE = (
    "NAT rebinds",
    "NAT rebinds, towards a server",
    "uplink goes down, another is there",
    "uplink falls silent, another is there",
    "uplink is switched for another",
    "address changes",
    "outage, short",
    "sleep, short",
    "IPv6 is lost",
)
"""A third of them that has one of each kind, for tests in a hurry."""
