"""Packets whose loss others show."""

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters

from peer.rtp import HeaderExtensions, RtpPacket, write_packet
from peer.rtp.extensions import TRANSPORT_WIDE_CC
from peer.transports.parameters import extension_numbers
from peer.transports.receiver import RtpReceiver
from tests.transports.media import receive_parameters
from tests.transports.test_dtls import run
from tests.transports.test_group import connected_groups
from tests.transports.wire import until


@pytest.mark.parametrize(("videos", "asked"), [((5,), 1), ((5, 6), 0)])
def test_a_packet_whose_loss_sound_shows_is_asked_for_where_it_is_clear_whose_it_is(
    videos: tuple[int, ...], asked: int
) -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            numbered = RTCRtpHeaderExtensionParameters(6, TRANSPORT_WIDE_CC)
            numbers = extension_numbers((numbered,))
            receivers = {4: RtpReceiver("audio")} | {ssrc: RtpReceiver("video") for ssrc in videos}
            for ssrc, receiver in receivers.items():
                mid = f"{receiver.kind[0]}{ssrc}"
                described = receive_parameters(mid, ssrcs=(ssrc,), header_extensions=(numbered,))
                receiver.receive(groups.right, described)

            def send(number: int, ssrc: int, sequence_number: int) -> None:
                said = HeaderExtensions()
                said.transport_sequence_number = number
                profile, extension = numbers.write(said)
                packet = RtpPacket(
                    payload_type=111 if ssrc == 4 else 96,
                    sequence_number=sequence_number,
                    timestamp=0,
                    ssrc=ssrc,
                    payload=b"\x10x",
                    profile=profile,
                    extension=extension,
                )
                groups.left.send_rtp(write_packet(packet))

            for number, ssrc in enumerate(receivers):
                send(number, ssrc, 1)
            send(len(receivers) + 1, 4, 2)
            await until(lambda: [one.packets_received for one in receivers[4].statistics()] == [2])
            # It is asked for again where this takes long.
            assert bool(receivers[5].nacks_sent) == asked
            for receiver in receivers.values():
                await receiver.stop()

    run(scenario)
