"""The trace: nothing that goes in or comes out is missing."""

import inspect
import typing
from random import Random

import pytest

from peer.ice import (
    Candidate,
    GatheringCompleted,
    IceAgent,
    IceConfig,
    IceRole,
    InvalidStateError,
    Notes,
    PacingBudget,
    Record,
    RemoteParameters,
    TransportAddress,
    dump_record,
    event_record,
    redact,
)
from peer.ice.replay import parameters
from peer.ice.trace import OUTPUTS, READ_ONLY, inputs
from tests.ice.builders import REMOTE, SOURCE, binding_request, entropy, host_candidate

LOCAL = TransportAddress("10.0.0.1", 5000)


def traced(config: IceConfig | None = None) -> tuple[IceAgent, list[Record]]:
    records: list[Record] = []
    agent = IceAgent(config, role=IceRole.CONTROLLING, entropy=entropy(), trace=records.append)
    return agent, records


def kinds(records: list[Record]) -> list[str]:
    return [record["kind"] for record in records]


def test_inputs_are_all_public_methods_that_change_something() -> None:
    assert inputs(IceAgent) == (
        "add_stream",
        "remove_stream",
        "remove_component",
        "add_base",
        "remove_base",
        "add_stun_server",
        "add_turn_server",
        "update_turn_credentials",
        "end_of_bases",
        "base_unavailable",
        "set_remote_parameters",
        "add_remote_candidate",
        "end_of_remote_candidates",
        "restart",
        "cancel_restart",
        "send",
        "send_flight",
        "note_handshake",
        "close",
        "receive_datagram",
        "note_traffic",
        "transmit_failed",
        "connection_opened",
        "receive_bytes",
        "connection_closed",
        "handle_timer",
    )


def test_outputs_and_read_only_methods_exist() -> None:
    for name in OUTPUTS + READ_ONLY:
        assert inspect.isfunction(getattr(IceAgent, name))


@pytest.mark.parametrize("method", inputs(IceAgent))
def test_replay_knows_the_parameters_of_every_input(method: str) -> None:
    names = set(inspect.signature(getattr(IceAgent, method)).parameters) - {"self"}
    assert parameters(method).keys() == names


@pytest.mark.parametrize("method", [*inputs(IceAgent), *OUTPUTS])
def test_recording_methods_look_like_their_originals(method: str) -> None:
    agent, _ = traced()
    wrapped, original = getattr(agent, method), getattr(IceAgent, method)
    assert wrapped is not original
    assert wrapped.__doc__ == original.__doc__
    assert typing.get_type_hints(wrapped) == typing.get_type_hints(original)


def test_agent_without_a_trace_has_its_own_methods_only() -> None:
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
    assert vars(agent).keys() == {"_session"}


def test_beginning() -> None:
    _, records = traced(IceConfig(renomination=True))
    first, second = records
    assert first["kind"] == "agent"
    assert first["version"] == 4
    assert first["role"] == "controlling"
    assert first["config"]["renomination"] is True
    assert first["config"]["timings"]["rto"] == 0.5
    assert second == {"time": 0.0, "kind": "entropy", "data": Random(0).randbytes(8).hex()}


def test_input_with_its_result() -> None:
    agent, records = traced()
    del records[:]
    parameters = agent.add_stream("0", iter([1, 2]))
    assert kinds(records) == ["input", "entropy", "entropy", "result"]
    assert records[0] == {
        "time": 0.0,
        "kind": "input",
        "method": "add_stream",
        "arguments": {"stream_id": "0", "components": [1, 2]},
    }
    assert records[-1]["value"] == {
        "username_fragment": parameters.username_fragment,
        "password": parameters.password,
    }


def test_input_that_raised() -> None:
    agent, records = traced()
    agent.close()
    with pytest.raises(InvalidStateError):
        agent.add_stream("0")
    assert kinds(records)[-2:] == ["input", "raised"]
    assert records[-1]["error"] == "InvalidStateError"


def test_datagram_drop_and_time() -> None:
    agent, records = traced()
    agent.add_stream("0")
    agent.add_base("0", 1, LOCAL)
    del records[:]
    agent.receive_datagram(b"\x80data", local=LOCAL, source=SOURCE, now=3.5)
    assert records[0] == {
        "time": 3.5,
        "kind": "input",
        "method": "receive_datagram",
        "arguments": {
            "data": "8064617461",
            "local": ["10.0.0.1", 5000],
            "source": ["192.0.2.99", 9999],
            "now": 3.5,
        },
    }
    assert records[1] == {
        "time": 3.5,
        "kind": "drop",
        "reason": "unvalidated-source",
        "details": {"source": "192.0.2.99:9999"},
    }


def test_time_does_not_go_back() -> None:
    agent, records = traced()
    agent.handle_timer(now=5.0)
    agent.handle_timer(now=4.0)
    assert [each["time"] for each in records if each["kind"] == "input"] == [5.0, 5.0]
    assert records[-1]["arguments"] == {"now": 4.0}


