"""What has been read so far of one level of a description, and the attributes of both levels."""

from collections.abc import Callable

from sdp.attribute import Attribute
from sdp.bandwidth import Bandwidth, parse_bandwidth
from sdp.connection import Connection, parse_connection
from sdp.direction import Direction
from sdp.errors import MalformedError, SdpError, Tolerated
from sdp.rtp import Extmap, parse_extmap
from sdp.tokens import is_ice_chars, is_lenient_credential, is_token
from sdp.transport import (
    DIGEST_SIZES,
    NO_DTLS,
    DtlsAttributes,
    Fingerprint,
    Setup,
    parse_fingerprint,
    parse_setup,
)

# Together with the line length this keeps the joined a=ice-options line within bounds.
_MAX_ICE_OPTIONS = 32
_MAX_ICE_OPTION_LENGTH = 256


class LevelBuilder:
    """Fields that occur at session level and in media sections."""

    __slots__ = (
        "bandwidths",
        "connection",
        "direction",
        "end_of_candidates",
        "extmap_allow_mixed",
        "extmaps",
        "fingerprints",
        "ice_options",
        "ice_pwd",
        "ice_ufrag",
        "information",
        "line_number",
        "other",
        "setup",
        "tls_id",
        "tolerated",
    )

    def __init__(self, tolerated: list[Tolerated]) -> None:
        self.tolerated = tolerated
        self.line_number = 0
        self.information: str | None = None
        self.connection: Connection | None = None
        self.bandwidths: list[Bandwidth] = []
        self.direction: Direction | None = None
        self.ice_ufrag: str | None = None
        self.ice_pwd: str | None = None
        self.ice_options: list[str] = []
        self.end_of_candidates = False
        self.fingerprints: list[Fingerprint] = []
        self.setup: Setup | None = None
        self.tls_id: str | None = None
        self.extmaps: list[Extmap] = []
        self.extmap_allow_mixed = False
        self.other: list[Attribute] = []

    def tolerate(self, reason: str) -> None:
        """Note that the current line was let pass."""
        self.tolerated.append(Tolerated(self.line_number, reason))

    def note_repeat(self, name: str, previous: object) -> None:
        """Note a second value for a line that should occur once; the later one stands."""
        if previous is not None:
            self.tolerate(f"repeated {name}")

    def dtls(self) -> DtlsAttributes:
        """Build the DTLS attributes."""
        if not self.fingerprints and self.setup is None and self.tls_id is None:
            return NO_DTLS
        return DtlsAttributes(tuple(self.fingerprints), self.setup, self.tls_id)


def _read_information(level: LevelBuilder, value: str) -> None:
    """Take an i= line."""
    level.note_repeat("i=", level.information)
    level.information = value


def _read_connection(level: LevelBuilder, value: str) -> None:
    """Take a c= line; the first stands, further ones are for layered multicast."""
    if level.connection is None:
        level.connection = parse_connection(value)
    else:
        level.tolerate("more than one c=")


def _read_bandwidth(level: LevelBuilder, value: str) -> None:
    """Take a b= line."""
    level.bandwidths.append(parse_bandwidth(value))


def _read_ice_ufrag(level: LevelBuilder, value: str) -> None:
    level.note_repeat("a=ice-ufrag", level.ice_ufrag)
    level.ice_ufrag = _ice_credential(level, value)


def _read_ice_pwd(level: LevelBuilder, value: str) -> None:
    level.note_repeat("a=ice-pwd", level.ice_pwd)
    level.ice_pwd = _ice_credential(level, value)


def _ice_credential(level: LevelBuilder, value: str) -> str:
    value = value.strip()
    if not is_ice_chars(value):
        if not is_lenient_credential(value):
            # Without it the section has none, or one of the session that is not meant.
            raise SdpError(level.line_number, "ICE credential is not made of ice-char")
        level.tolerate("ICE credential with characters that are not ice-char")
    return value


def _read_ice_options(level: LevelBuilder, value: str) -> None:
    if "," in value:
        # No option has a comma in it (RFC 8839 §5.6); libdatachannel puts them in between.
        level.tolerate("commas between ICE options")
    for option in value.replace(",", " ").split():
        if len(level.ice_options) >= _MAX_ICE_OPTIONS or len(option) > _MAX_ICE_OPTION_LENGTH:
            raise MalformedError("too many ICE options")
        if option not in level.ice_options:
            level.ice_options.append(option)


def _read_end_of_candidates(level: LevelBuilder, value: str) -> None:
    level.end_of_candidates = True


def _read_fingerprint(level: LevelBuilder, value: str) -> None:
    fingerprint = parse_fingerprint(value)
    if fingerprint.algorithm not in DIGEST_SIZES:
        level.tolerate(f"fingerprint with unknown hash {fingerprint.algorithm[:32]}")
    level.fingerprints.append(fingerprint)


def _read_setup(level: LevelBuilder, value: str) -> None:
    level.note_repeat("a=setup", level.setup)
    level.setup = parse_setup(value)


def _read_tls_id(level: LevelBuilder, value: str) -> None:
    value = value.strip()
    if not is_token(value.replace("/", "-")):
        raise MalformedError("a=tls-id is empty or has illegal characters")
    level.note_repeat("a=tls-id", level.tls_id)
    level.tls_id = value


def _read_extmap(level: LevelBuilder, value: str) -> None:
    level.extmaps.append(parse_extmap(value))


def _read_extmap_allow_mixed(level: LevelBuilder, value: str) -> None:
    level.extmap_allow_mixed = True


def _direction_reader(direction: Direction) -> "Callable[[LevelBuilder, str], None]":
    def read_direction(level: LevelBuilder, value: str) -> None:
        level.note_repeat("direction", level.direction)
        level.direction = direction

    return read_direction


def _read_keying(level: LevelBuilder, value: str) -> None:
    level.tolerate("keys in the description are ignored")


ATTRIBUTES_OF_BOTH_LEVELS: dict[str, Callable[[LevelBuilder, str], None]] = {
    "ice-ufrag": _read_ice_ufrag,
    "ice-pwd": _read_ice_pwd,
    "ice-options": _read_ice_options,
    "end-of-candidates": _read_end_of_candidates,
    "fingerprint": _read_fingerprint,
    "setup": _read_setup,
    "tls-id": _read_tls_id,
    "extmap": _read_extmap,
    "extmap-allow-mixed": _read_extmap_allow_mixed,
    "crypto": _read_keying,
    "key-mgmt": _read_keying,
    **{direction.value: _direction_reader(direction) for direction in Direction},
}


def _ignore_key(level: LevelBuilder, value: str) -> None:
    level.tolerate("k= is ignored")


LINES_OF_BOTH_LEVELS: dict[str, Callable[[LevelBuilder, str], None]] = {
    "i": _read_information,
    "c": _read_connection,
    "b": _read_bandwidth,
    "k": _ignore_key,
}
