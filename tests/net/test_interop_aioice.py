"""Against aioice on this machine: data both ways, in both roles."""

import asyncio
from unittest.mock import patch

import aioice
import aioice.ice
import pytest

from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateType,
    GatheringCompleted,
    IceRole,
    RemoteParameters,
    TransportAddress,
    TransportProtocol,
)

from .support import Side, assert_nothing_left, run

pytestmark = pytest.mark.interop


def _from_aioice(candidate: aioice.Candidate) -> Candidate:
    return Candidate(
        candidate.foundation,
        candidate.component,
        TransportProtocol(candidate.transport),
        candidate.priority,
        TransportAddress(candidate.host, candidate.port),
        CandidateType(candidate.type),
    )


def _to_aioice(candidate: Candidate) -> aioice.Candidate:
    return aioice.Candidate(
        candidate.foundation,
        candidate.component,
        candidate.transport.value,
        candidate.priority,
        candidate.address.host,
        candidate.address.port,
        candidate.type.value,
    )


async def _introduce(ours: Side, theirs: aioice.Connection) -> None:
    ours.driver.gather()
    await ours.event(GatheringCompleted)
    with patch.object(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"]):
        await theirs.gather_candidates()
    parameters = ours.parameters["0"]
    theirs.remote_username = parameters.username_fragment
    theirs.remote_password = parameters.password
    for event in ours.of(CandidateGathered):
        await theirs.add_remote_candidate(_to_aioice(event.candidate))
    await theirs.add_remote_candidate(None)
    remote = RemoteParameters(theirs.local_username, theirs.local_password)
    ours.driver.set_remote_parameters("0", remote)
    for candidate in theirs.local_candidates:
        ours.driver.add_remote_candidate("0", _from_aioice(candidate))
    ours.driver.end_of_remote_candidates("0")


@pytest.mark.parametrize("role", list(IceRole), ids=lambda role: role.value)
def test_data_both_ways(role: IceRole) -> None:
    async def story() -> None:
        ours = Side(role)
        theirs = aioice.Connection(ice_controlling=role is IceRole.CONTROLLED)
        await _introduce(ours, theirs)
        async with asyncio.timeout(20):
            await theirs.connect()
            await ours.nominated()
            for number in range(20):
                assert ours.driver.send("0", 1, b"\x80%d" % number)
                assert await theirs.recv() == b"\x80%d" % number
                await theirs.send(b"\x90%d" % number)
                await ours.received(number + 1)
        assert ours.data == [b"\x90%d" % number for number in range(20)]
        assert ours.driver.role is role
        await theirs.close()
        await ours.close()
        await assert_nothing_left()

    run(story())


def test_role_conflict_is_settled() -> None:
    """RFC 8445 §7.3.1.1: both believe that they control."""

    async def story() -> None:
        ours = Side(IceRole.CONTROLLING)
        theirs = aioice.Connection(ice_controlling=True)
        await _introduce(ours, theirs)
        async with asyncio.timeout(20):
            await theirs.connect()
            await ours.nominated()
            assert ours.driver.send("0", 1, b"\x80settled")
            assert await theirs.recv() == b"\x80settled"
        assert (ours.driver.role is IceRole.CONTROLLING) is not theirs.ice_controlling
        await theirs.close()
        await ours.close()
        await assert_nothing_left()

    run(story())
