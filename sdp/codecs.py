"""Which payload formats are the same codec, and the parameters to answer with.

The rules are those of each payload format: RFC 6184 §8.2.2 (H264), RFC 9628 §6 (VP9), RFC 7798
§7.2.2 (H265), RFC 7587 §7 (opus), RFC 4733 §2.4.1 (telephone-event), RFC 4588 §8.1 (rtx).
"""

from collections.abc import Iterable, Sequence

from peer.records import replace
from sdp.fmtp import Parameters
from sdp.h264 import answer_profile_level, parse_profile_level_id
from sdp.rtp import CONGESTION_FEEDBACK, Codec, Feedback

_ALL_EVENTS = "0-15"
_MAX_EVENT = 255

# What an endpoint cannot send media with alone (RFC 9429 §5.3.1).
_AUXILIARY = frozenset({"rtx", "red", "ulpfec", "flexfec-03", "flexfec", "cn", "telephone-event"})
_OTHER_CONGESTION_FEEDBACK = frozenset({Feedback("transport-cc"), Feedback("goog-remb")})

# Per codec: parameters that must be equal for the formats to be the same, with their defaults.
_IDENTITY: dict[str, tuple[tuple[str, str], ...]] = {
    "h264": (("packetization-mode", "0"),),
    "h265": (("profile-space", "0"), ("profile-id", "1"), ("tier-flag", "0"), ("tx-mode", "SRST")),
    "vp9": (("profile-id", "0"),),
    "av1": (("profile", "0"),),
}


def is_media_codec(codec: Codec) -> bool:
    """Tell whether media can be sent with the codec alone: not rtx, red, FEC, CN or DTMF."""
    return codec.name.lower() not in _AUXILIARY


def codecs_match(a: Codec, b: Codec) -> bool:
    """Tell whether two payload formats are the same codec in the same configuration.

    Compares name, clock rate, channels and what the codec's payload format calls its
    configuration, such as H.264 profile and packetization mode. For rtx and red, the payload types
    they refer to have to be compared as well, see `associated_payload_types`.
    """
    name = a.name.lower()
    if name != b.name.lower() or a.clock_rate != b.clock_rate or a.channels != b.channels:
        return False
    for parameter, default in _IDENTITY.get(name, ()):
        if _value(a, parameter, default) != _value(b, parameter, default):
            return False
    return name != "h264" or _h264_profiles_match(a, b)


def associated_payload_types(codec: Codec) -> tuple[int, ...]:
    """Return the payload types that an rtx or red format is about, none for other codecs."""
    name = codec.name.lower()
    if name == "rtx":
        return _payload_types((codec.parameter("apt") or "",))
    if name == "red":
        words = [word for word, value in codec.parameters if value is None]
        return _payload_types(words[0].split("/")) if words else ()
    return ()


def without_orphans(codecs: Sequence[Codec]) -> tuple[Codec, ...]:
    """Drop rtx and red formats whose associated payload types are not among `codecs`.

    An rtx format without apt is dropped too; red without parameters, as for video, stays.
    """
    kept = {codec.payload_type for codec in codecs if codec.name.lower() != "rtx"}
    kept -= {
        codec.payload_type
        for codec in codecs
        if codec.name.lower() == "red" and not kept.issuperset(associated_payload_types(codec))
    }
    return tuple(codec for codec in codecs if _has_its_payload_types(codec, kept))


def answer_codec(offered: Codec, own: Codec) -> Codec:
    """Return the format to answer an offered one with: its payload type, our parameters.

    `own` must match `offered`. Receiver preferences, as of opus, are declared each way on their
    own; H.264 levels and DTMF events are negotiated. Feedback is what both sides have.
    """
    return replace(
        own,
        payload_type=offered.payload_type,
        name=offered.name,
        parameters=_answer_parameters(offered, own),
        feedback=intersect_feedback(offered.feedback, own.feedback),
    )


def intersect_feedback(
    offered: Iterable[Feedback], own: Iterable[Feedback]
) -> tuple[Feedback, ...]:
    """Return the feedback types that both sides have, in the order offered.

    One way of telling about congestion is left: that of RFC 8888 §6 takes the place of others.
    """
    supported = frozenset(own)
    common = [feedback for feedback in dict.fromkeys(offered) if feedback in supported]
    if CONGESTION_FEEDBACK in common:
        common = [feedback for feedback in common if feedback not in _OTHER_CONGESTION_FEEDBACK]
    return tuple(common)


def _value(codec: Codec, parameter: str, default: str) -> str:
    value = codec.parameter(parameter)
    if value is None:
        return default
    return (value.lstrip("0") or "0") if value.isdigit() else value.upper()


def _h264_profiles_match(a: Codec, b: Codec) -> bool:
    first = parse_profile_level_id(a.parameter("profile-level-id"))
    second = parse_profile_level_id(b.parameter("profile-level-id"))
    return first is not None and second is not None and first.profile == second.profile


def _payload_types(words: Iterable[str]) -> tuple[int, ...]:
    words = tuple(word.strip() for word in words)
    if all(word.isascii() and word.isdigit() and len(word) <= 3 for word in words):
        return tuple(map(int, words))
    return ()


def _has_its_payload_types(codec: Codec, kept: set[int]) -> bool:
    if codec.name.lower() != "rtx":
        return codec.payload_type in kept
    associated = associated_payload_types(codec)
    return bool(associated) and kept.issuperset(associated)


def _answer_parameters(offered: Codec, own: Codec) -> Parameters:
    name = offered.name.lower()
    if name == "h264":
        return _answer_h264(offered, own)
    if name == "telephone-event":
        return _answer_events(offered, own)
    if name in ("rtx", "red"):
        return offered.parameters
    return own.parameters


def _answer_h264(offered: Codec, own: Codec) -> Parameters:
    offered_level = parse_profile_level_id(offered.parameter("profile-level-id"))
    own_level = parse_profile_level_id(own.parameter("profile-level-id"))
    if offered_level is None or own_level is None:
        return own.parameters
    asymmetry = all(codec.parameter("level-asymmetry-allowed") == "1" for codec in (offered, own))
    level = answer_profile_level(offered_level, own_level, asymmetry=asymmetry)
    others = tuple(pair for pair in own.parameters if pair[0].lower() != "profile-level-id")
    return (*others, ("profile-level-id", str(level)))


def _answer_events(offered: Codec, own: Codec) -> Parameters:
    events = sorted(_events(offered) & _events(own))
    ranges: list[list[int]] = []
    for event in events:
        if ranges and ranges[-1][1] == event - 1:
            ranges[-1][1] = event
        else:
            ranges.append([event, event])
    text = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
    return ((text, None),) if text else ()


def _events(codec: Codec) -> frozenset[int]:
    """Return the DTMF events of a format; an absent or illegal list means 0-15."""
    words = [word for word, value in codec.parameters if value is None]
    events: set[int] = set()
    for item in (words[0] if words else _ALL_EVENTS).split(","):
        first, _, last = item.strip().partition("-")
        bounds = _payload_types((first, last or first))
        if len(bounds) != 2 or max(bounds) > _MAX_EVENT:
            return frozenset(range(16))
        events.update(range(bounds[0], bounds[1] + 1))
    return frozenset(events)
