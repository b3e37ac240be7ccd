"""When a controlling agent nominates, and which nomination a controlled one follows.

The rule of the controlling side (RFC 8445 §8.1.1 leaves it to the agent), per component:

1. The best valid pair is nominated at once when nothing better can come: no pair of higher
   priority is still to be checked or being checked. The waits below count from the first valid
   pair of the component.
2. While a more direct pair is outstanding (host before reflexive before relayed), it is waited
   for: `Nomination.direct` when the best valid pair is reflexive, `Nomination.relayed` when it
   is relayed. The latter also while candidates for one may still come from either side. When
   checks needed retransmissions so far that were answered, or go where the peer had been heard,
   the waits are `Nomination.relayed` and `Nomination.lossy`, because a lost check costs another
   retransmission timeout.
3. While the remote candidate is one that only a check has shown, and signalling may still say
   that it is a relayed one, the wait is `Nomination.direct` at least: a check carries a
   peer-reflexive priority whatever it came through (RFC 8445 §7.1.1). Signalling is as late
   after a check that came late, so the wait counts from the check where that is later, and ends
   with `Nomination.relayed`.
4. Another pair of higher priority that works answers within its turn in the queue (Ta for each
   pair before it) plus a round trip; that much is waited and a margin of the same round trip,
   at most `Nomination.direct`.

Waiting delays no data: it flows on the best valid pair meanwhile (RFC 8445 §12.1).
"""

from typing import NamedTuple

from .config import Nomination
from .events import IceRole
from .pair import CandidatePair


class Outlook(NamedTuple):
    """What is known about a component when the question of nominating comes up.

    `since` is the time of its first valid pair, `better` the number of pairs above the best
    valid one that are outstanding, `more_direct` those of them that are more direct as well;
    `unexplained` says that the remote candidate may still be signalled, `expecting` that either
    side has not told of its last candidate.
    """

    best: CandidatePair
    since: float
    better: int
    more_direct: int
    lossy: bool
    ta: float
    learned: float | None = None
    expecting: bool = False


def nomination_time(outlook: Outlook, settings: Nomination) -> float:
    """Give the time at which the best valid pair is to be nominated."""
    if outlook.best.relayed and (outlook.more_direct or outlook.expecting):
        return outlook.since + (settings.lossy if outlook.lossy else settings.relayed)
    better = outlook.since + _wait_for_better(outlook, settings)
    if outlook.learned is None:
        return better
    signalled = max(outlook.since, outlook.learned) + settings.direct
    return max(better, min(signalled, outlook.since + settings.relayed))


def _wait_for_better(outlook: Outlook, settings: Nomination) -> float:
    """Give how long a pair of higher priority is waited for."""
    if outlook.more_direct:
        return settings.relayed if outlook.lossy else settings.direct
    if outlook.better == 0:
        return 0.0
    round_trip = outlook.best.stats.current_round_trip_time
    if round_trip is None:
        return settings.direct
    return min(settings.direct, outlook.better * outlook.ta + 2 * round_trip)


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
