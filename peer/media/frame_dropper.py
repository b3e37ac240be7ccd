"""Which pictures are left out where an encoder cannot make them small enough."""

PATIENCE = 0.5
"""Seconds that what pictures took may be ahead of the rate before the next is left out."""


class FrameDropper:
    """Counts what pictures take against what there is for them."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def admits(self, bitrate: int, frame_rate: float) -> bool:
        """Tell whether there is room for the next picture; bits per second and pictures."""
        self._ahead = max(0.0, self._ahead - bitrate / frame_rate)
        return self._ahead <= bitrate * PATIENCE

    def add(self, size: int) -> None:
        """Note a picture of so many bytes."""
        self._ahead += 8 * size
