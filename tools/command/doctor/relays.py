"""A TURN server tried as a call uses it: two relayed addresses that check each other."""

import asyncio
import ssl
from dataclasses import dataclass, replace
from typing import TypeVar

from peer.ice import (
    Candidate,
    CandidateGathered,
    GatheringCompleted,
    GatheringFailed,
    GatherPolicy,
    IceConfig,
    IceRole,
    IceState,
    RemoteParameters,
    StateChanged,
    Timings,
)
from peer.net import DriverEvent, IceDriver, IceServer, NetConfig, System

ANSWER = 5.0
"""Seconds within which a server gives an address, and both relays hear each other."""
UNREACHABLE = 701
"""The W3C's code for a server that gave no answer."""
STREAM = "0"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Relay:
    """What came of one URL.

    `address` is the relayed one, None where there is none: then `code` and `reason` say why, 701
    standing for no answer. `allocated` is the time that took. `carries` tells whether a packet went
    through it and back; where not, `why` has the agent's reasons.
    """

    url: str
    address: str | None = None
    allocated: float = 0.0
    code: int = 0
    reason: str = ""
    carries: bool = False
    round_trip: float | None = None
    why: tuple[str, ...] = ()


class _Side:
    """One of two agents that may use nothing but relays."""

    def __init__(
        self, system: System, role: IceRole, *, loopback: bool, context: ssl.SSLContext | None
    ) -> None:
        loop = asyncio.get_running_loop()
        self.relayed: asyncio.Future[Candidate | None] = loop.create_future()
        self.ended: asyncio.Future[bool] = loop.create_future()
        self.failures: list[GatheringFailed] = []
        self.driver = IceDriver(
            IceConfig(
                gather_policy=GatherPolicy.RELAY,
                timings=Timings(gathering=ANSWER),
                allow_loopback=loopback,
            ),
            role=role,
            on_event=self._note,
            net=NetConfig(system=system, watch=False, ssl_context=context),
            entropy=system.entropy,
        )
        self.parameters = self.driver.add_stream(STREAM)

    def _note(self, event: DriverEvent) -> None:
        match event:
            case CandidateGathered():
                _settle(self.relayed, event.candidate)
            case GatheringFailed():
                self.failures.append(event)
            case GatheringCompleted():
                _settle(self.relayed, None)
            case StateChanged(state=IceState.CONNECTED | IceState.COMPLETED):
                _settle(self.ended, True)
            case StateChanged(state=IceState.FAILED):
                _settle(self.ended, False)

    def meet(self, other: "_Side", candidate: Candidate) -> None:
        """Be told of the other side."""
        parameters = other.parameters
        told = RemoteParameters(parameters.username_fragment, parameters.password)
        self.driver.set_remote_parameters(STREAM, told)
        self.driver.add_remote_candidate(STREAM, candidate)
        self.driver.end_of_remote_candidates(STREAM)


def _settle(future: asyncio.Future[_T], result: _T) -> None:
    if not future.done():
        future.set_result(result)


async def try_relay(
    system: System,
    server: IceServer,
    *,
    loopback: bool = False,
    context: ssl.SSLContext | None = None,
) -> Relay:
    """Ask a TURN server, which has one URL, for two addresses, and send from one to the other.

    `loopback`: it is on this machine.
    """
    loop = asyncio.get_running_loop()
    one = _Side(system, IceRole.CONTROLLING, loopback=loopback, context=context)
    other = _Side(system, IceRole.CONTROLLED, loopback=loopback, context=context)
    begun = loop.time()
    try:
        for side in (one, other):
            side.driver.gather((server,))
        ours, theirs = await one.relayed, await other.relayed
        url = server.urls[0]
        if ours is None or theirs is None:
            return _refused(url, [*one.failures, *other.failures])
        relay = Relay(url, ours.address.host, loop.time() - begun)
        one.meet(other, theirs)
        other.meet(one, ours)
        return await _carried(one, relay)
    finally:
        await asyncio.gather(one.driver.close(), other.driver.close())


def _refused(url: str, failures: list[GatheringFailed]) -> Relay:
    """Tell what the server said, if it said anything on one of our addresses."""
    told = [each for each in failures if each.code != UNREACHABLE] or failures
    if not told:
        return Relay(url, reason="we have no address to ask it from")
    return Relay(url, code=told[0].code, reason=told[0].reason)


async def _carried(one: _Side, relay: Relay) -> Relay:
    try:
        async with asyncio.timeout(ANSWER):
            carries = await one.ended
    except TimeoutError:
        carries = False
    pairs = one.driver.stats().pairs
    trips = [trip for each in pairs if (trip := each.current_round_trip_time) is not None]
    why = tuple(dict.fromkeys(each.reason for each in pairs if each.reason and not carries))
    trip = trips[0] if trips else None
    return replace(relay, carries=carries, round_trip=trip, why=why)
