"""Parameter sets that files keep beside their pictures."""

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import parameter_sets
from tests.rtp.payloads.test_h264 import PPS, SPS


def sized(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


AVC = bytes((1, 0x42, 0xC0, 0x1F, 0xFF, 0xE1)) + sized(SPS) + b"\1" + sized(PPS)
HEVC_UNITS = b"\x40\1vps", b"\x42\1sps", b"\x44\1pps", b"\x44\1pp2"
HEVC = (
    bytes((1,)).ljust(22, b"\0")
    + b"\3"
    + b"\xa0\0\1"
    + sized(HEVC_UNITS[0])
    + b"\xa1\0\1"
    + sized(HEVC_UNITS[1])
    + b"\xa2\0\2"
    + sized(*HEVC_UNITS[2:])
)


def test_records_and_start_codes() -> None:
    assert parameter_sets("video/H264", AVC) == [SPS, PPS]
    assert parameter_sets("video/H265", HEVC) == list(HEVC_UNITS)
    assert parameter_sets("video/H264", b"\0\0\0\1" + SPS + b"\0\0\1" + PPS) == [SPS, PPS]
    assert parameter_sets("video/H264", b"") == []


@given(st.sampled_from(["video/H264", "video/H265"]), st.sampled_from([AVC, HEVC]), st.data())
def test_what_is_cut_off_gives_what_is_whole(
    mime_type: str, whole: bytes, data: st.DataObject
) -> None:
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    found = parameter_sets(mime_type, cut)
    expected = parameter_sets(mime_type, whole)
    assert found == expected[: len(found)]


@given(st.sampled_from(["video/H264", "video/H265"]), st.binary(max_size=200))
def test_garbage_costs_no_more_than_its_bytes(mime_type: str, data: bytes) -> None:
    assert sum(map(len, parameter_sets(mime_type, b"\1" + data))) <= len(data)
