"""How attribute values are laid out on the wire: pairs of an encoder and a decoder."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address
from struct import Struct
from typing import NamedTuple, TypeVar

from ..address import TransportAddress, parse_ip
from .errors import StunError

T = TypeVar("T")
Codec = tuple[Callable[[T, bytes], bytes], Callable[[bytes, bytes], T]]

MAGIC_COOKIE = 0x2112A442
_COOKIE_BYTES = MAGIC_COOKIE.to_bytes(4, "big")
_COOKIE_PORT = MAGIC_COOKIE >> 16
_IPV4 = 1
_IPV6 = 2
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")
_IPV4_ADDRESS = Struct("!HHI")
_IPV6_ADDRESS = Struct("!HH16s")


class ErrorCode(NamedTuple):
    """The value of ERROR-CODE (RFC 8489 §14.8): 300..699 and a reason for people to read."""

    code: int
    reason: str = ""


class AddressErrorCode(NamedTuple):
    """Why one address family of a dual allocation was refused (RFC 8656 §18.12)."""

    family: int
    code: int
    reason: str = ""


class PasswordAlgorithm(NamedTuple):
    """An algorithm number of RFC 8489 §18.5 with its parameters."""

    number: int
    parameters: bytes = b""


class IcmpError(NamedTuple):
    """An ICMP error the relay received from the peer's network (RFC 8656 §18.13).

    ``data`` is the next-hop MTU for "packet too big" and its IPv4 equivalent.
    """

    type: int
    code: int
    data: int


class NetworkInfo(NamedTuple):
    """libwebrtc's network id and network cost (0..999), 16 bits each."""

    network_id: int
    cost: int


def _malformed(detail: str) -> StunError:
    return StunError("malformed-attribute", detail)


def _expect(value: bytes, length: int) -> None:
    if len(value) != length:
        raise _malformed(f"{len(value)} bytes where {length} belong")


def _check_range(value: int, limit: int) -> None:
    if not 0 <= value < limit:
        raise ValueError(f"{value} is not in 0..{limit - 1}")


@lru_cache(maxsize=4096)
def _split_host(host: str) -> tuple[int, int]:
    address = parse_ip(host)
    return address.version, int(address)


