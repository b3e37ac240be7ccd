"""Reading SRTP with a bounded number of streams."""

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session

from peer.transports.srtp import MAX_SSRCS, SrtpReader
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
    with pytest.raises(pylibsrtp.Error):
        reader.read(bytes([128, 96]) + bytes(40), control=False)
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
