"""What a TURN server remembers of one client (RFC 8656 §3.2)."""

from collections.abc import Callable

from peer.ice.address import TransportAddress, is_ipv6

from .client_path import ClientPath
from .host import SimSocket

PERMISSION_LIFETIME = 300.0
CHANNEL_LIFETIME = 600.0


def family_number(host: str) -> int:
    """The STUN number of an address family: 1 for IPv4, 2 for IPv6 (RFC 8489 §14.1)."""
    return 2 if is_ipv6(host) else 1


class Allocation:
    """One or two relayed addresses, with permissions and channels; times are absolute."""

    def __init__(
        self,
        path: ClientPath,
        username: str,
        relays: dict[int, SimSocket],
        expires: float,
    ) -> None:
        self.path = path
        self.username = username
        self.relays = relays
        self.expires = expires
        self.transaction_id = b""
        self.permissions: dict[str, float] = {}
        self.channels: dict[int, tuple[TransportAddress, float]] = {}
        self.relayed_to_peers = 0
        self.relayed_to_client = 0

    @property
    def relayed_addresses(self) -> list[TransportAddress]:
        """The relayed transport addresses, IPv4 first."""
        return [self.relays[family].address for family in sorted(self.relays)]

    def permit(self, host: str, now: float) -> None:
        """Install or refresh a permission."""
        self.permissions[host] = now + PERMISSION_LIFETIME

    def permits(self, host: str, now: float) -> bool:
        """Whether a permission for the IP address is alive."""
        return self.permissions.get(host, 0.0) > now

    def bind_channel(self, number: int, peer: TransportAddress, now: float) -> bool:
        """Bind or refresh a channel. False when number or peer is bound to something else."""
        for other, (bound, expires) in self.channels.items():
            if expires > now and (other == number) != (bound == peer):
                return False
        self.channels[number] = (peer, now + CHANNEL_LIFETIME)
        self.permit(peer.host, now)
        return True

    def channel_peer(self, number: int, now: float) -> TransportAddress | None:
        """The peer that a channel is bound to."""
        peer, expires = self.channels.get(number, (None, 0.0))
        return peer if expires > now else None

    def channel_of(self, peer: TransportAddress, now: float) -> int | None:
        """The channel that a peer is bound to."""
        for number, (bound, expires) in self.channels.items():
            if bound == peer and expires > now:
                return number
        return None

    def close(self, families: Callable[[int], bool] = lambda _: True) -> None:
        """Free the relayed addresses of the chosen families."""
        for family in [family for family in self.relays if families(family)]:
            self.relays.pop(family).close()
