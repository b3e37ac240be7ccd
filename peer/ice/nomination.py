"""When a controlling agent nominates, and which nomination a controlled one follows.

The rule of the controlling side (RFC 8445 §8.1.1 leaves it to the agent), per component:

1. The best valid pair is nominated at once when nothing better can come: no pair of higher
   priority is still to be checked or being checked.
2. Otherwise it waits, counted from the first valid pair of the component. A better pair that
   works answers within its turn in the queue (Ta for each pair before it) plus a round trip,
   so while the best valid pair is direct that much is waited and a margin of the same round
   trip, at most `Nomination.direct`.
3. While the best valid pair is relayed and a direct one is outstanding, the wait is
   `Nomination.relayed`; when checks needed retransmissions so far, `Nomination.lossy`, because
   a lost check costs another retransmission timeout.

Waiting delays no data: it flows on the best valid pair meanwhile (RFC 8445 §12.1).
"""

from dataclasses import dataclass

from .config import Nomination
from .events import IceRole
from .pair import CandidatePair


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known about a component when the question of nominating comes up.

    `since` is the time of its first valid pair, `better` the number of pairs above the best
    valid one that are outstanding, `direct_better` those of them without a relay.
    """

    best: CandidatePair
    since: float
    better: int
    direct_better: int
    lossy: bool
    ta: float


def nomination_time(outlook: Outlook, settings: Nomination) -> float:
    """Give the time at which the best valid pair is to be nominated."""
    if outlook.better == 0:
        return outlook.since
    if outlook.best.relayed and outlook.direct_better:
        return outlook.since + (settings.lossy if outlook.lossy else settings.relayed)
    round_trip = outlook.best.stats.current_round_trip_time
    if round_trip is None:
        return outlook.since + settings.direct
    return outlook.since + min(settings.direct, outlook.better * outlook.ta + 2 * round_trip)


def replaces(
    new: CandidatePair, selected: CandidatePair, *, renomination: bool, follow_latest: bool
) -> bool:
    """Tell whether a further nominated pair takes over (RFC 8445 §8.1.1).

    The highest priority wins among several nominations of an RFC 5245 peer; a peer that moves
    its selected pair is followed; with renomination the larger value wins.
    """
    if renomination and (new.nomination_value or selected.nomination_value):
        return new.nomination_value > selected.nomination_value
    if follow_latest:
        return True
    return new.priority > selected.priority


def starts_controlling(*, initiator: bool, lite: bool, remote_lite: bool) -> IceRole:
    """Determine the role (RFC 8445 §6.1.1): full beats lite, else the initiator controls."""
    if lite != remote_lite:
        return IceRole.CONTROLLED if lite else IceRole.CONTROLLING
    return IceRole.CONTROLLING if initiator else IceRole.CONTROLLED
