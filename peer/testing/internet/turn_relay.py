"""The relaying half of the TURN server: allocations, permissions, channels, data."""

from collections.abc import Callable
from struct import Struct
from typing import Any, NamedTuple

from peer.ice.address import TransportAddress
from peer.ice.stun import (
    ADDITIONAL_ADDRESS_FAMILY,
    ADDRESS_ERROR_CODE,
    CHANNEL_NUMBER,
    DATA,
    EVEN_PORT,
    LIFETIME,
    REQUESTED_ADDRESS_FAMILY,
    REQUESTED_TRANSPORT,
    RESERVATION_TOKEN,
    XOR_MAPPED_ADDRESS,
    XOR_PEER_ADDRESS,
    XOR_RELAYED_ADDRESS,
    AddressErrorCode,
    Attribute,
    Message,
    MessageClass,
    Method,
    build,
)

from .client_path import ClientPath
from .host import Host, SimSocket
from .packet import Protocol
from .turn_allocation import Allocation, family_number
from .turn_auth import Credential

_CHANNEL_HEADER = Struct("!HH")
_UDP = 17
_IPV4, _IPV6 = 1, 2


class Answer(NamedTuple):
    """What to answer: `code` 0 is success."""

    code: int
    attributes: list[tuple[Attribute[Any], Any]]


def _refuse(code: int) -> Answer:
    return Answer(code, [])


