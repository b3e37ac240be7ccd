"""Calls to peers that tell of losses and round trips, and of nothing else."""

from collections.abc import Callable

import pytest

from .line import Bottleneck, Call, Packet, Path, World

INTERVAL = 1.0


class ReportedCall(Call):
    """A call whose receiver sends receiver reports alone."""

    def __init__(self, bottleneck: Bottleneck) -> None:
        super().__init__(bottleneck)
        self.controller.has_feedback = False
        self._wait = 0.0
        self._sent = self._received = 0
        self.world.at(INTERVAL, self._tell)

    def _arrival(self, packet: Packet, number: int) -> Callable[[float, float], None]:
        def arrive(now: float, wait: float) -> None:
            self.log.received.append((now, packet.size, packet.kind))
            self.log.queued.append((now, wait))
            self._wait = wait

        return arrive

    def _tell(self) -> None:
        sent, received, now = len(self.log.sent), len(self.log.received), self.world.now
        expected = sent - self._sent
        lost = max(0, expected - (received - self._received))
        self._sent, self._received = sent, received
        round_trip = 2 * self.bottleneck.path.delay + self._wait
        self.controller.note_loss(lost, expected, round_trip, now)
        self.world.at(now + INTERVAL, self._tell)


def call(path: Path, seconds: float, seed: int = 1) -> ReportedCall:
    """Make a call over a line of its own and let it run."""
    made = ReportedCall(Bottleneck(World(seed), path))
    made.world.run(seconds)
    return made


@pytest.mark.parametrize("rate", [1e6, 5e5, 2.5e5])
@pytest.mark.parametrize("seed", range(3))
def test_a_narrow_line_is_used_and_its_queue_is_not_always_full(rate: float, seed: int) -> None:
    log = call(Path(rate=rate), 60.0, seed).log
    assert log.rate(20, 60) >= 0.85 * rate
    assert log.queue(20, 60, 0.5) <= 0.1
    assert log.lost <= 0.04 * len(log.sent)


def test_a_line_that_loses_much_gets_less() -> None:
    path = Path(rate=1e6, delay=0.05)
    made = call(path, 30.0)
    assert made.log.rate(15, 30) >= 5e5
    path.loss = 0.15
    made.world.run(50.0)
    assert made.controller.target <= 3e5
