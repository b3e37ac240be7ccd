"""UDP segmentation offload, by the kernel's own cutting and gluing."""

import socket
import struct
import sys
from collections.abc import Iterator
from unittest.mock import Mock, patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.net.segmentation import (
    can_segment,
    enable_coalescing,
    receive_coalesced,
    segment_control,
    split,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the offload")
GRO = (17, 104)


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with (
        socket.socket(family, socket.SOCK_DGRAM) as one,
        socket.socket(family, socket.SOCK_DGRAM) as other,
    ):
        for each in (one, other):
            each.settimeout(5)
            each.bind((request.param, 0))
        yield one, other


@linux
@pytest.mark.parametrize("last", [1, 999, 1000])
def test_the_kernel_cuts_a_run_into_its_datagrams(
    pair: tuple[socket.socket, socket.socket], last: int
) -> None:
    one, other = pair
    run = [b"a" * 1000, b"b" * 1000, b"c" * last]
    one.sendmsg(run, segment_control(1000), 0, other.getsockname())
    assert [other.recv(2048) for _ in run] == run


@linux
@pytest.mark.parametrize("last", [1, 999, 1000])
def test_what_the_kernel_glued_is_taken_apart(
    pair: tuple[socket.socket, socket.socket], last: int
) -> None:
    one, other = pair
    assert enable_coalescing(other)
    run = [b"a" * 1000, b"b" * 1000, b"c" * last]
    one.sendmsg(run, segment_control(1000), 0, other.getsockname())
    one.sendto(b"alone", other.getsockname())
    datagrams, source = receive_coalesced(other)
    assert list(datagrams) == run
    assert source == one.getsockname()[:2]
    datagrams, _ = receive_coalesced(other)
    assert list(datagrams) == [b"alone"]


@given(st.binary(max_size=300), st.integers(min_value=-2, max_value=400))
def test_splitting_loses_nothing(data: bytes, size: int) -> None:
    pieces = list(split(data, [(*GRO, struct.pack("=i", size))]))
    assert b"".join(pieces) == data
    if size > 0:
        assert all(len(piece) == size for piece in pieces[:-1])
        assert len(pieces[-1]) <= size or len(pieces) == 1


@pytest.mark.parametrize(
    "ancillary",
    [[], [(17, 103, struct.pack("=i", 2))], [(0, 104, struct.pack("=i", 2))], [(*GRO, b"\2\0")]],
)
def test_other_control_messages_say_nothing(ancillary: list[tuple[int, int, bytes]]) -> None:
    assert list(split(b"datagram", ancillary)) == [b"datagram"]


def test_an_empty_datagram_stays_one() -> None:
    assert list(split(b"", [])) == [b""]


def test_systems_that_know_no_coalescing() -> None:
    bound = Mock()
    bound.setsockopt.side_effect = OSError("no such option")
    assert not enable_coalescing(bound)
    with patch("peer.net.segmentation._AVAILABLE", False):
        assert not can_segment()
        assert not enable_coalescing(Mock())
