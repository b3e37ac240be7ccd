"""The transports of a connection: gathering where it is due, and when it cannot be."""

import asyncio
import math
from typing import Any
from unittest.mock import patch

import pytest

from peer import AudioStreamTrack, RTCPeerConnection, VideoStreamTrack
from peer.ice import Candidate, GatheringFailed, InvalidParameterError
from peer.jsep import CreateTransport, Gather, IceCredentials, RestartIce, Source
from peer.net import IceDriver, InterfaceAddress, NetConfig
from peer.session.link import Link
from peer.session.links import Links
from peer.session.tracing import Tracer
from tests.api.calls import negotiate, two, until_connected
from tests.api.support import QUICK, make, run, until, within
from tests.jsep.texts import without_sections
from tests.transports.wire import CERTIFICATE


def test_a_transport_that_an_answer_makes_gathers_too() -> None:
    """An answer that rejects the tag of a group has the rest move to a new transport."""

    async def scenario() -> None:
        async with two(QUICK, QUICK) as (ours, theirs):
            ours.addTrack(AudioStreamTrack())
            ours.addTrack(VideoStreamTrack())
            await negotiate(ours, theirs)
            await until_connected(ours, theirs)
            before = ours.getSenders()[1].transport
            told: list[Any] = []
            ours.on("icecandidate", told.append)
            await ours.setLocalDescription()
            assert ours.localDescription is not None
            await theirs.setRemoteDescription(ours.localDescription)
            answer = without_sections((await theirs.createAnswer()).sdp, "0")
            await ours.setRemoteDescription({"type": "answer", "sdp": answer})
            after = ours.getTransceivers()[0].sender.transport
            assert after is not None
            assert after is not before
            ice = after.iceTransport
            await until(ice, "gatheringstatechange", lambda: ice.gatheringState == "complete")
            assert {one.sdpMid for one in told if one is not None} == {"1"}
            assert len(ice.getLocalCandidates()) == 1

    run(scenario)


COURSE = [("begun", "gathering"), ("candidate", "gathering"), ("end", "complete")]


class Heard:
    """Keeps what is told of gathering, with the state of the transport at that moment."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.changes = asyncio.Semaphore(0)
        self.tracer = Tracer(QUICK)
        self.links = Links(QUICK, CERTIFICATE, self, self.tracer)

    def source_collided(self, mid: str, source: Source) -> None:
        raise AssertionError((mid, source))

    def gathering_begun(self) -> None:
        self.told.append(("begun", self.links[0].gathering_state))

    def candidate_gathered(self, link: Link, candidate: Candidate | None) -> None:
        self.told.append(("end" if candidate is None else "candidate", link.gathering_state))

    def gathering_failed(self, event: GatheringFailed) -> None:
        raise AssertionError(event)

    def transports_changed(self) -> None:
        self.changes.release()

    def circuit_changed(self, ssrc: int, reason: str | None) -> None:
        raise AssertionError(ssrc, reason)

    async def both(self) -> None:
        """Wait until the agent has told of a candidate and of the end."""
        for _ in range(2):
            await within(self.changes.acquire())


def test_candidates_that_are_there_before_gathering_are_told_of_after_its_beginning() -> None:
    """A restart finds the sockets open, and its candidates may precede the set description."""

    async def scenario() -> None:
        heard = Heard()
        links = heard.links
        links.carry_out(CreateTransport(0, "a", 1, IceCredentials("first", "p" * 22), True))
        links.carry_out(Gather(0))
        links.gather()
        await heard.both()
        assert heard.told == COURSE
        heard.told.clear()
        links.carry_out(RestartIce(0, IceCredentials("next", "q" * 22)))
        await heard.both()
        assert heard.told == []
        links.carry_out(Gather(0))
        links.gather()
        assert heard.told == COURSE
        links.end()
        await links.close_all()
        heard.tracer.close()

    run(scenario)


def faulty() -> list[InterfaceAddress]:
    raise LookupError("a fault in what lists the addresses")


def test_a_transport_that_cannot_gather_is_failed() -> None:
    """The description is set by then, so that nobody waits for it: the states tell.

    What the machine lacks is no fault: `tests/attacks/test_small_machines.py`.
    """

    async def scenario() -> None:
        unhandled: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: unhandled.append(what))
        pc = make(network=NetConfig(addresses=faulty))
        pc.createDataChannel("never")
        await pc.setLocalDescription()
        await until(pc, "connectionstatechange", lambda: pc.connectionState == "failed")
        assert pc.iceConnectionState == "failed"
        assert pc.iceGatheringState == "complete"
        assert [type(one["exception"]) for one in unhandled] == [LookupError]
        await pc.close()

    run(scenario)


@pytest.mark.parametrize("offers", [True, False])
def test_after_a_rollback_transports_are_made_in_the_role_that_holds_then(offers: bool) -> None:
    """RFC 8445 §6.1.1: whoever offers first controls, and an offer taken back was none."""

    async def scenario() -> None:
        async with two(QUICK, QUICK) as (ours, theirs):
            ours.createDataChannel("ours")
            await ours.setLocalDescription()
            await ours.setLocalDescription({"type": "rollback"})
            theirs.createDataChannel("theirs")
            await negotiate(*((ours, theirs) if offers else (theirs, ours)))
            await until_connected(ours, theirs)
            assert role(ours) == ("controlling" if offers else "controlled")

    run(scenario)


def role(pc: RTCPeerConnection) -> str:
    assert pc.sctp is not None
    return str(pc.sctp.transport.iceTransport.role)


def test_connections_of_a_loop_share_what_their_link_bears() -> None:
    """RFC 8445 §14.2: one interval for all agents; others have one of their own."""

    async def scenario() -> None:
        networks = [NetConfig(), NetConfig(), NetConfig(pacing=0.0005)]
        with patch("peer.session.links.IceDriver", wraps=IceDriver) as made:
            for network in networks:
                pc = make(network=network)
                pc.createDataChannel("chat")
                await pc.setLocalDescription()
                await pc.close()
        one, other, quick = (call.kwargs["budget"] for call in made.call_args_list)
        assert one is other
        assert quick is not one
        assert [quick.reserve("192.0.2.9", 1.0), quick.reserve("192.0.2.9", 1.0)] == [1.0, 1.0005]

    run(scenario)


@pytest.mark.parametrize("pacing", [-0.001, 1.001, math.inf, math.nan])
def test_what_no_link_bears(pacing: float) -> None:
    with pytest.raises(InvalidParameterError, match="pacing is 0 to 1"):
        NetConfig(pacing=pacing)
