"""Sections, transports and media together: BUNDLE, moves, RTCP of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from peer.ice import IceState
from peer.rtp import (
    Goodbye,
    HeaderExtensions,
    ReceiverReport,
    RtcpDrop,
    RtpDrop,
    RtpPacket,
    write_packet,
)
from peer.transports.datachannel import DataChannel
from peer.transports.dtls import DtlsRole
from peer.transports.group import EARLY_PACKET_LIFETIME, TransportGroup
from peer.transports.parameters import RtpReceiveParameters
from peer.transports.receiver import RtpReceiver
from peer.transports.router import Drop
from peer.transports.rtcp import compound
from peer.transports.sctp import SctpTransport
from peer.transports.sender import RtpSender
from tests.transports.media import (
    NUMBERS,
    PushedTrack,
    receive_parameters,
    send_parameters,
)
from tests.transports.test_dtls import run
from tests.transports.wire import CERTIFICATE, OTHER_CERTIFICATE, Link, nothing, until


class Groups:
    """Two groups over as many links as there are components."""

    def __init__(
        self, components: int = 1, *, timeout: float = 30.0, report_interval: float = 1.0
    ) -> None:
        self.links = [Link(component=number + 1) for number in range(components)]
        self.left = TransportGroup(
            [link.left for link in self.links],
            CERTIFICATE,
            handshake_timeout=timeout,
            report_interval=report_interval,
        )
        self.right = TransportGroup(
            [link.right for link in self.links],
            OTHER_CERTIFICATE,
            handshake_timeout=timeout,
            report_interval=report_interval,
        )

    def connect(self, association: int = 0) -> None:
        """Begin on both sides."""
        self.left.connect(DtlsRole.CLIENT, OTHER_CERTIFICATE.fingerprints, association=association)
        self.right.connect(DtlsRole.SERVER, CERTIFICATE.fingerprints, association=association)

    async def connected(self) -> None:
        """Wait for all DTLS transports of both sides."""
        both = (*self.left.dtls, *self.right.dtls)
        await until(lambda: all(dtls.state == "connected" for dtls in both))

    async def close(self) -> None:
        """Close both sides."""
        await self.left.close()
        await self.right.close()


@asynccontextmanager
async def connected_groups(
    components: int = 1, *, report_interval: float = 1.0
) -> AsyncIterator[Groups]:
    """Two connected groups, closed at the end."""
    groups = Groups(components, report_interval=report_interval)
    groups.connect()
    await groups.connected()
    try:
        yield groups
    finally:
        await groups.close()


class Section:
    """One section: the left sends, the right receives."""

    def __init__(self, mid: str, ssrc: int) -> None:
        kind = "audio" if mid.startswith("a") else "video"
        self.mid, self.ssrc = mid, ssrc
        self.track = PushedTrack(kind)
        self.sender = RtpSender(kind, self.track)
        self.receiver = RtpReceiver(kind)

    def start(self, groups: Groups) -> None:
        """Start, or move to these groups."""
        self.receiver.receive(groups.right, receive_parameters(self.mid))
        self.sender.send(groups.left, send_parameters(self.mid, self.ssrc))

    async def passes(self, frames: int = 8) -> None:
        """Push frames until one comes out."""
        before, wanted = self.receiver.frames_decoded, self._sent() + frames
        self.track.push(frames)
        await until(lambda: self.receiver.frames_decoded > before and self._sent() == wanted)

    def _sent(self) -> int:
        figures = self.sender.statistics()
        return 0 if figures is None else figures.frames_encoded

    async def stop(self) -> None:
        """Stop both ends."""
        await self.sender.stop()
        await self.receiver.stop()


def rtp(number: int, *, mid: str | None = None, ssrc: int = 5, payload_type: int = 96) -> bytes:
    said = HeaderExtensions()
    said.mid = mid
    profile, extension = NUMBERS.write(said)
    return write_packet(
        RtpPacket(
            payload_type=payload_type,
            sequence_number=number,
            timestamp=0,
            ssrc=ssrc,
            payload=b"\x10x",
            profile=profile,
            extension=extension,
        )
    )


def test_sections_share_a_bundle_and_are_told_apart_by_mid() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            # two of a kind: only the MID tells them apart
            sections = [Section(mid, 10 + n) for n, mid in enumerate(("a0", "a1", "v0", "v1"))]
            for section in sections:
                section.start(groups)
            for section in sections:
                await section.passes()
                (figures,) = section.receiver.statistics()
                assert figures.ssrc == section.ssrc
            assert groups.right.drops == {}
            for section in sections:
                await section.stop()

    run(scenario)


def test_media_flows_both_ways_and_reports_with_it() -> None:
    async def scenario() -> None:
        async with connected_groups(report_interval=0.02) as groups:
            section = Section("v0", 10)
            section.start(groups)
            await section.passes()
            await until(
                lambda: (
                    (figures := section.sender.statistics()) is not None
                    and figures.remote is not None
                    and figures.remote.round_trip_time is not None
                )
            )
            await until(lambda: section.receiver.statistics()[0].remote is not None)
            # The sender answers the receiver's reference times (RFC 3611 §4.5).
            await until(lambda: section.receiver.round_trip is not None)
            assert 0 <= (section.receiver.round_trip or 0) < 1
            back = RtpSender("audio", PushedTrack("audio"))
            there = RtpReceiver("audio")
            there.receive(groups.left, receive_parameters("a0"))
            back.send(groups.right, send_parameters("a0", 20))
            assert isinstance(back.track, PushedTrack)
            back.track.push(8)
            await until(lambda: there.frames_decoded > 0)
            await back.stop()
            await there.stop()
            await section.stop()

    run(scenario)


def test_lost_packets_are_repaired() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            section = Section("v0", 10)
            section.receiver.receive(groups.right, receive_parameters("v0", rtx={11: 10}))
            section.sender.send(groups.left, send_parameters("v0", 10, rtx_ssrc=11))
            await section.passes()
            wire = groups.links[0].to_right
            wire.passes = nothing
            count = len(wire.sent)
            section.track.push()
            await until(lambda: len(wire.sent) > count)
            wire.passes = lambda _data: True
            await section.passes()
            await until(lambda: section.receiver.packets_repaired == 1)
            await section.stop()

    run(scenario)


def test_a_section_moves_to_another_bundle() -> None:
    """The answer put the section into the group: it goes on over the group's transport."""

    async def scenario() -> None:
        async with connected_groups() as own, connected_groups() as bundle:
            section = Section("v0", 10)
            section.start(own)
            await section.passes()
            section.start(bundle)
            await own.close()
            await section.passes()
            assert len(section.receiver.statistics()) == 1
            await section.stop()

    run(scenario)


