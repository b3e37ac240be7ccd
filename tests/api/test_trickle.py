"""When candidates come and when they are waited for (RFC 8838, RFC 9429 §3.5)."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiortc.sdp import candidate_from_sdp as aiortc_candidate

from peer import RTCIceCandidate, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from peer.ice import IceConfig
from tests.api.support import (
    BOUND,
    QUICK,
    Call,
    calling,
    make,
    run,
    state_is,
    until,
    within,
)

SHORT = 0.15
"""Seconds to wait for candidates, where they are waited for."""
PATIENT = IceConfig(allow_loopback=True)
"""Settings with which a server that does not answer is not given up before 9.5 s."""


@contextmanager
def silent_server() -> Iterator[list[RTCIceServer]]:
    """Give STUN and TURN servers that take everything and never answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        yield [
            RTCIceServer(f"stun:127.0.0.1:{port}"),
            RTCIceServer(f"turn:127.0.0.1:{port}", username="user", credential="secret"),
        ]


def with_channel(**changes: Any) -> RTCPeerConnection:
    """Make a connection that has something to negotiate."""
    pc = make(**changes)
    pc.createDataChannel("call")
    return pc


def local_text(pc: RTCPeerConnection) -> str:
    assert pc.localDescription is not None
    return pc.localDescription.sdp


def remote_text(pc: RTCPeerConnection) -> str:
    assert pc.remoteDescription is not None
    return pc.remoteDescription.sdp


@pytest.mark.parametrize(
    ("trickle", "form", "waits"),
    [
        (None, "on", False),
        (None, "handler", False),
        (None, "addEventListener", False),
        (None, "", True),
        (True, "", False),
        (False, "on", True),
    ],
)
def test_who_listens_is_not_kept_waiting(trickle: bool | None, form: str, waits: bool) -> None:
    async def story() -> None:
        pc = with_channel(trickle=trickle)
        if form:
            listen(pc, form)
        await pc.setLocalDescription()
        assert (pc.iceGatheringState == "complete") is waits
        assert ("a=candidate" in local_text(pc)) is waits
        assert ("a=end-of-candidates" in local_text(pc)) is waits
        await pc.close()

    run(story)


def listen(pc: RTCPeerConnection, form: str) -> list[Any]:
    """Listen to candidates in one of the forms there are; gives what comes."""
    heard: list[Any] = []
    if form == "on":
        pc.on("icecandidate", heard.append)
    elif form == "handler":
        pc.onicecandidate = lambda event: heard.append(event.candidate)
    else:
        pc.addEventListener("icecandidate", lambda event: heard.append(event.candidate))
    return heard


def test_dead_servers_are_waited_for_no_longer_than_said() -> None:
    async def story() -> None:
        with silent_server() as servers:
            pc = with_channel(iceServers=servers, gatheringTimeout=SHORT, ice=PATIENT)
            begun = time.monotonic()
            await within(pc.setLocalDescription())
            assert SHORT * 0.9 <= time.monotonic() - begun < BOUND / 2
            assert pc.iceGatheringState == "gathering"
            assert "a=candidate" in local_text(pc)
            # There may be more to come.
            assert "a=end-of-candidates" not in local_text(pc)
            await pc.close()

    run(story)


def test_host_candidates_are_there_without_waiting() -> None:
    """They take no time, so no bound on the wait for servers costs them."""

    async def story() -> None:
        with silent_server() as servers:
            pc = with_channel(iceServers=servers, gatheringTimeout=0)
            await within(pc.setLocalDescription())
            assert "typ host" in local_text(pc)
            await pc.close()

    run(story)


def test_dead_servers_delay_nobody_who_listens() -> None:
    async def story() -> None:
        with silent_server() as servers:
            pc = with_channel(iceServers=servers, gatheringTimeout=2 * BOUND, ice=PATIENT)
            heard = listen(pc, "on")
            await within(pc.setLocalDescription())
            assert heard == []
            await until(pc, "icecandidate", lambda: heard)
            assert heard[0].type == "host"
            assert pc.iceGatheringState == "gathering"
            await pc.close()

    run(story)


def test_the_complete_description_is_to_be_had_with_trickle_too() -> None:
    async def story() -> None:
        pc = with_channel(trickle=True)
        await pc.setLocalDescription()
        complete = await within(pc.completeLocalDescription())
        assert complete == pc.localDescription
        assert complete.sdp.count("a=end-of-candidates") == 1
        await pc.close()

    run(story)


