"""Transport attributes of a description: ICE (RFC 8839 §5), DTLS (RFC 8122, RFC 8842), RTCP."""

import enum
from dataclasses import field

from peer.records import dataclass, replace
from sdp.candidate import Candidate
from sdp.connection import RtcpAddress
from sdp.errors import MalformedError
from sdp.tokens import is_token, parse_integer

_HEX = frozenset("0123456789ABCDEF")

DIGEST_SIZES = {
    "md2": 16,
    "md5": 16,
    "sha-1": 20,
    "sha-224": 28,
    "sha-256": 32,
    "sha-384": 48,
    "sha-512": 64,
}


class Setup(enum.Enum):
    """Value of the setup attribute (RFC 4145 §4)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    ACTPASS = "actpass"
    HOLDCONN = "holdconn"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Certificate fingerprint: lower-case hash name, upper-case hex pairs joined by colons."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm} {self.value}"


@dataclass(frozen=True, slots=True)
class RemoteCandidate:
    """One candidate of a=remote-candidates (RFC 8839 §5.2)."""

    component: int
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.component} {self.address} {self.port}"


@dataclass(frozen=True, slots=True)
class IceAttributes:
    """ICE attributes of the session level or of one media section.

    Only `ufrag`, `pwd`, `options` and `end_of_candidates` may occur at session level.
    """

    ufrag: str | None = None
    pwd: str | None = field(default=None, repr=False)
    options: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    end_of_candidates: bool = False
    mismatch: bool = False
    remote_candidates: tuple[RemoteCandidate, ...] = ()

    def inherit(self, defaults: "IceAttributes") -> "IceAttributes":
        """Fill what is missing from `defaults` (RFC 8839 §5.4); options of both levels hold."""
        return replace(
            self,
            ufrag=defaults.ufrag if self.ufrag is None else self.ufrag,
            pwd=defaults.pwd if self.pwd is None else self.pwd,
            options=tuple(dict.fromkeys(self.options + defaults.options)),
            end_of_candidates=self.end_of_candidates or defaults.end_of_candidates,
        )


@dataclass(frozen=True, slots=True)
class DtlsAttributes:
    """DTLS attributes of the session level or of one media section."""

    fingerprints: tuple[Fingerprint, ...] = ()
    setup: Setup | None = None
    tls_id: str | None = None

    def inherit(self, defaults: "DtlsAttributes") -> "DtlsAttributes":
        """Fill what is missing from `defaults` (RFC 8122 §5, RFC 8842 §4)."""
        return DtlsAttributes(
            fingerprints=self.fingerprints or defaults.fingerprints,
            setup=self.setup or defaults.setup,
            tls_id=self.tls_id or defaults.tls_id,
        )


@dataclass(frozen=True, slots=True)
class RtcpAttributes:
    """RTCP attributes of a media section (RFC 3605, RFC 5761, RFC 8858, RFC 5506)."""

    address: RtcpAddress | None = None
    mux: bool = False
    mux_only: bool = False
    rsize: bool = False


NO_ICE = IceAttributes()
NO_DTLS = DtlsAttributes()
NO_RTCP = RtcpAttributes()


def parse_fingerprint(value: str) -> Fingerprint:
    """Parse the value of an a=fingerprint line, hex in any case. Raises MalformedError.

    The length is checked for the hashes in `DIGEST_SIZES`; other hashes pass unchecked.
    """
    fields = value.split()
    if len(fields) != 2 or not (is_token(fields[0]) and fields[1].isascii()):
        raise MalformedError("a=fingerprint needs a hash and a value")
    algorithm, digest = fields[0].lower(), fields[1].upper()
    octets = digest.count(":") + 1
    hex_digits = digest.replace(":", "")
    if octets != DIGEST_SIZES.get(algorithm, octets) or not _HEX.issuperset(hex_digits):
        raise MalformedError("a=fingerprint does not have the length of its hash")
    if len(digest) != 3 * octets - 1 or digest[2::3] != ":" * (octets - 1):
        raise MalformedError("a=fingerprint is not made of hex pairs")
    return Fingerprint(algorithm, digest)


def parse_setup(value: str) -> Setup:
    """Parse the value of an a=setup line. Raises MalformedError."""
    try:
        return _SETUPS[value.strip().lower()]
    except KeyError:
        raise MalformedError(f"unknown a=setup value {value[:32]!r}") from None


def parse_remote_candidates(value: str) -> tuple[RemoteCandidate, ...]:
    """Parse the value of an a=remote-candidates line. Raises MalformedError."""
    fields = value.split()
    if not fields or len(fields) % 3:
        raise MalformedError("a=remote-candidates needs triples")
    return tuple(
        RemoteCandidate(
            parse_integer(component, minimum=1, maximum=256),
            address,
            parse_integer(port, maximum=65535),
        )
        for component, address, port in zip(*[iter(fields)] * 3, strict=True)
    )


_SETUPS = {setup.value: setup for setup in Setup}
