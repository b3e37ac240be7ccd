"""One allocation on one TURN server (RFC 8656), as a machine without clock or socket."""

from collections.abc import Callable
from math import inf
from typing import assert_never

from ..address import TransportAddress, is_ipv6, usable_as_mapped
from ..stun import (
    CHANNEL_NUMBER,
    LIFETIME,
    REQUESTED_ADDRESS_FAMILY,
    XOR_PEER_ADDRESS,
    ErrorCode,
    Message,
    Method,
    StunError,
    parse,
)
from .allocate import IPV4_FAMILY, IPV6_FAMILY, UnusableAllocationError, read_success
from .attempts import AllocateAttempts
from .auth import LongTermCredential
from .channels import Channel, Channels
from .config import TurnConfig
from .events import (
    UNREACHABLE,
    AllocationEvent,
    AllocationFailed,
    AllocationLost,
    ChannelBound,
    ChannelDenied,
    DropReason,
    PeerUnreachable,
    PermissionDenied,
    PermissionGranted,
    Released,
    ServerRedirected,
)
from .exchange import Exchange, Operation, Outcome, Result, TurnRequest
from .permissions import Permissions
from .relay_data import channel_data, read_channel_data, read_data_indication, send_indication
from .server import AllocateOptions, RelayFamily, TurnServer, check_credential
from .state import TRANSITIONS, AllocationState, Step

_FAMILY_MISMATCH = ErrorCode(443, "the relayed address is of the other family")
# The server takes these credentials for nothing any more: asking again is not allowed (§7.4).
_CREDENTIALS_REFUSED = (401, 441)
# Looking up an enum member costs more than the comparison; these are needed for every packet.
_ALLOCATED = AllocationState.ALLOCATED
_REFRESH = Method.REFRESH
_WANTING = (AllocationState.IDLE, AllocationState.ALLOCATING, AllocationState.ALLOCATED)


