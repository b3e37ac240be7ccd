"""Reading single bits and Exp-Golomb codes (H.264 §9.1); reading past the end raises."""


class BitReader:
    """A cursor over bytes, most significant bit first. ValueError at the end."""

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._end = 8 * len(data)

    def read(self, bits: int) -> int:
        """Return an unsigned number of `bits` bits."""
        begin = self._position
        end = begin + bits
        if end > self._end:
            raise ValueError("read past the end")
        self._position = end
        last = (end + 7) // 8
        value = int.from_bytes(self._data[begin // 8 : last], "big") >> (last * 8 - end)
        return value & ((1 << bits) - 1)

    def skip(self, bits: int) -> None:
        """Go on by `bits` bits."""
        self.read(bits)

    def ue(self) -> int:
        """Return an unsigned Exp-Golomb number."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("a number of more than 32 bits")
        return (1 << zeros) - 1 + self.read(zeros)

    def se(self) -> int:
        """Return a signed Exp-Golomb number."""
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def unescape(unit: bytes) -> bytes:
    """Return a NAL unit without emulation prevention bytes (H.264 §7.4.1)."""
    return unit.replace(b"\0\0\3", b"\0\0")
