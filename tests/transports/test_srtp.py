"""Reading SRTP with a bounded number of streams, and once there are keys."""

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session

from peer.transports.records import DtlsDrop
from peer.transports.srtp import (
    MAX_EARLY_AGE,
    MAX_EARLY_BYTES,
    MAX_EARLY_PACKETS,
    MAX_PACKET,
    MAX_SSRCS,
    EarlyMedia,
    SrtpReader,
)
from tests.attacks.test_dtls import media

KEY = bytes(range(30))


def sessions() -> tuple[Session, Session]:
    """Return one that protects and one that takes it off."""
    return (
        Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND)),
        Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND)),
    )


def test_reading_and_refusing() -> None:
    sender, receiver = sessions()
    reader = SrtpReader(receiver, 0)
    assert reader.read(sender.protect(media(1)), control=False) == media(1)
    forged = bytes([128, 96]) + bytes(40)
    assert reader.read(forged, control=False) is DtlsDrop.SRTP_REFUSED
    assert reader.read(forged + bytes(MAX_PACKET), control=False) is DtlsDrop.TOO_LONG
    report = bytes([0x80, 201, 0, 1, 0, 0, 0, 9])
    assert reader.read(sender.protect_rtcp(report), control=True) == report


def test_the_stream_silent_longest_makes_room() -> None:
    sender, receiver = sessions()
    reader = SrtpReader(receiver, 0)
    for number, ssrc in enumerate((*range(MAX_SSRCS), 0, MAX_SSRCS)):
        reader.read(sender.protect(media(ssrc, number)), control=False)
    # 1 is gone; 0 was heard again in time
    receiver.remove_stream(0)
    with pytest.raises(pylibsrtp.Error):
        receiver.remove_stream(1)


def test_what_waits_for_keys_is_neither_much_nor_old() -> None:
    early = EarlyMedia()
    packets = [(bytes([128]) * 1200, number / 1000) for number in range(MAX_EARLY_BYTES // 1200)]
    assert sum(early.hold(*packet) for packet in packets) == 0
    assert early.hold(b"\x80", 1.0) == 0
    assert early.hold(packets[0][0], 1.0) == 1
    assert early.release(1.0) == ([*packets[1:], (b"\x80", 1.0), (packets[0][0], 1.0)], 0)
    assert early.release(1.0) == ([], 0)
    early.hold(b"\x80", 5.0)
    assert early.hold(b"\x81", 5.1 + MAX_EARLY_AGE) == 1
    assert early.release(5.1 + MAX_EARLY_AGE) == ([(b"\x81", 5.1 + MAX_EARLY_AGE)], 0)


def test_keys_that_come_late_find_nothing_old() -> None:
    """Also when nothing came after it that would have pushed it out."""
    early = EarlyMedia()
    early.hold(b"\x80", 5.0)
    early.hold(b"\x81", 5.5)
    assert early.release(5.1 + MAX_EARLY_AGE) == ([(b"\x81", 5.5)], 1)
    assert early.hold(b"\x82", 5.1 + MAX_EARLY_AGE) == 0


def test_small_packets_that_wait_for_keys_are_no_more_than_large_ones() -> None:
    """Each takes a hundred bytes beside its own."""
    early = EarlyMedia()
    assert sum(early.hold(b"\x80", 1.0) for _ in range(MAX_EARLY_PACKETS)) == 0
    assert early.hold(b"\x81", 1.0) == 1
    assert len(early.release(1.0)[0]) == MAX_EARLY_PACKETS
