"""What streams can use of a transport."""

from collections.abc import Hashable
from typing import NamedTuple


class Layer(NamedTuple):
    """What is particular to one of several encodings of the same pictures (RFC 8853).

    Those of one `group` are sent from the one with the fewest `pixels` up. With less than `useful`
    it is better not sent, and with `good` the next one is worth more; in bits per second.
    """

    group: Hashable
    pixels: int
    useful: float
    good: float


class Demand(NamedTuple):
    """What a stream can use, in bits per second with its headers.

    With `enforced` it is never paused, as sound is not. `priority` is in proportion. Encodings of
    the same pictures have a `layer`.
    """

    least: float
    most: float
    priority: float = 1.0
    enforced: bool = False
    layer: Layer | None = None
