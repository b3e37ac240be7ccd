"""Blocks of captures, and the headers that are written anew."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.trace import pcapng
from peer.trace.pcapng import Interface

from .capture_reading import read_capture

V4 = ("192.0.2.1", 40000), ("198.51.100.2", 50000)
V6 = ("2001:db8::1", 40000), ("2001:db8::2", 50000)


def total(data: bytes) -> int:
    """The sum of 16-bit words (RFC 1071): 0xFFFF where a checksum is right."""
    padded = data + bytes(len(data) % 2)
    words: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while words > 0xFFFF:
        words = (words & 0xFFFF) + (words >> 16)
    return words


def test_a_file_has_three_interfaces_and_says_what_it_is() -> None:
    found = read_capture(pcapng.head("hot"))
    assert found.comment == "hot"
    assert found.interfaces == [
        ("wire", 101),
        ("DTLS", 252),
        ("SCTP inside DTLS", 248),
        ("RTP inside SRTP", 252),
    ]


def test_keys_are_a_line_of_the_key_log() -> None:
    block = pcapng.secrets(bytes(range(32)), bytes(48))
    ((_, text),) = read_capture(block).secrets
    assert text == f"CLIENT_RANDOM {bytes(range(32)).hex()} {'00' * 48}\n"


@pytest.mark.parametrize("comment", ["", "carried", "ü€"])
@pytest.mark.parametrize("data", [b"", b"1", b"1234"])
def test_a_packet(data: bytes, comment: str) -> None:
    time = 1780000000.123456
    block = pcapng.packet(Interface.DATA, time, data, leaves=True, size=99, comment=comment)
    (found,) = read_capture(block).packets
    assert found.time == pytest.approx(time, abs=1e-6)
    assert found._replace(time=0) == (0, 2, 0, data, 99, True, comment)


@given(data=st.binary(max_size=64))
def test_a_datagram_of_ipv4_has_right_checksums(data: bytes) -> None:
    shown = pcapng.udp(data, *V4)
    size = 28 + len(data)
    assert len(shown) == size
    header, rest = shown[:20], shown[20:]
    assert total(header) == 0xFFFF
    assert struct.unpack_from("!BxH4xBB", header) == (0x45, size, 64, 17)
    assert header[12:] == bytes((192, 0, 2, 1, 198, 51, 100, 2))
    assert struct.unpack_from("!HHH", rest) == (40000, 50000, 8 + len(data))
    assert total(header[12:] + struct.pack("!HH", 17, len(rest)) + rest) == 0xFFFF
    assert rest[8:] == data


@given(data=st.binary(max_size=64))
def test_a_datagram_of_ipv6_has_a_right_checksum(data: bytes) -> None:
    shown = pcapng.udp(data, *V6)
    assert len(shown) == 48 + len(data)
    assert struct.unpack_from("!IHBB", shown) == (6 << 28, 8 + len(data), 17, 64)
    pseudo = shown[8:40] + struct.pack("!II", 8 + len(data), 17)
    assert total(pseudo + shown[40:]) == 0xFFFF


@given(data=st.binary(min_size=1, max_size=64))
def test_a_segment_has_a_right_checksum(data: bytes) -> None:
    shown = pcapng.tcp(data, *V4, 7, 1 << 32)
    assert total(shown[:20]) == 0xFFFF
    assert struct.unpack_from("!HHII", shown, 20) == (40000, 50000, 7, 0)
    assert total(shown[12:20] + struct.pack("!HH", 6, 20 + len(data)) + shown[20:]) == 0xFFFF
    assert shown[40:] == data


@pytest.mark.parametrize(("way", "codes"), [(V4, (20, 21)), (V6, (22, 23))])
def test_tags_name_protocol_and_addresses(
    way: tuple[pcapng.Address, pcapng.Address], codes: tuple[int, int]
) -> None:
    data = pcapng.tags("rtp", *way)
    found = {}
    while data[:2] != b"\0\0":
        code, size = struct.unpack_from("!HH", data)
        found[code] = data[4 : 4 + size]
        data = data[4 + size :]
    assert data == bytes(4)
    assert found.keys() == {12, 24, 25, 26, *codes}
    assert (found[12], found[25], found[26]) == (
        b"rtp\0",
        (40000).to_bytes(4, "big"),
        (50000).to_bytes(4, "big"),
    )


def test_a_hidden_address_is_nobodys() -> None:
    assert bytes(4) in pcapng.tags("rtp", ("hidden.local", 1), ("fe80::1%eth0", 2))


@pytest.mark.parametrize(
    ("head", "size"),
    [
        ("8060 0001 00000000 00000007", 12),
        ("8260 0001 00000000 00000007 00000001 00000002", 20),
        ("9060 0001 00000000 00000007 bede 0001 10000000", 20),
        ("9160 0001 00000000 00000007 00000001 bede 0000", 20),
        ("9060 0001 00000000 00000007 bede ffff", 20),  # an extension longer than the packet
    ],
)
def test_the_head_of_media(head: str, size: int) -> None:
    header = bytes.fromhex(head)
    padded = header + b"beef"
    assert pcapng.media_head(padded) == size
    assert pcapng.media_head(padded[:11]) == 11


def test_rtcp_is_all_head() -> None:
    assert pcapng.media_head(b"\x80\xc8" + bytes(26)) == 28
