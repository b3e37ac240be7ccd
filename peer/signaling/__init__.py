"""Signaling that others speak: WHIP, WHEP, Janus."""

from typing import TYPE_CHECKING

from peer.front_door import lazy

if TYPE_CHECKING:
    from .endpoint import HttpEndpoint
    from .errors import SignalingError
    from .janus import JanusError, JanusEvent, JanusHandle, JanusSession
    from .links import read_ice_servers, write_ice_servers
    from .video_room import Publisher, VideoRoom
    from .whip import WhipClient

_HOMES = {
    ".endpoint": ("HttpEndpoint",),
    ".errors": ("SignalingError",),
    ".janus": ("JanusError", "JanusEvent", "JanusHandle", "JanusSession"),
    ".links": ("read_ice_servers", "write_ice_servers"),
    ".video_room": ("Publisher", "VideoRoom"),
    ".whip": ("WhipClient",),
}
_find = lazy(__name__, _HOMES)


def __getattr__(name: str) -> object:
    try:
        return _find(name)
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        raise ImportError("WHIP and WHEP need aiohttp: pip install aiopeer[http]") from None


__all__ = [
    "HttpEndpoint",
    "JanusError",
    "JanusEvent",
    "JanusHandle",
    "JanusSession",
    "Publisher",
    "SignalingError",
    "VideoRoom",
    "WhipClient",
    "read_ice_servers",
    "write_ice_servers",
]
