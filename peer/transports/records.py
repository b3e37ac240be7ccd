"""DTLS records and datagrams: a record never spans two of them (RFC 6347 §4.1.1)."""

import enum

from peer.records import dataclass

_HEADER = 13
MAX_PLAINTEXT = 16384
MAX_DATAGRAM = MAX_PLAINTEXT + 2048 + _HEADER
"""Bytes of the largest record (RFC 6347 §4.3.1); OpenSSL has room for no more at a time."""


class DtlsDrop(enum.Enum):
    """Why a datagram was lost between ICE and the media."""

    NOT_DTLS_NOR_SRTP = "not-dtls-nor-srtp"
    TOO_LONG = "too-long"
    NO_KEYS = "no-keys"
    UNPROTECTED_ALERT = "unprotected-alert"
    UNEXPECTED_RECORD = "unexpected-record"
    SRTP_REFUSED = "srtp-refused"
    DTLS_REFUSED = "dtls-refused"
    NOBODY_LISTENS = "nobody-listens"


@dataclass(slots=True)
class TransportCounters:
    """What went through a transport, in datagrams and their bytes."""

    packets_sent: int = 0
    bytes_sent: int = 0
    packets_received: int = 0
    bytes_received: int = 0


def split_records(data: bytes, mtu: int) -> list[bytes]:
    """Return the records of `data`, as many in a datagram as `mtu` bytes hold, at least one."""
    if len(data) <= mtu:
        return [data] if data else []
    datagrams = []
    start = end = 0
    while end < len(data):
        following = end + _record_length(data, end)
        if following - start > mtu and end > start:
            datagrams.append(data[start:end])
            start = end
        end = following
    datagrams.append(data[start:])
    return datagrams


def _record_length(data: bytes, at: int) -> int:
    """Return the length of the record that begins there, header included."""
    if data[at] & 0xE0 != 0x20:
        return _HEADER + int.from_bytes(data[at + 11 : at + 13], "big")
    # RFC 9147 §4: the unified header; without the length bit the record fills the datagram.
    if not data[at] & 0x04:
        return len(data) - at
    length_at = at + (3 if data[at] & 0x08 else 2)
    return length_at - at + 2 + int.from_bytes(data[length_at : length_at + 2], "big")
