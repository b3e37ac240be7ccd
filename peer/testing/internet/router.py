"""Routers: the gateway of an inside network to an outside one, with NAT and firewall."""

from collections.abc import Iterable

from peer.ice.address import TransportAddress, is_ipv6, is_link_local

from .dns import embed_ipv4, extract_ipv4
from .firewall import Firewall, FirewallPolicy
from .kernel import Kernel
from .link import IDEAL, Conditions
from .nat import Nat, NatBehavior
from .network import Attachment, Network, Node
from .packet import DropReason, Packet


class Router(Node):
    """Joins `inside` to `outside`.

    With `nat`, IPv4 is translated to the `external` addresses; IPv6, and IPv4 without `nat`, is
    routed unchanged, so the outside knows the way to these addresses. The firewall stands on
    the inside of the NAT. Hairpinned packets do not pass it.

    With `nat64`, a /96 prefix, packets from IPv6 hosts inside to addresses of that prefix are
    translated to IPv4 by the same `nat` (RFC 6146), and the answers back.
    """

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        inside: Network,
        outside: Network,
        nat: NatBehavior | None = None,
        firewall: FirewallPolicy | None = None,
        nat64: str | None = None,
        external: Iterable[str] = (),
        conditions: Conditions = IDEAL,
    ) -> None:
        super().__init__(kernel, name)
        self.nat64 = nat64
        self.outside = outside.attach(self, conditions)
        self.inside = inside.attach(self)
        self.firewall = None if firewall is None else Firewall(firewall)
        self.nat: Nat | None = None
        if nat is not None:
            self.nat = Nat(nat, list(external) or [outside.allocate_ipv4()], kernel.rng)
            for address in self.nat.addresses:
                outside.add_route(address, self.outside)
        inside.set_gateway(self.inside)

    def __repr__(self) -> str:
        return f"<Router {self.name}>"

    @property
    def external_addresses(self) -> list[str]:
        """The NAT's addresses on the outside network; empty without NAT."""
        return [] if self.nat is None else list(self.nat.addresses)

    def translates(self, address: str) -> bool:
        """Whether packets from and to `address`, which is inside, are translated."""
        return self.nat is not None and not is_ipv6(address)

    def pair(self, internal: str, external: str) -> None:
        """Let one external address stand for one inside host, from the start.

        For one-to-one translation and paired pooling. `external` is added to the pool if new.
        Raises ValueError on a router without NAT.
        """
        if self.nat is None:
            raise ValueError(f"{self.name} does not translate")
        if external not in self.nat.addresses:
            self.nat.addresses.append(external)
            self.outside.network.add_route(external, self.outside)
        self.nat.pair(internal, external)

    def rebind(self, external: Iterable[str] | None = None) -> None:
        """Lose all mappings and firewall state; with `external`, change the addresses too.

        The next outbound packet of each inside endpoint gets a new external port.
        """
        if self.firewall is not None:
            self.firewall.forget()
        if self.nat is None:
            return
        if external is not None:
            external = list(external)
            for address in self.nat.addresses:
                self.outside.network.remove_route(address)
            for address in external:
                self.outside.network.add_route(address, self.outside)
        self.nat.rebind(external)

    def set_behavior(self, behavior: NatBehavior) -> None:
        """Become another kind of NAT on the same addresses; all mappings are lost."""
        self.nat = Nat(behavior, self.external_addresses, self.kernel.rng)

    # -- routing ------------------------------------------------------------------------------

    def announce(self, address: str) -> None:
        """Tell the outside that the way to `address` leads through here."""
        if not self.translates(address) and not is_link_local(address):
            self.outside.network.add_route(address, self.outside)

    def withdraw(self, address: str) -> None:
        """Tell the outside that `address` is gone."""
        if not self.translates(address):
            self.outside.network.remove_route(address)

    def receive(self, packet: Packet, attachment: Attachment) -> None:
        """Pass `packet` on to the other side."""
        if attachment is self.inside:
            self._leave(packet)
        else:
            self._enter(packet)

    def _leave(self, packet: Packet) -> None:
        now = self.kernel.now
        nat, destination = self.nat, self._outside_destination(packet)
        if nat is not None and destination[0] in nat.addresses:
            return self._hairpin(packet, nat, destination)
        if self.firewall is not None:
            reason = self.firewall.outbound(packet, now)
            if reason is not None:
                return self.kernel.drop(packet, reason, self.name)
        if nat is not None and not is_ipv6(destination[0]):
            source = nat.outbound(packet.protocol, packet.source, destination, now)
            if isinstance(source, DropReason):
                return self.kernel.drop(packet, source, self.name)
            packet = packet.readdressed(source, destination)
        return self.outside.network.send(packet, self.outside)

    def _enter(self, packet: Packet) -> None:
        now = self.kernel.now
        if self.nat is not None and packet.destination[0] in self.nat.addresses:
            inner = self.nat.inbound(packet.protocol, packet.source, packet.destination, now)
            if isinstance(inner, DropReason):
                return self.kernel.drop(packet, inner, self.name)
            packet = packet.readdressed(self._inside_source(packet.source, inner), inner)
        if self.firewall is not None:
            reason = self.firewall.inbound(packet, now)
            if reason is not None:
                return self.kernel.drop(packet, reason, self.name)
        return self.inside.network.send(packet, self.inside)

    def _hairpin(self, packet: Packet, nat: Nat, destination: TransportAddress) -> None:
        """Turn a packet around, with an external source address (RFC 4787 §6, REQ-9)."""
        if not nat.behavior.hairpinning:
            return self.kernel.drop(packet, DropReason.NAT_HAIRPIN, self.name)
        now = self.kernel.now
        source = nat.outbound(packet.protocol, packet.source, destination, now)
        if isinstance(source, DropReason):
            return self.kernel.drop(packet, source, self.name)
        inner = nat.inbound(packet.protocol, source, destination, now)
        if isinstance(inner, DropReason):
            return self.kernel.drop(packet, inner, self.name)
        turned = packet.readdressed(self._inside_source(source, inner), inner)
        return self.inside.network.send(turned, self.inside)

    def _outside_destination(self, packet: Packet) -> TransportAddress:
        """Where a packet that leaves goes, as the outside writes it."""
        if self.nat64 is not None and is_ipv6(packet.destination[0]):
            address = extract_ipv4(self.nat64, packet.destination[0])
            if address is not None:
                return TransportAddress(address, packet.destination[1])
        return packet.destination

    def _inside_source(self, source: TransportAddress, inner: TransportAddress) -> TransportAddress:
        """Where a packet that enters comes from, as its receiver `inner` can read it."""
        if self.nat64 is not None and is_ipv6(inner[0]):
            return TransportAddress(embed_ipv4(self.nat64, source[0]), source[1])
        return source


def external_endpoints(
    router: Router, internal: TransportAddress, now: float
) -> list[TransportAddress]:
    """The external endpoints that stand for the UDP endpoint `internal` at the moment."""
    if router.nat is None:
        return [internal]
    return [m.external for m in router.nat.mappings(now) if m.internal == internal]
