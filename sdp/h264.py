"""H.264 profile-level-id (RFC 6184 §8.1) and its offer/answer rules (§8.2.2)."""

import string

from peer.records import dataclass

_HEX = frozenset(string.hexdigits)
_CONSTRAINT_SET3 = 0x10
_LEVEL_1_1 = 11
_LEVEL_1B_OF_HIGH_PROFILES = 9
_PROFILES_WITH_SET3_AS_1B = frozenset({0x42, 0x4D, 0x58})

# RFC 6184 table 5: profile_idc, then which bits of profile-iop count, their value, the sub-profile.
_SUB_PROFILES = (
    (0x42, 0x4F, 0x40, "constrained-baseline"),
    (0x4D, 0x8F, 0x80, "constrained-baseline"),
    (0x58, 0xCF, 0xC0, "constrained-baseline"),
    (0x42, 0x4F, 0x00, "baseline"),
    (0x58, 0xCF, 0x80, "baseline"),
    (0x4D, 0xAF, 0x00, "main"),
    (0x58, 0xCF, 0x00, "extended"),
    (0x64, 0xFF, 0x00, "high"),
    (0x64, 0xFF, 0x0C, "constrained-high"),
    (0x6E, 0xFF, 0x00, "high-10"),
    (0x7A, 0xFF, 0x00, "high-4:2:2"),
    (0xF4, 0xFF, 0x00, "high-4:4:4-predictive"),
)


@dataclass(frozen=True, slots=True)
class H264ProfileLevel:
    """A parsed profile-level-id: the three bytes it consists of."""

    profile_idc: int
    profile_iop: int
    level_idc: int

    def __str__(self) -> str:
        return f"{self.profile_idc:02x}{self.profile_iop:02x}{self.level_idc:02x}"

    @property
    def profile(self) -> str:
        """Name of the sub-profile; for bytes outside table 5, those bytes in hex."""
        for idc, mask, value, name in _SUB_PROFILES:
            if idc == self.profile_idc and self.profile_iop & mask == value:
                return name
        return f"{self.profile_idc:02x}{self.profile_iop:02x}"

    @property
    def is_level_1b(self) -> bool:
        """Tell whether the level is 1b, which older profiles mark in profile-iop."""
        if self.profile_idc not in _PROFILES_WITH_SET3_AS_1B:
            return self.level_idc == _LEVEL_1B_OF_HIGH_PROFILES
        return self.level_idc == _LEVEL_1_1 and bool(self.profile_iop & _CONSTRAINT_SET3)

    @property
    def level_rank(self) -> int:
        """Order of levels: ten times the number, with level 1b between 1 and 1.1."""
        return 105 if self.is_level_1b else self.level_idc * 10

    def with_level_of(self, other: "H264ProfileLevel") -> "H264ProfileLevel":
        """Return this profile at the level of `other`."""
        iop, level = self.profile_iop, other.level_idc
        if self.profile_idc in _PROFILES_WITH_SET3_AS_1B:
            iop &= ~_CONSTRAINT_SET3
            if other.is_level_1b:
                iop, level = iop | _CONSTRAINT_SET3, _LEVEL_1_1
        elif other.is_level_1b:
            level = _LEVEL_1B_OF_HIGH_PROFILES
        return H264ProfileLevel(self.profile_idc, iop, level)


DEFAULT_PROFILE_LEVEL = H264ProfileLevel(0x42, 0x00, 0x0A)
"""What an absent profile-level-id means: Baseline at level 1 (RFC 6184 §8.1)."""


def parse_profile_level_id(text: str | None) -> H264ProfileLevel | None:
    """Parse six hex digits; None in gives the default, None out means that the text is illegal."""
    if text is None:
        return DEFAULT_PROFILE_LEVEL
    if len(text) != 6 or not _HEX.issuperset(text):
        return None
    return H264ProfileLevel(int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16))


def answer_profile_level(
    offered: H264ProfileLevel, own: H264ProfileLevel, *, asymmetry: bool
) -> H264ProfileLevel:
    """Return the profile and level to answer with: the offer's profile, and our own level.

    Unless level asymmetry is allowed by both sides, the lower of the two levels (§8.2.2).
    """
    if asymmetry or own.level_rank < offered.level_rank:
        return offered.with_level_of(own)
    return offered
