"""What joins the layers: offer/answer, transports, media and data, behind one connection.

How it works. An operation waits for its turn in the chain, asks the engine (`peer.jsep`) for an
outcome and gives way to the event loop once. A refusal has changed nothing. Otherwise the state is
committed, the executor carries out the plan, and the application is told: first by events, then by
the end of its call. Gathering, and word of candidates, come after that.

A step carries all it needs. The executor hands it to the part that it is about: `Links` (and the
`Link` of one transport), `Media` or `Data`; none of them looks at the state to know what a plan
wants. Each has one `match` over a closed union, so that a step nobody carries out is an error of
types.

Stopping a sender or receiver is a coroutine (it says goodbye and waits for tasks), which a task
begins in the next turn of the loop. No plan stops and starts the same one, but the next plan may
start what this one stopped: that every operation gives way before its plan lets the stop come
first.

A step that fails. What a description can bring about is judged by the engine before the state is
committed, so a step fails by a fault of ours or of the machine (no descriptors, no memory). The
peer goes by the new state already: there is no way back. The other steps are carried out, and what
the failed one is about is given up, for good and in sight: a transport is "failed" (after a goodbye
to the peer), a transceiver sends nothing and its track has ended, data channels have closed with an
error. What would run over a transport that was given up is given up too. Whoever set the
description gets one OperationError that names the step, after the events. Later plans pass over
what was given up until they take it away; the connection negotiates on and closes as ever.
"""

from .negotiation import Negotiation
from .session import Session
from .told import told_configuration

__all__ = ["Negotiation", "Session", "told_configuration"]
