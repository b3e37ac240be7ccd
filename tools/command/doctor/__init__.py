"""`aiopeer doctor`: what this machine's network lets WebRTC do, asked before anybody calls.

Theory of operation. `examination` runs the checks: `machine` looks at this machine and sends
nothing but multicast questions; servers are asked if they were named, and nobody else is: each by a
STUN request over a socket (`asking`), TURN servers by two agents that may use nothing but relays
(`relays`). `nat` finds out how the NAT in between behaves (RFC 5780, or what two ordinary servers
tell apart), `line` what is lost and which sizes pass; `self_call` connects this machine with
itself. All of them hand what they measured to functions that have no socket: `behaviour` says what
a NAT may be and whom it lets through, `judging` puts results into words, each with what it rests
on.
"""

from .behaviour import Behaviour, Dependence, Prospect, direct, prospects
from .examination import Examination, Given, examine
from .report import Check, Status, report_json, report_text

__all__ = [
    "Behaviour",
    "Dependence",
    "Prospect",
    "direct",
    "prospects",
    "Examination",
    "Given",
    "examine",
    "Check",
    "Status",
    "report_json",
    "report_text",
]
