"""One UDP port, and one TCP port, for all connections of a process."""

import asyncio
from collections.abc import Callable, Sized
from functools import partial

from peer.records import dataclass

from .datagrams import DatagramSocket
from .shared_tcp import Accepted, SharedTcp, TcpShare
from .shared_udp import Refused, SharedUdp, UdpShare
from .strangers import Strangers
from .system import System
from .udp import Receiver

_Key = tuple[asyncio.AbstractEventLoop, System, str]


@dataclass(frozen=True, slots=True)
class SharedPortsStatistics:
    """What is on shared ports at the moment, and what they have dropped since they were made.

    `connections` counts one for each connection and local address, and for UDP and TCP each.
    """

    sockets: int
    connections: int
    remote_addresses: int
    dropped: dict[str, int]
    """By reason (`Stranger`): what came and was for none of the connections."""


class SharedPorts:
    """One UDP port, and perhaps one TCP port, for all connections that are given this object.

    Each address of the machine that a connection uses has one socket with this port, for as long
    as there is a connection that uses it. 0 stands for any free port, another on each address;
    None for sockets of each connection's own. With a TCP port passive TCP candidates are offered,
    whatever `NetConfig.tcp_types` says. A second component (RTCP that is not multiplexed) and a
    TURN server that is asked over UDP need sockets of their own all the same.
    """

    def __init__(self, udp: int | None = 0, tcp: int | None = None) -> None:
        """Raises ValueError for what is no port."""
        for port in (udp, tcp):
            if port is not None and not 0 <= port <= 65535:
                raise ValueError(f"{port} is no port")
        self.udp = udp
        self.tcp = tcp
        self._strangers: Strangers = Strangers()
        self._udp: dict[_Key, SharedUdp] = {}
        self._tcp: dict[_Key, SharedTcp] = {}

    def stats(self) -> SharedPortsStatistics:
        """Give figures; nothing of them is reset."""
        everything: list[Sized] = [*self._udp.values(), *self._tcp.values()]
        return SharedPortsStatistics(
            len(everything),
            sum(map(len, everything)),
            sum(len(each.claims) for each in self._udp.values()),
            {reason.value: count for reason, count in self._strangers.items()},
        )

    def share_udp(
        self,
        system: System,
        host: str,
        *,
        tos: int,
        receive: Receiver,
        done: Callable[[], object],
        refused: Refused,
    ) -> UdpShare:
        """Give a share of the socket on an address; it is opened for the first one, with its `tos`.

        Raises OSError when the port is taken or the address is not this machine's.
        """
        loop = asyncio.get_running_loop()
        key = (loop, system, host)
        shared = self._udp.get(key)
        if shared is None:

            def open_(take: Receiver, batch_read: Callable[[], object]) -> DatagramSocket:
                return system.open_udp(
                    host, ports=(self.udp or 0,), tos=tos, receive=take, done=batch_read
                )

            ended = partial(self._udp.pop, key, None)
            shared = self._udp[key] = SharedUdp(loop, open_, self._strangers, ended)
        return shared.share(receive, done, refused)

    def share_tcp(self, system: System, host: str, accepted: Accepted) -> TcpShare:
        """Give a share of the listening port on an address. Raises as `System.listen` does."""
        loop = asyncio.get_running_loop()
        key = (loop, system, host)
        shared = self._tcp.get(key)
        if shared is None:
            ended = partial(self._tcp.pop, key, None)
            shared = self._tcp[key] = SharedTcp(
                loop, system, host, self.tcp or 0, self._strangers, ended
            )
        return shared.share(accepted)


NONE_SHARED = SharedPorts(udp=None)
"""Every connection has sockets of its own."""
