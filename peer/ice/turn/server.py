"""Which TURN server to use, and what to ask of it (RFC 8656 §7.1)."""

import enum
from dataclasses import field

from peer.records import dataclass

from ..address import TransportAddress
from ..stun import KeyAlgorithm, long_term_key

MAX_USERNAME = 508


class TurnTransport(enum.Enum):
    """The transport between client and server (RFC 8656 §3.1)."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    DTLS = "dtls"

    @property
    def over_tcp(self) -> bool:
        """Tell whether messages travel over TCP or TLS: no retransmission, padded channel data."""
        return self in (TurnTransport.TCP, TurnTransport.TLS)


class RelayFamily(enum.Enum):
    """The address family or families of the relayed address asked for."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DUAL = "dual"


def check_credential(username: str, credential: str) -> None:
    """Raise ValueError when RFC 8489 does not allow the username or the credential."""
    if len(username.encode()) > MAX_USERNAME:
        raise ValueError(f"a TURN username has at most {MAX_USERNAME} bytes")
    long_term_key(username, "", credential, KeyAlgorithm.MD5)


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A TURN server, already resolved to an address; `url` names it in events.

    `others` are more addresses of the same family: each is asked when the one before is silent.
    Raises ValueError when RFC 8489 does not allow the username or the credential.
    """

    address: TransportAddress
    url: str
    username: str
    credential: str = field(repr=False)
    transport: TurnTransport = TurnTransport.UDP
    address_family: RelayFamily = RelayFamily.IPV4
    others: tuple[TransportAddress, ...] = ()

    def __post_init__(self) -> None:
        check_credential(self.username, self.credential)


class EvenPort(enum.Enum):
    """EVEN-PORT (RFC 8656 §18.7): an even port, or one with the next port held back as well."""

    EVEN = "even"
    RESERVE_NEXT = "reserve-next"


@dataclass(frozen=True, slots=True)
class AllocateOptions:
    """The optional properties of the relayed address.

    Raises ValueError for a reservation token that is not 8 bytes or comes with `even_port`.
    """

    even_port: EvenPort | None = None
    reservation_token: bytes | None = field(default=None, repr=False)
    dont_fragment: bool = False

    def __post_init__(self) -> None:
        if self.reservation_token is None:
            return
        if len(self.reservation_token) != 8:
            raise ValueError("a reservation token has 8 bytes")
        if self.even_port is not None:
            raise ValueError("RFC 8656 §7.1: no EVEN-PORT with RESERVATION-TOKEN")


def check_family(options: AllocateOptions, family: RelayFamily) -> None:
    """Raise ValueError for the combinations RFC 8656 §7.1 forbids."""
    if options.reservation_token is not None and family is not RelayFamily.IPV4:
        raise ValueError("RFC 8656 §7.1: no address family with RESERVATION-TOKEN")
    if options.even_port is EvenPort.RESERVE_NEXT and family is RelayFamily.DUAL:
        raise ValueError("RFC 8656 §7.1: no reservation with a dual allocation")
