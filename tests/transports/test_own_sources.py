"""SSRCs of ours that the peer sends by (RFC 3550 §8.2)."""

import pytest

from peer.rtp import Goodbye, ReceiverReport, RtcpPacket, read_compound
from peer.transports.router import Drop
from peer.transports.rtcp import compound
from tests.transports.media import receive_parameters, send_parameters
from tests.transports.test_dtls import run
from tests.transports.test_group import Section, connected_groups, rtp
from tests.transports.wire import until


def test_a_source_of_ours_that_the_peer_sends_by_is_given_up() -> None:
    """RFC 3550 §8.2: BYE at once, another SSRC; what came by it is media of the peer's."""

    async def scenario() -> None:
        async with connected_groups() as groups:
            section = Section("v0", 10)
            section.start(groups)
            await section.passes()
            collided: list[tuple[str, str]] = []
            groups.left.on("collision", lambda *args: collided.append(args))
            ended: list[RtcpPacket] = []
            groups.right.rtp.set_media_sinks(
                lambda _data, _now: None, lambda data, _now: ended.extend(read_compound(data)[0])
            )
            groups.right.send_rtp(rtp(1, ssrc=10))
            await until(lambda: any(isinstance(one, Goodbye) for one in ended))
            assert [one.ssrcs for one in ended if isinstance(one, Goodbye)] == [(10,)]
            assert collided == [("v0", "ssrc")]
            for number in range(2, 50):
                groups.right.send_rtp(rtp(number, ssrc=10))
            await until(lambda: groups.left.drops[Drop.UNKNOWN_STREAM] == 49)
            assert collided == [("v0", "ssrc")]
            await section.stop()

    run(scenario)


def test_reports_by_a_source_of_ours_are_no_collision() -> None:
    """Servers write into their reports the SSRC that they report on."""

    async def scenario() -> None:
        async with connected_groups() as groups:
            section = Section("v0", 10)
            section.start(groups)
            await section.passes()
            collided: list[tuple[str, str]] = []
            groups.left.on("collision", lambda *args: collided.append(args))
            groups.right.send_rtcp(compound(ReceiverReport(10), "b"))
            groups.right.send_rtp(rtp(1, ssrc=5))
            await until(lambda: groups.left.drops[Drop.UNKNOWN_STREAM] == 1)
            assert collided == []
            await section.stop()

    run(scenario)


@pytest.mark.parametrize(("ssrc", "source"), [(11, "rtx_ssrc"), (12, "fec_ssrc"), (99, "ssrc")])
def test_any_source_of_ours_may_collide(ssrc: int, source: str) -> None:
    """Those that repair, and the one that reports go by where nothing is sent."""

    async def scenario() -> None:
        async with connected_groups() as groups:
            section = Section("v0", 10)
            section.sender.send(groups.left, send_parameters("v0", 10, rtx_ssrc=11, fec_ssrc=12))
            section.receiver.receive(groups.left, receive_parameters("v1"))
            collided: list[tuple[str, str]] = []
            groups.left.on("collision", lambda *args: collided.append(args))
            groups.right.send_rtp(rtp(1, ssrc=ssrc))
            await until(lambda: bool(collided))
            assert collided == [("v1" if ssrc == 99 else "v0", source)]
            await section.stop()

    run(scenario)
