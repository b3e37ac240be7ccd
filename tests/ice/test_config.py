import pytest

from peer.ice import IceConfig, InvalidParameterError, Limits, Timings


def test_times_of_the_standards() -> None:
    timings = Timings()
    assert timings.pace == 0.050  # RFC 8445 §14.2
    assert timings.rto == 0.500  # RFC 8445 §14.3
    assert (timings.requests, timings.last_wait) == (7, 16.0)  # RFC 8489 §6.2.1
    assert timings.tcp_transaction == 39.5  # RFC 8489 §6.2.2
    assert timings.patience == 39.5  # RFC 8863 §4
    assert timings.keepalive == 15.0  # RFC 8445 §11
    assert timings.consent_interval == 5.0  # RFC 7675 §5.1
    assert timings.consent_expiry == 30.0  # RFC 7675 §5.1
    assert timings.free_after == 3.0  # RFC 8445 §8.3.1


def test_bounds_of_the_standards() -> None:
    """RFC 8445 §6.1.2.5."""
    assert Limits().pairs == 100


def test_credentials_are_never_weaker_than_allowed() -> None:
    """RFC 8445 §5.3: 24 bits for the username fragment, 128 for the password."""
    IceConfig(ufrag_bytes=3, password_bytes=16)
    with pytest.raises(InvalidParameterError):
        IceConfig(ufrag_bytes=2)
    with pytest.raises(InvalidParameterError):
        IceConfig(password_bytes=15)


def test_pacing_has_bounds() -> None:
    """RFC 8445 §14.2, §B.1: NATs bear a new mapping every 5 ms; consent needs one a second."""
    for ta in (0.005, 1.0):
        assert IceConfig(timings=Timings(ta=ta)).timings.pace == ta
    for ta in (0.0049, 0.0, 1.001, float("inf"), float("nan")):
        with pytest.raises(InvalidParameterError):
            IceConfig(timings=Timings(ta=ta))
