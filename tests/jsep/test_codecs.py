"""Codec negotiation: formats, numbers, feedback, preferences (RFC 3264 §6, §8; RFC 9429 §5)."""

from dataclasses import replace

import pytest

from peer.jsep import (
    ANSWERED_VIDEO_CODECS,
    DEFAULT_AUDIO_CODECS,
    DEFAULT_VIDEO_CODECS,
    InvalidAccessError,
    InvalidModificationError,
    set_codec_preferences,
)
from peer.jsep.codecs import (
    PayloadTypes,
    answer_codecs,
    mutual_codecs,
    offer_codecs,
    order_by_preference,
)
from sdp import (
    CONGESTION_FEEDBACK,
    Codec,
    Feedback,
    MediaSection,
    SsrcGroup,
    is_media_codec,
    parse,
    serialize,
)
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import altered

OPUS, RED, G722, PCMU, PCMA, NOISE, *EVENTS = DEFAULT_AUDIO_CODECS
VP8, VP8_RTX = DEFAULT_VIDEO_CODECS[:2]
H264_BASELINE, H264_CONSTRAINED = DEFAULT_VIDEO_CODECS[2], DEFAULT_VIDEO_CODECS[4]
NACK, PLI, REMB = Feedback("nack"), Feedback("nack", "pli"), Feedback("goog-remb")
FIR = Feedback("ccm", "fir")


def rtx(payload_type: int, apt: int) -> Codec:
    return Codec(payload_type, "rtx", 90000, 1, (("apt", str(apt)),))


def numbers(media: MediaSection) -> list[int]:
    return [codec.payload_type for codec in media.codecs]


def first(end: End) -> MediaSection:
    return end.local.sections[0].media


def offered(kind: str, *codecs: Codec) -> str:
    """An offer of one section with just these formats."""
    end = make_end(0)
    end.add(kind)
    return altered(end.offer(), lambda media: media.with_codecs(codecs))


def answered(kind: str, *codecs: Codec, **options: object) -> MediaSection:
    end = make_end(1, **options)
    end.set_remote("offer", offered(kind, *codecs))
    end.answer()
    return first(end)


def test_a_first_offer_has_all_that_is_supported() -> None:
    end = make_end(0)
    end.add("audio")
    end.add("video")
    end.offer()
    audio, video = (section.media for section in end.local.sections)
    assert audio.codecs == DEFAULT_AUDIO_CODECS
    assert video.codecs == DEFAULT_VIDEO_CODECS


def test_an_answer_takes_numbers_and_order_from_the_offer() -> None:
    """RFC 3264 §6.1, RFC 9429 §5.3.1."""
    media = answered("audio", PCMA, Codec(111, "OPUS", 48000, 2), PCMU)
    assert numbers(media) == [8, 111, 0]
    assert media.formats == ("8", "111", "0")
    assert media.codecs[1].name == "OPUS"


def test_the_order_is_that_of_the_media_line() -> None:
    """Not that of the a=rtpmap lines."""
    end = make_end(1)
    text = offered("audio", PCMA, OPUS, PCMU)
    lines = text.splitlines(keepends=True)
    maps = [line for line in lines if line.startswith("a=rtpmap")]
    others = [line for line in lines if not line.startswith("a=rtpmap")]
    end.set_remote("offer", "".join(others + maps[::-1]))
    end.answer()
    assert numbers(first(end)) == [8, 111, 0]


def test_formats_without_a_map() -> None:
    """RFC 3551 §6: static ones are known, others mean nothing."""
    text = offered("audio", PCMU, PCMA, Codec(100, "X", 8000))
    text = "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith("a=rtpmap")
    )
    end = make_end(1)
    end.set_remote("offer", text)
    end.answer()
    assert [codec.rtpmap for codec in first(end).codecs] == ["PCMU/8000", "PCMA/8000"]


