"""Tones of a telephone's keys, on the stream of a sender (RFC 4733)."""

import asyncio
from dataclasses import replace
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.testing import run
from peer.transports.sender import RtpSender
from tests.transports.media import EVENTS, OPUS, PCMU, PushedTrack, Recorder, send_parameters

WIDE_EVENTS = RTCRtpCodecParameters("audio/telephone-event", 48000, 1, 112)


def test_a_tone_takes_the_place_of_sound_and_the_stream_goes_on() -> None:
    async def program() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        sender.send(transport, send_parameters("a0", 7, codecs=(OPUS, EVENTS, WIDE_EVENTS)))
        assert sender.can_send_tones
        track.push()
        await asyncio.sleep(0.02)
        sender.send_tone("7", 0.1)
        for _ in range(10):
            track.push()
            await asyncio.sleep(0.02)
        tones = [packet for packet in transport.rtp if packet.payload_type == 112]
        sound = [packet for packet in transport.rtp if packet.payload_type == 111]
        assert len(tones) == 7
        assert {packet.timestamp for packet in tones} == {sound[0].timestamp + 960 & 0xFFFFFFFF}
        assert [packet.marker for packet in tones] == [True] + 6 * [False]
        assert tones[-1].payload == bytes((7, 0x8A)) + (4800).to_bytes(2, "big")
        assert tones[0].extensions.mid == "a0"
        # 20 to 120 ms hold the tone; the time of the sound is that of its source.
        numbers = [packet.sequence_number for packet in transport.rtp]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert len(sound) == 5
        assert sound[1].timestamp - sound[0].timestamp & 0xFFFFFFFF == 7 * 960
        await sender.stop()

    run(program())


def test_a_tone_ends_where_it_may_not_be_sent_any_more() -> None:
    async def program() -> None:
        transport, agreed = Recorder(), send_parameters("a0", 7, codecs=(PCMU, EVENTS))
        sender = RtpSender("audio", PushedTrack("audio"))
        prevented: tuple[dict[str, Any], ...] = ({"active": False}, {"codecs": (PCMU,)})
        for changes in prevented:
            transport.rtp.clear()
            sender.send(transport, agreed)
            sender.send_tone("1", 6.0)
            await asyncio.sleep(0.05)
            sender.send(transport, agreed)
            await asyncio.sleep(0.05)
            sent = len(transport.rtp)
            assert sent >= 4
            sender.send(transport, replace(agreed, **changes))
            await asyncio.sleep(1.0)
            assert len(transport.rtp) == sent
        await sender.stop()

    run(program())


def test_stopping_ends_a_tone_and_leaves_no_timer() -> None:
    async def program() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        sender.send(transport, send_parameters("a0", 7, codecs=(PCMU, EVENTS)))
        sender.send_tone("1", 6.0)
        await asyncio.sleep(0.05)
        sent = len(transport.rtp)
        assert sent == 2
        sender.send_tone("2", 6.0)
        await asyncio.sleep(0.05)
        assert [packet.payload[0] for packet in transport.rtp] == [1, 1, 2, 2]
        await sender.stop()
        await asyncio.sleep(1.0)
        assert len(transport.rtp) == 4
        assert not sender.can_send_tones

    run(program())


def test_tones_by_another_clock_or_of_an_inactive_section_are_not_sent() -> None:
    """RFC 4733 §2.1: the clock is that of the sound."""

    async def program() -> None:
        transport, sender = Recorder(), RtpSender("audio")
        for codecs, active in (((OPUS, EVENTS), True), ((PCMU,), True), ((PCMU, EVENTS), False)):
            sender.send(transport, send_parameters("a0", 7, codecs=codecs, active=active))
            assert not sender.can_send_tones
            sender.send_tone("1", 0.1)
        await asyncio.sleep(0.2)
        assert not transport.rtp
        await sender.stop()

    run(program())


def test_a_transport_that_is_gone_costs_the_tone() -> None:
    async def program() -> None:
        transport, sender = Recorder(), RtpSender("audio")
        sender.send(transport, send_parameters("a0", 7, codecs=(PCMU, EVENTS)))
        sender.send_tone("1", 0.1)
        transport.up = False
        await asyncio.sleep(0.2)
        assert not transport.rtp
        await sender.stop()

    run(program())
