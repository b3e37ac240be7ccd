"""Links: what a cable, a radio cell or an access line does to packets."""

from dataclasses import dataclass
from random import Random

from .packet import DropReason, Packet


@dataclass(frozen=True, slots=True)
class GilbertElliott:
    """Burst loss: a channel that is now good, now bad, with a loss rate in either state.

    `enter` and `leave` are the probabilities, per packet, to turn bad and good again, so the
    channel is bad for `enter / (enter + leave)` of the packets, in runs of `1 / leave`.
    """

    enter: float
    leave: float
    loss_when_bad: float = 1.0
    loss_when_good: float = 0.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """How one direction of a link behaves; the default is an ideal link.

    Jitter alone keeps packets in order, as queues do: a packet never overtakes an earlier one.
    """

    delay: float = 0.0
    """Seconds every packet takes."""
    jitter: float = 0.0
    """Seconds added at most, evenly distributed."""
    loss: float = 0.0
    """Probability, for each packet independently, to be lost."""
    burst: GilbertElliott | None = None
    """Loss in bursts, on top of `loss`."""
    duplication: float = 0.0
    """Probability to arrive twice."""
    reordering: float = 0.0
    """Probability to be held back for `reordering_delay`, so that later packets overtake."""
    reordering_delay: float = 0.02
    """Seconds by which a reordered packet is late."""
    rate: float | None = None
    """Bits per second; packets wait for those before them."""
    queue: float = 0.5
    """Seconds a packet waits at most for its turn; it is dropped when it would wait longer."""
    mtu: int = 1500
    """Largest packet in bytes, IP header included; larger ones are dropped, not fragmented."""


IDEAL = Conditions()


class Pipe:
    """One direction of a link at work.

    `packets` and `octets` count what entered it, duplicates not, and `lost` what did not come out.
    """

    __slots__ = (
        "_conditions",
        "_is_bad",
        "_last_arrival",
        "_rng",
        "_sent_until",
        "delay",
        "is_cut",
        "is_ideal",
        "lost",
        "mtu",
        "octets",
        "packets",
    )

    def __init__(self, conditions: Conditions, rng: Random) -> None:
        self._rng = rng
        self._is_bad = False
        self._last_arrival = 0.0
        self._sent_until = 0.0
        self.is_cut = False
        self.packets = self.octets = self.lost = 0
        self.conditions = conditions

    @property
    def conditions(self) -> Conditions:
        """The present behaviour; assign another `Conditions` to change it during a run."""
        return self._conditions

    @conditions.setter
    def conditions(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self.delay = conditions.delay
        self.mtu = conditions.mtu
        self.is_ideal = not (
            conditions.jitter
            or conditions.loss
            or conditions.burst
            or conditions.duplication
            or conditions.reordering
            or conditions.rate
        )

    def refusal(self, packet: Packet) -> DropReason | None:
        """Decide whether the pipe loses `packet`; one throw of the dice for each call."""
        if self.is_cut:
            return DropReason.CUT
        if packet.size > self.mtu:
            return DropReason.MTU
        conditions = self._conditions
        if conditions.loss and self._rng.random() < conditions.loss:
            return DropReason.LOSS
        if conditions.burst is not None and self._is_lost_in_burst(conditions.burst):
            return DropReason.BURST_LOSS
        return None

    def _is_lost_in_burst(self, burst: GilbertElliott) -> bool:
        turn = self._rng.random()
        self._is_bad = turn >= burst.leave if self._is_bad else turn < burst.enter
        loss = burst.loss_when_bad if self._is_bad else burst.loss_when_good
        return loss > 0 and self._rng.random() < loss

    def is_duplicated(self) -> bool:
        """Decide whether the next packet arrives twice."""
        duplication = self._conditions.duplication
        return duplication > 0 and self._rng.random() < duplication

    def arrival(self, now: float, packet: Packet) -> float | None:
        """When a packet that enters at `now` leaves the pipe; None when the queue is full."""
        conditions = self._conditions
        if conditions.rate is not None:
            start = max(now, self._sent_until)
            if start - now > conditions.queue:
                return None
            now = self._sent_until = start + packet.size * 8 / conditions.rate
        arrival = now + conditions.delay
        if conditions.jitter:
            arrival += self._rng.random() * conditions.jitter
        if conditions.reordering and self._rng.random() < conditions.reordering:
            return max(arrival, self._last_arrival) + conditions.reordering_delay
        self._last_arrival = arrival = max(arrival, self._last_arrival)
        return arrival


class Link:
    """Both directions between a node (host interface or router) and its network."""

    __slots__ = ("down", "up")

    def __init__(self, up: Conditions, down: Conditions, rng: Random) -> None:
        self.up = Pipe(up, rng)
        self.down = Pipe(down, rng)

    @property
    def is_cut(self) -> bool:
        """Whether neither direction carries anything."""
        return self.up.is_cut and self.down.is_cut

    def cut(self) -> None:
        """Lose everything in both directions, also what is in flight, without telling anyone."""
        self.up.is_cut = self.down.is_cut = True

    def restore(self) -> None:
        """Carry packets again."""
        self.up.is_cut = self.down.is_cut = False

    def set_conditions(self, conditions: Conditions) -> None:
        """Let both directions behave as `conditions` say from now on."""
        self.up.conditions = self.down.conditions = conditions
