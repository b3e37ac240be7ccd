"""A transport over one ICE stream: whose state the events of its components change."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest

from peer import AudioStreamTrack
from peer.api.configuration import RTCRtcpMuxPolicy
from peer.api.dtls_transport import RTCDtlsTransport
from peer.api.ice_transport import RTCIceTransport
from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateRemoved,
    CandidateType,
    EmbeddingProfile,
    GatheringCompleted,
    IceRole,
    IceState,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
    TransportAddress,
    TransportProtocol,
)
from peer.jsep import (
    AddRemoteCandidates,
    CreateTransport,
    DropRtcpComponent,
    IceCredentials,
    RemoteIce,
    SetRemoteIce,
)
from peer.net import IceDriver
from peer.session.link import Link
from sdp import parse_candidate
from tests.api.calls import negotiate, two, until_connected, without
from tests.api.support import LOOPBACK, PLAIN_ICE, configured, run, until
from tests.transports.wire import CERTIFICATE

LOCAL = IceCredentials("ours", "p" * 22)
REMOTE = IceCredentials("theirs", "q" * 22)


def candidate(component: int, port: int = 5000) -> Candidate:
    return Candidate(
        "1",
        component,
        TransportProtocol.UDP,
        2130706432 - component,
        TransportAddress("192.0.2.1", port),
        CandidateType.HOST,
    )


def pair(component: int) -> tuple[Candidate, Candidate]:
    return candidate(component), candidate(component, 6000)


def selected(component: int, *, direct: bool = True) -> SelectedPairChanged:
    local, remote = pair(component)
    return SelectedPairChanged(
        "0", component, local, remote, local.address, True, direct, IceState.CONNECTED
    )


class Told:
    """A link of one or two components, and what it told of local candidates."""

    def __init__(self, driver: IceDriver, components: int) -> None:
        self.candidates: list[Candidate | None] = []
        self.link = Link(
            CreateTransport(0, "a", components, LOCAL, controlling=True),
            driver=driver,
            certificate=CERTIFICATE,
            dtls=RTCDtlsTransport(CERTIFICATE),
            handshake_timeout=1.0,
            servers=tuple,
            tell=lambda _, candidate: self.candidates.append(candidate),
        )

    def gathers(self, component: int) -> None:
        self.link.take(CandidateGathered("0", candidate(component), LOCAL.ufrag))

    def components(self) -> list[int]:
        """The component of each local candidate there is."""
        return [one.component for one in self.link.local_candidates]


@asynccontextmanager
async def link(components: int = 2) -> AsyncIterator[Told]:
    driver = IceDriver(
        role=IceRole.CONTROLLING, on_event=lambda _: None, net=LOOPBACK, entropy=os.urandom
    )
    told = Told(driver, components)
    try:
        yield told
    finally:
        await told.link.close()
        await driver.close()


def test_each_component_has_its_own_state_and_pair() -> None:
    async def scenario() -> None:
        async with link() as told:
            rtp, rtcp = told.link.ice
            told.link.take(StateChanged("0", 2, IceState.CHECKING))
            assert told.link.ice_states == [IceState.NEW, IceState.CHECKING]
            told.link.take(selected(2))
            assert told.link.ice_states == [IceState.NEW, IceState.CONNECTED]
            assert [rtp.selected_pair, rtcp.selected_pair] == [None, pair(2)]
            told.link.take(selected(1))
            told.link.take(SelectedPairLost("0", 2, "consent expired"))
            assert [rtp.selected_pair, rtcp.selected_pair] == [pair(1), None]
            assert [one.component for one in told.link.gathered.selected] == [1]

    run(scenario)


@pytest.mark.parametrize(("told_of", "seconds"), [(None, None), (0, 0.0), (80, 0.08)])
def test_the_peers_pacing_reaches_the_agent(told_of: int | None, seconds: float | None) -> None:
    """RFC 8839 §5.5: a=ice-pacing is in milliseconds."""

    async def scenario() -> None:
        async with link() as told:
            with patch.object(told.link.driver, "set_remote_parameters") as set_parameters:
                told.link.carry_out(SetRemoteIce(0, RemoteIce(REMOTE, pacing=told_of)))
            (_, parameters), _ = set_parameters.call_args
            assert parameters.pacing == seconds

    run(scenario)


@pytest.mark.parametrize(
    ("options", "profile"),
    [
        ((), None),
        (("trickle", "ice2"), None),
        (("trickle", "sped", "googspedv1"), EmbeddingProfile.DRAFT),
        (("googspedv1", "sped"), EmbeddingProfile.DRAFT),
        (("googspedv1",), EmbeddingProfile.GOOG),
        (("goog-sped-v1",), EmbeddingProfile.GOOG),
        (("goog-sped-v1", "sped"), EmbeddingProfile.DRAFT),
    ],
)
def test_the_agent_hears_how_the_peer_embeds(
    options: tuple[str, ...], profile: EmbeddingProfile | None
) -> None:
    async def scenario() -> None:
        async with link() as told:
            with patch.object(told.link.driver, "set_remote_parameters") as set_parameters:
                told.link.carry_out(SetRemoteIce(0, RemoteIce(REMOTE, options=options)))
            (_, parameters), _ = set_parameters.call_args
            assert parameters.embedding is profile

    run(scenario)


@pytest.mark.parametrize("embeds", [True, False])
@pytest.mark.parametrize(
    "offered",
    ["trickle sped googspedv1", "trickle googspedv1", "trickle goog-sped-v1", "trickle"],
)
def test_who_embeds_says_so_and_answers_what_was_offered(embeds: bool, offered: str) -> None:
    async def scenario() -> None:
        configuration = configured() if embeds else configured(ice=PLAIN_ICE)
        async with two(configuration, configuration) as (pc, other):
            pc.createDataChannel("")
            offer = (await pc.createOffer()).sdp
            ours = "trickle ice2 renomination" + (" sped googspedv1" if embeds else "")
            assert f"a=ice-options:{ours}\r\n" in offer
            text = re.sub("a=ice-options:.*\r\n", f"a=ice-options:{offered}\r\n", offer)
            await other.setRemoteDescription({"type": "offer", "sdp": text})
            answered = offered if embeds else "trickle"
            assert f"a=ice-options:{answered}\r\n" in (await other.createAnswer()).sdp

    run(scenario)


def test_no_event_of_a_component_that_was_dropped_is_taken_for_another() -> None:
    async def scenario() -> None:
        async with link() as told:
            rtp, rtcp = told.link.ice
            told.link.let_out()
            for component in (1, 2):
                told.gathers(component)
                told.link.take(selected(component))
                told.link.take(StateChanged("0", component, IceState.CONNECTED))
            told.link.carry_out(DropRtcpComponent(0))
            for event in (
                StateChanged("0", 2, IceState.FAILED),
                SelectedPairLost("0", 2, "component removed"),
                selected(2, direct=False),
                CandidateGathered("0", candidate(2, 5001), LOCAL.ufrag),
                CandidateRemoved("0", candidate(2)),
                CandidateRemoved("0", candidate(2, 5001)),
            ):
                told.link.take(event)
                assert (rtp.state, rtp.selected_pair) == (IceState.CONNECTED, pair(1))
                assert told.link.ice_states == [IceState.CONNECTED]
                assert [one.component for one in told.link.gathered.selected] == [1]
                assert told.components() == [1]
            assert rtcp.state is IceState.CLOSED
            assert told.candidates == [candidate(1), candidate(2)]

    run(scenario)


def test_dropping_a_component_takes_out_its_candidates_of_both_sides() -> None:
    async def scenario() -> None:
        async with link() as told:
            told.gathers(1)
            told.gathers(2)
            told.link.carry_out(SetRemoteIce(0, RemoteIce(REMOTE)))
            lines = [f"candidate:1 {n} udp 1 192.0.2.2 {7000 + n} typ host" for n in (1, 2)]
            told.link.carry_out(AddRemoteCandidates(0, tuple(map(parse_candidate, lines))))
            told.link.carry_out(DropRtcpComponent(0))
            # What was held back until gathering began, too.
            told.link.let_out()
            assert told.components() == [1]
            assert [one.component for one in told.link.remote_candidates] == [1]
            assert told.candidates == [candidate(1)]

    run(scenario)


def test_candidates_are_told_of_once_and_of_the_present_generation_alone() -> None:
    async def scenario() -> None:
        async with link(1) as told:
            told.gathers(1)
            told.link.begin_gathering()
            assert told.candidates == []
            told.link.let_out()
            told.gathers(1)
            told.link.take(CandidateGathered("0", candidate(1, 5001), "stale"))
            told.link.take(GatheringCompleted("0", "stale"))
            assert told.candidates == [candidate(1)]
            assert told.link.gathering_state == "gathering"
            told.link.take(GatheringCompleted("0", LOCAL.ufrag))
            assert told.candidates == [candidate(1), None]
            assert told.link.gathering_state == "complete"

    run(scenario)


def test_an_offer_with_rtcp_mux_later_leaves_rtp_its_pair() -> None:
    """RFC 5761 §5.1.1: the peer multiplexes RTCP from its second offer on."""

    async def scenario() -> None:
        apart: Any = configured(rtcpMuxPolicy=RTCRtcpMuxPolicy.NEGOTIATE)
        async with two(apart, apart) as (peer, ours):
            peer.addTrack(AudioStreamTrack())
            ours.addTrack(AudioStreamTrack())
            await negotiate(peer, ours, without("a=rtcp-mux"))
            await until_connected(peer, ours)
            transport = ours.getSenders()[0].transport
            assert transport is not None
            ice = transport.iceTransport
            pairs = [ice.getSelectedCandidatePair()]
            ice.on(
                "selectedcandidatepairchange", lambda: pairs.append(ice.getSelectedCandidatePair())
            )
            assert components(ice) == {1, 2}
            await peer.setLocalDescription()
            assert peer.localDescription is not None
            offer = peer.localDescription.sdp.replace("a=rtcp-rsize", "a=rtcp-mux\r\na=rtcp-rsize")
            await ours.setRemoteDescription({"type": "offer", "sdp": offer})
            await ours.setLocalDescription()
            assert ours.localDescription is not None
            assert "a=rtcp-mux" in ours.localDescription.sdp
            # An exchange over the path: what the agent had to tell of the change is told by then.
            await until(ice, "statechange", lambda: ice.state == "completed")
            assert components(ice) == {1}
            assert None not in pairs
            assert ours.connectionState == "connected"

    run(scenario)


def components(ice: RTCIceTransport) -> set[Any]:
    return {one.component for one in ice.getLocalCandidates()}
