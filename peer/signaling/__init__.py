"""Signaling that others speak (WHIP, WHEP, Janus, Pipecat's SmallWebRTC), and rooms of our own."""

from typing import TYPE_CHECKING

from peer.front_door import lazy

if TYPE_CHECKING:
    from .endpoint import HttpEndpoint
    from .errors import SignalingError
    from .janus import JanusError, JanusEvent, JanusHandle, JanusSession
    from .links import read_ice_servers, write_ice_servers
    from .negotiation import PerfectNegotiation
    from .room import Member, Room
    from .room_server import RoomServer
    from .small_webrtc import SmallWebRtcClient
    from .small_webrtc_endpoint import SmallWebRtcCall, SmallWebRtcEndpoint
    from .video_room import Publisher, VideoRoom
    from .whip import WhipClient

_HOMES = {
    ".endpoint": ("HttpEndpoint",),
    ".errors": ("SignalingError",),
    ".janus": ("JanusError", "JanusEvent", "JanusHandle", "JanusSession"),
    ".links": ("read_ice_servers", "write_ice_servers"),
    ".negotiation": ("PerfectNegotiation",),
    ".room": ("Member", "Room"),
    ".room_server": ("RoomServer",),
    ".small_webrtc": ("SmallWebRtcClient",),
    ".small_webrtc_endpoint": ("SmallWebRtcCall", "SmallWebRtcEndpoint"),
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
        raise ImportError("signaling over HTTP needs aiohttp: pip install aiopeer[http]") from None


__all__ = [
    "HttpEndpoint",
    "JanusError",
    "JanusEvent",
    "JanusHandle",
    "JanusSession",
    "Member",
    "PerfectNegotiation",
    "Publisher",
    "Room",
    "RoomServer",
    "SignalingError",
    "SmallWebRtcCall",
    "SmallWebRtcClient",
    "SmallWebRtcEndpoint",
    "VideoRoom",
    "WhipClient",
    "read_ice_servers",
    "write_ice_servers",
]
