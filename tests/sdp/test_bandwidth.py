"""Bandwidth lines (RFC 8866 §5.8, RFC 9429 §5.10)."""

import pytest

from sdp import Bandwidth, transport_independent_bandwidth
from tests.sdp.support import audio_with


def test_known_and_unknown_types_are_kept() -> None:
    section = audio_with("b=AS:64", "b=TIAS:50000", "b=X-y:1", "b=RS:0", "b=RR:0")
    assert section.bandwidths == (
        Bandwidth("AS", 64),
        Bandwidth("TIAS", 50000),
        Bandwidth("X-y", 1),
        Bandwidth("RS", 0),
        Bandwidth("RR", 0),
    )


@pytest.mark.parametrize("value", ["AS", "AS:", "AS:x", ":64", "AS:-1", "AS:" + "9" * 5000])
def test_malformed_lines_are_dropped(value: str) -> None:
    assert audio_with(f"b={value}").bandwidths == ()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        (["b=AS:64"], 44800),
        (["b=AS:64", "b=TIAS:50000"], 50000),
        (["b=AS:1"], 0),
        (["b=CT:64"], None),
    ],
)
def test_transport_independent(lines: list[str], expected: int | None) -> None:
    assert transport_independent_bandwidth(audio_with(*lines).bandwidths) == expected
