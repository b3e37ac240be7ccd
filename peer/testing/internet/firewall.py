"""Firewalls: they look at packets without changing them."""

from dataclasses import dataclass

from peer.ice.address import TransportAddress

from .nat import Dependence, Remote, remote_key
from .packet import DropReason, Packet, Protocol


@dataclass(frozen=True, slots=True)
class FirewallPolicy:
    """What a firewall lets through; the default is to ask for state on everything inbound."""

    filtering: Dependence = Dependence.ADDRESS_AND_PORT_DEPENDENT
    """What inbound packets must match: something sent before by the inside endpoint to anyone,
    to that address, or to that address and port."""
    stateful: bool = True
    """False lets unsolicited packets in."""
    block_udp: bool = False
    """No UDP, except to the outside ports in `allowed_udp_ports`, and back."""
    allowed_udp_ports: frozenset[int] = frozenset()
    block_tcp: bool = False
    """No TCP, except to the outside ports in `allowed_tcp_ports`, and back."""
    allowed_tcp_ports: frozenset[int] = frozenset()
    timeout: float = 120.0
    """Seconds of silence after which UDP state is gone; packets either way refresh it."""
    tcp_timeout: float = 7440.0


STATEFUL = FirewallPolicy()
BLOCK_UDP = FirewallPolicy(block_udp=True)
WEB_ONLY = FirewallPolicy(block_udp=True, block_tcp=True, allowed_tcp_ports=frozenset({80, 443}))


def allowing_udp_ports(*ports: int) -> FirewallPolicy:
    """A policy that blocks UDP except to these outside ports."""
    return FirewallPolicy(block_udp=True, allowed_udp_ports=frozenset(ports))


class Firewall:
    """A policy at work, seen from the inside."""

    def __init__(self, policy: FirewallPolicy) -> None:
        self.policy = policy
        self._state: dict[tuple[Protocol, TransportAddress, Remote], float] = {}

    def outbound(self, packet: Packet, now: float) -> DropReason | None:
        """Judge a packet that leaves, and remember it."""
        policy = self.policy
        if not self._is_allowed(packet.protocol, packet.destination[1]):
            return DropReason.FIREWALL_BLOCKED
        if policy.stateful:
            remote = remote_key(policy.filtering, packet.destination)
            self._state[packet.protocol, packet.source, remote] = now
        return None

    def inbound(self, packet: Packet, now: float) -> DropReason | None:
        """Judge a packet that wants in; its destination is the internal endpoint."""
        policy = self.policy
        if not self._is_allowed(packet.protocol, packet.source[1]):
            return DropReason.FIREWALL_BLOCKED
        if not policy.stateful:
            return None
        key = (packet.protocol, packet.destination, remote_key(policy.filtering, packet.source))
        seen = self._state.get(key)
        timeout = policy.timeout if packet.protocol is Protocol.UDP else policy.tcp_timeout
        if seen is None or now - seen > timeout:
            return DropReason.FIREWALL_UNSOLICITED
        self._state[key] = now
        return None

    def forget(self) -> None:
        """Lose all state, as after a restart."""
        self._state.clear()

    def _is_allowed(self, protocol: Protocol, outside_port: int) -> bool:
        policy = self.policy
        if protocol is Protocol.UDP:
            return not policy.block_udp or outside_port in policy.allowed_udp_ports
        return not policy.block_tcp or outside_port in policy.allowed_tcp_ports
