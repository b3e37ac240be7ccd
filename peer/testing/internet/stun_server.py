"""A STUN server for simulated hosts (RFC 8489), with NAT behaviour discovery (RFC 5780)."""

from collections import Counter

from peer.ice.address import TransportAddress, is_ipv6
from peer.ice.stun import (
    CHANGE_REQUEST,
    ERROR_CODE,
    MAPPED_ADDRESS,
    OTHER_ADDRESS,
    RESPONSE_ORIGIN,
    RESPONSE_PORT,
    XOR_MAPPED_ADDRESS,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    StunError,
    build,
    parse,
)

from .host import Host, SimSocket
from .server_faults import Faults

_CHANGE_IP = 4
_CHANGE_PORT = 2


class StunServer:
    """Answers Binding requests on all addresses of a host.

    A host with two addresses of a family offers RFC 5780 on them and on `other_port`.
    """

    def __init__(self, host: Host, port: int = 3478, other_port: int = 3479) -> None:
        self.host = host
        self.port = port
        self.faults = Faults()
        self.requests: Counter[TransportAddress] = Counter()
        """Binding requests by source address."""
        self._sockets: dict[TransportAddress, SimSocket] = {}
        self._others: dict[TransportAddress, TransportAddress] = {}
        for family in (False, True):
            addresses = [a for a in host.addresses if is_ipv6(a) is family]
            for address in addresses:
                self._open(TransportAddress(address, port))
            if len(addresses) > 1:
                self._open_others(addresses[:2], (port, other_port))

    @property
    def addresses(self) -> list[TransportAddress]:
        """Where requests go: each address of the host, IPv4 first."""
        return [address for address in self._sockets if address.port == self.port]

    def address(self, family: int = 4) -> TransportAddress:
        """The first address of a family. Raises StopIteration when there is none."""
        return next(a for a in self.addresses if is_ipv6(a.host) is (family == 6))

    def _open(self, local: TransportAddress) -> None:
        if local not in self._sockets:
            socket = self.host.bind(
                local.host, local.port, lambda data, source: self._receive(local, data, source)
            )
            self._sockets[local] = socket

    def _open_others(self, hosts: list[str], ports: tuple[int, int]) -> None:
        for i in (0, 1):
            for j in (0, 1):
                local = TransportAddress(hosts[i], ports[j])
                self._open(local)
                self._others[local] = TransportAddress(hosts[1 - i], ports[1 - j])

    def _receive(self, local: TransportAddress, data: bytes, source: TransportAddress) -> None:
        if self.faults.is_silent:
            return
        try:
            message = parse(data)
            change = message.get(CHANGE_REQUEST) or 0
            port = message.get(RESPONSE_PORT)
        except StunError:
            return
        if (message.method, message.message_class) != (Method.BINDING, MessageClass.REQUEST):
            return
        self.requests[source] += 1
        if self.faults.loses_response():
            return
        origin = self._origin(local, change)
        response = self._respond(message, origin, local, source)
        to = source if port is None else TransportAddress(source.host, port)
        self.host.kernel.call_later(
            self.faults.delay, lambda: self._sockets[origin].send(response, to)
        )

    def _origin(self, local: TransportAddress, change: int) -> TransportAddress:
        other = self._others.get(local, local)
        host = other.host if change & _CHANGE_IP else local.host
        return TransportAddress(host, other.port if change & _CHANGE_PORT else local.port)

    def _respond(
        self,
        request: Message,
        origin: TransportAddress,
        local: TransportAddress,
        source: TransportAddress,
    ) -> bytes:
        code = self.faults.next_error(Method.BINDING)
        transaction_id = request.transaction_id
        if code is not None:
            error = [(ERROR_CODE, ErrorCode(code, "injected"))]
            return build(Method.BINDING, MessageClass.ERROR, transaction_id, error)
        attributes = [
            (XOR_MAPPED_ADDRESS, source),
            (MAPPED_ADDRESS, source),
            (RESPONSE_ORIGIN, origin),
        ]
        if local in self._others:
            attributes.append((OTHER_ADDRESS, self._others[local]))
        return build(Method.BINDING, MessageClass.SUCCESS, transaction_id, attributes)
