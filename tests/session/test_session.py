"""When the states of a connection change, and who hears of it first (W3C §4.3, §5.6)."""

import asyncio
import logging
import re
from functools import partial
from typing import Any

import pytest

from peer import RTCPeerConnection
from peer.jsep import association
from peer.testing import Network, PictureTrack, ToneTrack, connect
from peer.testing import run as run_virtually
from tests.api.calls import negotiate, two, until, until_connected
from tests.api.support import make, run, turns
from tests.testing.support import Heard as HeardTrack
from tests.testing.support import Seen, closing


class Heard:
    """The states of a connection at each event of it and of its transport."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.pc = pc
        self.events: list[tuple[str, str, str]] = []
        for name in ("iceconnectionstatechange", "connectionstatechange"):
            pc.addEventListener(name, lambda event: self.note(event.type))

    def follow(self) -> None:
        """Listen to the transport as well, once it is there."""
        sctp = self.pc.sctp
        assert sctp is not None
        sctp.transport.addEventListener("statechange", lambda _: self.note("dtls"))
        ice = sctp.transport.iceTransport
        ice.addEventListener("statechange", lambda _: self.note(f"ice {ice.state}"))
        pair = "selectedcandidatepairchange"
        ice.addEventListener(pair, lambda _: self.note(f"pair {ice.state}"))

    def note(self, name: str) -> None:
        self.events.append((name, self.pc.iceConnectionState, self.pc.connectionState))


def test_all_states_have_changed_before_the_first_event() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            pc.createDataChannel("")
            heard = Heard(pc)
            await pc.setLocalDescription()
            heard.follow()
            await negotiate(pc, other)
            await until_connected(pc, other)
            reached = heard.events[3][1]
            assert reached in ("connected", "completed")
            assert heard.events[:6] == [
                ("ice checking", "checking", "connecting"),
                ("iceconnectionstatechange", "checking", "connecting"),
                ("connectionstatechange", "checking", "connecting"),
                (f"pair {reached}", reached, "connecting"),
                (f"ice {reached}", reached, "connecting"),
                ("iceconnectionstatechange", reached, "connecting"),
            ]
            dtls = [one for one in heard.events if one[0] == "dtls"]
            assert [state for _, _, state in dtls] == ["connecting", "connected"]
            assert ("connectionstatechange", pc.iceConnectionState, "connected") in heard.events

    run(scenario)


def test_a_connection_is_new_as_long_as_there_is_nobody_to_check() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            for each in (pc, other):
                each.onicecandidate = repr  # Candidates are not waited for, and not told on.
            pc.createDataChannel("")
            offer = await pc.createOffer()
            await pc.setLocalDescription(offer)
            await other.setRemoteDescription(offer)
            answer = await other.createAnswer()
            await other.setLocalDescription(answer)
            await pc.setRemoteDescription(answer)
            for each in (pc, other):
                assert (each.iceConnectionState, each.connectionState) == ("new", "new")

    run(scenario)


@pytest.mark.parametrize("complete", [False, True])
def test_rolling_the_first_offer_back_makes_gathering_new(complete: bool) -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            heard: list[str] = []
            pc.onicegatheringstatechange = lambda _: heard.append(pc.iceGatheringState)
            pc.onicecandidate = repr
            pc.createDataChannel("")
            await pc.setLocalDescription()
            if complete:
                await pc.completeLocalDescription()
            await pc.setLocalDescription({"type": "rollback"})
            # There are no transports (W3C §4.3.2), and that is told in a task of its own.
            assert pc.iceGatheringState == "new"
            before = ["gathering", "complete"] if complete else ["gathering"]
            assert heard == before
            await turns()
            assert heard == [*before, "new"]

    run(scenario)


def test_a_certificate_that_was_not_signalled_is_an_error_of_its_own() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            pc.createDataChannel("")
            heard: list[tuple[str, str]] = []
            await pc.setLocalDescription()
            assert pc.sctp is not None
            dtls = pc.sctp.transport
            dtls.onerror = lambda event: heard.append((event.error.errorDetail, dtls.state))
            dtls.onstatechange = lambda event: heard.append((event.type, dtls.state))

            def alter(sdp: str) -> str:
                # The answer alone is active, and signals a certificate that nobody has.
                wrong = ":".join(["00"] * 32)
                return re.sub("sha-256 .*(?=\r\na=setup:active)", f"sha-256 {wrong}", sdp)

            await negotiate(pc, other, alter)
            await until(pc, "connectionstatechange", lambda: pc.connectionState == "failed")
            # W3C §5.5: the error comes first.
            assert heard[-2:] == [("fingerprint-failure", "failed"), ("statechange", "failed")]

    run(scenario)


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_sides_that_chose_the_same_ssrc_choose_again(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 3550 §8.2: with the first packet; sound and pictures go on, and descriptions follow.

    Whoever hears of it before anything was sent changes alone.
    """
    # Those of the media alone are the same: the peer collides once.
    chosen = iter([11, 12, 13, 11, 22, 23])
    monkeypatch.setattr(association, "make_ssrc", lambda _: next(chosen))

    async def story() -> None:
        net = Network(seed=1)
        alice, bob = net.host("alice"), net.host("bob")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            heard: list[HeardTrack | Seen] = []
            asked: list[RTCPeerConnection] = []
            for each in (a, b):
                each.addTrack(ToneTrack() if kind == "audio" else PictureTrack())
                heard.append(HeardTrack(each) if kind == "audio" else Seen(each))
            await connect(a, b)
            for each in (a, b):
                each.on("negotiationneeded", partial(asked.append, each))
            await asyncio.sleep(5)
            assert all(one.longest_gap < (0.05 if kind == "audio" else 0.5) for one in heard)
            sent = {pc: one.ssrc for pc in (a, b) for one in await sent_by(pc)}
            assert len(set(sent.values())) == 2
            changed = [pc for pc, ssrc in sent.items() if ssrc != 11]
            assert sorted(asked, key=id) == sorted(changed, key=id)
            await connect(a, b)
            for each in changed:
                assert each.localDescription is not None
                line = f"a=ssrc:{sent[each]} previous-ssrc:11\r\n"
                assert line in each.localDescription.sdp
            assert {pc: one.ssrc for pc in (a, b) for one in await sent_by(pc)} == sent

    run_virtually(story())


