import pytest

from peer.ice import IceConfig, IceRole, InvalidParameterError, RemoteParameters, Timings
from peer.ice.streams import set_remote

from .builders import make_session, make_stream

PASSWORD = "p" * 22


def parameters(*, lite: bool = False, pacing: float | None = None) -> RemoteParameters:
    return RemoteParameters("peer", PASSWORD, lite=lite, pacing=pacing)


@pytest.mark.parametrize(
    ("ours", "theirs", "used"),
    [
        (0.05, None, 0.05),
        (0.02, None, 0.05),
        (0.02, 0.1, 0.1),
        (0.02, 0.03, 0.03),
        (0.1, 0.02, 0.1),
        (0.1, None, 0.1),
    ],
)
def test_pacing(ours: float, theirs: float | None, used: float) -> None:
    """RFC 8445 §14.2: the larger value; one that is not signalled counts as 50 ms."""
    session = make_session(IceConfig(timings=Timings(ta=ours)))
    set_remote(session, make_stream(session, remote=None), parameters(pacing=theirs))
    assert session.pacer.ta == used


@pytest.mark.parametrize(
    ("lite", "remote_lite", "role", "expected"),
    [
        (False, False, IceRole.CONTROLLING, IceRole.CONTROLLING),
        (False, False, IceRole.CONTROLLED, IceRole.CONTROLLED),
        (False, True, IceRole.CONTROLLED, IceRole.CONTROLLING),
        (True, False, IceRole.CONTROLLING, IceRole.CONTROLLED),
        (True, True, IceRole.CONTROLLING, IceRole.CONTROLLING),
        (True, True, IceRole.CONTROLLED, IceRole.CONTROLLED),
    ],
)
def test_a_full_agent_controls_a_lite_one(
    lite: bool, remote_lite: bool, role: IceRole, expected: IceRole
) -> None:
    """RFC 8445 §6.1.1."""
    session = make_session(IceConfig(lite=lite), role)
    set_remote(session, make_stream(session, remote=None), parameters(lite=remote_lite))
    assert session.role is expected


@pytest.mark.parametrize(
    ("fragment", "password", "valid"),
    [
        (3, 22, False),
        (4, 22, True),
        (256, 256, True),
        (257, 22, False),
        (4, 21, False),
        (4, 257, False),
    ],
)
def test_lengths(fragment: int, password: int, valid: bool) -> None:
    """RFC 8839 §5.4."""
    session = make_session()
    stream = make_stream(session, remote=None)
    given = RemoteParameters("f" * fragment, "p" * password)
    if valid:
        set_remote(session, stream, given)
        assert stream.current.remote == given
        return
    with pytest.raises(InvalidParameterError):
        set_remote(session, stream, given)
    assert stream.current.remote is None
