"""Answering connectivity checks (RFC 8445 §7.3, RFC 8489 §9.1.3)."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import stun
from .errors import DropReason
from .events import IceRole

AMPLIFICATION = 2
"""Bytes of an answer for each byte of a request that proves nothing: its source may be forged."""


class Rejected(NamedTuple):
    """The request is not served; `response` is the error response to send, if any."""

    reason: DropReason
    response: bytes | None


class Accepted(NamedTuple):
    """An authenticated check. `conflicts` tells the claimed role, with its tie-breaker."""

    local_fragment: str
    remote_fragment: str
    key: bytes
    priority: int
    use_candidate: bool
    nomination: int | None
    claims: IceRole | None
    tie_breaker: int
    follows_latest: bool

    def __repr__(self) -> str:
        return f"Accepted({self.local_fragment}:{self.remote_fragment}, priority={self.priority})"


class Conflict(enum.Enum):
    """Outcome of comparing roles (RFC 8445 §7.3.1.1)."""

    NONE = "none"
    REJECT = "reject"
    SWITCH = "switch"


def judge(
    message: stun.Message, keys: Mapping[str, bytes], *, strict_fingerprint: bool
) -> Accepted | Rejected:
    """Authenticate a Binding request and read it.

    `keys` maps our live username fragments to their passwords. The errors are those of RFC 8489
    §9.1.3: 400 when credentials are missing, 401 when they are wrong, 420 for attributes we
    must understand and do not; the first two carry no integrity.
    """
    try:
        username = message.get(stun.USERNAME)
    except stun.StunError:
        return _reject(message, DropReason.REQUEST_MALFORMED, 400, "Bad Request")
    if username is None or not message.has_integrity:
        return _reject(message, DropReason.REQUEST_WITHOUT_CREDENTIALS, 400, "Bad Request")
    ours, _, theirs = username.partition(":")
    key = keys.get(ours)
    if key is None:
        return _reject(message, DropReason.REQUEST_UNKNOWN_USERNAME, 401, "Unauthenticated")
    if not stun.verify_integrity(message, key):
        return _reject(message, DropReason.REQUEST_BAD_INTEGRITY, 401, "Unauthenticated")
    unknown = message.unknown_required()
    if unknown:
        return Rejected(DropReason.UNKNOWN_ATTRIBUTES, _unknown_attributes(message, unknown, key))
    if strict_fingerprint and not message.has_fingerprint:
        return Rejected(DropReason.REQUEST_NO_FINGERPRINT, None)
    return _read(message, ours, theirs, key)


def _read(message: stun.Message, ours: str, theirs: str, key: bytes) -> Accepted | Rejected:
    try:
        priority = message.get(stun.PRIORITY)
        controlling = message.get(stun.ICE_CONTROLLING)
        controlled = message.get(stun.ICE_CONTROLLED)
        nomination = message.get(stun.NOMINATION)
    except stun.StunError:
        priority = None
    if priority is None:
        return _reject(message, DropReason.REQUEST_MALFORMED, 400, "Bad Request", key)
    claims = None
    if controlling is not None:
        claims = IceRole.CONTROLLING
    elif controlled is not None:
        claims = IceRole.CONTROLLED
    return Accepted(
        local_fragment=ours,
        remote_fragment=theirs,
        key=key,
        priority=max(1, min(priority, 0x7FFFFFFF)),
        use_candidate=stun.USE_CANDIDATE.type in message.values,
        nomination=nomination,
        claims=claims,
        tie_breaker=controlling if controlling is not None else controlled or 0,
        follows_latest=stun.GOOG_NETWORK_INFO.type in message.values,
    )


def resolve_conflict(role: IceRole, tie_breaker: int, check: Accepted) -> Conflict:
    """Compare the claimed role with ours (RFC 8445 §7.3.1.1)."""
    if check.claims is not role:
        return Conflict.NONE
    larger = tie_breaker >= check.tie_breaker
    keeps = larger if role is IceRole.CONTROLLING else not larger
    return Conflict.REJECT if keeps else Conflict.SWITCH


def success(
    message: stun.Message, attributes: Sequence[tuple[stun.Attribute[Any], Any]], key: bytes
) -> bytes:
    """Build the success response, authenticated with our password."""
    return stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        message.transaction_id,
        attributes,
        key=key,
    )


def unauthenticated(message: stun.Message) -> bytes:
    """Build the 401 response to credentials that are not in use any more (RFC 8489 §9.1.3)."""
    return _error(message, 401, "Unauthenticated", None)


def role_conflict(message: stun.Message, key: bytes) -> bytes:
    """Build the 487 response (RFC 8445 §7.3.1.1)."""
    return _error(message, 487, "Role Conflict", key)


def _reject(
    message: stun.Message, reason: DropReason, code: int, phrase: str, key: bytes | None = None
) -> Rejected:
    return Rejected(reason, _error(message, code, phrase, key))


def _error(message: stun.Message, code: int, phrase: str, key: bytes | None) -> bytes:
    response = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.ERROR,
        message.transaction_id,
        ((stun.ERROR_CODE, stun.ErrorCode(code, phrase)),),
        key=key,
    )
    if key is None and phrase and len(response) > AMPLIFICATION * len(message.raw):
        # The phrase may be anything (RFC 8489 §14.8).
        return _error(message, code, "", None)
    return response


def _unknown_attributes(message: stun.Message, unknown: tuple[int, ...], key: bytes) -> bytes:
    return stun.build(
        stun.Method.BINDING,
        stun.MessageClass.ERROR,
        message.transaction_id,
        (
            (stun.ERROR_CODE, stun.ErrorCode(420, "Unknown Attribute")),
            (stun.UNKNOWN_ATTRIBUTES, unknown),
        ),
        key=key,
    )
