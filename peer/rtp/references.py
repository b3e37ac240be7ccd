"""Which frames a decoder can take, after some are lost.

Without more knowledge every frame needs all that were sent since the last key frame. Senders of
temporal layers tell more (RFC 7741 §4.2, RFC 9628 §4.2): a picture of the lowest layer needs the
one before it there (TL0PICIDX counts them), a `sync` picture of a higher one that of the lowest
only, and others all since that one. VP9's flexible mode names the references themselves.
"""

from .payloads.piece import Layers

_REMEMBERED = 128


class References:
    """What was decoded, as far as the frames to come may need it."""

    def __init__(self) -> None:
        self.is_intact = False
        """Everything since the last key frame was decoded."""
        self._picture = -1
        self._pictures: dict[int, None] = {}
        self._tl0 = -1
        self._base_intact = False
        self._since_base = False
        self._key_index = -1

    def can_decode(self, layers: Layers | None, *, is_key: bool, is_next: bool) -> bool:
        """Tell whether all is there that a frame needs.

        `is_next` says that no packet before it is missing.
        """
        if is_key:
            return True
        if layers is None:
            return self.is_intact and is_next
        if layers.key_index >= 0 and layers.key_index != self._key_index:
            return False
        if layers.references is not None and layers.picture_id >= 0:
            return all(
                self._before(layers, difference) in self._pictures
                for difference in layers.references
            )
        follows = is_next or (layers.picture_id >= 0 and self._before(layers, 1) == self._picture)
        if layers.tl0 < 0 or layers.temporal < 0:
            return self.is_intact and follows
        if layers.temporal == 0:
            return self._base_intact and layers.tl0 == self._tl0 + 1 & 0xFF
        if not self._base_intact or layers.tl0 != self._tl0:
            return False
        return layers.sync or (self._since_base and follows)

    def decoded(self, layers: Layers | None, *, is_key: bool, is_next: bool) -> None:
        """Note that a frame is decoded."""
        follows = is_next or (layers is not None and self._follows(layers))
        if is_key:
            self.is_intact = True
            self._pictures.clear()
        elif not follows:
            self.is_intact = False
        if layers is None:
            return
        if is_key:
            self._key_index = layers.key_index
        if layers.picture_id >= 0:
            self._picture = layers.picture_id
            self._pictures[layers.picture_id] = None
            if len(self._pictures) > _REMEMBERED:
                del self._pictures[next(iter(self._pictures))]
        if layers.temporal <= 0 or is_key:
            self._tl0 = layers.tl0
            self._base_intact = self._since_base = True
        elif not follows:
            self._since_base = False

    def lost(self) -> None:
        """Note that frames are missing that others may need."""
        self.is_intact = False
        self._since_base = False

    def reset(self) -> None:
        """Note that the decoder has nothing any more."""
        self.lost()
        self._base_intact = False
        self._pictures.clear()

    def _follows(self, layers: Layers) -> bool:
        return layers.picture_id >= 0 and self._before(layers, 1) == self._picture

    def _before(self, layers: Layers, difference: int) -> int:
        return layers.picture_id - difference & (1 << layers.picture_bits) - 1
