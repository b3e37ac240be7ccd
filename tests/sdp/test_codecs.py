"""Which payload formats match, and what is answered (RFC 3264 §6.1 and the payload formats)."""

import pytest

from sdp import (
    CONGESTION_FEEDBACK,
    Codec,
    Feedback,
    answer_codec,
    associated_payload_types,
    codecs_match,
    intersect_feedback,
    is_media_codec,
    parse_parameters,
    without_orphans,
)


def codec(text: str, fmtp: str = "", payload_type: int = 96) -> Codec:
    name, rate, *channels = text.split("/")
    return Codec(
        payload_type, name, int(rate), int(*channels) if channels else 1, parse_parameters(fmtp)
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (codec("opus/48000/2"), codec("OPUS/48000/2", "stereo=1;useinbandfec=0")),
        (codec("VP8/90000"), codec("vp8/90000", "max-fs=12288;max-fr=60")),
        (codec("VP9/90000"), codec("VP9/90000", "profile-id=0")),
        (codec("AV1/90000"), codec("AV1/90000", "level-idx=5;profile=0;tier=0")),
        (codec("H265/90000"), codec("H265/90000", "level-id=93;profile-id=1;tier-flag=0")),
        (codec("H264/90000"), codec("H264/90000", "profile-level-id=42000a")),
        (
            codec("H264/90000", "packetization-mode=1;profile-level-id=42e01f"),
            codec("H264/90000", "Profile-Level-ID=42C034;packetization-mode=1"),
        ),
        (codec("telephone-event/8000", "0-15"), codec("telephone-event/8000", "0-16")),
    ],
)
def test_match(a: Codec, b: Codec) -> None:
    assert codecs_match(a, b)
    assert codecs_match(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (codec("opus/48000/2"), codec("opus/48000")),
        (codec("telephone-event/8000"), codec("telephone-event/48000")),
        (codec("PCMU/8000"), codec("PCMA/8000")),
        (codec("VP9/90000"), codec("VP9/90000", "profile-id=2")),
        (codec("AV1/90000", "profile=1"), codec("AV1/90000")),
        (codec("H265/90000", "profile-id=2"), codec("H265/90000")),
        (codec("H264/90000", "packetization-mode=1"), codec("H264/90000")),
        (
            codec("H264/90000", "profile-level-id=42e01f"),
            codec("H264/90000", "profile-level-id=42001f"),
        ),
        (
            codec("H264/90000", "profile-level-id=42e01f"),
            codec("H264/90000", "profile-level-id=640032"),
        ),
        (
            codec("H264/90000", "profile-level-id=nonsense"),
            codec("H264/90000", "profile-level-id=nonsense"),
        ),
    ],
)
def test_no_match(a: Codec, b: Codec) -> None:
    assert not codecs_match(a, b)
    assert not codecs_match(b, a)


@pytest.mark.parametrize("name", ["rtx", "RED", "ulpfec", "flexfec-03", "CN", "telephone-event"])
def test_auxiliary_formats_carry_no_media_alone(name: str) -> None:
    assert not is_media_codec(codec(f"{name}/8000"))


def test_media_codec() -> None:
    assert is_media_codec(codec("VP8/90000"))


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (codec("rtx/90000", "apt=96;rtx-time=1000"), (96,)),
        (codec("rtx/90000"), ()),
        (codec("rtx/90000", "apt=x"), ()),
        (codec("red/48000/2", "111/111"), (111, 111)),
        (codec("red/90000"), ()),
        (codec("VP8/90000", "apt=96"), ()),
    ],
)
def test_associated_payload_types(subject: Codec, expected: tuple[int, ...]) -> None:
    assert associated_payload_types(subject) == expected


def test_orphans_are_dropped_and_their_order_kept() -> None:
    codecs = [
        codec("rtx/90000", "apt=96", 97),
        codec("VP8/90000", payload_type=96),
        codec("rtx/90000", "apt=99", 98),
        codec("rtx/90000", "", 100),
        codec("red/90000", payload_type=101),
        codec("rtx/90000", "apt=101", 102),
        codec("red/48000/2", "111/111", 63),
        codec("rtx/90000", "apt=63", 103),
    ]
    assert [kept.payload_type for kept in without_orphans(codecs)] == [97, 96, 101, 102]


