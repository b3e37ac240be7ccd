"""Signaling that others speak: WHIP, WHEP."""

from typing import TYPE_CHECKING

from peer.front_door import lazy

if TYPE_CHECKING:
    from .endpoint import HttpEndpoint
    from .errors import SignalingError
    from .links import read_ice_servers, write_ice_servers
    from .whip import WhipClient

_HOMES = {
    ".endpoint": ("HttpEndpoint",),
    ".errors": ("SignalingError",),
    ".links": ("read_ice_servers", "write_ice_servers"),
    ".whip": ("WhipClient",),
}
__getattr__ = lazy(__name__, _HOMES)

__all__ = [
    "HttpEndpoint",
    "SignalingError",
    "WhipClient",
    "read_ice_servers",
    "write_ice_servers",
]
