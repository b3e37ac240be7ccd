"""Operations of the connection: what is refused at once, and what an implicit rollback tells."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.api.errors import (
    DOMException,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    RTCError,
)
from tests.api.calls import negotiate, two, until_connected
from tests.api.support import run, turns

Act = Callable[[RTCPeerConnection], Any]
HOST = "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host"


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda pc: pc.createAnswer(), InvalidStateError),
        (lambda pc: pc.setLocalDescription({"type": "answer"}), InvalidStateError),
        (lambda pc: pc.setLocalDescription({"type": "rollback"}), InvalidStateError),
        (
            lambda pc: pc.setLocalDescription({"type": "offer", "sdp": "v=0"}),
            InvalidModificationError,
        ),
        (lambda pc: pc.setRemoteDescription({"type": "answer", "sdp": ""}), InvalidStateError),
        (lambda pc: pc.setRemoteDescription({"type": "rollback"}), InvalidStateError),
        (lambda pc: pc.addIceCandidate({"candidate": HOST, "sdpMid": "0"}), InvalidStateError),
    ],
)
def test_the_first_operation_is_refused_within_the_call(
    act: Act, error: type[DOMException]
) -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            # W3C chain: an empty one runs the operation at once.
            with pytest.raises(error):
                act(pc).send(None)

    run(scenario)


def test_later_operations_go_by_what_holds_then() -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            offering = asyncio.ensure_future(pc.setLocalDescription())
            rolling_back = asyncio.ensure_future(pc.setLocalDescription({"type": "rollback"}))
            await asyncio.gather(offering, rolling_back)
            assert pc.signalingState == "stable"

    run(scenario)


def test_what_is_added_while_an_offer_is_made_is_in_it() -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            offering = asyncio.ensure_future(pc.createOffer())
            await asyncio.sleep(0)
            pc.addTransceiver("audio")
            assert "m=audio" in (await offering).sdp

    run(scenario)


class Heard:
    """What a connection tells, with its signalling state then."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.events: list[tuple[str, str]] = []
        for name in ("signalingstatechange", "negotiationneeded"):
            pc.addEventListener(
                name, lambda event: self.events.append((event.type, pc.signalingState))
            )


async def glare(pc: RTCPeerConnection, other: RTCPeerConnection) -> str:
    """Have both sides offer; returns the offer of the other."""
    pc.addTransceiver("audio")
    other.addTransceiver("video")
    await turns()
    await pc.setLocalDescription()
    return (await other.createOffer()).sdp


def test_an_implicit_rollback_visits_stable() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            offer = await glare(pc, other)
            heard = Heard(pc)
            await pc.setRemoteDescription({"type": "offer", "sdp": offer})
            assert heard.events == [
                ("signalingstatechange", "stable"),
                ("signalingstatechange", "have-remote-offer"),
            ]
            await pc.setLocalDescription()
            await turns()
            # The audio is still to be offered.
            assert heard.events[2:] == [
                ("signalingstatechange", "stable"),
                ("negotiationneeded", "stable"),
            ]

    run(scenario)


def test_negotiation_is_needed_only_after_all_operations_have_been_heard_of() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            other.addTransceiver("audio")
            other.addTransceiver("video")
            offer = await other.createOffer()
            pc.addTransceiver("video")
            pc.onicecandidate = repr  # Candidates are not waited for then.
            heard = Heard(pc)
            # Operations that begin with the turn in which the need arose come first (W3C §4.7.3),
            # and so does whatever awaits them.
            await asyncio.gather(
                pc.setRemoteDescription(offer),
                *(pc.addIceCandidate({"candidate": HOST, "sdpMid": mid}) for mid in "01"),
                pc.setLocalDescription(),
            )
            assert heard.events == [
                ("signalingstatechange", "have-remote-offer"),
                ("signalingstatechange", "stable"),
            ]
            await turns()
            assert heard.events[2:] == [("negotiationneeded", "stable")]

    run(scenario)