class Allocation:
    """An allocation: ask `start` for requests, tell it their outcome, wrap and unwrap data.

    The owner sends each request to ``server.address``, retransmits it where the transport needs
    that, and reports the response or the timeout. Time never goes through here by itself:
    `next_time` tells when `start` will next have something to send.

    ``local_port_attempt`` counts the local ports tried with this server (RFC 8656 §7.4, 437).
    Raises ValueError for options RFC 8656 §7.1 does not allow together.
    """

    def __init__(
        self,
        server: TurnServer,
        *,
        entropy: Callable[[int], bytes],
        config: TurnConfig | None = None,
        options: AllocateOptions | None = None,
        local_port_attempt: int = 1,
    ) -> None:
        self.server = server
        self.state = AllocationState.IDLE
        self.relayed: tuple[TransportAddress, ...] = ()
        self.mapped: TransportAddress | None = None
        self.expires: float | None = None
        self._config = config or TurnConfig()
        self._entropy = entropy
        self._attempts = AllocateAttempts(
            server, options or AllocateOptions(), self._config, local_port_attempt
        )
        self._credential = LongTermCredential(server.username, server.credential)
        self._padded = server.transport.over_tcp
        self._exchange = Exchange(self._credential, entropy, self._config, reliable=self._padded)
        self._permissions = Permissions(self._config)
        self._channels = Channels(self._config)
        self._leaving: list[int] = []
        self._attempt_at = self._verified_at = -inf
        self._last_words: AllocationEvent = Released()

    # --- what to send -------------------------------------------------------------------------

    def next_time(self) -> float | None:
        """When `start` has a request; minus infinity for at once, None for not before an input."""
        if self._exchange.has_challenged:
            return -inf
        if self.state is _ALLOCATED:
            refresh = -inf if self._leaving else self._attempt_at
            refresh = inf if self._exchange.is_busy(_REFRESH) else refresh
            time = min(refresh, self._permissions.next_time(), self._channels.next_time())
            return None if time == inf else time
        match self.state:
            case AllocationState.IDLE:
                return -inf
            case AllocationState.ALLOCATING:
                return None if self._exchange.is_busy(Method.ALLOCATE) else self._attempt_at
            case AllocationState.RELEASING | AllocationState.DISCARDING:
                return None if self._exchange.is_busy(Method.REFRESH) else -inf
            case _:
                return None

    @property
    def is_clocked(self) -> bool:
        """Tell whether the server has answered, and no request is on its way: the next one makes
        no new mapping in a NAT, and the answers pace it."""
        return self._exchange.is_clocked

    def start(self, now: float) -> TurnRequest | None:
        """The next request to send now, one at a call; None when nothing is due."""
        time = self.next_time()
        if time is None or time > now:
            return None
        operation = self._next_operation(now)
        return None if operation is None else self._exchange.send(operation, now)

    def _next_operation(self, now: float) -> Operation | None:
        if self._exchange.has_challenged:
            return self._exchange.take_challenged()
        if self.state is AllocationState.IDLE:
            self._move(Step.START)
        if self.state is AllocationState.ALLOCATING:
            return self._attempts.next(now)
        if self.state in (AllocationState.RELEASING, AllocationState.DISCARDING):
            return Operation(Method.REFRESH, ((LIFETIME, 0),), deletes=True)
        if not self._exchange.is_busy(Method.REFRESH):
            if self._leaving:
                return self._leave(self._leaving.pop())
            if self._attempt_at <= now:
                return self._refresh()
        channel = self._channels.due(now)
        if channel is not None:
            return self._bind(channel, now)
        hosts = self._permissions.due(now)
        return self._permit(hosts) if hosts else None

    def _refresh(self) -> Operation:
        lifetime = self._config.lifetime
        return Operation(Method.REFRESH, () if lifetime is None else ((LIFETIME, lifetime),))

    def _leave(self, family: int) -> Operation:
        attributes = ((LIFETIME, 0), (REQUESTED_ADDRESS_FAMILY, family))
        return Operation(Method.REFRESH, attributes, family=family)

    def _bind(self, channel: Channel, now: float) -> Operation:
        self._channels.sent(channel, now)
        attributes = ((CHANNEL_NUMBER, channel.number), (XOR_PEER_ADDRESS, channel.peer))
        return Operation(Method.CHANNEL_BIND, attributes, channel=channel)

    def _permit(self, hosts: tuple[str, ...]) -> Operation:
        self._permissions.sent(hosts)
        attributes = tuple((XOR_PEER_ADDRESS, TransportAddress(host, 0)) for host in hosts)
        return Operation(Method.CREATE_PERMISSION, attributes, hosts=hosts)

    # --- what came of it ----------------------------------------------------------------------

    def handle_response(self, message: Message, now: float) -> list[AllocationEvent]:
        """Take a response; one that is not ours, or cannot be believed, changes nothing."""
        outcome = self._exchange.receive(message)
        if outcome is not None:
            return self._judge(outcome, now)
        if self.state is AllocationState.ABANDONING and self._exchange.has_challenged:
            # Nobody wants the allocation the server would make if asked again.
            self._exchange.forget()
            self._move(Step.REFUSED)
            return [Released()]
        return []

    def awaits(self, transaction_id: bytes) -> bool:
        """Tell whether a request is still without a response that can be believed."""
        return self._exchange.awaits(transaction_id)

    def handle_timeout(self, transaction_id: bytes, now: float) -> list[AllocationEvent]:
        """Take the news that a request was given up: no answer, or an ICMP error."""
        outcome = self._exchange.timeout(transaction_id)
        return [] if outcome is None else self._judge(outcome, now)

    def handle_connection_lost(self, now: float, reason: str) -> list[AllocationEvent]:
        """Take the news that the TCP or TLS connection is gone, and the allocation with it."""
        self._exchange.forget()
        before = self.state
        if not self._move(Step.GONE):
            return []
        error = ErrorCode(UNREACHABLE, reason)
        match before:
            case AllocationState.ALLOCATED:
                return [AllocationLost(*error)]
            case AllocationState.IDLE | AllocationState.ALLOCATING:
                return [self._attempts.failure(error, now)]
            case _:
                return [self._last_words]

    def _judge(self, outcome: Outcome, now: float) -> list[AllocationEvent]:
        match outcome.operation.method:
            case Method.ALLOCATE:
                return self._judge_allocate(outcome, now)
            case Method.REFRESH:
                return self._judge_refresh(outcome, now)
            case Method.CHANNEL_BIND:
                return self._judge_channel_bind(outcome, now)
            case _:
                return self._judge_create_permission(outcome, now)

    def _judge_allocate(self, outcome: Outcome, now: float) -> list[AllocationEvent]:
        if self.state is AllocationState.ABANDONING:
            return self._judge_abandoned(outcome)
        if outcome.result is not Result.SUCCESS or outcome.message is None:
            return self._judge_refusal(outcome, now)
        try:
            granted = read_success(outcome.message, self.server, self._config, now)
        except UnusableAllocationError as error:
            self._move(Step.UNUSABLE)
            self._last_words = self._attempts.failure(ErrorCode(440, str(error)), now)
            return []
        self._move(Step.CREATED)
        self.relayed = granted.relayed
        mapped = granted.mapped
        if mapped is not None and usable_as_mapped(mapped, self.server.address.host):
            self.mapped = mapped
        self._schedule_refresh(outcome.operation.started, granted.lifetime)
        return [granted, *self._deny_other_family()]

    def _judge_abandoned(self, outcome: Outcome) -> list[AllocationEvent]:
        if outcome.result is Result.SUCCESS:
            self._move(Step.CREATED)
            return []
        self._move(Step.REFUSED)
        return [Released()]

    def _judge_refusal(self, outcome: Outcome, now: float) -> list[AllocationEvent]:
        # What answers a signed request is signed too, or it would not have been believed.
        signed = outcome.operation.signature is not None
        verdict = self._attempts.after(outcome.error, outcome.message, now, authenticated=signed)
        self._attempt_at = -inf
        match verdict:
            case AllocationFailed():
                self._move(Step.REFUSED)
                return [verdict]
            case ServerRedirected():
                self.server = self._attempts.server
                self._credential.forget_challenge()
                return [verdict]
            case float():
                self._attempt_at = verdict
                return []
            case _:
                assert_never(verdict)

    def _judge_refresh(self, outcome: Outcome, now: float) -> list[AllocationEvent]:
        if outcome.operation.deletes:
            # Whatever the server says, 437 included, we have no allocation any more (§8.3).
            self._move(Step.DELETED)
            return [self._last_words]
        error = outcome.error
        family = outcome.operation.family
        if family is not None and error.code != 437:
            # 443 says that the server has no such half any more (§8.2).
            self._leaving += [family] if outcome.is_passing else []
            return []
        if outcome.result is Result.SUCCESS:
            lifetime = outcome.lifetime(self._config)
            if lifetime > 0:
                self._schedule_refresh(outcome.operation.started, lifetime)
                return []
            error = ErrorCode(437, "refreshed with no lifetime")
        if error.code == 437 or error.code in _CREDENTIALS_REFUSED:
            return self._lose(error)
        retry_at = outcome.retry_at(self._config, now)
        if self.expires is not None and retry_at >= self.expires:
            return self._lose(error)
        self._attempt_at = retry_at
        return []

    def _judge_create_permission(self, outcome: Outcome, now: float) -> list[AllocationEvent]:
        operation = outcome.operation
        code, reason = outcome.error
        if outcome.result is Result.SUCCESS:
            fresh = self._permissions.granted(operation.hosts, operation.started)
            return [PermissionGranted(host) for host in fresh]
        if code == 437:
            return self._lose(outcome.error)
        if code == 400:
            # Some servers say so instead of 437 after a restart: a Refresh tells.
            self._attempt_at = now
        if outcome.is_passing:
            retry_at = outcome.retry_at(self._config, now)
            denied = self._permissions.unanswered(operation.hosts, now, retry_at)
        elif code in _CREDENTIALS_REFUSED:
            denied = [
                host for each in operation.hosts for host in self._permissions.refused((each,))
            ]
        else:
            denied = self._permissions.refused(operation.hosts)
        return [PermissionDenied(host, code, reason) for host in denied]

    def _judge_channel_bind(self, outcome: Outcome, now: float) -> list[AllocationEvent]:
        operation = outcome.operation
        channel = operation.channel
        code, reason = outcome.error
        if channel is None:
            return []
        if outcome.is_passing:
            self._channels.unanswered(channel, outcome.retry_at(self._config, now))
            return []
        if outcome.result is Result.SUCCESS:
            hosts = self._permissions.refreshed(channel.peer.host, operation.started)
            events: list[AllocationEvent] = [PermissionGranted(host) for host in hosts]
            if self._channels.bound(channel, operation.started):
                events.append(ChannelBound(channel.peer, channel.number))
            return events
        if code == 437:
            return self._lose(outcome.error)
        self._channels.refused(channel)
        if code == 400:
            # Client and server disagree about the channels: only a new allocation helps (§12.3).
            self._exchange.forget()
            self._move(Step.OUT_OF_SYNC)
            self._last_words = AllocationLost(code, reason)
            return []
        return [ChannelDenied(channel.peer, code, reason)]

    # --- permissions, channels, the end -------------------------------------------------------

    def verify(self, now: float) -> None:
        """Ask for all that the server may have forgotten, unless that was done a moment ago."""
        if self.state is not _ALLOCATED or now < self._verified_at + self._config.retry_pause:
            return
        self._verified_at = now
        self._attempt_at = min(self._attempt_at, now)
        self._permissions.renew(now)
        self._channels.renew(now)

    def want_permission(self, peer: TransportAddress, now: float) -> bool:
        """Keep a permission for the peer's IP address; False when there can be none."""
        return self._can_reach(peer) and self._permissions.want(peer.host)

    def drop_permission(self, peer: TransportAddress) -> None:
        """Refresh the permission for the peer's IP address no more."""
        self._permissions.drop(peer.host)

    def has_permission(self, peer: TransportAddress) -> bool:
        """Tell whether peers at this IP address may be sent to."""
        return self.state is _ALLOCATED and self._permissions.was_granted(peer.host)

    def want_channel(self, peer: TransportAddress, now: float) -> bool:
        """Keep a channel to the peer; False when there can be none. Asking twice is asking once."""
        return self._can_reach(peer) and self._channels.want(peer, now)

    def drop_channel(self, peer: TransportAddress) -> None:
        """Bind the channel to the peer no more once it expires."""
        self._channels.drop(peer)

    def release(self, now: float) -> None:
        """Delete the allocation: at most one more transaction, then `Released`.

        With no request on its way the state is released at once and no event follows.
        """
        if self.state is AllocationState.ALLOCATING:
            if self._exchange.has_challenged or not self._exchange.is_busy(Method.ALLOCATE):
                self._exchange.forget()
                self._move(Step.WITHDRAW)
        elif self.state is AllocationState.ALLOCATED:
            self._exchange.forget()
        self._last_words = Released()
        self._move(Step.RELEASE)

    def release_relayed(self, relayed: TransportAddress, now: float) -> None:
        """Delete one half of a dual allocation (RFC 8656 §8.1), or all if it is the last half.

        What was wanted for peers of its family is forgotten; no event follows for a half.
        """
        rest = tuple(address for address in self.relayed if address != relayed)
        if self.state is not _ALLOCATED or len(rest) == len(self.relayed):
            return
        if not rest:
            self.release(now)
            return
        self.relayed = rest
        self._leaving.append(IPV6_FAMILY if is_ipv6(relayed.host) else IPV4_FAMILY)
        self._deny_other_family()

    def update_credentials(self, username: str, credential: str) -> None:
        """Use other credentials, at the latest for the next allocation.

        Another username cannot take over an existing allocation (RFC 8656 §5), so it waits
        until the server refuses the present one. Raises ValueError as `TurnServer` does.
        """
        check_credential(username, credential)
        self._credential.update(username, credential)

    # --- data ---------------------------------------------------------------------------------

    def wrap(self, data: bytes, peer: TransportAddress, now: float) -> bytes | None:
        """Pack data for a peer, by channel or Send indication; None when it may not be sent."""
        if self.state is not _ALLOCATED:
            return None
        if self.expires is not None and now >= self.expires:
            return None
        number = self._channels.bound_number(peer, now)
        if number is not None:
            return channel_data(number, data, padded=self._padded)
        if not self._permissions.allows(peer.host, now):
            return None
        return send_indication(
            data, peer, self._entropy(12), dont_fragment=self._attempts.options.dont_fragment
        )

    def unwrap(
        self, data: bytes | Message, now: float
    ) -> tuple[TransportAddress, bytes] | PeerUnreachable | DropReason:
        """Unpack what the server sent that is no response: peer and data, or why not."""
        if self.state is not _ALLOCATED:
            return DropReason.NO_ALLOCATION
        if isinstance(data, Message):
            return self._unwrap_indication(data, now)
        if data and 64 <= data[0] <= 79:
            return self._unwrap_channel_data(data, now)
        try:
            message = parse(data)
        except StunError:
            return DropReason.MALFORMED
        return self._unwrap_indication(message, now)

    def _unwrap_channel_data(
        self, data: bytes, now: float
    ) -> tuple[TransportAddress, bytes] | DropReason:
        parts = read_channel_data(data)
        if parts is None:
            return DropReason.TRUNCATED_CHANNEL_DATA
        number, payload = parts
        channel = self._channels.find(number, now)
        if channel is None:
            return DropReason.UNBOUND_CHANNEL
        # The answer to the first ChannelBind, which brings the permission, may still be coming.
        if not channel.in_flight and not self._permissions.allows(channel.peer.host, now):
            return DropReason.NO_PERMISSION
        return channel.peer, payload

    def _unwrap_indication(
        self, message: Message, now: float
    ) -> tuple[TransportAddress, bytes] | PeerUnreachable | DropReason:
        content = read_data_indication(message)
        if isinstance(content, DropReason):
            return content
        peer = content.peer if isinstance(content, PeerUnreachable) else content[0]
        if not self._permissions.allows(peer.host, now):
            return DropReason.NO_PERMISSION
        return content

    # --- inside -------------------------------------------------------------------------------

    def _move(self, step: Step) -> bool:
        after = TRANSITIONS.get((self.state, step))
        if after is None:
            return False
        self.state = after
        return True

    def _schedule_refresh(self, granted_at: float, lifetime: float) -> None:
        self.expires = granted_at + lifetime
        margin = min(self._config.refresh_margin, lifetime / 2)
        self._attempt_at = self.expires - margin

    def _lose(self, error: ErrorCode) -> list[AllocationEvent]:
        self._exchange.forget()
        self._move(Step.GONE)
        return [AllocationLost(*error)]

    def _can_reach(self, peer: TransportAddress) -> bool:
        if self.state not in _WANTING:
            return False
        if not self.relayed:
            family = self.server.address_family
            return family is RelayFamily.DUAL or is_ipv6(peer.host) == (family is RelayFamily.IPV6)
        return any(is_ipv6(relayed.host) == is_ipv6(peer.host) for relayed in self.relayed)

    def _deny_other_family(self) -> list[AllocationEvent]:
        """Refuse what was wanted of a dual allocation that came out single (RFC 8656 §10.1)."""
        events: list[AllocationEvent] = []
        for host in self._permissions.hosts():
            if not self._can_reach(TransportAddress(host, 0)):
                self._permissions.refused((host,))
                events.append(PermissionDenied(host, *_FAMILY_MISMATCH))
        for peer in self._channels.peers():
            if not self._can_reach(peer):
                self._channels.deny(peer)
                events.append(ChannelDenied(peer, *_FAMILY_MISMATCH))
        return events
