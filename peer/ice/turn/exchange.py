"""The requests of an allocation that are on their way, and who may answer them."""

import enum
from collections import deque
from collections.abc import Callable
from typing import Any

from peer.records import dataclass

from ..stun import (
    ERROR_CODE,
    LIFETIME,
    SOFTWARE,
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    build,
)
from .auth import LongTermCredential, Signature, Verdict
from .channels import Channel
from .config import TurnConfig
from .events import UNREACHABLE


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A request to send and, over UDP, to retransmit until it is answered or given up."""

    transaction_id: bytes
    data: bytes
    method: Method


@dataclass(slots=True)
class Operation:
    """Something we want done, through as many transactions as the server's nonces take."""

    method: Method
    attributes: tuple[tuple[Attribute[Any], Any], ...] = ()
    hosts: tuple[str, ...] = ()
    channel: Channel | None = None
    deletes: bool = False
    family: int | None = None
    challenges: int = 0
    signature: Signature | None = None
    started: float = 0.0
    violated: str | None = None


class Result(enum.Enum):
    """How an operation has ended."""

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an operation; `message` is the response, None after a timeout."""

    operation: Operation
    result: Result
    error: ErrorCode
    message: Message | None = None

    @property
    def is_passing(self) -> bool:
        """Tell whether the same request may succeed later: no answer, or a server's error."""
        code = self.error.code
        return self.result is Result.TIMEOUT or (500 <= code < 600 and code != 508)

    def lifetime(self, config: TurnConfig) -> float:
        """Give the lifetime that a success response grants."""
        lifetime = None if self.message is None else self.message.get_valid(LIFETIME)
        return config.default_lifetime if lifetime is None else float(lifetime)

    def retry_at(self, config: TurnConfig, now: float) -> float:
        """Give when to ask again: at once after silence, if it has lasted for long enough, but not
        after an answer."""
        if self.result is Result.TIMEOUT:
            return max(now, self.operation.started + config.refused_pause)
        return now + config.retry_pause


_NO_ERROR = ErrorCode(0)


class Exchange:
    """Signs requests, matches and authenticates responses, repeats what was challenged."""

    def __init__(
        self,
        credential: LongTermCredential,
        entropy: Callable[[int], bytes],
        config: TurnConfig,
        *,
        reliable: bool,
    ) -> None:
        self._credential = credential
        self._entropy = entropy
        self._config = config
        self._reliable = reliable
        self._outstanding: dict[bytes, Operation] = {}
        self._challenged: deque[Operation] = deque()

    @property
    def is_clocked(self) -> bool:
        """Tell whether the server has answered all that it was asked, once at least.

        Over a connection it has answered when that was opened.
        """
        heard = self._reliable or self._credential.signature() is not None
        return heard and not self._outstanding

    @property
    def has_challenged(self) -> bool:
        """Tell whether a challenged operation waits to be sent again."""
        return bool(self._challenged)

    def take_challenged(self) -> Operation:
        """The first of the challenged operations."""
        return self._challenged.popleft()

    def is_busy(self, method: Method) -> bool:
        """Tell whether an operation of this kind is on its way or waits to be repeated."""
        if not (self._outstanding or self._challenged):
            return False
        return any(
            operation.method == method
            for operations in (self._outstanding.values(), self._challenged)
            for operation in operations
        )

    def awaits(self, transaction_id: bytes) -> bool:
        """Tell whether a response to this transaction would still be looked at."""
        return transaction_id in self._outstanding

    def send(self, operation: Operation, now: float) -> TurnRequest:
        """Make the request of a new transaction for an operation."""
        transaction_id = self._entropy(12)
        operation.started = now
        operation.signature = self._credential.signature()
        self._outstanding[transaction_id] = operation
        attributes = list(operation.attributes)
        if self._config.software is not None and operation.method in _INTRODUCED:
            attributes.append((SOFTWARE, self._config.software))
        key = None
        sha256 = False
        if operation.signature is not None:
            attributes.extend(operation.signature.attributes)
            key = operation.signature.key
            sha256 = operation.signature.sha256
        data = build(
            operation.method,
            MessageClass.REQUEST,
            transaction_id,
            attributes,
            key=key,
            sha256=sha256,
            fingerprint=False,
        )
        return TurnRequest(transaction_id, data, operation.method)

    def receive(self, message: Message) -> Outcome | None:
        """Take a response; None when it ends nothing."""
        operation = self._outstanding.get(message.transaction_id)
        if operation is None or message.method != operation.method:
            return None
        if message.message_class not in (MessageClass.SUCCESS, MessageClass.ERROR):
            return None
        verdict = self._credential.judge(message, operation.signature)
        error = _error_of(message)
        if verdict is Verdict.DISCARD:
            operation.violated = f"integrity violated, claimed error {error.code}"
            if not self._reliable:
                return None
            error = ErrorCode(UNREACHABLE, operation.violated)
            verdict = Verdict.REFUSED
        del self._outstanding[message.transaction_id]
        if verdict is Verdict.RETRY and operation.challenges < self._config.max_challenges:
            operation.challenges += 1
            self._challenged.append(operation)
            return None
        if verdict is Verdict.ACCEPT and message.message_class is MessageClass.SUCCESS:
            return self._accept(operation, message)
        return Outcome(operation, Result.ERROR, error, message)

    def _accept(self, operation: Operation, message: Message) -> Outcome:
        unknown = message.unknown_required()
        if unknown:
            # RFC 8489 §6.3.3: the response is of no use and the transaction has failed.
            error = ErrorCode(420, f"response with unknown attributes {unknown}")
            return Outcome(operation, Result.ERROR, error, message)
        return Outcome(operation, Result.SUCCESS, _NO_ERROR, message)

    def timeout(self, transaction_id: bytes) -> Outcome | None:
        """Give up a transaction; None when it is not one of ours."""
        operation = self._outstanding.pop(transaction_id, None)
        if operation is None:
            return None
        reason = operation.violated or "no answer"
        return Outcome(operation, Result.TIMEOUT, ErrorCode(UNREACHABLE, reason))

    def forget(self) -> None:
        """Drop everything; answers that still come are nobody's."""
        self._outstanding.clear()
        self._challenged.clear()


# RFC 8656 §5 asks for SOFTWARE in these.
_INTRODUCED = (Method.ALLOCATE, Method.REFRESH)


def _error_of(message: Message) -> ErrorCode:
    if message.message_class is MessageClass.SUCCESS:
        return _NO_ERROR
    error = message.get_valid(ERROR_CODE)
    # RFC 8489 §6.3.4 leaves no error response without a code.
    return error or ErrorCode(500, "error response without ERROR-CODE")