def test_an_offer_that_is_refused_rolls_nothing_back() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            offer = await glare(pc, other)
            heard = Heard(pc)
            with pytest.raises(RTCError):
                await pc.setRemoteDescription({"type": "offer", "sdp": offer + "nonsense\r\n"})
            assert pc.signalingState == "have-local-offer"
            assert heard.events == []

    run(scenario)


def test_closing_between_the_rollback_and_the_offer() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            offer = await glare(pc, other)
            pc.onsignalingstatechange = lambda _: pc.close()
            with pytest.raises(InvalidStateError):
                await pc.setRemoteDescription({"type": "offer", "sdp": offer})
            assert pc.signalingState == "closed"

    run(scenario)


def association(pc: RTCPeerConnection) -> Any:
    sctp: Any = pc.sctp
    return sctp


@pytest.mark.parametrize("policy", ["balanced", "max-compat", "max-bundle"])
def test_transports_are_there_when_a_description_has_them(policy: str) -> None:
    async def scenario() -> None:
        async with two() as (_, other):
            pc = RTCPeerConnection({"iceServers": [], "bundlePolicy": policy})
            senders = [pc.addTransceiver(kind).sender for kind in ("audio", "video")]
            pc.createDataChannel("x")

            def transports() -> list[Any]:
                data = None if pc.sctp is None else pc.sctp.transport
                return [*(one.transport for one in senders), data]

            assert transports() == [None, None, None]
            await pc.setLocalDescription()
            one, two_, three = transports()
            assert None not in (one, two_, three)
            assert len({one, two_, three}) == (1 if policy == "max-bundle" else 3)
            assert (association(pc).state, association(pc).maxMessageSize) == ("connecting", 65536)
            description: Any = pc.localDescription
            await other.setRemoteDescription(description)
            # W3C: a remote offer sets no transports, but the association is there.
            assert [each.receiver.transport for each in other.getTransceivers()] == [None, None]
            offered = association(other)
            states = (offered.state, offered.transport.state, offered.transport.iceTransport.state)
            assert states == ("connecting", "new", "new")
            await other.setLocalDescription()
            assert association(other) is offered
            answer: Any = other.localDescription
            await pc.setRemoteDescription(answer)
            assert set(transports()) == {one}
            assert association(other).transport is other.getTransceivers()[0].sender.transport
            await pc.close()

    run(scenario)


def test_rolling_an_offer_back_takes_its_association_along() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            other.createDataChannel("x")
            await pc.setRemoteDescription(await other.createOffer())
            assert association(pc).state == "connecting"
            await pc.setRemoteDescription({"type": "rollback"})
            assert pc.sctp is None

    run(scenario)


def test_the_association_names_its_section() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            pc.addTransceiver("audio")
            pc.createDataChannel("x")
            await negotiate(pc, other)
            assert (association(pc).mid, association(other).mid) == ("1", "1")

    run(scenario)


def test_data_channels_that_are_always_negotiated_come_first() -> None:
    """W3C webrtc-extensions: and need no channel to be made."""

    async def scenario() -> None:
        pc = RTCPeerConnection({"iceServers": [], "alwaysNegotiateDataChannels": True})
        pc.addTransceiver("audio")
        offer = await pc.createOffer()
        assert re.findall("^m=([a-z]+)", offer.sdp, re.MULTILINE) == ["application", "audio"]
        await pc.close()

    run(scenario)


def test_a_rollback_takes_the_association_back() -> None:
    async def scenario() -> None:
        async with two() as (pc, _):
            pc.createDataChannel("x")
            await pc.setLocalDescription()
            assert pc.sctp is not None
            await pc.setLocalDescription({"type": "rollback"})
            assert pc.sctp is None

    run(scenario)


