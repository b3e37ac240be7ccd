"""Whether a socket has more to read."""

import socket
import sys

import pytest

from peer.net.pending import is_empty
from peer.net.udp import bind

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")


def test_a_socket_is_empty_until_a_datagram_comes() -> None:
    buffer = bytearray(4)
    with bind("127.0.0.1") as bound, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        assert is_empty(bound.fileno(), buffer)
        other.sendto(b"one", bound.getsockname())
        assert not is_empty(bound.fileno(), buffer)
        bound.recv(10)
        assert is_empty(bound.fileno(), buffer)


def test_what_does_not_tell_may_have_something() -> None:
    with open("/dev/null", "rb") as nothing:
        assert not is_empty(nothing.fileno(), bytearray(4))
