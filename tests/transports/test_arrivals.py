"""Telling a peer when its packets arrived, in virtual time."""

import asyncio
from dataclasses import replace

import pytest
from aiortc.rtcrtpparameters import RTCRtcpFeedback

from peer.rtp import (
    CongestionFeedback,
    HeaderExtensions,
    MaximumBitrate,
    TransportFeedback,
    read_compound,
)
from peer.testing import run
from peer.transports.arrivals import ArrivalFeedback
from peer.transports.inbound import InboundPacket
from peer.transports.ntp import ntp_time
from peer.transports.parameters import RtpReceiveParameters
from tests.transports.media import VP8, receive_parameters

AGREED = replace(VP8, rtcpFeedback=[*VP8.rtcpFeedback, RTCRtcpFeedback("transport-cc")])


def packet(number: int | None, ssrc: int = 7) -> InboundPacket:
    extensions = HeaderExtensions()
    extensions.transport_sequence_number = number
    return InboundPacket(96, 0, 1, 0, ssrc, b"x", extensions=extensions)


def section(**changes: object) -> RtpReceiveParameters:
    return receive_parameters("v0", codecs=(AGREED,), **changes)


def feedback(sent: list[bytes]) -> list[TransportFeedback]:
    packets = [packet for data in sent for packet in read_compound(data).packets]
    return [packet for packet in packets if isinstance(packet, TransportFeedback)]


def test_arrivals_are_told_a_tenth_of_a_second_later() -> None:
    async def program() -> None:
        sent: list[bytes] = []
        arrivals, loop = ArrivalFeedback(sent.append), asyncio.get_running_loop()
        arrivals.agree([receive_parameters("a0"), section(reduced_size=True)])
        for number in (10, 11, 13):
            arrivals.note(packet(number), 1000, loop.time())
            await asyncio.sleep(0.01)
        assert sent == []
        await asyncio.sleep(0.2)
        (message,) = feedback(sent)
        assert (message.sender, message.media, message.base) == (99, 7, 10)
        assert message.arrivals == (0, 40, None, 80)
        assert len(read_compound(sent[0]).packets) == 1
        arrivals.close()

    run(program())


def test_it_stands_in_a_compound_where_reduced_size_was_not_agreed() -> None:
    async def program() -> None:
        sent: list[bytes] = []
        arrivals = ArrivalFeedback(sent.append)
        arrivals.agree([section()])
        arrivals.note(packet(1), 100, 0.0)
        await asyncio.sleep(0.2)
        assert len(read_compound(sent[0]).packets) == 3
        arrivals.close()

    run(program())


def test_the_feedback_of_rfc_8888_takes_the_place_of_the_other() -> None:
    async def program() -> None:
        sent: list[bytes] = []
        arrivals, loop = ArrivalFeedback(sent.append), asyncio.get_running_loop()
        streams = replace(VP8, rtcpFeedback=[RTCRtcpFeedback("ack", "ccfb")])
        by_stream = receive_parameters("v0", codecs=(streams,), reduced_size=True)
        arrivals.agree([section(), by_stream])
        arrivals.note(packet(None), 100, loop.time())
        await asyncio.sleep(0.05)
        arrivals.note(packet(None, ssrc=8), 100, loop.time())
        await asyncio.sleep(0.2)
        ((told,), _) = read_compound(sent[0])
        assert isinstance(told, CongestionFeedback)
        offsets = [
            (stream.ssrc, stream.base, [one and one.offset for one in stream.arrivals])
            for stream in told.streams
        ]
        assert (told.sender, offsets) == (99, [(7, 1, [102]), (8, 1, [51])])
        seconds = (ntp_time() >> 16 & 0xFFFFFFFF) - told.time
        assert seconds / 65536 == pytest.approx(0.15, abs=0.001)
        arrivals.agree([section()])
        arrivals.note(packet(5), 100, loop.time())
        await asyncio.sleep(0.2)
        assert len(feedback(sent)) == 1
        arrivals.close()

    run(program())


def test_who_has_neither_is_told_what_the_path_seems_to_carry() -> None:
    """REMB; and none once there is other feedback (browsers would give up their own estimate)."""

    async def program() -> None:
        sent: list[bytes] = []
        arrivals, loop = ArrivalFeedback(sent.append), asyncio.get_running_loop()
        plain = receive_parameters("v0", reduced_size=True)
        arrivals.agree([receive_parameters("a0"), plain])

        async def flow() -> None:
            for _ in range(700):
                one = packet(None)
                one.extensions.abs_send_time = int(loop.time() * (1 << 18)) & 0xFFFFFF
                arrivals.note(one, 1000, loop.time())
                await asyncio.sleep(0.01)

        await flow()
        told = [one for data in sent for one in read_compound(data).packets]
        assert {type(one) for one in told} == {MaximumBitrate}
        assert isinstance(told[0], MaximumBitrate)
        assert (told[0].sender, told[0].ssrcs) == (99, (7,))
        assert told[0].bitrate == pytest.approx(800_000, rel=0.05)
        sent.clear()
        arrivals.agree([plain, section()])
        await flow()
        arrivals.agree([])
        await flow()
        assert sent == []
        arrivals.close()

    run(program())


def test_nothing_is_told_that_was_not_agreed_or_carries_no_number() -> None:
    async def program() -> None:
        sent: list[bytes] = []
        arrivals = ArrivalFeedback(sent.append)
        arrivals.agree([receive_parameters("a0")])
        arrivals.note(packet(1), 100, 0.0)
        arrivals.agree([section()])
        arrivals.note(packet(None), 100, 0.0)
        await asyncio.sleep(1.0)
        assert sent == []

    run(program())


def test_a_closed_transport_tells_nothing_and_leaves_no_timer() -> None:
    async def program() -> None:
        sent: list[bytes] = []
        arrivals = ArrivalFeedback(sent.append)
        arrivals.agree([section()])
        arrivals.note(packet(1), 100, 0.0)
        arrivals.close()
        arrivals.close()
        await asyncio.sleep(1.0)
        assert sent == []

    run(program())


def test_a_transport_that_is_not_connected_loses_it() -> None:
    def fail(_: bytes) -> None:
        raise ConnectionError

    async def program() -> None:
        arrivals = ArrivalFeedback(fail)
        arrivals.agree([section()])
        arrivals.note(packet(1), 100, 0.0)
        await asyncio.sleep(0.2)
        arrivals.note(packet(2), 100, 0.2)
        arrivals.close()

    run(program())
