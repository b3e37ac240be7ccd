"""Remote descriptions that are refused, and that nothing changes then (RFC 9429 §5.8.3)."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from peer.jsep import (
    DOMException,
    InvalidAccessError,
    OperationError,
    RTCError,
    RtcpMuxPolicy,
    create_offer,
)
from peer.jsep.codecs import DEFAULT_AUDIO_CODECS, DEFAULT_VIDEO_CODECS
from sdp import (
    NO_DTLS,
    NO_ICE,
    Attribute,
    Codec,
    Direction,
    Fingerprint,
    Setup,
    Ssrc,
)
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import altered, with_groups, with_setup, without_mux, without_sections

Change = Callable[[str], str]


def ice(**values: str | None) -> Change:
    return lambda text: altered(
        text,
        lambda media: replace(media, ice=replace(media.ice, **values)),  # type: ignore[arg-type]
    )


def fingerprints(*found: Fingerprint) -> Change:
    return lambda text: altered(
        text, lambda media: replace(media, dtls=replace(media.dtls, fingerprints=found))
    )


def bare(text: str) -> str:
    return altered(text, lambda media: replace(media, ice=NO_ICE, dtls=NO_DTLS))


def plan_b(text: str) -> str:
    """Two tracks in one section."""
    sources = tuple(
        Ssrc(number, (Attribute("cname", "c"), Attribute("msid", f"stream track{number}")))
        for number in (1, 2)
    )
    return altered(text, lambda media: replace(media, ssrcs=sources, msids=()))


def unlike_ice(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new)


def renumbered(payload_type: int) -> Change:
    codec = Codec(payload_type, "VP8", 90000)
    return lambda text: altered(text, lambda media: media.with_codecs((codec,)))


MD5 = Fingerprint("md5", ":".join(["AB"] * 16))
UNKNOWN = Fingerprint("sha-3", ":".join(["AB"] * 32))

REFUSED: list[tuple[str, Change, str]] = [
    ("no ICE", ice(ufrag=None, pwd=None), "ice-ufrag"),
    ("short ufrag", ice(ufrag="abc"), "ice-ufrag"),
    ("long ufrag", ice(ufrag="a" * 257), "ice-ufrag"),
    ("no pwd", ice(pwd=None), "ice-pwd"),
    ("short pwd", ice(pwd="a" * 21), "ice-pwd"),
    ("long pwd", ice(pwd="a" * 257), "ice-pwd"),
    ("other characters in the ufrag", unlike_ice("ice-ufrag:", "ice-ufrag:$"), "ice-char"),
    ("other characters in the pwd", unlike_ice("ice-pwd:", "ice-pwd:!"), "ice-char"),
    ("payload type of RTCP", renumbered(72), "payload type 72"),
    ("no fingerprint", fingerprints(), "fingerprint"),
    ("weak fingerprint", fingerprints(MD5), "fingerprint"),
    ("unknown fingerprint", fingerprints(UNKNOWN), "fingerprint"),
    ("nothing at all", bare, "ice-ufrag"),
    ("holdconn", lambda text: with_setup(text, Setup.HOLDCONN), "setup"),
    ("no mux", without_mux, "rtcp-mux"),
    ("plan b", plan_b, "Plan B"),
    ("unknown mid", lambda text: with_groups(text, "0 9"), "unknown mid"),
    ("two groups", lambda text: with_groups(text, "0", "0"), "two BUNDLE groups"),
]


def offered() -> tuple[End, str]:
    one, other = make_ends()
    one.add("video")
    return other, one.offer()


@pytest.mark.parametrize(("name", "change", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
def test_offers(name: str, change: Change, reason: str) -> None:
    end, text = offered()
    before = end.state
    with pytest.raises(InvalidAccessError, match=reason):
        end.set_remote("offer", change(text))
    assert end.state is before


@pytest.mark.parametrize(("name", "change", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
@pytest.mark.parametrize("type_", ["answer", "pranswer"])
def test_answers(name: str, change: Change, reason: str, type_: str) -> None:
    end, text = offered()
    offerer = make_end(0)
    offerer.add("video")
    end.set_remote("offer", offerer.offer())
    text = change(end.answer())
    before = offerer.state
    with pytest.raises(InvalidAccessError, match=reason):
        offerer.set_remote(type_, text)
    assert offerer.state is before


@pytest.mark.parametrize(
    ("ufrag", "pwd"),
    [("abcd", "a" * 22), ("a" * 256, "a" * 256), ("a+/9", "+/" * 12)],
)
def test_credentials_within_bounds(ufrag: str, pwd: str) -> None:
    """RFC 8839 §5.4."""
    end, text = offered()
    end.set_remote("offer", ice(ufrag=ufrag, pwd=pwd)(text))


def test_characters_that_browsers_take_besides_ice_char() -> None:
    end, text = offered()
    text = ice(ufrag="ufrag", pwd="password" * 3)(text)
    end.set_remote("offer", text.replace("ufrag:ufrag", "ufrag:-=#_").replace("dp", "=="))
    assert end.remote.sections[0].media.ice.ufrag == "-=#_"


def test_one_known_fingerprint_is_enough() -> None:
    """RFC 8122 §5.1."""
    end, text = offered()
    sha1 = Fingerprint("sha-1", ":".join(["AB"] * 20))
    end.set_remote("offer", fingerprints(MD5, UNKNOWN, sha1)(text))


def test_rejected_sections_need_nothing() -> None:
    """RFC 3264 §6: only the m= line counts."""
    end, text = offered()
    end.set_remote("offer", without_sections(bare(text), "0"))
    end.answer()


def test_attributes_at_session_level_count() -> None:
    """RFC 8866 §5.13."""
    end, text = offered()
    lines = text.splitlines(keepends=True)
    names = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup")
    moved = [line for line in lines if line.startswith(names)]
    rest = [line for line in lines if not line.startswith(names)]
    at = rest.index("t=0 0\r\n") + 1
    end.set_remote("offer", "".join(rest[:at] + moved + rest[at:]))
    end.answer()


@pytest.mark.parametrize("payload_type", [35, 63, 96, 127])
def test_payload_types_that_rtcp_leaves(payload_type: int) -> None:
    """RFC 5761 §4."""
    end, text = offered()
    end.set_remote("offer", renumbered(payload_type)(text))


def test_payload_types_do_not_matter_apart_from_rtcp() -> None:
    """RFC 5761 §4 is about multiplexing."""
    _, text = offered()
    end = make_end(1, rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    end.set_remote("offer", renumbered(72)(without_mux(text)))


def test_mux_only_without_mux() -> None:
    """RFC 8858 §3: under "require" an error, else no multiplexing."""
    end, text = offered()
    broken = text.replace("a=rtcp-mux\r\n", "")
    with pytest.raises(InvalidAccessError, match="rtcp-mux"):
        end.set_remote("offer", broken)
    lax = make_end(1, rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    lax.set_remote("offer", broken)
    lax.answer()
    assert lax.state.wiring.transports[0].components == 2


def test_a_single_track_in_several_sources_is_no_plan_b() -> None:
    """RFC 5576: rtx has a source of its own."""
    end, text = offered()
    attribute = Attribute("msid", "stream track")
    sources = (Ssrc(1, (attribute,)), Ssrc(2, (attribute,)))
    end.set_remote("offer", altered(text, lambda media: replace(media, ssrcs=sources)))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n",
        lambda text: text[: text.index("m=")].replace("a=group:BUNDLE 0\r\n", ""),
        lambda text: text.replace("m=video", "m=audio"),
        lambda text: text.replace("a=mid:0", "a=mid:1").replace("BUNDLE 0", "BUNDLE 1"),
    ],
    ids=["more", "fewer", "another kind", "another mid"],
)
def test_answers_have_the_lines_of_the_offer(change: Change) -> None:
    """RFC 3264 §6."""
    one, other = make_ends()
    one.add("video")
    other.set_remote("offer", one.offer())
    text = change(other.answer())
    before = one.state
    with pytest.raises(InvalidAccessError):
        one.set_remote("answer", text)
    assert one.state is before


def test_an_answer_cannot_take_what_was_not_offered() -> None:
    one, other = make_ends()
    one.add("video")
    one.add("audio")
    exchange(one, other)
    one.stop(0)
    text = one.offer()
    other.set_remote("offer", text)
    answer = other.answer()
    lines = answer.replace("m=video 0", "m=video 9")
    with pytest.raises(InvalidAccessError, match="rejected in the offer"):
        one.set_remote("answer", lines)


@pytest.mark.parametrize("group", ["a=group:BUNDLE 0 1\r\n", ""])
def test_answers_without_mids(group: str) -> None:
    """Their order says which is which, in groups too; Chromium takes them."""
    one, other = make_ends()
    one.add("audio")
    one.add("video", Direction.RECVONLY)
    other.set_remote("offer", one.offer())
    answer = re.sub("a=(mid|group):.*\r\n", "", other.answer())
    one.set_remote("answer", answer.replace("t=0 0\r\n", f"t=0 0\r\n{group}"))
    assert one.state.wiring.sections == {"0": 0, "1": 0 if group else 1}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda text: text.replace("v=0", "v=1"), 1),
        (lambda text: text.replace("s=-", "s =-"), 3),
        (lambda text: "", 1),
        (lambda text: text.replace("t=0 0", "t=0 0\r\nx=1"), 5),
    ],
)
def test_syntax_errors_name_the_line(change: Change, line: int) -> None:
    """W3C RTCError: detail sdp-syntax-error and a line number that counts from 1."""
    end, text = offered()
    before = end.state
    with pytest.raises(RTCError) as caught:
        end.set_remote("offer", change(text))
    assert end.state is before
    assert caught.value.sdp_line_number == line
    assert caught.value.error_detail == "sdp-syntax-error"
    assert caught.value.name == "OperationError"
    assert isinstance(caught.value, OperationError)
    assert isinstance(caught.value, DOMException)


AUXILIARY = {
    "audio": (
        Codec(110, "telephone-event", 8000),
        Codec(63, "red", 48000, 2, (("111/111", None),)),
        Codec(13, "CN", 8000),
    ),
    "video": (
        Codec(97, "rtx", 90000, 1, (("apt", "96"),)),
        Codec(114, "red", 90000),
        Codec(115, "ulpfec", 90000),
        Codec(49, "flexfec-03", 90000),
    ),
}
MORE_AUDIO = (*DEFAULT_AUDIO_CODECS, *AUXILIARY["audio"])
MORE_VIDEO = (*DEFAULT_VIDEO_CODECS, *AUXILIARY["video"][1:])


@pytest.mark.parametrize("type_", ["answer", "pranswer"])
@pytest.mark.parametrize(
    ("kind", "codecs"),
    [(kind, (codec,)) for kind, codecs in AUXILIARY.items() for codec in codecs]
    + list(AUXILIARY.items())
    + [("audio", (Codec(111, "speex", 16000),))],
)
def test_an_answer_needs_a_codec_for_media(
    kind: str, codecs: tuple[Codec, ...], type_: str
) -> None:
    """RFC 9429 §5.3.1: what only protects, pauses or dials sends no media."""
    one, other = make_ends(audio_codecs=MORE_AUDIO, video_codecs=MORE_VIDEO)
    one.add(kind)
    other.set_remote("offer", one.offer())
    answer = altered(other.answer(), lambda media: media.with_codecs(codecs))
    before = one.state
    with pytest.raises(InvalidAccessError, match="no codec for media"):
        one.set_remote(type_, answer)
    assert one.state is before


@pytest.mark.parametrize(
    ("kind", "codecs"),
    [(kind, (codec,)) for kind, codecs in AUXILIARY.items() for codec in codecs]
    + list(AUXILIARY.items()),
)
@pytest.mark.parametrize("later", [False, True])
def test_an_offered_section_without_a_codec_for_media_is_rejected(
    kind: str, codecs: tuple[Codec, ...], later: bool
) -> None:
    one, other = make_ends(audio_codecs=MORE_AUDIO, video_codecs=MORE_VIDEO)
    one.add(kind)
    other.add_track(kind)
    if later:
        exchange(one, other)
    other.set_remote("offer", altered(one.offer(), lambda media: media.with_codecs(codecs)))
    other.answer()
    assert [section.rejected for section in other.local.sections] == [True]
    assert not other.state.wiring.senders
    assert not other.state.wiring.receivers


def test_a_codec_that_only_an_altered_description_has_is_none() -> None:
    """The application may write any codec into its offer, but nothing here encodes it."""
    one, other = make_ends(lenient_munging=True)
    one.add("video")
    theora = (Codec(98, "theora", 90000),)
    one.state, text = create_offer(one.state, entropy=one.entropy)
    one.set_local("offer", altered(text, lambda media: media.with_codecs(media.codecs + theora)))
    other.set_remote("offer", text)
    answer = altered(other.answer(), lambda media: media.with_codecs(theora))
    with pytest.raises(InvalidAccessError, match="no codec for media"):
        one.set_remote("answer", answer)


def test_a_rejected_section_needs_no_codec() -> None:
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    other.set_remote("offer", one.offer())
    answer = without_sections(other.answer(), "1")
    rtx = AUXILIARY["video"][:1]
    one.set_remote("answer", altered(answer, lambda m: m.with_codecs(rtx) if m.mid == "1" else m))
    assert list(one.state.wiring.senders) == [0]