def test_nothing_in_common_is_rejected() -> None:
    """Auxiliary codecs do not count; mono opus is not opus (RFC 7587 §7)."""
    for codecs in (
        (Codec(100, "opus", 48000, 1),),
        (Codec(100, "iLBC", 8000),),
        (Codec(13, "CN", 8000), Codec(101, "telephone-event", 8000)),
    ):
        assert answered("audio", *codecs).port == 0
    wanted = DEFAULT_AUDIO_CODECS
    media = answered(
        "audio",
        Codec(13, "CN", 8000),
        Codec(100, "telephone-event", 8000),
        audio_codecs=wanted,
    )
    assert media.port == 0


def test_telephone_events_go_by_clock_rate() -> None:
    """RFC 4733 §2.4.1: those of another rate are another format."""
    wanted = (OPUS, PCMU, EVENTS[1])
    media = answered(
        "audio",
        PCMU,
        Codec(110, "telephone-event", 48000),
        Codec(126, "telephone-event", 8000, 1, (("0-16", None),)),
        audio_codecs=wanted,
    )
    assert numbers(media) == [0, 126]


def test_one_codec_twice_is_answered_twice() -> None:
    """Each payload type is a format of its own."""
    media = answered("audio", replace(OPUS, payload_type=100), replace(OPUS, payload_type=101))
    assert numbers(media) == [100, 101]


def red(payload_type: int, formats: str) -> Codec:
    return Codec(payload_type, "red", 48000, 2, ((formats, None),))


def test_redundancy_follows_its_codec() -> None:
    """RFC 2198 §5. After Opus, so that sound goes without copies where nothing is lost."""
    opus = replace(OPUS, payload_type=96)
    assert numbers(answered("audio", opus, red(97, "96/96"), PCMU)) == [96, 97, 0]
    # The order is the offerer's, who thereby asks for copies always.
    assert numbers(answered("audio", red(97, "96/96"), opus)) == [97, 96]
    assert numbers(answered("audio", PCMU, red(97, "96/96"))) == [0]


def test_redundancy_may_be_preferred_or_left_out() -> None:
    for preferred, wanted in (
        ([RED, OPUS], [63, 111]),
        ([OPUS, RED], [111, 63]),
        ([OPUS], [111]),
    ):
        end = make_end(0)
        end.add("audio")
        end.state = set_codec_preferences(end.state, 0, preferred)
        end.offer()
        assert numbers(first(end)) == wanted
        assert first(end).codecs[0].fmtp in (RED.fmtp, OPUS.fmtp)


def test_rtx_is_answered_with_its_codec_only() -> None:
    """RFC 4588 §8.1."""
    theora = Codec(110, "theora", 90000)
    media = answered(
        "video",
        theora,
        rtx(111, 110),
        replace(VP8, payload_type=120),
        rtx(124, 120),
        rtx(125, 99),
        Codec(126, "rtx", 90000),
    )
    assert numbers(media) == [120, 124]
    assert media.codecs[1].parameter("apt") == "120"


def test_h264_profiles_and_modes_must_agree() -> None:
    """RFC 6184 §8.2.2: Baseline, Constrained Baseline and Main are three, mode 0 is another."""

    def h264(number: int, profile: str | None, mode: str = "1") -> Codec:
        parameters: tuple[tuple[str, str | None], ...] = (("packetization-mode", mode),)
        if profile:
            parameters += (("profile-level-id", profile),)
        return Codec(number, "H264", 90000, 1, parameters)

    media = answered(
        "video",
        h264(100, "4d001f"),
        h264(101, "42e01f", "0"),
        h264(102, "42001f"),
        h264(103, "42e01f"),
        h264(104, None),
        h264(105, "f4001f"),
        h264(106, "42001f", "0"),
    )
    assert numbers(media) == [100, 101, 102, 103, 104, 106]
    levels = [codec.parameter("profile-level-id") for codec in media.codecs]
    # Without level asymmetry on both sides the lower level counts.
    assert levels == ["4d001f", "42e01f", "42001f", "42e01f", "42000a", "42001f"]


def test_feedback_is_what_both_have() -> None:
    """RFC 4585 §4.2: the answer has nothing that was not offered."""
    odd = Feedback("x-odd")
    (codec,) = answered("video", replace(VP8, feedback=(odd, PLI, NACK))).codecs
    assert codec.feedback == (PLI, NACK)


