"""Error correction of the pictures that are received."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import HeaderExtensions, Nack, RtpPacket, write_packet
from peer.rtp.fec import FecDrop, make_parity, write_flexfec, write_ulpfec
from peer.testing import run as run_virtually
from peer.transports.decoding import MediaDrop
from peer.transports.inbound import InboundPacket
from peer.transports.receiver import RtpReceiver
from peer.transports.statistics import FecFigures
from tests.transports.media import (
    NUMBERS,
    RTX,
    VP8,
    Recorder,
    now,
    read_rtp,
    receive_parameters,
    repeated,
)
from tests.transports.test_receiver import feedback
from tests.transports.test_seeing import Film
from tests.transports.wire import until

RED = RTCRtpCodecParameters("video/red", 90000, None, 118)
RED_RTX = RTCRtpCodecParameters("video/rtx", 90000, None, 97, parameters={"apt": 118})
ULPFEC = RTCRtpCodecParameters("video/ulpfec", 90000, None, 120)
FLEXFEC = RTCRtpCodecParameters("video/flexfec-03", 90000, None, 35)
CODECS = (VP8, RED, RED_RTX, ULPFEC)


class Sender:
    """A stream as its sender makes it: sums of packets before numbers and times are in them."""

    def __init__(self, *, apart: bool = False) -> None:
        self.film = Film(number=100, timestamp=0)
        self.apart = apart
        self._shift = 0

    def picture(self, *, key: bool = False) -> list[bytes]:
        """Return the packets of a picture, as they are summed up."""
        return [self._plain(packet) for packet in self.film.picture(key=key)]

    def _plain(self, packet: InboundPacket) -> bytes:
        said = HeaderExtensions()
        said.mid, said.abs_send_time = "v0", 0
        profile, body = NUMBERS.write(said)
        return write_packet(
            RtpPacket(
                payload_type=96,
                sequence_number=packet.sequence_number + self._shift & 0xFFFF,
                timestamp=packet.timestamp,
                ssrc=packet.ssrc,
                payload=packet.payload,
                marker=bool(packet.marker),
                profile=profile,
                extension=body,
            )
        )

    def leave(self, plain: bytes, *, time: int = 0x123456) -> InboundPacket:
        """Return a packet as it arrives: in RED, with the time of sending in it."""
        packet = read_rtp(plain)
        said = HeaderExtensions()
        said.mid, said.abs_send_time = "v0", time
        profile, body = NUMBERS.write(said)
        return read_rtp(
            write_packet(
                RtpPacket(
                    payload_type=96 if self.apart else 118,
                    sequence_number=packet.sequence_number,
                    timestamp=packet.timestamp,
                    ssrc=packet.ssrc,
                    payload=packet.payload if self.apart else b"\x60" + packet.payload,
                    marker=bool(packet.marker),
                    profile=profile,
                    extension=body,
                )
            )
        )

    def sum(self, plain: Sequence[bytes]) -> InboundPacket:
        """Return a packet that makes one of these good; with ULPFEC it takes the next number."""
        parity, last = make_parity(plain), read_rtp(plain[-1])
        self._shift += not self.apart
        return read_rtp(
            write_packet(
                RtpPacket(
                    payload_type=35 if self.apart else 118,
                    sequence_number=last.sequence_number + 1 & 0xFFFF,
                    timestamp=last.timestamp,
                    ssrc=55 if self.apart else last.ssrc,
                    payload=write_flexfec(last.ssrc, parity)
                    if self.apart
                    else b"\x78" + write_ulpfec(parity),
                )
            )
        )


def made(transport: Recorder, codecs: Sequence[RTCRtpCodecParameters] = CODECS) -> RtpReceiver:
    receiver = RtpReceiver("video")
    receiver.receive(transport, receive_parameters("v0", codecs=tuple(codecs)))
    return receiver


def lossy(sender: Sender, pictures: int) -> Iterator[InboundPacket]:
    """Yield what arrives of pictures of which each but the first loses its first packet."""
    for index in range(pictures):
        plain = sender.picture(key=not index)
        parity = sender.sum(plain)
        yield from (sender.leave(one) for one in plain[index > 0 :])
        yield parity


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_lost_comes_of_the_sum(apart: bool) -> None:
    async def scenario() -> None:
        sender, transport = Sender(apart=apart), Recorder()
        receiver = made(transport, (VP8, RTX, FLEXFEC) if apart else CODECS)
        for packet in lossy(sender, 5):
            receiver.receive_rtp(packet, None, now())
        await until(lambda: receiver.frames_decoded == 5)
        assert not any(isinstance(one, Nack) for one in feedback(transport))
        (figures,) = receiver.statistics()
        assert figures.fec is not None
        assert figures.fec == FecFigures(5, figures.fec.octets, 1, 55 if apart else None)
        assert figures.codec == VP8
        assert not figures.drops
        # Those of ULPFEC have numbers of the stream.
        assert figures.packets_received == (6 if apart else 11)
        assert figures.packets_lost == 4
        await receiver.stop()

    run_virtually(scenario())


def test_what_no_sum_brings_is_asked_for() -> None:
    async def scenario() -> None:
        sender, transport = Sender(), Recorder()
        receiver = made(transport)
        for packet in lossy(sender, 2):
            receiver.receive_rtp(packet, None, now())
        plain = sender.picture()
        parity = sender.sum(plain)
        receiver.receive_rtp(parity, None, now())
        assert not any(isinstance(one, Nack) for one in feedback(transport))
        await until(lambda: any(isinstance(one, Nack) for one in feedback(transport)))
        (asked,) = [one for one in feedback(transport) if isinstance(one, Nack)]
        assert list(asked.numbers) == [read_rtp(one).sequence_number for one in plain]
        await receiver.stop()

    run_virtually(scenario())


def test_a_lost_sum_holds_nothing_up() -> None:
    async def scenario() -> None:
        sender, transport = Sender(), Recorder()
        receiver = made(transport)
        for index in range(4):
            plain = sender.picture(key=not index)
            sender.sum(plain)
            for one in plain:
                receiver.receive_rtp(sender.leave(one), None, now())
        # aiortc's pictures have numbers: nothing is missing between one and the next.
        await until(lambda: receiver.frames_decoded == 4)
        # Nor is it asked for: senders do not repeat sums.
        assert not any(isinstance(one, Nack) for one in feedback(transport))
        await receiver.stop()

    run_virtually(scenario())


def test_a_retransmission_of_red_is_taken_out_of_it_too() -> None:
    async def scenario() -> None:
        sender, receiver = Sender(), made(Recorder())
        first, second = (sender.leave(one) for one in sender.picture(key=True))
        receiver.receive_rtp(first, None, now())
        receiver.receive_rtp(repeated(second), None, now())
        await until(lambda: receiver.frames_decoded == 1)
        assert receiver.packets_repaired == 1
        await receiver.stop()

    run_virtually(scenario())


@pytest.mark.parametrize(("mid", "pictures"), [("v0", 2), ("v1", 1), (None, 1)])
@pytest.mark.parametrize("apart", [False, True])
def test_what_was_sent_again_helps_to_rebuild_another(
    apart: bool, mid: str | None, pictures: int
) -> None:
    """Unless it says something else of itself than the packet that was summed up."""

    async def scenario() -> None:
        sender = Sender(apart=apart)
        receiver = made(Recorder(), (VP8, RTX, FLEXFEC) if apart else CODECS)
        for packet in lossy(sender, 1):
            receiver.receive_rtp(packet, None, now())
        plain = sender.picture()
        sums = sender.sum(plain)
        again = retransmitted(sender.leave(plain[0]), mid)
        receiver.receive_rtp(sums, None, now())
        receiver.receive_rtp(again, None, now())
        await until(lambda: receiver.frames_decoded == pictures)
        (figures,) = receiver.statistics()
        assert figures.fec is not None
        assert figures.fec.received - figures.fec.discarded == pictures - 1
        await receiver.stop()

    run_virtually(scenario())


def retransmitted(packet: InboundPacket, mid: str | None) -> InboundPacket:
    """Return a retransmission, padded, with extensions of its own."""
    said = HeaderExtensions()
    said.mid, said.abs_send_time = mid, 0x654321
    profile, body = NUMBERS.write(said)
    return read_rtp(
        write_packet(
            RtpPacket(
                payload_type=97,
                sequence_number=5,
                timestamp=packet.timestamp,
                ssrc=8,
                payload=packet.sequence_number.to_bytes(2, "big") + packet.payload,
                marker=bool(packet.marker),
                profile=profile,
                extension=body,
                padding_size=6,
            )
        )
    )


def test_pictures_come_inside_of_red_and_outside() -> None:
    async def scenario() -> None:
        sender, receiver = Sender(), made(Recorder())
        for index in range(4):
            sender.apart = bool(index % 2)
            for one in sender.picture(key=not index):
                receiver.receive_rtp(sender.leave(one), None, now())
        await until(lambda: receiver.frames_decoded == 4)
        await receiver.stop()

    run_virtually(scenario())


@pytest.mark.parametrize("payload", [b"\xe0\0\0\1xx", b"\x76x", b"\x61x", b"\x7fx"])
def test_what_is_no_block_of_media_is_dropped(payload: bytes) -> None:
    """Several blocks, RED in RED, a retransmission in RED, an unknown format."""

    async def scenario() -> None:
        receiver = made(Recorder())
        receiver.receive_rtp(InboundPacket(118, 0, 1, 0, 7, payload), None, now())
        assert receiver.drops == {MediaDrop.MALFORMED_PAYLOAD: 1}
        assert not receiver.statistics()
        await receiver.stop()

    run_virtually(scenario())


def test_padding_in_red_fills_its_number() -> None:
    async def scenario() -> None:
        sender, receiver = Sender(), made(Recorder())
        (first, second) = (sender.leave(one) for one in sender.picture(key=True))
        for packet in (first, second, InboundPacket(118, 0, 102, 0, 7, b"")):
            receiver.receive_rtp(packet, None, now())
        assert not receiver.drops
        assert receiver.statistics()[0].packets_received == 3
        await receiver.stop()

    run_virtually(scenario())


def test_sums_that_fit_nothing_are_counted() -> None:
    """Of packets whose times or formats somebody has changed, and of streams nobody knows."""

    async def scenario() -> None:
        sender, receiver = Sender(apart=True), made(Recorder(), (VP8, FLEXFEC))
        first, second = sender.picture(key=True)
        unknown = sender.sum([first, second])
        receiver.receive_rtp(unknown, None, now())
        receiver.receive_rtp(sender.leave(first), None, now())
        late = bytes((*second[:4], 0x80, *second[5:]))
        receiver.receive_rtp(sender.sum([first, late]), None, now())
        third, fourth = sender.picture()
        receiver.receive_rtp(sender.leave(third), None, now())
        other = bytes((fourth[0], 0x55, *fourth[2:]))
        receiver.receive_rtp(sender.sum([third, other]), None, now())
        receiver.receive_rtp(InboundPacket(35, 0, 9, 0, 55, b"short"), None, now())
        (figures,) = receiver.statistics()
        assert figures.drops == {
            FecDrop.UNKNOWN_STREAM.value: 1,
            FecDrop.INCONSISTENT.value: 2,
            FecDrop.TRUNCATED.value: 1,
        }
        await receiver.stop()

    run_virtually(scenario())


def test_other_formats_may_be_agreed_on_later() -> None:
    async def scenario() -> None:
        transport, sender = Recorder(), Sender()
        receiver = made(transport)
        (plain, *_) = sender.picture(key=True)
        receiver.receive_rtp(sender.leave(plain), None, now())
        red = replace(RED, payloadType=100)
        receiver.receive(transport, receive_parameters("v0", codecs=(VP8, red)))
        receiver.receive_rtp(sender.leave(plain), None, now())
        assert receiver.drops == {MediaDrop.UNKNOWN_PAYLOAD_TYPE: 1}
        await receiver.stop()

    run_virtually(scenario())
