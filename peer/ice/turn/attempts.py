"""One Allocate request after the other until one succeeds or none is left (RFC 8656 §7.4)."""

from dataclasses import replace
from math import inf

from ..address import TransportAddress
from ..stun import ErrorCode, Message, Method
from .allocate import allocate_attributes, describe_failure, read_alternate, simpler_options
from .config import TurnConfig
from .events import AllocationFailed, ServerRedirected
from .exchange import Operation
from .server import AllocateOptions, TurnServer, check_family


class AllocateAttempts:
    """Which server is asked for what; `server` and `options` change with the answers."""

    def __init__(
        self,
        server: TurnServer,
        options: AllocateOptions,
        config: TurnConfig,
        local_port_attempt: int,
    ) -> None:
        check_family(options, server.address_family)
        self.server = server
        self.options = options
        self._config = config
        self._local_port_attempt = local_port_attempt
        self._asked: dict[TransportAddress, float] = {}
        self._server_errors = 0

    def next(self, now: float) -> Operation:
        """The next attempt."""
        self._asked[self.server.address] = now
        family = self.server.address_family
        attributes = allocate_attributes(family, self.options, self._config.lifetime)
        return Operation(Method.ALLOCATE, attributes)

    def after(
        self, error: ErrorCode, message: Message | None, now: float, *, authenticated: bool
    ) -> float | ServerRedirected | AllocationFailed:
        """What to do after a refusal: try again at a time, or another server, or give up."""
        simpler = simpler_options(error, message, self.options)
        if simpler is not None:
            self.options = simpler
            return -inf
        if error.code == 300 and message is not None:
            return self._redirect(message, now, authenticated=authenticated)
        is_server_error = 500 <= error.code < 600 and error.code != 508
        if is_server_error and self._server_errors < self._config.max_server_errors:
            pause = self._config.server_error_pause * (1 << self._server_errors)
            self._server_errors += 1
            return now + pause
        return self.failure(error, now)

    def failure(self, error: ErrorCode, now: float) -> AllocationFailed:
        """The event for giving up."""
        return describe_failure(error, self.server, self._config, self._local_port_attempt, now)

    def _redirect(
        self, message: Message, now: float, *, authenticated: bool
    ) -> ServerRedirected | AllocationFailed:
        alternate = read_alternate(message, self.server.address, authenticated=authenticated)
        if alternate is None:
            return self.failure(ErrorCode(300, "no usable ALTERNATE-SERVER"), now)
        asked = self._asked.get(alternate.address, -inf)
        if now - asked < self._config.redirect_memory:
            return self.failure(ErrorCode(300, "redirected in a circle"), now)
        if len(self._asked) > self._config.max_redirects:
            return self.failure(ErrorCode(300, "redirected too often"), now)
        self.server = replace(self.server, address=alternate.address)
        return ServerRedirected(alternate.address, alternate.domain)
