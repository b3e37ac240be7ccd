"""Routers in userspace: a TUN device, behind which packets are translated, delayed and lost.

The kernel of a router's namespace hands all packets that go through to a TUN device; what a
`TunRouter` writes back, it forwards. The mappings and filters are those of the simulated internet
(`Nat`), the conditions are its `Pipe`. All routers of a process share the loop of one thread, so
that they go on when the program that made them waits for something.
"""

import asyncio
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from random import Random
from typing import TypeVar

from peer.ice.address import TransportAddress
from peer.testing.internet import Conditions, DropReason, NatBehavior, Packet
from peer.testing.internet.link import Link, Pipe
from peer.testing.internet.nat import Nat

from .namespace import TUN_DEVICE, LabError, Namespace
from .packets import Endpoints, endpoints, readdressed

TUN = "tun0"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
LARGEST = 65536
BATCH = 64
"""Packets read before anything else gets its turn."""
BOUND = 10.0
"""Seconds within which a router does what it is told."""

Result = TypeVar("Result")


class Lines:
    """The thread in which the routers of a lab work."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = Random(seed)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="lines", daemon=True)
        self._thread.start()

    def do(self, function: Callable[[], Result]) -> Result:
        """Call a function in that thread, and wait for what it returns."""

        async def work() -> Result:
            return function()

        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(BOUND)

    def close(self) -> None:
        """Stop; the routers are closed before."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(BOUND)
        self.loop.close()


def open_tun(namespace: Namespace) -> int:
    """Open a TUN device of a namespace."""

    def opened() -> int:
        device = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        request = struct.pack("16sH22x", TUN.encode(), IFF_TUN | IFF_NO_PI)
        fcntl.ioctl(device, TUNSETIFF, request)
        return device

    return namespace.enter(opened)


class TunRouter:
    """One router at work; its methods may be called from any thread."""

    def __init__(
        self,
        lines: Lines,
        device: int,
        inside: list[str],
        nat: NatBehavior | None,
        external: str,
        conditions: Conditions,
    ) -> None:
        self._lines = lines
        self._loop = lines.loop
        self._device = device
        self._inside = [ip_network(subnet) for subnet in inside]
        self._nat = None if nat is None else Nat(nat, [external], lines.rng)
        self._link = Link(conditions, conditions, lines.rng)
        self.forwarded = self.dropped = 0
        lines.do(lambda: self._loop.add_reader(device, self._read))

    def rebind(self, external: str | None = None) -> None:
        """Forget all mappings; with `external`, have another address from now on."""
        nat = self._nat
        if nat is None:
            raise LabError("this router does not translate")
        self._lines.do(lambda: nat.rebind(None if external is None else [external]))

    def change(self, conditions: Conditions) -> None:
        """Let the line behave otherwise from now on, in both directions."""
        self._lines.do(lambda: self._link.set_conditions(conditions))

    def cut(self, *, up: bool = True, down: bool = True) -> None:
        """Lose everything, in one direction or in both."""

        def work() -> None:
            self._link.up.is_cut = up
            self._link.down.is_cut = down

        self._lines.do(work)

    def restore(self) -> None:
        """Carry packets again."""
        self.cut(up=False, down=False)

    def close(self) -> None:
        """Stop, and give the device back."""

        def work() -> None:
            self._loop.remove_reader(self._device)
            os.close(self._device)
            self._device = -1

        self._lines.do(work)

    def _read(self) -> None:
        for _ in range(BATCH):
            try:
                data = os.read(self._device, LARGEST)
            except BlockingIOError:
                return
            if (ends := endpoints(data)) is None or not self._take(data, ends):
                self.dropped += 1

    def _take(self, data: bytes, ends: Endpoints) -> bool:
        """Send a packet on its way; returns whether it will arrive."""
        is_outbound = self._is_inside(ends.source.host)
        pipe = self._link.up if is_outbound else self._link.down
        packet = Packet(0, ends.protocol, ends.source, ends.destination, data[ends.offset + 8 :])
        if pipe.refusal(packet) is not None:
            return False
        translated = self._translated(ends, is_outbound)
        if translated is None:
            return False
        if translated != (ends.source, ends.destination):
            data = readdressed(data, *translated)
        copies = [self._schedule(data, packet, pipe) for _ in range(1 + pipe.is_duplicated())]
        return any(copies)

    def _schedule(self, data: bytes, packet: Packet, pipe: Pipe) -> bool:
        now = self._loop.time()
        arrival = pipe.arrival(now, packet)
        if arrival is None:
            return False
        if arrival <= now:
            self._write(data)
        else:
            self._loop.call_at(arrival, self._write, data)
        return True

    def _write(self, data: bytes) -> None:
        if self._device < 0:
            return
        # What the kernel does not take is lost, as on a line.
        with suppress(OSError):
            os.write(self._device, data)
            self.forwarded += 1

    def _is_inside(self, host: str) -> bool:
        address = ip_address(host)
        return any(address in subnet for subnet in self._inside)

    def _translated(
        self, ends: Endpoints, is_outbound: bool
    ) -> tuple[TransportAddress, TransportAddress] | None:
        """Give the endpoints a packet goes on with; None when it may not pass."""
        nat, now = self._nat, self._loop.time()
        if nat is None or ":" in ends.source.host:
            return ends.source, ends.destination
        source, destination = ends.source, ends.destination
        is_hairpin = is_outbound and destination.host in nat.addresses
        if is_hairpin and not nat.behavior.hairpinning:
            return None
        if is_outbound:
            shown = nat.outbound(ends.protocol, source, destination, now)
            if isinstance(shown, DropReason):
                return None
            source = shown
        if not is_outbound or is_hairpin:
            found = nat.inbound(ends.protocol, source, destination, now)
            if isinstance(found, DropReason):
                return None
            destination = found
        return source, destination
