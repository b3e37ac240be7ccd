"""SCTP for data channels (RFC 9260 with RFC 8831) as a pure state machine.

Theory of operation. Names in backquotes are modules of this package.

An `Association` (`association`) is one association over DTLS, `Channels` (`channels`) are the data
channels on it. The driver gives packets and the time to the association, sends what `transmits`
puts together, takes events from the channels, and arms one timer. Nothing here waits, and nothing
is kept per stream before a stream is used.

*Parts.* `session` is the state that the parts share, without rules. What comes goes through
`arrival`: it judges a packet (`packets`), finds out whether it is the peer's, and gives each chunk
to its part. What leaves is put together in `departure`: control chunks first, then data. `setup`
acts on INIT to COOKIE ACK, `establishment` judges them; what is to be known of an INIT is kept by
its sender (`cookie`). With both INITs in the descriptions there is no handshake (`establish`).

*Sending.* Messages wait whole in the streams of a `SendQueue` (`outgoing`), which says whose turn
it is: by weight, message by message, or with interleaving fragment by fragment. `outbound` cuts a
fragment off when a packet has room for it, and only then it has a TSN and its message a number: so
that what is urgent can go first, and what has expired in the queue leaves no trace. `flight` has
the fragments that are not acknowledged for good, by their TSNs, and says from SACKs what is lost
(its docstring has the rule); `congestion` how much may be under way, and `slow_start` when to stop
looking for more; `rtt` how long is waited.

*Giving up.* Whether a fragment that is lost is sent again is decided when it is found lost, for
its whole message. Abandoned ones stay in the flight until the peer has taken a FORWARD-TSN.

*Receiving.* `inbound` notes each TSN (`received`) and has fragments put together (`reassembly`, or
`interleaved` for I-DATA); whole messages have their turn in `ordering`. It says when a SACK is
due: as often within a batch of packets as if they had come one by one, since some senders send
four packets for a SACK, whatever it covers.

*Resets.* A channel is closed by resetting its stream in both directions (`resets`). One that the
peer asks for before all that was sent before has come waits, with what comes after it.

*Openings.* A peer of unknown make is asked for 16 channels that it has not answered for, in three
seconds at most (`channels`): there are stacks that drop what opens more, with all that follows.

*Bounds.* What a peer may have us do or hold has a bound with a name, and what is beyond is counted
under one (`drops`).
"""

from .association import Association, SctpStatistics
from .channel import (
    MAX_ID,
    WEIGHTS,
    Channel,
    ChannelParameters,
    ChannelState,
)
from .channels import (
    ChannelAmountLow,
    ChannelCame,
    ChannelChanged,
    ChannelEvent,
    ChannelMessage,
    Channels,
)
from .config import MAX_PACKET, MIN_PACKET, SctpConfig
from .drops import SctpDrop
from .events import Ended, Established
from .initiation import Initiation, read_token
from .session import SctpState

__all__ = [
    "Association",
    "Channel",
    "ChannelAmountLow",
    "ChannelCame",
    "ChannelChanged",
    "ChannelEvent",
    "ChannelMessage",
    "ChannelParameters",
    "ChannelState",
    "Channels",
    "Ended",
    "Established",
    "Initiation",
    "MAX_ID",
    "MAX_PACKET",
    "MIN_PACKET",
    "SctpConfig",
    "SctpDrop",
    "SctpState",
    "SctpStatistics",
    "WEIGHTS",
    "read_token",
]
