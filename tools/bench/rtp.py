"""Time what the media plane does with one packet, without network, encryption and codecs.

    python -m tools.bench.rtp [--packets N]

Prints CPU microseconds for a packet: from the bytes of its header to the decision to decode it.
A voice call has 50 such packets a second in each direction, a picture of 2 Mbit/s about 200.
"""

import argparse
import time
from collections.abc import Callable, Iterator

from peer.rtp import (
    AudioBuffer,
    EagerAudioBuffer,
    FrameBuffer,
    H264Depayloader,
    RtpPacket,
    TimeLine,
    Vp8Depayloader,
    read_packet,
    sound_reader,
    write_packet,
)
from peer.rtp.payloads.piece import Depayloader

PACKETS_OF_A_PICTURE = 8
OPUS = bytes.fromhex("48 80") + bytes(60)
VP8_FIRST = bytes.fromhex("90 80 8005 10 02 00 9d 01 2a 40 01 f0 00") + bytes(1100)
VP8_REST = bytes.fromhex("80 80 8005") + bytes(1100)
SPS = bytes.fromhex("6742c01eda0280f6c04400000fa40003a983c58bb8")
PPS = bytes.fromhex("68ce3c80")
H264_FIRST = bytes.fromhex("7c 85 80") + bytes(1100)
H264_REST = bytes.fromhex("7c 05") + bytes(1100)


def datagrams(count: int, ticks: int, payloads: tuple[bytes, ...]) -> list[bytes]:
    """Packets of one source whose payloads take turns, as bytes."""
    turn = len(payloads)
    return [
        write_packet(
            RtpPacket(
                payload_type=96,
                sequence_number=number & 0xFFFF,
                timestamp=number // turn * ticks & 0xFFFFFFFF,
                ssrc=1,
                payload=payloads[number % turn],
                marker=number % turn == turn - 1,
            )
        )
        for number in range(count)
    ]


def placed(
    data: list[bytes], line: TimeLine, rate: int, interval: float
) -> Iterator[tuple[RtpPacket, int, int, float]]:
    """Read packets and find their places."""
    now = 1000.0
    for datagram in data:
        packet = read_packet(datagram)
        assert isinstance(packet, RtpPacket)
        place = line.place(packet.ssrc, packet.sequence_number, packet.timestamp, rate, now)
        assert place is not None
        yield packet, place.number, place.time, now
        now += interval


def voice(data: list[bytes], buffer: AudioBuffer[bytes] | EagerAudioBuffer[bytes]) -> None:
    """Opus packets through a buffer."""
    read = sound_reader("audio/opus", 48000, 2)
    assert read is not None
    for packet, number, when, now in placed(data, TimeLine(48000), 48000, 0.02):
        sound = read(packet.payload)
        assert sound is not None
        buffer.insert(
            number, when, sound.ticks, packet.payload, now, fec=sound.fec_ticks, is_dtx=sound.is_dtx
        )
        buffer.pull(now if buffer.deadline() is None else now + 0.019)


def video(data: list[bytes], depayloader: Depayloader) -> None:
    """Packets of pictures to frames."""
    buffer = FrameBuffer[bytes](repairs=True)
    frames = 0
    for packet, number, when, now in placed(data, TimeLine(90000, max_step_back=0.5), 90000, 0.004):
        buffer.insert(number, when, packet.payload, b"", depayloader, now, marker=packet.marker)
        frames += len(buffer.pull(now))
    assert frames >= len(data) // PACKETS_OF_A_PICTURE


def cost(run: Callable[[], None], packets: int) -> float:
    """CPU microseconds of each packet: the least of five runs."""
    times = []
    for _ in range(5):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return min(times) / packets * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=20_000)
    packets = parser.parse_args().packets
    rest = PACKETS_OF_A_PICTURE - 1
    sound = datagrams(packets, 960, (OPUS,))
    vp8 = datagrams(packets, 3000, (VP8_FIRST, *(VP8_REST,) * rest))
    h264 = datagrams(packets, 3000, (H264_FIRST, *(H264_REST,) * rest))
    for name, run in (
        ("Opus, even pace", lambda: voice(sound, AudioBuffer(48000))),
        ("Opus, at once", lambda: voice(sound, EagerAudioBuffer(48000))),
        ("VP8", lambda: video(vp8, Vp8Depayloader())),
        ("H.264", lambda: video(h264, H264Depayloader((SPS, PPS)))),
    ):
        print(f"  {name:16} {cost(run, packets):6.2f} us a packet")


if __name__ == "__main__":
    main()
