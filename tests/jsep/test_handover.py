"""Another endpoint takes a call over: its answer or offer has its own credentials."""

from dataclasses import replace

from peer.jsep import (
    DtlsParameters,
    IceCredentials,
    Plan,
    RestartIce,
    SetRemoteIce,
    StartDtls,
    StartSctp,
    StopSctp,
)
from tests.jsep.ends import FINGERPRINT, OTHER_FINGERPRINT, End, exchange, make_end, make_ends
from tests.jsep.machine import Machine
from tests.jsep.texts import altered


def called() -> tuple[End, End]:
    """A caller in a call with data, and an endpoint that has been in none."""
    caller, first = make_ends()
    caller.add("audio")
    caller.add_data()
    exchange(caller, first)
    return caller, make_end(2)


def kinds(plan: Plan) -> list[type]:
    return list(dict.fromkeys(type(step) for step in plan))


def credentials(end: End) -> IceCredentials:
    return end.state.wiring.transports[0].local


def test_the_answer_of_another_endpoint() -> None:
    """RFC 9429 §5.10 has it as an error; browsers take it for a restart of the peer's side."""
    caller, second = called()
    before = caller.state.wiring.transports[0]
    second.set_remote("offer", caller.offer())
    plan = caller.set_remote("answer", second.answer())
    assert before.remote is not None
    assert before.dtls is not None
    after = replace(before.remote, credentials=credentials(second))
    assert SetRemoteIce(0, after) in plan
    assert not any(isinstance(step, RestartIce) for step in plan)
    assert credentials(caller) == before.local
    (started,) = [step for step in plan if isinstance(step, StartDtls)]
    assert started.dtls == DtlsParameters(
        before.dtls.role, (FINGERPRINT,), before.dtls.association + 1
    )
    assert {StopSctp, StartSctp} <= set(kinds(plan))
    exchange(caller, second)
    exchange(second, caller)


def test_the_offer_of_another_endpoint() -> None:
    caller, second = called()
    # It takes part in the call as it was, to have the same sections and numbers.
    assert caller.state.current_local is not None
    second.set_remote("offer", caller.state.current_local.text)
    second.answer()
    caller.set_remote("offer", second.offer())
    second.set_remote("answer", caller.answer())
    assert any(isinstance(step, StartDtls) for step in caller.plans[-1])
    assert not any(isinstance(step, RestartIce) for step in second.plans[-1])
    for end, other in ((caller, second), (second, caller)):
        remote = end.state.wiring.transports[0].remote
        assert remote is not None
        assert remote.credentials == credentials(other)


def test_a_peer_that_restarts_alone_keeps_its_associations() -> None:
    caller, first = make_ends()
    caller.add_data()
    exchange(caller, first)
    first.set_remote("offer", caller.offer())
    text = altered(
        first.answer(),
        lambda media: replace(media, ice=replace(media.ice, ufrag="fresh", pwd="f" * 22)),
    )
    assert kinds(caller.set_remote("answer", text)) == [SetRemoteIce]


def test_the_final_answer_of_another_endpoint_than_the_provisional_one() -> None:
    """Channels that wait for a peer go on waiting; nobody else is known yet."""
    caller, first = make_ends()
    machine = Machine()
    caller.add_data()
    offer = caller.offer()
    second = make_end(2)
    for end in (first, second):
        end.set_remote("offer", offer)
    caller.set_remote("pranswer", first.answer())
    plan = caller.set_remote("answer", second.answer())
    assert kinds(plan) == [SetRemoteIce, StartDtls]
    transport = caller.state.wiring.transports[0]
    assert transport.dtls is not None
    assert transport.dtls.fingerprints == (FINGERPRINT,) != (OTHER_FINGERPRINT,)
    for each in caller.plans:
        machine.run(each)
    machine.check(caller.state)