@lru_cache(maxsize=4096)
def _ipv4_text(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@lru_cache(maxsize=4096)
def _ipv6_text(number: int) -> str:
    return str(IPv6Address(number))


def _encode_address(value: TransportAddress, transaction_id: bytes) -> bytes:
    host, port = value
    _check_range(port, 65536)
    version, number = _split_host(host)
    if version == 4:
        return _IPV4_ADDRESS.pack(_IPV4, port, number)
    return _IPV6_ADDRESS.pack(_IPV6, port, number.to_bytes(16, "big"))


def _decode_address(value: bytes, transaction_id: bytes) -> TransportAddress:
    if len(value) == 8 and value[1] == _IPV4:
        _, port, number = _IPV4_ADDRESS.unpack(value)
        return TransportAddress(_ipv4_text(number), port)
    if len(value) == 20 and value[1] == _IPV6:
        _, port, packed = _IPV6_ADDRESS.unpack(value)
        return TransportAddress(_ipv6_text(int.from_bytes(packed, "big")), port)
    raise _malformed("neither an IPv4 nor an IPv6 address")


def _encode_xor_address(value: TransportAddress, transaction_id: bytes) -> bytes:
    host, port = value
    _check_range(port, 65536)
    version, number = _split_host(host)
    if version == 4:
        return _IPV4_ADDRESS.pack(_IPV4, port ^ _COOKIE_PORT, number ^ MAGIC_COOKIE)
    mask = int.from_bytes(_COOKIE_BYTES + transaction_id, "big")
    return _IPV6_ADDRESS.pack(_IPV6, port ^ _COOKIE_PORT, (number ^ mask).to_bytes(16, "big"))


def _decode_xor_address(value: bytes, transaction_id: bytes) -> TransportAddress:
    if len(value) == 8 and value[1] == _IPV4:
        _, port, number = _IPV4_ADDRESS.unpack(value)
        return TransportAddress(_ipv4_text(number ^ MAGIC_COOKIE), port ^ _COOKIE_PORT)
    if len(value) == 20 and value[1] == _IPV6:
        _, port, packed = _IPV6_ADDRESS.unpack(value)
        mask = int.from_bytes(_COOKIE_BYTES + transaction_id, "big")
        number = int.from_bytes(packed, "big") ^ mask
        return TransportAddress(_ipv6_text(number), port ^ _COOKIE_PORT)
    raise _malformed("neither an IPv4 nor an IPv6 address")


def address_codec() -> Codec[TransportAddress]:
    """MAPPED-ADDRESS (RFC 8489 §14.1)."""
    return _encode_address, _decode_address


def xor_address_codec() -> Codec[TransportAddress]:
    """XOR-MAPPED-ADDRESS (RFC 8489 §14.2)."""
    return _encode_xor_address, _decode_xor_address


def unsigned_codec(size: int) -> Codec[int]:
    """A big-endian unsigned number of `size` bytes."""

    def encode(value: int, transaction_id: bytes) -> bytes:
        try:
            return value.to_bytes(size, "big")
        except OverflowError as error:
            raise ValueError(f"{value} does not fit {size} bytes") from error

    def decode(value: bytes, transaction_id: bytes) -> int:
        if len(value) != size:
            raise _malformed(f"{len(value)} bytes where {size} belong")
        return int.from_bytes(value, "big")

    return encode, decode


def first_byte_codec() -> Codec[int]:
    """A number in the first of four bytes, the others reserved (RFC 8656 §18.6, §18.8)."""

    def encode(value: int, transaction_id: bytes) -> bytes:
        _check_range(value, 256)
        return bytes((value, 0, 0, 0))

    def decode(value: bytes, transaction_id: bytes) -> int:
        _expect(value, 4)
        return value[0]

    return encode, decode


def first_half_codec() -> Codec[int]:
    """A 16-bit number and two reserved bytes (RFC 8656 §18.1, RFC 5780 §7.5)."""

    def encode(value: int, transaction_id: bytes) -> bytes:
        _check_range(value, 65536)
        return value.to_bytes(2, "big") + b"\0\0"

    def decode(value: bytes, transaction_id: bytes) -> int:
        _expect(value, 4)
        return value[0] << 8 | value[1]

    return encode, decode


def flag_codec() -> Codec[bool]:
    """An attribute that says all it has to say by being there."""

    def encode(value: bool, transaction_id: bytes) -> bytes:
        if not value:
            raise ValueError("a flag is either sent or left out")
        return b""

    def decode(value: bytes, transaction_id: bytes) -> bool:
        if value:
            raise _malformed("a flag with a value")
        return True

    return encode, decode


def even_port_codec() -> Codec[bool]:
    """EVEN-PORT (RFC 8656 §18.7): whether the next port is to be reserved as well."""

    def encode(value: bool, transaction_id: bytes) -> bytes:
        return b"\x80" if value else b"\0"

    def decode(value: bytes, transaction_id: bytes) -> bool:
        _expect(value, 1)
        return value[0] >= 0x80

    return encode, decode


def bytes_codec(size: int | None = None) -> Codec[bytes]:
    """Bytes as they are, exactly `size` of them when given."""

    def encode(value: bytes, transaction_id: bytes) -> bytes:
        if len(value) > 65535 if size is None else len(value) != size:
            raise ValueError(f"{len(value)} bytes do not fit the attribute")
        return value

    def decode(value: bytes, transaction_id: bytes) -> bytes:
        if size is not None:
            _expect(value, size)
        return value

    return encode, decode


def text_codec(limit: int, characters: int = 763, errors: str = "strict") -> Codec[str]:
    """UTF-8 text: at most `limit` bytes and `characters` are sent, 763 bytes are accepted.

    With ``errors="surrogateescape"`` bytes that are not UTF-8 survive the way in and out.
    """

    def encode(value: str, transaction_id: bytes) -> bytes:
        encoded = value.encode(errors=errors)
        if len(encoded) > limit or len(value) > characters:
            raise ValueError(f"{len(value)} characters are too many")
        return encoded

    def decode(value: bytes, transaction_id: bytes) -> str:
        if len(value) > 763:
            raise _malformed("text of more than 763 bytes")
        try:
            return value.decode(errors=errors)
        except UnicodeDecodeError as error:
            raise _malformed("not UTF-8") from error

    return encode, decode


def _check_code(code: int) -> None:
    if not 300 <= code < 700:
        raise ValueError(f"{code} is not in 300..699")


def _read_code(hundreds: int, number: int) -> int:
    if not 3 <= hundreds & 7 <= 6 or number > 99:
        raise _malformed(f"error class {hundreds & 7} number {number}")
    return (hundreds & 7) * 100 + number


def _read_reason(value: bytes) -> str:
    # Some servers count their padding as part of the reason.
    return value[4:767].rstrip(b"\0").decode(errors="replace")


def error_code_codec() -> Codec[ErrorCode]:
    """ERROR-CODE (RFC 8489 §14.8). A reason that is not UTF-8 is patched, not refused."""

    def encode(value: ErrorCode, transaction_id: bytes) -> bytes:
        code, reason = value
        _check_code(code)
        return bytes((0, 0, code // 100, code % 100)) + reason[:127].encode()

    def decode(value: bytes, transaction_id: bytes) -> ErrorCode:
        if len(value) < 4:
            raise _malformed("error code of less than 4 bytes")
        return ErrorCode(_read_code(value[2], value[3]), _read_reason(value))

    return encode, decode


def address_error_code_codec() -> Codec[AddressErrorCode]:
    """ADDRESS-ERROR-CODE (RFC 8656 §18.12)."""

    def encode(value: AddressErrorCode, transaction_id: bytes) -> bytes:
        family, code, reason = value
        _check_range(family, 256)
        _check_code(code)
        return bytes((family, 0, code // 100, code % 100)) + reason[:127].encode()

    def decode(value: bytes, transaction_id: bytes) -> AddressErrorCode:
        if len(value) < 4:
            raise _malformed("address error code of less than 4 bytes")
        code = _read_code(value[2], value[3])
        return AddressErrorCode(value[0], code, _read_reason(value))

    return encode, decode


def _number_list_codec(size: int, limit: int) -> Codec[tuple[int, ...]]:
    def encode(value: tuple[int, ...], transaction_id: bytes) -> bytes:
        if len(value) > limit:
            raise ValueError(f"more than {limit} numbers")
        for number in value:
            _check_range(number, 1 << 8 * size)
        return b"".join(number.to_bytes(size, "big") for number in value)

    def decode(value: bytes, transaction_id: bytes) -> tuple[int, ...]:
        if len(value) % size or len(value) > size * limit:
            raise _malformed(f"{len(value)} bytes of {size}-byte numbers")
        return tuple(
            int.from_bytes(value[at : at + size], "big") for at in range(0, len(value), size)
        )

    return encode, decode


def type_list_codec() -> Codec[tuple[int, ...]]:
    """UNKNOWN-ATTRIBUTES (RFC 8489 §14.9)."""
    return _number_list_codec(2, 32767)


def crc_list_codec(limit: int) -> Codec[tuple[int, ...]]:
    """Up to `limit` 32-bit numbers: the CRCs of embedded DTLS packets that arrived."""
    return _number_list_codec(4, limit)


def _encode_algorithm(value: PasswordAlgorithm) -> bytes:
    number, parameters = value
    _check_range(number, 65536)
    _check_range(len(parameters), 65536)
    size = len(parameters)
    return number.to_bytes(2, "big") + size.to_bytes(2, "big") + parameters + _PADDING[size & 3]


def _decode_algorithms(value: bytes) -> tuple[PasswordAlgorithm, ...]:
    algorithms = []
    position = 0
    while position < len(value):
        start = position + 4
        stop = start + int.from_bytes(value[position + 2 : start], "big")
        if stop > len(value):
            raise _malformed("password algorithm is cut short")
        number = int.from_bytes(value[position : position + 2], "big")
        algorithms.append(PasswordAlgorithm(number, value[start:stop]))
        position = stop + len(_PADDING[stop & 3])
    return tuple(algorithms)


def password_algorithms_codec() -> Codec[tuple[PasswordAlgorithm, ...]]:
    """PASSWORD-ALGORITHMS (RFC 8489 §14.11)."""

    def encode(value: tuple[PasswordAlgorithm, ...], transaction_id: bytes) -> bytes:
        return b"".join(map(_encode_algorithm, value))

    def decode(value: bytes, transaction_id: bytes) -> tuple[PasswordAlgorithm, ...]:
        return _decode_algorithms(value)

    return encode, decode


def password_algorithm_codec() -> Codec[PasswordAlgorithm]:
    """PASSWORD-ALGORITHM (RFC 8489 §14.12)."""

    def encode(value: PasswordAlgorithm, transaction_id: bytes) -> bytes:
        return _encode_algorithm(value)

    def decode(value: bytes, transaction_id: bytes) -> PasswordAlgorithm:
        algorithms = _decode_algorithms(value)
        if len(algorithms) != 1:
            raise _malformed(f"{len(algorithms)} password algorithms where one belongs")
        return algorithms[0]

    return encode, decode


def icmp_codec() -> Codec[IcmpError]:
    """ICMP (RFC 8656 §18.13): 7 bits of type, 9 bits of code, 4 bytes of error data."""

    def encode(value: IcmpError, transaction_id: bytes) -> bytes:
        kind, code, data = value
        _check_range(kind, 128)
        _check_range(code, 512)
        _check_range(data, 1 << 32)
        return _IPV4_ADDRESS.pack(0, kind << 9 | code, data)

    def decode(value: bytes, transaction_id: bytes) -> IcmpError:
        _expect(value, 8)
        _, both, data = _IPV4_ADDRESS.unpack(value)
        return IcmpError(both >> 9, both & 511, data)

    return encode, decode


def nomination_codec() -> Codec[int]:
    """NOMINATION: a 24-bit counter in four bytes (draft-thatcher-ice-renomination §3)."""
    encode_number, decode_number = unsigned_codec(4)

    def encode(value: int, transaction_id: bytes) -> bytes:
        _check_range(value, 1 << 24)
        return encode_number(value, transaction_id)

    def decode(value: bytes, transaction_id: bytes) -> int:
        return decode_number(value, transaction_id) & 0xFFFFFF

    return encode, decode


def network_info_codec() -> Codec[NetworkInfo]:
    """GOOG-NETWORK-INFO: network id and cost, 16 bits each."""

    def encode(value: NetworkInfo, transaction_id: bytes) -> bytes:
        network_id, cost = value
        _check_range(network_id, 65536)
        _check_range(cost, 65536)
        return network_id.to_bytes(2, "big") + cost.to_bytes(2, "big")

    def decode(value: bytes, transaction_id: bytes) -> NetworkInfo:
        _expect(value, 4)
        return NetworkInfo(value[0] << 8 | value[1], value[2] << 8 | value[3])

    return encode, decode
