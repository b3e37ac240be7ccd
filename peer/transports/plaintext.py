"""Which records of a DTLS 1.2 datagram OpenSSL gets to see (RFC 6347 §4.1).

Nothing protects the first flights of a handshake: whoever may write into the path can forge a
record. One that cannot be part of the handshake is dropped here, as RFC 6347 §4.1.2.7 wants it,
since OpenSSL would end the handshake over it. Once keys are there, only what they protect counts.
"""

import enum
import struct

MAX_RECORDS = 8
"""Records of one datagram that are looked at; a whole flight has six."""
MAX_MESSAGE = 102400
"""Bytes of a handshake message: what OpenSSL takes for a chain of certificates."""

_HEADER = struct.Struct("!BBBHHLH")
_FRAGMENT = struct.Struct("!B3sH3s3s")
_MAJOR = 254
_APPLICATION_HEAD = bytes((23, _MAJOR, 253, 0, 1))
_FATAL, _CLOSE_NOTIFY = 2, 0
# The messages before the keys (RFC 5246 §7.4, RFC 6347 §4.3.2); Finished is protected already.
_OF_CLIENT = frozenset({1, 11, 15, 16})
_OF_SERVER = frozenset({2, 3, 4, 11, 12, 13, 14, 22})


class _Type(enum.IntEnum):
    """What a record holds (RFC 5246 §6.2.1)."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


_TYPES = frozenset(_Type)


class Verdict(enum.Enum):
    """What a record is: for OpenSSL, a word of refusal that nothing proves, or nonsense."""

    GOOD = "good"
    ALERT = "alert"
    NONSENSE = "nonsense"


def cut_records(datagram: bytes) -> list[bytes]:
    """Return the whole records of a datagram, the first MAX_RECORDS of them."""
    records: list[bytes] = []
    at = 0
    while at + _HEADER.size <= len(datagram) and len(records) < MAX_RECORDS:
        end = at + _HEADER.size + int.from_bytes(datagram[at + 11 : at + 13], "big")
        if end > len(datagram):
            break
        records.append(datagram[at:end])
        at = end
    return records


def protected_records(datagram: bytes) -> tuple[list[bytes], bool]:
    """Return the records that are under keys, and whether there is anything else."""
    size = int.from_bytes(datagram[11:13], "big")
    if datagram[:5] == _APPLICATION_HEAD and len(datagram) == _HEADER.size + size:
        # As nearly all datagrams are.
        return [datagram], False
    records = cut_records(datagram)
    protected = [record for record in records if is_protected(record)]
    return protected, not records or len(protected) < len(records)


def is_protected(record: bytes) -> bool:
    """Tell whether a whole record may be of an association with keys, which are its first."""
    kind, major, _, epoch, *_ = _HEADER.unpack_from(record)
    return kind in _TYPES and major == _MAJOR and epoch == 1


def is_change(record: bytes) -> bool:
    """Tell whether a whole record is a ChangeCipherSpec (RFC 5246 §7.1)."""
    return record[0] == _Type.CHANGE_CIPHER_SPEC


def judge(record: bytes, *, from_client: bool) -> Verdict:
    """Judge a whole record that came before there were keys."""
    if is_protected(record):
        # It came before those that say how to read it, and is OpenSSL's to keep and to prove.
        return Verdict.GOOD
    kind, major, _, epoch, *_ = _HEADER.unpack_from(record)
    body = record[_HEADER.size :]
    if major != _MAJOR or epoch != 0:
        return Verdict.NONSENSE
    match kind:
        case _Type.CHANGE_CIPHER_SPEC:
            return Verdict.GOOD if body == b"\x01" else Verdict.NONSENSE
        case _Type.ALERT if len(body) == 2 and (body[0] == _FATAL or body[1] == _CLOSE_NOTIFY):
            return Verdict.ALERT
        case _Type.HANDSHAKE if _are_fragments(body, _OF_CLIENT if from_client else _OF_SERVER):
            return Verdict.GOOD
        case _:
            return Verdict.NONSENSE


def alert_code(record: bytes) -> int:
    """Return the description of an alert that nothing protects (RFC 5246 §7.2)."""
    return record[_HEADER.size + 1]


def _are_fragments(body: bytes, kinds: frozenset[int]) -> bool:
    """Check the fragments of handshake messages that fill a record (RFC 6347 §4.2.2)."""
    at = 0
    while at + _FRAGMENT.size <= len(body):
        kind, total, _, begin, count = _FRAGMENT.unpack_from(body, at)
        length, offset, size = (int.from_bytes(one, "big") for one in (total, begin, count))
        at += _FRAGMENT.size + size
        if kind not in kinds or length > MAX_MESSAGE or offset + size > length:
            return False
    return 0 < at == len(body)
