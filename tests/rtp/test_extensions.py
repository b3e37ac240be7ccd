"""Header extensions (RFC 8285)."""

from inspect import get_annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    ABS_CAPTURE_TIME,
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    ONE_BYTE,
    PLAYOUT_DELAY,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSMISSION_OFFSET,
    TRANSPORT_WIDE_CC,
    TWO_BYTE,
    VIDEO_ORIENTATION,
    AudioLevel,
    CaptureTime,
    ExtensionMap,
    HeaderExtensions,
    PlayoutDelay,
    RtpPacket,
    write_packet,
)

URIS = (
    MID,
    RTP_STREAM_ID,
    REPAIRED_RTP_STREAM_ID,
    AUDIO_LEVEL,
    ABS_SEND_TIME,
    TRANSMISSION_OFFSET,
    TRANSPORT_WIDE_CC,
    VIDEO_ORIENTATION,
    PLAYOUT_DELAY,
    ABS_CAPTURE_TIME,
)
IDS = {uri: number for number, uri in enumerate(URIS, 1)}
NAMES = st.text("abcXYZ019-", min_size=1, max_size=16)
VALUES = {
    "mid": NAMES,
    "rid": NAMES,
    "repaired_rid": NAMES,
    "audio_level": st.builds(AudioLevel, st.integers(0, 127), st.booleans()),
    "abs_send_time": st.integers(0, 0xFFFFFF),
    "transmission_offset": st.integers(-(1 << 23), (1 << 23) - 1),
    "transport_sequence_number": st.integers(0, 0xFFFF),
    "orientation": st.integers(0, 255),
    "playout_delay": st.tuples(st.integers(0, 4095), st.integers(0, 4095)).map(
        lambda both: PlayoutDelay(min(both) / 100, max(both) / 100)
    ),
    "capture_time": st.builds(
        CaptureTime,
        st.integers(0, (1 << 64) - 1),
        st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
    ),
}


def said(extensions: HeaderExtensions) -> dict[str, object]:
    values = {name: getattr(extensions, name) for name in get_annotations(HeaderExtensions)}
    return {name: value for name, value in values.items() if value is not None}


def saying(**values: object) -> HeaderExtensions:
    extensions = HeaderExtensions()
    for name, value in values.items():
        setattr(extensions, name, value)
    return extensions


@given(
    st.fixed_dictionaries({}, optional=VALUES),
    st.sampled_from([1, 20]),
)
def test_what_is_written_is_read(values: dict[str, object], first_id: int) -> None:
    """From identifier 15 on only the two-byte form will do."""
    numbered = ExtensionMap({uri: n for n, uri in enumerate(URIS, first_id)}, mixed=True)
    profile, body = numbered.write(saying(**values))
    assert len(body) % 4 == 0
    assert said(numbered.read(profile, body)) == values
    assert profile == (0 if not values else ONE_BYTE if first_id == 1 else TWO_BYTE)


@given(st.sampled_from([ONE_BYTE, TWO_BYTE, 0x1007, 0x1234]), st.binary(max_size=64))
def test_any_bytes_are_read(profile: int, body: bytes) -> None:
    ExtensionMap(IDS).read(profile, body)


def read_one_byte(body: bytes, **ids: int) -> dict[str, object]:
    uris = {"mid": MID, "level": AUDIO_LEVEL, "orientation": VIDEO_ORIENTATION}
    return said(ExtensionMap({uris[name]: n for name, n in ids.items()}).read(ONE_BYTE, body))


def test_padding_may_stand_anywhere() -> None:
    assert read_one_byte(b"\x00\x10a\x00\x00\x20\x85\x00", mid=1, level=2) == {
        "mid": "a",
        "audio_level": AudioLevel(5, voice=True),
    }


@pytest.mark.parametrize("stop", [b"\xf0", b"\x03"])
def test_nothing_behind_a_reserved_identifier_is_read(stop: bytes) -> None:
    """RFC 8285 §4.2: identifier 15 ends the reading, and so does 0 with a length."""
    assert read_one_byte(b"\x10a" + stop + b"x\x20\x01", mid=1, level=2) == {"mid": "a"}


def test_an_element_past_the_end_ends_the_reading() -> None:
    assert read_one_byte(b"\x10a\x2f\x01", mid=1, level=2) == {"mid": "a"}


def test_the_last_of_two_counts_and_a_wrong_size_is_ignored() -> None:
    assert read_one_byte(b"\x10a\x10b\x21\x01\x02", mid=1, level=2) == {"mid": "b"}


def test_identifier_15_is_like_any_other_in_the_two_byte_form() -> None:
    mapped = ExtensionMap({MID: 15, VIDEO_ORIENTATION: 3})
    assert said(mapped.read(TWO_BYTE | 7, b"\x03\x00\x0f\x01a")) == {"mid": "a"}


def test_what_the_agreed_form_cannot_hold_is_left_out() -> None:
    long_id = ExtensionMap({MID: 15, AUDIO_LEVEL: 1})
    profile, body = long_id.write(saying(mid="a", audio_level=AudioLevel(9, voice=False)))
    assert (profile, body) == (ONE_BYTE, b"\x10\x09\x00\x00")


def test_bounds_of_the_playout_delay_the_wrong_way_round_are_ignored() -> None:
    mapped = ExtensionMap({PLAYOUT_DELAY: 1})
    assert said(mapped.read(ONE_BYTE, b"\x12\x00\x20\x01")) == {}


def test_what_was_not_agreed_is_neither_read_nor_written() -> None:
    none = ExtensionMap({"urn:example:unknown": 1})
    assert none.write(saying(mid="a")) == (0, b"")
    assert said(none.read(ONE_BYTE, b"\x10a")) == {}
    assert MID not in none
    assert MID in ExtensionMap(IDS)


@given(st.booleans(), st.integers(0, 3))
def test_what_is_written_late_is_blank_again(mixed: bool, csrcs: int) -> None:
    mapped = ExtensionMap(
        {MID: 1, TRANSPORT_WIDE_CC: 2, ABS_SEND_TIME: 15 if mixed else 3}, mixed=mixed
    )

    def made(**values: object) -> bytes:
        profile, body = mapped.write(saying(mid="a", **values))
        return write_packet(
            RtpPacket(
                payload_type=96,
                sequence_number=1,
                timestamp=2,
                ssrc=3,
                payload=b"\x20\x32payload",
                csrcs=(7,) * csrcs,
                profile=profile,
                extension=body,
            )
        )

    left = made(abs_send_time=0x123456, transport_sequence_number=0x789A)
    assert mapped.blank(left) == made(abs_send_time=0, transport_sequence_number=0)


@given(st.binary(min_size=12, max_size=60))
def test_blank_takes_any_packet(data: bytes) -> None:
    blank = ExtensionMap(IDS).blank(data)
    assert len(blank) == len(data)
    assert ExtensionMap({}).blank(data) == data
