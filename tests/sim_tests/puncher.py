"""Hole punching with plain datagrams: ICE's checks reduced to a question and an answer."""

from peer.ice.address import TransportAddress, is_ipv6
from peer.ice.stun import (
    XOR_MAPPED_ADDRESS,
    MessageClass,
    Method,
    build,
    parse,
)
from peer.testing.internet import Host, SimSocket
from tests.sim import PathKind, Topology

_ROUND = 0.5
_ROUNDS = 8


class Puncher:
    """One side: a socket on each address, candidates, and what was learned where."""

    def __init__(self, topology: Topology, host: Host) -> None:
        self.kernel = topology.sim
        self.candidates: set[TransportAddress] = set()
        self.remote_candidates: set[TransportAddress] = set()
        self.kinds: set[PathKind] = set()
        self._name = host.name
        self._learned: dict[TransportAddress, set[TransportAddress]] = {}
        self._sockets: dict[TransportAddress, SimSocket] = {}
        for address in host.addresses:
            socket = host.bind(address)
            self.candidates.add(socket.address)
            self._listen(socket)
            for server in topology.stun.addresses:
                if is_ipv6(server.host) == is_ipv6(address):
                    request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), [])
                    socket.send(request, server)

    def _listen(self, socket: SimSocket) -> None:
        local = socket.address
        self._sockets[local] = socket
        self._learned[local] = set()
        socket.on_datagram = lambda data, source: self._receive(local, data, source)

    def check(self) -> None:
        """Ask everyone from everywhere."""
        for local, socket in self._sockets.items():
            for remote in sorted(self.remote_candidates | self._learned[local]):
                if is_ipv6(remote.host) == is_ipv6(local.host):
                    way = f"{local.host} {local.port} {remote.host} {remote.port}"
                    socket.send(f"? {self._name} {way}".encode(), remote)

    def _receive(self, local: TransportAddress, data: bytes, source: TransportAddress) -> None:
        if data[0] < 4:
            mapped = parse(data).get(XOR_MAPPED_ADDRESS)
            assert mapped is not None
            self.candidates.add(mapped)
            return
        kind, name, *words = data.decode().split()
        if (kind == "?") == (name == self._name):
            return  # Somebody else with the address that was meant, perhaps ourselves.
        if kind == "?":
            # The answer tells which way the question came: its first source and destination,
            # and what became of them.
            self._learned[local].add(source)
            report = [*words, source.host, source.port, local.host, local.port]
            self._sockets[local].send(f"! {name} {' '.join(map(str, report))}".encode(), source)
        elif words[0:2] == [local.host, str(local.port)]:
            self._judge(local, source, words)

    def _judge(self, local: TransportAddress, source: TransportAddress, words: list[str]) -> None:
        if (source.host, str(source.port)) != (words[2], words[3]):
            return  # The answer must come from where the question went (RFC 8445 §7.2.5.2.1).
        seen = TransportAddress(words[4], int(words[5]))
        arrival = TransportAddress(words[6], int(words[7]))
        is_direct = seen == local and arrival == source
        self.kinds.add(PathKind.HOST if is_direct else PathKind.REFLEXIVE)


def punch(topology: Topology) -> set[PathKind]:
    """Let both hosts of a topology try to reach each other; how they succeeded."""
    sides = [Puncher(topology, topology.a), Puncher(topology, topology.b)]
    topology.sim.run_for(2.0)
    for here, there in (sides, sides[::-1]):
        here.remote_candidates = set(there.candidates)
    for _ in range(_ROUNDS):
        for side in sides:
            side.check()
        topology.sim.run_for(_ROUND)
    return sides[0].kinds | sides[1].kinds
