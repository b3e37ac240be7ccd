"""Numbers as people say them."""

from peer.explain.text import bits, counted, milliseconds, percent, seconds


def test_numbers() -> None:
    assert [seconds(0.25), seconds(12.345)] == ["0.250 s", "12.3 s"]
    assert [percent(0.0251), percent(0.4)] == ["2.5 %", "40 %"]
    assert milliseconds(0.0806) == "81 ms"
    assert [bits(80_000), bits(1_250_000)] == ["80 kbit/s", "1.2 Mbit/s"]
    assert [counted(1, "check"), counted(2, "check")] == ["1 check", "2 checks"]
