"""Records as JSON lines, and values as plain JSON."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import (
    Candidate,
    CandidateType,
    IceConfig,
    Record,
    RemoteParameters,
    Timings,
    TraceError,
    TransportAddress,
    TransportProtocol,
    dump_record,
    load_record,
)
from peer.ice.records import MAX_LINE, decode, encode
from tests.ice.builders import host_candidate
from tools.fuzz import fuzz_trace

TIMER: Record = {"time": 1.5, "kind": "timer", "at": None}


def test_line() -> None:
    assert dump_record(TIMER) == '{"time":1.5,"kind":"timer","at":null}'
    assert load_record(dump_record(TIMER)) == TIMER
    assert load_record(dump_record(TIMER).encode() + b"\r\n") == TIMER


def test_float_survives_exactly() -> None:
    time = 0.1 + 0.2
    assert load_record(dump_record({**TIMER, "time": time}))["time"] == time


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[]",
        "{}",
        "{",
        b"\xff",
        '{"time":1,"kind":"timer"}',
        '{"time":1,"kind":"timer","at":null,"more":1}',
        '{"time":1,"kind":"unknown"}',
        '{"time":1,"kind":["timer"],"at":null}',
        '{"time":true,"kind":"timer","at":null}',
        '{"time":"1","kind":"timer","at":null}',
        '{"time":NaN,"kind":"timer","at":null}',
        '{"time":1e999,"kind":"timer","at":null}',
        '{"time":1e13,"kind":"timer","at":null}',
        '{"time":1,"kind":"timer","at":[]}',
        '{"time":1,"kind":"timer","at":' + "9" * 5000 + "}",
        '{"time":1,"kind":"result","value":"\\ud800"}',
        '{"time":1,"kind":"result","value":' + "[" * 100_000 + "}",
        '{"time":1,"kind":"result","value":"' + "x" * MAX_LINE + '"}',
    ],
)
def test_what_is_no_record(line: str | bytes) -> None:
    with pytest.raises(TraceError):
        load_record(line)


@dataclass(frozen=True)
class Everything:
    """One field of each type the agent's interface uses."""

    flag: bool
    number: int
    time: float
    text: str
    data: bytes
    address: TransportAddress
    plain_address: tuple[str, int]
    candidate: Candidate
    maybe: int | None
    several: tuple[int, ...]


@given(
    st.builds(
        Everything,
        st.booleans(),
        st.integers(0, 1 << 64),
        st.floats(-1e12, 1e12) | st.just(math.inf) | st.just(-math.inf),
        st.text(),
        st.binary(),
        st.builds(TransportAddress, st.text(), st.integers(0, 65535)),
        st.tuples(st.text(), st.integers(0, 65535)),
        st.builds(host_candidate),
        st.none() | st.integers(0, 9),
        st.lists(st.integers(0, 256)).map(tuple),
    ).filter(lambda value: value.text != "***")
)
@settings(max_examples=50)
def test_values_round_trip(value: Everything) -> None:
    assert decode(Everything, encode(value)) == value


def test_encoding_of_values() -> None:
    assert encode(CandidateType.RELAYED) == "relay"
    assert encode(b"\x00\xff") == encode(memoryview(b"\x00\xff")) == "00ff"
    assert encode({TransportProtocol.UDP: (1, 2)}) == {"udp": [1, 2]}
    assert encode(TransportAddress("::1", 5)) == ["::1", 5]
    assert encode(RemoteParameters("user", "x" * 22))["pacing"] is None
    assert decode(IceConfig, encode(IceConfig())) == IceConfig()
    assert decode(Timings, {"ta": 1}) == Timings(ta=1.0)


@pytest.mark.parametrize(
    ("hint", "plain"),
    [
        (bool, 1),
        (int, True),
        (int, 1.0),
        (int, 1 << 65),
        (float, "1"),
        (float, True),
        (float, 1e13),
        (str, 1),
        (str, "***"),
        (bytes, "0"),
        (bytes, 0),
        (int | None, "x"),
        (tuple[str, int], ["a"]),
        (tuple[str, int], "ab"),
        (tuple[int, ...], 5),
        (TransportAddress, ["a", "b"]),
        (CandidateType, "hosts"),
        (CandidateType, ["host"]),
        (RemoteParameters, ["user"]),
        (RemoteParameters, {"username_fragment": "user"}),
        (RemoteParameters, {"username_fragment": "user", "password": "x", "more": 1}),
        (object(), 1),
    ],
)
def test_values_that_do_not_fit(hint: Any, plain: Any) -> None:
    with pytest.raises(TraceError):
        decode(hint, plain)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_garbage(data: bytes) -> None:
    fuzz_trace(data)


@given(
    st.fixed_dictionaries(
        {
            "time": st.floats(0, 10),
            "kind": st.just("input"),
            "method": st.sampled_from(["add_stream", "handle_timer", "send", "add_base"]),
            "arguments": st.dictionaries(
                st.sampled_from(["stream_id", "components", "now", "component", "address"]),
                st.recursive(
                    st.none() | st.integers() | st.floats(-10, 10) | st.text(max_size=3),
                    lambda inner: st.lists(inner, max_size=3),
                    max_leaves=4,
                ),
            ),
        }
    )
)
@settings(max_examples=100)
def test_made_up_inputs(record: Record) -> None:
    fuzz_trace(dump_record(record, secrets=True).encode())
