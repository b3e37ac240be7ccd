"""How much to send, when each packet leaves, and who gets what: congestion control as the field
has it (draft-ietf-rmcat-gcc-02 and what has become of it in libwebrtc), without clock and sockets.

There is one `CongestionController` and one `Pacer` for a transport, whatever its streams are. What
leaves the pacer is noted in the controller (`history`), and what the peer reports of it becomes two
estimates, the lower of which counts:

- By delays (`delay_based`): packets that left together are a group (`groups`); when groups arrive
  ever farther apart than they were sent (`trend`), and not by chance alone (`usual_delay`), a queue
  grows, and the rate falls below that at which packets arrive (`throughput`); else it rises
  (`rate_control`), near what the link was seen to carry (`link_capacity`) slowly. A queue that
  stands has no trend: the round trips tell of it, and what sending less changes tells whose it is
  (`standing_queue`).
- By losses (`loss_based`): which bandwidth and which loss of the path's own explain best what was
  lost (`loss_model`) in the latest windows (`loss_window`).

An estimate rests on what is sent: it cannot rise while the application sends little
(`application_limit`), and is long in finding back after a drop. Probes find out (`probe_plan` says
when, the pacer sends them, `probe_results` reads them). A peer that reports nothing at all is told
from one that is out of reach by `silence`; one that reports less gets `report_estimate`, by what
it takes, by losses and by round trips.

`stream_numbers` finds the packets of reports that go by the numbers of streams (RFC 8888).
`remote_estimate` is what the receiving side makes of the same parts, for peers that have none.

`allocate` shares the target out among the streams, and among encodings of the same pictures
(`layers`); `RepairBudget` bounds what is sent again.

The differences to libwebrtc: a standing queue lowers the rate, unless others fill it: then
only losses do; probes go on while less is sent than
is wanted and the delays are calm, and take half of what others leave of a path that they fill; a
rate that has just been raised is lowered from that of the last moments, so that who comes later
gets as much as who was there; what a lost report was about counts as received like its neighbours;
what is lost while nothing arrives at all is no congestion; on a path that mixes delays up, only
those count that are unusual, and probes last longer; near what the link can carry a low rate grows
by no more than a part of it; bursts are 10 ms long, and 25 ms where the rate is high.
"""

from .allocation import allocate, wanted
from .controller import CongestionController
from .demand import Demand, Layer
from .history import Carried, LostPacket
from .layers import rates_of
from .meter import RateMeter
from .pacer import Pacer, Priority, Release
from .probe_results import ProbeCluster
from .remote_estimate import RemoteEstimate
from .repair_budget import RepairBudget
from .stream_numbers import StreamNumbers

__all__ = [
    "CongestionController",
    "LostPacket",
    "Carried",
    "Pacer",
    "Priority",
    "ProbeCluster",
    "RateMeter",
    "Release",
    "RemoteEstimate",
    "RepairBudget",
    "StreamNumbers",
    "Demand",
    "Layer",
    "allocate",
    "rates_of",
    "wanted",
]
