"""Real networks on one machine: calls between two programs behind any two NATs.

A `Lab` is an internet of network namespaces with a STUN and TURN server; `lab.build(topology)`
puts two hosts on it, each with its uplinks, sites and routers, as a `Topology` plans them. Routers
translate with the kernel's NAT, or hand packets to one of ours on a TUN device (`line`), which has
every behaviour and condition of the simulated internet. `calling` makes a call between two
`LabPeer`s there; `matrix` judges calls, against the best path that the same topology has on the
simulated internet. It takes Linux and root, and touches nothing outside of its namespaces.

`fixtures` has this for pytest, `command` for a terminal.
"""

from .best import best_path, kind_of
from .call import Call, End, calling
from .events import EVENTS, LabEvent, Scene
from .host import Host, HostUplink
from .lab import Lab, Place
from .matrix import EventOutcome, Outcome, connect, survive
from .namespace import LabError, require, sweep
from .oracle import PathKind
from .peers import PEERS, LabPeer, ProgramPeer, ours
from .plan import PUBLIC, Site, Topology, Uplink, home, kernel_home, phone
from .router import SiteRouter
from .topologies import TOPOLOGIES

__all__ = [
    "Lab",
    "Place",
    "Host",
    "HostUplink",
    "SiteRouter",
    "LabError",
    "require",
    "sweep",
    "Topology",
    "Site",
    "Uplink",
    "PUBLIC",
    "home",
    "kernel_home",
    "phone",
    "TOPOLOGIES",
    "LabPeer",
    "ProgramPeer",
    "PEERS",
    "ours",
    "Call",
    "End",
    "calling",
    "connect",
    "Outcome",
    "PathKind",
    "best_path",
    "kind_of",
    "EVENTS",
    "LabEvent",
    "Scene",
    "survive",
    "EventOutcome",
]
