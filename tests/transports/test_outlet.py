"""What one sender sends, within its share."""

import asyncio
from dataclasses import replace

import pytest

from peer.rtp import TRANSPORT_WIDE_CC, ReportBlock, TransportFeedback
from peer.rtp.congestion import Carried, Demand, LostPacket
from peer.testing import run as run_virtually
from peer.transports import RTCRtcpFeedback, RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters
from peer.transports.ntp import ntp_time
from peer.transports.outbound import EncodedFrame
from peer.transports.outlet import LEAST_AUDIO, LEAST_VIDEO, ROOM_TIME, Outlet, SendDrop
from peer.transports.parameters import RtpSendParameters
from tests.transports.media import (
    EXTENSIONS,
    OPUS,
    RTX,
    VP8,
    Recorder,
    now,
    repeated,
    send_parameters,
)
from tests.transports.test_dtls import run

NUMBERED = RTCRtpHeaderExtensionParameters(6, TRANSPORT_WIDE_CC)
FEEDBACK_VP8 = RTCRtpCodecParameters(
    "video/VP8", 90000, None, 96, [RTCRtcpFeedback("transport-cc")]
)


def video(**changes: object) -> RtpSendParameters:
    values = {"rtx_ssrc": 8, "codecs": (VP8, RTX), **changes}
    return send_parameters("v0", 7, **values)


def opened(transport: Recorder, **changes: object) -> Outlet:
    outlet = Outlet("video")
    outlet.open(transport.sending, video(**changes), VP8)
    return outlet


def test_a_frame_leaves_as_packets() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet = opened(transport)
        assert outlet.transmit(EncodedFrame(bytes(500), 0), VP8, now())
        assert [packet.ssrc for packet in transport.rtp] == [7]
        assert not outlet.transmit(EncodedFrame(b"", 0), VP8, now())
        assert outlet.drops == {SendDrop.TOO_LARGE: 1}
        outlet.close()
        outlet.close()
        assert not outlet.transmit(EncodedFrame(bytes(500), 0), VP8, now())

    run(scenario)


def test_a_packet_is_repeated_once_in_a_round_trip() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet = opened(transport)
        outlet.transmit(EncodedFrame(bytes(500), 0), VP8, now())
        sent, at = transport.rtp[0], now()
        for step in range(45):
            outlet.repeat([sent.sequence_number], at + step / 45)
        again = transport.rtp[1:]
        assert len(again) == 9
        assert again[0].ssrc == repeated(sent).ssrc
        assert outlet.drops[SendDrop.REPEATED_LATELY] == 36

    run(scenario)


def test_repair_takes_a_part_of_the_rate() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet = opened(transport)
        begin = now()
        transport.sending.note_limit(8e6, begin)
        for number in range(10):
            outlet.transmit(EncodedFrame(bytes(1000), number), VP8, begin)
            await asyncio.sleep(0.005)
        transport.sending.note_limit(100_000, begin)
        numbers = [packet.sequence_number for packet in transport.rtp]
        outlet.repeat(numbers, begin + 1)
        assert outlet.drops[SendDrop.REPEATED_ENOUGH] == len(numbers) - 2

    run(scenario)


def test_what_a_report_says_is_lost_is_repeated_unasked() -> None:
    """The request is lost, and then the retransmission: two copies go the second time."""

    async def scenario() -> None:
        transport = Recorder()
        outlet = Outlet("video")
        parameters = video(header_extensions=(*EXTENSIONS, NUMBERED), codecs=(FEEDBACK_VP8, RTX))
        outlet.open(transport.sending, parameters, FEEDBACK_VP8)
        outlet.transmit(EncodedFrame(bytes(500), 0), FEEDBACK_VP8, now())
        await asyncio.sleep(0.5)

        async def lose(*positions: int) -> list[int]:
            """Report packets by their places among those that left; returns those of new ones."""
            before = len(transport.rtp)
            for position in positions:
                transport.sending.take(TransportFeedback(1, 2, position + 1, 0, 0, (None,)), now())
            await asyncio.sleep(0.05)
            return list(range(before, len(transport.rtp)))

        (first,) = await lose(0)
        second, third = await lose(first)
        assert {transport.rtp[one].ssrc for one in (first, second, third)} == {8}
        assert await lose(0, first, third) == []
        assert len(await lose(second)) == 2
        outlet.close()
        assert outlet.repair([], now())

    run_virtually(scenario())


