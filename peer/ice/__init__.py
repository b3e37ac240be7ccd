"""ICE (RFC 8445) as a pure state machine: no clock, no sockets, no randomness.

Theory of operation. Names in backquotes are modules of this package unless said otherwise.

An `IceAgent` (`agent`) is one ICE session. Its state is a `Session` (`session`), which has no
rules; the rules are functions over it, one concept a module. Three kinds of input change it: calls
of the application, what the network brought, and the clock. Outputs are queued: bytes to send,
events, and the time at which the clock is wanted next. The driver opens sockets and connections,
keeps the clock, and does the same three things after every input; it knows nothing of ICE.

*Due work.* After every input that carries a time `schedule.run` does what is due, in one place and
one order: candidates of new bases, pairs, timeouts, the end of gathering, nominations, and at most
one new transaction, when the shared pacing (`pacer`) has a slot. Servers and checks take turns. Two
kinds of requests wait for no slot: what follows the answer of a TURN server, which is paced by
that, and the checks of pairs in use, which have dates of their own. A call of the application's
carries no time: `_open` marks the session `urgent`, so that the timer is due at once and the call
takes effect with the next timed input. The checklist set is `idle` when it has given its last pair
to check, or had none; it knows when that may have changed, because pairs come, go and move from
state to state (a table, `pair_state`) through its methods alone. While it is idle, and no server is
to be asked, no slot is reserved.

*Judges and deeds.* What is hard to get right is judged by functions that change nothing, and done
by a module that knows the rest of the agent:

- `responder` judges a request (who sent it, is it authentic, whose role wins); `requests` answers
  it, learns the candidate behind it and triggers the check back.
- `nomination` says when the best valid pair is to be nominated, and which of two nominations holds;
  `controlling` looks at each component with that rule and sends the nominating check.
- `consent` keeps the dates of one pair: until when data may be sent, when to ask again, since when
  nobody answers; `liveness` asks, and takes pairs out of use.
- `turn` is the protocol with one TURN server, and knows nothing of candidates; `relaying` turns
  its events into bases and candidates. `gathering` does the same for STUN servers.
- `conclusion` draws the conclusions of all of them: which pair data is sent on, which state a
  component is in, when a checklist has completed or failed. `freeing` gives back what is not
  needed then.

*Transactions.* Every request is a transaction of one class for each kind of answer that is waited
for (`transaction`): to a peer's candidate, to a STUN server, to a TURN server. One table has them
all and one heap their times.

*Generations.* A stream's credentials, candidates, checklist and selected pairs make a generation
(`stream.Generation`); a restart begins another. The one before goes on carrying data and answering
checks until the new one has selected its own pairs; of those before that only statistics remain.
A check belongs to the generation whose credentials it carries, a signalled candidate to the one
whose username fragment it names.

*Early data.* A peer may check before its description has come. Such a check can be authenticated
with our password, so it is answered at once; what follows from it waits in `Generation.early` for
the peer's credentials. Candidates that are signalled before them wait in
`Generation.waiting_candidates`. Data is accepted from an address once an authenticated check came
from there (`PathValidated`), and sent on the best valid pair before one is nominated.

*Embedding.* A DTLS handshake can ride in checks and their answers: `embedding` is the state machine
of one component, `carrying` says which message takes what along, and when a flight is due again.

*Bases.* A base is what is sent from: a socket, the address of TCP connections, or the relayed
address of an allocation, which stands on another base. `Session.send` hides the difference.
"""

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
from .embedding import EmbeddingProfile, EmbeddingState, HandshakeStage
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
from .stand_ins import StandIns
from .stats import (
    CandidatePairStatistics,
    CandidateStatistics,
    IceStatistics,
    TransportStatistics,
)
from .stun import MessageClass, called_fragment, message_class, transaction_id
from .trace import Notes, event_record
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
    "EmbeddingProfile",
    "EmbeddingState",
    "HandshakeStage",
    "MessageClass",
    "message_class",
    "called_fragment",
    "transaction_id",
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
    "Notes",
    "event_record",
    "StandIns",
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
