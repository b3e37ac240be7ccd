"""Tools for testing programs that make calls: whole calls in virtual time.

    from peer.testing import Conditions, Network, connect, run

    async def test() -> None:
        net = Network(seed=1)
        net.stun_server()
        net.turn_server()
        alice = net.host("alice", nat="symmetric", link=Conditions(delay=0.03, loss=0.02))
        bob = net.host("bob", nat="port-restricted", link=Conditions(rate=500_000, queue=0.25))
        a, b = alice.connection(), bob.connection()
        ...  # tracks and channels
        await connect(a, b)

    run(test())

`Network` is the front door. What it is made of, for topologies and faults it does not offer, is in
`peer.testing.internet`.
"""

from .internet import (
    IDEAL,
    Conditions,
    DropReason,
    FirewallPolicy,
    GilbertElliott,
    NatBehavior,
    PacketLog,
    Record,
    StunServer,
    TurnServer,
)
from .line import Counters, Line
from .loop import StalledError, VirtualLoop, run
from .network import NATS, Host, Network, Site
from .replaying import replay
from .signalling import ConnectError, Signalling, connect, connected
from .tracks import PictureTrack, ToneTrack, picture_number

__all__ = [
    "Network",
    "Site",
    "Host",
    "NATS",
    "NatBehavior",
    "FirewallPolicy",
    "Conditions",
    "GilbertElliott",
    "IDEAL",
    "Line",
    "Counters",
    "PacketLog",
    "Record",
    "DropReason",
    "StunServer",
    "TurnServer",
    "ToneTrack",
    "PictureTrack",
    "picture_number",
    "Signalling",
    "connect",
    "connected",
    "ConnectError",
    "replay",
    "run",
    "VirtualLoop",
    "StalledError",
]
