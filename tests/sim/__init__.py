"""What tests of the ICE agent need beside the simulated internet: agents on its hosts, topologies,
and an oracle that knows which way they must find.
"""

from tools.natlab.oracle import Oracle, PathKind

from .topologies import (
    Topology,
    behind_nats,
    double_nat,
    dual_stack,
    ipv6_only,
    multihomed,
    random_topology,
    shared_cgn,
    two_hosts_same_lan,
)

__all__ = [
    "Topology",
    "two_hosts_same_lan",
    "behind_nats",
    "double_nat",
    "shared_cgn",
    "multihomed",
    "dual_stack",
    "ipv6_only",
    "random_topology",
    "Oracle",
    "PathKind",
]
