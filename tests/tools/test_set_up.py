"""Whole calls in virtual time: how many round trips their set-up takes."""

import pytest

from peer.transports import Certificate
from tools.bench.set_up import Times, measure

ROUND_TRIP = 0.2
CERTIFICATES = [Certificate.generate(), Certificate.generate()]
LARGE = [Certificate.generate("rsa"), Certificate.generate("rsa")]


def set_up(
    *, embeds: bool = True, signaling: float = 0.0, certificates: list[Certificate] = CERTIFICATES
) -> Times:
    """Set up a call and give its times, in round trips."""
    (times,) = measure(
        delay=ROUND_TRIP / 2,
        loss=0.0,
        signaling=signaling,
        seeds=1,
        certificates=certificates,
        embeds=embeds,
    )
    return {mark: time / ROUND_TRIP for mark, time in times.items()}


@pytest.mark.parametrize("certificates", [CERTIFICATES, LARGE], ids=["ECDSA", "RSA"])
def test_the_bound_of_the_flights_of_dtls_1_2(certificates: list[Certificate]) -> None:
    """The server, which offered, is done after one and a half round trips, the client after two.

    Its first flight goes with the client's first check, the second with the answer, the third over
    the pair that this makes valid; what the server sends then comes with the fourth.
    """
    times = set_up(certificates=certificates)
    assert times["dtls", "offerer"] == pytest.approx(1.5, abs=0.05)
    assert times["dtls", "answerer"] == pytest.approx(2.0, abs=0.05)
    assert times["rtp", "answerer"] == pytest.approx(2.0, abs=0.05)
    assert times["rtp", "offerer"] == pytest.approx(2.5, abs=0.05)


def test_channels_are_open_when_dtls_is_done() -> None:
    """SCTP has nothing to ask (`a=sctp-init`); an announcement comes with the fourth flight."""
    times = set_up()
    for what in ("negotiated", "open"):
        assert times[what, "offerer"] == pytest.approx(1.5, abs=0.05)
        assert times[what, "answerer"] == pytest.approx(2.0, abs=0.05)


def test_what_goes_on_while_the_answer_is_on_its_way_counts() -> None:
    """The answerer's checks are there when the answer is: half a round trip less."""
    times = set_up(signaling=ROUND_TRIP / 2)
    assert times["dtls", "offerer"] == pytest.approx(1.0, abs=0.05)
    assert times["dtls", "answerer"] == pytest.approx(1.5, abs=0.05)
    assert times["rtp", "answerer"] == pytest.approx(1.5, abs=0.05)
    assert times["rtp", "offerer"] == pytest.approx(2.0, abs=0.05)


def test_without_it_the_handshake_waits_for_a_pair() -> None:
    times = set_up(embeds=False)
    assert times["dtls", "offerer"] == pytest.approx(2.5, abs=0.05)
    assert times["dtls", "answerer"] == pytest.approx(3.0, abs=0.05)
    assert times["rtp", "answerer"] == pytest.approx(3.0, abs=0.05)
