"""STUN attributes (RFC 8489 §14, RFC 8656 §18, RFC 8445 §16.1, RFC 5780 §7).

An `Attribute` joins a type number to its Python value. Encoding raises ValueError for a value
that does not fit (a mistake of ours); decoding raises StunError (a mistake of the network's).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..address import TransportAddress
from .codecs import (
    AddressErrorCode,
    ErrorCode,
    IcmpError,
    NetworkInfo,
    PasswordAlgorithm,
    address_codec,
    address_error_code_codec,
    bytes_codec,
    crc_list_codec,
    error_code_codec,
    even_port_codec,
    first_byte_codec,
    first_half_codec,
    flag_codec,
    icmp_codec,
    network_info_codec,
    nomination_codec,
    password_algorithm_codec,
    password_algorithms_codec,
    text_codec,
    type_list_codec,
    unsigned_codec,
    xor_address_codec,
)

T = TypeVar("T")

MESSAGE_INTEGRITY = 0x0008
MESSAGE_INTEGRITY_SHA256 = 0x001C
FINGERPRINT = 0x8028


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Attribute(Generic[T]):
    """One attribute: its number, its name and how its value goes to the wire and back.

    The transaction id is an argument because XOR-ed IPv6 addresses depend on it. ``recurs`` marks
    what is sent again and again with the same hashable value, so that it is encoded once.
    """

    type: int
    name: str
    encode: Callable[[T, bytes], bytes]
    decode: Callable[[bytes, bytes], T]
    recurs: bool = False

    @property
    def comprehension_required(self) -> bool:
        """Tell whether a receiver that does not know it must refuse (RFC 8489 §14)."""
        return self.type < 0x8000

    def __repr__(self) -> str:
        return f"<{self.name}>"


MAPPED_ADDRESS: Attribute[TransportAddress] = Attribute(0x0001, "MAPPED-ADDRESS", *address_codec())
CHANGE_REQUEST: Attribute[int] = Attribute(0x0003, "CHANGE-REQUEST", *unsigned_codec(4))
USERNAME: Attribute[str] = Attribute(0x0006, "USERNAME", *text_codec(508), recurs=True)
ERROR_CODE: Attribute[ErrorCode] = Attribute(0x0009, "ERROR-CODE", *error_code_codec())
UNKNOWN_ATTRIBUTES: Attribute[tuple[int, ...]] = Attribute(
    0x000A, "UNKNOWN-ATTRIBUTES", *type_list_codec()
)
CHANNEL_NUMBER: Attribute[int] = Attribute(0x000C, "CHANNEL-NUMBER", *first_half_codec())
LIFETIME: Attribute[int] = Attribute(0x000D, "LIFETIME", *unsigned_codec(4), recurs=True)
XOR_PEER_ADDRESS: Attribute[TransportAddress] = Attribute(
    0x0012, "XOR-PEER-ADDRESS", *xor_address_codec()
)
DATA: Attribute[bytes] = Attribute(0x0013, "DATA", *bytes_codec())
# A client sends back what the server chose, so only the receiving limit binds REALM and NONCE.
REALM: Attribute[str] = Attribute(0x0014, "REALM", *text_codec(763), recurs=True)
NONCE: Attribute[str] = Attribute(
    0x0015, "NONCE", *text_codec(763, errors="surrogateescape"), recurs=True
)
XOR_RELAYED_ADDRESS: Attribute[TransportAddress] = Attribute(
    0x0016, "XOR-RELAYED-ADDRESS", *xor_address_codec()
)
REQUESTED_ADDRESS_FAMILY: Attribute[int] = Attribute(
    0x0017, "REQUESTED-ADDRESS-FAMILY", *first_byte_codec()
)
EVEN_PORT: Attribute[bool] = Attribute(0x0018, "EVEN-PORT", *even_port_codec())
REQUESTED_TRANSPORT: Attribute[int] = Attribute(
    0x0019, "REQUESTED-TRANSPORT", *first_byte_codec(), recurs=True
)
DONT_FRAGMENT: Attribute[bool] = Attribute(0x001A, "DONT-FRAGMENT", *flag_codec())
PASSWORD_ALGORITHM: Attribute[PasswordAlgorithm] = Attribute(
    0x001D, "PASSWORD-ALGORITHM", *password_algorithm_codec()
)
USERHASH: Attribute[bytes] = Attribute(0x001E, "USERHASH", *bytes_codec(32))
XOR_MAPPED_ADDRESS: Attribute[TransportAddress] = Attribute(
    0x0020, "XOR-MAPPED-ADDRESS", *xor_address_codec()
)
RESERVATION_TOKEN: Attribute[bytes] = Attribute(0x0022, "RESERVATION-TOKEN", *bytes_codec(8))
PRIORITY: Attribute[int] = Attribute(0x0024, "PRIORITY", *unsigned_codec(4), recurs=True)
USE_CANDIDATE: Attribute[bool] = Attribute(0x0025, "USE-CANDIDATE", *flag_codec(), recurs=True)
PADDING: Attribute[bytes] = Attribute(0x0026, "PADDING", *bytes_codec())
RESPONSE_PORT: Attribute[int] = Attribute(0x0027, "RESPONSE-PORT", *first_half_codec())
CONNECTION_ID: Attribute[int] = Attribute(0x002A, "CONNECTION-ID", *unsigned_codec(4))

ADDITIONAL_ADDRESS_FAMILY: Attribute[int] = Attribute(
    0x8000, "ADDITIONAL-ADDRESS-FAMILY", *first_byte_codec()
)
ADDRESS_ERROR_CODE: Attribute[AddressErrorCode] = Attribute(
    0x8001, "ADDRESS-ERROR-CODE", *address_error_code_codec()
)
PASSWORD_ALGORITHMS: Attribute[tuple[PasswordAlgorithm, ...]] = Attribute(
    0x8002, "PASSWORD-ALGORITHMS", *password_algorithms_codec()
)
ALTERNATE_DOMAIN: Attribute[str] = Attribute(0x8003, "ALTERNATE-DOMAIN", *text_codec(255))
ICMP: Attribute[IcmpError] = Attribute(0x8004, "ICMP", *icmp_codec())
SOFTWARE: Attribute[str] = Attribute(
    0x8022, "SOFTWARE", *text_codec(763, characters=127), recurs=True
)
ALTERNATE_SERVER: Attribute[TransportAddress] = Attribute(
    0x8023, "ALTERNATE-SERVER", *address_codec()
)
CACHE_TIMEOUT: Attribute[int] = Attribute(0x8027, "CACHE-TIMEOUT", *unsigned_codec(4))
ICE_CONTROLLED: Attribute[int] = Attribute(
    0x8029, "ICE-CONTROLLED", *unsigned_codec(8), recurs=True
)
ICE_CONTROLLING: Attribute[int] = Attribute(
    0x802A, "ICE-CONTROLLING", *unsigned_codec(8), recurs=True
)
RESPONSE_ORIGIN: Attribute[TransportAddress] = Attribute(
    0x802B, "RESPONSE-ORIGIN", *address_codec()
)
OTHER_ADDRESS: Attribute[TransportAddress] = Attribute(0x802C, "OTHER-ADDRESS", *address_codec())
NOMINATION: Attribute[int] = Attribute(0xC001, "NOMINATION", *nomination_codec(), recurs=True)
GOOG_NETWORK_INFO: Attribute[NetworkInfo] = Attribute(
    0xC057, "GOOG-NETWORK-INFO", *network_info_codec(), recurs=True
)
DTLS_IN_STUN_DATA: Attribute[bytes] = Attribute(0xC070, "DTLS-IN-STUN-DATA", *bytes_codec())
DTLS_IN_STUN_ACK: Attribute[tuple[int, ...]] = Attribute(
    0xC071, "DTLS-IN-STUN-ACK", *crc_list_codec(4)
)

ALL_ATTRIBUTES: tuple[Attribute[object], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Attribute)
)

KNOWN_REQUIRED: frozenset[int] = frozenset(
    {attribute.type for attribute in ALL_ATTRIBUTES if attribute.comprehension_required}
    | {MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256}
)
