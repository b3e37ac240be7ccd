"""A peer that goes silent, at every stage of set-up: the other side fails in bounded time."""

import asyncio
from functools import partial

from peer import RTCDataChannel, RTCError
from tests.api.support import (
    PLAIN_ICE,
    calling,
    configured,
    make,
    run,
    run_each,
    state_is,
    timers,
    until,
    within,
)

WARY = configured(consentTimeout=1.0, disconnectedTimeout=0.3, ice=PLAIN_ICE)
"""Fails soon when ICE is not answered."""
HASTY = configured(handshakeTimeout=1.0, ice=PLAIN_ICE)
"""Fails soon when DTLS or SCTP is not answered."""
SERVER, CLIENT = "offerer", "answerer"
"""The roles in DTLS; the offerer, which is controlling, begins SCTP."""


class Silence:
    """Lets datagrams pass until the one at which a side goes silent; that one is lost as well."""

    def __init__(self, stage: str, *, mute: bool = False) -> None:
        self._stage = stage
        self._mute = mute
        self._speaker = ""
        self._flight = 0
        self._data = {SERVER: 0, CLIENT: 0}
        self.fallen = asyncio.Event()

    def __call__(self, sender: str, data: bytes) -> bool:
        if not self.fallen.is_set() and self.name(sender, data) == self._stage:
            self.fallen.set()
        return not self.fallen.is_set() or (self._mute and data[0] < 20)

    def name(self, sender: str, data: bytes) -> str:
        """Say what a datagram is in the course of set-up."""
        if data[0] < 20:
            return "request" if data[0] == 0 else "response"
        if data[0] == 23:
            self._data[sender] += 1
            return f"data {self._data[sender]} of the {sender}"
        if sender != self._speaker:
            self._speaker = sender
            self._flight += 1
        return f"flight {self._flight}"


ICE = ("request", "response")
DTLS = ("flight 1", "flight 2", "flight 3", "flight 4")
SCTP = {
    "INIT": f"data 1 of the {SERVER}",
    "INIT-ACK": f"data 1 of the {CLIENT}",
    "COOKIE-ECHO": f"data 2 of the {SERVER}",
    "COOKIE-ACK": f"data 2 of the {CLIENT}",
}
INIT_IN_SDP = "a=sctp-init:"
"""What would spare the handshake of SCTP."""


def test_both_sides_fail_when_nothing_arrives_any_more() -> None:
    async def story(stage: str) -> None:
        async with calling(WARY, WARY) as call:
            call.middle.rule = Silence(stage)
            call.withheld = INIT_IN_SDP
            await call.negotiate()
            for pc in call.sides.values():
                await state_is(pc, "failed")
                assert pc.iceConnectionState == "failed"
            assert call.channel.readyState != "open"
        assert call.channel.readyState == "closed"

    stages = (*ICE, *DTLS, *SCTP.values())
    run_each({stage: partial(story, stage) for stage in stages})


DTLS_FAILURES = {
    "flight 1": {SERVER, CLIENT},
    "flight 2": {SERVER, CLIENT},
    "flight 3": {SERVER, CLIENT},
    # The server has said its last word: only the client knows that it did not arrive.
    "flight 4": {CLIENT},
}


def test_dtls_that_is_not_answered_fails_though_ice_goes_on() -> None:
    async def story(stage: str, failing: set[str]) -> None:
        async with calling(HASTY, HASTY) as call:
            call.middle.rule = Silence(stage, mute=True)
            await call.negotiate()
            for side in failing:
                await state_is(call.sides[side], "failed")
                assert call.sides[side].iceConnectionState in ("connected", "completed")
            for side in call.sides.keys() - failing:
                assert call.sides[side].connectionState == "connected"

    run_each({stage: partial(story, stage, sides) for stage, sides in DTLS_FAILURES.items()})


def errors_of(channel: RTCDataChannel) -> list[RTCError]:
    """Keep what a channel reports."""
    errors: list[RTCError] = []
    channel.addEventListener("error", lambda event: errors.append(event.error))
    return errors


def test_sctp_that_is_not_answered_ends_its_channels() -> None:
    """The state of SCTP is no part of the connection's (W3C §4.3.3)."""

    async def story(stage: str) -> None:
        async with calling(HASTY, HASTY) as call:
            call.middle.rule = Silence(stage, mute=True)
            errors = errors_of(call.channel)
            call.withheld = INIT_IN_SDP
            await call.negotiate()
            await until(call.channel, "close", lambda: call.channel.readyState == "closed")
            assert [error.errorDetail for error in errors] == ["sctp-failure"]
            assert call.offerer.sctp is not None
            assert call.offerer.sctp.state == "closed"
            assert call.offerer.connectionState == "connected"

    run_each({name: partial(story, stage) for name, stage in SCTP.items()})


def test_a_connected_peer_that_goes_silent() -> None:
    async def story() -> None:
        async with calling(WARY, WARY) as call:
            await call.negotiate()
            await until(
                call.offerer,
                "iceconnectionstatechange",
                lambda: call.offerer.iceConnectionState == "completed",
            )
            await state_is(call.offerer, "connected")
            states: list[str] = []
            call.offerer.on(
                "connectionstatechange", lambda: states.append(call.offerer.connectionState)
            )
            call.middle.rule = lambda sender, data: False
            for pc in call.sides.values():
                await state_is(pc, "failed")
            assert states == ["disconnected", "failed"]

    run(story)


def test_a_peer_without_candidates_whose_checks_never_come() -> None:
    """It might still be found peer-reflexive: ICE is patient, then fails (RFC 8863 §4)."""

    async def story() -> None:
        async with calling(configured(trickle=True)) as call:
            offer = await call.offerer.createOffer()
            await call.answerer.setRemoteDescription(offer)
            await call.answerer.setLocalDescription()
            await state_is(call.answerer, "failed")

    run(story)


def test_a_peer_whose_candidates_lead_nowhere() -> None:
    async def story() -> None:
        async with calling(configured(trickle=True)) as call:
            call.middle.rule = lambda sender, data: False
            await call.offer()
            await call.answerer.setLocalDescription()
            await call.answerer.addIceCandidate(None)
            await state_is(call.answerer, "failed")

    run(story)


def test_an_answer_that_never_comes_costs_nothing_while_it_is_waited_for() -> None:
    """Nothing has begun, so there is nothing that could fail (W3C §4.3.3: "new")."""

    async def story() -> None:
        pc = make()
        pc.createDataChannel("call")
        await pc.setLocalDescription()
        assert (pc.connectionState, pc.iceConnectionState) == ("new", "new")
        assert timers() == []
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await within(pc.close())

    run(story)