def test_everything_is_closed_when_the_connection_is() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            channel = pc.createDataChannel("x")
            transceiver = pc.addTransceiver("audio")
            await negotiate(pc, other)
            dtls: Any = transceiver.sender.transport
            before = (pc.localDescription, pc.remoteDescription, transceiver.mid)
            heard: list[object] = []
            for target in (dtls, dtls.iceTransport, association(pc)):
                target.onstatechange = heard.append
            ending: Awaitable[None] = pc.close()
            assert {dtls.state, dtls.iceTransport.state, association(pc).state} == {"closed"}
            assert channel.readyState == "closed"
            assert (transceiver.direction, transceiver.currentDirection) == ("stopped", "stopped")
            assert (pc.getTransceivers(), pc.getSenders()) == ([transceiver], [])
            await ending
            assert heard == []
            # W3C close: what was negotiated stays to be read.
            assert (pc.localDescription, pc.remoteDescription, transceiver.mid) == before
            assert transceiver.sender.transport is dtls

    run(scenario)


def test_channels_are_numbered_with_the_dtls_roles() -> None:
    async def scenario() -> None:
        async with two() as (pc, other):
            fixed = pc.createDataChannel("fixed", {"negotiated": True, "id": 3})
            ours = [pc.createDataChannel(label) for label in "ab"]
            theirs = other.createDataChannel("c")
            assert [one.id for one in (fixed, *ours, theirs)] == [3, None, None, None]
            await pc.setLocalDescription()
            offer: Any = pc.localDescription
            await other.setRemoteDescription(offer)
            assert [one.id for one in (*ours, theirs)] == [None, None, None]
            await other.setLocalDescription()
            answer: Any = other.localDescription
            await pc.setRemoteDescription(answer)
            # W3C: as soon as the roles are negotiated. RFC 8832 §6: the client's are even; the
            # answerer is the client here.
            assert "a=setup:active" in answer.sdp
            assert [one.id for one in (*ours, theirs)] == [1, 5, 0]
            assert (pc.createDataChannel("d").id, other.createDataChannel("e").id) == (7, 2)

    run(scenario)


def test_an_altered_description_is_taken_when_configured() -> None:
    """RFC 9429 §5.4 has it refused; aiortc takes it, and programs drop codecs that way."""

    async def scenario() -> None:
        lenient = RTCConfiguration(iceServers=[], lenientMunging=True)
        async with two(lenient) as (pc, other):
            pc.addTransceiver("audio")
            offer = await pc.createOffer()
            lines = offer.sdp.splitlines(keepends=True)
            assert "a=rtpmap:0 PCMU/8000\r\n" in lines
            kept = "".join(line for line in lines if not line.startswith("a=rtpmap:0 "))
            await pc.setLocalDescription({"type": "offer", "sdp": kept.replace(" 0 8", " 8")})
            assert "PCMU" not in str(pc.localDescription)
            await other.setRemoteDescription(await pc.completeLocalDescription())
            await other.setLocalDescription()
            await pc.setRemoteDescription(await other.completeLocalDescription())
            assert "PCMU" not in str(pc.remoteDescription)
            await until_connected(pc, other)

    run(scenario)


def test_restarting_a_closed_connection_changes_nothing() -> None:
    pc = RTCPeerConnection()
    _ = pc.close()
    pc.restartIce()
    assert pc.signalingState == "closed"


def test_an_answer_of_retransmission_alone_changes_nothing() -> None:
    async def scenario() -> None:
        async with two() as (ours, theirs):
            ours.addTransceiver("video")
            await ours.setLocalDescription()
            assert ours.localDescription is not None
            await theirs.setRemoteDescription(ours.localDescription)
            await theirs.setLocalDescription()
            assert theirs.localDescription is not None
            answer = theirs.localDescription.sdp
            alone = re.sub(r"(m=video \d+ \S+) [\d ]+", r"\1 97", answer)
            with pytest.raises(InvalidAccessError):
                await ours.setRemoteDescription({"type": "answer", "sdp": alone})
            assert ours.signalingState == "have-local-offer"
            assert ours.getTransceivers()[0].currentDirection is None
            await ours.setRemoteDescription({"type": "answer", "sdp": answer})
            await until_connected(ours, theirs)

    run(scenario)