def test_answer_keeps_the_offered_payload_type_and_states_our_preferences() -> None:
    offered = codec("OPUS/48000/2", "stereo=1;maxplaybackrate=48000", 109)
    own = codec("opus/48000/2", "minptime=10;useinbandfec=1", 111)
    answer = answer_codec(offered, own)
    assert (answer.payload_type, answer.name) == (109, "OPUS")
    assert answer.fmtp == "minptime=10;useinbandfec=1"


@pytest.mark.parametrize(
    ("offered", "own", "level"),
    [
        ("profile-level-id=42e034", "profile-level-id=42e01f", "42e01f"),
        ("profile-level-id=42e00d", "profile-level-id=42e01f", "42e00d"),
        (
            "level-asymmetry-allowed=1;profile-level-id=42e00d",
            "profile-level-id=42e01f;level-asymmetry-allowed=1",
            "42e01f",
        ),
        (
            "profile-level-id=42e00d",
            "profile-level-id=42e01f;level-asymmetry-allowed=1",
            "42e00d",
        ),
        ("profile-level-id=42C01F", "profile-level-id=42e01f", "42c01f"),
    ],
)
def test_h264_answer_level(offered: str, own: str, level: str) -> None:
    answer = answer_codec(codec("H264/90000", offered), codec("H264/90000", own))
    assert answer.parameter("profile-level-id") == level


def test_h264_answer_keeps_our_other_parameters_and_no_sprop() -> None:
    offered = codec(
        "H264/90000", "packetization-mode=1;profile-level-id=42e01f;sprop-parameter-sets=Zg=="
    )
    own = codec("H264/90000", "packetization-mode=1;profile-level-id=42e01f")
    assert answer_codec(offered, own).fmtp == "packetization-mode=1;profile-level-id=42e01f"


def test_an_illegal_offered_profile_leaves_our_parameters() -> None:
    own = codec("H264/90000", "profile-level-id=42e01f")
    assert answer_codec(codec("H264/90000", "profile-level-id=x"), own).parameters == own.parameters


@pytest.mark.parametrize(
    ("offered", "own", "events"),
    [
        ("0-16", "0-15", "0-15"),
        ("", "0-15", "0-15"),
        ("0-5,7,9-11,66", "0-15", "0-5,7,9-11"),
        ("100-110", "0-15", ""),
        ("nonsense", "0-15", "0-15"),
        ("0-300", "0-15", "0-15"),
    ],
)
def test_dtmf_events_are_intersected(offered: str, own: str, events: str) -> None:
    answer = answer_codec(
        codec("telephone-event/8000", offered), codec("telephone-event/8000", own)
    )
    assert answer.fmtp == events


def test_rtx_answer_names_the_offered_payload_type() -> None:
    answer = answer_codec(codec("rtx/90000", "apt=120", 124), codec("rtx/90000", "apt=96", 97))
    assert (answer.payload_type, answer.fmtp) == (124, "apt=120")


def test_answered_feedback_is_a_subset_in_the_offered_order() -> None:
    nack, pli, remb = Feedback("nack"), Feedback("nack", "pli"), Feedback("goog-remb")
    odd = Feedback("trr-int", "100")
    assert intersect_feedback((remb, odd, pli, pli), (nack, pli, remb)) == (remb, pli)


def test_one_way_of_telling_about_congestion_is_answered() -> None:
    """RFC 8888 §6."""
    nack, remb, wide = Feedback("nack"), Feedback("goog-remb"), Feedback("transport-cc")
    every = (nack, remb, wide, CONGESTION_FEEDBACK)
    assert intersect_feedback(every, every) == (nack, CONGESTION_FEEDBACK)
    assert intersect_feedback(every, (wide, nack)) == (nack, wide)
