"""Large sessions take time in proportion to their size."""

import time

from tests.jsep.ends import exchange, make_ends


def measure(sections: int) -> float:
    """Processor seconds for two exchanges of this many sections."""
    one, other = make_ends()
    for index in range(sections):
        one.add_track("video" if index % 2 else "audio", "stream")
    start = time.process_time()
    exchange(one, other)
    exchange(other, one)
    assert len(one.state.wiring.sections) == sections
    return time.process_time() - start


def test_three_hundred_sections_in_linear_time() -> None:
    """Four times the sections may take eight times as long, not sixteen."""
    small = min(measure(75) for _ in range(2))
    assert measure(300) < 8 * small
