"""Temporal layers of VP8 (W3C webrtc-svc: L1T2, L1T3): pictures that can be left out on the way.

Pictures of the lowest layer refer to each other alone, those above to pictures below, and nothing
of a layer is needed by one below. The decoder keeps the lowest layer in its last frame, and the one
between, of three, in its golden frame.
"""

from typing import NamedTuple

from peer.rtp import TemporalLayer

from .libvpx import (
    NO_ENTROPY,
    NO_USE_OF_GOLDEN,
    NO_USE_OF_OTHER,
    NOT_GOLDEN,
    NOT_LAST,
    NOT_OTHER,
    LayerPlan,
)

PLANS = {
    2: (LayerPlan(0.6, 2), LayerPlan(1.0, 1)),
    3: (LayerPlan(0.4, 4), LayerPlan(0.6, 2), LayerPlan(1.0, 1)),
}
"""What each has of the rate, with those below, as in libwebrtc."""
_ONLY_LAST = NO_USE_OF_GOLDEN | NO_USE_OF_OTHER
_NOTHING = NOT_LAST | NOT_GOLDEN | NOT_OTHER | NO_ENTROPY


class Turn(NamedTuple):
    """The layer of a picture, and what libvpx is told of it."""

    layer: TemporalLayer
    flags: int


_BASE = Turn(
    TemporalLayer(0, is_sync=False, is_reference=True), _ONLY_LAST | NOT_GOLDEN | NOT_OTHER
)
_PATTERNS = {
    2: (_BASE, Turn(TemporalLayer(1, is_sync=True, is_reference=False), _ONLY_LAST | _NOTHING)),
    3: (
        _BASE,
        Turn(TemporalLayer(2, is_sync=True, is_reference=False), _ONLY_LAST | _NOTHING),
        Turn(
            TemporalLayer(1, is_sync=True, is_reference=True),
            _ONLY_LAST | NOT_LAST | NOT_OTHER | NO_ENTROPY,
        ),
        Turn(TemporalLayer(2, is_sync=False, is_reference=False), NO_USE_OF_OTHER | _NOTHING),
    ),
}
_KEY = Turn(TemporalLayer(0, is_sync=True, is_reference=True), 0)


class LayerPattern:
    """Whose turn it is; each key frame begins anew."""

    def __init__(self, layers: int) -> None:
        self._turns = _PATTERNS[layers]
        self._place = 0

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers of pictures, one after the other."""
        return tuple(turn.layer.temporal for turn in self._turns)

    def next(self, *, key: bool) -> Turn:
        """Return the next picture's."""
        return _KEY if key else self._turns[self._place]

    def made(self, *, key: bool) -> None:
        """Note that it was made: one that is left out leaves its turn to the next."""
        self._place = 1 if key else (self._place + 1) % len(self._turns)
