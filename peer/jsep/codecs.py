"""Codecs: what this side supports, their payload types, and what both sides have in common."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from sdp import (
    CONGESTION_FEEDBACK,
    Codec,
    Feedback,
    answer_codec,
    associated_payload_types,
    codecs_match,
    intersect_feedback,
    is_media_codec,
    replace,
    without_orphans,
)

RTX = "rtx"
AUDIO_FEEDBACK = (Feedback("transport-cc"), Feedback("nack"))
VIDEO_FEEDBACK = (
    Feedback("nack"),
    Feedback("nack", "pli"),
    Feedback("ccm", "fir"),
    Feedback("goog-remb"),
    Feedback("transport-cc"),
)


def _rtx(payload_type: int, primary: int) -> Codec:
    return Codec(payload_type, RTX, 90000, 1, (("apt", str(primary)),))


def _video(payload_type: int, name: str, **parameters: str) -> Codec:
    told = tuple((key.replace("_", "-"), value) for key, value in parameters.items())
    return Codec(payload_type, name, 90000, 1, told, VIDEO_FEEDBACK)


def _h264(payload_type: int, profile_level_id: str, *, mode: int = 1) -> Codec:
    return _video(
        payload_type,
        "H264",
        level_asymmetry_allowed="1",
        packetization_mode=str(mode),
        profile_level_id=profile_level_id,
    )


_KEYS = (("0-15", None),)
"""The events that there are without a list, told so that offers and answers say the same."""

# The payload types are those preferred; a session may come to use others. They are the ones of
# Chromium, which fails on its own offer once numbers of two codecs collide in a BUNDLE group.
DEFAULT_AUDIO_CODECS = (
    Codec(111, "opus", 48000, 2, (("minptime", "10"), ("useinbandfec", "1")), AUDIO_FEEDBACK),
    Codec(63, "red", 48000, 2, (("111/111", None),)),
    Codec(9, "G722", 8000),
    Codec(0, "PCMU", 8000),
    Codec(8, "PCMA", 8000),
    Codec(13, "CN", 8000),
    Codec(110, "telephone-event", 48000, parameters=_KEYS),
    Codec(126, "telephone-event", 8000, parameters=_KEYS),
)
DEFAULT_VIDEO_CODECS = (
    _video(96, "VP8"),
    _rtx(97, 96),
    _h264(102, "42001f"),
    _rtx(103, 102),
    _h264(108, "42e01f"),
    _rtx(109, 108),
    _video(98, "VP9", profile_id="0"),
    _rtx(99, 98),
    _video(45, "AV1", level_idx="5", profile="0", tier="0"),
    _rtx(46, 45),
    _h264(112, "64001f"),
    _rtx(113, 112),
    _h264(114, "42e01f", mode=0),
    _rtx(115, 114),
    _video(49, "H265", level_id="93", profile_id="1", tier_flag="0", tx_mode="SRST"),
    _rtx(50, 49),
    Codec(118, "red", 90000),
    _rtx(119, 118),
    Codec(120, "ulpfec", 90000),
)
FLEXFEC = "flexfec-03"
ANSWERED_VIDEO_CODECS = (
    Codec(121, FLEXFEC, 90000, 1, (("repair-window", "10000000"),)),
    _h264(116, "4d001f"),
    _rtx(117, 116),
    _h264(122, "640c1f"),
    _rtx(123, 122),
    _h264(104, "42001f", mode=0),
    _rtx(107, 104),
    _h264(39, "4d001f", mode=0),
    _rtx(40, 39),
    _h264(124, "64001f", mode=0),
    _rtx(125, 124),
    _h264(105, "640c1f", mode=0),
    _rtx(106, 105),
)
"""What is offered only where the application prefers it, and taken from offers: telephones and
cameras may have one profile of H.264 alone, and few of them packetization mode 1. The window of
FlexFEC is in microseconds, that of libwebrtc."""


@lru_cache(maxsize=8)
def with_congestion_feedback(codecs: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """Return these formats with the feedback of RFC 8888 for all but retransmissions."""
    return tuple(
        codec if is_rtx(codec) else replace(codec, feedback=(*codec.feedback, CONGESTION_FEEDBACK))
        for codec in codecs
    )


# RFC 5761 §4: 64 to 95 would be taken for RTCP; 35 to 63 are the next best after the dynamic ones.
_DYNAMIC: tuple[int, ...] = (*range(96, 128), *range(35, 64))


class PayloadTypes:
    """Hands out payload types; one given to a codec is never given to another (RFC 3264 §8.3.2)."""

    def __init__(self, known: Mapping[int, Codec]) -> None:
        self._codecs = dict(known)

    def get(self, codec: Codec, in_use: AbstractSet[int] = frozenset()) -> int | None:
        """Return the payload type for a codec, None when all are taken.

        One that had a number keeps it, unless its section has that number `in_use` for another
        codec; otherwise it gets its preferred one if that is free.
        """
        for payload_type, known in self._codecs.items():
            if payload_type not in in_use and _same(known, codec):
                return payload_type
        for payload_type in (codec.payload_type, *_DYNAMIC):
            if payload_type not in self._codecs:
                self._codecs[payload_type] = codec
                return payload_type
        return None


def _same(a: Codec, b: Codec) -> bool:
    return codecs_match(a, b) and associated_payload_types(a) == associated_payload_types(b)


def is_rtx(codec: Codec) -> bool:
    """Tell whether the format is retransmission."""
    return codec.name.lower() == RTX


def codecs_to_offer(
    offered: tuple[Codec, ...], answered: tuple[Codec, ...], negotiated: Sequence[Codec]
) -> tuple[Codec, ...]:
    """Return what is `offered`, and of what is only `answered` that which was negotiated."""
    kept = (own for own in answered if any(codecs_match(own, codec) for codec in negotiated))
    return (*offered, *kept)


def is_flexfec(codec: Codec) -> bool:
    """Tell whether the format is error correction with a stream of its own."""
    return codec.name.lower() == FLEXFEC


def offer_codecs(
    supported: Sequence[Codec],
    numbers: PayloadTypes,
    negotiated: Sequence[Codec] = (),
    *,
    in_order_of_support: bool,
) -> tuple[Codec, ...]:
    """Return the formats to offer (RFC 9429 §5.2.1, §5.2.2).

    `negotiated` are those of the last exchange, in the order of its answer: they keep payload type
    and feedback, and come first unless `in_order_of_support` asks for the order of `supported`.
    """
    targets: dict[int, int] = {}
    offered = _supported_codecs(supported, negotiated)
    taken = {index for index, _ in offered}
    in_use = {codec.payload_type for _, codec in offered}
    for index, codec in offered:
        targets.setdefault(supported[index].payload_type, codec.payload_type)
    added: list[tuple[int, Codec]] = []
    # Those that are about others know their payload types only when those have theirs.
    for index, codec in sorted(enumerate(supported), key=_is_about_others):
        if index in taken:
            continue
        wanted = retarget(codec, targets)
        payload_type = None if wanted is None else numbers.get(wanted, in_use)
        if wanted is not None and payload_type is not None:
            added.append((index, replace(wanted, payload_type=payload_type)))
            targets.setdefault(codec.payload_type, payload_type)
    offered += sorted(added, key=lambda item: item[0])
    if in_order_of_support:
        offered.sort(key=lambda item: item[0])
    return without_orphans([codec for _, codec in offered])


def _is_about_others(item: tuple[int, Codec]) -> bool:
    return bool(associated_payload_types(item[1]))


def _supported_codecs(
    supported: Sequence[Codec], negotiated: Sequence[Codec]
) -> list[tuple[int, Codec]]:
    """Return those of `negotiated` that are supported, with their index in `supported`."""
    targets: dict[int, int] = {}
    found: dict[int, int] = {}
    for codec in sorted(negotiated, key=is_rtx):
        index = next((i for i, own in enumerate(supported) if _is_for(own, codec, targets)), None)
        if index is not None:
            found[codec.payload_type] = index
            targets.setdefault(supported[index].payload_type, codec.payload_type)
    return [
        (found[codec.payload_type], codec) for codec in negotiated if codec.payload_type in found
    ]


def _is_for(own: Codec, codec: Codec, targets: Mapping[int, int]) -> bool:
    if not is_rtx(own) or not is_rtx(codec):
        return codecs_match(own, codec)
    wanted = retarget(own, targets)
    return wanted is not None and associated_payload_types(wanted) == associated_payload_types(
        codec
    )


def retarget(codec: Codec, targets: Mapping[int, int]) -> Codec | None:
    """Return an rtx or red format with the payload types it is about renumbered.

    None when one of them is not in use; other formats come back as they are.
    """
    associated = associated_payload_types(codec)
    if not associated:
        return codec
    if not all(payload_type in targets for payload_type in associated):
        return None
    numbers = [str(targets[payload_type]) for payload_type in associated]
    if is_rtx(codec):
        others = tuple(pair for pair in codec.parameters if pair[0].lower() != "apt")
        return replace(codec, parameters=(("apt", numbers[0]), *others))
    return replace(codec, parameters=(("/".join(numbers), None),))


# The sections of one session mostly have the same formats, so what these return is remembered.
@lru_cache(maxsize=128)
def answer_codecs(
    offered: tuple[Codec, ...], supported: tuple[Codec, ...], *, in_order_of_support: bool
) -> tuple[Codec, ...]:
    """Return the formats to answer, with the payload types of the offer (RFC 3264 §6.1).

    They follow the order of the offer, or that of `supported` when preferences were set. Empty when
    no format that carries media is in common.
    """
    answered: list[tuple[int, Codec]] = []
    for codec in offered:
        for index, own in enumerate(supported):
            if codecs_match(own, codec):
                answered.append((index, answer_codec(codec, own)))
                break
    if in_order_of_support:
        answered.sort(key=lambda item: item[0])
    codecs = without_orphans([codec for _, codec in answered])
    return codecs if any(map(is_media_codec, codecs)) else ()


@lru_cache(maxsize=128)
def mutual_codecs(mine: tuple[Codec, ...], theirs: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """Return those of `mine` that `theirs` has too, with the feedback both sides want.

    Payload types, parameters and order are those of `mine` (RFC 3264 §5.1: they are per direction).
    """
    pairs = _pairs(mine, theirs)
    return tuple(
        replace(codec, feedback=intersect_feedback(codec.feedback, other.feedback))
        for codec in mine
        if (other := pairs.get(codec.payload_type)) is not None
    )


@lru_cache(maxsize=128)
def received_codecs(mine: tuple[Codec, ...], theirs: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """Return the same, with what the peer says of the streams it sends ("sprop" parameters)."""
    pairs = _pairs(mine, theirs)
    return tuple(
        replace(
            codec,
            parameters=(
                *(item for item in codec.parameters if not _is_of_sender(item[0])),
                *(item for item in pairs[codec.payload_type].parameters if _is_of_sender(item[0])),
            ),
        )
        for codec in mutual_codecs(mine, theirs)
    )


def _is_of_sender(name: str) -> bool:
    """Tell whether a parameter is about what its writer sends (RFC 6184 §8.1, RFC 7587 §6.1)."""
    return name.lower().startswith("sprop-")


@lru_cache(maxsize=128)
def in_order_of(codecs: tuple[Codec, ...], order: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """Sort formats by the place their counterparts have in `order`."""
    pairs = _pairs(codecs, order)
    place = {codec.payload_type: index for index, codec in enumerate(order)}
    return tuple(
        sorted(codecs, key=lambda codec: place[pairs[codec.payload_type].payload_type])
        if all(codec.payload_type in pairs for codec in codecs)
        else codecs
    )


def _pairs(mine: Sequence[Codec], theirs: Sequence[Codec]) -> dict[int, Codec]:
    """Return the counterpart of each payload type of `mine`."""
    by_name: dict[str, list[Codec]] = {}
    for codec in theirs:
        by_name.setdefault(codec.name.lower(), []).append(codec)
    pairs: dict[int, Codec] = {}
    for codec in sorted(mine, key=is_rtx):
        matches = [
            other for other in by_name.get(codec.name.lower(), ()) if codecs_match(codec, other)
        ]
        if is_rtx(codec):
            apt = tuple(
                pairs[number].payload_type
                for number in associated_payload_types(codec)
                if number in pairs
            )
            matches = [other for other in matches if apt and associated_payload_types(other) == apt]
        if matches:
            # One codec may be there twice with different parameters: the same number goes first.
            same = (other for other in matches if other.payload_type == codec.payload_type)
            pairs[codec.payload_type] = next(same, matches[0])
    return pairs


def order_by_preference(
    preferences: Iterable[Codec], supported: Sequence[Codec]
) -> tuple[Codec, ...] | None:
    """Return the supported codecs in the order preferred; None when that makes no sense.

    Each preference must be supported, with the very parameters, and one must carry media. An rtx
    preference, without parameters, keeps the retransmission of every codec that is kept (W3C
    setCodecPreferences).
    """
    ordered: list[Codec] = []
    with_rtx = False
    for preference in preferences:
        matches = [codec for codec in supported if _is_wanted(codec, preference)]
        if not matches:
            return None
        if is_rtx(preference):
            with_rtx = True
        else:
            ordered += (codec for codec in matches if codec not in ordered)
    if not any(map(is_media_codec, ordered)):
        return None
    if with_rtx:
        ordered = list(_with_rtx(ordered, [codec for codec in supported if is_rtx(codec)]))
    return without_orphans(ordered)


def _is_wanted(codec: Codec, preference: Codec) -> bool:
    """W3C "codec dictionary match", which leaves the levels of H.264 out of account."""
    if not codecs_match(codec, preference):
        return False
    if is_rtx(codec):
        return not preference.parameters
    mine, theirs = dict(codec.parameters), dict(preference.parameters)
    if codec.name.lower() == "h264":
        mine.pop("profile-level-id", None)
        theirs.pop("profile-level-id", None)
    return mine == theirs


def _with_rtx(codecs: Iterable[Codec], retransmission: Sequence[Codec]) -> Iterator[Codec]:
    for codec in codecs:
        yield codec
        yield from (
            rtx for rtx in retransmission if associated_payload_types(rtx) == (codec.payload_type,)
        )
