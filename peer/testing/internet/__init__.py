"""A simulated internet for tests of VoIP software: seeded, in virtual time, without sockets.

Start with `Simulation`, which makes networks, hosts and routers. Sockets and connections of the
hosts call back; nothing here sleeps, reads a clock or touches the real network.
"""

from .dns import WELL_KNOWN_PREFIX, Dns, embed_ipv4, extract_ipv4
from .firewall import (
    BLOCK_UDP,
    STATEFUL,
    WEB_ONLY,
    FirewallPolicy,
    allowing_udp_ports,
)
from .host import Host, Interface, InterfaceType, OnDatagram, SimSocket
from .inbox import Inbox, Letter, seen_from
from .kernel import Kernel, Tap, Timer
from .link import IDEAL, Conditions, GilbertElliott, Link
from .nat import (
    FULL_CONE,
    NAT_PRESETS,
    ONE_TO_ONE,
    PORT_RESTRICTED_CONE,
    RESTRICTED_CONE,
    SYMMETRIC,
    AddressPooling,
    Dependence,
    NatBehavior,
    PortAllocation,
    all_nat_behaviors,
    with_hairpinning,
)
from .network import Attachment, Network, is_private
from .packet import DropReason, Endpoint, Packet, Protocol
from .packet_log import PacketLog, Record
from .router import Router, external_endpoints
from .server_faults import Faults
from .simulation import Simulation
from .stun_server import StunServer
from .tcp import CloseReason, ConnectionState, SimConnection, SimListener
from .turn_allocation import Allocation
from .turn_framer import TurnFramer
from .turn_server import Exchange, TurnServer

__all__ = [
    "Simulation",
    "Kernel",
    "Timer",
    "Host",
    "Interface",
    "InterfaceType",
    "SimSocket",
    "OnDatagram",
    "SimConnection",
    "SimListener",
    "ConnectionState",
    "CloseReason",
    "Inbox",
    "Letter",
    "seen_from",
    "Network",
    "Attachment",
    "is_private",
    "Link",
    "Conditions",
    "GilbertElliott",
    "IDEAL",
    "Router",
    "external_endpoints",
    "NatBehavior",
    "Dependence",
    "PortAllocation",
    "AddressPooling",
    "all_nat_behaviors",
    "with_hairpinning",
    "NAT_PRESETS",
    "FULL_CONE",
    "RESTRICTED_CONE",
    "PORT_RESTRICTED_CONE",
    "SYMMETRIC",
    "ONE_TO_ONE",
    "Dns",
    "WELL_KNOWN_PREFIX",
    "embed_ipv4",
    "extract_ipv4",
    "FirewallPolicy",
    "STATEFUL",
    "BLOCK_UDP",
    "WEB_ONLY",
    "allowing_udp_ports",
    "StunServer",
    "TurnServer",
    "TurnFramer",
    "Allocation",
    "Exchange",
    "Faults",
    "Packet",
    "Endpoint",
    "Protocol",
    "DropReason",
    "Tap",
    "PacketLog",
    "Record",
]
