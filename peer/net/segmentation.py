"""Many datagrams in one system call: the UDP segmentation offload of Linux (udp(7)).

The kernel cuts a buffer into datagrams of one size when it sends (UDP_SEGMENT), and hands
several datagrams of one sender over in one buffer when it receives (UDP_GRO).
"""

import errno
import socket
import struct
import sys
from collections.abc import Iterator

MAX_SEGMENTS = 64
"""Datagrams in one call; the limit of the kernels that know the least."""
MAX_BYTES = 65507
"""Bytes sent in one call: what fits one UDP datagram over IPv4."""

UNKNOWN_HERE = frozenset({errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.ENOSYS})
"""Errors of a kernel that cannot cut."""
REFUSED = frozenset({errno.EIO, errno.EINVAL, errno.EMSGSIZE})
"""Errors of a way to one remote address: its device cannot cut, or a tunnel has a smaller MTU.

Plain datagrams, which may be fragmented, may well pass."""

_SOL_UDP = 17
_UDP_SEGMENT = 103
_UDP_GRO = 104
_BUFFER = 65535
_ANCILLARY_BYTES = 64
_AVAILABLE = sys.platform == "linux"

Ancillary = list[tuple[int, int, bytes]]
"""Control messages: level, type and data of each."""


def can_segment() -> bool:
    """Tell whether sending in one call is worth trying on this system."""
    return _AVAILABLE


def segment_control(size: int) -> Ancillary:
    """Make the control message that has a buffer cut into datagrams of `size` bytes."""
    return [(_SOL_UDP, _UDP_SEGMENT, struct.pack("=H", size))]


def enable_coalescing(bound: socket.socket) -> bool:
    """Have received datagrams handed over together; False when the system cannot.

    There is no way back: what is coalesced already could not be taken apart any more.
    """
    if not _AVAILABLE:
        return False
    try:
        bound.setsockopt(_SOL_UDP, _UDP_GRO, 1)
    except OSError:
        return False
    return True


def receive_coalesced(bound: socket.socket) -> tuple[Iterator[bytes], tuple[str, int]]:
    """Receive what the system hands over together, with its source. Raises OSError."""
    data, ancillary, _, source = bound.recvmsg(_BUFFER, _ANCILLARY_BYTES)
    return split(data, ancillary), source[:2]


def split(data: bytes, ancillary: Ancillary) -> Iterator[bytes]:
    """Take a received buffer apart into its datagrams; the last one may be shorter."""
    size = _segment_size(ancillary)
    if not 0 < size < len(data):
        yield data
        return
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _segment_size(ancillary: Ancillary) -> int:
    for level, kind, value in ancillary:
        if level == _SOL_UDP and kind == _UDP_GRO and len(value) == 4:
            return int.from_bytes(value, sys.byteorder)
    return 0
