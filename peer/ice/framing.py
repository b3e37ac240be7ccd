"""Framing of packets on a TCP connection between candidates (RFC 4571 §2, RFC 6544 §3)."""

MAX_FRAME = 65535


def frame(data: bytes) -> bytes:
    """Put the 16-bit length before a packet. Raises ValueError when it is too long."""
    if len(data) > MAX_FRAME:
        raise ValueError(f"a frame holds at most {MAX_FRAME} bytes")
    return len(data).to_bytes(2, "big") + data


class FrameSplitter:
    """Cuts a byte stream into packets, however the bytes arrive.

    It never holds more than one frame of at most 65537 bytes.
    """

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes from the stream; returns the packets that are complete, empty ones too."""
        buffer = self._buffer
        buffer += data
        packets = []
        position = 0
        while len(buffer) - position >= 2:
            end = position + 2 + int.from_bytes(buffer[position : position + 2], "big")
            if end > len(buffer):
                break
            packets.append(bytes(buffer[position + 2 : end]))
            position = end
        if position:
            del buffer[:position]
        return packets