def test_a_sender_waits_for_the_transport_it_was_moved_to() -> None:
    async def scenario() -> None:
        groups = Groups()
        section = Section("a0", 10)
        section.start(groups)
        section.track.push(8)
        for _ in range(5):
            await asyncio.sleep(0)
        assert section.track.read == 0
        groups.connect()
        await until(lambda: section.receiver.frames_decoded > 0)
        await section.stop()
        await groups.close()

    run(scenario)


def test_rtcp_that_is_not_multiplexed_has_an_association_of_its_own() -> None:
    async def scenario() -> None:
        async with connected_groups(2, report_interval=0.02) as groups:
            media, control = groups.links
            handshake = len(control.to_left.sent)
            section = Section("v0", 10)
            section.start(groups)
            await section.passes()
            await until(lambda: len(control.to_left.sent) > handshake)
            await until(lambda: section.receiver.statistics()[0].remote is not None)
            for wire in (media.to_left, media.to_right):
                assert not [
                    data for data in wire.sent if data[0] >> 6 == 2 and 192 <= data[1] <= 223
                ]
            assert groups.left.rtp is not groups.left.rtcp
            await section.stop()

    run(scenario)


def test_the_second_component_goes_when_rtcp_is_multiplexed() -> None:
    async def scenario() -> None:
        groups = Groups(2)
        second = groups.left.rtcp
        for group in (groups.left, groups.right):
            group.drop_rtcp_component()
            group.drop_rtcp_component()
            assert group.rtp is group.rtcp
            assert len(group.ice) == len(group.dtls) == 1
        groups.connect()
        await groups.connected()
        assert second.state == "closed"
        assert groups.links[1].to_right.sent == []
        await groups.close()

    run(scenario)


def test_a_silent_second_component_does_not_stop_media() -> None:
    async def scenario() -> None:
        groups = Groups(2, timeout=0.3)
        groups.links[1].lose(nothing)
        groups.connect()
        await until(lambda: groups.left.rtcp.state == "failed")
        section = Section("v0", 10)
        section.start(groups)
        await section.passes()
        await section.stop()
        await groups.close()

    run(scenario)


def test_another_association_takes_over_media_and_data() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            before = groups.left.rtp
            section = Section("v0", 10)
            section.start(groups)
            left, right = SctpTransport(groups.left.rtp), SctpTransport(groups.right.rtp)
            groups.left.set_data(left)
            groups.right.set_data(right)
            incoming: list[DataChannel] = []
            right.on("datachannel", incoming.append)
            channel = left.create_channel("chat")
            left.connect(5000)
            right.connect(5000)
            await until(lambda: bool(incoming) and channel.readyState == "open")
            await section.passes()
            groups.connect()
            assert groups.left.rtp is before
            groups.connect(association=1)
            assert groups.left.rtp is not before
            await groups.connected()
            await section.passes()
            got: list[str] = []
            incoming[0].on("message", got.append)
            channel.send("still here")
            await until(lambda: got == ["still here"])
            assert before.state == "closed"
            await section.stop()
            for sctp in (left, right):
                await sctp.close()

    run(scenario)


def test_state_changes_are_told() -> None:
    async def scenario() -> None:
        groups = Groups()
        states: list[str] = []
        groups.left.on("statechange", lambda: states.append(groups.left.rtp.state))
        groups.connect()
        await groups.connected()
        await groups.close()
        await groups.close()
        assert states == ["connecting", "connected", "closed"]
        groups.connect(association=5)
        assert groups.left.rtp.state == "closed"

    run(scenario)


