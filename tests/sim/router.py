"""Routers: the gateway of an inside network to an outside one, with NAT and firewall."""

from collections.abc import Iterable

from peer.ice.address import TransportAddress, is_ipv6, is_link_local

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
        external: Iterable[str] = (),
        conditions: Conditions = IDEAL,
    ) -> None:
        super().__init__(kernel, name)
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
        if self.nat is not None and packet.destination[0] in self.nat.addresses:
            return self._hairpin(packet, self.nat)
        now = self.kernel.now
        if self.firewall is not None:
            reason = self.firewall.outbound(packet, now)
            if reason is not None:
                return self.kernel.drop(packet, reason, self.name)
        if self.nat is not None and self.translates(packet.source[0]):
            source = self.nat.outbound(packet.protocol, packet.source, packet.destination, now)
            if isinstance(source, DropReason):
                return self.kernel.drop(packet, source, self.name)
            packet = packet.with_source(source)
        return self.outside.network.send(packet, self.outside)

    def _enter(self, packet: Packet) -> None:
        now = self.kernel.now
        if self.nat is not None and packet.destination[0] in self.nat.addresses:
            inner = self.nat.inbound(packet.protocol, packet.source, packet.destination, now)
            if isinstance(inner, DropReason):
                return self.kernel.drop(packet, inner, self.name)
            packet = packet.with_destination(inner)
        if self.firewall is not None:
            reason = self.firewall.inbound(packet, now)
            if reason is not None:
                return self.kernel.drop(packet, reason, self.name)
        return self.inside.network.send(packet, self.inside)

    def _hairpin(self, packet: Packet, nat: Nat) -> None:
        """Turn a packet around, with an external source address (RFC 4787 §6, REQ-9)."""
        if not nat.behavior.hairpinning:
            return self.kernel.drop(packet, DropReason.NAT_HAIRPIN, self.name)
        now = self.kernel.now
        source = nat.outbound(packet.protocol, packet.source, packet.destination, now)
        if isinstance(source, DropReason):
            return self.kernel.drop(packet, source, self.name)
        inner = nat.inbound(packet.protocol, source, packet.destination, now)
        if isinstance(inner, DropReason):
            return self.kernel.drop(packet, inner, self.name)
        turned = packet.with_source(source).with_destination(inner)
        return self.inside.network.send(turned, self.inside)


def external_endpoints(
    router: Router, internal: TransportAddress, now: float
) -> list[TransportAddress]:
    """The external endpoints that stand for the UDP endpoint `internal` at the moment."""
    if router.nat is None:
        return [internal]
    return [m.external for m in router.nat.mappings(now) if m.internal == internal]