def test_media_that_cannot_be_set_up_with_another_source_is_given_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the change, so that nobody can be told by an exception."""
    escaped: list[dict[str, Any]] = []

    def fail(step: object) -> None:
        raise OSError(24, "Too many open files")

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: escaped.append(context))
        net = Network(seed=1)
        async with closing(net.host("alice").connection(), net.host("bob").connection()) as (a, b):
            sender = a.addTrack(PictureTrack())
            await connect(a, b)
            (transceiver,) = a.getTransceivers()
            assert transceiver.mid is not None
            monkeypatch.setattr(a._session.media, "carry_out", fail)
            a._session.source_collided(transceiver.mid, "ssrc")
            await asyncio.sleep(1)
            assert a.connectionState == "connected"
            assert sender.getParameters().codecs == []

    run_virtually(story())
    assert escaped == []
    assert "Too many open files" in caplog.text


async def sent_by(pc: RTCPeerConnection) -> list[Any]:
    return [one for one in (await pc.getStats()).values() if one.type == "outbound-rtp"]


def test_what_is_let_pass_in_a_description_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            pc.createDataChannel("")
            await pc.setLocalDescription()
            assert pc.localDescription is not None
            text = pc.localDescription.sdp.replace("\r\n", "\n")
            with caplog.at_level(logging.DEBUG, "peer.session"):
                await other.setRemoteDescription({"type": "offer", "sdp": text})
            assert caplog.messages == [
                "let pass in the peer's description: line 1: lines end in LF"
            ]

    run(scenario)


def test_a_connection_is_explained_at_any_time() -> None:
    """Before it has a loop, in one, and when it is closed."""
    pc = make()
    assert str(pc.explain()).startswith("It was never connected: new after ")

    async def scenario() -> None:
        await pc.setLocalDescription()
        assert str(pc.explain()).startswith("It is not connected yet: new after ")
        await pc.close()
        assert pc.explain().words.startswith("It was never connected: ")

    pc.createDataChannel("chat")
    run(scenario)
    assert pc.explain().causes == ["no-answer"]
