"""The records of a trace: plain JSON values, one line each, read back with bounds."""

import dataclasses
import enum
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from .address import TransportAddress

Record = dict[str, Any]

MAX_LINE = 1 << 22
"""Longest line `load_record` takes, in characters."""
MAX_NUMBER = 1 << 64
MAX_TIME = 1e12
REDACTED = "***"


class Secret:
    """A password, a credential or entropy in a record: equal to the plain text, but never shown.

    It is no text itself, so that `json.dumps` of a record fails instead of writing it out.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __eq__(self, other: object) -> bool:
        return self._text == (other._text if isinstance(other, Secret) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return repr(REDACTED)

    def __str__(self) -> str:
        return REDACTED

    def reveal(self) -> str:
        """Give the plain text."""
        return self._text


_SECRETS = frozenset({"password", "credential"})
_NUMBER = (int, float, str, type(None))
_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "agent": {"version": (int,), "config": (dict,), "role": (str,)},
    "input": {"method": (str,), "arguments": (dict,)},
    "result": {"value": (object,)},
    "raised": {"error": (str,)},
    "entropy": {"data": (str,)},
    "budget": {"call": (str,), "answer": (int, float, bool, type(None))},
    "handshake": {"flight": (list,)},
    "decision": {"decision": (str,), "details": (dict,)},
    "drop": {"reason": (str,), "details": (dict,)},
    "transmit": {"data": (str,), "local": (list,), "remote": (list,), "connection": _NUMBER},
    "event": {"event": (str, type(None)), "fields": (dict,)},
    "timer": {"at": _NUMBER},
}


class TraceError(ValueError):
    """A line is not a record of a trace, or a trace cannot be replayed."""


def dump_record(record: Record, *, secrets: bool = False) -> str:
    """Write a record as one line of JSON, without the line feed.

    With `secrets` it has all that `replay` needs. Else it is redacted (see `redact`).
    """
    written = record if secrets else redact(record)
    return json.dumps(written, separators=(",", ":"), allow_nan=False, default=Secret.reveal)


def load_record(line: str | bytes) -> Record:
    """Read one line back. Raises TraceError, and nothing else, for what is not a record."""
    if len(line) > MAX_LINE:
        raise TraceError(f"a line has at most {MAX_LINE} characters")
    try:
        record = json.loads(line, parse_constant=_refuse, parse_float=_finite)
        json.dumps(record, ensure_ascii=False).encode()  # no lone surrogates
    except (ValueError, RecursionError) as error:
        raise TraceError(f"not a line of JSON: {type(error).__name__}") from error
    if not isinstance(record, dict):
        raise TraceError("a record is an object")
    _check(record)
    return conceal(record)


def _refuse(text: str) -> float:
    raise TraceError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _check(record: Record) -> None:
    kind = record.get("kind")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise TraceError("unknown kind of record")
    if record.keys() != {"time", "kind"} | fields.keys():
        raise TraceError(f"fields of {kind!r} missing or unknown")
    time = record["time"]
    if isinstance(time, bool) or not isinstance(time, int | float) or abs(time) > MAX_TIME:
        raise TraceError("no valid time")
    for name, kinds in fields.items():
        if not isinstance(record[name], kinds):
            raise TraceError(f"field {name!r} of {kind!r} has the wrong type")


def conceal(record: Record) -> Record:
    """Give a copy whose passwords, TURN credentials and entropy do not show when it is printed."""
    return _convert(record, lambda text: Secret(text) if isinstance(text, str) else text)


def redact(record: Record) -> Record:
    """Give a copy without passwords, TURN credentials and the entropy they were made from.

    A redacted trace is for reading. To replay it the passwords must be put back, and the entropy
    be given to `replay`. Message integrity codes stay: a weak password can be guessed from them.
    """
    return _convert(record, lambda _: REDACTED)


def _convert(record: Record, hide: Callable[[Any], Any]) -> Record:
    converted: Record = _convert_value(record, hide)
    if record["kind"] == "entropy":
        converted["data"] = hide(record["data"])
    return converted


def _convert_value(value: Any, hide: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {
            name: hide(item) if name in _SECRETS else _convert_value(item, hide)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_convert_value(item, hide) for item in value]
    return value


# Values


def encode(value: object) -> Any:
    """Turn a value of the agent's interface into plain JSON: bytes become hexadecimal."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(encode(key)): encode(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [encode(item) for item in value]
    return encode_fields(value)


def encode_fields(value: Any) -> dict[str, Any]:
    """Turn a dataclass into a plain dictionary of its fields."""
    kind: Any = type(value)
    return {name: encode(getattr(value, name)) for name in _field_names(kind)}


@lru_cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def decode(hint: Any, plain: Any) -> Any:
    """Turn plain JSON back into a value of the annotated type. Raises TraceError."""
    origin = typing.get_origin(hint)
    if origin is typing.Union or origin is types.UnionType:
        return _decode_union(typing.get_args(hint), plain)
    if hint is TransportAddress:
        return TransportAddress(*_decode_items((str, int), plain))
    if origin is tuple and typing.get_args(hint)[-1] is not Ellipsis:
        return _decode_items(typing.get_args(hint), plain)
    if isinstance(origin, type) and issubclass(origin, Iterable):
        if not isinstance(plain, list):
            raise TraceError("no list")
        return tuple(decode(typing.get_args(hint)[0], item) for item in plain)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _decode_enum(hint, plain)
    if dataclasses.is_dataclass(hint):
        return _decode_fields(hint, plain)
    return _decode_scalar(hint, plain)


def _decode_union(hints: Sequence[Any], plain: Any) -> Any:
    if plain is None and types.NoneType in hints:
        return None
    for hint in hints:
        if hint is not types.NoneType:
            try:
                return decode(hint, plain)
            except TraceError:
                continue
    raise TraceError("a value fits none of its types")


def _decode_items(hints: Sequence[Any], plain: Any) -> tuple[Any, ...]:
    if not isinstance(plain, list) or len(plain) != len(hints):
        raise TraceError(f"no list of {len(hints)}")
    return tuple(decode(hint, item) for hint, item in zip(hints, plain, strict=True))


def _decode_enum(hint: type[enum.Enum], plain: Any) -> enum.Enum:
    try:
        return hint(plain)
    except ValueError as error:
        raise TraceError(f"no {hint.__name__}") from error


@lru_cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode_fields(kind: Any, plain: Any) -> Any:
    hints = _hints(kind)
    if not isinstance(plain, dict) or not plain.keys() <= hints.keys():
        raise TraceError(f"no {kind.__name__}")
    values = {name: decode(hints[name], item) for name, item in plain.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise TraceError(f"no {kind.__name__}: {error}") from error


def _decode_scalar(hint: Any, plain: Any) -> Any:
    if plain == REDACTED:
        raise TraceError("the trace is redacted")
    if isinstance(plain, Secret):
        plain = plain.reveal()
    if hint is bytes and isinstance(plain, str):
        try:
            return bytes.fromhex(plain)
        except ValueError as error:
            raise TraceError("no hexadecimal bytes") from error
    if hint is float:
        return _decode_float(plain)
    if not isinstance(hint, type) or type(plain) is not hint:
        raise TraceError(f"a value is no {hint}")
    if isinstance(plain, int) and abs(plain) > MAX_NUMBER:
        raise TraceError("a number is too large")
    return plain


def _decode_float(plain: Any) -> float:
    if plain in ("inf", "-inf"):
        return float(plain)
    if isinstance(plain, bool) or not isinstance(plain, int | float) or abs(plain) > MAX_TIME:
        raise TraceError("no number in range")
    return float(plain)
