"""Settings of a driver: which addresses, which ports, which servers."""

import ssl
from collections.abc import Callable
from dataclasses import field

from peer.ice import InvalidParameterError, RelayFamily, TcpType
from peer.records import dataclass

from .address_rules import ExternalAddress
from .interfaces import AddressPolicy, Filter, InterfaceAddress
from .mdns import Mdns
from .proxy import Proxy
from .resolver import TIMEOUT
from .shared_ports import SharedPorts
from .system import MACHINE, System
from .tap import Tap

MAX_PACING = 1.0
"""Seconds between new requests and checks at most: with more nobody would ever connect."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """STUN and TURN servers with one credential (the W3C RTCIceServer).

    TURN URLs need a username and a credential.
    """

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)
    relay_family: RelayFamily = RelayFamily.IPV4


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Settings of one driver. Loopback addresses are used when `IceConfig.allow_loopback` is."""

    policy: AddressPolicy = AddressPolicy.ALL
    keep: Filter | None = None
    """Tells which addresses to use of those the policy allows: any function, or `AddressRules`;
    None: all."""
    external: tuple[ExternalAddress, ...] = ()
    """Addresses of NATs that lead to this machine for good (1:1 NAT, published ports)."""
    addresses: Callable[[], list[InterfaceAddress]] | None = None
    """Gives the addresses in place of `system`."""
    loopback_fallback: bool = True
    """Use loopback addresses on a machine that has no others, whatever the policy."""
    watch: bool = True
    """Notice when the machine's addresses change; `addresses` has to be asked (`poll_interval`)."""
    poll_interval: float | None = None
    """Seconds between looks at the addresses, whether or not anything tells of a change."""
    ports: range | None = None
    """Local UDP ports to choose from; None: the system chooses."""
    shared: SharedPorts | None = None
    """Ports that other connections use as well; sockets of a connection's own are of `ports`."""
    tcp_types: frozenset[TcpType] = frozenset()
    """Which TCP candidates to gather beside UDP (RFC 6544): active ones, passive ones, or none."""
    tos: int = 0
    """TOS or traffic class byte of everything sent over UDP: the DSCP times four (RFC 8837)."""
    pacing: float = 0.005
    """Seconds at least from one new request or check to the next to the same remote host, of all
    peer connections of an event loop that say the same. The default is what NATs bear (RFC 8445
    §14.2); who has none on the way says what that bears. A second at most."""
    ssl_context: ssl.SSLContext | None = None
    """For TURN over TLS; None verifies with the system's authorities."""
    proxy: Proxy | None = None
    """For connections to TURN servers over TCP and TLS."""
    resolve_timeout: float = TIMEOUT
    """Seconds for resolving the name of a server."""
    resolve_names: bool = True
    """Resolve candidates with a ``.local`` name; else they are ignored."""
    hide_addresses: bool = False
    """Give out ``.local`` names in place of the addresses of host candidates."""
    mdns: Mdns | None = None
    """Who resolves and publishes names; None: the one all drivers of the loop and system share."""
    system: System = MACHINE
    """Where addresses, sockets and names are from: this machine, or a simulated one."""
    tap: Tap | None = None
    """Who is shown every datagram and stream; nobody while `RTCConfiguration.capture` is."""

    def __post_init__(self) -> None:
        if not 0 <= self.pacing <= MAX_PACING:
            raise InvalidParameterError(f"pacing is 0 to {MAX_PACING} s")


DEFAULTS = NetConfig()
"""The settings of a driver that is given none."""
