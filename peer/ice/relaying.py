"""Gathering relayed candidates: allocations on TURN servers (RFC 8445 §5.1.1.2, RFC 8656)."""

from typing import Any


class RelayTask: ...


def gather(session: Any, base: Any) -> None: ...
def is_pending(session: Any, stream: Any) -> bool:
    return False


def wants(session: Any) -> bool:
    return False


def next_time(session: Any) -> float | None:
    return None


def start_one(session: Any) -> bool:
    return False


def handle_timeout(session: Any, t: Any) -> None: ...
def receive_channel(session: Any, base: Any, source: Any, data: bytes) -> bool:
    return False


def receive_indication(session: Any, base: Any, source: Any, data: Any) -> bool:
    return False


def handle_response(session: Any, transaction: Any, m: Any) -> None: ...
def restart(session: Any, stream: Any) -> None: ...
def forget(session: Any, base: Any) -> None: ...
