"""The ICE agent on asyncio: sockets, interfaces, names, TCP and TLS."""

from .address_rules import AddressRules, ExternalAddress
from .component import Component, Sink
from .config import IceServer, NetConfig
from .datagrams import DatagramSocket
from .driver import IceDriver
from .events import DriverEvent, InterfacesChanged, Listener
from .faults import Fault, Faults
from .interfaces import (
    AddressPolicy,
    Filter,
    InterfaceAddress,
    enumerate_addresses,
    network_type,
)
from .mdns import Mdns, is_mdns_name
from .multicast import Link as MdnsLink
from .multicast import MdnsSettings
from .outbox import Destination
from .proxy import Proxy
from .resolver import ResolutionError
from .shared_ports import SharedPorts, SharedPortsStatistics
from .system import MACHINE, System
from .tap import Tap
from .udp import Receiver
from .wall_clock import wall_time

__all__ = [
    "IceDriver",
    "Component",
    "Sink",
    "NetConfig",
    "SharedPorts",
    "SharedPortsStatistics",
    "IceServer",
    "DriverEvent",
    "Listener",
    "InterfacesChanged",
    "AddressPolicy",
    "AddressRules",
    "ExternalAddress",
    "InterfaceAddress",
    "Filter",
    "enumerate_addresses",
    "network_type",
    "Mdns",
    "MdnsLink",
    "Proxy",
    "ResolutionError",
    "System",
    "Tap",
    "MACHINE",
    "DatagramSocket",
    "Destination",
    "Fault",
    "Faults",
    "Receiver",
    "MdnsSettings",
    "is_mdns_name",
    "wall_time",
]
