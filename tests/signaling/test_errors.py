"""Refusals of servers."""

from peer.signaling.errors import refusal


def test_a_refusal_says_what_the_server_said() -> None:
    error = refusal(503, "  full\r\nfor today ", "5")
    assert str(error) == "503 Service Unavailable (full for today)"
    assert (error.status, error.retry_after) == (503, 5.0)


def test_a_refusal_may_say_nothing() -> None:
    error = refusal(599, "", "Fri, 31 Dec 1999 23:59:59 GMT")
    assert str(error) == "599"
    assert error.retry_after is None
    assert len(str(refusal(400, "x" * 10_000, None))) < 300
    # Digits, but none that a header may have.
    assert refusal(503, "", "\N{SUPERSCRIPT TWO}").retry_after is None
