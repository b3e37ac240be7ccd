"""What a connection writes to the log: five lines of its life, and each step for who asks.

The loggers are those below "peer". At the level INFO a connection says that it was created, what
was described, over which pair it connected and in what time, that it was disconnected and why, and
that it was closed; at DEBUG everything its trace has, with the signs of `peer.trace.words`. Each
line begins with the connection's id. Nothing secret is in it: it is made of the trace.
"""

import logging
from collections.abc import Mapping
from typing import Any

from peer.trace import CHANNEL, DTLS, ICE, TraceEntry

logger = logging.getLogger("peer.connection")

_ENDED = {"disconnected": "nothing comes from the peer", "failed": "no reason is known"}
"""The states that need a reason, and what is said when there is none."""

_SHOWN = ("stream", "component", "state", "nominating", "why")
"""The details of decisions that have no address in them."""


class Log:
    """Writes the lines of one connection, and keeps what they tell of until it is due."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began: float | None = None
        self._pair = ""
        self._given = ""
        self._reason = ""

    @property
    def asked(self) -> bool:
        """Tell whether somebody wants any line."""
        return logger.isEnabledFor(logging.INFO)

    def write(self, entry: TraceEntry) -> None:
        """Write the lines of an entry."""
        if not self.asked:
            return
        from peer.trace import describe  # not before: few programs log

        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("[%s] %s", self._name, describe(_without_addresses(entry)))
        line = self._life(entry)
        if line:
            logger.info("[%s] %s", self._name, line)

    def _life(self, entry: TraceEntry) -> str:
        method, value = entry.method, entry.value
        if method == ICE:
            self._follow(_without_addresses(entry).value)
        elif method in (DTLS, CHANNEL):
            self._reason = value.get("failure") or self._reason
        elif method == "create":
            return "created"
        elif method == "close":
            return "closed"
        elif method in ("setLocalDescription", "setRemoteDescription"):
            self._began = self._began or entry.time
            self._given = _kind(value)
        elif method in ("setLocalDescriptionOnSuccess", "setRemoteDescriptionOnSuccess"):
            side = "local" if "Local" in method else "remote"
            return f"{side} description set: {_kind(value) or self._given}"
        elif method == "onconnectionstatechange":
            return self._state(str(value), entry.time)
        return ""

    def _follow(self, record: Mapping[str, Any]) -> None:
        from peer.trace import candidate_words

        fields = record.get("fields", {})
        match record.get("event"):
            case "SelectedPairChanged":
                local, remote = (candidate_words(fields[side]) for side in ("local", "remote"))
                self._pair = f"{local} to {remote}"
            case "StateChanged" | "SelectedPairLost":
                self._reason = fields.get("reason") or self._reason

    def _state(self, state: str, now: float) -> str:
        if state == "connected":
            took = "" if self._began is None else f" in {now - self._began:.3f} s"
            self._began, self._reason = now, ""
            return f"connected{took} over {self._pair or 'an unknown pair'}"
        if state in _ENDED:
            self._began = now
            return f"{state}: {self._reason or _ENDED[state]}"
        return ""


def _without_addresses(entry: TraceEntry) -> TraceEntry:
    """Leave out what ICE knows and nobody is to see: addresses that checks alone told of."""
    if entry.method != ICE:
        return entry
    record: dict[str, Any] = dict(entry.value)
    if "details" in record:
        details = record["details"].items()
        record["details"] = {key: item for key, item in details if key in _SHOWN}
    if "fields" in record:
        record["fields"] = {key: _hidden(item) for key, item in record["fields"].items()}
    return entry._replace(value=record)


def _hidden(item: Any) -> Any:
    told = not isinstance(item, dict) or item.get("type") != "prflx"
    return item if told else item | {"hidden": True}


def _kind(description: object) -> str:
    return str(description.get("type")) if isinstance(description, Mapping) else ""
