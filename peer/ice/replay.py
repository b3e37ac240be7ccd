"""Replaying a trace: the same inputs into a fresh agent give the same outputs."""

import inspect
import itertools
import typing
from collections import deque
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from peer.records import dataclass

from .agent import IceAgent
from .config import IceConfig
from .errors import IceError
from .events import IceRole
from .records import Record, TraceError, decode
from .session import Entropy
from .trace import VERSION, inputs

MAX_SETTING = 1 << 20
"""Largest number in the settings of a trace; `Timings.requests` doubles a wait each time."""
MAX_REQUESTS = 32


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What the fresh agent recorded, and the index of the first record that differs, if any."""

    records: tuple[Record, ...]
    divergence: int | None

    @property
    def transmits(self) -> list[Record]:
        """What it sent, in order."""
        return self._of("transmit")

    @property
    def events(self) -> list[Record]:
        """The events it handed out, in order."""
        return self._of("event")

    @property
    def decisions(self) -> list[Record]:
        """What it decided and dropped, in order."""
        return self._of("decision", "drop")

    def _of(self, *kinds: str) -> list[Record]:
        return [record for record in self.records if record["kind"] in kinds]


class _DivergedError(Exception):
    """The agent asked for something the trace does not have at this place."""


class _Answers:
    """The recorded answers from outside, in order: a budget, entropy and DTLS handshakes."""

    def __init__(self, records: Iterable[Record]) -> None:
        answers = list(records)
        self._budget = deque(each for each in answers if each["kind"] == "budget")
        self._entropy = deque(each for each in answers if each["kind"] == "entropy")
        self._handshake = deque(each for each in answers if each["kind"] == "handshake")

    def _next(self, call: str) -> Any:
        if not self._budget or self._budget[0]["call"] != call:
            raise _DivergedError
        return self._budget.popleft()["answer"]

    def reserve(self, path: str, now: float, rank: int) -> float:
        answer: float = decode(float, self._next("reserve"))
        return answer

    def is_free(self, path: str, now: float, rank: int) -> bool:
        return self._next("is_free") is True

    def commit(self, path: str, now: float) -> None:
        self._next("commit")

    def release(self, path: str, slot: float, rank: int) -> None:
        """There is nobody to give it to."""

    def embedded(self, stream: str, component: int, datagram: bytes) -> Sequence[bytes]:
        if not self._handshake:
            raise _DivergedError
        flight: tuple[bytes, ...] = decode(tuple[bytes, ...], self._handshake.popleft()["flight"])
        return flight

    def entropy(self, size: int) -> bytes:
        if not self._entropy:
            raise _DivergedError
        data: bytes = decode(bytes, self._entropy.popleft()["data"])
        if len(data) != size:
            raise _DivergedError
        return data


def replay(records: Iterable[Record], entropy: Entropy | None = None) -> ReplayResult:
    """Feed the inputs of a trace into a fresh agent and compare what it does.

    Without `entropy` the recorded bytes are used. The records are those of one agent from its
    first on. Raises TraceError when they are not, or are redacted.
    """
    trace = list(records)
    config, role = _settings(trace)
    answers = _Answers(trace)
    sink: list[Record] = []
    try:
        agent = IceAgent(
            config,
            role=role,
            entropy=entropy or answers.entropy,
            budget=answers,
            embedded=answers.embedded,
            trace=sink.append,
        )
        for record in trace:
            _repeat(agent, record)
    except _DivergedError:
        pass
    return ReplayResult(tuple(sink), _compare(trace, sink))


def _settings(trace: Sequence[Record]) -> tuple[IceConfig, IceRole]:
    if not trace or trace[0]["kind"] != "agent" or trace[0]["version"] != VERSION:
        raise TraceError("the trace of an agent begins with its settings")
    config: IceConfig = decode(IceConfig, trace[0]["config"])
    numbers = _numbers(trace[0]["config"])
    if not all(0 <= number <= MAX_SETTING for number in numbers):
        raise TraceError("a setting is out of range")
    if not 1 <= config.timings.requests <= MAX_REQUESTS:
        raise TraceError("the number of requests is out of range")
    return config, decode(IceRole, trace[0]["role"])


def _numbers(settings: dict[str, Any]) -> list[float]:
    found: list[float] = []
    for value in settings.values():
        if isinstance(value, dict):
            found += _numbers(value)
        elif isinstance(value, int | float):
            found.append(value)
    return found


def _repeat(agent: IceAgent, record: Record) -> None:
    match record["kind"]:
        case "input":
            _call(agent, record["method"], record["arguments"])
        case "transmit":
            agent.transmits()
        case "event":
            agent.next_event()
        case "timer":
            agent.get_timer()


@cache
def parameters(method: str) -> dict[str, Any]:
    """Give the parameters of an input and their types. Raises TraceError for other methods."""
    if method not in inputs(IceAgent):
        raise TraceError(f"{method!r} is no input")
    hints = typing.get_type_hints(getattr(IceAgent, method))
    del hints["return"]
    return hints


def _call(agent: IceAgent, method: str, plain: dict[str, Any]) -> None:
    hints = parameters(method)
    if not plain.keys() <= hints.keys():
        raise TraceError(f"unknown arguments of {method!r}")
    arguments = {name: decode(hints[name], value) for name, value in plain.items()}
    try:
        inspect.signature(getattr(agent, method)).bind(**arguments)
    except TypeError as error:
        raise TraceError(f"arguments of {method!r} are missing") from error
    try:
        getattr(agent, method)(**arguments)
    except IceError:
        pass  # recorded, as it was the first time
    except _DivergedError:
        raise
    except Exception as error:
        # A made-up trace hands in what no driver would, such as a port of a million.
        raise TraceError(f"input {method!r} cannot be repeated: {error!r}") from error


def _compare(trace: Sequence[Record], again: Sequence[Record]) -> int | None:
    for index, (old, new) in enumerate(itertools.zip_longest(trace, again)):
        if old is None or new is None or not _same(old, new):
            return index
    return None


def _same(old: Record, new: Record) -> bool:
    # The entropy of a redacted trace is blank.
    return old == new or old["kind"] == new["kind"] == "entropy"
