"""The channels of an allocation (RFC 8656 §12): numbers, bindings and what is due."""

from math import inf

from ..address import TransportAddress
from .config import TurnConfig

FIRST_CHANNEL = 0x4000
LAST_CHANNEL = 0x4FFF


class Channel:
    """One channel number and the peer it belongs to, bound or about to be.

    `may_exist_until` is the latest time at which the server may hold the binding, whether or
    not its answer has arrived.
    """

    __slots__ = (
        "denied",
        "expires",
        "in_flight",
        "may_exist_until",
        "number",
        "peer",
        "refresh_at",
        "wanted",
    )

    def __init__(self, number: int, peer: TransportAddress) -> None:
        self.number = number
        self.peer = peer
        self.wanted = True
        self.denied = False
        self.in_flight = False
        self.expires = -inf
        self.may_exist_until = -inf
        self.refresh_at = -inf


class Channels:
    """Channels by number and by peer: one number a peer, one peer a number."""

    def __init__(self, config: TurnConfig) -> None:
        self._config = config
        self._by_number: dict[int, Channel] = {}
        self._by_peer: dict[TransportAddress, Channel] = {}
        self._next_number = FIRST_CHANNEL
        self._next_time: float | None = None

    def want(self, peer: TransportAddress, now: float) -> bool:
        """Keep a channel to `peer` from now on; False when there can be none.

        Within five minutes of its expiry a peer gets its old number back and no other (§12).
        """
        self._next_time = None
        channel = self._by_peer.get(peer)
        if channel is not None and (
            channel.wanted or channel.denied or self._is_held(channel, now)
        ):
            channel.wanted = not channel.denied
            return channel.wanted
        if sum(channel.wanted for channel in self._by_peer.values()) >= self._config.max_peers:
            return False
        if channel is not None:
            self._remove(channel)
        number = self._free_number(now)
        if number is None:
            return False
        channel = Channel(number, peer)
        self._by_number[number] = channel
        self._by_peer[peer] = channel
        return True

    def drop(self, peer: TransportAddress) -> None:
        """Bind the channel to `peer` no more; it lives on until it expires."""
        self._next_time = None
        channel = self._by_peer.get(peer)
        if channel is not None:
            channel.wanted = False

    def due(self, now: float) -> Channel | None:
        """The channel to bind or bind again now."""
        for channel in self._by_peer.values():
            if channel.wanted and not channel.in_flight and channel.refresh_at <= now:
                return channel
        return None

    def next_time(self) -> float:
        """When `due` will have something, infinity for never."""
        if self._next_time is None:
            ready = (c.refresh_at for c in self._by_peer.values() if c.wanted and not c.in_flight)
            self._next_time = min(ready, default=inf)
        return self._next_time

    def renew(self, now: float) -> None:
        """Bind all of them again."""
        self._next_time = None
        for channel in self._by_peer.values():
            channel.refresh_at = min(channel.refresh_at, now)

    def sent(self, channel: Channel, now: float) -> None:
        """A ChannelBind request has left."""
        self._next_time = None
        channel.in_flight = True
        channel.may_exist_until = now + self._config.channel_lifetime

    def bound(self, channel: Channel, sent_at: float) -> bool:
        """The request sent at `sent_at` has succeeded; tells whether the binding is new."""
        self._next_time = None
        fresh = channel.expires <= sent_at
        channel.in_flight = False
        channel.expires = sent_at + self._config.channel_lifetime
        channel.may_exist_until = channel.expires
        channel.refresh_at = sent_at + self._config.channel_refresh
        return fresh

    def refused(self, channel: Channel) -> None:
        """The server has refused the binding: number and peer are not tried again."""
        self._next_time = None
        channel.in_flight = False
        channel.wanted = False
        channel.denied = True

    def deny(self, peer: TransportAddress) -> None:
        """There will be no channel to this peer, and one that is bound is used no more."""
        channel = self._by_peer.get(peer)
        if channel is not None:
            self.refused(channel)
            channel.expires = channel.may_exist_until = -inf

    def unanswered(self, channel: Channel, retry_at: float) -> None:
        """No useful answer: the server may have bound it, so the same number is tried again."""
        self._next_time = None
        channel.in_flight = False
        channel.refresh_at = retry_at

    def bound_number(self, peer: TransportAddress, now: float) -> int | None:
        """The number of the channel bound to `peer`, None when there is none at the moment."""
        channel = self._by_peer.get(peer)
        return channel.number if channel is not None and now < channel.expires else None

    def find(self, number: int, now: float) -> Channel | None:
        """The channel data may arrive on, from its first ChannelBind request on (§12)."""
        channel = self._by_number.get(number)
        return channel if channel is not None and now < channel.may_exist_until else None

    def peers(self) -> tuple[TransportAddress, ...]:
        """The peers a channel is wanted for."""
        return tuple(peer for peer, channel in self._by_peer.items() if channel.wanted)

    def _is_held(self, channel: Channel, now: float) -> bool:
        return now < channel.may_exist_until + self._config.channel_quarantine

    def _free_number(self, now: float) -> int | None:
        if self._next_number <= LAST_CHANNEL:
            self._next_number += 1
            return self._next_number - 1
        for channel in self._by_number.values():
            if not (channel.wanted or channel.denied or self._is_held(channel, now)):
                self._remove(channel)
                return channel.number
        return None

    def _remove(self, channel: Channel) -> None:
        del self._by_number[channel.number]
        del self._by_peer[channel.peer]
