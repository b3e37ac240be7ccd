"""Numbers that wrap (RFC 3550 §A.1, RFC 1982)."""

SEQUENCE_BITS = 16
TIMESTAMP_BITS = 32


def signed_difference(new: int, old: int, bits: int) -> int:
    """Return `new` - `old` on a ring of 2^bits, the shorter way round; exactly half is older."""
    size = 1 << bits
    difference = (new - old) & (size - 1)
    return difference - size if difference >= size >> 1 else difference


def extend(number: int, newest: int, bits: int) -> int:
    """Return the endless number that `number` stands for, near the endless number `newest`."""
    return newest + signed_difference(number, newest & ((1 << bits) - 1), bits)
