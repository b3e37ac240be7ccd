"""UDP sockets that are read in batches, without a transport in between."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from .faults import Fault, Faults, fault_of
from .outbox import Outbox
from .pending import is_empty
from .segmentation import (
    REFUSED,
    UNKNOWN_HERE,
    enable_coalescing,
    receive_coalesced,
    segment_control,
)

BATCH = 32
"""Datagrams read at one wake-up, so that a flood cannot keep the loop from other work."""
MAX_DATAGRAM = 2048
"""No datagram of ICE, DTLS or RTP is larger: RFC 8445 and RFC 3550 stay below the path MTU."""
FEW = 4
"""From this many datagrams at one wake-up on, having them coalesced pays; asking for more first
does not."""

RECEIVE_BUFFER = 2 << 20
"""Bytes asked of the system for what has arrived and was not read: a loop that is late, or a burst
on a long path, loses nothing. The system gives what it allows, or what it always gives."""

_FULL = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})
_EARLIER = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.EINTR})
_OWN = _EARLIER | {errno.EMSGSIZE}
"""What is wrong with this datagram or was with an earlier one, and not with the way."""

Receiver = Callable[[bytes, tuple[str, int], float], None]
"""Takes data, its source and the time it arrived on the loop's clock."""


class UdpSocket:
    """A UDP socket bound to one local address.

    `receive` is called for each datagram and `done` after each batch. `faults` counts what the
    system refused to send. `outbox` sends with fewer system calls.
    """

    __slots__ = (
        "_closed",
        "_coalesced",
        "_done",
        "_endpoint",
        "_fd",
        "_loop",
        "_pending",
        "_receive",
        "_recvfrom",
        "_scope",
        "_sendto",
        "_socket",
        "address",
        "faults",
        "outbox",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bound: socket.socket,
        receive: Receiver,
        done: Callable[[], object],
    ) -> None:
        """Start reading `bound`, which belongs to this object from now on."""
        self._loop = loop
        self._socket = bound
        with suppress(OSError):  # Linux gives what it allows, others may refuse (ENOBUFS)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._recvfrom = bound.recvfrom
        self._sendto = bound.sendto
        self._fd = bound.fileno()
        self._receive = receive
        self._done = done
        name = bound.getsockname()
        self._scope: int = name[3] if len(name) == 4 else 0
        self.address: tuple[str, int] = name[:2]
        self.faults: Faults = Faults()
        self._closed = False
        self._coalesced = False
        self._pending = bytearray(4)
        self.outbox = Outbox(loop, self)
        self._endpoint: asyncio.Task[None] | None = None
        try:
            loop.add_reader(self._fd, self._readable)
        except NotImplementedError:
            self._endpoint = loop.create_task(self._open_endpoint())
            self._endpoint.add_done_callback(lambda _: bound.close())

    def another_outbox(self) -> Outbox:
        """Give one to somebody who shares the socket, and has runs of datagrams of their own."""
        return Outbox(self._loop, self)

    def send(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Send at once, after what `outbox` holds back; False when it was dropped.

        Raises OSError when the way to `remote` is closed: no route, no such source address.
        """
        self.outbox.flush()
        return self.send_now(data, remote)

    def send_now(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Send past `outbox`, like `send` in all else."""
        if self._closed:
            return False
        try:
            self._sendto(data, (*remote, 0, self._scope) if self._scope else remote)
        except OSError as error:
            if error.errno not in _FULL and error.errno not in _OWN:
                self.faults[fault_of(error)] += 1
                raise
            if error.errno not in _EARLIER:
                self.faults[fault_of(error)] += 1
            return False
        return True

    def send_run(self, run: list[bytes], size: int, remote: tuple[str, int]) -> None:
        """Send datagrams of `size` bytes, the last of which may be shorter, in one call.

        Raises OSError when it cannot be done; none of them has left then.
        """
        address = (*remote, 0, self._scope) if self._scope else remote
        try:
            self._socket.sendmsg(run, segment_control(size), 0, address)
        except OSError as error:
            if error.errno in REFUSED or error.errno in UNKNOWN_HERE:
                self.faults[Fault.RUN_REFUSED] += 1
            raise

    def read(self, limit: int = BATCH) -> int:
        """Read what has arrived, at most `limit` datagrams; returns how many there were.

        Datagrams that the system hands over together are read together, beyond the limit even.
        """
        if self._coalesced:
            return self._read_coalesced(limit)
        count = self._read_each(limit)
        if count >= FEW and not self._closed and self._endpoint is None:
            self._coalesced = enable_coalescing(self._socket)
        return count

    def _read_each(self, limit: int) -> int:
        now = self._loop.time()
        for count in range(limit):
            if self._closed:
                return count
            if 0 < count < FEW and is_empty(self._fd, self._pending):
                return count
            try:
                data, source = self._recvfrom(MAX_DATAGRAM)
            except OSError as error:
                if error.errno in _FULL:
                    return count
                # An ICMP error about an earlier datagram: the next one may be there already.
                continue
            self._receive(data, source[:2], now)
        return limit

    def _read_coalesced(self, limit: int) -> int:
        now = self._loop.time()
        count = reads = 0
        while count < limit and not self._closed:
            if 0 < reads < FEW and is_empty(self._fd, self._pending):
                break
            reads += 1
            try:
                datagrams, source = receive_coalesced(self._socket)
            except OSError as error:
                if error.errno in _FULL:
                    break
                count += 1
                continue
            for datagram in datagrams:
                if not self._closed:
                    self._receive(datagram[:MAX_DATAGRAM], source, now)
                    count += 1
        return count

    def close(self) -> None:
        """Stop reading and close the socket, at once. Calling it again does nothing."""
        if self._closed:
            return
        self.outbox.close()
        self._closed = True
        if self._endpoint is None:
            self._loop.remove_reader(self._fd)
            self._socket.close()
        else:
            self._endpoint.cancel()

    def _readable(self) -> None:
        self.read()
        self._done()

    async def _open_endpoint(self) -> None:
        """Read with the loop's own transport, where there is no add_reader."""
        transport: asyncio.BaseTransport | None = None
        try:
            transport, _ = await self._loop.create_datagram_endpoint(
                lambda: _Endpoint(self._take), sock=self._socket
            )
            await asyncio.Event().wait()
        finally:
            if transport is not None:
                transport.close()
            self._socket.close()

    def _take(self, data: bytes, source: tuple[str, int]) -> None:
        if not self._closed:
            self._receive(data, source, self._loop.time())
            self._done()

    async def wait_closed(self) -> None:
        """Wait until nothing of a closed socket is left in the loop."""
        if self._endpoint is not None:
            await asyncio.wait([self._endpoint])


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._take(data, addr[:2])


def bind(host: str, *, ports: Iterable[int] = (0,), tos: int = 0) -> socket.socket:
    """Open a non-blocking UDP socket on the first free one of these ports.

    `host` is an IP address literal, with a zone id when it is link-local. `tos` is the whole
    TOS or traffic class byte: the DSCP times four (RFC 8837). Raises OSError when no port is free
    or the address is not this host's.
    """
    return _bind_first(host, iter(ports), tos)


def _bind_first(host: str, ports: Iterator[int], tos: int) -> socket.socket:
    last = OSError(errno.EADDRINUSE, f"no free port on {host}")
    for port in ports:
        try:
            return _bind(host, port, tos)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            last = error
    raise last


def _bind(host: str, port: int, tos: int) -> socket.socket:
    is_ipv6 = ":" in host
    bound = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        if is_ipv6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            address, _, zone = host.partition("%")
            bound.bind((address, port, 0, _zone_index(zone)))
        else:
            bound.bind((host, port))
        set_tos(bound, tos)
    except OSError:
        bound.close()
        raise
    return bound


def _zone_index(zone: str) -> int:
    if not zone:
        return 0
    return int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)


def set_tos(bound: socket.socket, tos: int) -> None:
    """Mark what a socket sends; 0 changes nothing. What the system refuses is left alone."""
    if not tos:
        return
    try:
        if bound.family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
        else:
            bound.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
    except OSError:
        return
