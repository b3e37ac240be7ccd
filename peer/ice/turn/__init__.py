"""The TURN client as a pure state machine (RFC 8656)."""

from .allocation import Allocation
from .auth import (
    LongTermCredential,
    SecurityFeatures,
    Signature,
    Verdict,
    security_features,
)
from .config import TurnConfig
from .events import (
    UNREACHABLE,
    Allocated,
    AllocationEvent,
    AllocationFailed,
    AllocationLost,
    ChannelBound,
    ChannelDenied,
    DropReason,
    FamilyRefused,
    PeerUnreachable,
    PermissionDenied,
    PermissionGranted,
    Released,
    Remedy,
    ServerRedirected,
)
from .exchange import TurnRequest
from .relay_data import channel_data, read_channel_data
from .rest import RestCredentials, rest_credentials
from .server import AllocateOptions, EvenPort, RelayFamily, TurnServer, TurnTransport
from .splitter import MessageSplitter
from .state import TRANSITIONS, AllocationState, Step

__all__ = [
    "Allocation",
    "AllocationState",
    "TurnRequest",
    "TurnConfig",
    "Step",
    "TRANSITIONS",
    "TurnServer",
    "TurnTransport",
    "RelayFamily",
    "AllocateOptions",
    "EvenPort",
    "AllocationEvent",
    "Allocated",
    "FamilyRefused",
    "AllocationFailed",
    "Remedy",
    "UNREACHABLE",
    "AllocationLost",
    "ServerRedirected",
    "PermissionGranted",
    "PermissionDenied",
    "ChannelBound",
    "ChannelDenied",
    "Released",
    "PeerUnreachable",
    "DropReason",
    "LongTermCredential",
    "SecurityFeatures",
    "Signature",
    "Verdict",
    "security_features",
    "RestCredentials",
    "rest_credentials",
    "MessageSplitter",
    "channel_data",
    "read_channel_data",
]