def test_early_packets_wait_for_their_description() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            for number in range(3):
                groups.left.send_rtp(rtp(number, mid="v0"))
                groups.left.send_rtp(rtp(number, ssrc=6, payload_type=50))
            known = Section("a0", 10)
            known.start(groups)
            await until(lambda: groups.right.drops.total() == 6)
            receiver = RtpReceiver("video")
            receiver.receive(groups.right, receive_parameters("v0"))
            (figures,) = receiver.statistics()
            assert figures.packets_received == 3
            assert +groups.right.drops == {Drop.UNKNOWN_STREAM: 3}
            await receiver.stop()
            await known.stop()

    run(scenario)


def test_early_packets_do_not_wait_for_ever() -> None:
    async def scenario() -> None:
        group = Groups().right
        now = asyncio.get_running_loop().time() - EARLY_PACKET_LIFETIME - 0.1
        sink = group.rtp._rtp_sink
        assert sink is not None
        sink(rtp(1, mid="v0"), now)
        sink(rtp(2, mid="v0"), now + EARLY_PACKET_LIFETIME)
        receiver = RtpReceiver("video")
        receiver.receive(group, receive_parameters("v0"))
        (figures,) = receiver.statistics()
        assert figures.packets_received == 1
        assert group.drops == {Drop.UNKNOWN_STREAM: 1}
        await receiver.stop()
        await group.close()

    run(scenario)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_removed_section_gets_nothing(replaced: bool) -> None:
    async def scenario() -> None:
        group = Groups().right
        first, second = RtpReceiver("video"), RtpReceiver("video")
        first.receive(group, receive_parameters("v0"))
        if replaced:
            second.receive(group, receive_parameters("v0"))
        await first.stop()
        sink = group.rtp._rtp_sink
        assert sink is not None
        sink(rtp(1, mid="v0"), asyncio.get_running_loop().time())
        assert len(second.statistics()) == int(replaced)
        await second.stop()
        await group.close()

    run(scenario)


def test_garbage_is_counted() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            groups.left.send_rtp(b"\xa0\x60" + bytes(11))
            groups.left.send_rtcp(b"\x81\xc9\x00\x01" + bytes(4))
            await until(lambda: groups.right.drops.total() == 2)
            assert groups.right.drops == {RtpDrop.WRONG_PADDING: 1, RtcpDrop.MALFORMED: 1}

    run(scenario)


def test_bye_forgets_the_stream() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            receiver = RtpReceiver("video")
            parameters: RtpReceiveParameters = receive_parameters("v0")
            receiver.receive(groups.right, parameters)
            groups.left.send_rtp(rtp(1, mid="v0"))
            await until(lambda: len(receiver.statistics()) == 1)
            groups.left.send_rtcp(compound(ReceiverReport(5), None, Goodbye((5,))))
            await until(lambda: receiver.statistics() == [])
            await receiver.stop()

    run(scenario)


def test_a_closed_ice_transport_stops_the_senders() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            section = Section("a0", 10)
            section.start(groups)
            await section.passes()
            groups.links[0].set_state(IceState.CLOSED)
            await until(lambda: not groups.left.connected)
            count = section.track.read
            section.track.push()
            for _ in range(5):
                await asyncio.sleep(0)
            assert section.track.read == count
            await section.stop()

    run(scenario)


def test_contributing_sources_do_not_multiply_a_packet() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            audio, video = RtpReceiver("audio"), RtpReceiver("video")
            audio.receive(groups.right, receive_parameters("a0", ssrcs=(20,)))
            video.receive(groups.right, receive_parameters("v0"))
            packet = RtpPacket(
                payload_type=96,
                sequence_number=1,
                timestamp=0,
                ssrc=5,
                payload=b"\x10x",
                csrcs=(20,),
            )
            groups.left.send_rtp(write_packet(packet))
            await until(lambda: len(video.statistics()) == 1)
            assert audio.statistics() == []
            assert audio.drops == {}
            await audio.stop()
            await video.stop()

    run(scenario)


def test_what_was_dropped_is_counted_by_component() -> None:
    async def scenario() -> None:
        async with connected_groups(2) as groups:
            data = SctpTransport(groups.right.rtp)
            groups.right.set_data(data)
            assert groups.right.dropped(1) == groups.right.dropped(2) == {}
            data.connect(5000)
            groups.right._receive_rtp(b"\x80", 0.0)
            data.receive(b"")
            groups.links[0].right.deliver(b"\x01", 0.0)
            groups.links[1].right.deliver(b"\x17\xfe\xfd", 0.0)
            assert groups.right.dropped(1) == {
                "rtp-too-short": 1,
                "malformed-sctp": 1,
                "not-dtls-nor-srtp": 1,
            }
            assert groups.right.dropped(2) == {"unexpected-record": 1}
            await data.close()

    run(scenario)
