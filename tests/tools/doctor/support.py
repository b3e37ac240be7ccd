"""What the tests of the doctor share: a network with a server that has RFC 5780."""

from peer.net import IceServer
from peer.testing import Network, StunServer
from tools.command.doctor import Given

DISCOVERY = "discovery.example"


def with_discovery(network: Network) -> StunServer:
    """Add a STUN server with two addresses (RFC 5780)."""
    simulation = network.simulation
    host = simulation.host(DISCOVERY, simulation.internet, ["61.0.0.1", "61.0.0.2"])
    simulation.dns.add(DISCOVERY, *host.addresses)
    return StunServer(host)


def servers(*urls: str, username: str = "user", credential: str = "password") -> Given:
    """Ask these."""
    return Given((IceServer(urls, username, credential),))
