import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice.framing import MAX_FRAME, FrameSplitter, frame


@pytest.mark.parametrize(
    ("data", "expected"), [(b"", "0000"), (b"\xab", "0001ab"), (b"\xab" * 256, "0100" + "ab" * 256)]
)
def test_length_before_the_packet(data: bytes, expected: str) -> None:
    """RFC 4571 §2: 16 bits, big-endian, not counting themselves."""
    assert frame(data).hex() == expected


def test_longest_frame() -> None:
    data = bytes(65535)
    assert frame(data) == b"\xff\xff" + data
    assert FrameSplitter().feed(frame(data)) == [data]


def test_too_long_for_a_frame() -> None:
    with pytest.raises(ValueError, match="65535"):
        frame(bytes(MAX_FRAME + 1))


def test_byte_by_byte() -> None:
    splitter = FrameSplitter()
    found = []
    for byte in frame(b"one") + frame(b"") + frame(b"three"):
        found += splitter.feed(bytes((byte,)))
    assert found == [b"one", b"", b"three"]


def test_an_empty_frame_is_a_packet() -> None:
    """RFC 4571 §2: a length of zero is valid."""
    assert FrameSplitter().feed(b"\0\0\0\0") == [b"", b""]


def test_nothing_before_the_last_byte() -> None:
    splitter = FrameSplitter()
    data = frame(bytes(65535))
    assert splitter.feed(data[:-1]) == []
    assert splitter.feed(data[-1:]) == [bytes(65535)]
    assert splitter.feed(b"") == []


def test_the_rest_is_kept_for_later() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(frame(b"one") + frame(b"two")[:3]) == [b"one"]
    assert splitter.feed(frame(b"two")[3:]) == [b"two"]


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=30), max_size=8), st.lists(st.integers(1, 20), min_size=1))
def test_however_the_stream_is_cut(packets: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(map(frame, packets))
    splitter, found, position, turn = FrameSplitter(), [], 0, 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        found += splitter.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    assert found == packets