class TurnRelay:
    """Keeps the allocations of a server. The public attributes may be changed at any time."""

    def __init__(self, host: Host, is_silent: Callable[[], bool]) -> None:
        self.host = host
        self.families = {family_number(address) for address in host.addresses}
        """Families of relayed addresses on offer, 1 and 2; others are refused with 440."""
        self.quota: int | None = None
        """Allocations per user; more are refused with 486."""
        self.capacity: int | None = None
        """Allocations in all; more are refused with 508."""
        self.default_lifetime = 600.0
        self.maximum_lifetime = 3600.0
        self.forbidden_peers: set[str] = set()
        """IP addresses which permissions and channels are refused for, with 403."""
        self._is_silent = is_silent
        self._allocations: dict[object, Allocation] = {}

    @property
    def now(self) -> float:
        """The simulation's time."""
        return self.host.kernel.now

    def alive(self) -> list[Allocation]:
        """The allocations that are not expired."""
        return [a for a in self._allocations.values() if a.expires > self.now]

    def forget(self, relayed: TransportAddress | None = None) -> None:
        """Lose all allocations, or the one with this relayed address."""
        for key, allocation in list(self._allocations.items()):
            if relayed is None or relayed in allocation.relayed_addresses:
                del self._allocations[key]
                allocation.close()

    def drop(self, path: ClientPath) -> None:
        """Lose the allocation of a client whose connection is gone."""
        allocation = self._allocations.pop(path.key, None)
        if allocation is not None:
            allocation.close()

    def _find(self, path: ClientPath) -> Allocation | None:
        allocation = self._allocations.get(path.key)
        if allocation is not None and allocation.expires <= self.now:
            self.drop(path)
            return None
        return allocation

    # -- requests -----------------------------------------------------------------------------

    def handle(self, message: Message, path: ClientPath, credential: Credential) -> Answer:
        """Carry out an authenticated request."""
        allocation = self._find(path)
        if message.method == Method.ALLOCATE:
            if allocation is None:
                return self._allocate(message, path, credential)
            return self._repeat(message, allocation)
        if allocation is None:
            return _refuse(437)
        if allocation.username != credential.username:
            return _refuse(441)
        if message.method == Method.REFRESH:
            return self._refresh(message, allocation)
        if message.method == Method.CREATE_PERMISSION:
            return self._create_permission(message, allocation)
        if message.method == Method.CHANNEL_BIND:
            return self._channel_bind(message, allocation)
        return _refuse(400)

    def _repeat(self, message: Message, allocation: Allocation) -> Answer:
        """Answer a retransmitted Allocate request as the first time (RFC 8656 §7.2)."""
        if allocation.transaction_id != message.transaction_id:
            return _refuse(437)
        return Answer(0, self._describe(allocation, []))

    def _allocate(self, message: Message, path: ClientPath, credential: Credential) -> Answer:
        transport = message.get(REQUESTED_TRANSPORT)
        if transport != _UDP:
            return _refuse(400 if transport is None else 442)
        families = self._requested_families(message)
        if families is None:
            return _refuse(400)
        if message.get(RESERVATION_TOKEN) is not None:
            return _refuse(508)
        if families[0] not in self.families:
            return _refuse(440)
        owned = sum(a.username == credential.username for a in self.alive())
        if self.quota is not None and owned >= self.quota:
            return _refuse(486)
        if self.capacity is not None and len(self.alive()) >= self.capacity:
            return _refuse(508)
        granted = [family for family in families if family in self.families]
        expires = self.now + self._lifetime(message)
        allocation = Allocation(path, credential.username, {}, expires)
        for family in granted:
            allocation.relays[family] = self._open(allocation, family, message.get(EVEN_PORT))
        allocation.transaction_id = message.transaction_id
        self._allocations[path.key] = allocation
        return Answer(0, self._describe(allocation, [f for f in families if f not in granted]))

    def _requested_families(self, message: Message) -> list[int] | None:
        requested = message.get(REQUESTED_ADDRESS_FAMILY)
        additional = message.get(ADDITIONAL_ADDRESS_FAMILY)
        if additional is not None:
            return [_IPV4, _IPV6] if requested is None and additional == _IPV6 else None
        return [_IPV4 if requested is None else requested]

    def _lifetime(self, message: Message) -> float:
        wanted = message.get(LIFETIME) or 0
        return min(max(wanted, self.default_lifetime), self.maximum_lifetime)

    def _open(self, allocation: Allocation, family: int, even_port: bool | None) -> SimSocket:
        address = next(a for a in self.host.addresses if family_number(a) == family)

        def receive(data: bytes, peer: TransportAddress) -> None:
            self._receive_from_peer(allocation, data, peer)

        socket = self.host.bind(address, 0, receive)
        while even_port is not None and socket.address.port % 2:
            socket.close()
            socket = self.host.bind(address, 0, receive)
        return socket

    def _describe(
        self, allocation: Allocation, refused: list[int]
    ) -> list[tuple[Attribute[Any], Any]]:
        attributes: list[tuple[Attribute[Any], Any]] = [
            (XOR_RELAYED_ADDRESS, address) for address in allocation.relayed_addresses
        ]
        attributes.append((LIFETIME, int(allocation.expires - self.now)))
        attributes.append((XOR_MAPPED_ADDRESS, allocation.path.client))
        attributes += [(ADDRESS_ERROR_CODE, AddressErrorCode(f, 440, "")) for f in refused]
        return attributes

    def _refresh(self, message: Message, allocation: Allocation) -> Answer:
        family = message.get(REQUESTED_ADDRESS_FAMILY)
        if family is not None and family not in allocation.relays:
            return _refuse(443)
        if message.get(LIFETIME) == 0:
            allocation.close(lambda known: family in (None, known))
            if not allocation.relays:
                del self._allocations[allocation.path.key]
            return Answer(0, [(LIFETIME, 0)])
        lifetime = self._lifetime(message)
        allocation.expires = self.now + lifetime
        return Answer(0, [(LIFETIME, int(lifetime))])

    def _create_permission(self, message: Message, allocation: Allocation) -> Answer:
        peers = message.get_all(XOR_PEER_ADDRESS)
        if not peers:
            return _refuse(400)
        for peer in peers:
            code = self._refusal_of_peer(peer, allocation)
            if code:
                return _refuse(code)
        for peer in peers:
            allocation.permit(peer.host, self.now)
        return _refuse(0)

    def _refusal_of_peer(self, peer: TransportAddress, allocation: Allocation) -> int:
        if family_number(peer.host) not in allocation.relays:
            return 443
        return 403 if peer.host in self.forbidden_peers else 0

    def _channel_bind(self, message: Message, allocation: Allocation) -> Answer:
        number, peer = message.get(CHANNEL_NUMBER), message.get(XOR_PEER_ADDRESS)
        if number is None or peer is None or not 0x4000 <= number <= 0x4FFF:
            return _refuse(400)
        code = self._refusal_of_peer(peer, allocation)
        if code:
            return _refuse(code)
        return _refuse(0 if allocation.bind_channel(number, peer, self.now) else 400)

    # -- data ---------------------------------------------------------------------------------

    def receive_send_indication(self, message: Message, path: ClientPath) -> None:
        """Relay the data of a Send indication (RFC 8656 §11.2)."""
        allocation = self._find(path)
        peer, data = message.get(XOR_PEER_ADDRESS), message.get(DATA)
        if allocation is not None and peer is not None and data is not None:
            self._send_to_peer(allocation, data, peer)

    def receive_channel_data(self, data: bytes, path: ClientPath) -> None:
        """Relay ChannelData; what follows the stated length is padding (RFC 8656 §12.5)."""
        allocation = self._find(path)
        if allocation is None or len(data) < 4:
            return
        number, length = _CHANNEL_HEADER.unpack_from(data)
        peer = allocation.channel_peer(number, self.now)
        if peer is not None and len(data) >= 4 + length:
            self._send_to_peer(allocation, data[4 : 4 + length], peer)

    def _send_to_peer(self, allocation: Allocation, data: bytes, peer: TransportAddress) -> None:
        relay = allocation.relays.get(family_number(peer.host))
        if relay is not None and allocation.permits(peer.host, self.now):
            allocation.relayed_to_peers += 1
            relay.send(data, peer)

    def _receive_from_peer(
        self, allocation: Allocation, data: bytes, peer: TransportAddress
    ) -> None:
        now = self.now
        if self._is_silent() or allocation.expires <= now or not allocation.permits(peer.host, now):
            return
        allocation.relayed_to_client += 1
        number = allocation.channel_of(peer, now)
        if number is None:
            attributes: list[tuple[Attribute[Any], Any]] = [(XOR_PEER_ADDRESS, peer), (DATA, data)]
            transaction_id = self.host.kernel.entropy(12)
            message = build(Method.DATA, MessageClass.INDICATION, transaction_id, attributes)
        else:
            padding = b""
            if allocation.path.protocol is Protocol.TCP:
                padding = bytes(-len(data) % 4)
            message = _CHANNEL_HEADER.pack(number, len(data)) + data + padding
        allocation.path.send(message)
