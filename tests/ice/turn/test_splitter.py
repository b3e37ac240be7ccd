import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import stun
from peer.ice.turn import MessageSplitter, channel_data

STUN = stun.build(
    stun.Method.DATA, stun.MessageClass.INDICATION, bytes(12), [(stun.DATA, b"abcde")]
)


def pieces(lengths: range) -> list[bytes]:
    return [channel_data(0x4000 + size, bytes(size), padded=False) for size in lengths]


def over_tcp(message: bytes) -> bytes:
    return message + bytes(-len(message) % 4)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_interleaved_messages_however_the_bytes_arrive(step: int) -> None:
    """RFC 8656 §12.5: padded to four bytes over TCP, the length leaves the padding out."""
    messages: list[bytes] = []
    for piece in pieces(range(8)):
        messages += [piece, STUN]
    stream = b"".join(map(over_tcp, messages))
    splitter = MessageSplitter()
    found: list[bytes] = []
    for position in range(0, len(stream), step):
        found += splitter.feed(stream[position : position + step])
    assert found == messages


@given(st.lists(st.binary(max_size=50), max_size=10), st.integers(1, 40))
def test_round_trip(payloads: list[bytes], step: int) -> None:
    messages = [channel_data(0x4FFF, payload, padded=False) for payload in payloads]
    stream = b"".join(channel_data(0x4FFF, payload, padded=True) for payload in payloads)
    splitter = MessageSplitter()
    found: list[bytes] = []
    for position in range(0, len(stream), step):
        found += splitter.feed(stream[position : position + step])
    assert found == messages


@pytest.mark.parametrize("data", [b"\x50\0\0\0", b"\x16\x03\x01\0", b"\xff" * 4, b"\x04\0\0\0"])
def test_bytes_that_are_neither_is_refused(data: bytes) -> None:
    """RFC 8656 §12: 0x5000-0xFFFF are reserved, so the stream is out of step for good."""
    with pytest.raises(stun.StunError) as caught:
        MessageSplitter().feed(data)
    assert caught.value.reason == "bad-framing"


def test_stun_length_that_is_no_multiple_of_four_is_refused() -> None:
    with pytest.raises(stun.StunError, match="multiple of 4"):
        MessageSplitter().feed(b"\0\1\0\3")


def test_longest_channel_data() -> None:
    message = channel_data(0x4000, bytes(65535), padded=True)
    assert len(message) == 65540
    assert MessageSplitter().feed(message) == [message[:-1]]


@given(st.binary(max_size=300))
def test_garbage_raises_nothing_else(data: bytes) -> None:
    splitter = MessageSplitter()
    try:
        for message in splitter.feed(data):
            assert message[0] < 4 or 64 <= message[0] <= 79
    except stun.StunError:
        pass
