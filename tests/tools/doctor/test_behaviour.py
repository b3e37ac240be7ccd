"""Which NATs can be crossed together, against the oracle of the simulated internet."""

from itertools import product

import pytest

from peer.ice import TransportAddress
from peer.testing.internet import Dependence as Simulated
from peer.testing.internet import NatBehavior
from tests.sim import behind_nats
from tools.command.doctor.behaviour import (
    ANY,
    Behaviour,
    Dependence,
    Outcome,
    direct,
    judge_filtering,
    judge_mapping,
    outcomes,
    prospects,
)

EI, AD, APD = Dependence
KINDS = list(product(Dependence, Dependence))
SEEN = TransportAddress("60.0.0.1", 4000)
ELSE = TransportAddress("60.0.0.1", 4001)
AGAIN = TransportAddress("60.0.0.1", 4002)


def simulated(mapping: Dependence, filtering: Dependence) -> NatBehavior:
    return NatBehavior(Simulated(mapping.value), Simulated(filtering.value))


@pytest.mark.parametrize(("mapping", "filtering"), KINDS)
def test_each_pair_of_nats_is_judged_as_the_oracle_does(
    mapping: Dependence, filtering: Dependence
) -> None:
    for other in KINDS:
        topology = behind_nats(simulated(mapping, filtering), simulated(*other), turn=False)
        assert direct(mapping, filtering, *other) is (topology.best_path() is not None), other


def test_it_is_the_same_from_either_side() -> None:
    assert all(direct(*one, *other) == direct(*other, *one) for one in KINDS for other in KINDS)


def test_what_is_not_known_has_more_than_one_outcome() -> None:
    home, symmetric = Behaviour.of(EI, APD), Behaviour.of(APD, APD)
    unknown_filter = Behaviour(frozenset((EI,)))
    assert outcomes(unknown_filter, home) == {True}
    assert outcomes(unknown_filter, symmetric) == {True, False}
    assert outcomes(Behaviour(blocked=True), home) == {False}


def test_prospects_tell_the_worst_and_whether_it_is_certain() -> None:
    found = list(prospects(Behaviour(frozenset((EI,))), relay=True, relay_tcp=False))
    assert [(each.outcome, each.certain) for each in found] == [
        (Outcome.DIRECT, True),
        (Outcome.DIRECT, True),
        (Outcome.RELAY, False),
        (Outcome.NOTHING, True),
    ]
    found = list(prospects(Behaviour(blocked=True), relay=True, relay_tcp=True))
    assert {(each.outcome, each.certain) for each in found} == {(Outcome.RELAY, True)}
    assert next(prospects(Behaviour(blocked=True), relay=False, relay_tcp=False)).outcome is (
        Outcome.NOTHING
    )


@pytest.mark.parametrize(
    ("other_host", "other_port", "found"),
    [
        (SEEN, SEEN, {EI}),
        (SEEN, None, {EI}),
        (ELSE, ELSE, {AD}),
        (ELSE, AGAIN, {APD}),
        (ELSE, None, {AD, APD}),
        (None, None, ANY),
    ],
)
def test_mapping(
    other_host: TransportAddress | None,
    other_port: TransportAddress | None,
    found: set[Dependence],
) -> None:
    assert judge_mapping(SEEN, other_host, other_port) == found


def test_filtering() -> None:
    assert judge_filtering(from_anywhere=True, from_other_port=True) == {EI}
    assert judge_filtering(from_anywhere=False, from_other_port=True) == {AD}
    assert judge_filtering(from_anywhere=False, from_other_port=False) == {APD}
