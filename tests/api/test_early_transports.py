"""The transports of a channel are there to listen to before they are negotiated, as in aiortc."""

from typing import Any

import pytest

from peer import AudioStreamTrack, RTCDataChannel
from tests.api.support import calling, make, run, state_is, until


def listen(channel: RTCDataChannel) -> list[str]:
    """Note the states of all transports of a channel, with listeners attached by now."""
    heard: list[str] = []
    sctp = channel.transport
    parts: dict[str, Any] = {"sctp": sctp, "dtls": sctp.transport, "ice": sctp.transport.transport}
    for name, part in parts.items():
        part.on("statechange", lambda name=name, part=part: heard.append(f"{name} {part.state}"))
    return heard


@pytest.mark.parametrize("media", [False, True])
def test_who_listens_before_negotiation_hears_of_everything(media: bool) -> None:
    async def story() -> None:
        async with calling() as call:
            heard = listen(call.channel)
            early = call.channel.transport
            transport, ice = early.transport, early.transport.transport
            assert (early.state, transport.state, ice.state) == ("connecting", "new", "new")
            assert ice.iceGatherer.state == ice.gatheringState == "new"
            assert (ice.role, ice.component) == ("unknown", "rtp")
            assert ice.getLocalCandidates() == ice.getRemoteCandidates() == []
            assert [ice.getSelectedCandidatePair(), ice.getLocalParameters()] == [None, None]
            assert ice.getRemoteParameters() is None
            assert transport.getRemoteCertificates() == []
            # W3C: null before it is negotiated.
            assert vars(call)["offerer"].sctp is None
            if media:
                call.offerer.addTrack(AudioStreamTrack())
            await call.offer()
            assert call.offerer.sctp is early
            parameters = transport.getLocalParameters()
            await call.answerer.setLocalDescription()
            await call.offerer.setRemoteDescription(call.show("answerer"))
            await call.opened()
            assert call.channel.transport is call.offerer.sctp is early
            assert (early.transport, early.transport.transport) == (transport, ice)
            assert transport.getLocalParameters().fingerprints == parameters.fingerprints
            assert {"ice checking", "dtls connecting", "dtls connected", "sctp connected"} <= set(
                heard
            )
            assert ice.getSelectedCandidatePair() is not None

    run(story)


def test_a_channel_beside_what_is_connected() -> None:
    async def story() -> None:
        async with calling() as call:
            await call.negotiate()
            await call.opened()
            second = call.offerer.createDataChannel("second")
            assert second.transport is call.offerer.sctp

    run(story)


def test_a_channel_added_to_a_call_of_media_is_to_run_over_its_transport() -> None:
    async def story() -> None:
        async with calling() as call:
            pc, other = call.offerer, call.answerer
            call.channel.close()
            await until(call.channel, "close", lambda: call.channel.readyState == "closed")
            pc.addTrack(AudioStreamTrack())
            await call.negotiate()
            await state_is(pc, "connected")
            transport = pc.getSenders()[0].transport
            late = pc.createDataChannel("late")
            assert late.transport.transport is transport
            await call.negotiate()
            await until(late, "open", lambda: late.readyState == "open")
            assert late.transport.transport is transport
            assert other.sctp is not None

    run(story)


def test_what_was_never_negotiated_is_closed_with_the_connection() -> None:
    async def story() -> None:
        pc = make()
        asked, unasked = pc.createDataChannel("asked"), pc.createDataChannel("unasked")
        transport = asked.transport.transport
        await pc.close()
        for channel in (asked, unasked):
            assert channel.transport.state == "closed"
            assert channel.transport.transport is transport
        assert transport.state == transport.transport.state == "closed"

    run(story)
