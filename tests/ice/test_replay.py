"""A recorded run, fed into a fresh agent, happens again: every byte, event and decision."""

from collections.abc import Iterable

import pytest

from peer.ice import (
    IceAgent,
    IceConfig,
    IceRole,
    PacingBudget,
    Record,
    SelectedPairChanged,
    StunServer,
    TraceError,
    TransportAddress,
    dump_record,
    load_record,
    redact,
    replay,
)
from tests.ice.builders import entropy
from tests.ice.wire import Wire

LEFT, RIGHT = IceRole.CONTROLLING, IceRole.CONTROLLED


class Run:
    """Two traced agents on a wire; `records` holds the trace of each."""

    def __init__(
        self,
        *,
        roles: tuple[IceRole, IceRole] = (LEFT, RIGHT),
        config: IceConfig | None = None,
        loss: float = 0.0,
        budget: PacingBudget | None = None,
    ) -> None:
        self.records: tuple[list[Record], list[Record]] = ([], [])
        self.wire = Wire(loss=loss, seed=7)
        self.left, self.right = (
            IceAgent(
                config,
                role=role,
                entropy=entropy(seed),
                budget=budget,
                trace=self.records[seed].append,
            )
            for seed, role in enumerate(roles)
        )
        self.wire.add(self.left, "0", "10.0.0.1")
        self.wire.add(self.right, "0", "10.0.0.2")

    def check(self) -> None:
        """Both traces happen again, with the recorded entropy and with the same source."""
        for seed, records in enumerate(self.records):
            for source in (None, entropy(seed)):
                result = replay(through_json(records), source)
                assert result.divergence is None
                assert list(result.records) == records
                assert result.transmits
                assert "SelectedPairChanged" in {each["event"] for each in result.events}
                assert "select" in {each.get("decision") for each in result.decisions}


def through_json(records: Iterable[Record]) -> list[Record]:
    return [load_record(dump_record(record, secrets=True)) for record in records]


def test_lossy_wire() -> None:
    run = Run(loss=0.3)
    run.wire.introduce(run.left, run.right)
    run.wire.run(20)
    run.left.send("0", 1, b"\x80 media")
    run.wire.run(60)
    run.check()


def test_restart() -> None:
    run = Run()
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    run.wire.restart(run.left, run.right)
    run.wire.run(5)
    selected = [
        event for event in run.wire.events[run.left] if isinstance(event, SelectedPairChanged)
    ]
    assert len(selected) >= 2
    run.check()


@pytest.mark.parametrize("role", IceRole)
def test_role_conflict(role: IceRole) -> None:
    run = Run(roles=(role, role))
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    assert {run.left.role, run.right.role} == set(IceRole)
    run.check()


def test_shared_budget() -> None:
    """Agents that are not part of the trace take slots of the budget in between."""
    budget = PacingBudget()
    run = Run(budget=budget)
    run.wire.introduce(run.left, run.right)
    for number in range(4):
        one, other = (
            IceAgent(role=role, entropy=entropy(10 * number + side), budget=budget)
            for side, role in enumerate((LEFT, RIGHT))
        )
        run.wire.add(one, "0", "10.0.0.1", 6000 + number)
        run.wire.add(other, "0", "10.0.0.2", 6000 + number)
        run.wire.introduce(one, other)
    run.wire.run(10)
    answers = [each for each in run.records[0] if each["kind"] == "budget"]
    assert any(each["answer"] is False for each in answers) or any(
        each["answer"] > each["time"] for each in answers if each["call"] == "reserve"
    )
    run.check()


def test_early_checks() -> None:
    """The left agent checks before the right one knows the left one's description."""
    run = Run()
    run.wire.peers[run.right, "0"] = run.left
    run.wire.signal(run.right, run.left)
    run.left.end_of_bases("0")
    run.right.end_of_bases("0")
    run.wire.run(1)
    run.wire.signal(run.left, run.right)
    run.right.end_of_remote_candidates("0")
    run.wire.run(10)
    run.check()


def test_server_that_never_answers() -> None:
    run = Run()
    server = StunServer(TransportAddress("192.0.2.1", 3478), "stun:dead.example")
    for agent in (run.left, run.right):
        agent.add_stun_server(server)
    run.wire.introduce(run.left, run.right)
    run.wire.run(15)
    assert any(each["event"] == "GatheringFailed" for each in run.records[0] if "event" in each)
    run.check()


def test_misuse_and_close() -> None:
    """What raised raises again, and a closed agent stays closed."""
    run = Run()
    with pytest.raises(ValueError, match="no stream"):
        run.left.end_of_bases("nothing")
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    run.left.send("0", 1, b"\x80 left behind")
    run.left.close()
    run.wire.run(60)
    raised = [each["error"] for each in run.records[0] if each["kind"] == "raised"]
    assert raised == ["InvalidParameterError"]
    run.check()


def test_other_entropy_diverges() -> None:
    run = Run()
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    result = replay(run.records[0], entropy(99))
    assert result.divergence is not None
    changed = run.records[0][result.divergence]
    assert changed["kind"] == "result"
    assert changed["value"]["password"]


def test_missing_answer_ends_the_replay() -> None:
    run = Run()
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    without = [each for each in run.records[0] if each["kind"] != "budget"]
    result = replay(without)
    assert result.divergence is not None
    assert len(result.records) < len(without)


def test_changed_input_is_found() -> None:
    run = Run()
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    kept = list(run.records[0])
    index = next(
        index
        for index, each in enumerate(kept)
        if each["kind"] == "input" and each["method"] == "receive_datagram"
    )
    del kept[index]
    divergence = replay(kept).divergence
    assert divergence is not None
    assert divergence >= index


def test_redacted_trace_is_refused() -> None:
    run = Run()
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    with pytest.raises(TraceError, match="redacted"):
        replay(map(redact, run.records[0]))


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "input", "method": "_open", "arguments": {}},
        {"kind": "input", "method": "next_event", "arguments": {}},
        {"kind": "input", "method": "handle_timer", "arguments": {}},
        {"kind": "input", "method": "handle_timer", "arguments": {"now": "soon"}},
        {"kind": "input", "method": "handle_timer", "arguments": {"now": 1.0, "then": 2.0}},
        {"kind": "input", "method": "add_base", "arguments": {"stream_id": "0"}},
        {"kind": "input", "method": "send", "arguments": {"stream_id": "0", "data": "zz"}},
    ],
)
def test_input_that_does_not_fit(record: Record) -> None:
    records: list[Record] = []
    IceAgent(role=LEFT, entropy=entropy(), trace=records.append)
    with pytest.raises(TraceError):
        replay([*records, {"time": 0.0, **record}])


def test_trace_without_its_beginning() -> None:
    with pytest.raises(TraceError):
        replay([])
    with pytest.raises(TraceError):
        replay([{"time": 0.0, "kind": "timer", "at": None}])


@pytest.mark.parametrize(
    "change",
    [
        {"ufrag_bytes": 1 << 30},
        {"lite": "yes"},
        {"gather_policy": "some"},
        {"unknown": 1},
        {"timings": {"requests": 1000}},
        {"timings": {"ta": -1.0}},
    ],
)
def test_settings_out_of_range(change: Record) -> None:
    records: list[Record] = []
    IceAgent(role=LEFT, entropy=entropy(), trace=records.append)
    records[0]["config"] |= change
    with pytest.raises(TraceError):
        replay(records)
