"""Network address translation with the behaviours of RFC 4787."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from random import Random
from typing import TypeAlias

from peer.ice.address import TransportAddress

from .packet import DropReason, Protocol


class Dependence(Enum):
    """What a NAT's mapping or filtering looks at besides the internal endpoint.

    RFC 4787 §4.1 and §5.
    """

    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"


class PortAllocation(Enum):
    """How a NAT picks external ports."""

    SEQUENTIAL = "sequential"
    RANDOM = "random"


class AddressPooling(Enum):
    """Whether an internal host keeps one external address (RFC 4787 §4.1)."""

    PAIRED = "paired"
    ARBITRARY = "arbitrary"


@dataclass(frozen=True, slots=True)
class NatBehavior:
    """What a NAT does. The default is RFC 4787's recommendation without hairpinning.

    Filters belong to the mapping they were opened on, as in session tables of real NATs.
    """

    mapping: Dependence = Dependence.ENDPOINT_INDEPENDENT
    filtering: Dependence = Dependence.ADDRESS_DEPENDENT
    hairpinning: bool = False
    """Inside hosts reach each other through external addresses; the source is then external."""
    port_preservation: bool = False
    """The external port equals the internal one when that is free."""
    port_allocation: PortAllocation = PortAllocation.SEQUENTIAL
    first_port: int = 1024
    timeout: float = 120.0
    """Seconds of silence after which a UDP mapping, and a hole in the filter, are gone."""
    tcp_timeout: float = 7440.0
    inbound_refresh: bool = False
    """Whether inbound packets also keep a mapping alive; outbound ones always do."""
    pooling: AddressPooling = AddressPooling.PAIRED
    one_to_one: bool = False
    """Translate addresses only: one external address for each host, all ports open both ways.

    Everything about ports, filtering and time above then does not apply.
    """

    def __str__(self) -> str:
        if self.one_to_one:
            return "one-to-one"
        hairpinning = ", hairpinning" if self.hairpinning else ""
        return f"{self.mapping.value} mapping, {self.filtering.value} filtering{hairpinning}"


FULL_CONE = NatBehavior(filtering=Dependence.ENDPOINT_INDEPENDENT)
RESTRICTED_CONE = NatBehavior(filtering=Dependence.ADDRESS_DEPENDENT)
PORT_RESTRICTED_CONE = NatBehavior(filtering=Dependence.ADDRESS_AND_PORT_DEPENDENT)
SYMMETRIC = NatBehavior(
    mapping=Dependence.ADDRESS_AND_PORT_DEPENDENT,
    filtering=Dependence.ADDRESS_AND_PORT_DEPENDENT,
    port_allocation=PortAllocation.RANDOM,
)
ONE_TO_ONE = NatBehavior(
    filtering=Dependence.ENDPOINT_INDEPENDENT, hairpinning=True, one_to_one=True
)
NAT_PRESETS = {
    "full cone": FULL_CONE,
    "restricted cone": RESTRICTED_CONE,
    "port-restricted cone": PORT_RESTRICTED_CONE,
    "symmetric": SYMMETRIC,
    "1:1": ONE_TO_ONE,
}


def all_nat_behaviors(hairpinning: bool = False) -> list[NatBehavior]:
    """All nine combinations of mapping and filtering."""
    return [
        NatBehavior(mapping=mapping, filtering=filtering, hairpinning=hairpinning)
        for mapping in Dependence
        for filtering in Dependence
    ]


def with_hairpinning(behavior: NatBehavior) -> NatBehavior:
    """`behavior` with hairpinning."""
    return replace(behavior, hairpinning=True)


Remote: TypeAlias = str | TransportAddress | None


def remote_key(dependence: Dependence, remote: TransportAddress) -> Remote:
    """The part of `remote` which a behaviour of this dependence distinguishes."""
    if dependence is Dependence.ADDRESS_AND_PORT_DEPENDENT:
        return remote
    return remote[0] if dependence is Dependence.ADDRESS_DEPENDENT else None


class Mapping:
    """One entry of a NAT: an internal endpoint and the external one that stands for it."""

    __slots__ = ("external", "filters", "internal", "key", "last_used")

    def __init__(
        self,
        key: tuple[TransportAddress, Remote],
        external: TransportAddress,
        now: float,
    ) -> None:
        self.key = key
        self.internal = key[0]
        self.external = external
        self.last_used = now
        self.filters: dict[Remote, float] = {}


class NatTable:
    """The mappings of one transport protocol."""

    def __init__(self, nat: "Nat", timeout: float) -> None:
        self._nat = nat
        self._timeout = timeout
        self._behavior = nat.behavior
        self._by_internal: dict[tuple[TransportAddress, Remote], Mapping] = {}
        self._by_external: dict[TransportAddress, Mapping] = {}
        self._retired: set[TransportAddress] = set()
        self._next_port = nat.behavior.first_port

    def mappings(self, now: float) -> list[Mapping]:
        """All mappings that are alive."""
        return [m for m in self._by_external.values() if now - m.last_used <= self._timeout]

    def outbound(
        self, source: TransportAddress, destination: TransportAddress, now: float
    ) -> Mapping | None:
        """The mapping for a packet that leaves, made when missing; None when out of ports."""
        behavior = self._behavior
        key = (source, remote_key(behavior.mapping, destination))
        mapping = self._by_internal.get(key)
        if mapping is not None and now - mapping.last_used > self._timeout:
            self._remove(mapping)
            mapping = None
        if mapping is None:
            external = self._allocate(source, now)
            if external is None:
                return None
            mapping = Mapping(key, external, now)
            self._by_internal[key] = mapping
            self._by_external[external] = mapping
        mapping.last_used = now
        mapping.filters[remote_key(behavior.filtering, destination)] = now
        return mapping

    def inbound(
        self, source: TransportAddress, destination: TransportAddress, now: float
    ) -> Mapping | DropReason:
        """The mapping for a packet from outside, or why it may not enter."""
        mapping = self._by_external.get(destination)
        if mapping is None:
            return DropReason.NAT_UNMAPPED
        if now - mapping.last_used > self._timeout:
            self._remove(mapping)
            return DropReason.NAT_UNMAPPED
        behavior = self._behavior
        if behavior.filtering is not Dependence.ENDPOINT_INDEPENDENT:
            remote = remote_key(behavior.filtering, source)
            opened = mapping.filters.get(remote)
            if opened is None or now - opened > self._timeout:
                return DropReason.NAT_FILTERED
            if behavior.inbound_refresh:
                mapping.filters[remote] = now
        if behavior.inbound_refresh:
            mapping.last_used = now
        return mapping

    def forget(self) -> None:
        """Lose all mappings; none of their external endpoints is given out again."""
        self._retired.update(self._by_external)
        self._by_internal.clear()
        self._by_external.clear()

    def _remove(self, mapping: Mapping) -> None:
        del self._by_internal[mapping.key]
        del self._by_external[mapping.external]

    def _allocate(self, source: TransportAddress, now: float) -> TransportAddress | None:
        host = self._nat.external_address_for(source[0])
        if self._behavior.port_preservation:
            endpoint = TransportAddress(host, source[1])
            if self._is_free(endpoint, now):
                return endpoint
        for _ in range(65536):
            endpoint = TransportAddress(host, self._candidate_port())
            if self._is_free(endpoint, now):
                return endpoint
        return None

    def _candidate_port(self) -> int:
        first = self._behavior.first_port
        if self._behavior.port_allocation is PortAllocation.RANDOM:
            return first + int(self._nat.rng.random() * (65536 - first))
        port = self._next_port
        self._next_port = port + 1 if port < 65535 else first
        return port

    def _is_free(self, endpoint: TransportAddress, now: float) -> bool:
        if endpoint in self._retired:
            return False
        mapping = self._by_external.get(endpoint)
        if mapping is None:
            return True
        if now - mapping.last_used <= self._timeout:
            return False
        self._remove(mapping)
        return True


class Nat:
    """Translates endpoints by one `NatBehavior`, over one or several external addresses."""

    def __init__(self, behavior: NatBehavior, addresses: Iterable[str], rng: Random) -> None:
        self.behavior = behavior
        self.addresses = list(addresses)
        self.rng = rng
        self._turn = 0
        self._pairs: dict[str, str] = {}
        self._tables = {
            Protocol.UDP: NatTable(self, behavior.timeout),
            Protocol.TCP: NatTable(self, behavior.tcp_timeout),
        }
        self._udp = self._tables[Protocol.UDP]
        self._tcp = self._tables[Protocol.TCP]

    def mappings(self, now: float, protocol: Protocol = Protocol.UDP) -> list[Mapping]:
        """The live mappings of a transport protocol; none for one-to-one translation."""
        return self._tables[protocol].mappings(now)

    def pair(self, internal: str, external: str) -> None:
        """Let `external` stand for the host `internal`."""
        self._pairs[internal] = external

    def external_address_for(self, internal: str) -> str:
        """The external address that a new mapping of the host `internal` gets."""
        behavior = self.behavior
        if behavior.pooling is AddressPooling.PAIRED or behavior.one_to_one:
            external = self._pairs.get(internal)
            if external is None:
                external = self._pairs[internal] = self._next_external()
            return external
        return self._next_external()

    def _next_external(self) -> str:
        self._turn += 1
        return self.addresses[(self._turn - 1) % len(self.addresses)]

    def outbound(
        self,
        protocol: Protocol,
        source: TransportAddress,
        destination: TransportAddress,
        now: float,
    ) -> TransportAddress | DropReason:
        """The external endpoint that `source` gets towards `destination`."""
        if self.behavior.one_to_one:
            if source[0] not in self._pairs and len(self._pairs) >= len(self.addresses):
                return DropReason.NAT_EXHAUSTED
            return TransportAddress(self.external_address_for(source[0]), source[1])
        table = self._udp if protocol is Protocol.UDP else self._tcp
        mapping = table.outbound(source, destination, now)
        return DropReason.NAT_EXHAUSTED if mapping is None else mapping.external

    def inbound(
        self,
        protocol: Protocol,
        source: TransportAddress,
        destination: TransportAddress,
        now: float,
    ) -> TransportAddress | DropReason:
        """The internal endpoint behind `destination`, if `source` may reach it."""
        if self.behavior.one_to_one:
            for internal, external in self._pairs.items():
                if external == destination[0]:
                    return TransportAddress(internal, destination[1])
            return DropReason.NAT_UNMAPPED
        table = self._udp if protocol is Protocol.UDP else self._tcp
        found = table.inbound(source, destination, now)
        return found if isinstance(found, DropReason) else found.internal

    def rebind(self, addresses: Iterable[str] | None = None) -> None:
        """Forget everything, as after a restart; new mappings get ports not used before.

        With `addresses`, the external addresses change as well.
        """
        for table in self._tables.values():
            table.forget()
        if addresses is not None:
            self.addresses = list(addresses)
            self._pairs.clear()
