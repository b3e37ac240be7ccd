from dataclasses import replace

import pytest

from peer.ice import (
    IceAgent,
    IceConfig,
    IceParameters,
    IceRole,
    InvalidParameterError,
    RemoteParameters,
    Timings,
    schedule,
)
from peer.ice.conclusion import drop_valid, validate
from peer.ice.config import MAX_TA
from peer.ice.pair import CandidatePair
from peer.ice.streams import make_generation, restart_stream, set_remote

from .builders import (
    add_bases,
    entropy,
    host_candidate,
    local_candidate,
    make_pair,
    make_session,
    make_stream,
)

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
        (0.02, 0.0, 0.02),
        (0.05, 5.0, 1.0),
    ],
)
def test_pacing(ours: float, theirs: float | None, used: float) -> None:
    """RFC 8445 §14.2: the larger value; one that is not signalled counts as 50 ms."""
    session = make_session(IceConfig(timings=Timings(ta=ours)))
    set_remote(session, make_stream(session, remote=None), parameters(pacing=theirs))
    assert session.pacer.ta == used


def test_the_slowest_pacing_a_peer_can_ask_for() -> None:
    """Slower, and the checks that keep consent would come too late (RFC 7675 §5.1)."""
    session = make_session()
    set_remote(session, make_stream(session, remote=None), parameters(pacing=1e7))
    assert session.pacer.ta == MAX_TA == 1.0
    assert session.timings.consent_interval > MAX_TA


def test_pacing_goes_with_its_stream() -> None:
    agent = IceAgent(
        IceConfig(timings=Timings(ta=0.02)), role=IceRole.CONTROLLING, entropy=entropy()
    )
    for stream, pacing in (("a", 0.1), ("b", 0.03)):
        agent.add_stream(stream)
        agent.set_remote_parameters(stream, parameters(pacing=pacing))
    assert agent._session.pacer.ta == 0.1
    agent.remove_stream("a")
    assert agent._session.pacer.ta == 0.03


def test_pacing_is_agreed_on_again_with_a_restart() -> None:
    """RFC 8839 §4.4.1.1.1."""
    session = make_session(IceConfig(timings=Timings(ta=0.02)))
    stream = make_stream(session, remote=None)
    set_remote(session, stream, parameters(pacing=0.1))
    old = restart_stream(session, stream)
    assert session.pacer.ta == 0.02
    set_remote(session, stream, replace(parameters(pacing=0.03), username_fragment="other"))
    assert session.pacer.ta == 0.03
    assert old is stream.current.local


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


class TestGivenCredentials:
    """RFC 9429 §5.2.1: the description has the credentials before the agent is told."""

    GIVEN = IceParameters("ours", "o" * 22)

    def agent(self) -> IceAgent:
        return IceAgent(role=IceRole.CONTROLLING, entropy=entropy())

    def test_they_are_used_and_may_be_shared(self) -> None:
        agent = self.agent()
        assert agent.add_stream("0", parameters=self.GIVEN) == self.GIVEN
        assert agent.add_stream("1", parameters=self.GIVEN) == self.GIVEN

    @pytest.mark.parametrize(
        "parameters",
        [
            IceParameters("our", "o" * 22),
            IceParameters("u" * 257, "o" * 22),
            IceParameters("o:urs", "o" * 22),
            IceParameters("ours", "o" * 21),
            IceParameters("ours", "o" * 257),
        ],
    )
    def test_what_no_description_may_carry_is_refused(self, parameters: IceParameters) -> None:
        agent = self.agent()
        with pytest.raises(InvalidParameterError):
            agent.add_stream("0", parameters=parameters)
        assert agent.add_stream("0") != parameters

    @pytest.mark.parametrize(
        "parameters", [IceParameters("ours", "n" * 22), IceParameters("new0", "o" * 22)]
    )
    def test_a_restart_changes_both(self, parameters: IceParameters) -> None:
        agent = self.agent()
        agent.add_stream("0", parameters=self.GIVEN)
        with pytest.raises(InvalidParameterError):
            agent.restart("0", parameters=parameters)
        new = IceParameters("new0", "n" * 22)
        assert agent.restart("0", parameters=new) == new


def test_path_of_a_restarted_session_stays_valid_when_the_old_one_ends() -> None:
    """RFC 8445 §9: both have the same two ends, and the old one's loss is not the new one's."""
    session = make_session()
    stream = make_stream(session)
    (base,) = add_bases(session, stream, "10.0.0.1")
    old, new = (
        CandidatePair("0", local, host_candidate())
        for local in (local_candidate(), local_candidate())
    )
    for pair in (old, new):
        pair.local.base = base
    stream.current.checklist.valid.append(old)
    stream.previous = stream.current
    stream.current = make_generation(session, "0")
    stream.current.checklist.valid.append(new)
    validate(session, stream, base, new.remote.address)
    drop_valid(session, stream, old, "consent expired")
    assert (base, new.remote.address) in stream.validated
    drop_valid(session, stream, new, "consent expired")
    assert not stream.validated


def test_stall_is_no_loss_of_time_for_a_repeated_check() -> None:
    """However often it is repeated, a check has the time of one transaction, stalls aside."""
    session = make_session()
    stream = make_stream(session)
    pair = make_pair()
    pair.check_deadline = 39.5
    stream.current.checklist.insert(pair)
    schedule.postpone(session, 40.0)
    assert pair.check_deadline == 79.5
