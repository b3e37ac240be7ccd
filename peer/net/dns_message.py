"""The part of DNS that multicast DNS needs: questions and address records (RFC 1035, RFC 6762)."""

import struct
from ipaddress import IPv4Address, IPv6Address

from peer.records import dataclass

TYPE_A = 1
TYPE_AAAA = 28
TYPE_ANY = 255
CLASS_IN = 1
UNICAST_RESPONSE = 0x8000
"""In a question: the QU bit (RFC 6762 §5.4). In a record: cache-flush (RFC 6762 §10.2)."""

_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!2H")
_RECORD = struct.Struct("!2HIH")
_RESPONSE = 0x8000
_AUTHORITATIVE = 0x0400
_OPCODE_AND_RCODE = 0x780F
_POINTER = 0xC000
_MAX_OFFSET = 0x4000
_ADDRESS_SIZES = {TYPE_A: 4, TYPE_AAAA: 16}
MAX_RECORDS = 64
"""Questions and records read of one message."""
MAX_POINTERS = 16


class DnsError(ValueError):
    """Bytes that are no DNS message, or none for us."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `name` is in lower case without the last dot."""

    name: str
    type: int
    unicast: bool = False


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """An A or AAAA record; a `ttl` of 0 takes it back (RFC 6762 §10.1)."""

    name: str
    host: str
    ttl: int = 120


@dataclass(frozen=True, slots=True)
class Message:
    """A query when `response` is False. Records of other types are left out."""

    response: bool
    questions: tuple[Question, ...] = ()
    answers: tuple[AddressRecord, ...] = ()


def build(message: Message, *, ident: int = 0) -> bytes:
    """Write a message. `ident` is 0 in multicast DNS, but for legacy queriers (RFC 6762 §18.1).

    A name is written once, and pointed to from then on (RFC 1035 §4.1.4).
    """
    flags = _RESPONSE | _AUTHORITATIVE if message.response else 0
    data = bytearray(_HEADER.pack(ident, flags, len(message.questions), len(message.answers), 0, 0))
    written: dict[str, int] = {}
    for question in message.questions:
        unicast = UNICAST_RESPONSE if question.unicast else 0
        _append_name(data, question.name, written)
        data += _QUESTION.pack(question.type, CLASS_IN | unicast)
    for record in message.answers:
        address = _packed(record.host)
        kind = TYPE_A if len(address) == 4 else TYPE_AAAA
        # A legacy querier does not know the cache-flush bit (RFC 6762 §6.7).
        record_class = CLASS_IN if ident else CLASS_IN | UNICAST_RESPONSE
        _append_name(data, record.name, written)
        data += _RECORD.pack(kind, record_class, record.ttl, len(address)) + address
    return bytes(data)


def _packed(host: str) -> bytes:
    return IPv6Address(host).packed if ":" in host else IPv4Address(host).packed


def _append_name(data: bytearray, name: str, written: dict[str, int]) -> None:
    if name in written:
        data += (_POINTER | written[name]).to_bytes(2, "big")
        return
    if len(data) < _MAX_OFFSET:
        written[name] = len(data)
    for label in name.split("."):
        data += bytes([len(label)]) + label.encode("ascii")
    data += b"\0"


class _Reader:
    """A cursor that cannot run past the end of a message."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def unpack(self, fields: struct.Struct) -> tuple[int, ...]:
        return fields.unpack(self.take(fields.size))

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise DnsError("truncated")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def name(self) -> str:
        """Read a name, following compression pointers backwards only (RFC 1035 §4.1.4)."""
        labels: list[str] = []
        resume: int | None = None
        pointers = 0
        while size := self.take(1)[0]:
            if size >= 0xC0:
                target = (size & 0x3F) << 8 | self.take(1)[0]
                resume = self._at if resume is None else resume
                pointers += 1
                if target >= self._at - 2 or pointers > MAX_POINTERS:
                    raise DnsError("a pointer that does not lead back")
                self._at = target
            elif size > 63:
                raise DnsError("a label of an unknown kind")
            else:
                labels.append(self.take(size).decode("latin-1").lower())
            if len(labels) > 127:
                raise DnsError("a name without end")
        if resume is not None:
            self._at = resume
        return ".".join(labels)


def parse(data: bytes) -> tuple[Message, int]:
    """Parse a message; returns it and its identifier. Raises DnsError."""
    reader = _Reader(data)
    ident, flags, questions, answers, _, additional = reader.unpack(_HEADER)
    if flags & _OPCODE_AND_RCODE:
        raise DnsError("neither a query nor a good answer")
    if questions + answers + additional > MAX_RECORDS:
        raise DnsError("more records than we care for")
    asked = [_read_question(reader) for _ in range(questions)]
    records = [_read_record(reader) for _ in range(answers)]
    message = Message(
        bool(flags & _RESPONSE),
        tuple(each for each in asked if each is not None),
        tuple(each for each in records if each is not None),
    )
    return message, ident


def _read_question(reader: _Reader) -> Question | None:
    name = reader.name()
    kind, kind_class = reader.unpack(_QUESTION)
    if kind_class & ~UNICAST_RESPONSE not in (CLASS_IN, 255):
        return None
    return Question(name, kind, bool(kind_class & UNICAST_RESPONSE))


def _read_record(reader: _Reader) -> AddressRecord | None:
    name = reader.name()
    kind, record_class, ttl, size = reader.unpack(_RECORD)
    data = reader.take(size)
    if record_class & ~UNICAST_RESPONSE != CLASS_IN or _ADDRESS_SIZES.get(kind) != size:
        return None
    host = str(IPv4Address(data) if kind == TYPE_A else IPv6Address(data))
    return AddressRecord(name, host, ttl)
