"""ICE (RFC 8445) as a pure state machine: no clock, no sockets, no randomness."""

from .address import TransportAddress
from .agent import IceAgent
from .candidate import Candidate, CandidateType, TcpType, TransportProtocol
from .config import (
    FreePolicy,
    GatherPolicy,
    IceConfig,
    Limits,
    NetworkType,
    Nomination,
    StunServer,
    Timings,
)
from .demux import Protocol, classify, is_rtcp
from .errors import DropReason, IceError, InvalidParameterError, InvalidStateError
from .events import (
    BaseReleased,
    BaseRequested,
    CandidateGathered,
    CandidateRemoved,
    ConnectionReleased,
    ConnectionRequested,
    ConnectionTransport,
    DataReceived,
    Event,
    EventLoopStalled,
    GatheringCompleted,
    GatheringFailed,
    IceParameters,
    IceRole,
    IceState,
    PathInvalidated,
    PathValidated,
    RemoteParameters,
    RoleChanged,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
    Transmit,
)
from .nomination import starts_controlling
from .pacer import Budget, PacingBudget
from .pair import PairChange
from .pair_state import PairState
from .records import Record, TraceError, dump_record, load_record, redact
from .replay import ReplayResult, replay
from .stats import (
    CandidatePairStatistics,
    CandidateStatistics,
    IceStatistics,
    TransportStatistics,
)
from .traffic import Traffic
from .turn import RelayFamily, TurnServer, TurnTransport
from .uri import Scheme, ServerUri, parse_server_uri

__all__ = [
    "IceAgent",
    "IceConfig",
    "Timings",
    "Limits",
    "Nomination",
    "GatherPolicy",
    "FreePolicy",
    "NetworkType",
    "StunServer",
    "TurnServer",
    "TurnTransport",
    "RelayFamily",
    "PacingBudget",
    "Budget",
    "TransportAddress",
    "Candidate",
    "CandidateType",
    "TransportProtocol",
    "TcpType",
    "IceParameters",
    "RemoteParameters",
    "IceRole",
    "IceState",
    "starts_controlling",
    "Transmit",
    "Event",
    "CandidateGathered",
    "CandidateRemoved",
    "GatheringCompleted",
    "GatheringFailed",
    "StateChanged",
    "RoleChanged",
    "PathValidated",
    "PathInvalidated",
    "SelectedPairChanged",
    "SelectedPairLost",
    "DataReceived",
    "BaseReleased",
    "BaseRequested",
    "ConnectionRequested",
    "ConnectionReleased",
    "ConnectionTransport",
    "EventLoopStalled",
    "Protocol",
    "classify",
    "is_rtcp",
    "parse_server_uri",
    "ServerUri",
    "Scheme",
    "DropReason",
    "Traffic",
    "IceStatistics",
    "TransportStatistics",
    "CandidatePairStatistics",
    "CandidateStatistics",
    "PairChange",
    "PairState",
    "Record",
    "dump_record",
    "load_record",
    "redact",
    "TraceError",
    "replay",
    "ReplayResult",
    "IceError",
    "InvalidParameterError",
    "InvalidStateError",
]
