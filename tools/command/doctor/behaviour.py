"""How NATs behave (RFC 4787), and which of them can be crossed together."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from peer.ice import TransportAddress


class Dependence(enum.Enum):
    """What a NAT's mapping or filter looks at besides our own endpoint (RFC 4787 §4.1, §5)."""

    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"


_EI, _AD, _APD = Dependence
ANY = frozenset(Dependence)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a way to the internet may be: everything that agrees with what was measured.

    `blocked`: nothing comes back over UDP.
    """

    mapping: frozenset[Dependence] = ANY
    filtering: frozenset[Dependence] = ANY
    blocked: bool = False

    @classmethod
    def of(cls, mapping: Dependence, filtering: Dependence) -> "Behaviour":
        """Give one that is known."""
        return cls(frozenset((mapping,)), frozenset((filtering,)))


class Outcome(enum.Enum):
    """How a call connects."""

    DIRECT = "direct"
    RELAY = "relay"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Prospect:
    """With whom, and how. What is not certain is told for the worst that was measured allows."""

    kind: str
    outcome: Outcome
    certain: bool


KINDS = {
    "somebody with a public address": Behaviour.of(_EI, _EI),
    "somebody behind a usual home router": Behaviour.of(_EI, _APD),
    "somebody behind a symmetric NAT (many mobile and company networks)": Behaviour.of(_APD, _APD),
    "somebody whose network lets no UDP out": Behaviour(blocked=True),
}
"""The kinds of peer that are told of."""


def direct(
    mapping: Dependence, filtering: Dependence, other: Dependence, other_filtering: Dependence
) -> bool:
    """Tell whether ICE finds a direct path between two NATs, each with mapping and filter.

    Both sides know what a STUN server saw of the other, and learn addresses from checks that come
    through (RFC 8445 §7.3.1.3). Where both mappings depend on the destination, one side must take
    checks from anywhere, so that the other's new address can be learned, which then sends from
    where it may be answered.
    """
    filters = (filtering, other_filtering)
    if mapping is other is _EI:
        return True
    if mapping is _EI:
        return filtering is not _APD
    if other is _EI:
        return other_filtering is not _APD
    return _APD not in filters and _EI in filters and _AD in (mapping, other)


def outcomes(ours: Behaviour, theirs: Behaviour) -> set[bool]:
    """Tell which answers `direct` has for all that the two sides may be."""
    if ours.blocked or theirs.blocked:
        return {False}
    every = product(ours.mapping, ours.filtering, theirs.mapping, theirs.filtering)
    return {direct(*each) for each in every}


def prospects(ours: Behaviour, *, relay: bool, relay_tcp: bool) -> Iterator[Prospect]:
    """Tell how a call with each kind of peer will connect.

    `relay` tells whether we get a relayed address at all, `relay_tcp` whether over TCP or TLS:
    who cannot send UDP needs that, on the other side as much as on ours.
    """
    for kind, theirs in KINDS.items():
        found = outcomes(ours, theirs)
        helped = relay_tcp if theirs.blocked else relay
        worst = Outcome.RELAY if helped else Outcome.NOTHING
        yield Prospect(kind, worst if False in found else Outcome.DIRECT, len(found) == 1)


def judge_mapping(
    first: TransportAddress,
    other_host: TransportAddress | None,
    other_host_and_port: TransportAddress | None,
) -> frozenset[Dependence]:
    """Judge what one socket was seen as: by a server, on its other address, there on another port.

    RFC 5780 §4.3; None where there was no answer.
    """
    if other_host is None:
        return ANY
    if first == other_host:
        return frozenset((_EI,))
    if other_host_and_port is None:
        return frozenset((_AD, _APD))
    return frozenset((_AD if other_host == other_host_and_port else _APD,))


def judge_filtering(*, from_anywhere: bool, from_other_port: bool) -> frozenset[Dependence]:
    """Judge which answers of RFC 5780 §4.4 came back: tests II and III."""
    if from_anywhere:
        return frozenset((_EI,))
    return frozenset((_AD if from_other_port else _APD,))
