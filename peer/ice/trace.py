"""The trace of an agent: every input, decision and output as a record (see `Recorder`).

Each record is a plain dictionary with `time`, in seconds on the agent's clock, `kind` and:

- agent      the first record: version, config, role
- input      a call of the application, the network or the clock: method, arguments
- result     what the input before it returned: value
- raised     what the input before it raised: error
- entropy    random bytes the agent was given: data
- budget     a call to the shared pacing budget: call, answer
- handshake  a DTLS datagram was taken out of a message, and what DTLS answered: flight
- decision   what the agent decided inside the input before it: decision, details
- drop       what it dropped and counted: reason, details
- transmit   what `transmits` gave: data, local, remote, connection
- event      what `next_event` gave: event (the name of its class), fields
- timer      what `get_timer` gave, when it changed: at

What comes from outside is complete, so that `replay` repeats a trace exactly. To that belong
passwords, credentials and entropy; they are there, but neither printing a record shows them nor
`dump_record`, unless it is told to.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

from .config import IceConfig
from .errors import IceError
from .events import Event, IceRole
from .pacer import Budget
from .pair import CandidatePair
from .records import Record, conceal, encode, encode_fields
from .session import Embedded, Entropy, Session

Sink = Callable[[Record], object]

VERSION = 4

OUTPUTS = ("transmits", "next_event", "get_timer")
READ_ONLY = ("state", "embedding", "stats")


def _name(item: object) -> object:
    """Write a pair out, here alone: the agent need not where nobody listens."""
    return repr(item) if isinstance(item, CandidatePair) else item


def inputs(agent: type[object]) -> tuple[str, ...]:
    """List the agent's inputs: every public method that is neither output nor read-only."""
    return tuple(
        name
        for name, member in vars(agent).items()
        if inspect.isfunction(member)
        and not name.startswith("_")
        and name not in OUTPUTS
        and name not in READ_ONLY
    )


def _noted(decision: str, details: dict[str, object], now: float) -> Record:
    """Write down a decision, or what was dropped and why."""
    if decision == "drop":
        others = {key: encode(item) for key, item in details.items() if key != "reason"}
        return {"time": now, "kind": "drop", "reason": details["reason"], "details": others}
    told = encode({key: _name(item) for key, item in details.items()})
    return {"time": now, "kind": "decision", "decision": decision, "details": told}


def event_record(event: Event, now: float) -> Record:
    """Write down an event that was handed out."""
    fields = encode_fields(event)
    return conceal({"time": now, "kind": "event", "event": type(event).__name__, "fields": fields})