def test_feedback_that_was_not_offered_is_ignored() -> None:
    """RFC 9429 §5.11 makes it an error; the extra feedback does no harm."""
    one, other = make_ends()
    number = one.add("video")
    other.set_remote("offer", one.offer())
    odd = Feedback("x-odd")
    answer = altered(
        other.answer(), lambda media: media.with_codecs((replace(VP8, feedback=(odd, NACK)),))
    )
    one.set_remote("answer", answer)
    assert one.state.wiring.senders[number].codecs[0].feedback == (NACK,)


def test_feedback_for_all_formats() -> None:
    """RFC 4585 §4.2: ``*`` stands for each."""
    text = offered("video", replace(VP8, feedback=()))
    end = make_end(1)
    end.set_remote("offer", text + "a=rtcp-fb:* nack\r\n")
    end.answer()
    assert first(end).codecs[0].feedback == (NACK,)


def test_each_side_sends_with_the_numbers_of_the_other() -> None:
    """RFC 3264 §5.1, §6.1."""
    one, other = make_ends()
    one.add("audio")
    other.add_track("audio")
    other.set_remote("offer", one.offer())
    answer = altered(
        other.answer(), lambda media: media.with_codecs((PCMA, replace(OPUS, payload_type=120)))
    )
    one.set_remote("answer", answer)
    assert [c.payload_type for c in one.state.wiring.senders[0].codecs] == [8, 120]
    assert [c.payload_type for c in one.state.wiring.receivers[0].codecs] == [111, 8]


def test_numbers_do_not_change_in_later_offers() -> None:
    """RFC 3264 §8.3.2; the order is that of the last answer (RFC 9429 §5.2.2)."""
    other = make_end(1)
    other.set_remote("offer", offered("video", replace(VP8, payload_type=120), rtx(121, 120)))
    other.answer()
    other.add("video")
    other.offer()
    old, new = (section.media for section in other.local.sections)
    assert numbers(old)[:2] == [120, 121]
    names = ["VP8", "H264", "H264", "VP9", "AV1", "H264", "H264", "H265", "red", "ulpfec"]
    assert [codec.name for codec in old.codecs if codec.name != "rtx"] == names
    # The new section uses the same numbers for the same codecs.
    assert {c.payload_type: c.rtpmap for c in new.codecs} == {
        c.payload_type: c.rtpmap for c in old.codecs
    }


def test_a_number_is_not_given_to_another_codec() -> None:
    taken = PayloadTypes({97: Codec(97, "VP9", 90000), 0: PCMU})
    assert taken.get(VP8) == 96
    assert taken.get(PCMU) == 0
    assert taken.get(VP8) == 96
    assert taken.get(VP8, in_use={96}) == 98


def test_numbers_that_would_look_like_rtcp_are_avoided() -> None:
    """RFC 5761 §4: 64 to 95."""
    source = PayloadTypes({})
    given = [source.get(Codec(96, f"codec{index}", 8000)) for index in range(62)]
    assert given[:32] == list(range(96, 128))
    assert given[32:61] == list(range(35, 64))
    assert given[61] is None


def test_feedback_and_formats_the_peer_dropped_are_offered_again_or_not() -> None:
    """RFC 9429 §5.2.2: formats all, feedback as in the last answer."""
    one, other = make_ends()
    other.state = replace(
        other.state,
        configuration=replace(
            other.state.configuration, video_codecs=(replace(VP8, feedback=(NACK,)),)
        ),
    )
    one.add("video")
    exchange(one, other)
    one.offer()
    media = first(one)
    assert len(media.codecs) == len(DEFAULT_VIDEO_CODECS)
    assert media.codecs[0].feedback == (NACK,)
    assert media.codecs[0].name == "VP8"
    assert all(REMB in codec.feedback for codec in media.codecs if codec.name == "H264")