def test_the_complete_description_is_waited_for_as_long_as_said() -> None:
    async def story() -> None:
        with silent_server() as servers:
            pc = with_channel(iceServers=servers, trickle=True, ice=PATIENT)
            assert await pc.completeLocalDescription() is None
            await pc.setLocalDescription()
            description = await within(pc.completeLocalDescription(timeout=0))
            assert "a=candidate" in description.sdp
            assert "a=end-of-candidates" not in description.sdp
            await pc.close()

    run(story)


def test_the_order_of_events() -> None:
    """W3C §4.4.1.5, §4.7.1: the description, then gathering, candidates, complete, None."""

    async def story() -> None:
        pc = with_channel()
        happened: list[str] = []
        pc.onsignalingstatechange = lambda event: happened.append(pc.signalingState)
        pc.onicegatheringstatechange = lambda event: happened.append(pc.iceGatheringState)
        pc.onicecandidate = lambda event: happened.append(
            "None" if event.candidate is None else event.candidate.type
        )
        await pc.setLocalDescription()
        happened.append("set")
        await until(pc, "icecandidate", lambda: "None" in happened)
        assert happened == ["have-local-offer", "set", "gathering", "host", "complete", "None"]
        await pc.close()

    run(story)


def test_candidates_say_where_they_belong() -> None:
    async def story() -> None:
        pc = make(bundlePolicy="max-compat")
        pc.createDataChannel("call")
        pc.addTransceiver("audio")
        heard = listen(pc, "on")
        await pc.setLocalDescription()
        await until(pc, "icecandidate", lambda: None in heard)
        assert heard.index(None) == len(heard) - 1
        assert {(one.sdpMid, one.sdpMLineIndex) for one in heard[:-1]} == {("0", 0), ("1", 1)}
        for one in heard[:-1]:
            assert f"a=ice-ufrag:{one.usernameFragment}\r\n" in local_text(pc)
            assert f"a={one.candidate}" in local_text(pc)
        await pc.close()

    run(story)


async def forward(sender: RTCPeerConnection, receiver: RTCPeerConnection, call: Call) -> None:
    """Bring candidates to the other side, as JSON, until there are no more."""
    side = "offerer" if sender is call.offerer else "answerer"
    queue: asyncio.Queue[RTCIceCandidate | None] = asyncio.Queue()
    sender.on("icecandidate", queue.put_nowait)
    while (candidate := await queue.get()) is not None:
        given = candidate.toJSON()
        text = call.middle.rewrite(f"{given['candidate']} ", side).strip()
        await receiver.addIceCandidate({**given, "candidate": text})
    await receiver.addIceCandidate(None)


def test_a_call_whose_candidates_come_after_the_descriptions() -> None:
    async def story() -> None:
        async with calling() as call:
            offerer, answerer = call.offerer, call.answerer
            sending = asyncio.ensure_future(forward(offerer, answerer, call))
            answering = asyncio.ensure_future(forward(answerer, offerer, call))
            # Both have to listen before anything is set.
            await asyncio.sleep(0)
            offer = await offerer.createOffer()
            assert "a=candidate" not in offer.sdp
            await answerer.setRemoteDescription(offer)
            await offerer.setLocalDescription(offer)
            await answerer.setLocalDescription(answer := await answerer.createAnswer())
            await offerer.setRemoteDescription(answer)
            await within(asyncio.gather(sending, answering))
            await call.opened()
            assert offerer.remoteDescription is not None
            assert "a=candidate" in offerer.remoteDescription.sdp
            assert "a=end-of-candidates" in offerer.remoteDescription.sdp

    run(story)


def test_a_second_negotiation_gathers_only_when_ice_restarts() -> None:
    async def story() -> None:
        async with calling() as call:
            await call.negotiate()
            await call.opened()
            heard = listen(call.offerer, "on")
            states: list[str] = []
            call.offerer.on(
                "icegatheringstatechange", lambda: states.append(call.offerer.iceGatheringState)
            )
            call.offerer.addTransceiver("audio")
            await call.negotiate()
            assert (heard, states) == ([], [])
            before = local_text(call.offerer)
            call.offerer.restartIce()
            await call.negotiate()
            await within(call.offerer.completeLocalDescription())
            assert states == ["gathering", "complete"]
            assert heard[-1] is None
            assert heard[0].type == "host"
            assert heard[0].usernameFragment not in before
            await state_is(call.offerer, "connected")

    run(story)