class Notes:
    """A trace of decisions and drops alone, which costs nothing while data flows.

    It replays nothing; `sink` is given the same records as by a whole trace.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __call__(self, record: Record) -> None:
        """Hand a record on."""
        self._sink(record)

    def attach(self, session: Session) -> None:
        """Take down what an agent decides from now on."""
        session.note = lambda decision, details: self(_noted(decision, details, session.now))


class RecordedBudget:
    """A pacing budget whose answers are recorded: other agents have a share in them."""

    __slots__ = ("_budget", "_write")

    def __init__(self, budget: Budget, write: Callable[..., None]) -> None:
        self._budget = budget
        self._write = write

    def reserve(self, path: str, now: float, rank: int) -> float:
        """Reserve the next free slot."""
        answer = self._budget.reserve(path, now, rank)
        self._write("budget", call="reserve", answer=answer)
        return answer

    def is_free(self, path: str, now: float, rank: int) -> bool:
        """Tell whether a transaction may start now."""
        answer = self._budget.is_free(path, now, rank)
        self._write("budget", call="is_free", answer=answer)
        return answer

    def commit(self, path: str, now: float) -> None:
        """A transaction starts now."""
        self._budget.commit(path, now)
        self._write("budget", call="commit", answer=None)

    def release(self, path: str, slot: float, rank: int) -> None:
        """Give a reserved slot back: what the agent asks for at its end says nothing new."""
        self._budget.release(path, slot, rank)


class Recorder:
    """Writes the records of one agent to a sink.

    `attach` puts recording methods before those of that one instance; an agent without a trace
    does not even ask whether there is one.
    """

    def __init__(self, sink: Sink, config: IceConfig, role: IceRole) -> None:
        self._sink = sink
        self._session: Session | None = None
        self._inside = False
        self._written = 0
        self._timer: float | None = None
        self._write("agent", version=VERSION, config=encode_fields(config), role=role.value)

    def entropy(self, source: Entropy) -> Entropy:
        """Record what an entropy source gives."""

        def recorded(size: int) -> bytes:
            data = source(size)
            self._write("entropy", data=data.hex())
            return data

        return recorded

    def budget(self, budget: Budget) -> RecordedBudget:
        """Record what a pacing budget answers."""
        return RecordedBudget(budget, self._write)

    def embedded(self, handshake: Embedded) -> Embedded:
        """Record what a DTLS handshake answers."""

        def recorded(stream: str, component: int, datagram: bytes) -> Sequence[bytes]:
            flight = tuple(handshake(stream, component, datagram))
            self._write("handshake", flight=encode(flight))
            return flight

        return recorded

    def attach(self, agent: Any, session: Session) -> None:
        """Record what goes into and comes out of an agent from now on."""
        self._session = session
        session.note = self._note
        wrapped = {name: self._input(name, getattr(agent, name)) for name in inputs(type(agent))}
        wrapped["transmits"] = self._transmits(agent.transmits)
        wrapped["next_event"] = self._next_event(agent.next_event)
        wrapped["get_timer"] = self._get_timer(agent.get_timer)
        for name, method in wrapped.items():
            setattr(agent, name, method)

    def _write(self, kind: str, time: float | None = None, **fields: Any) -> None:
        self._written += 1
        now = 0.0 if self._session is None else self._session.now
        at = now if time is None else max(now, time)
        self._sink(conceal({"time": at, "kind": kind, **fields}))

    def _note(self, decision: str, details: dict[str, object]) -> None:
        assert self._session is not None
        self._written += 1
        self._sink(_noted(decision, details, self._session.now))

    def _input(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(method)

        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return method(*args, **kwargs)
            bound = signature.bind(*args, **kwargs)
            for key, value in bound.arguments.items():
                if isinstance(value, Iterator):
                    bound.arguments[key] = tuple(value)
            now = bound.arguments.get("now")
            self._write("input", now, method=name, arguments=encode(bound.arguments))
            result = self._run(method, bound)
            if result is not None:
                self._write("result", value=encode(result))
            return result

        return call

    def _run(self, method: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
        self._inside = True
        try:
            return method(*bound.args, **bound.kwargs)
        except IceError as error:
            self._write("raised", error=type(error).__name__)
            raise
        finally:
            self._inside = False

    def _transmits(self, method: Callable[[], Any]) -> Callable[[], Any]:
        @wraps(method)
        def call() -> Any:
            transmits = method()
            if not self._inside:
                for transmit in transmits:
                    self._write("transmit", **encode_fields(transmit))
            return transmits

        return call

    def _next_event(self, method: Callable[[], Any]) -> Callable[[], Any]:
        @wraps(method)
        def call() -> Any:
            # Asking for an event makes candidates of the bases added before.
            assert self._session is not None
            effective = bool(self._session.new_bases) and not self._session.closed
            event = method()
            if event is not None:
                self._write("event", event=type(event).__name__, fields=encode_fields(event))
            elif effective:
                self._write("event", event=None, fields={})
            return event

        return call

    def _get_timer(self, method: Callable[[], Any]) -> Callable[[], Any]:
        @wraps(method)
        def call() -> Any:
            written = self._written
            at = method()
            if not self._inside and (at != self._timer or self._written != written):
                self._timer = at
                self._write("timer", at=encode(at))
            return at

        return call