def test_the_feedback_of_rfc_8888_is_offered_where_it_is_wanted() -> None:
    """And answered instead of others, by who has it too (RFC 8888 §6)."""
    wide = Feedback("transport-cc")
    for both in (True, False):
        one, other = make_ends(congestion_feedback=True)
        configuration = replace(other.state.configuration, congestion_feedback=both)
        other.state = replace(other.state, configuration=configuration)
        one.add("video")
        assert "a=rtcp-fb:* ack ccfb" in one.offer()
        exchange(one, other)
        for codec in first(other).codecs:
            if is_media_codec(codec):
                told = {CONGESTION_FEEDBACK} if both else {REMB, wide}
                assert set(codec.feedback) == {NACK, PLI, FIR} | told


FLEXFEC = ANSWERED_VIDEO_CODECS[0]


@pytest.mark.parametrize("mode", ["0", "1"])
@pytest.mark.parametrize("profile", ["42001f", "42e01f", "4d001f", "640c1f", "64001f"])
def test_every_profile_of_h264_up_to_high_is_taken_and_kept(profile: str, mode: str) -> None:
    """RFC 6184 §8.2.2: who offers one of them alone has pictures, also with our next offer."""
    parameters = (("packetization-mode", mode), ("profile-level-id", profile))
    theirs = Codec(35, "H264", 90000, 1, parameters, (NACK,)), rtx(36, 35)
    end = make_end(1)
    end.set_remote("offer", offered("video", *theirs))
    end.answer()
    assert numbers(first(end)) == [35, 36]
    assert set(parameters) <= set(first(end).codecs[0].parameters)
    end.offer()
    assert {35, 36} <= set(numbers(first(end)))


def test_error_correction_is_offered_as_browsers_do() -> None:
    """RED with its retransmission, and ULPFEC (RFC 5109 §14.1)."""
    one, other = make_ends()
    one.add("video")
    exchange(one, other)
    for end in (one, other):
        lines = [f"{codec.payload_type} {codec.rtpmap}" for codec in first(end).codecs]
        assert lines[-3:] == ["118 red/90000", "119 rtx/90000", "120 ulpfec/90000"]
        assert first(end).codecs[-2].fmtp == "apt=118"
    assert [c.payload_type for c in one.state.wiring.senders[0].codecs][-3:] == [118, 119, 120]
    assert one.state.wiring.senders[0].fec_ssrc is None


def test_flexible_error_correction_is_taken_from_offers_and_kept() -> None:
    offer = ("video", VP8, Codec(35, "flexfec-03", 90000, 1, (("repair-window", "1000000"),)))
    other = make_end(1)
    other.add_track("video")
    other.set_remote("offer", offered(*offer))
    other.answer()
    media = first(other)
    assert numbers(media) == [96, 35]
    assert media.codecs[1].fmtp == "repair-window=10000000"
    sending = other.state.wiring.senders[0]
    assert SsrcGroup("FEC-FR", (sending.ssrc, sending.fec_ssrc or 0)) in media.ssrc_groups
    assert sending.fec_ssrc in [source.ssrc for source in media.ssrcs]
    other.offer()
    assert 35 in numbers(first(other))
    end = make_end(0)
    end.add("video")
    end.offer()
    assert not any(codec.name == "flexfec-03" for codec in first(end).codecs)


def test_flexible_error_correction_is_offered_where_it_is_preferred() -> None:
    one, other = make_ends()
    number = one.add("video")
    one.state = set_codec_preferences(one.state, number, [VP8, FLEXFEC])
    exchange(one, other)
    assert [codec.name for codec in first(one).codecs] == ["VP8", "flexfec-03"]
    assert one.state.wiring.senders[0].fec_ssrc is not None


def test_preferences_choose_and_order() -> None:
    """W3C setCodecPreferences: in offers and in answers."""
    end = make_end(0)
    number = end.add("audio")
    end.state = set_codec_preferences(end.state, number, [PCMA, OPUS])
    end.offer()
    assert numbers(first(end)) == [8, 111]
    other = make_end(1)
    number = other.add_track("audio")
    other.state = set_codec_preferences(other.state, number, [replace(PCMU, payload_type=77), OPUS])
    other.set_remote("offer", offered("audio", OPUS, PCMA, PCMU))
    other.answer()
    assert numbers(first(other)) == [0, 111]
    other.state = set_codec_preferences(other.state, number, [])
    assert other.transceiver(number).codec_preferences == ()