def test_a_dead_server_is_reported() -> None:
    """W3C §4.8.2: 701 for a server that could not be reached."""

    async def story() -> None:
        assert QUICK.ice is not None
        timings = replace(QUICK.ice.timings, gathering=SHORT)
        ice = replace(QUICK.ice, timings=timings)
        with silent_server() as servers:
            pc = with_channel(iceServers=servers, ice=ice)
            errors: list[Any] = []
            pc.on("icecandidateerror", errors.append)
            await within(pc.setLocalDescription())
            assert pc.iceGatheringState == "complete"
            assert "a=end-of-candidates" in local_text(pc)
            assert sorted(error.url for error in errors) == sorted(
                str(server.urls) for server in servers
            )
            for error in errors:
                assert error.errorCode == 701
                assert error.address == "127.0.0.1"
                assert f"127.0.0.1 {error.port} typ host" in local_text(pc)
            await pc.close()

    run(story)


TEXT = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"


def forms() -> dict[str, object]:
    """Write one candidate in all forms that are taken."""
    aiortc = aiortc_candidate(TEXT.removeprefix("candidate:"))
    aiortc.sdpMid = "0"
    return {
        "dictionary": {"candidate": TEXT, "sdpMid": "0"},
        "index": {"candidate": TEXT, "sdpMLineIndex": 0},
        "attribute": {"candidate": f"a={TEXT}", "sdpMid": "0"},
        "object": RTCIceCandidate({"candidate": TEXT, "sdpMid": "0"}),
        "json": RTCIceCandidate({"candidate": TEXT, "sdpMid": "0"}).toJSON(),
        "aiortc": aiortc,
    }


async def answering() -> RTCPeerConnection:
    """Make a connection that has an offer without candidates."""
    offerer = with_channel()
    offer = await offerer.createOffer()
    await offerer.close()
    pc = make()
    await pc.setRemoteDescription(offer)
    return pc


@pytest.mark.parametrize("form", forms())
def test_a_candidate_is_taken_in_every_form(form: str) -> None:
    async def story() -> None:
        pc = await answering()
        for _ in range(2):
            await pc.addIceCandidate(forms()[form])
            assert remote_text(pc).count(f"a={TEXT}\r\n") == 1
        assert "a=end-of-candidates" not in remote_text(pc)
        await pc.close()

    run(story)


@pytest.mark.parametrize(
    "end",
    [None, "", {}, {"candidate": ""}, {"candidate": "", "sdpMid": "0"}, {"sdpMLineIndex": 0}],
    ids=repr,
)
def test_the_end_of_candidates_in_every_form(end: object) -> None:
    async def story() -> None:
        pc = await answering()
        await pc.addIceCandidate(end)
        assert remote_text(pc).count("a=end-of-candidates\r\n") == 1
        await pc.close()

    run(story)


def test_a_peer_that_does_not_trickle_gets_a_complete_answer() -> None:
    """RFC 8838 §3: its description has all its candidates, and it takes no more."""

    async def story() -> None:
        offerer = with_channel()
        await offerer.setLocalDescription()
        text = local_text(offerer).replace("a=ice-options:trickle ", "a=ice-options:")
        text = "".join(
            line for line in text.splitlines(keepends=True) if not line.startswith("a=ice-options")
        )
        pc = make()
        await pc.setRemoteDescription(RTCSessionDescription(text, "offer"))
        assert pc.canTrickleIceCandidates is False
        await pc.setLocalDescription()
        assert "a=end-of-candidates" in local_text(pc)
        await asyncio.gather(offerer.close(), pc.close())

    run(story)


def test_peers_that_trickle_without_saying_so_connect() -> None:
    """As Pion's: no candidates in the descriptions, no trickle announced, all candidates later."""

    def bare(pc: RTCPeerConnection) -> str:
        text = re.sub("a=(candidate|end-of-candidates|ice-options).*\r\n", "", local_text(pc))
        assert "trickle" not in text
        return text

    async def story() -> None:
        one, other = with_channel(trickle=False), make(trickle=False)
        await one.setLocalDescription()
        await other.setRemoteDescription({"type": "offer", "sdp": bare(one)})
        await other.setLocalDescription()
        await one.setRemoteDescription({"type": "answer", "sdp": bare(other)})
        assert one.canTrickleIceCandidates is False
        for source, target in ((one, other), (other, one)):
            for line in re.findall("a=(candidate.*)\r\n", local_text(source)):
                await target.addIceCandidate({"candidate": line, "sdpMid": "0"})
        await state_is(one, "connected")
        await one.close()
        await other.close()

    run(story)