def test_outputs() -> None:
    agent, records = traced()
    fragment = agent.add_stream("0").username_fragment
    agent.add_base("0", 1, LOCAL)
    agent.set_remote_parameters("0", REMOTE)
    request = binding_request(f"{fragment}:peer", key=b"wrong")
    agent.receive_datagram(request, local=LOCAL, source=SOURCE, now=1.0)
    del records[:]
    (transmit,) = agent.transmits()
    assert records.pop() == {
        "time": 1.0,
        "kind": "transmit",
        "data": transmit.data.hex(),
        "local": ["10.0.0.1", 5000],
        "remote": ["192.0.2.99", 9999],
        "connection": None,
    }
    assert agent.next_event() is not None
    gathered = records.pop()
    assert gathered["event"] == "CandidateGathered"
    assert gathered["fields"]["candidate"]["address"] == ["10.0.0.1", 5000]
    assert gathered["fields"]["username_fragment"] == fragment


def test_asking_without_an_answer_leaves_no_record() -> None:
    agent, records = traced()
    agent.get_timer()
    del records[:]
    assert agent.transmits() == []
    assert agent.next_event() is None
    assert agent.get_timer() is None
    assert records == []


def test_timer_is_recorded_when_it_changes() -> None:
    agent, records = traced()
    agent.add_stream("0")
    del records[:]
    agent.end_of_bases("0")
    agent.get_timer()
    agent.get_timer()
    agent.handle_timer(now=2.0)
    agent.get_timer()
    assert kinds(records) == ["input", "timer", "input", "timer"]
    assert [each["at"] for each in records if each["kind"] == "timer"] == [0.0, None]


def test_budget_answers_and_decisions() -> None:
    agent, records = traced()
    agent.add_stream("0")
    agent.add_base("0", 1, LOCAL)
    agent.set_remote_parameters("0", REMOTE)
    del records[:]
    agent.add_remote_candidate("0", host_candidate())
    agent.handle_timer(now=1.0)
    assert [each for each in records if each["kind"] == "budget"] == [
        {"time": 1.0, "kind": "budget", "call": "reserve", "answer": 1.0},
        {"time": 1.0, "kind": "budget", "call": "is_free", "answer": True},
        {"time": 1.0, "kind": "budget", "call": "commit", "answer": None},
    ]
    state, check = [each for each in records if each["kind"] == "decision"]
    assert state["decision"] == "state"
    assert state["details"] == {"stream": "0", "component": 1, "state": "checking", "why": ""}
    assert check["decision"] == "check"
    assert check["details"]["nominating"] is False


def test_budget_is_the_shared_one() -> None:
    budget = PacingBudget()
    records: list[Record] = []
    agent = IceAgent(
        role=IceRole.CONTROLLING, entropy=entropy(), budget=budget, trace=records.append
    )
    agent.add_stream("0")
    agent.add_base("0", 1, LOCAL)
    agent.set_remote_parameters("0", REMOTE)
    agent.add_remote_candidate("0", host_candidate())
    agent.handle_timer(now=1.0)
    assert len(agent.transmits()) == 1
    assert not budget.is_free(host_candidate().address.host, 1.0)


def test_redacted_trace_holds_no_password() -> None:
    agent, records = traced()
    ours = agent.add_stream("0").password
    agent.set_remote_parameters("0", RemoteParameters("peer", "their-password-their-password"))
    again = agent.restart("0").password
    source = Random(0)
    for secret in (ours, again, "their-password", source.randbytes(8).hex()):
        assert secret in everything(records)
        assert secret not in shown(records)


def shown(records: list[Record]) -> str:
    """What can be seen of a trace, unless somebody asks for more."""
    redacted = [redact(record) for record in records]
    return f"{redacted} {records} {[dump_record(record) for record in records]}"


def everything(records: list[Record]) -> str:
    return "".join(dump_record(record, secrets=True) for record in records)


def test_credential_of_a_turn_server_is_redacted() -> None:
    hints = parameters("add_turn_server")
    server = hints["server"](
        address=SOURCE, url="turn:example", username="user", credential="very secret"
    )
    agent, records = traced()
    agent.add_turn_server(server)
    assert "very secret" in everything(records)
    assert "very secret" not in shown(records)


def test_mapping_of_candidates_survives_optional_fields() -> None:
    agent, records = traced()
    agent.add_stream("0")
    candidate: Candidate = host_candidate()
    agent.add_remote_candidate("0", candidate, username_fragment="gone")
    arguments = records[-1]["arguments"]
    assert arguments["username_fragment"] == "gone"
    assert arguments["candidate"]["related_address"] is None
    assert arguments["candidate"]["type"] == "host"


def test_notes_are_the_decisions_and_drops_of_a_trace() -> None:
    notes: list[Record] = []
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy(), trace=Notes(notes.append))
    whole, records = traced()
    for each in (agent, whole):
        each.add_stream("0")
        each.add_base("0", 1, LOCAL)
        each.receive_datagram(b"\x00", local=LOCAL, source=SOURCE, now=1.0)
    assert vars(agent).keys() == {"_session"}
    assert notes
    assert notes == [each for each in records if each["kind"] in ("decision", "drop")]


def test_an_event_as_a_record() -> None:
    event = GatheringCompleted("0", "abcd")
    assert event_record(event, 2.0) == {
        "time": 2.0,
        "kind": "event",
        "event": "GatheringCompleted",
        "fields": {"stream": "0", "username_fragment": "abcd"},
    }