def test_preferences_with_and_without_rtx() -> None:
    generic = Codec(0, "rtx", 90000)
    ordered = order_by_preference([H264_CONSTRAINED, VP8, generic], DEFAULT_VIDEO_CODECS)
    assert ordered is not None
    assert [codec.payload_type for codec in ordered] == [108, 109, 96, 97]
    assert order_by_preference([VP8], DEFAULT_VIDEO_CODECS) == (VP8,)
    assert order_by_preference([VP8, VP8_RTX], DEFAULT_VIDEO_CODECS) is None


def test_preferences_are_compared_without_the_level_of_h264() -> None:
    """W3C "codec dictionary match"."""
    level = dict(H264_CONSTRAINED.parameters) | {"profile-level-id": "42e034"}
    other_level = replace(H264_CONSTRAINED, parameters=tuple(level.items()))
    assert order_by_preference([other_level], DEFAULT_VIDEO_CODECS) == (H264_CONSTRAINED,)
    changed = (*H264_CONSTRAINED.parameters, ("max-fs", "1200"))
    assert (
        order_by_preference([replace(H264_CONSTRAINED, parameters=changed)], DEFAULT_VIDEO_CODECS)
        is None
    )


@pytest.mark.parametrize(
    "preferences",
    [
        [Codec(0, "iLBC", 8000)],
        [OPUS, Codec(0, "opus", 48000, 1)],
        [Codec(0, "rtx", 90000)],
        [replace(OPUS, parameters=(("useinbandfec", "1"),))],
    ],
)
def test_preferences_must_be_supported_and_carry_media(preferences: list[Codec]) -> None:
    end = make_end(0)
    number = end.add("audio")
    before = end.state
    with pytest.raises(InvalidModificationError):
        set_codec_preferences(end.state, number, preferences)
    assert end.state is before


def test_an_answer_of_unknown_formats_only_is_refused() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    answer = altered(other.answer(), lambda media: media.with_codecs((Codec(100, "X", 8000),)))
    with pytest.raises(InvalidAccessError, match="no codec"):
        one.set_remote("answer", answer)


def test_mutual_codecs_pair_rtx_by_what_it_repeats() -> None:
    mine = (VP8, VP8_RTX, H264_BASELINE)
    theirs = (
        replace(H264_BASELINE, payload_type=120),
        replace(VP8, payload_type=121),
        rtx(122, 121),
    )
    assert [c.payload_type for c in mutual_codecs(mine, theirs)] == [96, 97, 102]
    assert [c.payload_type for c in mutual_codecs(theirs, mine)] == [120, 121, 122]
    assert mutual_codecs(mine, (replace(VP8, payload_type=121), rtx(122, 120))) == (VP8,)


def test_answers_need_no_support_for_rtx() -> None:
    assert answer_codecs((VP8, VP8_RTX), (VP8,), in_order_of_support=False) == (VP8,)


def test_an_offer_renumbers_rtx_with_its_codec() -> None:
    source = PayloadTypes({97: Codec(97, "VP9", 90000)})
    codecs = offer_codecs((VP8, VP8_RTX), source, in_order_of_support=False)
    assert [(c.payload_type, c.parameter("apt")) for c in codecs] == [(96, None), (98, "96")]


def test_offers_after_sections_that_number_differently() -> None:
    """Without BUNDLE a peer may number each section on its own; none may get a number twice."""
    one, other = make_ends()
    other.add_track("video")
    other.add_track("video")
    one.add("video")
    one.add("video")
    swapped = (replace(VP8, payload_type=99), replace(H264_BASELINE, payload_type=97))
    text = one.offer()
    record = parse(text)
    media = (record.media[0], record.media[1].with_codecs(swapped))
    other.set_remote("offer", serialize(replace(record, media=media)))
    other.answer()
    other.offer()
    for section in other.local.sections:
        assert len(set(numbers(section.media))) == len(section.media.codecs)
    assert {c.payload_type: c.name for c in other.local.sections[1].media.codecs}[99] == "VP8"