def test_what_is_lost_by_the_dozen_is_repeated_within_the_budget() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet = opened(transport)
        transport.sending.note_limit(8e6, now())
        for number in range(10):
            outlet.transmit(EncodedFrame(bytes(1000), number), VP8, now())
            await asyncio.sleep(0.005)
        transport.sending.note_limit(100_000, now())
        # What has no number of the transport's has that of the next packet that will.
        lost = [LostPacket(1, Carried(7, packet.sequence_number)) for packet in transport.rtp]
        assert not outlet.repair(lost, now())
        assert outlet.drops[SendDrop.REPEATED_ENOUGH] > 0
        outlet.close()

    run(scenario)


def test_what_waits_to_leave_is_not_repeated() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet = opened(transport)
        outlet.transmit(EncodedFrame(bytes(20_000), 0), VP8, now())
        assert outlet.backlog() > 0
        first = transport.rtp[0].sequence_number
        before = len(transport.rtp)
        outlet.repeat([first + 15], now())
        assert outlet.drops[SendDrop.REPEATED_LATELY] == 1
        assert len(transport.rtp) == before
        outlet.drop_waiting()
        assert outlet.backlog() == 0
        outlet.close()

    run(scenario)


def test_a_report_that_tells_no_round_trip_repeats_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue is found by the round trips: one of long ago says nothing of it."""

    async def scenario() -> None:
        transport = Recorder()
        outlet = opened(transport)
        told: list[float | None] = []
        monkeypatch.setattr(transport.sending, "note_loss", lambda *args: told.append(args[2]))
        quarter = (ntp_time() >> 16) - (1 << 14) & 0xFFFFFFFF
        for last_report in (quarter, quarter, 0, quarter):
            outlet.note_report(ReportBlock(7, 0, 0, 0, 0, last_report, 0), now())
        assert told == [pytest.approx(0.25, abs=0.001), None, pytest.approx(0.25, abs=0.001)]
        outlet.close()

    run_virtually(scenario())


def test_padding_is_a_retransmission_of_what_was_sent() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet = Outlet("video")
        outlet.open(transport.sending, video(header_extensions=(*EXTENSIONS, NUMBERED)), VP8)
        numbered = [outlet.is_numbered]
        codecs = (FEEDBACK_VP8, RTX)
        parameters = video(header_extensions=(*EXTENSIONS, NUMBERED), codecs=codecs)
        outlet.open(transport.sending, parameters, FEEDBACK_VP8)
        assert [*numbered, outlet.is_numbered] == [False, True]
        by_stream = replace(VP8, rtcpFeedback=[RTCRtcpFeedback("ack", "ccfb")])
        assert not outlet.is_reported_by_stream
        outlet.open(transport.sending, parameters, by_stream)
        assert (outlet.is_numbered, outlet.is_reported_by_stream) == (False, True)
        outlet.open(transport.sending, parameters, FEEDBACK_VP8)
        assert outlet.pad(500) == ()
        outlet.transmit(EncodedFrame(bytes(100), 0), VP8, now())
        outlet.transmit(EncodedFrame(bytes(900), 3000), VP8, now())
        (padding,) = outlet.pad(1000)
        assert padding.is_numbered
        assert padding.size > 900
        assert outlet.pad(20) == ()
        outlet.close()

    run(scenario)


@pytest.mark.parametrize(
    ("size", "most"),
    [((320, 240), 600e3), ((640, 360), 1.7e6), ((1280, 720), 2.5e6), ((3840, 2160), 5e6)],
)
def test_larger_pictures_can_use_more(size: tuple[int, int], most: float) -> None:
    async def scenario() -> None:
        outlet = opened(Recorder())
        outlet.note_picture(*size)
        assert outlet.demand(now()) == Demand(LEAST_VIDEO, most, enforced=True)
        outlet = opened(Recorder(), max_bitrate=200_000)
        assert outlet.demand(now()).most == 200_000
        for rid in (None, "h"):
            outlet = opened(Recorder(), max_bitrate=0, rid=rid)
            assert (outlet.demand(now()).most, outlet.share(now())) == (0, 0)
        assert opened(Recorder(), active=False).demand(now()).most == 0

    run(scenario)


def test_what_others_leave_is_shared_by_priority() -> None:
    async def scenario() -> None:
        transport, begin = Recorder(), now()
        transport.sending.note_limit(900_000 + 2 * LEAST_VIDEO, begin)
        outlets = [Outlet("video"), Outlet("video")]
        for index, outlet in enumerate(outlets):
            parameters = send_parameters(f"v{index}", index + 7, priority=1.0 + index)
            outlet.open(transport.sending, parameters, VP8)
            outlet.note_picture(1280, 720)
        shares = [outlet.share(begin) - LEAST_VIDEO for outlet in outlets]
        assert shares == [pytest.approx(300_000), pytest.approx(600_000)]
        assert all(outlet.is_held_back for outlet in outlets)
        content = send_parameters("v1", 8, max_bitrate=100_000)
        outlets[1].open(transport.sending, content, VP8)
        assert [outlet.share(begin) for outlet in outlets] == [860_000, 100_000]
        assert [outlet.is_held_back for outlet in outlets] == [True, False]

    run(scenario)


def test_sound_needs_what_it_takes_and_is_never_paused() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet, begin = Outlet("audio"), now()
        outlet.open(transport.sending, send_parameters("a0", 9), OPUS)
        assert outlet.demand(begin).enforced
        for index in range(50):
            outlet.transmit(EncodedFrame(bytes(80), index * 960), OPUS, begin + index * 0.02)
        size = 50 * 8 * (80 + 38 + 12 + 20)
        assert outlet.demand(begin + 1).least == pytest.approx(size, rel=0.1)
        outlet.share(begin)
        assert not outlet.is_held_back
        assert outlet.bitrate(begin) is None

    run(scenario)


def test_sound_has_the_room_that_headers_leave() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet, begin = Outlet("audio"), now()
        rooms = [outlet.room(begin)]
        outlet.open(transport.sending, send_parameters("a0", 9), OPUS)
        rooms.append(outlet.room(begin))
        for index in range(50):
            outlet.transmit(EncodedFrame(bytes(80), index * 960), OPUS, begin + index * 0.02)
        headers = 8 * (outlet.stream.header_octets_sent + 50 * 38) if outlet.stream else 0
        for limit, later in ((100_000, 0.98), (20_000, 0.99), (20_000, 0.98 + ROOM_TIME)):
            transport.sending.note_limit(limit, begin)
            rooms.append(outlet.room(begin + later))
        assert rooms == [None, None, 100_000 - headers, 100_000 - headers, LEAST_AUDIO]
        assert opened(transport).room(begin) is None

    run(scenario)


def test_an_encoder_gets_less_the_more_is_repeated() -> None:
    async def scenario() -> None:
        transport = Recorder()
        outlet, begin = opened(transport), now()
        transport.sending.note_limit(800_000, begin)
        for index in range(6):
            outlet.transmit(EncodedFrame(bytes(1000), index), VP8, begin)
            await asyncio.sleep(0.012)
        before = outlet.bitrate(begin)
        outlet.repeat([packet.sequence_number for packet in transport.rtp], begin + 0.5)
        after = outlet.bitrate(begin + 0.5)
        assert before is not None
        assert after is not None
        assert 200_000 <= after < before < 800_000

    run(scenario)
