"""Masks: which of the numbers from a base on are meant, the first bit being the base itself."""

from collections.abc import Iterable


def numbers_of(base: int, mask: int, width: int) -> tuple[int, ...]:
    """Return the sequence numbers that a mask of so many bits means."""
    return tuple(
        base + offset & 0xFFFF for offset in range(width) if mask >> (width - 1 - offset) & 1
    )


def mask_of(base: int, numbers: Iterable[int], width: int) -> int:
    """Return the mask for sequence numbers; ValueError when one does not fit."""
    mask = 0
    for number in numbers:
        offset = number - base & 0xFFFF
        if offset >= width:
            raise ValueError(f"{number} is not among {width} numbers from {base}")
        mask |= 1 << (width - 1 - offset)
    return mask
